/** What a store in a page has after crashes: the real journal and storage on a disk that does its worst. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { seal } from "../dist/local/frame.js";
import { Journal } from "../dist/local/journal.js";
import { RecordStorage } from "../dist/local/record-storage.js";
import { FaultyDisk, FaultyRecords } from "./faulty.mjs";
import { randomFrom } from "./random.mjs";

const RUNS = Number(process.env.RUNS ?? 1500);
const LONG_AGO_MS = 60_000;
const CUTS = ["lose", "reorder", "tear"];

/** A store whose n-th write sets a key to n: what it holds says which writes it has seen. */
class Model {
  count = 0;
  values = new Map();

  static from(pieces) {
    const model = new Model();
    for (const line of Buffer.concat(pieces).toString().split("\n").slice(0, -1)) model.#replay(line.split(" "));
    return model;
  }

  /** The effects of the next write. Some are longer than a record. */
  write(random) {
    const line = `set ${this.count + 1} ${Math.floor(random() * 5)} ${"x".repeat(random() < 0.03 ? 150_000 : random() * 20)}\n`;
    this.#replay(line.split(" "));
    return Buffer.from(line);
  }

  snapshot() {
    const all = [...this.values].map(([key, value]) => `all ${this.count} ${key} ${value}\n`);
    return [Buffer.from(`all ${this.count}\n${all.join("")}`)];
  }

  #replay([kind, count, key, value]) {
    if (kind === "set") assert.equal(Number(count), this.count + 1, "a write is missing");
    this.count = Number(count);
    if (key !== undefined) this.values.set(key, kind === "set" ? count : value);
  }
}

/** One process: what it has been promised, and the end it meets. */
class Life {
  isOver = false;

  constructor(world, model, storage, records) {
    Object.assign(this, { world, model, storage, records, promised: model.count, safe: model.count });
    const random = world.random;
    const source = { drain() {}, snapshot: () => model.snapshot(), changed() {} };
    // A log that is said to be long already makes the first write a checkpoint.
    this.journal = new Journal(storage, source, random() < 0.3 ? 1 << 21 : 0);
    this.ended = new Promise((resolve) => {
      let commits = Math.floor(random() * 12);
      world.disk.beforeCommit = () => {
        if (commits-- === 0) resolve(this.#end());
      };
    });
  }

  async run() {
    const { random } = this.world;
    for (let step = 0; step < 30 && !this.isOver; step++) {
      if (random() < 0.6) this.journal.add(this.#write());
      else if (random() < 0.6) await this.#promise(this.journal.flush(), this.world.durability === "strict");
      else if (random() < 0.4) await this.#promise(this.journal.rewrite(), true);
      else if (random() < 0.4) this.journal.flushNow();
      else mock.timers.tick(random() < 0.5 ? 5 : LONG_AGO_MS);
      await Promise.resolve();
    }
    if (!this.isOver) this.#end();
  }

  #write() {
    const effects = this.model.write(this.world.random);
    this.world.history.push(new Map(this.model.values));
    return effects;
  }

  /** What a barrier resolved survives a kill, and a power cut where it says so. */
  async #promise(barrier, isSafe) {
    const { count } = this.model;
    const result = await Promise.race([barrier.then(() => "kept", (error) => error), this.ended]);
    if (result !== "kept") return assert.ok(result === "ended" || ["STORAGE", "QUOTA"].includes(result.code), result);
    this.promised = count;
    if (isSafe) this.safe = count;
  }

  #end() {
    this.isOver = true;
    const { disk, random } = this.world;
    this.records.disconnect();
    disk.beforeCommit = () => {};
    if (random() < 0.4) disk.kill();
    else {
      disk.cut(CUTS[disk.below(CUTS.length)]);
      this.promised = this.safe;
    }
    mock.timers.reset();
    return "ended";
  }
}

/** Several lives on one disk; `plant` puts a bug between the storage and the disk. */
async function live(seed, plant = (records) => records) {
  const random = randomFrom(seed);
  const disk = new FaultyDisk(random);
  const world = { random, disk, history: [new Map()], durability: random() < 0.5 ? "strict" : "relaxed" };
  const [failures, room] = [random() < 0.3 ? 0.2 : 0, random() < 0.2 ? 5000 : Infinity];
  let promised = 0;
  for (let life = 0; life < 4; life++) {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { model, storage, records } = await open(world, plant);
    assert.ok(model.count >= promised, `${model.count} writes of ${promised} that were promised are left`);
    assert.deepEqual(model.values, world.history[model.count], "it is not what was written");
    world.history.length = model.count + 1;
    Object.assign(disk, { failures, room });
    const one = new Life(world, model, storage, records);
    await one.run();
    Object.assign(disk, { failures: 0, room: Infinity });
    promised = one.promised;
  }
  return world;
}

async function open({ disk, durability }, plant) {
  const records = new FaultyRecords(disk);
  const storage = new RecordStorage("model", plant(records), durability);
  return { records, storage, model: Model.from(await storage.read()) };
}

/** A bit that turns in what was safe is found and named, or was of nothing that counts. */
async function flip(seed, plant = (records) => records) {
  const random = randomFrom(seed);
  const disk = new FaultyDisk(random);
  const world = { random, disk, durability: "strict" };
  for (let life = 0; life < 2; life++) {
    const { model, storage } = await open(world, (records) => records);
    for (let write = 0; write < 5; write++) await storage.append(model.write(random));
    if (random() < 0.5) await storage.replace(model.snapshot());
    for (let write = 0; write < 3; write++) await storage.append(model.write(random));
    world.model = model;
  }
  disk.cut("lose");
  const { table, key } = disk.flip();
  try {
    const { model } = await open(world, plant);
    assert.deepEqual([model.count, model.values], [world.model.count, world.model.values], `${table} ${key} was served`);
  } catch (error) {
    assert.equal(error.code, "CORRUPT", error);
    assert.match(error.message, /the manifest|page \d+ of the checkpoint|log record \d+/);
  }
}

async function eachSeed(runs, check) {
  const first = Number(process.env.SEED ?? 0);
  for (let seed = first; seed < first + (process.env.SEED ? 1 : runs); seed++) {
    try {
      await check(seed);
    } catch (error) {
      error.message = `SEED=${seed}: ${error.message}`;
      throw error;
    } finally {
      mock.timers.reset();
    }
  }
}

test("nothing that was promised is lost, and nothing else is served", () => eachSeed(RUNS, live));

test("a bit that turned is found", () => eachSeed(RUNS, flip));

test("an owner that was replaced writes nothing that counts", () =>
  eachSeed(RUNS / 3, async (seed) => {
    const random = randomFrom(seed);
    const world = { random, disk: new FaultyDisk(random), durability: "relaxed" };
    const one = await open(world, (records) => records);
    await one.storage.append(one.model.write(random));
    const other = await open(world, (records) => records);
    for (let step = 0; step < 6; step++) {
      if (random() < 0.5) await other.storage.append(other.model.write(random));
      else if (random() < 0.5) await other.storage.replace(other.model.snapshot());
      const late = random() < 0.5 ? one.storage.append(Buffer.from("late\n")) : one.storage.replace([Buffer.from("late\n")]);
      await assert.rejects(late, { code: "FENCED" });
    }
    const { model } = await open(world, (records) => records);
    assert.deepEqual(model, other.model);
  }));

/** Bugs, as something between the storage and the disk. */
const plants = {
  "a sync that does nothing": (records) => wrapped(records, { begin: (tables) => records.begin(tables, "relaxed") }),
  "an answer before the write": (records) => {
    let last;
    return withTransactions(records, (transaction) => ({
      async commit() {
        const before = last;
        last = transaction;
        await before?.commit();
      },
    }));
  },
  "a log that is cut before its checkpoint stands": (records) =>
    withTransactions(records, (transaction) => ({
      put(table, key, record) {
        if (table === "page") transaction.delete("log", 0, Infinity);
        transaction.put(table, key, record);
      },
    })),
  "a log with a hole": (records) =>
    reading(records, (log) => {
      const [first] = log.keys();
      const key = (at) => (at > 0 && [...log.keys()][at] - first < 2 ** 32 ? first + at : [...log.keys()][at]);
      const closed = [...log.values()].map((record, at) => [key(at), resealed(record, { sequence: key(at) % 2 ** 32 })]);
      return new Map(closed);
    }),
  "half of a flush": (records) => reading(records, (log) => each(log, (record) => resealed(record, { isLast: true }))),
};

const blind = (records) =>
  withTransactions(records, (transaction) => ({
    getAll: async (table) => (await transaction.getAll(table)).map((record) => resealed(record, {})),
    each: (table, found) => transaction.each(table, (key, record) => found(key, resealed(record, {}))),
  }));

/** Changes what is read of the log. */
function reading(records, change) {
  return withTransactions(records, (transaction) => ({
    each: async (table, found) => {
      if (table !== "log") return transaction.each(table, found);
      const log = new Map();
      await transaction.each(table, (key, record) => log.set(key, record));
      for (const [key, record] of change(log)) found(key, record);
    },
  }));
}

function each(entries, change) {
  return new Map([...entries].map(([key, record]) => [key, change(record)]));
}

function wrapped(target, changes) {
  return new Proxy(target, {
    get(_, name) {
      const value = changes[name] ?? target[name];
      return typeof value === "function" && !(name in changes) ? value.bind(target) : value;
    },
  });
}

function withTransactions(records, changes) {
  const begin = (...args) => {
    const transaction = records.begin(...args);
    return transaction && wrapped(transaction, changes(transaction));
  };
  return wrapped(records, { begin });
}

/** A record with right checksums, whatever it holds; one that was cut stays as it is. */
function resealed(record, changes) {
  if (record.length < 20) return record;
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const [owner, sequence, length] = [8, 12, 16].map((at) => view.getUint32(at, true));
  const payload = record.subarray(20);
  if (payload.length < length % 2 ** 31) return record;
  return seal({ owner, sequence, payload, isLast: length >= 2 ** 31, ...changes });
}

for (const [bug, plant] of Object.entries(plants)) {
  test(`${bug} is noticed`, () => assert.rejects(eachSeed(RUNS, (seed) => live(seed, plant)), /SEED=/));
}

test("checksums that are not looked at are noticed", () => assert.rejects(eachSeed(RUNS, (seed) => flip(seed, blind)), /SEED=/));
