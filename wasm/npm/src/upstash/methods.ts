/** The methods of `@upstash/redis`'s class, by what they are called here. */
import type { Commands } from "../commands.js";

/** Those that have the same name. */
export const SAME = [
  "append", "bitcount", "bitfield", "bitop", "bitpos", "clientSetinfo", "copy", "dbsize", "decr", "decrby", "del", "echo", "eval",
  "evalsha", "exists", "expire", "expireat", "flushall", "flushdb", "geoadd", "geodist", "geohash", "geopos", "geosearch",
  "geosearchstore", "get", "getbit", "getdel", "getex", "getrange", "getset", "hdel", "hexists", "hexpire", "hexpireat",
  "hexpiretime", "hget", "hgetall", "hgetdel", "hgetex", "hincrby", "hincrbyfloat", "hkeys", "hlen", "hmget", "hmset", "hpersist",
  "hpexpire", "hpexpireat", "hpexpiretime", "hpttl", "hrandfield", "hscan", "hset", "hsetex", "hsetnx", "hstrlen", "httl", "hvals",
  "incr", "incrby", "incrbyfloat", "keys", "lindex", "linsert", "llen", "lmove", "lmpop", "lpop", "lpos", "lpush", "lpushx",
  "lrange", "lrem", "lset", "ltrim", "mget", "mset", "msetnx", "persist", "pexpire", "pexpireat", "pfadd", "pfcount", "pfmerge",
  "ping", "psetex", "pttl", "publish", "randomkey", "rename", "renamenx", "rpop", "rpush", "rpushx", "sadd", "scan", "scard",
  "scriptExists", "scriptFlush", "scriptLoad", "sdiff", "sdiffstore", "set", "setbit", "setex", "setnx", "setrange", "sinter",
  "sintercard", "sinterstore", "sismember", "smembers", "smismember", "smove", "spop", "srandmember", "srem", "sscan", "strlen",
  "sunion", "sunionstore", "time", "touch", "ttl", "type", "unlink", "xack", "xackdel", "xadd", "xautoclaim", "xclaim", "xdel",
  "xdelex", "xgroup", "xinfo", "xlen", "xpending", "xrange", "xread", "xreadgroup", "xrevrange", "xtrim", "zadd", "zcard", "zcount",
  "zdiffstore", "zincrby", "zinterstore", "zlexcount", "zmscore", "zpopmax", "zpopmin", "zrange", "zrank", "zrem",
  "zremrangebylex", "zremrangebyrank", "zremrangebyscore", "zrevrank", "zscan", "zscore", "zunion", "zunionstore",
] as const satisfies readonly (keyof Commands<"async">)[];

/** Their commands on JSON documents, which go to the server by their words. */
export const JSON_METHODS = [
  "arrappend", "arrindex", "arrinsert", "arrlen", "arrpop", "arrtrim", "clear", "del", "forget", "get", "merge", "mget", "mset",
  "numincrby", "nummultby", "objkeys", "objlen", "resp", "set", "strappend", "strlen", "toggle", "type",
] as const;
