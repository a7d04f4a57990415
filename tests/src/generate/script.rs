//! Scripts for generated requests: short ones, each about something that differs from a plain command.

/// The commands that run them.
pub(super) const COMMANDS: &[&str] = &["EVAL", "EVAL_RO"];

/// Scripts that need a key. Some fail, some of them after they have written.
pub(super) const SCRIPTS: &[&str] = &[
    "return {KEYS, ARGV}",
    "return redis.call('get', KEYS[1])",
    "return redis.call('type', KEYS[1])",
    "return redis.pcall('incr', KEYS[1])",
    "return redis.call('set', KEYS[1], ARGV[1] or 'v')",
    "return redis.call('append', KEYS[1], ARGV[1] or '1')",
    "return redis.call('rpush', KEYS[1], 'a', 1, 2.5)",
    "local l = redis.pcall('lrange', KEYS[1], 0, -1) return #l",
    "redis.call('select', 1) return redis.call('set', KEYS[1], 'one')",
    "redis.call('set', KEYS[1], 'v', 'EX', 1000) return redis.call('ttl', KEYS[1])",
    "redis.call('set', 'str0', '1') return redis.call('lpush', 'str0', 'x')",
    "redis.call('set', 'str1', '1') redis.call('del', 'str1') return redis.call('exists', 'str1')",
    "redis.call('del', 'hash0') redis.call('hset', 'hash0', 'a', 1, 'b', 2) return cjson.encode(redis.call('hgetall', 'hash0'))",
    "redis.setresp(3) return {redis.pcall('hgetall', KEYS[1]), redis.pcall('zscore', KEYS[1], 'a')}",
    "redis.call('del', 'zset0') for i = 1, 200 do redis.call('zadd', 'zset0', i, 'm' .. i) end return redis.call('zcard', 'zset0')",
    "return redis.call('blpop', KEYS[1], 0)",
    "#!lua flags=no-writes\nreturn redis.call('del', KEYS[1])",
    "#!lua\nreturn redis.call('del', KEYS[1])",
    "return nothing",
    "return return",
];
