// What the branches that ran side by side have made of a variable; copies come in the order of the branches.

function sumInts(before, copies) {
  return fit(copies.reduce((sum, copy) => sum + copy - before, before));
}

function sumFloats(before, copies) {
  return copies.reduce((sum, copy) => sum + (copy - before), before);
}

function notAppended(name) {
  throw new Failure("conflict", `\`${name}\` is merged by append, and a branch did not keep what it held before`);
}

function appendLists(name, before, copies) {
  return before.concat(...copies.map((copy) => {
    const keeps = copy.length >= before.length && before.every((one, place) => isSame(one, copy[place]));
    return keeps ? copy.slice(before.length) : notAppended(name);
  }));
}

function appendTexts(name, before, copies) {
  const added = copies.map((copy) => (copy.startsWith(before) ? copy.slice(before.length) : notAppended(name)));
  return before + added.join("");
}

function appendBytes(name, before, copies) {
  return joinBytes(before, ...copies.map((copy) => {
    const keeps = copy.length >= before.length && byteOrder(before, copy.slice(0, before.length)) === 0;
    return keeps ? copy.slice(before.length) : notAppended(name);
  }));
}

// The greatest of what was there and what the branches left; NaN is never greater.
function greatestCopy(before, copies) {
  return copies.reduce((best, copy) => (order(copy, best) > 0 ? copy : best), before);
}

// What the last branch that set it has set last; `copies` are lists of all that each has set.
function lastCopy(before, copies) {
  return copies.reduce((found, copy) => (copy.length ? copy[copy.length - 1] : found), before);
}

// The value that every branch which set it has left.
function agreedCopy(name, before, copies) {
  const [found = before, ...others] = copies.filter((copy) => copy.length).map((copy) => copy[copy.length - 1]);
  if (others.every((other) => isSame(other, found))) return found;
  throw new Failure("conflict", `\`${name}\` is merged by reject, and two branches left different values`);
}

// Whether two values are the same: of one type, and NaN is NaN.
function isSame(one, other) {
  return kind(one) === kind(other) && json(one) === json(other);
}
