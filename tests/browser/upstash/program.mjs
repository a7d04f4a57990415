/** What an application does with `@upstash/redis` and `@upstash/ratelimit`, for every runtime: fetch and nothing else. */
import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";

/** Runs everything against a gateway. `node:assert` is not everywhere. */
export async function run(url, token) {
  // Telemetry would name the runtime in headers: it is on, as it is for others.
  const redis = new Redis({ url, token });
  await redis.flushall();
  await values(redis);
  await batches(redis);
  await scripts(redis);
  await streams(redis);
  await errors(redis, url, token);
  await messages(redis);
  for (const [name, limiter] of Object.entries(LIMITERS)) await limits(redis, name, limiter);
}

const LIMITERS = {
  fixed: Ratelimit.fixedWindow(5, "1 d"),
  sliding: Ratelimit.slidingWindow(5, "1 d"),
  bucket: Ratelimit.tokenBucket(5, "1 d", 5),
};

function same(is, shouldBe) {
  const [one, other] = [JSON.stringify(is), JSON.stringify(shouldBe)];
  if (one !== other) throw new Error(`${one} instead of ${other}`);
}

async function refused(promise, code) {
  const error = await promise.then(() => undefined, (error) => error);
  if (error?.name !== "UpstashError" || !error.message.includes(code)) throw new Error(`${error} instead of ${code}`);
}

async function values(redis) {
  same(await redis.set("k", { a: [1, null] }, { ex: 60 }), "OK");
  same(await redis.get("k"), { a: [1, null] });
  same(await redis.ttl("k"), 60);
  same(await redis.get("missing"), null);
  same(await redis.set("k", "x", { nx: true }), null);
  same(await redis.set("text", "h\u00e9llo \u4e16\n\0"), "OK");
  same(await redis.get("text"), "h\u00e9llo \u4e16\n\0");
  same(await redis.mset({ one: 1, two: "two" }), "OK");
  same(await redis.mget("one", "two", "missing"), [1, "two", null]);
  same(await redis.hset("h", { a: 1, b: "two", c: { d: true } }), 3);
  same(await redis.hgetall("h"), { a: 1, b: "two", c: { d: true } });
  same(await redis.hmget("h", "a", "none"), { a: 1, none: null });
  same(await redis.rpush("l", 1, "b", [3]), 3);
  same(await redis.lrange("l", 0, -1), [1, "b", [3]]);
  same(await redis.lpop("l"), 1);
  same(await redis.sadd("s", "a", "b"), 2);
  same((await redis.smismember("s", ["a", "z"])), [1, 0]);
  same(await redis.zadd("z", { score: 1.5, member: "a" }, { score: 2, member: "b" }), 2);
  same(await redis.zrange("z", 0, -1, { withScores: true }), ["a", 1.5, "b", 2]);
  same(await redis.zscore("z", "a"), 1.5);
  same(await redis.geoadd("geo", { longitude: 2.5, latitude: 48.5, member: "here" }), 1);
  same((await redis.geosearch("geo", { type: "FROMMEMBER", member: "here" }, { type: "BYRADIUS", radius: 1, radiusType: "KM" }, "ASC"))[0].member, "here");
  const [cursor, keys] = await redis.scan(0, { count: 100, match: "*e*" });
  same([cursor, keys.toSorted()], ["0", ["geo", "one", "text"]]);
}

async function batches(redis) {
  same(await redis.pipeline().incr("n").incr("n").get("n").exec(), [1, 2, 2]);
  const kept = await redis.pipeline().incr("n").lpush("k", "x").exec({ keepErrors: true });
  same([kept[0].result, kept[1].error.split(" ")[0]], [3, "WRONGTYPE"]);
  same(await redis.multi().set("m", 1).incr("m").get("m").exec(), ["OK", 2, 2]);
  // Requests of one moment become one pipeline by themselves.
  const counts = await Promise.all(Array.from({ length: 500 }, () => redis.incr("auto")));
  same(counts.toSorted((one, other) => one - other), Array.from({ length: 500 }, (_, i) => i + 1));
}

async function scripts(redis) {
  const add = redis.createScript("return {KEYS[1], ARGV[1], redis.call('INCRBY', KEYS[1], ARGV[1])}");
  same(await add.exec(["scripted"], ["5"]), ["scripted", 5, 5]); // EVALSHA, then EVAL
  same(await add.eval(["scripted"], ["5"]), ["scripted", 5, 10]);
  const hash = await redis.scriptLoad("return ARGV[1]");
  same(await redis.evalsha(hash, [], [{ a: 1 }]), { a: 1 });
  same(await redis.scriptExists(hash, "0".repeat(40)), [1, 0]);
  await refused(redis.evalsha("0".repeat(40), [], []), "NOSCRIPT");
}

async function streams(redis) {
  same(await redis.xgroup("stream", { type: "CREATE", group: "g", id: "$", options: { MKSTREAM: true } }), "OK");
  const id = await redis.xadd("stream", "*", { f: "v" });
  same(await redis.xreadgroup("g", "me", "stream", ">"), [["stream", [[id, ["f", "v"]]]]]);
  same(await redis.xack("stream", "g", id), 1);
  same(await redis.xrange("stream", "-", "+"), { [id]: { f: "v" } });
}

async function errors(redis, url, token) {
  await refused(redis.lpush("k", "x"), "WRONGTYPE");
  await refused(redis.exec(["nothing", "like", "this"]), "unknown command");
  await refused(new Redis({ url, token: "wrong", retry: false }).get("k"), "WRONGPASS");
}

async function messages(redis) {
  const heard = [];
  let all;
  const done = new Promise((resolve) => (all = resolve));
  const subscriber = redis.subscribe("news");
  const patterns = redis.psubscribe("n*");
  const ready = [subscriber, patterns].map((one) => new Promise((resolve) => one.on(one === patterns ? "psubscribe" : "subscribe", resolve)));
  const hear = (kind) => ({ channel, message }) => heard.push([kind, channel, message]) === 4 && all();
  subscriber.on("message", hear("message"));
  patterns.on("pmessage", hear("pmessage"));
  await Promise.all(ready);
  same(await redis.publish("news", { a: 1 }), 2);
  same(await redis.publish("news", [1, 2]), 2);
  await done;
  const of = (wanted) => heard.filter(([kind]) => kind === wanted).map(([, channel, message]) => [channel, message]);
  for (const kind of ["message", "pmessage"]) same(of(kind), [["news", { a: 1 }], ["news", [1, 2]]]);
  await Promise.all([subscriber.unsubscribe(), patterns.unsubscribe()]);
}

async function limits(redis, name, limiter) {
  const options = { redis, limiter, prefix: `limit:${name}`, ephemeralCache: false, timeout: 0 };
  const limit = new Ratelimit(options);
  const answers = [];
  for (let visit = 0; visit < 7; visit++) answers.push(await limit.limit("user"));
  same(answers.map(({ success }) => success), [true, true, true, true, true, false, false]);
  same(answers.slice(0, 5).map(({ remaining }) => remaining), [4, 3, 2, 1, 0]);
  if (!answers.every(({ limit, reset }) => limit === 5 && reset > Date.now())) throw new Error(JSON.stringify(answers));
  same((await limit.getRemaining("user")).remaining, 0);
  // A crowd comes at once: no more than five get through, whether their requests travel together or alone.
  const alone = new Redis({ url: redis.client.baseUrl, token: redis.client.headers.authorization.slice("Bearer ".length), enableAutoPipelining: false });
  for (const [who, client] of [["together", redis], ["alone", alone]]) {
    const crowd = new Ratelimit({ ...options, redis: client, analytics: client === redis });
    const let_in = await Promise.all(Array.from({ length: 50 }, () => crowd.limit(who)));
    same(let_in.filter(({ success }) => success).length, 5);
    await Promise.all(let_in.map(({ pending }) => pending));
  }
  same((await limit.limit("many", { rate: 4 })).remaining, 1);
  await limit.resetUsedTokens("user");
  same((await limit.limit("user")).success, true);
}
