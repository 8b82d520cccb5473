// Values: null, boolean, bigint (an int), Uint, number (a float), string, Uint8Array (bytes), Time, Array, Map, and plain
// objects, which are records and objects of an `any`. What is none of JavaScript's own says its kind under KIND, and
// compares itself under SAME.

const KIND = Symbol("kind");
const SAME = Symbol("same");

// Evaluating an expression failed: overflow, a missing key, a wrong type known only now.
class CelError extends Error {}

// A typed failure of a step: `code` is a class of the error catalogue.
class Failure extends Error {
  constructor(code, message) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

// The name of a value's type in the language.
function kind(value) {
  if (value === null) return "null";
  const names = { boolean: "bool", bigint: "int", number: "double", string: "string" };
  if (typeof value !== "object") return names[typeof value];
  if (Array.isArray(value)) return "list";
  if (value instanceof Uint8Array) return "bytes";
  return value[KIND] ?? "map";
}

function noOverload(operation, ...values) {
  throw new CelError(`no such overload: ${operation}(${values.map(kind).join(", ")})`);
}

// Stands for what scripts do not carry.
function lost(name) {
  throw new CelError(`a script cannot do \`${name}\``);
}

// An unsigned int. There is one object per number, so that `===` and the keys of a Map tell them apart.
class Uint {
  constructor(value) {
    this.value = value;
  }
  get [KIND]() {
    return "uint";
  }
  [SAME](other) {
    return isNumber(other) && this.value == other;
  }
  valueOf() {
    return this.value;
  }
  toString() {
    return String(this.value);
  }
}

const uints = new Map();

// A number as a uint; an error when it does not fit.
function uint(value) {
  if (BigInt.asUintN(64, value) !== value) throw new CelError("unsigned integer overflow");
  if (!uints.has(value)) uints.set(value, new Uint(value));
  return uints.get(value);
}

// Whether a value is an int, uint or float.
function isNumber(value) {
  return typeof value === "bigint" || typeof value === "number" || value instanceof Uint;
}

// Whether a value is a map, a record or an object.
function isMap(value) {
  return kind(value) === "map";
}

function entriesOf(map) {
  return map instanceof Map ? [...map] : Object.entries(map);
}

// A type as a value; equal by name.
class TypeValue {
  constructor(name) {
    this.name = name;
  }
  get [KIND]() {
    return "type";
  }
  [SAME](other) {
    return other instanceof TypeValue && this.name === other.name;
  }
  toString() {
    return this.name;
  }
}

function typeNamed(name) {
  return new TypeValue(name);
}

function typeOf(value) {
  return new TypeValue(value === null ? "null_type" : kind(value));
}

function expect(value, holds, name) {
  if (holds) return value;
  throw new CelError(`expected ${name}, found ${kind(value)}`);
}

function asBool(value) {
  return expect(value, typeof value === "boolean", "bool");
}

function asInt(value) {
  return expect(value, typeof value === "bigint", "int");
}

function asUint(value) {
  return expect(value, value instanceof Uint, "uint");
}

function asDouble(value) {
  return expect(value, typeof value === "number", "double");
}

function asString(value) {
  return expect(value, typeof value === "string", "string");
}

function asBytes(value) {
  return expect(value, value instanceof Uint8Array, "bytes");
}

function asList(value) {
  return expect(value, Array.isArray(value), "list");
}

function asStrings(value) {
  return expect(value, Array.isArray(value), "list of strings").map(asString);
}
