/**
 * What the compiler says of `redstart/upstash` beside the real `@upstash/redis`: code that was written for its class is
 * compiled with ours. Never run.
 */
import type { Redis as Theirs } from "@upstash/redis";
import type { Redis as Ours } from "redstart/upstash";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function same<T extends true>(): T | undefined {
  return undefined;
}

/** The methods of theirs that ours does not have. */
type Missing = Exclude<keyof Theirs, keyof Ours>;
/** What a method takes, where it is one. */
type Taken<Method> = Method extends (...args: infer Args) => unknown ? Args : never;
/** Those that do not take what theirs take. */
type Refusing = {
  [Name in keyof Theirs & keyof Ours]: Taken<Theirs[Name]> extends Taken<Ours[Name]> ? never : Name;
}[keyof Theirs & keyof Ours];

/** Arrays, search and vectors are Upstash's own services, and `use` is about its wire. */
type Services =
  | "use" | "search" | "vector" | "arcount" | "ardel" | "ardelrange" | "arget" | "argetrange" | "argrep" | "arinfo"
  | "arinsert" | "arlastitems" | "arlen" | "armget" | "armset" | "arnext" | "arop" | "arring" | "arscan" | "arseek"
  | "arset";

/**
 * A value is of any type there, also of those that no JSON tells of: `undefined`, functions, symbols. Here it is what can be
 * stored, so `unknown` has to be narrowed before.
 */
type OfValues =
  | "geoadd" | "geopos" | "geodist" | "geohash" | "geosearch" | "geosearchstore" | "getset" | "hsetnx" | "linsert"
  | "lpos" | "lpush" | "lpushx" | "lrem" | "lset" | "pfadd" | "psetex" | "publish" | "rpush" | "rpushx" | "sadd"
  | "set" | "setex" | "setnx" | "sismember" | "smismember" | "smove" | "srem" | "zadd" | "zincrby" | "zmscore"
  | "zrank" | "zrem" | "zrevrank" | "zscore";

/** Their overloads and tuples are not declared in the same order or length; `upstash.test.mjs` calls both. */
type OfOtherForm =
  | "createScript" | "bitfield" | "bitcount" | "bitpos" | "eval" | "evalsha" | "flushall" | "hrandfield"
  | "sintercard" | "xdelex";

same<Equal<Missing, Services>>();
same<Equal<Refusing, OfValues | OfOtherForm>>();
