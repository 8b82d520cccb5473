// Conversions.

// `int(value)`: a float is cut toward zero, a string is a decimal number.
function toInt(value) {
  if (typeof value === "bigint") return value;
  if (value instanceof Uint) return fit(value.value);
  if (value instanceof Time && value[KIND] === TIMESTAMP) return floorDiv(value.nanos, SECOND);
  if (typeof value === "number") {
    if (-(2 ** 63) < value && value < 2 ** 63) return BigInt(Math.trunc(value));
    throw new CelError("double out of int range");
  }
  if (typeof value !== "string") noOverload("int", value);
  const number = wholeOf(value, value.replace(/^[+-]/, ""), "int");
  return fit(value[0] === "-" ? -number : number);
}

function wholeOf(text, plain, sort) {
  if (/^[0-9]+$/.test(plain)) return BigInt(plain);
  throw new CelError(`cannot convert string to ${sort}: ${shown(text)}`);
}

// `uint(value)`: a float is cut toward zero, a string is a decimal number.
function toUint(value) {
  if (value instanceof Uint) return value;
  if (typeof value === "string") return uint(wholeOf(value, value, "uint"));
  if (!isNumber(value)) noOverload("uint", value);
  if (typeof value === "bigint") return uint(value);
  if (!(value >= 0 && value < 2 ** 64)) throw new CelError("unsigned integer overflow");
  return uint(BigInt(Math.trunc(value)));
}

// `double(value)`: a string is a decimal number, `NaN` or `Infinity`.
function toDouble(value) {
  if (isNumber(value)) return Number(value);
  if (typeof value !== "string") noOverload("double", value);
  const named = /^([+-]?)(?:(nan)|inf|infinity)$/i.exec(value);
  if (named) return named[2] ? NaN : named[1] === "-" ? -Infinity : Infinity;
  if (!/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(value)) {
    throw new CelError(`cannot convert string to double: ${shown(value)}`);
  }
  const number = Number(value);
  if (Number.isFinite(number)) return number;
  throw new CelError(`number out of double range: ${shown(value)}`);
}

// `bool(value)`.
function toBool(value) {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") noOverload("bool", value);
  if (["1", "t", "true", "TRUE", "True"].includes(value)) return true;
  if (["0", "f", "false", "FALSE", "False"].includes(value)) return false;
  throw new CelError(`cannot convert string to bool: ${shown(value)}`);
}

// `string(value)`: bytes are read as UTF-8.
function toText(value) {
  if (value instanceof Uint8Array) return textOfBytes(value);
  if (typeof value !== "object" || value instanceof Uint || value instanceof Time) return String(value);
  return noOverload("string", value);
}

// `bytes(value)`: a string in UTF-8.
function toBytes(value) {
  return typeof value === "string" ? bytesOfText(value) : asBytes(value);
}

// A string for a message: quoted, and shortened when long.
function shown(text) {
  return quote(textSize(text) <= 60n ? text : `${substring(text, 0n, 57n)}...`);
}
