// The `math` extension.

function asNumber(value, name) {
  if (isNumber(value)) return value;
  throw new CelError(`no such overload: math.${name}(${kind(value)})`);
}

function bestOf(value, name, isBetter) {
  if (!Array.isArray(value)) return asNumber(value, name);
  if (!value.length) throw new CelError(`math.${name} of an empty list`);
  return value.map((one) => asNumber(one, name)).reduce((best, one) => (isBetter(one, best) ? one : best));
}

// The greatest number of a list; of equal ones the first.
function greatestOf(value) {
  return bestOf(value, "greatest", (one, best) => one > best);
}

// The least number of a list; of equal ones the first.
function leastOf(value) {
  return bestOf(value, "least", (one, best) => one < best);
}

// Without its sign; the least int has no such number.
function absolute(value) {
  if (typeof asNumber(value, "abs") === "number") return Math.abs(value);
  return value >= 0n ? value : neg(value);
}

// -1, 0 or 1 of the same type; NaN stays NaN.
function signum(value) {
  const number = asNumber(value, "sign");
  if (typeof number === "number") return Number.isNaN(number) ? number : Number(number > 0) - Number(number < 0);
  const found = BigInt(Number(number > 0n) - Number(number < 0n));
  return typeof number === "bigint" ? found : uint(found);
}

// To the nearest whole number, halves away from zero.
function rounded(value) {
  const low = Math.floor(value);
  const rest = value - low;
  const near = rest > 0.5 || (rest === 0.5 && value > 0) ? low + 1 : low;
  return near === 0 && value < 0 ? -0 : near;
}

// The square root; NaN of a negative number.
function sqrt(value) {
  return Math.sqrt(Number(asNumber(value, "sqrt")));
}

function shiftBy(name, count) {
  if (count < 0n) throw new CelError(`math.${name}() invalid negative shift: ${count}`);
  return count;
}

// Bits shifted to the left; those beyond 64 are lost, also the sign.
function shiftLeft(value, count) {
  return count >= 64n ? 0n : BigInt.asIntN(64, value << shiftBy("bitShiftLeft", count));
}

// Bits shifted to the right; zeros come in, also for the sign.
function shiftRight(value, count) {
  return count >= 64n ? 0n : BigInt.asIntN(64, BigInt.asUintN(64, value) >> shiftBy("bitShiftRight", count));
}

function shiftUintLeft(value, count) {
  return uint(count >= 64n ? 0n : BigInt.asUintN(64, value.value << shiftBy("bitShiftLeft", count)));
}

function shiftUintRight(value, count) {
  return uint(count >= 64n ? 0n : value.value >> shiftBy("bitShiftRight", count));
}
