// Evaluates scripts for the tests: a JSON line with the text comes in, a JSON line with the value goes out. They run in a context that
// has JavaScript itself and nothing of Node.
const vm = require("node:vm");
const readline = require("node:readline");

const context = vm.createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  let answer;
  try {
    answer = { value: vm.runInContext(`"use strict"; ${JSON.parse(line)}`, context, { timeout: 20000 }) };
  } catch (error) {
    answer = { broken: String(error?.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
