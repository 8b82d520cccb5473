// Equality and order.

// Equality of any two values: numbers by their value, NaN unlike itself, different types unequal.
function equals(left, right) {
  const waiting = [[left, right]];
  while (waiting.length) {
    const [a, b] = waiting.pop();
    if (Array.isArray(a) && Array.isArray(b)) {
      if (a.length !== b.length) return false;
      a.forEach((item, at) => waiting.push([item, b[at]]));
    } else if (isMap(a) && isMap(b)) {
      if (entriesOf(a).length !== entriesOf(b).length) return false;
      for (const [key, value] of entriesOf(a)) {
        if (!holdsKey(b, key)) return false;
        waiting.push([value, valueAt(b, key)]);
      }
    } else if (!sameScalar(a, b)) {
      return false;
    }
  }
  return true;
}

function sameScalar(a, b) {
  if (isNumber(a) && isNumber(b)) return a == b;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return byteOrder(a, b) === 0;
  return a === b || (a !== null && typeof a === "object" && a[SAME] !== undefined && a[SAME](b));
}

// Negative, zero or positive: strings by their code points.
function textOrder(left, right) {
  let at = 0;
  while (at < left.length && left.charCodeAt(at) === right.charCodeAt(at)) at += 1;
  if (at >= left.length || at >= right.length) return left.length - right.length;
  return pointRank(left.charCodeAt(at)) - pointRank(right.charCodeAt(at));
}

// Halves of surrogate pairs stand for code points behind all others.
function pointRank(unit) {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

function byteOrder(left, right) {
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    if (left[at] !== right[at]) return left[at] - right[at];
  }
  return left.length - right.length;
}

// The order of two values of one type that has one.
function order(left, right) {
  if (typeof left === "string") return textOrder(left, right);
  if (left instanceof Uint8Array) return byteOrder(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

const ORDERED = ["int", "uint", "double", "string", "bool", "bytes", "google.protobuf.Timestamp", "google.protobuf.Duration"];

// `< <= > >=` of two values of any type: two numbers, strings, bools, bytes or times.
function compare(operator, left, right) {
  const numbers = isNumber(left) && isNumber(right);
  if (!numbers && (kind(left) !== kind(right) || !ORDERED.includes(kind(left)))) noOverload(`_${operator}_`, left, right);
  const [a, b] = numbers ? [left, right] : [order(left, right), 0];
  if (operator === "<") return a < b;
  if (operator === "<=") return a <= b;
  return operator === ">" ? a > b : a >= b;
}
