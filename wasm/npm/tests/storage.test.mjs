/** IndexedDB (a simulated one): what survives, what is refused, what is repaired. */
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { test } from "node:test";
import { Redis, deleteStore } from "redstart";
import { checksum } from "../dist/local/checksum.js";
import { MAX_RECORD_BYTES, seal, sealAll, unseal } from "../dist/local/frame.js";
import { IndexedDbRecords } from "../dist/local/indexeddb.js";
import { RecordStorage } from "../dist/local/record-storage.js";
import { property } from "./random.mjs";

let stores = 0;
const freshName = () => `store-${++stores}`;
const storageOf = (name) => new RecordStorage(name, new IndexedDbRecords(name));

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
    const storage = storageOf(name);
    await storage.read();
    await storage.replace([new TextEncoder().encode("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n")]);
    await storage.append(new TextEncoder().encode("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"));
    await storage.close();
    await change(name, store, (record) => {
      record[record.length - 1] ^= 1;
      return record;
    });
    const db = new Redis({ name });
    await assert.rejects(db.get("k"), { code: "CORRUPT", message: /deleteStore/ });
    await db.close();
    await deleteStore(name);
    const fresh = new Redis({ name });
    assert.equal(await fresh.get("k"), null);
    await fresh.close();
  }
});

test("the half-written end of a log is left out, and told of", async () => {
  const name = freshName();
  const db = new Redis({ name });
  for (const key of ["a", "b"]) {
    await db.set(key, 1);
    await db.flush();
  }
  await db.close();
  await withDatabase(name, async (database) => {
    const log = database.transaction("log", "readwrite").objectStore("log");
    const [key, record] = [(await done(log.getAllKeys())).at(-1), (await done(log.getAll())).at(-1)];
    await done(log.put(record.slice(0, -1), key));
  });
  const again = new Redis({ name });
  const told = [];
  again.on("storage", (state) => told.push(state));
  assert.deepEqual(await again.mget("a", "b"), [1, null]);
  assert.equal(told.length, 1);
  assert.ok(told[0].cutBytes > 20);
  await again.close();
});

test("an owner that was replaced is fenced off, and what it wrote does not count", async () => {
  const name = freshName();
  const piece = (text) => new TextEncoder().encode(text);
  const old = storageOf(name);
  await old.read();
  await old.append(piece("one"));
  const next = storageOf(name);
  assert.deepEqual((await next.read()).map((bytes) => new TextDecoder().decode(bytes)), ["one"]);
  await assert.rejects(old.append(piece("late")), { code: "FENCED" });
  await assert.rejects(old.replace([piece("late")]), { code: "FENCED" });
  await next.append(piece("two"));
  const last = storageOf(name);
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

test("a frame gives back what it holds; what was cut is told from what has changed", () => {
  property(200, (random) => {
    const payload = Uint8Array.from({ length: Math.floor(random() * 300) }, () => random() * 256);
    const number = () => Math.floor(random() * 2 ** 32);
    const frame = { owner: number(), sequence: number(), payload, isLast: random() < 0.5 };
    const record = seal(frame);
    assert.deepEqual(unseal(record, "it"), frame);
    const damaged = record.slice();
    damaged[Math.floor(random() * record.length)] ^= 1 << Math.floor(random() * 8);
    assert.throws(() => unseal(damaged, "it"), /damaged/);
    assert.equal(unseal(record.subarray(0, Math.floor(random() * record.length)), "it"), undefined);
  });
});

test("the checksum is the XXH32 that everybody has", () => {
  const sums = { "": 0x02cc5d05, a: 0x550d7456, abc: 0x32d153ff, "Nobody inspects the spammish repetition": 0xe2293b2f };
  for (const [text, sum] of Object.entries(sums)) assert.equal(checksum(new TextEncoder().encode(text)), sum, text);
});

test("long payloads become records below 64 KiB", () => {
  const bytes = Uint8Array.from({ length: 200_000 }, (_, n) => n);
  const records = [...sealAll({ owner: 1, sequence: 7 }, bytes)];
  assert.ok(records.every((record) => record.length <= MAX_RECORD_BYTES));
  assert.deepEqual(Buffer.concat(records.map((record) => unseal(record, "it").payload)), Buffer.from(bytes));
  const heads = records.map((record) => unseal(record, "it"));
  assert.deepEqual(heads.map(({ sequence, isLast }) => [sequence, isLast]), [[7, false], [8, false], [9, false], [10, true]]);
});

/** A store in the first layout: a checkpoint of one page, a log of an owner that was succeeded, one of its successor. */
async function writeFirstLayout(name, damage = () => {}) {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open(`redstart:${name}`, 1);
    request.onupgradeneeded = () => ["log", "page", "meta"].forEach((table) => request.result.createObjectStore(table));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const sealed = (tag, text) => {
    const record = new Uint8Array(8 + text.length);
    new DataView(record.buffer).setUint32(4, tag, true);
    record.set(new TextEncoder().encode(text), 8);
    new DataView(record.buffer).setUint32(0, crc32(record.subarray(4)), true);
    return record;
  };
  const set = (key, value) => `*3\r\n$3\r\nSET\r\n$1\r\n${key}\r\n$1\r\n${value}\r\n`;
  const epoch = (number) => number * 2 ** 32;
  const records = {
    page: [[0, sealed(3, set("a", 1))]],
    log: [
      [epoch(1), sealed(1, set("b", 1))],
      [epoch(1) + 1, sealed(1, set("late", 1))],
      [epoch(2), sealed(2, set("b", 2))],
      [epoch(2) + 1, sealed(2, set("c", 3))],
    ],
    meta: [["manifest", sealed(1, JSON.stringify({ version: 1, epoch: 2, generation: 3, pages: 1, segments: [[epoch(1), epoch(1)]] }))]],
  };
  damage(records);
  for (const [table, all] of Object.entries(records)) {
    const store = database.transaction(table, "readwrite").objectStore(table);
    for (const [key, record] of all) await done(store.put(record, key));
  }
  database.close();
}

test("a store in the first layout is upgraded", async () => {
  const name = freshName();
  await writeFirstLayout(name);
  for (let life = 0; life < 2; life++) {
    const db = new Redis({ name });
    assert.deepEqual(await db.mget("a", "b", "c", "late", "d"), [1, 2, 3, null, life === 0 ? null : 4]);
    await db.set("d", 4);
    await db.close();
  }
});

test("an upgrade of a damaged store leaves it as it was", async () => {
  const name = freshName();
  await writeFirstLayout(name, ({ log }) => (log[3][1][12] ^= 1));
  for (let attempt = 0; attempt < 2; attempt++) {
    const db = new Redis({ name });
    await assert.rejects(db.get("a"), { code: "CORRUPT", message: /log record/ });
    await db.close();
  }
  const { version } = (await indexedDB.databases()).find((database) => database.name === `redstart:${name}`);
  assert.equal(version, 1);
});

/** A storage whose writes wait until they are let through, or fail. */
function gatedStorage() {
  const storage = {
    kept: [],
    waiting: [],
    failure: undefined,
    read: async () => storage.kept,
    write: (change) =>
      new Promise((resolve, reject) => {
        storage.waiting.push(() => (storage.failure ? reject(storage.failure) : resolve(change())));
      }),
    append: (bytes) => storage.write(() => void storage.kept.push(bytes)),
    replace: (pieces) => storage.write(() => void (storage.kept = [...pieces])),
    close: async () => {},
    letThrough() {
      for (const go of storage.waiting.splice(0)) go();
    },
  };
  return storage;
}

const turns = async () => {
  for (let n = 0; n < 20; n++) await Promise.resolve();
};

test("strict: a command is answered when what it wrote or saw is kept", async () => {
  const persist = gatedStorage();
  const db = new Redis({ name: "strict", persist, durability: "strict" });
  await db.get("nothing");
  const done = [];
  const all = ["set", "read", "multi"].map((name, at) =>
    [() => db.set("k", 1), () => db.get("k"), () => db.multi().incr("k").exec()][at]().then(() => done.push(name)),
  );
  await turns();
  assert.deepEqual(done, []);
  // The first write may lack what came behind it; everybody who waits shares the next one.
  while (done.length < 3) {
    persist.letThrough();
    await turns();
  }
  await Promise.all(all);
  assert.ok(persist.kept.length <= 2);
  const closed = db.close();
  persist.letThrough();
  await closed;
});

test("two who flush at once both wait", async () => {
  const persist = gatedStorage();
  const db = new Redis({ name: "two", persist });
  await db.set("k", 1);
  const done = [];
  const all = [1, 2].map((name) => db.flush().then(() => done.push(name)));
  await turns();
  assert.deepEqual(done, []);
  persist.letThrough();
  await Promise.all(all);
  await db.close();
});

test("strict: a full storage is told to whoever writes, and reads go on", async () => {
  const persist = gatedStorage();
  const db = new Redis({ name: "full", persist, durability: "strict" });
  const states = [];
  db.on("storage", ({ state, error }) => states.push([state, error?.code]));
  persist.failure = new DOMException("no room", "QuotaExceededError");
  const refused = assert.rejects(db.set("k", 1), { code: "QUOTA", message: /room/ });
  for (let n = 0; n < 5; n++) {
    await turns();
    persist.letThrough();
  }
  await refused;
  assert.equal(await db.get("k"), 1);
  await assert.rejects(db.set("l", 2), { code: "QUOTA" });
  persist.failure = undefined;
  const flushed = db.flush();
  await turns();
  persist.letThrough();
  await flushed;
  assert.deepEqual(states, [["degraded", "QUOTA"], ["ok", undefined]]);
  await db.close();
  const again = new Redis({ name: "full", persist });
  assert.deepEqual(await again.mget("k", "l"), [1, 2]);
  await again.close();
});

test("a store moves in an RDB file, and a wrong one changes nothing", async () => {
  const from = new Redis({ name: freshName() });
  await from.set("k", { a: 1 });
  await from.zadd("z", { score: 1.5, member: "m" });
  await from.hset("h", { f: "v" });
  const file = await from.export();
  assert.match(new TextDecoder("latin1").decode(file.subarray(0, 9)), /^REDIS00/);
  await from.close();
  const name = freshName();
  const to = new Redis({ name });
  await to.set("gone", 1);
  for (const wrong of [file.subarray(0, -1), file.map((byte, at) => (at === 30 ? byte ^ 1 : byte)), new Uint8Array()]) {
    await assert.rejects(to.import(wrong), { code: "CORRUPT", message: /nothing has changed/ });
    assert.equal(await to.get("gone"), 1);
  }
  assert.equal(await to.import(new Blob([file])), 3);
  assert.deepEqual([await to.get("gone"), await to.get("k")], [null, { a: 1 }]);
  await to.incr("after");
  await to.close();
  const again = new Redis({ name });
  assert.deepEqual([await again.get("k"), await again.zscore("z", "m"), await again.hget("h", "f")], [{ a: 1 }, 1.5, "v"]);
  assert.deepEqual([await again.get("gone"), await again.get("after")], [null, 1]);
  await again.close();
});

test("without a browser nobody promises to keep data", async () => {
  const db = new Redis({ name: freshName() });
  assert.deepEqual([await db.persisted(), await db.requestPersistence()], [false, false]);
  const remote = new Redis({ url: "http://127.0.0.1:1" });
  await assert.rejects(remote.export(), { code: "UNSUPPORTED" });
  await assert.rejects(remote.import(new Uint8Array()), { code: "UNSUPPORTED" });
});
