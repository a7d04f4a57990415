//! Scripts and libraries for generated requests: short ones, each about something that differs from a plain command.

use super::Generator;
use redstart_core::spec::Arg;
use redstart_core::{rdb, sha1};

/// The commands that keep or run them.
pub(super) const COMMANDS: &[&str] = &[
    "EVAL",
    "EVALSHA",
    "EVALSHA_RO",
    "EVAL_RO",
    "FCALL",
    "FCALL_RO",
    "FUNCTION DELETE",
    "FUNCTION DUMP",
    "FUNCTION FLUSH",
    "FUNCTION KILL",
    "FUNCTION LIST",
    "FUNCTION LOAD",
    "FUNCTION RESTORE",
    "FUNCTION STATS",
    "SCRIPT EXISTS",
    "SCRIPT FLUSH",
    "SCRIPT KILL",
    "SCRIPT LOAD",
];

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

/// Libraries of one function each, for Redis lists several in no order. Two register the same name, and some are wrong.
const LIBRARIES: &[&str] = &[
    "#!lua name=one\nredis.register_function('f', function(keys, args) return {keys, args} end)",
    "#!lua name=one\nredis.register_function('g', function(keys, args) return redis.pcall('incr', 'str0') end)",
    "#!lua name=two\nredis.register_function('f', function(keys) return redis.pcall('type', keys[1] or 'str0') end)",
    "#!lua name=two\nredis.register_function{function_name = 'h', flags = {'no-writes'}, \
     callback = function(keys) return redis.call('set', 'str0', 'v') end}",
    "#!lua name=three\nredis.register_function{function_name = 'r', flags = {'no-writes', 'allow-oom'}, description = 'd', \
     callback = function(keys) return redis.pcall('get', keys[1] or 'str1') end}",
    "#!lua name=three\nlocal calls = 0 redis.register_function('c', function() calls = calls + 1 return calls end)",
    "#!lua name=four\nredis.register_function('w', function() redis.call('del', 'str2') \
     redis.call('set', 'str2', '1') error('late') end)",
    "#!lua name=five\nreturn 1",
    "#!lua name=five\nredis.call('get', 'k')",
    "#!lua name=five\nredis.register_function('f', 1)",
    "#!lua name=bad-name\nredis.register_function('f', function() end)",
    "#!lua\nredis.register_function('f', function() end)",
    "#!lua name=five\nreturn return",
    "no library",
];

impl Generator {
    /// A word of a command about scripts or libraries, if it is one.
    pub(super) fn script_word(&mut self, arg: &Arg) -> Option<String> {
        let word = match arg.name {
            "script" => self.pick(SCRIPTS).into(),
            "sha1" => sha1::hex(&sha1::sha1(self.pick(SCRIPTS).as_bytes())),
            "function-code" => self.pick(LIBRARIES).into(),
            "function" => self.pick(&["f", "F", "g", "h", "r", "c", "w", "none"]).into(),
            "library-name" => self.pick(&["one", "two", "three", "four", "none"]).into(),
            "library-name-pattern" => self.pick(&["*", "t*", "one", "ONE", "none"]).into(),
            _ => return None,
        };
        Some(word)
    }

    /// What `FUNCTION DUMP` gives of a library or two, or of none.
    pub(super) fn libraries_payload(&mut self) -> Vec<u8> {
        let first = self.pick(LIBRARIES);
        let second = self.pick(LIBRARIES);
        let codes = [first.as_bytes(), second.as_bytes()];
        let count = self.random.index(3);
        rdb::dump_libraries(codes.into_iter().take(count))
    }
}
