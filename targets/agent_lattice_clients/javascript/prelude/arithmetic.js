// Arithmetic of ints and uints: within 64 bits, or an error.

function fit(value) {
  if (BigInt.asIntN(64, value) === value) return value;
  throw new CelError("integer overflow");
}

function add(first, ...rest) {
  return rest.reduce((sum, number) => fit(sum + number), first);
}

function sub(first, ...rest) {
  return rest.reduce((difference, number) => fit(difference - number), first);
}

function mul(first, ...rest) {
  return rest.reduce((product, number) => fit(product * number), first);
}

// Rounds toward zero.
function div(first, ...rest) {
  return rest.reduce((quotient, number) => fit(quotient / divisor(number)), first);
}

function divisor(number, word = "divide") {
  if (number === 0n) throw new CelError(`${word} by zero`);
  return number;
}

// Has the sign of the left operand.
function mod(first, ...rest) {
  return rest.reduce((left, number) => {
    divisor(number, "modulus");
    if (number === -1n) fit(-left);
    return left % number;
  }, first);
}

function neg(number) {
  return fit(-number);
}

function addUints(first, ...rest) {
  return rest.reduce((sum, number) => uint(sum.value + number.value), first);
}

function subUints(first, ...rest) {
  return rest.reduce((difference, number) => uint(difference.value - number.value), first);
}

function mulUints(first, ...rest) {
  return rest.reduce((product, number) => uint(product.value * number.value), first);
}

function divUints(first, ...rest) {
  return rest.reduce((quotient, number) => uint(quotient.value / divisor(number.value)), first);
}

function modUints(first, ...rest) {
  return rest.reduce((left, number) => uint(left.value % divisor(number.value, "modulus")), first);
}

// Arithmetic on values of any type, left to right: `calc(a, "+", b, "-", c)`.
function calc(first, ...rest) {
  for (let at = 0; at < rest.length; at += 2) first = combine(rest[at], first, rest[at + 1]);
  return first;
}

function combine(operator, left, right) {
  const sort = kind(left);
  if (left instanceof Time) return combineTimes(operator, left, right);
  if (sort !== kind(right)) noOverload(`_${operator}_`, left, right);
  if (sort === "int") return { "+": add, "-": sub, "*": mul, "/": div, "%": mod }[operator](left, right);
  if (sort === "uint") {
    return { "+": addUints, "-": subUints, "*": mulUints, "/": divUints, "%": modUints }[operator](left, right);
  }
  if (sort === "double" && operator !== "%") return combineDoubles(operator, left, right);
  if (operator === "+" && sort === "string") return left + right;
  if (operator === "+" && sort === "list") return left.concat(right);
  if (operator === "+" && sort === "bytes") return joinBytes(left, right);
  return noOverload(`_${operator}_`, left, right);
}

function combineDoubles(operator, left, right) {
  if (operator === "+") return left + right;
  if (operator === "-") return left - right;
  return operator === "*" ? left * right : left / right;
}

function combineTimes(operator, left, right) {
  if (!(right instanceof Time) || !["+", "-"].includes(operator)) noOverload(`_${operator}_`, left, right);
  return operator === "+" ? addTimes(left, right) : subTimes(left, right);
}

// `-value`, of a value of any type.
function negated(value) {
  if (typeof value === "bigint") return neg(value);
  return typeof value === "number" ? -value : noOverload("-_", value);
}
