/** A store behind a port: the same calls, answers, errors and messages as without one. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Redis, RedisError, serve } from "redstart/worker";

const wasm = new WebAssembly.Module(readFileSync(new URL("../dist/wasm/redstart_wasm_bg.wasm", import.meta.url)));

function open(name, options = {}) {
  const { port1, port2 } = new MessageChannel();
  serve(port1);
  return new Redis({ name, worker: port2, wasm, ...options });
}

test("values, errors, pipelines and transactions are those of a store in the page", async () => {
  const db = open("calls");
  await db.set("k", { a: 1 });
  assert.deepEqual(await db.get("k"), { a: 1 });
  await db.set("b", new Uint8Array([0, 255]));
  assert.deepEqual(await db.bytes.get("b"), new Uint8Array([0, 255]));
  await assert.rejects(db.incr("k"), (error) => error instanceof RedisError && error.code === "ERR");
  const kept = await db.pipeline().incr("k").get("k").exec({ keepErrors: true });
  assert.match(kept[0].error, /not an integer/);
  assert.deepEqual(kept[1], { result: { a: 1 } });
  assert.deepEqual(await db.multi().set("n", 1).incr("n").exec(), ["OK", 2]);
  await assert.rejects(db.ready(), { code: "UNSUPPORTED" });
  await assert.rejects(db.transaction(() => {}), { code: "UNSUPPORTED" });
  const file = await db.export();
  await db.flushall();
  assert.equal(await db.import(file), 3);
  await assert.rejects(db.import(new Uint8Array(3)), { code: "CORRUPT" });
  await db.close();
  await assert.rejects(db.get("k"), { code: "CLOSED" });
});

test("pages of one worker share a store, and hear each other", async () => {
  const [one, other] = [open("shared"), open("shared")];
  const heard = [];
  const subscriber = one.subscribe("news", (message) => heard.push(message));
  const watcher = one.watch("k", ({ event }) => heard.push(event));
  await Promise.all([subscriber.ready, watcher.ready]);
  const waiting = one.blpop("q", 0);
  await other.set("k", 1);
  await other.publish("news", { a: 1 });
  await other.rpush("q", "x");
  assert.deepEqual(await waiting, ["q", "x"]);
  await one.ping();
  assert.deepEqual(heard, ["set", { a: 1 }]);
  await subscriber.unsubscribe();
  await one.close();
  assert.equal(await other.get("k"), 1);
  await other.close();
});

test("the storage's state is told", async () => {
  const db = open("told");
  const told = new Promise((resolve) => db.on("storage", resolve));
  await db.ping();
  assert.deepEqual(await told, { state: "memory" });
  await db.close();
});
