// `format` of the `strings` extension.

// The text with every clause replaced by the next value. A value too many is ignored, one too few an error.
function formatted(form, values) {
  if (typeof form !== "string" || !Array.isArray(values)) noOverload("format", form, values);
  let made = "";
  let used = 0;
  for (let at = 0; at < form.length; ) {
    const sign = form.indexOf("%", at);
    if (sign < 0) return made + form.slice(at);
    made += form.slice(at, sign);
    const [precision, letter, next] = clause(form, sign + 1);
    at = next;
    if (letter === "%") {
      made += "%";
      continue;
    }
    if (used >= values.length) throw new CelError(`index ${used} out of range`);
    made += formattedValue(letter, precision, values[used]);
    used += 1;
  }
  return made;
}

// The precision, the letter and the place behind the clause that begins at a place.
function clause(form, start) {
  let at = start;
  let precision = null;
  if (form[at] === ".") {
    const digits = /^[0-9]*/.exec(form.slice(at + 1))[0];
    if (!digits || digits.length > 6) throw new CelError("unable to convert precision specifier to integer");
    precision = Number(digits);
    if (precision > 1000) throw new CelError("precision specifier exceeds maximum of 1000");
    at += 1 + digits.length;
  }
  if (at >= form.length) throw new CelError("unexpected end of format string");
  const letter = String.fromCodePoint(form.codePointAt(at));
  if (!"%sdfebxXo".includes(letter)) throw new CelError(`unrecognized formatting clause "${letter}"`);
  return [precision, letter, at + 1];
}

function formattedValue(letter, precision, value) {
  if (letter === "s") return formattedText(value);
  if (letter === "f" || letter === "e" || (letter === "d" && typeof value === "number")) {
    return formattedReal(letter, precision ?? 6, value);
  }
  if (letter === "b" && typeof value === "boolean") return value ? "1" : "0";
  if ("xX".includes(letter) && (typeof value === "string" || value instanceof Uint8Array)) {
    const made = [...toBytes(value)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return letter === "X" ? made.toUpperCase() : made;
  }
  if (typeof value === "bigint" || value instanceof Uint) {
    const made = value.valueOf().toString({ d: 10, b: 2, o: 8, x: 16, X: 16 }[letter]);
    return letter === "X" ? made.toUpperCase() : made;
  }
  throw new CelError(`no formatting clause %${letter} for ${kind(value)}`);
}

function formattedReal(letter, precision, value) {
  if (!isNumber(value)) throw new CelError(`no formatting clause %${letter} for ${kind(value)}`);
  const number = Number(value);
  if (!Number.isFinite(number)) return String(number);
  const minus = number < 0 || Object.is(number, -0) ? "-" : "";
  return minus + (letter === "e" ? scientific : decimal)(Math.abs(number), precision);
}

// A number as a fraction of two ints.
function fractionOf(number) {
  let below = 1n;
  while (!Number.isInteger(number)) {
    number *= 2;
    below *= 2n;
  }
  return [BigInt(number), below];
}

// The nearest int to a fraction; of two the even one.
function nearest(above, below) {
  const low = above / below;
  const twice = 2n * (above % below);
  return twice > below || (twice === below && low % 2n === 1n) ? low + 1n : low;
}

// So many digits behind the point.
function decimal(number, precision) {
  const [above, below] = fractionOf(number);
  const all = padded(nearest(above * 10n ** BigInt(precision), below), precision + 1);
  return precision ? `${all.slice(0, -precision)}.${all.slice(-precision)}` : all;
}

// The digits of a fraction times a power of ten.
function scaled(above, below, power) {
  const factor = 10n ** BigInt(Math.abs(power));
  return String(power >= 0 ? nearest(above * factor, below) : nearest(above, below * factor));
}

// One digit before the point, so many behind it, and an exponent of at least two digits.
function scientific(number, precision) {
  const [above, below] = fractionOf(number);
  let exponent = number === 0 ? 0 : Math.floor(Math.log10(number)) - 1;
  let all = scaled(above, below, precision - exponent);
  while (all.length > precision + 1) {
    exponent += 1;
    all = scaled(above, below, precision - exponent);
  }
  all = all.padEnd(precision + 1, "0");
  const sign = exponent < 0 ? "-" : "+";
  return `${all[0]}${precision ? "." : ""}${all.slice(1)}e${sign}${padded(Math.abs(exponent), 2)}`;
}

// Text of any value; maps by their keys.
function formattedText(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return `[${value.map(formattedText).join(", ")}]`;
  if (isMap(value)) {
    const found = entriesOf(value).sort(([a], [b]) => textOrder(toText(a), toText(b)));
    return `{${found.map(([key, one]) => `${formattedText(key)}: ${formattedText(one)}`).join(", ")}}`;
  }
  if (value instanceof TypeValue) return value.name;
  const text = toText(value);
  return value instanceof Time && value.sort === TIMESTAMP ? text.replace(/(\.\d*[1-9])0+Z$/, "$1Z") : text;
}
