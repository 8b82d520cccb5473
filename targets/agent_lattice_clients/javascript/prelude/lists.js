// Lists sorted, cut, flattened, without repetition, compared as sets.

// Values seen so far, by equality: scalars by a text, lists and maps one by one.
class Seen {
  constructor(values = []) {
    this.flat = new Set();
    this.deep = [];
    values.forEach((value) => this.add(value));
  }
  // Whether the value was not there yet.
  add(value) {
    if (this.has(value)) return false;
    const sign = signOf(value);
    if (sign === null) this.deep.push(value);
    else this.flat.add(sign);
    return true;
  }
  has(value) {
    const sign = signOf(value);
    return sign === null ? this.deep.some((other) => equals(value, other)) : this.flat.has(sign);
  }
}

// A text that scalars have in common exactly when they are equal; null for what is compared one by one.
function signOf(value) {
  if (isNumber(value)) return isWhole(value) ? `n${BigInt(value.valueOf())}` : Number.isNaN(value) ? null : `n${value}`;
  return typeof value === "string" ? `s${value}` : value === null || typeof value === "boolean" ? String(value) : null;
}

function distinct(value) {
  const seen = new Seen();
  return asList(value).filter((one) => seen.add(one));
}

// The lists inside a list unpacked, so many levels deep.
function flatten(value, depth = 1n) {
  if (asInt(depth) < 0n) throw new CelError("level must be non-negative");
  let items = asList(value);
  while (depth > 0n && items.some((one) => Array.isArray(one))) {
    items = items.flat();
    depth -= 1n;
  }
  return items;
}

const MOST_NUMBERS = 1000000n;

// The ints from 0 up to but not including `end`.
function range(end) {
  if (end > MOST_NUMBERS) throw new CelError(`lists.range gives at most ${MOST_NUMBERS} numbers`);
  return Array.from({ length: Math.max(Number(end), 0) }, (_, at) => BigInt(at));
}

// The items from `start` up to but not including `end`.
function slice(value, start, end) {
  const items = asList(value);
  if (0n <= asInt(start) && start <= asInt(end) && end <= items.length) return items.slice(Number(start), Number(end));
  throw new CelError(`cannot slice(${start}, ${end}) of ${items.length} items`);
}

function sorted(value) {
  return sortBy(value, (one) => one);
}

// A list in ascending order of what `key` gives for each item; equal ones stay as they were.
function sortBy(value, key) {
  const items = asList(value).map((one) => [key(one), one]);
  const sorts = new Set(items.map(([found]) => kind(found)));
  if (sorts.size > 1) throw new CelError("list elements must have the same type");
  for (const sort of sorts) {
    if (!ORDERED.includes(sort)) throw new CelError(`list elements must be comparable: ${sort} has no order`);
  }
  return items.sort(([a], [b]) => order(a, b)).map(([, one]) => one);
}

function containsAll(value, others) {
  const seen = new Seen(asList(value));
  return asList(others).every((other) => seen.has(other));
}

function intersects(value, others) {
  const seen = new Seen(asList(value));
  return asList(others).some((other) => seen.has(other));
}

function equivalent(value, others) {
  return containsAll(value, others) && containsAll(others, value);
}
