// ioredis against the gateway's RESP port: node ioredis.mjs HOST PORT
import assert from "node:assert/strict";
import { Redis } from "ioredis";

const [host, port] = process.argv.slice(2);
const redis = new Redis({ host, port: Number(port), maxRetriesPerRequest: 1 });

assert.equal(await redis.set("k", "v", "EX", 60), "OK");
assert.equal(await redis.get("k"), "v");
assert.equal(await redis.ttl("k"), 60);
await redis.hset("h", { a: "1", b: "2" });
assert.deepEqual(await redis.hgetall("h"), { a: "1", b: "2" });
await redis.zadd("z", 1.5, "a", 2, "b");
assert.deepEqual(await redis.zrange("z", 0, -1, "WITHSCORES"), ["a", "1.5", "b", "2"]);

const replies = await redis.pipeline().incr("n").incr("n").lpush("n", "x").exec();
assert.deepEqual(replies.slice(0, 2), [[null, 1], [null, 2]]);
assert.match(replies[2][0].message, /^WRONGTYPE/);
assert.deepEqual(await redis.multi().set("m", 1).incr("m").exec(), [[null, "OK"], [null, 2]]);

const subscriber = redis.duplicate();
const message = new Promise((resolve) => subscriber.once("message", (...parts) => resolve(parts)));
await subscriber.subscribe("news");
assert.equal(await redis.publish("news", "hello"), 1);
assert.deepEqual(await message, ["news", "hello"]);

const popper = redis.duplicate();
const popped = popper.blpop("queue", 5);
await redis.rpush("queue", "job");
assert.deepEqual(await popped, ["queue", "job"]);

await redis.watch("m");
await popper.incr("m");
assert.equal(await redis.multi().incr("m").exec(), null);

redis.defineCommand("add", { numberOfKeys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])" });
await redis.script("FLUSH");
assert.deepEqual([await redis.add("m", 10), await redis.add("m", 10)], [13, 23]);

await redis.xgroup("CREATE", "s", "g", "$", "MKSTREAM");
const id = await redis.xadd("s", "*", "f", "v");
assert.deepEqual(await redis.xreadgroup("GROUP", "g", "me", "BLOCK", 1000, "STREAMS", "s", ">"), [["s", [[id, ["f", "v"]]]]]);
assert.equal(await redis.xack("s", "g", id), 1);

const found = [];
for await (const keys of redis.scanStream({ match: "*", count: 2 })) found.push(...keys);
assert.deepEqual([...new Set(found)].sort(), ["h", "k", "m", "n", "s", "z"]);
assert.ok(Buffer.from([0, 255]).equals((await redis.set("bin", Buffer.from([0, 255])), await redis.getBuffer("bin"))));

await redis.acl("SETUSER", "ada", "reset", "on", ">secret", "~ada:*", "+@all", "-@dangerous", "+info");
const ada = redis.duplicate({ username: "ada", password: "secret" });
assert.equal(await ada.set("ada:k", "v"), "OK");
await assert.rejects(ada.get("k"), { name: "ReplyError", message: /^NOPERM / });

// Connections that were ended come back, with their subscriptions.
const back = new Promise((resolve) => subscriber.once("ready", resolve));
assert.equal(await redis.client("KILL", "TYPE", "PUBSUB"), 1);
await back;
const again = new Promise((resolve) => subscriber.once("message", (...parts) => resolve(parts)));
while ((await redis.publish("news", "again")) === 0);
assert.deepEqual(await again, ["news", "again"]);

for (const client of [redis, subscriber, popper, ada]) await client.quit();
