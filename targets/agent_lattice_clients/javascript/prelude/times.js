// Timestamps and durations, in whole nanoseconds.

const SECOND = 1000000000n;
const TIMESTAMP = "google.protobuf.Timestamp";
const DURATION = "google.protobuf.Duration";

// A timestamp (nanoseconds since 1970, from the years 1 to 9999) or a duration (of about 10,000 years at most).
class Time {
  constructor(sort, nanos) {
    this.sort = sort;
    this.nanos = nanos;
  }
  get [KIND]() {
    return this.sort;
  }
  [SAME](other) {
    return other instanceof Time && this.sort === other.sort && this.nanos === other.nanos;
  }
  valueOf() {
    return this.nanos;
  }
  toString() {
    return this.sort === TIMESTAMP ? momentText(this.nanos) : spanText(this.nanos);
  }
}

function timestampOf(nanos) {
  const [first, last] = [-62135596800n * SECOND, 253402300800n * SECOND - 1n];
  if (first <= nanos && nanos <= last) return new Time(TIMESTAMP, nanos);
  throw new CelError("timestamp overflow");
}

function durationOf(nanos) {
  const most = 315576000000n * SECOND + SECOND - 1n;
  if (-most <= nanos && nanos <= most) return new Time(DURATION, nanos);
  throw new CelError("duration overflow");
}

function floorDiv(number, by) {
  const quotient = number / by;
  return number % by < 0n ? quotient - 1n : quotient;
}

function floorMod(number, by) {
  return number - floorDiv(number, by) * by;
}

// Days since 1970-01-01 in the proleptic Gregorian calendar. A year begins in March here, so that leap days are last.
function daysOf(year, month, day) {
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const inYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const ofEra = shifted - era * 400;
  return era * 146097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + inYear - 719468;
}

// Year, month and day of a count of days since 1970-01-01.
function dateOf(days) {
  const era = Math.floor((days + 719468) / 146097);
  const rest = days + 719468 - era * 146097;
  const leaps = Math.floor(rest / 1460) - Math.floor(rest / 36524) + Math.floor(rest / 146096);
  const ofEra = Math.floor((rest - leaps) / 365);
  const inYear = rest - (365 * ofEra + Math.floor(ofEra / 4) - Math.floor(ofEra / 100));
  const month = Math.floor((5 * inYear + 2) / 153);
  const day = inYear - Math.floor((153 * month + 2) / 5) + 1;
  return [ofEra + era * 400 + Number(month > 9), ((month + 2) % 12) + 1, day];
}

// A timestamp taken apart, `seconds` away from UTC.
function partsOf(nanos, seconds = 0n) {
  const at = floorDiv(nanos, SECOND) + seconds;
  const days = Number(floorDiv(at, 86400n));
  const inDay = Number(floorMod(at, 86400n));
  const [year, month, day] = dateOf(days);
  if (year < 1 || year > 9999) throw new CelError("timestamp overflow");
  const [hour, minute, second] = [Math.floor(inDay / 3600), Math.floor(inDay / 60) % 60, inDay % 60];
  return { year, month, day, hour, minute, second, weekday: (((days + 4) % 7) + 7) % 7, days };
}

function padded(number, width) {
  return String(number).padStart(width, "0");
}

function momentText(nanos) {
  const at = partsOf(nanos);
  const date = `${padded(at.year, 4)}-${padded(at.month, 2)}-${padded(at.day, 2)}`;
  const time = [at.hour, at.minute, at.second].map((part) => padded(part, 2)).join(":");
  return `${date}T${time}${fractionText(floorMod(nanos, SECOND))}Z`;
}

function spanText(nanos) {
  const all = nanos < 0n ? -nanos : nanos;
  return `${nanos < 0n ? "-" : ""}${all / SECOND}${fractionText(all % SECOND)}s`;
}

// No, three, six or nine digits behind the seconds.
function fractionText(nanos) {
  return nanos ? `.${padded(nanos, 9).replace(/^(...)000000$|^(......)000$/, "$1$2")}` : "";
}

function isLeap(year) {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function noTime(sort, text) {
  throw new CelError(`cannot convert string to ${sort}: ${shown(text)}`);
}

// `timestamp(value)`: of a text as in RFC 3339, or of seconds since 1970.
function timestamp(value) {
  if (value instanceof Time && value.sort === TIMESTAMP) return value;
  if (typeof value === "bigint") return timestampOf(value * SECOND);
  if (typeof value !== "string") noOverload("timestamp", value);
  const form = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
  const found = form.exec(value) ?? noTime("timestamp", value);
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number);
  const lastDay = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  const [hours, minutes] = [Number(found[9] ?? 0), Number(found[10] ?? 0)];
  const isDate = year > 0 && day > 0 && day <= lastDay;
  if (!isDate || hour > 23 || minute > 59 || second > 59 || hours > 23 || minutes > 59) noTime("timestamp", value);
  const away = (hours * 3600 + minutes * 60) * (found[8] === "-" ? -1 : 1);
  const seconds = daysOf(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - away;
  return timestampOf(BigInt(seconds) * SECOND + BigInt((found[7] ?? "").padEnd(9, "0")));
}

// `duration(value)`: of a text such as `1h30m`, `-1.5s`, `250ms`.
function duration(value) {
  if (value instanceof Time && value.sort === DURATION) return value;
  if (typeof value !== "string") noOverload("duration", value);
  const units = { h: 3600n * SECOND, m: 60n * SECOND, s: SECOND, ms: 1000000n, us: 1000n, "\u00b5s": 1000n, ns: 1n };
  const text = value.replace(/^[+-]/, "");
  const part = /(\d*)(?:\.(\d*))?(h|ms|m|s|us|\u00b5s|ns)/y;
  let nanos = 0n;
  while (part.lastIndex < text.length && text !== "0") {
    const [whole, number, more = "", unit] = part.exec(text) ?? noTime("duration", value);
    if (!(number || more) || whole.length > 40) noTime("duration", value);
    nanos += (BigInt(number + more) * units[unit]) / 10n ** BigInt(more.length);
  }
  if (!text) noTime("duration", value);
  return durationOf(value[0] === "-" ? -nanos : nanos);
}

// The span of its JSON form, `3.5s`.
function durationOfSeconds(text) {
  const [, minus, seconds, fraction = ""] = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(text) ?? noTime("duration", text);
  const nanos = BigInt(seconds) * SECOND + BigInt(fraction.padEnd(9, "0"));
  return durationOf(minus ? -nanos : nanos);
}

// A duration added to a timestamp or a duration, on either side.
function addTimes(left, right) {
  if (left.sort === TIMESTAMP && right.sort === TIMESTAMP) noOverload("_+_", left, right);
  const isMoment = left.sort === TIMESTAMP || right.sort === TIMESTAMP;
  return (isMoment ? timestampOf : durationOf)(left.nanos + right.nanos);
}

// The duration between two timestamps, or a duration taken away.
function subTimes(left, right) {
  if (right.sort === TIMESTAMP && left.sort !== TIMESTAMP) noOverload("_-_", left, right);
  const isMoment = left.sort === TIMESTAMP && right.sort === DURATION;
  return (isMoment ? timestampOf : durationOf)(left.nanos - right.nanos);
}

function asTime(value) {
  return expect(value, value instanceof Time, "timestamp or duration");
}

// Seconds from UTC of an offset such as `-05:30`.
function offset(zone) {
  const found = /^([+-]?)([01]\d|2[0-3]):([0-5]\d)$/.exec(zone === "" || zone === "UTC" ? "00:00" : zone);
  if (!found) throw new CelError(`a script does not know the time zone ${shown(zone)}`);
  const seconds = BigInt(Number(found[2]) * 3600 + Number(found[3]) * 60);
  return found[1] === "-" ? -seconds : seconds;
}

// A part of a timestamp in a time zone, or a whole duration in a unit.
function timePart(value, name, zone = "") {
  if (value.sort === DURATION) return wholeUnits(value, name);
  if (name === "getMilliseconds") return floorMod(value.nanos, SECOND) / 1000000n;
  const at = partsOf(value.nanos, offset(zone));
  const found = {
    getFullYear: at.year,
    getMonth: at.month - 1,
    getDate: at.day,
    getDayOfMonth: at.day - 1,
    getDayOfWeek: at.weekday,
    getDayOfYear: at.days - daysOf(at.year, 1, 1),
    getHours: at.hour,
    getMinutes: at.minute,
    getSeconds: at.second,
  };
  return BigInt(found[name]);
}

function wholeUnits(value, name) {
  if (name === "getMilliseconds") return (value.nanos % SECOND) / 1000000n;
  const units = { getHours: 3600n, getMinutes: 60n, getSeconds: 1n };
  return name in units ? value.nanos / (units[name] * SECOND) : noOverload(name, value);
}
