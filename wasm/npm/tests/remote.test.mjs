/** The clients of a gateway: both transports, and what they do when the connection breaks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import { Redis } from "redstart";
import { Gateway } from "./gateway.mjs";

const QUICK = { retryDelay: { min: 1, max: 5, jitter: false }, heartbeat: 0 };

async function withGateway(transport, work, options = {}) {
  const gateway = await Gateway.start();
  const db = new Redis({ url: gateway.url, token: "secret", transport, webSocket: WebSocket, ...QUICK, ...options });
  try {
    await work(db, gateway);
  } finally {
    await db.close();
    gateway.stop();
  }
}

for (const transport of ["websocket", "rest"]) {
  test(`${transport}: commands, values and errors are those of a local store`, () =>
    withGateway(transport, async (db) => {
      assert.equal(await db.set("k", { a: 1 }), "OK");
      assert.deepEqual(await db.get("k"), { a: 1 });
      assert.equal(await db.text.get("k"), '{"a":1}');
      assert.equal(await db.get("none"), null);
      assert.equal(await db.incr("n"), 1);
      await db.set("bytes", new Uint8Array([97, 98]));
      assert.deepEqual(await db.bytes.get("bytes"), new Uint8Array([97, 98]));
      await db.hset("h", { f: "x" });
      assert.deepEqual(await db.hgetall("h"), { f: "x" });
      await assert.rejects(db.incr("k"), { name: "RedisError", code: "ERR" });
      await assert.rejects(db.ready(), { code: "UNSUPPORTED" });
    }));

  test(`${transport}: pipelines and transactions`, () =>
    withGateway(transport, async (db) => {
      assert.deepEqual(await db.pipeline().set("k", 1).incr("k").exec(), ["OK", 2]);
      assert.deepEqual(await db.multi().set("k", 1).get("k").exec(), ["OK", 1]);
      const kept = await db.pipeline().lpush("k", 1).get("k").exec({ keepErrors: true });
      assert.match(kept[0].error, /WRONGTYPE/);
      assert.deepEqual(kept[1], { result: 1 });
    }));

  test(`${transport}: messages`, () =>
    withGateway(transport, async (db, gateway) => {
      const messages = [];
      const done = new Promise((resolve) => {
        db.psubscribe("new*", (message, channel, pattern) => resolve([message, channel, pattern]));
      });
      const subscriber = db.subscribe("news", (message, channel) => messages.push([message, channel]));
      await subscriber.ready;
      await new Promise((resolve) => setTimeout(resolve, 20));
      await gateway.db.publish("news", JSON.stringify({ a: 1 }));
      assert.deepEqual(await done, [{ a: 1 }, "news", "new*"]);
      assert.deepEqual(messages, [[{ a: 1 }, "news"]]);
      await subscriber.unsubscribe();
    }));

  test(`${transport}: a wrong token is an error`, () =>
    withGateway(transport, (db) => assert.rejects(db.get("k"), { code: "WRONGPASS" }), { token: "wrong" }));
}

test("requests that outlive their page go over REST", async () => {
  const gateway = await Gateway.start();
  const db = new Redis({ url: gateway.url, token: "secret", keepAlive: true });
  assert.equal(await db.set("k", "v"), "OK");
  assert.deepEqual(gateway.frames, []);
  assert.throws(() => new Redis({ url: gateway.url, keepAlive: true, transport: "websocket", webSocket: WebSocket }), /keepAlive is about requests over REST/);
  gateway.stop();
});

test("close() ends at once, and says of a write that it may have run; with drain it waits, for so long", async () => {
  for (const transport of ["websocket", "rest"]) {
    const gateway = await Gateway.start();
    const options = { url: gateway.url, token: "secret", webSocket: WebSocket, transport, ...QUICK };
    const held = () => {
      const { run } = gateway;
      let free;
      const answered = new Promise((resolve) => (free = resolve));
      const asked = new Promise((resolve) => {
        gateway.run = async (words) => {
          resolve();
          await answered;
          return run.call(gateway, words);
        };
      });
      return { asked, free: () => ((gateway.run = run), free()) };
    };
    for (const closing of [undefined, { drain: true, timeout: 1 }]) {
      const db = new Redis(options);
      await db.ping();
      const { asked, free } = held();
      const write = assert.rejects(db.incr("n"), { code: "UNKNOWN_FATE" });
      await asked;
      await db.close(closing);
      await write;
      free();
    }
    const db = new Redis(options);
    await db.ping();
    const { asked, free } = held();
    const write = db.incr("m");
    await asked;
    const closed = db.close({ drain: true });
    free();
    assert.equal(await write, 1, transport);
    await closed;
    await assert.rejects(db.get("k"));
    gateway.stop();
  }
});

test("websocket: what changes nothing is sent again, what may have run is not", () =>
  withGateway("websocket", async (db, gateway) => {
    await db.set("k", 1);
    let drops = 2;
    gateway.onFrame = (frame, socket) => {
      if (!frame.cmd || drops-- <= 0) return false;
      socket.terminate();
      return true;
    };
    assert.equal(await db.get("k"), 1);
    drops = 1;
    await assert.rejects(db.incr("k"), { code: "UNKNOWN_FATE" });
    assert.equal(await db.get("k"), 1);
  }));

test("websocket: a subscription resumes behind its last message", () =>
  withGateway("websocket", async (db, gateway) => {
    const messages = [];
    const subscriber = db.subscribe("news", (message) => messages.push(message));
    await subscriber.ready;
    await gateway.db.publish("news", "one");
    await db.get("k");
    const resumed = new Promise((resolve) => (gateway.onFrame = (frame) => (frame.recover && resolve(frame), false)));
    gateway.drop();
    assert.deepEqual((await resumed).recover, { news: { epoch: "e", offset: 1 } });
    assert.deepEqual(messages, ["one"]);
  }));

test("websocket: it gives up after its retries and says so", async () => {
  const gateway = await Gateway.start();
  gateway.stop();
  const db = new Redis({ url: gateway.url, webSocket: WebSocket, transport: "websocket", ...QUICK, retries: 2 });
  const states = [];
  db.on("connection", ({ state }) => states.push(state));
  await assert.rejects(db.get("k"), { code: "CONNECTION" });
  assert.equal(states.filter((state) => state === "reconnecting").length, 2);
  assert.equal(states.at(-1), "gaveUp");
  await db.close();
});

test("websocket: one request too many is refused while there is no connection", async () => {
  const gateway = await Gateway.start();
  const offlineQueue = { max: 1, policy: "reject-new" };
  const db = new Redis({ url: gateway.url, token: "secret", webSocket: WebSocket, ...QUICK, offlineQueue });
  const [first, second] = await Promise.allSettled([db.get("a"), db.get("b")]);
  assert.equal(first.status, "fulfilled");
  assert.match(second.reason.message, /offlineQueue/);
  await db.close();
  gateway.stop();
});
