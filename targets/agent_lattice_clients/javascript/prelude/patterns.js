// Regular expressions as programs that the compiler has made of them, searched in time linear in the text.
//
// A program is `{ start, steps }`; step 0 is the end. A step is a set of characters and the step behind it,
// `{ in: [[low, high], …], out: true, fold: true, like: /\p{L}/u, to }`, or a condition or jump, `{ if: "border", to: [steps] }`.

const searches = new Map();

// Whether the pattern of a program occurs in the text.
function finds(program, text) {
  const known = searches.get(program) ?? new Map();
  searches.set(program, known);
  let [places, before] = [[program.start], "edge"];
  for (const character of text) {
    const after = sortOfCharacter(character);
    const [found, waiting] = reached(program.steps, known, places, before, after);
    if (found) return true;
    const next = waiting.map((place) => program.steps[place]).filter((step) => holdsCharacter(step, character));
    places = [...new Set([program.start, ...next.map((step) => step.to)])];
    before = after;
  }
  return reached(program.steps, known, places, before, "edge")[0];
}

function sortOfCharacter(character) {
  return character === "\n" ? "line" : /^[A-Za-z0-9_]$/.test(character) ? "letter" : "other";
}

// Whether the end is reached without another character, and the steps that wait for one; each set of places is followed once.
function reached(steps, known, places, before, after) {
  const name = `${before} ${after} ${[...places].sort((a, b) => a - b)}`;
  if (!known.has(name)) {
    if (known.size > 10000) known.clear();
    known.set(name, followed(steps, places, before, after));
  }
  return known.get(name);
}

function followed(steps, places, before, after) {
  const seen = new Set();
  const stack = [...places];
  const waiting = [];
  while (stack.length) {
    const place = stack.pop();
    if (seen.has(place)) continue;
    seen.add(place);
    if (place === 0) return [true, []];
    const step = steps[place];
    if (step.in !== undefined) waiting.push(place);
    else if (isMet(step.if, before, after)) stack.push(...step.to);
  }
  return [false, waiting];
}

function isMet(condition, before, after) {
  const isBorder = (before === "letter") !== (after === "letter");
  switch (condition) {
    case "start":
      return before === "edge";
    case "end":
      return after === "edge";
    case "line_start":
      return before === "edge" || before === "line";
    case "line_end":
      return after === "edge" || after === "line";
    case "border":
      return isBorder;
    case "no_border":
      return !isBorder;
    default:
      return true;
  }
}

function holdsCharacter(step, character) {
  const isIn = (step.fold ? variants(character) : [character]).some((one) => {
    const code = one.codePointAt(0);
    return step.in.some(([low, high]) => low <= code && code <= high) || (step.like?.test(one) ?? false);
  });
  return isIn !== (step.out ?? false);
}

// A character and its other cases.
function variants(character) {
  const [lower, upper] = [character.toLowerCase(), character.toUpperCase()];
  const all = [character, lower, upper, lower.toUpperCase(), upper.toLowerCase()];
  return all.filter((one) => one === character || [...one].length === 1);
}
