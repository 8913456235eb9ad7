// Runs a test program of WebAssembly in Node: `node xtask/wasi.mjs PROGRAM [ARGUMENT]...`. The program sees the machine's
// files under their own names, and its exit code is this one's.
import { readFile } from "node:fs/promises";
import { env, exit } from "node:process";
import { WASI } from "node:wasi";

const [program, ...rest] = process.argv.slice(2);
const wasi = new WASI({
  version: "preview1",
  args: [program, ...rest],
  env,
  preopens: { "/": "/" },
  returnOnExit: true,
});
const module = await WebAssembly.compile(await readFile(program));
// Calls of Node's own functions that V8 has optimised crash it (nodejs/node issue 53087); calls of these do not.
const indirect = ([name, call]) => [name, (...values) => call(...values)];
const calls = Object.fromEntries(Object.entries(wasi.wasiImport).map(indirect));
const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: calls });
exit(wasi.start(instance));
