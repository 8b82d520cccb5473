// Optional values of expressions: a value, which may be null, or none.

class Optional {
  constructor(isThere, it) {
    this.isThere = isThere;
    this.it = it;
  }
  get [KIND]() {
    return "optional_type";
  }
  [SAME](other) {
    return other instanceof Optional && this.isThere === other.isThere && equals(this.it, other.it);
  }
}

function none() {
  return new Optional(false, null);
}

function some(value) {
  return new Optional(true, value);
}

// A value of the language: null is none.
function someOrNone(value) {
  return value === null ? none() : some(value);
}

// None for null, false, zero and what is empty.
function someNonZero(value) {
  return isZero(value) ? none() : some(value);
}

function isZero(value) {
  if (value instanceof Optional) return !value.isThere;
  if (value === null || value === false || value === "" || (isNumber(value) && value == 0)) return true;
  if (value instanceof Time) return value.nanos === 0n;
  return (Array.isArray(value) || value instanceof Uint8Array || isMap(value)) && size(value) === 0n;
}

function asOptional(value) {
  return expect(value, value instanceof Optional, "optional");
}

// As a value of the language: none is null; so is what holds null.
function orNull(value) {
  while (value instanceof Optional) value = value.it;
  return value;
}

function hasValue(value) {
  return asOptional(value).isThere;
}

function valueOf(value) {
  if (asOptional(value).isThere) return value.it;
  throw new CelError("optional.none() dereference");
}

// `value.or(other)`; the other one is only computed when it is needed.
function either(value, other) {
  return asOptional(value).isThere ? value : asOptional(other());
}

// `value.orValue(other)`; the other one is only computed when it is needed.
function valueOr(value, other) {
  return asOptional(value).isThere ? value.it : other();
}

function mapOptional(value, made) {
  return asOptional(value).isThere ? some(made(value.it)) : none();
}

function flatMapOptional(value, made) {
  return asOptional(value).isThere ? asOptional(made(value.it)) : none();
}

// What `?value` adds to a list: one item or none.
function itemsIn(value) {
  return asOptional(value).isThere ? [value.it] : [];
}

// What `?key: value` adds to a map: one entry or none.
function entriesIn(key, value) {
  return asOptional(value).isThere ? [[key, value.it]] : [];
}

// The values that are there, of a list of optional ones.
function unwrapped(values) {
  return values.flatMap(itemsIn);
}

function firstItem(values) {
  return values.length ? some(values[0]) : none();
}

function lastItem(values) {
  return values.length ? some(values[values.length - 1]) : none();
}

// `record.?name` of a record, or of null, which has no field.
function optionalField(record, name) {
  return record === null ? none() : someOrNone(record[name]);
}

// `values[?index]` of a list, or of null.
function optionalItem(values, index) {
  return values !== null && 0n <= index && index < values.length ? some(values[Number(index)]) : none();
}

// `entries[?key]` or `entries.?key` of a map, or of null.
function optionalEntry(map, key) {
  return map !== null && holdsKey(map, key) ? some(valueAt(map, key)) : none();
}

// `value[?key]` of a value of any type, itself perhaps optional.
function optionalAt(value, key) {
  if (value instanceof Optional) return flatMapOptional(value, (inner) => optionalAt(inner, key));
  if (Array.isArray(value) && isNumber(key)) {
    return isWhole(key) ? optionalItem(value, BigInt(key.valueOf())) : none();
  }
  const isKey = key !== null && !Array.isArray(key) && !isMap(key);
  return isMap(value) && isKey ? optionalEntry(value, key) : noOverload("_[?_]", value, key);
}
