/** IndexedDB (a simulated one): what survives, what is refused, what is repaired. */
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Redis, deleteStore } from "redstart";
import { MAX_RECORD_BYTES, seal, sealAll, unseal } from "../dist/local/frame.js";
import { IndexedDbStorage } from "../dist/local/indexeddb.js";
import { property } from "./random.mjs";

let stores = 0;
const freshName = () => `store-${++stores}`;

async function withDatabase(name, work) {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open(`redstart:${name}`);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

const all = (name, store) => withDatabase(name, (database) => done(database.transaction(store).objectStore(store).getAll()));

async function change(name, store, edit) {
  await withDatabase(name, async (database) => {
    const records = database.transaction(store, "readwrite").objectStore(store);
    const [key, value] = [(await done(records.getAllKeys()))[0], (await done(records.getAll()))[0]];
    await done(records.put(edit(value), key));
  });
}

test("what was flushed is there again", async () => {
  const name = freshName();
  const first = new Redis({ name });
  await first.set("k", { a: 1 });
  await first.set("bytes", new Uint8Array([0, 1, 255]));
  await first.close();
  const second = new Redis({ name });
  assert.deepEqual(await second.get("k"), { a: 1 });
  assert.deepEqual(await second.bytes.get("bytes"), new Uint8Array([0, 1, 255]));
  await second.close();
});

test("data survives many lives, checkpoints and large values", async () => {
  const name = freshName();
  const model = new Map();
  for (let life = 0; life < 6; life++) {
    const db = new Redis({ name });
    for (const [key, value] of model) assert.equal(await db.text.get(key), value, `life ${life}, ${key}`);
    for (let n = 0; n < 30; n++) {
      const [key, value] = [`key:${(life * 7 + n) % 50}`, `${life}:${n}:`.padEnd(20_000 + n * 1000, "x")];
      await db.set(key, value);
      model.set(key, value);
    }
    await db.close();
  }
  assert.ok((await all(name, "page")).length > 0, "a checkpoint was written");
  for (const store of ["log", "page", "meta"]) {
    for (const record of await all(name, store)) assert.ok(record.length <= MAX_RECORD_BYTES);
  }
});

test("a flipped bit is found, wherever it is", async () => {
  for (const store of ["log", "page", "meta"]) {
    const name = freshName();
    const storage = new IndexedDbStorage(name);
    await storage.read();
    await storage.replace([new TextEncoder().encode("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n")]);
    await storage.append(new TextEncoder().encode("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"));
    await storage.close();
    await change(name, store, (record) => {
      record[record.length - 1] ^= 1;
      return record;
    });
    const db = new Redis({ name });
    await assert.rejects(db.get("k"), { code: "CORRUPT", message: /deleteDatabase/ });
    await db.close();
    await deleteStore(name);
    const fresh = new Redis({ name });
    assert.equal(await fresh.get("k"), null);
    await fresh.close();
  }
});

test("an owner that was replaced is fenced off, and what it wrote does not count", async () => {
  const name = freshName();
  const piece = (text) => new TextEncoder().encode(text);
  const old = new IndexedDbStorage(name);
  await old.read();
  await old.append(piece("one"));
  const next = new IndexedDbStorage(name);
  assert.deepEqual((await next.read()).map((bytes) => new TextDecoder().decode(bytes)), ["one"]);
  await assert.rejects(old.append(piece("late")), { code: "FENCED" });
  await assert.rejects(old.replace([piece("late")]), { code: "FENCED" });
  await next.append(piece("two"));
  const last = new IndexedDbStorage(name);
  assert.deepEqual((await last.read()).map((bytes) => new TextDecoder().decode(bytes)), ["one", "two"]);
  await Promise.all([old, next, last].map((storage) => storage.close()));
});

test("a storage that fails is told of, and made whole when it works again", async () => {
  let broken = false;
  let kept = [];
  const storage = {
    read: async () => kept,
    append: async (bytes) => {
      if (broken) throw new Error("disk full");
      kept.push(bytes);
    },
    replace: async (pieces) => {
      if (broken) throw new Error("disk full");
      kept = [...pieces];
    },
    close: async () => {},
  };
  const db = new Redis({ name: "x", persist: storage });
  const states = [];
  db.on("storage", ({ state }) => states.push(state));
  await db.set("a", 1);
  await db.flush();
  broken = true;
  await db.set("b", 2);
  await assert.rejects(db.flush(), { code: "STORAGE" });
  assert.equal(await db.get("b"), 2);
  broken = false;
  await db.set("c", 3);
  await db.flush();
  assert.deepEqual(states, ["degraded", "ok"]);
  await db.close();
  const again = new Redis({ name: "x", persist: storage });
  assert.deepEqual([await again.get("a"), await again.get("b"), await again.get("c")], [1, 2, 3]);
  await again.close();
});

test("a frame gives back its payload, and nothing else passes", () => {
  property(200, (random) => {
    const payload = Uint8Array.from({ length: Math.floor(random() * 300) }, () => random() * 256);
    const tag = Math.floor(random() * 2 ** 32);
    const record = seal(tag, payload);
    assert.deepEqual(unseal(record, "it"), { tag, payload });
    const damaged = record.slice();
    damaged[Math.floor(random() * record.length)] ^= 1 << Math.floor(random() * 8);
    assert.throws(() => unseal(damaged, "it"), /damaged/);
    assert.throws(() => unseal(record.subarray(0, Math.floor(random() * record.length)), "it"), /damaged/);
  });
});

test("long payloads become records below 64 KiB", () => {
  const bytes = Uint8Array.from({ length: 200_000 }, (_, n) => n);
  const records = sealAll(1, bytes);
  assert.ok(records.every((record) => record.length <= MAX_RECORD_BYTES));
  assert.deepEqual(Buffer.concat(records.map((record) => unseal(record, "it").payload)), Buffer.from(bytes));
});
