/** What the compiler says of calls: each `Equal` is a type that must be exactly so. Never run. */
import { Redis, type Pipeline, type SyncRedis } from "redstart";
import { Redis as UpstashRedis } from "redstart/upstash";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function same<T extends true>(): T | undefined {
  return undefined;
}

export async function asynchronous(db: Redis): Promise<void> {
  const value = await db.get<{ a: number }>("k");
  same<Equal<typeof value, { a: number } | null>>();
  const length = await db.rpush("l", 1, "two", { three: 3 }, new Uint8Array());
  same<Equal<typeof length, number>>();
  const several = await db.mget<[string, number]>("a", "b");
  same<Equal<typeof several, [string, number]>>();
  const fields = await db.hgetall<{ name: string }>("h");
  same<Equal<typeof fields, { name: string } | null>>();
  await db.set("k", { a: 1 }, { ex: 60, nx: true, get: true });
  await db.zadd("z", { score: 1, member: "a" });
  await db.zadd("z", { nx: true }, { score: "-inf", member: { json: true } });
  // @ts-expect-error a key is not an object
  await db.get({});
  // @ts-expect-error there is no such option
  await db.set("k", 1, { seconds: 3 });
  // @ts-expect-error a value is not undefined
  await db.set("k", undefined);
}

export async function forms(db: Redis): Promise<void> {
  const id = await db.xadd("x", "*", { f: 1 }, { trim: { type: "MAXLEN", threshold: 9, comparison: "~", limit: 2 } });
  same<Equal<typeof id, string | null>>();
  const entries = await db.xrange<Record<string, { f: number }>>("x", "-", "+", 10);
  same<Equal<typeof entries, Record<string, { f: number }>>>();
  const near = await db.geosearch("g", { type: "FROMMEMBER", member: "m" }, { type: "BYRADIUS", radius: 1, radiusType: "KM" }, "ASC");
  same<Equal<(typeof near)[number]["member"], string>>();
  await db.geoadd("g", { nx: true }, { longitude: 1, latitude: 2, member: "m" });
  const times = await db.hexpire("h", ["f"], 10, "NX");
  same<Equal<typeof times, number[]>>();
  const sum = await db.transaction((now) => now.incr("n"));
  same<Equal<typeof sum, number>>();
  for await (const { event, key } of db.watch("k")) same<Equal<typeof event | typeof key, string>>();
  // @ts-expect-error an exact limit takes no effort
  await db.xadd("x", "*", { f: 1 }, { trim: { type: "MAXLEN", threshold: 9, comparison: "=", limit: 2 } });
  // @ts-expect-error a stream's fields are an object
  await db.xadd("x", "*", "f", 1);
  // @ts-expect-error a member has a latitude
  await db.geoadd("g", { longitude: 1, member: "m" });
  // @ts-expect-error there is no such unit
  await db.geosearch("g", { type: "FROMMEMBER", member: "m" }, { type: "BYRADIUS", radius: 1, radiusType: "LY" }, "ASC");
  // @ts-expect-error a search has an order
  await db.geosearch("g", { type: "FROMMEMBER", member: "m" }, { type: "BYRADIUS", radius: 1, radiusType: "KM" });
  // @ts-expect-error the time is a number
  await db.hexpire("h", "f", "soon");
  // @ts-expect-error there is no such condition
  await db.hexpire("h", "f", 10, "MAYBE");
  // @ts-expect-error a group is made at an ID
  await db.xgroup("x", { type: "CREATE", group: "g" });
  // @ts-expect-error a block lasts a number of milliseconds
  await db.xread("x", "0", { blockMS: "1" });
  // @ts-expect-error there is no such durability
  new Redis({ name: "app", durability: "always" });
  // @ts-expect-error a file is bytes
  await db.import("dump.rdb");
}

export async function refused(db: Redis, upstash: UpstashRedis): Promise<void> {
  // @ts-expect-error a time to live is a number
  await db.set("k", 1, { ex: { seconds: 1 } });
  // @ts-expect-error a flag is true or false
  await db.set("k", 1, { nx: "yes" });
  // @ts-expect-error a key is either new or there
  await db.set("k", 1, { nx: true, xx: true });
  // @ts-expect-error there is one time to live
  await db.set("k", 1, { ex: 1, px: 1 });
  // @ts-expect-error a range is of scores or of texts
  await db.zrange("z", 0, 1, { byScore: true, byLex: true });
  // @ts-expect-error a score is either less or greater
  await db.zadd("z", { lt: true, gt: true }, { score: 1, member: "m" });
  // @ts-expect-error fields are an object
  await db.hset("h", "field", "value");
  // @ts-expect-error a range has an end
  await db.lrange("l", 0);
  // @ts-expect-error a member has a score
  await db.zadd("z", { member: "m" });
  // @ts-expect-error an increment is a number
  await db.incrby("k", {});
  // @ts-expect-error a list has two ends
  await db.lmove("a", "b", "left", "middle");
  // @ts-expect-error a time to live is needed
  await db.expire("k");
  // @ts-expect-error there is no such overflow
  await db.bitfield("b").overflow("ROUND").exec();
  // @ts-expect-error there is no such command
  await db.hsett("h", { f: 1 });
  // @ts-expect-error several keys are an object
  await db.mset("k", 1);
  // @ts-expect-error there are two ways to share
  new Redis({ name: "app", tabs: "many" });
  // @ts-expect-error a file's time is no option of SCAN
  await db.scan(0, { modified: true });
  // @ts-expect-error its keys are a list
  await upstash.eval("return 1", "key", []);
  // @ts-expect-error keys are names
  await db.eval("return 1", [{ key: 1 }], []);
  // @ts-expect-error Upstash's class has no synchronous view
  await upstash.ready();
  same<Equal<Awaited<ReturnType<typeof upstash.hgetall<{ a: 1 }>>>, { a: 1 } | null>>();
  const bits = await db.bitfield("b").get("u8", 0).exec();
  same<Equal<typeof bits, (number | null)[]>>();
}

export async function pipelines(db: Redis): Promise<void> {
  const results = await db.pipeline().set("k", 1).incr("k").get<string>("k").exec();
  same<Equal<typeof results, ["OK" | string | null, number, string | null]>>();
  const own = await db.multi().incr("k").exec<[bigint]>();
  same<Equal<typeof own, [bigint]>>();
  const empty: Pipeline = db.pipeline();
  const kept = await empty.incr("k").exec({ keepErrors: true });
  const first = kept[0].error ?? kept[0].result;
  same<Equal<typeof first, string | number>>();
}

export function synchronous(now: SyncRedis): void {
  const count = now.incr("n");
  same<Equal<typeof count, number>>();
  const value = now.get<string>("k");
  same<Equal<typeof value, string | null>>();
}

export const options = [
  new Redis({ name: "app" }),
  new Redis({ name: "app", persist: "memory", lockTimeout: 100 }),
  new Redis({ url: "http://127.0.0.1:8787", token: "t", retries: 3 }),
  // @ts-expect-error neither a name nor an address
  new Redis({}),
];
