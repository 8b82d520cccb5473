// Logic in which an error of one operand is absorbed by another that decides.

function decide(operands, decisive) {
  let failure = null;
  for (const operand of operands) {
    try {
      if (asBool(operand()) === decisive) return decisive;
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      failure ??= error;
    }
  }
  if (failure !== null) throw failure;
  return !decisive;
}

// `&&`: false when any operand is, whatever the others do; else the first error, if any.
function and(...operands) {
  return decide(operands, false);
}

// `||`: true when any operand is, whatever the others do; else the first error, if any.
function or(...operands) {
  return decide(operands, true);
}

// The macro `all`: an `&&` over the items.
function every(items, holds) {
  return decide(items.map((one) => () => holds(one)), false);
}

// The macro `exists`: an `||` over the items.
function exists(items, holds) {
  return decide(items.map((one) => () => holds(one)), true);
}
