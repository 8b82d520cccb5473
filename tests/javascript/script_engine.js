// Runs workflow scripts for the tests as their client does: in a context that has JavaScript itself and the globals of scripts.
// JSON lines come in, `{ script, args }` and then `{ id, answer }`; `{ id, prompt, options }` of each sub-agent go out, then the end.
const vm = require("node:vm");
const readline = require("node:readline");

let waiting = new Map();
let count = 0;
let asked = -1;

function put(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

// Whoever starts a sub-agent may start another one right after it: only when nothing else goes on, an answer is asked for.
function tellIdle() {
  if (!waiting.size || asked === count) return;
  asked = count;
  put({ idle: true });
}

function globals(args) {
  const seen = { phases: [], logs: [] };
  const settled = (thunk) => Promise.resolve().then(thunk).catch(() => null);
  return {
    seen,
    args,
    agent: (prompt, options) =>
      new Promise((resolve) => {
        put({ id: count, prompt, options });
        waiting.set(count, resolve);
        count += 1;
        setImmediate(tellIdle);
      }),
    parallel: (thunks) => Promise.all(thunks.map(settled)),
    phase: (title) => seen.phases.push(title),
    log: (text) => seen.logs.push(text),
  };
}

async function run({ script, args }) {
  waiting = new Map();
  [count, asked] = [0, -1];
  const { seen, ...names } = globals(args);
  const context = vm.createContext({ ...names }, { codeGeneration: { strings: false, wasm: false } });
  vm.runInContext("Math.random = Date.now = () => { throw new Error('not in a script'); };", context);
  const [, meta, body] = /^export const meta = (\{.*?^\});\n(.*)$/ms.exec(script);
  seen.meta = vm.runInContext(`(${meta})`, vm.createContext(Object.create(null)));
  try {
    const result = await vm.runInContext(`(async () => { "use strict";\n${body}\n})()`, context);
    put({ result: result === undefined ? null : result, seen });
  } catch (error) {
    put({ failure: { code: error?.code ?? "broken", message: String(error?.message), stack: String(error?.stack) }, seen });
  }
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line);
  if (message.script !== undefined) run(message);
  else {
    const resolve = waiting.get(message.id);
    waiting.delete(message.id);
    asked = -1;
    resolve(message.answer);
    setImmediate(tellIdle);
  }
});
