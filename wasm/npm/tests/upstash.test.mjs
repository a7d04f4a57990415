/** The unmodified `@upstash/redis` over the same store: equal calls give equal results. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as sdkModule from "@upstash/redis";
import { Redis } from "redstart";
import * as entry from "redstart/upstash";
import { Gateway } from "./gateway.mjs";

/** What the SDK, or who has its class, sends over HTTP, answered by a store in this process. */
function upstashOver(db, Client = sdkModule.Redis) {
  const run = async (words) => {
    try {
      return { result: await db.exec(words) };
    } catch (error) {
      return { error: error.message };
    }
  };
  const request = async ({ path, body }) => {
    const isBatch = path?.[0] === "pipeline" || path?.[0] === "multi-exec";
    if (isBatch) return Promise.all(body.map(run));
    const answer = await run(body);
    if (answer.error) throw new Error(answer.error);
    return answer;
  };
  return new Client({ request }, { automaticDeserialization: true, enableAutoPipelining: false });
}

/** Calls in order, on one store each. */
const CALLS = [
  ["set", "text", "hello"],
  ["set", "json", { a: [1, { b: null }] }],
  ["set", "number", 12],
  ["set", "zeros", "007"],
  ["set", "big", "9007199254740993"],
  ["set", "text", "again", { nx: true }],
  ["set", "text", "again", { xx: true, get: true }],
  ["set", "fleeting", 1, { ex: 100 }],
  ["set", "fleeting", 2, { keepTtl: true }],
  ["set", "fleeting", 2, { pxat: 4102444800000 }],
  ["get", "text"],
  ["get", "json"],
  ["get", "number"],
  ["get", "zeros"],
  ["get", "big"],
  ["get", "missing"],
  ["mset", { m1: "a", m2: { b: 1 }, m3: 3 }],
  ["msetnx", { m1: "a", m4: 4 }],
  ["mget", "m1", "m2", "m3", "none"],
  ["mget", ["m1", "m3"]],
  ["append", "text", "!"],
  ["strlen", "text"],
  ["getrange", "text", 0, 2],
  ["setrange", "text", 1, "EE"],
  ["getex", "text", { ex: 100 }],
  ["getex", "text", { persist: true }],
  ["getdel", "text"],
  ["getset", "number", 13],
  ["incr", "number"],
  ["incrby", "number", 5],
  ["incrbyfloat", "number", 0.5],
  ["decr", "count"],
  ["decrby", "count", 4],
  ["setex", "s1", 100, { a: 1 }],
  ["psetex", "s2", 100000, "v"],
  ["setnx", "s2", "w"],
  ["exists", "s1", "s2", "none"],
  ["expire", "s1", 50],
  ["expire", "s1", 60, "GT"],
  ["pexpire", "s2", 50000],
  ["persist", "s1"],
  ["ttl", "s1"],
  ["ttl", "none"],
  ["type", "s1"],
  ["copy", "s1", "s3"],
  ["copy", "s1", "s3"],
  ["copy", "s1", "s3", { replace: true }],
  ["rename", "s3", "s4"],
  ["renamenx", "s4", "s1"],
  ["touch", "s1", "s2"],
  ["unlink", "s4"],
  ["del", "s1", "s2"],
  ["hset", "h", { f1: "a", f2: { b: 1 }, f3: 3 }],
  ["hmset", "h", { f4: "x" }],
  ["hget", "h", "f2"],
  ["hgetall", "h"],
  ["hgetall", "none"],
  ["hmget", "h", "f1", "f2", "none"],
  ["hmget", "none", "f1"],
  ["hkeys", "h"],
  ["hvals", "h"],
  ["hlen", "h"],
  ["hexists", "h", "f1"],
  ["hsetnx", "h", "f1", "z"],
  ["hincrby", "h", "f3", 4],
  ["hincrbyfloat", "h", "f3", 0.5],
  ["hstrlen", "h", "f1"],
  ["hscan", "h", 0],
  ["hdel", "h", "f2", "f3", "f4"],
  ["hrandfield", "h"],
  ["hrandfield", "h", 1, true],
  ["rpush", "l", "a", { b: 1 }, 3],
  ["lpush", "l", "z"],
  ["lpushx", "l", "y"],
  ["rpushx", "none", "y"],
  ["lrange", "l", 0, -1],
  ["llen", "l"],
  ["lindex", "l", 2],
  ["linsert", "l", "before", "a", "w"],
  ["lset", "l", 0, "first"],
  ["lrem", "l", 1, "w"],
  ["lpos", "l", "a"],
  ["lpos", "l", "a", { rank: -1, maxLen: 10 }],
  ["lmove", "l", "l2", "left", "right"],
  ["lmpop", 1, ["l"], "left", 2],
  ["lpop", "l"],
  ["rpop", "l"],
  ["ltrim", "l2", 0, 0],
  ["sadd", "s", "a", "b", { c: 1 }],
  ["smembers", "s"],
  ["sismember", "s", "a"],
  ["smismember", "s", ["a", "none"]],
  ["scard", "s"],
  ["sadd", "t", "b", "d"],
  ["sinter", "s", "t"],
  ["sdiff", "t", "s"],
  ["sunion", "t", "none"],
  ["sinterstore", "u", "s", "t"],
  ["sdiffstore", "u", "s", "t"],
  ["sunionstore", "u", "s", "t"],
  ["smove", "s", "t", "a"],
  ["srem", "s", "b"],
  ["spop", "s"],
  ["srandmember", "none"],
  ["zadd", "z", { score: 1, member: "a" }],
  ["zadd", "z", { score: 2, member: "b" }, { score: 3, member: { c: 1 } }],
  ["zadd", "z", { xx: true, ch: true }, { score: 1.5, member: "a" }],
  ["zadd", "z", { incr: true }, { score: 1, member: "b" }],
  ["zcard", "z"],
  ["zscore", "z", "a"],
  ["zscore", "z", "none"],
  ["zmscore", "z", ["a", "none"]],
  ["zincrby", "z", 2, "a"],
  ["zrank", "z", "b"],
  ["zrevrank", "z", "b"],
  ["zcount", "z", 0, "(3"],
  ["zrange", "z", 0, -1],
  ["zrange", "z", 0, -1, { withScores: true }],
  ["zrange", "z", 3, 0, { byScore: true, rev: true, offset: 0, count: 1 }],
  ["zrange", "z", "-", "+", { byLex: true }],
  ["zlexcount", "z", "-", "+"],
  ["zunionstore", "zs", 1, "z"],
  ["zunionstore", "zu", 2, ["z", "zs"], { weights: [1, 2], aggregate: "sum" }],
  ["zinterstore", "zi", 2, ["z", "zs"]],
  ["zunion", 2, ["z", "zs"], { withScores: true }],
  ["zdiffstore", "zd", 2, "z", "zs"],
  ["zpopmin", "z"],
  ["zpopmax", "z", 2],
  ["zrem", "zs", "a"],
  ["zremrangebyrank", "zu", 0, 0],
  ["zremrangebyscore", "zu", "-inf", "+inf"],
  ["zremrangebylex", "zi", "-", "+"],
  ["zscan", "zs", 0],
  ["sscan", "t", 0, { match: "*", count: 10 }],
  ["xadd", "x", "1-1", { f: "a", g: { b: 1 } }],
  ["xadd", "x", "1-2", { f: 2 }, { nomkStream: true, trim: { type: "MAXLEN", threshold: 10, comparison: "~", limit: 5 } }],
  ["xadd", "x", "1-3", { f: 3 }, { trim: { type: "minid", threshold: "1-1", comparison: "=" } }],
  ["xadd", "none", "1-1", { f: 1 }, { nomkStream: true }],
  ["xlen", "x"],
  ["xrange", "x", "-", "+"],
  ["xrange", "x", "-", "+", 1],
  ["xrange", "none", "-", "+"],
  ["xrevrange", "x", "+", "-", 2],
  ["xread", "x", "1-1"],
  ["xread", ["x", "none"], ["0", "0"], { count: 1 }],
  ["xgroup", "x", { type: "CREATE", group: "g", id: "0", options: { MKSTREAM: true, ENTRIESREAD: 0 } }],
  ["xgroup", "x", { type: "CREATECONSUMER", group: "g", consumer: "c" }],
  ["xreadgroup", "g", "c", "x", ">", { count: 2 }],
  ["xreadgroup", "g", "c", ["x"], [">"], { NOACK: true }],
  ["xack", "x", "g", "1-1"],
  ["xclaim", "x", "g", "d", 0, "1-2", { justId: true }],
  ["xautoclaim", "x", "g", "e", 0, "0", { count: 1, justId: true }],
  ["xinfo", "x", { type: "GROUPS" }],
  ["xgroup", "x", { type: "SETID", group: "g", id: "$" }],
  ["xgroup", "x", { type: "DELCONSUMER", group: "g", consumer: "c" }],
  ["xgroup", "x", { type: "DESTROY", group: "g" }],
  ["xtrim", "x", { strategy: "MAXLEN", exactness: "=", threshold: 2 }],
  ["xdel", "x", ["1-2", "1-3"]],
  ["geoadd", "geo", { longitude: 13.361389, latitude: 38.115556, member: "Palermo" }],
  ["geoadd", "geo", { nx: true, ch: true }, { longitude: 15.087269, latitude: 37.502669, member: { city: "Catania" } }],
  ["geodist", "geo", "Palermo", { city: "Catania" }, "KM"],
  ["geohash", "geo", "Palermo"],
  ["geohash", "geo", ["Palermo", "none"]],
  ["geopos", "geo", "Palermo", { city: "Catania" }],
  [
    "geosearch",
    "geo",
    { type: "FROMLONLAT", coordinate: { lon: 15, lat: 37 } },
    { type: "BYRADIUS", radius: 200, radiusType: "KM" },
    "ASC",
    { withDist: true, withHash: true, withCoord: true, count: { limit: 5, any: true } },
  ],
  ["geosearch", "geo", { type: "FROMMEMBER", member: "Palermo" }, { type: "BYBOX", rect: { width: 9, height: 9 }, rectType: "KM" }, "DESC"],
  [
    "geosearchstore",
    "near",
    "geo",
    { type: "FROMMEMBER", member: "Palermo" },
    { type: "BYRADIUS", radius: 300, radiusType: "KM" },
    "ASC",
    { count: { limit: 1 }, storeDist: true },
  ],
  ["hset", "fields", { a: 1, b: 2 }],
  ["hexpire", "fields", ["a", "none"], 1000],
  ["hexpire", "fields", "a", 1000, "NX"],
  ["hexpireat", "fields", "a", 4102444800],
  ["hpexpireat", "fields", "a", 4102444800000, "XX"],
  ["hpexpire", "fields", "b", 100000000],
  ["hexpiretime", "fields", "a"],
  ["hpexpiretime", "fields", ["a", "none"]],
  ["hpersist", "fields", ["a", "b"]],
  ["httl", "fields", ["a", "none"]],
  ["hpttl", "fields", "a"],
  ["pfadd", "p", "a", "b"],
  ["pfcount", "p"],
  ["pfmerge", "q", "p"],
  ["eval", "return {KEYS[1], ARGV[1], ARGV[2]}", ["k"], ["a", 1]],
  ["scriptLoad", "return 1"],
  ["evalsha", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", [], []],
  ["scriptExists", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0000000000000000000000000000000000000000"],
  ["scriptFlush", { async: true }],
  ["keys", "m*"],
  ["publish", "channel", { a: 1 }],
  ["echo", "text"],
  ["ping"],
  ["dbsize"],
  ["flushdb"],
  ["dbsize"],
  ["flushall", { async: true }],
  ["randomkey"],
];

const OURS = {
  redstart: () => new Redis({ name: "ours" }),
  "redstart/upstash": () => upstashOver(new Redis({ name: "ours", automaticDeserialization: false }), entry.Redis),
};

for (const [name, open] of Object.entries(OURS)) {
  test(`each call of ${name} gives what @upstash/redis gives`, () => compare(open()));
}

async function compare(ours) {
  const sdk = upstashOver(new Redis({ name: "theirs", automaticDeserialization: false }));
  for (const [method, ...args] of CALLS) {
    const call = `${method}(${args.map((arg) => JSON.stringify(arg)).join(", ")})`;
    assert.equal(typeof sdk[method], "function", call);
    const theirs = await sdk[method](...args).catch((error) => error);
    assert.ok(!(theirs instanceof Error), `${call}: ${theirs}`);
    assert.deepEqual(sorted(method, await ours[method](...args)), sorted(method, theirs), call);
  }
  const bits = (db) => db.bitfield("b").set("u8", 0, 200).overflow("SAT").incrby("u8", 0, 100).get("u4", "#1").exec();
  assert.deepEqual(await bits(ours), await bits(sdk));
}

test("pipelines and transactions give the same too", async () => {
  const ours = new Redis({ name: "ours" });
  const sdk = upstashOver(new Redis({ name: "theirs", automaticDeserialization: false }));
  const chain = (batch) => batch.set("k", { a: 1 }).get("k").hset("h", { f: 1 }).hgetall("h").exec();
  assert.deepEqual(await chain(ours.pipeline()), await chain(sdk.pipeline()));
  assert.deepEqual(await chain(ours.multi()), await chain(sdk.multi()));
});

test("bit fields are built in every place", async () => {
  const db = new Redis({ name: "bits" });
  assert.deepEqual(await db.bitfield("b").set("u8", 0, 1).get("u8", 0).exec(), [0, 1]);
  assert.deepEqual(await db.bitfield("b", "GET", "u8", 0), [1]);
  assert.deepEqual((await db.ready()).bitfield("b").incrby("u8", 0, 2).exec(), [3]);
  assert.deepEqual(await db.pipeline().bitfield("b").get("u8", 0).exec().get("b").exec(), [[3], "\x03"]);
});

/** What only Upstash's own services understand. */
const THEIRS_ALONE = ["SearchIndex", "VectorIndex", "s"];
/** What stands on their object without being a part of its interface, or belongs to those services: arrays, too. */
const INNER = /^(client|opts|constructor|use|enableTelemetry|addTelemetry|autoPipelineExecutor|search|vector|ar[a-z]+)$/;

test("redstart/upstash has the SDK's names and no others", () => {
  const names = (module) => Object.keys(module).filter((name) => !THEIRS_ALONE.includes(name)).sort();
  assert.deepEqual(names(entry), names(sdkModule));
  assert.deepEqual(Object.keys(entry.errors).sort(), Object.keys(sdkModule.errors).sort());
  const options = { url: "http://127.0.0.1:1", token: "t", enableAutoPipelining: false };
  const members = (object) => {
    const found = new Set();
    for (let at = object; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
      for (const name of Object.getOwnPropertyNames(at)) if (!INNER.test(name)) found.add(name);
    }
    return [...found].sort();
  };
  const [ours, theirs] = [new entry.Redis(options), new sdkModule.Redis(options)];
  assert.deepEqual(members(ours), members(theirs));
  for (const group of ["json", "functions"]) {
    assert.deepEqual(Object.keys(ours[group]).sort(), Object.keys(theirs[group]).sort(), group);
  }
});

test("redstart/upstash sends what is called at once as one request, to the gateway of the environment", async () => {
  const gateway = await Gateway.start();
  const paths = [];
  gateway.http.on("request", ({ url }) => paths.push(url));
  process.env.KV_REST_API_URL = gateway.url;
  process.env.KV_REST_API_TOKEN = "secret";
  try {
    const redis = entry.Redis.fromEnv();
    const answers = await Promise.all([redis.set("k", { a: 1 }), redis.get("k"), redis.incr("n")]);
    assert.deepEqual(answers, ["OK", { a: 1 }, 1]);
    const failed = await Promise.allSettled([redis.incr("k"), redis.incr("n")]);
    assert.equal(failed[1].value, 2);
    assert.ok(failed[0].reason instanceof entry.errors.UpstashError, failed[0].reason);
    assert.match(failed[0].reason.message, /not an integer.*command was: \["INCR","k"\]/);
    assert.deepEqual(paths, ["/pipeline", "/pipeline"]);
    const script = redis.createScript("return {KEYS[1], ARGV[1]}");
    assert.deepEqual(await script.exec(["k"], ["v"]), ["k", "v"]);
    assert.deepEqual(await script.exec(["k"], ["w"]), ["k", "w"]);
    const reading = redis.createScript("return redis.call('get', KEYS[1])", { readonly: true });
    assert.equal(await reading.exec(["n"], []), 2);
    assert.equal(await redis.evalRo("return ARGV[1]", [], ["x"]), "x");
    await redis.functions.load({ code: "#!lua name=l\nredis.register_function('f', function(k, a) return a[1] end)", replace: true });
    assert.equal(await redis.functions.call("f", [], ["y"]), "y");
    await assert.rejects(redis.json.get("k", "$"), /unknown command/);
    const aborted = new entry.Redis({ url: gateway.url, token: "secret", signal: AbortSignal.abort(new Error("enough")) });
    await assert.rejects(aborted.get("k"), /enough/);
  } finally {
    delete process.env.KV_REST_API_URL;
    delete process.env.KV_REST_API_TOKEN;
    gateway.stop();
  }
  assert.throws(() => new entry.Redis({ url: undefined, token: undefined }), entry.errors.UrlError);
});

/** Members of sets and keys come in the store's own order. */
function sorted(method, result) {
  const unordered = ["smembers", "sunion", "sdiff", "sinter", "keys"];
  return unordered.includes(method) ? [...result].map((item) => JSON.stringify(item)).sort() : result;
}
