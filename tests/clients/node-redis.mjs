// node-redis against the gateway's RESP port, in both protocols: node node-redis.mjs HOST PORT
import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { createClient, createClientPool, defineScript, ErrorReply, WatchError } from "redis";

const [host, port] = process.argv.slice(2);
const scripts = {
  add: defineScript({
    SCRIPT: "return redis.call('INCRBY', KEYS[1], ARGV[1])",
    NUMBER_OF_KEYS: 1,
    parseCommand: (parser, key, by) => (parser.pushKey(key), parser.push(by.toString())),
    transformReply: undefined,
  }),
};

const refused = (code) => (error) => error instanceof ErrorReply && error.message.startsWith(`${code} `);

async function check(RESP) {
  const options = { RESP, scripts, socket: { host, port: Number(port), reconnectStrategy: 1 } };
  const client = await createClient(options).on("error", () => {}).connect();
  await client.flushAll();

  assert.equal(await client.set("k", "v", { expiration: { type: "EX", value: 60 } }), "OK");
  assert.equal(await client.get("k"), "v");
  assert.equal(await client.ttl("k"), 60);
  assert.equal(await client.hSet("h", { a: 1, b: "two" }), 2);
  assert.deepEqual({ ...(await client.hGetAll("h")) }, { a: "1", b: "two" });
  await client.rPush("l", ["a", "b", "c"]);
  assert.deepEqual(await client.lRange("l", 0, -1), ["a", "b", "c"]);
  await client.zAdd("z", [{ score: 1.5, value: "a" }, { score: Infinity, value: "b" }]);
  assert.deepEqual(await client.zRangeWithScores("z", 0, -1), [{ score: 1.5, value: "a" }, { score: Infinity, value: "b" }]);
  assert.equal(await client.zScore("z", "a"), 1.5);

  const scanned = [];
  for await (const keys of client.scanIterator({ COUNT: 2 })) scanned.push(...keys);
  assert.deepEqual([...new Set(scanned)].sort(), ["h", "k", "l", "z"]);

  assert.deepEqual(await Promise.all([client.incr("n"), client.incr("n"), client.incr("n")]), [1, 2, 3]);
  assert.deepEqual(await client.multi().set("m", 1).incr("m").exec(), ["OK", 2]);
  assert.equal(await client.add("n", 10), 13);
  await assert.rejects(client.lPush("k", "x"), refused("WRONGTYPE"));

  await client.watch("n");
  assert.deepEqual(await client.multi().incr("n").exec(), [14]);
  const other = await client.duplicate().on("error", () => {}).connect();
  await client.watch("n");
  await other.incr("n");
  await assert.rejects(client.multi().incr("n").exec(), WatchError);

  const popped = other.blPop("queue", 5);
  await client.rPush("queue", "job");
  assert.deepEqual({ ...(await popped) }, { key: "queue", element: "job" });

  const heard = [];
  await other.subscribe("news", (message, channel) => heard.push([channel, message]));
  await other.pSubscribe("new*", (message, channel) => heard.push(["p", channel, message]));
  assert.equal(await client.publish("news", "hello"), 2);
  await other.ping(); // comes behind both messages
  assert.deepEqual(heard, [["news", "hello"], ["p", "news", "hello"]]);

  await client.xGroupCreate("s", "g", "$", { MKSTREAM: true });
  const id = await client.xAdd("s", "*", { f: "v" });
  const [stream] = await client.xReadGroup("g", "me", { key: "s", id: ">" }, { BLOCK: 1000 });
  assert.deepEqual(stream.messages.map(({ id, message }) => [id, { ...message }]), [[id, { f: "v" }]]);
  assert.equal((await client.xPending("s", "g")).pending, 1);
  assert.equal(await client.xAck("s", "g", id), 1);

  await killed(client, other);
  await users(client);
  if (RESP === 3) await cached(options, client);
  other.destroy();
  client.destroy();
}

/** A client whose connection is ended comes back, with its subscriptions. */
async function killed(client, other) {
  const back = new Promise((resolve) => other.once("ready", resolve));
  assert.equal(await client.clientKill([{ filter: "TYPE", type: "PUBSUB" }]), 1);
  await back;
  const message = new Promise((resolve) => other.subscribe("again", resolve));
  while ((await client.pubSubNumSub("news")).news === 0);
  while ((await client.publish("again", "here")) === 0);
  assert.equal(await message, "here");
}

async function users(client) {
  await client.aclSetUser("ada", ["reset", "on", ">secret", "~ada:*", "+@all", "-@dangerous"]);
  const socket = { host, port: Number(port) };
  const ada = createClient({ username: "ada", password: "secret", socket }).on("error", () => {});
  await ada.connect();
  assert.equal(await ada.set("ada:k", "v"), "OK");
  await assert.rejects(ada.get("k"), refused("NOPERM"));
  await assert.rejects(ada.flushAll(), refused("NOPERM"));
  ada.destroy();
  const wrong = createClient({ username: "ada", password: "x", socket: { ...socket, reconnectStrategy: false } });
  await assert.rejects(wrong.on("error", () => {}).connect(), refused("WRONGPASS"));
}

/** Client-side caching: a key that another client changes is forgotten. */
async function cached(options, client) {
  const cache = { ttl: 0, maxEntries: 10 };
  const near = await createClient({ ...options, clientSideCache: cache }).on("error", () => {}).connect();
  assert.equal(await near.get("k"), "v");
  await client.set("k", "other");
  while ((await near.get("k")) !== "other") await setImmediate(); // what comes from the cache lets nothing else in
  near.destroy();
}

for (const RESP of [2, 3]) await check(RESP);

const pool = await createClientPool({ socket: { host, port: Number(port) } }, { maximum: 4 }).connect();
await pool.del("n");
await Promise.all(Array.from({ length: 100 }, () => pool.incr("n")));
assert.equal(await pool.get("n"), "100");
pool.destroy();
