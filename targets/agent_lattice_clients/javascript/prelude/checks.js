// Validators: functions (value, path, errors) that decode JSON data, or a value that is decoded already, as a value of a type,
// and report every problem as "$.a.b[2]: expected string, found int".

const MAX_SAFE = 2n ** 53n - 1n;

function nameOfSort(data) {
  if (typeof data === "number") return Number.isInteger(data) ? "int" : "float";
  return { double: "float", map: "object" }[kind(data)] ?? kind(data);
}

function expected(what, data, path, errors) {
  errors.push(data === undefined ? `${path}: missing, expected ${what}` : `${path}: expected ${what}, found ${nameOfSort(data)}`);
  return null;
}

// A string without halves of surrogate pairs.
function string(data, path, errors) {
  if (typeof data !== "string") return expected("string", data, path, errors);
  const wrong = data.search(/[\ud800-\udfff]/u);
  if (wrong >= 0) errors.push(`${path}: the string has a lone surrogate at position ${textSize(data.slice(0, wrong))}`);
  return data;
}

function bool(data, path, errors) {
  return typeof data === "boolean" ? data : expected("bool", data, path, errors);
}

function nothing(data, path, errors) {
  return data === null || data === undefined ? null : expected("null", data, path, errors);
}

// The number of an int; null when it is none. One beyond ±(2^53-1) comes as its decimal digits, and then it has to fit.
function wholeNumber(data, isInRange) {
  if (data instanceof Uint) return data.value;
  if (typeof data === "bigint") return data;
  if (typeof data === "number") return Number.isInteger(data) ? BigInt(data) : null;
  if (typeof data !== "string" || !/^-?[1-9][0-9]{15,19}$/.test(data)) return null;
  const number = BigInt(data);
  return isInRange(number) && (number > MAX_SAFE || number < -MAX_SAFE) ? number : null;
}

function fitsInt(number) {
  return BigInt.asIntN(64, number) === number;
}

function fitsUint(number) {
  return BigInt.asUintN(64, number) === number;
}

function int(data, path, errors) {
  const number = wholeNumber(data, fitsInt);
  if (number === null) return expected("int", data, path, errors);
  if (!fitsInt(number)) errors.push(`${path}: the int does not fit 64 bits`);
  return exact(number, data, path, errors);
}

// A JSON number beyond ±(2^53-1) has lost digits before anybody could look at it.
function exact(number, data, path, errors) {
  if (typeof data === "number" && !Number.isSafeInteger(data)) {
    errors.push(`${path}: a number beyond ±(2^53-1) has to come as its decimal digits`);
  }
  return number;
}

function uint64(data, path, errors) {
  const number = wholeNumber(data, fitsUint);
  if (number === null) return expected("uint", data, path, errors);
  if (fitsUint(number)) return uint(exact(number, data, path, errors));
  errors.push(`${path}: the uint ${number < 0n ? "is negative" : "does not fit 64 bits"}`);
  return null;
}

function float(data, path, errors) {
  if (typeof data === "number") return data;
  if (typeof data === "bigint" || data instanceof Uint) return Number(data);
  const names = { NaN, Infinity, "-Infinity": -Infinity };
  return typeof data === "string" && Object.hasOwn(names, data) ? names[data] : expected("float", data, path, errors);
}

// Bytes, from base64 of either alphabet, with padding or without.
function binary(data, path, errors) {
  if (data instanceof Uint8Array) return data;
  if (typeof data !== "string") return expected("bytes (a base64 string)", data, path, errors);
  return attempted(() => bytesOfBase64(data.replace(/-/g, "+").replace(/_/g, "/")), () => {
    errors.push(`${path}: expected bytes, the string is not base64`);
  });
}

function attempted(make, report) {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    report(error);
    return null;
  }
}

function moment(data, path, errors) {
  if (typeof data !== "string" && !(data instanceof Time)) return expected("timestamp", data, path, errors);
  return attempted(() => timestamp(data), (error) => {
    errors.push(`${path}: expected timestamp such as 2026-01-31T12:30:00Z: ${error.message}`);
  });
}

function span(data, path, errors) {
  if (data instanceof Time && data.sort === DURATION) return data;
  if (typeof data !== "string") return expected("duration", data, path, errors);
  return attempted(() => durationOfSeconds(data), (error) => {
    errors.push(`${path}: expected duration in seconds such as 3.5s: ${error.message}`);
  });
}

// Any JSON value.
function anything(data, path, errors) {
  return data === undefined ? expected("a value", data, path, errors) : ofJson(wire(data));
}

// One of some strings, ints and bools.
function choice(...choices) {
  return (data, path, errors) => {
    const found = typeof data === "number" ? ofJson(data) : data;
    if (choices.includes(found)) return found;
    const wanted = choices.map(textOfChoice).join(" or ");
    const isShort = typeof found === "string" ? found.length <= 40 : typeof found === "bigint" || typeof found === "boolean";
    if (!isShort) return expected(wanted, data, path, errors);
    errors.push(`${path}: expected ${wanted}, found ${textOfChoice(found)}`);
    return null;
  };
}

function textOfChoice(value) {
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}

function optional(check) {
  return (data, path, errors) => (data === null || data === undefined ? null : check(data, path, errors));
}

function listOf(check) {
  return (data, path, errors) => {
    if (!Array.isArray(data)) return expected("list", data, path, errors) ?? [];
    return data.map((one, place) => check(one, `${path}[${place}]`, errors));
  };
}

const KEYS = { int, uint: uint64, bool: (key) => ({ true: true, false: false })[key] };

// A map, in the order of its keys.
function mapOf(check, sort = "string") {
  return (data, path, errors) => {
    if (data === null || typeof data !== "object" || !isMap(data)) return expected("object", data, path, errors) ?? new Map();
    const found = new Map();
    for (const [written, one] of entriesOf(data)) {
      const key = keyOf(sort, written, path, errors);
      if (key === undefined) return new Map();
      found.set(key, one);
    }
    return new Map(keysOf(found).map((key) => [key, check(found.get(key), `${path}.${key}`, errors)]));
  };
}

// A key of a map as a value; undefined when it is not of its sort.
function keyOf(sort, key, path, errors) {
  if (typeof key !== "string" || sort === "string") {
    if (typeof key === "string") string(key, `${path}: key ${JSON.stringify(key)}`, errors);
    return key;
  }
  const plain = sort === "bool" || /^(0|-?[1-9][0-9]{0,19})$/.test(key);
  const wrong = [];
  const found = plain ? KEYS[sort](sort === "bool" ? key : BigInt(key), path, wrong) : undefined;
  if (found !== undefined && !wrong.length) return found;
  errors.push(`${path}: expected ${sort} keys, found ${key.length <= 40 ? JSON.stringify(key) : "string"}`);
  return undefined;
}

// A record; `fields` gives the validators of its fields, each null for one that may be left out.
function recordOf(name, fields) {
  let known = null;
  return (data, path, errors) => {
    if (data === null || typeof data !== "object" || !isMap(data)) return expected(`${name} (an object)`, data, path, errors);
    if ((path.match(/[.[]/g) ?? []).length > 200) {
      errors.push(`${path.slice(0, 40)}…: nested deeper than 200 levels`);
      return null;
    }
    known ??= fields();
    const given = new Map(entriesOf(data));
    const made = Object.entries(known).map(([field, check]) => [field, check(given.get(field), `${path}.${field}`, errors)]);
    for (const key of given.keys()) {
      if (!Object.hasOwn(known, key)) errors.push(`${path}.${key}: unknown field`);
    }
    return Object.fromEntries(made);
  };
}

// A union: `forms` has the validator by the JSON form of the value. `digits` is that of a number, which may be written as a
// string, and a number is asked about a bool; `other` that of what is a string in JSON only.
function union(names, forms) {
  return (data, path, errors) => {
    const second = { string: forms.digits, boolean: forms.number }[typeof data];
    const check = forms[formOf(data)] ?? second ?? forms.other;
    return check === undefined ? expected(names, data, path, errors) : check(data, path, errors);
  };
}

function formOf(data) {
  if (Array.isArray(data)) return "list";
  if (data === undefined || data === null) return "nothing";
  if (isNumber(data)) return isWhole(data) ? "number" : "fraction";
  return isMap(data) ? "object" : typeof data;
}

// Records that a field tells apart: pairs of its value and the validator.
function byField(field, pairs) {
  return (data, path, errors) => {
    const given = new Map(entriesOf(data)).get(field);
    const found = pairs.find(([known]) => known === (typeof given === "number" ? ofJson(given) : given));
    if (found) return found[1](data, path, errors);
    return choice(...pairs.map(([known]) => known))(given, `${path}.${field}`, errors);
  };
}

// Records told apart by a field that the ones behind do not have; the last has none.
function byMark(pairs) {
  return (data, path, errors) => {
    const given = new Map(entriesOf(data));
    return pairs.find(([mark]) => mark === null || given.has(mark))[1](data, path, errors);
  };
}

// A number beside strings in a union: it must be one that travels as a number.
function lossless(check) {
  return (data, path, errors) => {
    const made = check(data, path, errors);
    if (typeof made === "number" && !Number.isFinite(made)) errors.push(`${path}: ${made} cannot be told from a string here`);
    if (typeof made === "bigint" && (made > MAX_SAFE || made < -MAX_SAFE)) {
      errors.push(`${path}: an int beyond ±(2^53-1) cannot be told from a string here`);
    }
    return made;
  };
}

// A type with bounds.
function bounded(check, ...bounds) {
  return (data, path, errors) => {
    const before = errors.length;
    const made = check(data, path, errors);
    if (errors.length === before) bounds.forEach((bound) => bound(made, path, errors));
    return made;
  };
}

function atLeast(least) {
  return (made, path, errors) => {
    if (!(made >= least)) errors.push(`${path}: expected at least ${least}, found ${made}`);
  };
}

function atMost(most) {
  return (made, path, errors) => {
    if (!(made <= most)) errors.push(`${path}: expected at most ${most}, found ${made}`);
  };
}

function longEnough(least) {
  return (made, path, errors) => {
    if (size(made) < least) errors.push(`${path}: expected at least ${least} ${unitsOf(made)}, found ${size(made)}`);
  };
}

function shortEnough(most) {
  return (made, path, errors) => {
    if (size(made) > most) errors.push(`${path}: expected at most ${most} ${unitsOf(made)}, found ${size(made)}`);
  };
}

function unitsOf(made) {
  return { string: "characters", bytes: "bytes", list: "items" }[kind(made)] ?? "entries";
}

// A string in which a pattern occurs; `program` is what the compiler made of it.
function fits(pattern, program) {
  return (made, path, errors) => {
    if (!finds(program, made)) errors.push(`${path}: does not match the pattern ${pattern}`);
  };
}

// Data as what a validator decodes; a failure when it is something else.
function decoded(data, check, what) {
  const errors = [];
  const made = check(data, "$", errors);
  if (!errors.length) return made;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  throw new Failure("validation", `${what} is not valid: ${errors[0]}${more}`);
}

// A value of a union or an `any` as what it has to be; a failure when it is something else.
function narrowed(data, check, name) {
  const errors = [];
  const made = check(data, "$", errors);
  if (!errors.length) return made;
  throw new Failure("validation", `${name} is not what it has to be: ${errors.slice(0, 10).join("; ")}`);
}

// Whether a value of a union is the record with just these fields.
function isRecord(data, ...fields) {
  return kind(data) === "map" && !(data instanceof Map) && sameNames(Object.keys(data), fields);
}

function sameNames(names, fields) {
  return names.length === fields.length && fields.every((field) => names.includes(field));
}

// The value as the type of a validator, alone in a list; null when it is of another type.
function fitting(data, check) {
  const errors = [];
  const made = check(data, "$", errors);
  return errors.length ? null : [made];
}
