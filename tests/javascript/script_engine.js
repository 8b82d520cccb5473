// Runs workflow scripts for the tests as their client does: in a context that has JavaScript itself and the globals of scripts.
// JSON lines come in, `{ script, args }` and then `{ id, answer }`; `{ id, prompt, options }` of each sub-agent go out, then the end.
const vm = require("node:vm");
const readline = require("node:readline");

let waiting = new Map();

function put(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function globals(args) {
  const seen = { phases: [], logs: [] };
  const settled = (thunk) => Promise.resolve().then(thunk).catch(() => null);
  return {
    seen,
    args,
    agent: (prompt, options) =>
      new Promise((resolve) => {
        waiting.set(waiting.size, resolve);
        put({ id: waiting.size - 1, prompt, options });
      }),
    parallel: (thunks) => Promise.all(thunks.map(settled)),
    phase: (title) => seen.phases.push(title),
    log: (text) => seen.logs.push(text),
  };
}

async function run({ script, args }) {
  waiting = new Map();
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
  else waiting.get(message.id)(message.answer);
});
