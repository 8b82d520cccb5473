// Items of lists, entries of maps, fields of records.

// The key under which a map holds a key, a number of any kind being the same key; undefined when it holds none.
function ownKey(map, key) {
  if (!(map instanceof Map)) return typeof key === "string" && Object.hasOwn(map, key) ? key : undefined;
  if (map.has(key)) return key;
  if (!isNumber(key) || (typeof key === "number" && !Number.isInteger(key))) return undefined;
  const number = BigInt(key instanceof Uint ? key.value : key);
  return [number, uints.get(number)].find((other) => other !== undefined && map.has(other));
}

function holdsKey(map, key) {
  return ownKey(map, key) !== undefined;
}

function valueAt(map, key) {
  const own = ownKey(map, key);
  return map instanceof Map ? map.get(own) : map[own];
}

// `items[index]`.
function itemAt(items, index) {
  if (0n <= index && index < items.length) return items[Number(index)];
  throw new CelError(`index out of bounds: ${index}`);
}

// `entries[key]` or `entries.key`.
function entryAt(map, key) {
  if (holdsKey(map, key)) return valueAt(map, key);
  throw new CelError(`no such key: ${key}`);
}

// `container[key]`, of a value of any type.
function itemOrEntry(container, key) {
  const isKey = key !== null && !Array.isArray(key) && !isMap(key);
  if (Array.isArray(container) && isNumber(key) && isWhole(key)) return itemAt(container, BigInt(key.valueOf()));
  return isMap(container) && isKey ? entryAt(container, key) : noOverload("_[_]", container, key);
}

function isWhole(number) {
  return typeof number !== "number" || Number.isInteger(number);
}

// `value.name`, of a value of any type.
function fieldOf(value, name) {
  if (isMap(value)) return entryAt(value, name);
  throw new CelError(`a ${kind(value)} has no field \`${name}\``);
}

// `has(value.name)`, of a value of any type.
function has(value, name) {
  if (isMap(value)) return holdsKey(value, name);
  throw new CelError(`a ${kind(value)} has no field \`${name}\``);
}

// `value in container`, of a list or a map.
function contains(container, value) {
  if (Array.isArray(container)) return container.some((other) => equals(other, value));
  const isKey = value !== null && !Array.isArray(value) && !isMap(value);
  return isMap(container) && isKey ? holdsKey(container, value) : noOverload("@in", value, container);
}

// A map literal; a key that occurs twice is an error, and so is one that is no string, int, uint or bool.
function mapping(...pairs) {
  const made = new Map();
  for (const [key, value] of pairs) {
    if (!["string", "int", "uint", "bool"].includes(kind(key))) throw new CelError(`unsupported key type: ${kind(key)}`);
    if (holdsKey(made, key)) throw new CelError(`duplicate key: ${key}`);
    if (isTwin(made, key)) throw new CelError("a map cannot have both true and 1 as keys");
    made.set(key, value);
  }
  return made;
}

function isTwin(map, key) {
  if (typeof key === "boolean") return holdsKey(map, BigInt(key));
  return isNumber(key) && (key == 0 || key == 1) && map.has(key == 1);
}

// The keys of a map in ascending order; where they are of several types, strings come last.
function keysOf(map) {
  const all = entriesOf(map).map(([key]) => key);
  const rank = (key) => (typeof key === "boolean" ? BigInt(key) : key);
  return all.sort((a, b) => {
    const texts = Number(typeof a === "string") - Number(typeof b === "string");
    return texts || order(rank(a), rank(b));
  });
}

// What a macro goes through: the items of a list, the keys of a map in their order.
function elements(value) {
  if (Array.isArray(value)) return value;
  return isMap(value) ? keysOf(value) : noOverload("<range>", value);
}

// What a macro with two variables goes through: places and items of a list, keys in their order and values of a map.
function pairsOf(value) {
  if (Array.isArray(value)) return value.map((one, place) => [BigInt(place), one]);
  return isMap(value) ? keysOf(value).map((key) => [key, valueAt(value, key)]) : noOverload("<range>", value);
}

// One map of many; a key that occurs twice is an error.
function merged(maps) {
  return mapping(...maps.flatMap(entriesOf));
}

// `size(value)`, of a value of any type.
function size(value) {
  if (typeof value === "string") return textSize(value);
  if (Array.isArray(value) || value instanceof Uint8Array) return BigInt(value.length);
  return isMap(value) ? BigInt(entriesOf(value).length) : noOverload("size", value);
}
