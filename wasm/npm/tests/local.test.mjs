/** A store in this process: values, forms, pipelines, the synchronous view, blocking, messages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Redis, RedisError, StoreError } from "redstart";

function open(options = {}) {
  return new Redis({ name: "test", ...options });
}

test("values go in and come out as JSON, and bytes as bytes", async () => {
  const db = open();
  for (const value of ["text", "", 1, -1.5, true, null, { a: [1, "2"] }, [1, 2], "007", "9007199254740993", " 1"]) {
    await db.set("k", value);
    assert.deepEqual(await db.get("k"), value);
  }
  await db.set("k", new Uint8Array([0, 255, 13, 10]));
  assert.deepEqual(await db.bytes.get("k"), new Uint8Array([0, 255, 13, 10]));
  await db.set("n", "1");
  assert.equal(await db.get("n"), 1);
  assert.equal(await db.text.get("n"), "1");
  assert.equal(await open({ automaticDeserialization: false }).set("n", 1), "OK");
});

test("words of every length and alphabet survive the border", async () => {
  const db = open();
  for (const length of [0, 1, 23, 24, 25, 63, 1000, 100_000]) {
    for (const letter of ["x", "ü", "語", "🦀"]) {
      const value = letter.repeat(length);
      await db.set(letter, value);
      assert.equal(await db.text.get(letter), value);
    }
  }
});

test("an error of the store has its code, and the store goes on", async () => {
  const db = open();
  await db.set("k", "text");
  await assert.rejects(db.incr("k"), (error) => error instanceof RedisError && error.code === "ERR");
  await assert.rejects(db.exec(["NOSUCH"]), /unknown command/);
  assert.equal(await db.get("k"), "text");
});

test("a pipeline throws its first error, or keeps all of them", async () => {
  const db = open();
  const bad = () => db.pipeline().set("k", "text").incr("k").get("k");
  await assert.rejects(bad().exec(), /command 2 \[ INCR \] failed/);
  const kept = await bad().exec({ keepErrors: true });
  assert.deepEqual(kept[0], { result: "OK" });
  assert.match(kept[1].error, /not an integer/);
  assert.deepEqual(kept[2], { result: "text" });
  assert.equal(db.pipeline().set("k", 1).length(), 1);
});

test("a transaction gives its results", async () => {
  const db = open();
  assert.deepEqual(await db.multi().set("n", 1).incr("n").get("n").exec(), ["OK", 2, 2]);
  await assert.rejects(db.multi().exec(), /empty/);
});

test("the synchronous view sees what promises wrote, and writes what they see", async () => {
  const db = open();
  await db.set("k", { a: 1 });
  const now = await db.ready();
  assert.deepEqual(now.get("k"), { a: 1 });
  assert.equal(now.incr("n"), 1);
  assert.equal(await db.get("n"), 1);
  assert.throws(() => now.incr("k"), RedisError);
});

test("a key expires", async () => {
  const db = open();
  await db.set("k", 1, { px: 1 });
  const until = Date.now() + 2;
  while (Date.now() < until);
  assert.equal(await db.get("k"), null);
});

test("after close every call is refused, and close can be repeated", async () => {
  const db = open();
  await db.set("k", 1);
  await Promise.all([db.close(), db.close()]);
  await assert.rejects(db.get("k"), (error) => error instanceof StoreError && error.code === "CLOSED");
});

test("importing and constructing touch nothing", async () => {
  const states = [];
  open().on("storage", (state) => states.push(state));
  assert.deepEqual(states, []);
});

test("options that name no store are refused with what to write", () => {
  assert.throws(() => new Redis({}), /new Redis\(\{ name: "app" \}\)/);
});

test("a gateway is found in the environment, under our names first", () => {
  const names = ["REDSTART_URL", "UPSTASH_REDIS_REST_URL", "KV_REST_API_URL"];
  assert.throws(() => Redis.fromEnv(), /REDSTART_URL/);
  process.env.KV_REST_API_URL = "http://127.0.0.1:1";
  try {
    assert.ok(Redis.fromEnv() instanceof Redis);
  } finally {
    for (const name of names) delete process.env[name];
  }
});

test("a store without storage says so", async () => {
  const db = open();
  const told = new Promise((resolve) => db.on("storage", resolve));
  await db.set("k", 1);
  assert.deepEqual(await told, { state: "memory" });
});

test("the keys may take half of what the page may store", async () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  const navigator = { storage: { estimate: async () => ({ quota: 3_000_001, usage: 5 }) } };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  try {
    for (const [options, limit] of [[{ maxmemory: "storage" }, "1500000"], [{}, "0"]]) {
      const db = open(options);
      assert.deepEqual(await db.text.exec(["CONFIG", "GET", "maxmemory"]), ["maxmemory", limit]);
      await db.close();
    }
  } finally {
    if (own) Object.defineProperty(globalThis, "navigator", own);
    else delete globalThis.navigator;
  }
});

test("parameters are set each time that a store opens", async () => {
  const config = { "maxmemory-policy": "allkeys-lru", "hash-max-listpack-entries": 3 };
  for (let life = 0; life < 2; life++) {
    const db = open({ config });
    for (const [name, value] of Object.entries(config)) {
      assert.deepEqual(await db.text.exec(["CONFIG", "GET", name]), [name, String(value)]);
    }
    await db.exec(["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    await db.close();
  }
  await assert.rejects(open({ config: { "no-such-parameter": 1 } }).ping(), /no-such-parameter/);
});

/** A storage that remembers each write as text. */
function remembering() {
  const writes = [];
  const storage = {
    read: async () => [],
    append: async (bytes) => void writes.push(new TextDecoder().decode(bytes)),
    replace: async () => {},
    close: async () => {},
  };
  return { writes, storage };
}

test("what a transaction writes is one step, and nobody comes in between", async () => {
  const { writes, storage } = remembering();
  const db = new Redis({ name: "step", persist: storage });
  const sum = await db.transaction((now) => {
    void db.set("outside", 1);
    void db.flush();
    now.set("a", 1);
    now.incr("a");
    return now.transaction((same) => same.incrby("a", Number(same.get("a"))));
  });
  assert.equal(sum, 4);
  await db.flush();
  const [step, ...others] = writes.join("").split("EXEC");
  assert.equal(others.length, 1);
  assert.equal(step.split("MULTI").length, 2);
  assert.equal([...step.matchAll(/SET|INCR/g)].length >= 3, true, step);
  await db.close();
});

test("a transaction's function may not wait, and what it wrote before it throws stays", async () => {
  const db = new Redis({ name: "thrown" });
  await assert.rejects(
    db.transaction((now) => {
      now.set("k", 1);
      throw new RangeError("mine");
    }),
    RangeError,
  );
  assert.equal(await db.get("k"), 1);
  await assert.rejects(db.transaction(async () => {}), /synchronous/);
  await db.set("k", 2);
  await db.close();
  const remote = new Redis({ url: "http://127.0.0.1:1" });
  await assert.rejects(remote.transaction(() => {}), { code: "UNSUPPORTED" });
});

test("keys that are watched are told of, by calls and to whoever iterates", async () => {
  const db = new Redis({ name: "watched" });
  const called = [];
  const callback = db.watch("user:1", ({ event, key }) => called.push(`${event} ${key}`));
  const iterated = db.watch("user:*");
  await Promise.all([callback.ready, iterated.ready]);
  await db.set("user:1", 1);
  await db.hset("user:2", { f: 1 });
  await db.set("other", 1);
  await db.del("user:1");
  const seen = [];
  for await (const { event, key } of iterated) {
    seen.push(`${event} ${key}`);
    if (seen.length === 2) break;
  }
  // Nobody iterated meanwhile: what counts of a key is what came last.
  assert.deepEqual(seen, ["hset user:2", "del user:1"]);
  assert.deepEqual(called, ["set user:1", "del user:1"]);
  await callback.stop();
  await db.set("user:1", 2);
  await db.ping();
  assert.equal(called.length, 2);
  await db.close();
});

test("what a script logs stands on the console", async () => {
  const db = open();
  const lines = [];
  const own = {};
  for (const level of ["debug", "info", "warn"]) {
    own[level] = console[level];
    console[level] = (line) => lines.push(`${level} ${line}`);
  }
  try {
    await db.eval("for level = 0, 3 do redis.log(level, 'at ' .. level) end", []);
    await db.ping();
  } finally {
    Object.assign(console, own);
  }
  assert.deepEqual(lines, ["debug redstart: at 0", "debug redstart: at 1", "info redstart: at 2", "warn redstart: at 3"]);
  await db.close();
});

test("debug tells of events and commands, and of no values", async () => {
  const lines = [];
  const db = open({ debug: (line) => lines.push(line) });
  await db.set("k", "secret");
  await assert.rejects(db.incr("k"));
  await db.close();
  assert.equal(lines[0], "storage state=memory");
  assert.match(lines[1], /^SET ok \d+\.\d\d ms$/);
  assert.match(lines[2], /^INCR ERR \d+\.\d\d ms$/);
  assert.equal(lines.length, 3);
});
