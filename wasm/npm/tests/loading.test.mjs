/** What is stored is loaded as it is read, wherever its pieces are cut. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Loading } from "../dist/local/loading.js";
import { loadModule, WasmStore } from "../dist/local/wasm-store.js";

const module = await loadModule(await readFile(new URL("../dist/wasm/redstart_wasm_bg.wasm", import.meta.url)));
const command = (...words) => `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
const MANY = Array.from({ length: 5000 }, (_, n) => command("RPUSH", "many", `entry:${n}`)).join("");
const STREAM = new TextEncoder().encode(
  [
    command("SET", "in 0", "v"),
    command("SELECT", "3"),
    MANY,
    command("SET", "long", "x".repeat(300_000)),
    command("MULTI") + MANY + command("EXEC"),
    command("SET", "in 3", "v"),
    command("SELECT", "0"),
    command("APPEND", "in 0", "w"),
  ].join(""),
);

function cut(bytes, length) {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, at) => bytes.subarray(at * length, (at + 1) * length));
}

function loaded(pieces, toldAtOnce = pieces.length, storeAfter = 0) {
  const store = new WasmStore(module, 1n, true);
  try {
    const loading = new Loading();
    pieces.slice(0, storeAfter).forEach((piece) => loading.take(piece));
    loading.into(store);
    pieces.slice(storeAfter, toldAtOnce).forEach((piece) => loading.take(piece));
    assert.equal(loading.end(pieces), pieces.reduce((sum, { length }) => sum + length, 0));
    return store.digest();
  } finally {
    store.free();
  }
}

test("wherever the pieces are cut, and whenever they come, they give the same data", () => {
  const whole = loaded([STREAM]);
  assert.notEqual(whole, loaded([]));
  for (const length of [997, 61_420, 250_000]) {
    const pieces = cut(STREAM, length);
    assert.equal(loaded(pieces), whole, `pieces of ${length}`);
    assert.equal(loaded(pieces, 3, 2), whole, `pieces of ${length}, some of them late`);
  }
});

test("an end within a command or before its EXEC is damage", () => {
  for (const length of [STREAM.length - 1, STREAM.length - 60_000]) {
    assert.throws(() => loaded(cut(STREAM.subarray(0, length), 61_420)), { code: "CORRUPT" });
  }
  assert.throws(() => loaded(cut(new TextEncoder().encode("nonsense"), 3)), { code: "CORRUPT" });
});
