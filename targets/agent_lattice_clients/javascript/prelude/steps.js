// The steps of a workflow, made by sub-agents of the client.

const CODES = ["timeout", "auth", "rate_limited", "unavailable", "malformed_output", "refused", "budget_exceeded",
  "permission_denied", "validation", "conflict", "not_found", "cancelled", "in_doubt", "internal"];

// What a sub-agent answers; null is how the client says that it failed.
async function answerOf(prompt, options) {
  const answer = await agent(prompt, options);
  if (answer !== null && answer !== undefined) return answer;
  throw new Failure("unavailable", `${options.label}: the sub-agent ${options.agentType} gave no answer`);
}

// Calls an operation by way of a sub-agent that may do nothing else; its validated result. The sub-agent answers with what the
// server gave: `result`, or `error` with the class and the text of a failure.
async function tool(label, operation, args) {
  const prompt = [
    `Call the tool ${operation.tool} exactly once, with exactly these arguments:`,
    json(args),
    'Then answer with the structured result of the call, unchanged: its "result", or its "error" when the call failed. Where there is ' +
      'no structured result, "result" is the JSON of its text. Never call the tool twice, never make a result up.',
  ].join("\n\n");
  const options = { label, agentType: operation.agentType, schema: replySchema(operation) };
  const { result = null, error = null } = await answerOf(prompt, options);
  if (error !== null) throw new Failure(CODES.includes(error.error) ? error.error : "internal", error.message);
  return decoded(result, operation.result, `the result of ${operation.name}`);
}

// What one who calls an operation answers: its result, or how it failed.
function replySchema({ schema, definitions }) {
  const failure = {
    type: "object",
    description: "the failure of the call, only when it failed",
    properties: { error: { enum: CODES }, message: { type: "string" } },
    required: ["error", "message"],
  };
  const properties = { result: schema, error: failure };
  return { type: "object", properties, additionalProperties: false, ...(definitions ? { $defs: definitions } : {}) };
}

// Asks a question: its validated answer. A bad answer goes back with its mistakes at most `repair` times, then the question
// goes once to those of `escalate`; one of `agents` that gives no answer is replaced by the next.
async function ask(label, { agents, system, prompt: question, output, checks = [], repair = 0, escalate = [] }) {
  const prompt = system ? `${system}\n\n${question}` : question;
  let [agentType, ...others] = agents;
  let [again, asked] = [escalate, prompt];
  for (let repairs = repair; ; ) {
    let answer;
    try {
      answer = await answerOf(asked, { label, agentType, ...(output.schema ? { schema: output.schema } : {}) });
    } catch (failure) {
      if (!(failure instanceof Failure) || !others.length) throw failure;
      [agentType, ...others] = others;
      continue;
    }
    const errors = [];
    const made = readAnswer(output, checks, answer, errors);
    if (!errors.length) return made;
    if (repairs > 0) {
      repairs -= 1;
      asked = correction(prompt, answer, errors);
    } else if (again.length) {
      [agentType, ...others] = again;
      again = [];
      asked = `${prompt}\n\nAn earlier answer was not valid:\n${linesOf(errors)}`;
    } else {
      const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
      throw new Failure("validation", `the answer is not valid: ${errors[0]}${more}`);
    }
  }
}

function readAnswer(output, checks, answer, errors) {
  const made = output.check(output.wrapped ? answer.answer : answer, "$", errors);
  if (errors.length) return null;
  for (const [holds, message] of checks) {
    try {
      if (holds(made) !== true) errors.push(message);
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      errors.push(`${message} (${error.message})`);
    }
  }
  return made;
}

function linesOf(errors) {
  return errors.map((error) => `- ${error}`).join("\n");
}

function correction(prompt, answer, errors) {
  const said = typeof answer === "string" ? answer : JSON.stringify(answer);
  const wrong = `This answer is not valid:\n${linesOf(errors)}\nAnswer again with the whole corrected answer, nothing else.`;
  return `${prompt}\n\nYou have answered:\n${said}\n\n${wrong}`;
}

async function outcomeOf(body) {
  try {
    return { value: await body() };
  } catch (error) {
    return { error };
  }
}

// Runs bodies side by side: their results in order, or the failure of the first one that failed.
async function branches(...bodies) {
  const outcomes = await parallel(bodies.map((body) => () => outcomeOf(body)));
  for (const outcome of outcomes) {
    if (!outcome) throw new Failure("cancelled", "a branch was stopped");
    if (outcome.error !== undefined) throw outcome.error;
  }
  return outcomes.map((outcome) => outcome.value);
}

// Runs bodies side by side: the values of the first `need` that end well, in the order of the bodies; the failure of the first
// body when too few do. Nobody can stop the others.
async function race(need, ...bodies) {
  const ended = [];
  const outcomes = await parallel(bodies.map((body, place) => async () => {
    const outcome = await outcomeOf(body);
    if (outcome.error === undefined) ended.push(place);
    return outcome;
  }));
  if (ended.length >= need) {
    const winners = ended.slice(0, need).sort((one, other) => one - other);
    return winners.map((place) => outcomes[place].value);
  }
  throw outcomes.find((outcome) => outcome?.error !== undefined)?.error ?? new Failure("cancelled", "a branch was stopped");
}

// Tries a step again, at most `times` more times, after failures of the classes `codes`.
async function retried(times, codes, body) {
  for (let left = times; ; left -= 1) {
    try {
      return await body();
    } catch (failure) {
      if (!(failure instanceof Failure) || !left || !codes.includes(failure.code)) throw failure;
    }
  }
}

// What is to be taken back if the workflow fails, in the order in which it was done.
const undone = [];

// The result of a step, which `undo` makes a way to take back of.
async function undoable(step, takesBack) {
  const value = await step;
  undone.push(takesBack(value));
  return value;
}

// A way to take something back: the call of an operation, with its arguments as they are now.
function undo(label, operation, args, times = 5, codes = ["timeout", "rate_limited", "unavailable"]) {
  return () => retried(times, codes, () => tool(label, operation, args));
}

// A workflow that takes back what it did when it fails, the last first. What cannot be taken back does not keep the rest from it.
function takingBack(body) {
  return async (input) => {
    const outcome = await outcomeOf(() => body(input));
    if (outcome.error === undefined) return outcome.value;
    for (const takesBack of undone.reverse()) {
      const { error } = await outcomeOf(takesBack);
      if (error !== undefined) log(`not taken back: ${error.message}`);
    }
    throw outcome.error;
  };
}

// The items themselves; a failure when there are more than `most`.
function within(label, items, most) {
  if (items.length <= most) return items;
  throw new Failure("validation", `${label} has ${items.length} items, at most ${most} are allowed`);
}

// How many the client takes side by side in one call; it lets far fewer go on at a time.
const MOST_AT_ONCE = 4096;

// `body` for each item, `width` at a time: the results in the order of the items. After a failure no other item is begun.
async function each(label, items, most, width, body) {
  const waiting = within(label, items, most).map((one, place) => [one, place]);
  const outcomes = [];
  const worker = async () => {
    while (waiting.length) {
      const [one, place] = waiting.shift();
      outcomes[place] = await outcomeOf(() => body(one, `${label}[${place}].`));
      if (outcomes[place].error !== undefined) waiting.length = 0;
    }
  };
  await branches(...Array.from({ length: Math.min(width, items.length, MOST_AT_ONCE) }, () => worker));
  const failed = outcomes.find((outcome) => outcome?.error !== undefined);
  if (failed) throw failed.error;
  return outcomes.map((outcome) => outcome.value);
}

// The class of a failure that the workflow goes on from: one of `codes`, or any for "" except `cancelled` and `in_doubt`.
function caught(failure, ...codes) {
  if (!(failure instanceof Failure)) throw failure;
  if (codes.includes(failure.code)) return failure.code;
  if (codes.includes("") && !["cancelled", "in_doubt"].includes(failure.code)) return failure.code;
  throw failure;
}

// What a handler sees of a failure. Scripts do not know the step.
function told(failure) {
  return { code: failure.code, message: failure.message, step: "" };
}

function fail(code, message) {
  throw new Failure(code, message);
}

// Publishes `custom.<event>`.
function emit(label, event, payload) {
  log(`${label}: custom.${event} ${json(payload)}`);
}

// The arguments of the workflow: an object, or the JSON text of one, as a slash command has it.
function inputOf(given, checks) {
  let data = given ?? {};
  if (typeof data === "string") {
    try {
      data = JSON.parse(data || "{}");
    } catch {
      throw new Failure("validation", "the arguments are not a JSON object");
    }
  }
  return decoded(data, recordOf("the arguments", () => checks), "the input");
}

// The whole run: its result as JSON data, or a failure of the catalogue.
async function workflow(given, checks, body, check) {
  try {
    const made = await body(inputOf(given, checks));
    return wire(decoded(made, check, "the result"));
  } catch (error) {
    if (error instanceof CelError) throw new Failure("validation", error.message);
    if (error instanceof RangeError) throw new Failure("internal", "the workflow calls itself too deeply");
    throw error;
  }
}
