/** Tabs that share a store, on a simulated browser: whatever happens to them, nothing is lost in silence or done twice. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mock, test } from "node:test";
import { RecordStorage } from "../dist/local/record-storage.js";
import { sharedConnection } from "../dist/local/tabs/shared.js";
import { FaultyDisk, FaultyRecords } from "./faulty.mjs";
import { randomFrom } from "./random.mjs";
import { FakeBrowser } from "./tabs.mjs";

const wasm = readFileSync(new URL("../dist/wasm/redstart_wasm_bg.wasm", import.meta.url));
const SEEDS = Number(process.env.SEEDS ?? 40);
const STEPS = 150;

/** Everything that has been promised has its turn. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Tabs on a simulated browser and disk. Time passes only when it is told to. */
class World {
  constructor(random) {
    this.random = random;
    this.browser = new FakeBrowser(random);
    this.disk = new FaultyDisk(random);
    this.tabs = [];
  }

  open(options = {}) {
    const tab = { records: [], states: [], roles: [], ...options };
    const host = this.browser.open();
    tab.host = host;
    tab.db = sharedConnection({
      wasm: () => wasm,
      settings: async () => ["maxmemory-policy", "allkeys-lfu"],
      changed: (state) => tab.states.push(state),
      form: "json",
      acknowledges: options.acknowledges ?? "memory",
      tabs: () => host,
      storage: () => {
        const records = new FaultyRecords(this.disk);
        tab.records.push(records);
        return new RecordStorage("shared", records);
      },
      patienceMs: 5000,
      became: (role) => tab.roles.push(role),
    });
    this.tabs.push(tab);
    return tab;
  }

  kill(tab) {
    this.tabs.splice(this.tabs.indexOf(tab), 1);
    tab.isDead = true;
    for (const records of tab.records) records.disconnect();
    this.disk.kill();
    this.browser.kill(tab.host);
  }

  /** Lets messages arrive and time pass until a promise is settled. */
  async settle(promise) {
    let isSettled = false;
    const settled = Promise.resolve(promise).finally(() => (isSettled = true));
    settled.catch(() => {});
    for (let step = 0; !isSettled; step++) {
      await turn();
      if (!this.browser.deliver()) mock.timers.tick(5);
      if (step > 20_000) throw new Error("it hangs");
    }
    return settled;
  }

  /** Until nothing is on its way. */
  async calm() {
    for (let quiet = 0; quiet < 100; quiet++) {
      await turn();
      if (this.browser.deliver()) quiet = 0;
      else mock.timers.tick(5);
    }
  }

  some(things = this.tabs) {
    return things[Math.floor(this.random() * things.length)];
  }
}

async function simulated(random, work) {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_800_000_000_000 });
  const world = new World(random);
  try {
    await work(world);
  } finally {
    for (const tab of [...world.tabs]) world.kill(tab);
    await turn();
    mock.timers.reset();
  }
}

const list = async (world, tab) => (await world.settle(tab.db.execute(["LRANGE", "l", "0", "-1"], "text"))).map(String);

test("a tab reads what another one has written, and both write", () =>
  simulated(randomFrom(1), async (world) => {
    const [one, other] = [world.open(), world.open()];
    await world.settle(one.db.execute(["SET", "k", "1"], "text"));
    assert.equal(await world.settle(other.db.execute(["GET", "k"], "text")), "1");
    assert.equal(await world.settle(other.db.execute(["INCR", "k"], "text")), 2);
    assert.equal((await world.settle(other.db.ready())).get("k"), 2);
    await world.calm();
    assert.equal(await world.settle(one.db.execute(["GET", "k"], "text")), "2");
    assert.deepEqual([one.roles, other.roles], [["writer"], ["follower"]]);
    await assert.rejects(world.settle(other.db.execute(["INCRBY", "k", "x"], "text")), { name: "RedisError", code: "ERR" });
    assert.deepEqual(await world.settle(other.db.transaction([["INCR", "k"], ["INCR", "k"]], "text")), [3, 4]);
    assert.deepEqual(await world.settle(other.db.pipeline([["INCR", "k"], ["GET", "k"]], "text")), [5, "5"]);
  }));

test("a tab tells what happens while there is another one, and only then", () =>
  simulated(randomFrom(3), async (world) => {
    const first = world.open();
    await world.settle(first.db.execute(["SET", "k", "0"], "text"));
    await world.settle(first.db.close());
    const one = world.open();
    const told = async () => {
      const before = one.host.batches;
      await world.settle(one.db.execute(["INCR", "k"], "text"));
      await world.calm();
      return one.host.batches - before;
    };
    assert.equal(await told(), 0);
    const other = world.open();
    await world.settle(other.db.execute(["GET", "k"], "text"));
    assert.equal(await told(), 1);
    assert.equal(await world.settle(other.db.execute(["GET", "k"], "text")), "2");
    world.kill(other);
    await world.calm();
    assert.equal(await told(), 0);
    const last = world.open();
    assert.equal(await world.settle(last.db.execute(["GET", "k"], "text")), "3");
    assert.equal(await told(), 1);
    world.kill(one);
    assert.equal(await world.settle(last.db.execute(["INCR", "k"], "text")), 5);
  }));

test("a copy refuses what has to be written at once, and a transaction makes its tab the writer", () =>
  simulated(randomFrom(2), async (world) => {
    const [one, other] = [world.open(), world.open()];
    await world.settle(one.db.execute(["SET", "k", "1"], "text"));
    const now = await world.settle(other.db.ready());
    assert.throws(() => now.set("k", 2), { code: "FOLLOWER" });
    assert.equal(await world.settle(other.db.together((all) => all.incr("k"))), 2);
    now.set("k", 3);
    await world.calm();
    assert.equal((await world.settle(one.db.ready())).get("k"), 3);
    assert.deepEqual([one.roles.at(-1), other.roles.at(-1)], ["follower", "writer"]);
    assert.equal(await world.settle(one.db.together((all) => all.incr("k"))), 4);
  }));

test("messages and events of keys reach every tab, also after the writer has changed", () =>
  simulated(randomFrom(3), async (world) => {
    const [one, other] = [world.open(), world.open()];
    const heard = [];
    const sink = { message: (channel, message) => heard.push(`${channel} ${message}`), confirmed: () => {}, failed: assert.fail };
    await world.settle(one.db.execute(["PING"], "text"));
    await world.settle(other.db.execute(["CONFIG", "SET", "notify-keyspace-events", "KA"], "text"));
    other.db.subscribe({ kind: "patterns", names: ["__keyspace@0__:*"] }, sink);
    one.db.subscribe({ kind: "channels", names: ["news"] }, sink);
    await world.calm();
    await world.settle(one.db.execute(["SADD", "s", "m"], "text"));
    await world.settle(other.db.execute(["SPOP", "s"], "text"));
    await world.settle(other.db.execute(["PUBLISH", "news", "hello"], "text"));
    await world.calm();
    const events = ["__keyspace@0__:s sadd", "__keyspace@0__:s spop", "__keyspace@0__:s del"];
    assert.deepEqual(heard.splice(0).sort(), [...events, "news hello"].sort());
    await world.settle(other.db.together(() => {}));
    await world.settle(one.db.execute(["SET", "k", "v"], "text"));
    await world.settle(one.db.execute(["PUBLISH", "news", "again"], "text"));
    await world.calm();
    assert.deepEqual(heard.sort(), ["__keyspace@0__:k set", "news again"]);
  }));

test("what waits goes on waiting when the writer goes, and is served once", () =>
  simulated(randomFrom(4), async (world) => {
    const [writer, waits, gives] = [world.open(), world.open(), world.open()];
    await world.settle(writer.db.execute(["PING"], "text"));
    await world.settle(gives.db.execute(["PING"], "text"));
    const waiting = waits.db.execute(["BLPOP", "q", "0"], "text");
    await world.calm();
    world.kill(writer);
    await world.calm();
    await world.settle(gives.db.execute(["RPUSH", "q", "a", "b"], "text"));
    assert.deepEqual(await world.settle(waiting), ["q", "a"]);
    assert.deepEqual(await world.settle(gives.db.execute(["LRANGE", "q", "0", "-1"], "text")), ["b"]);
    // Whoever goes while it waits takes nothing.
    void waits.db.execute(["BLPOP", "r", "0"], "text");
    await world.calm();
    const [rest] = world.tabs.filter((tab) => tab.roles.at(-1) === "writer");
    const [other] = world.tabs.filter((tab) => tab !== rest);
    if (other === waits) world.kill(waits);
    await world.calm();
    await world.settle(rest.db.execute(["RPUSH", "r", "x"], "text"));
    await world.calm();
    assert.equal(await world.settle(rest.db.execute(["LLEN", "r"], "text")), other === waits ? 1 : 0);
  }));

test("a file that is imported in one tab is there in all", () =>
  simulated(randomFrom(5), async (world) => {
    const [one, other, third] = [world.open(), world.open(), world.open()];
    await world.settle(one.db.execute(["SET", "old", "1"], "text"));
    const file = Buffer.concat(await world.settle(one.db.exportFile()));
    await world.settle(other.db.execute(["SET", "new", "1"], "text"));
    assert.equal(await world.settle(other.db.importFile(file)), 1);
    for (const tab of [other, one, third]) {
      await world.calm();
      assert.deepEqual(await world.settle(tab.db.execute(["KEYS", "*"], "text")), ["old"]);
    }
  }));

test("a tab that was asleep at a change of writers catches up", () =>
  simulated(randomFrom(6), async (world) => {
    const [one, sleeper, other] = [world.open(), world.open(), world.open()];
    for (const tab of [one, sleeper, other]) await world.settle(tab.db.execute(["SET", "k", "1"], "text"));
    const { receive } = sleeper.host;
    sleeper.host.receive = () => {};
    await world.settle(other.db.together((now) => now.set("k", 2)));
    await world.settle(other.db.execute(["SET", "k", "3"], "text"));
    await world.calm();
    sleeper.host.receive = receive;
    await world.settle(other.db.execute(["SET", "k", "4"], "text"));
    await world.calm();
    assert.equal(await world.settle(sleeper.db.execute(["GET", "k"], "text")), "4");
  }));

test("a writer that says nothing loses its place", () =>
  simulated(randomFrom(7), async (world) => {
    const [hung, other] = [world.open(), world.open()];
    for (const tab of [hung, other]) await world.settle(tab.db.execute(["SET", "k", "1"], "text"));
    hung.host.receive = () => {};
    await assert.rejects(world.settle(other.db.execute(["INCR", "k"], "text")).then((value) => assert.equal(value, 2) ?? Promise.reject(new Error("done"))), /done/);
    assert.equal(other.roles.at(-1), "writer");
    const policy = await world.settle(other.db.execute(["CONFIG", "GET", "maxmemory-policy"], "text"));
    assert.deepEqual(policy, ["maxmemory-policy", "allkeys-lfu"]);
  }));

/** Tabs that come, write, wait, take over and are killed: who was told that it was done finds it done, once. */
async function chaos(world) {
  const { random } = world;
  const written = [];
  let next = 0;
  const push = (tab) => {
    const entry = { id: String(next++), tab, state: "open" };
    written.push(entry);
    const settle = (state) => () => {
      if (!tab.isDead) entry.state = state;
    };
    const words = ["RPUSH", "l", entry.id];
    const how = random();
    const done = async () =>
      how < 0.7
        ? tab.db.execute(words, "text")
        : how < 0.85
          ? tab.db.transaction([words], "text")
          : how < 0.93
            ? tab.db.pipeline([words, ["LLEN", "l"]], "text")
            : tab.db.together((now) => now.rpush("l", entry.id));
    done().then(settle("done"), (error) => {
      assert.ok(tab.isDead || ["UNKNOWN_FATE", "CLOSED"].includes(error.code), error);
      settle("unknown")();
    });
  };
  const flush = (tab) => {
    const before = written.filter((entry) => entry.tab === tab && entry.state === "done");
    tab.db.flush().then(
      () => {
        for (const entry of before) if (!tab.isDead) entry.isKept = true;
      },
      () => {},
    );
  };
  world.open();
  for (let step = 0; step < STEPS; step++) {
    const what = random();
    if (world.tabs.length === 0 || (what < 0.04 && world.tabs.length < 4)) world.open();
    else if (what < 0.06) world.kill(world.some());
    else if (what < 0.25) push(world.some());
    else if (what < 0.28) flush(world.some());
    else if (what < 0.6) mock.timers.tick(Math.floor(random() * 4));
    else world.browser.deliver();
    if (random() < 0.7) await turn();
  }
  if (world.tabs.length === 0) world.open();
  await world.settle(Promise.allSettled(world.tabs.map((tab) => tab.db.execute(["PING"], "text"))));
  await world.calm();
  const copies = [];
  for (const tab of world.tabs) copies.push(await list(world, tab));
  for (const copy of copies) assert.deepEqual(copy, copies[0], "copies differ");
  assert.equal(new Set(copies[0]).size, copies[0].length, `something was done twice: ${copies[0]}`);
  for (const { id, tab, state, isKept } of written) {
    assert.ok(tab.isDead || state !== "open", `${id} was never answered`);
    const isTold = tab.states.some(({ error }) => error?.code === "FENCED");
    if (isKept || (state === "done" && !tab.isDead && !isTold)) assert.ok(copies[0].includes(id), `${id} is lost`);
  }
}

for (let seed = Number(process.env.SEED ?? 0), end = process.env.SEED ? seed + 1 : SEEDS; seed < end; seed++) {
  test(`chaos, SEED=${seed}`, () => simulated(randomFrom(seed), chaos));
}
