/** A storage that cannot be opened or does not answer, and a store that dies: told, never a hang, nothing half-changed served. */
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Redis, StoreError } from "redstart";

let stores = 0;
const freshName = () => `absent-${++stores}`;

/** Runs with an IndexedDB whose databases open in another way. */
async function withOpen(open, work) {
  const own = IDBFactory.prototype.open;
  IDBFactory.prototype.open = open;
  try {
    await work();
  } finally {
    IDBFactory.prototype.open = own;
  }
}

function refusal(name) {
  return () => {
    throw new DOMException("A mutation operation was attempted on a database that did not allow mutations.", name);
  };
}

test("where IndexedDB is forbidden a store goes on in memory and says so, unless it was insisted on", () =>
  withOpen(refusal("InvalidStateError"), async () => {
    const db = new Redis({ name: freshName() });
    const told = new Promise((resolve) => db.on("storage", resolve));
    assert.deepEqual(db.storage, { state: "ok" });
    await db.set("k", 1);
    assert.equal(await db.get("k"), 1);
    const { state, error } = await told;
    assert.deepEqual([state, error.code, db.storage.state], ["memory", "STORAGE", "memory"]);
    await Promise.all([db.flush(), db.close()]);
    const insisting = new Redis({ name: freshName(), persist: "indexeddb" });
    await assert.rejects(insisting.get("k"), { name: "InvalidStateError" });
  }));

test("data of a newer version is not hidden behind an empty store", () =>
  withOpen(refusal("VersionError"), async () => {
    await assert.rejects(new Redis({ name: freshName() }).get("k"), { name: "VersionError" });
  }));

test("a database that never opens is waited for so long and no longer", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    await withOpen(
      () => new IDBRequest(),
      async () => {
        const db = new Redis({ name: freshName() });
        const value = db.incr("n");
        let isDone = false;
        value.finally(() => (isDone = true));
        for (let seconds = 0; !isDone && seconds < 100; seconds++) {
          await new Promise((resolve) => setImmediate(resolve));
          mock.timers.tick(1000);
        }
        assert.equal(await value, 1);
        assert.match(db.storage.error.message, /did not open within 10 s.*older version/);
      },
    );
  } finally {
    mock.timers.reset();
  }
});

test("a write that is never answered is given up, told, and done again on a new connection", async () => {
  const db = new Redis({ name: freshName() });
  await db.set("k", 1);
  await db.flush();
  mock.timers.enable({ apis: ["setTimeout"] });
  const { commit } = IDBTransaction.prototype;
  IDBTransaction.prototype.commit = function () {
    // Nothing more is heard of it.
    this.addEventListener = () => {};
    this.dispatchEvent = () => true;
  };
  try {
    const states = [];
    db.on("storage", ({ state }) => states.push(state));
    await db.set("k", 2);
    const flushed = db.flush().then(
      () => assert.fail("it cannot be kept"),
      (error) => error,
    );
    let error;
    flushed.then((failure) => (error = failure));
    for (let seconds = 0; !error && seconds < 200; seconds++) {
      await new Promise((resolve) => setImmediate(resolve));
      mock.timers.tick(1000);
    }
    assert.match(error.message, /did not answer within 30 s/);
    assert.equal(await db.get("k"), 2);
    assert.equal(states[0], "degraded");
  } finally {
    IDBTransaction.prototype.commit = commit;
    mock.timers.reset();
  }
  await db.flush();
  await db.close();
});

/** Every memory that a store's module has, newest last. */
const memories = [];
const { Instance } = WebAssembly;
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...args) => {
  const made = await instantiate(...args);
  note(made.instance ?? made);
  return made;
};
WebAssembly.Instance = function (...args) {
  const made = new Instance(...args);
  note(made);
  return made;
};
WebAssembly.Instance.prototype = Instance.prototype;

/** Node.js has modules of its own, which may be ready at any time. */
function note({ exports }) {
  if ("store_new" in exports) memories.push(exports.memory);
}

/** What a defect would leave behind. */
function spoil() {
  new Uint8Array(memories.at(-1).buffer).fill(0xff);
}

for (const [kind, options] of [
  ["kept", {}],
  ["in memory", { persist: "memory" }],
]) {
  test(`a store ${kind} that dies is made anew from what is stored, and says so`, async () => {
    const db = new Redis({ name: freshName(), ...options });
    // Another test may have loaded the module before anybody looked.
    const restarts = [];
    db.on("restarted", (error) => restarts.push(error));
    await db.set("kept", 1);
    await db.flush();
    if (memories.length === 0) return assert.fail("the module's memory was not seen");
    const heard = [];
    const subscriber = db.subscribe("news", (message) => heard.push(message));
    await subscriber.ready;
    const now = await db.ready();
    const waiting = assert.rejects(db.blpop("q", 0), /died of a defect/);
    spoil();
    assert.throws(
      () => {
        now.set("lost", 1);
        now.get("lost");
      },
      (error) => error instanceof StoreError && error.code === "WASM",
    );
    await waiting;
    while (restarts.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(restarts[0].code, "WASM");
    assert.equal(await db.get("kept"), kind === "kept" ? 1 : null);
    assert.equal(await db.get("lost"), null);
    assert.equal(now.incr("n"), 1);
    while ((await db.publish("news", "again")) === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(heard.includes("again"));
    await db.close();
  });
}
