// @upstash/redis against the gateway's REST port: node upstash.mjs URL TOKEN
import assert from "node:assert/strict";
import { Redis } from "@upstash/redis";

const [url, token] = process.argv.slice(2);
const redis = new Redis({ url, token, enableTelemetry: false });

assert.equal(await redis.set("k", { a: 1 }, { ex: 60 }), "OK");
assert.deepEqual(await redis.get("k"), { a: 1 });
assert.equal(await redis.get("missing"), null);
assert.equal(await redis.set("k", "x", { nx: true }), null);
assert.equal(await redis.hset("h", { a: 1, b: "two" }), 2);
assert.deepEqual(await redis.hgetall("h"), { a: 1, b: "two" });
assert.equal(await redis.zadd("z", { score: 1.5, member: "a" }, { score: 2, member: "b" }), 2);
assert.deepEqual(await redis.zrange("z", 0, -1, { withScores: true }), ["a", 1.5, "b", 2]);
assert.equal(await redis.zscore("z", "a"), 1.5);
assert.deepEqual(await redis.pipeline().incr("n").incr("n").get("n").exec(), [1, 2, 2]);
assert.deepEqual(await redis.multi().set("m", 1).incr("m").exec(), ["OK", 2]);
assert.deepEqual((await redis.scan(0, { count: 100 }))[1].sort(), ["h", "k", "m", "n", "z"]);
assert.equal(await redis.set("text", "h\u00e9llo \u4e16"), "OK");
assert.equal(await redis.get("text"), "h\u00e9llo \u4e16");
await assert.rejects(redis.lpush("k", "x"), /WRONGTYPE/);
await assert.rejects(new Redis({ url, token: "wrong", retry: false }).get("k"), /WRONGPASS/);
