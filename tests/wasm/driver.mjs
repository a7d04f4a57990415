// The store in WebAssembly, driven line by line: a JSON request on stdin, a JSON answer on stdout. Bytes are hex.
//   {"op":"new","seed":1}
//   {"op":"open","now":0}                                   -> {"session":1}
//   {"op":"execute","now":0,"session":1,"words":["50494e47"]} -> {"reply":"2b504f4e470d0a" or null, "outputs":[..]}
//   {"op":"timeout","now":0}                                -> {"due":time or null,"outputs":[..]}
//   {"op":"close","session":1}, {"op":"digest"}             -> {}, {"digest":"123"}
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import init, { OutputKind, Store } from "../../wasm/npm/dist/wasm/redstart_wasm.js";

const file = new URL("../../wasm/npm/dist/wasm/redstart_wasm_bg.wasm", import.meta.url);
const { memory } = await init({ module_or_path: readFileSync(file) });
let store;

const hex = (address, length) => Buffer.from(memory.buffer, address, length).toString("hex");

/** Writes a request into the store's memory: the number of words, their lengths, their bytes. */
function write(words) {
  const bytes = words.map((word) => Buffer.from(word, "hex"));
  const head = Buffer.alloc(4 + 4 * bytes.length);
  [bytes.length, ...bytes.map((word) => word.length)].forEach((number, n) => head.writeUInt32LE(number, 4 * n));
  const request = Buffer.concat([head, ...bytes]);
  const address = store.input(request.length);
  new Uint8Array(memory.buffer).set(request, address);
  return request.length;
}

function outputs() {
  const all = [];
  for (let kind = store.poll(); kind !== OutputKind.None; kind = store.poll()) {
    all.push({ kind: OutputKind[kind], session: store.output_session(), bytes: hex(store.output(), store.output_len()) });
  }
  return all;
}

const operations = {
  new: ({ seed }) => ((store = new Store(BigInt(seed), true)), {}),
  open: ({ now }) => ({ session: store.open(now) }),
  close: ({ session }) => (store.close(session), {}),
  execute: ({ now, session, words }) => {
    const address = store.execute(now, session, write(words));
    const reply = address < 0 ? null : hex(address, store.reply_len());
    return { reply, outputs: outputs() };
  },
  timeout: ({ now }) => {
    store.handle_timeout(now);
    const due = store.timeout();
    return { due: Number.isFinite(due) ? due : null, outputs: outputs() };
  },
  digest: () => ({ digest: BigInt.asUintN(64, store.digest()).toString() }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  process.stdout.write(JSON.stringify(operations[request.op](request)) + "\n");
}
