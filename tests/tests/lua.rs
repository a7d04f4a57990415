//! The machine for scripts beside C Lua 5.1: what scripts print must be the same, error texts and the order of keys
//! included.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_core::Protocol;
use redstart_tests::lua::generate::{Generator, PRELUDE};
use redstart_tests::lua::scripts::requests;
use redstart_tests::lua::{self, Settings, normalised};
use redstart_tests::project;
use redstart_tests::server::Server;
use redstart_tests::target::{Connection, CoreTarget};
use redstart_tests::value::{Parsed, Value, parse_resp};
use std::path::PathBuf;

/// Runs a script in both machines and compares all that it printed.
fn check(name: &str, source: &[u8], settings: Settings) {
    let expected = lua::reference(source).unwrap();
    let actual = lua::run(source, settings);
    assert_eq!(actual.failure, expected.failure, "{name}");
    compare(name, &actual.output, &expected.output);
}

fn compare(name: &str, actual: &str, expected: &str) {
    let (actual, expected) = (normalised(actual), normalised(expected));
    let mut heading = "";
    for (number, (actual, expected)) in actual.lines().zip(expected.lines()).enumerate() {
        heading = if actual.starts_with("seed ") { actual } else { heading };
        assert_eq!(actual, expected, "{name}, line {} of what it prints; {heading}", number + 1);
    }
    assert_eq!(actual.lines().count(), expected.lines().count(), "{name}");
}

#[test]
fn scripts_print_what_they_print_in_c() {
    for path in scripts("lua") {
        let source = std::fs::read(&path).unwrap();
        let name = project::relative(&path);
        check(&name, &source, Settings::default());
        check(&name, &source, Settings { collects_always: true, ..Settings::default() });
    }
}

#[test]
fn generated_programs_end_as_they_end_in_c() {
    const PROGRAMS: u64 = 400;
    for first in (1..2_000).step_by(PROGRAMS as usize) {
        let mut source = PRELUDE.to_owned();
        for seed in first..first + PROGRAMS {
            source += &format!("print('seed {seed}') do\n{}end\n", Generator::program(seed));
        }
        check(&format!("programs from {first} on"), source.as_bytes(), Settings::default());
        check(
            &format!("programs from {first} on"),
            source.as_bytes(),
            Settings { collects_always: true, ..Settings::default() },
        );
    }
}

fn scripts(folder: &str) -> Vec<PathBuf> {
    let folder = project::tests().join(folder);
    let mut files = project::files_below(&folder).unwrap();
    files.retain(|path| path.parent() == Some(&folder));
    files
}

#[test]
fn scripts_of_the_store_answer_as_in_redis() {
    let redis = Server::redis(&[]).unwrap();
    let mut there = Connection::open(redis.address).unwrap();
    let mut here = CoreTarget::new(Protocol::Resp2, 1);
    for words in requests().unwrap() {
        let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
        let expected = there.ask(&words).unwrap().to_string();
        let reply = here.execute("", &words).unwrap().unwrap();
        let Parsed::Value(actual, _) = parse_resp(&reply) else { panic!("no reply") };
        let script = String::from_utf8_lossy(words[1]);
        assert_eq!(normalised(&actual.to_string()), normalised(&expected), "{script}");
    }
}

#[test]
fn redis_libraries_answer_as_in_redis() {
    let redis = Server::redis(&[]).unwrap();
    let mut connection = Connection::open(redis.address).unwrap();
    for path in scripts("lua/redis") {
        let source = std::fs::read_to_string(&path).unwrap();
        let script = lua::as_redis_script(&source);
        let reply = connection.ask(&[b"EVAL", script.as_bytes(), b"0"]).unwrap();
        let Value::Bulk(expected) = reply else { panic!("{} fails in Redis: {reply:?}", path.display()) };
        let actual = lua::run(source.as_bytes(), Settings::default());
        assert_eq!(actual.failure, None);
        compare(&project::relative(&path), &actual.output, &String::from_utf8_lossy(&expected));
    }
}

#[test]
fn a_spent_budget_cannot_be_caught() {
    let scripts = [
        "while true do pcall(function() while true do end end) end",
        "while true do end",
        "repeat until false",
        "for i = 1, math.huge do end",
        "local function f() return f() end f()",
        "('a'):rep(28):find(('a?'):rep(28) .. ('a'):rep(28))",
        "coroutine.wrap(function() while true do end end)()",
        "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) while true do pcall(function() return t[1] end) end",
        "local function f(...) return f(1, ...) end f()",
        "while true do string.rep('x', 1e6) end",
        "table.sort({}, function() end) while true do xpcall(function() error() end, function() while true do end end) end",
    ];
    for script in scripts {
        let outcome = lua::run(script.as_bytes(), Settings { budget: 1_000_000, ..Settings::default() });
        assert_eq!(outcome.failure.as_deref(), Some("Budget"), "{script}");
    }
}

#[test]
fn memory_runs_out_with_an_error() {
    let scripts = [
        "local s = 'x' while true do s = s .. s end",
        "local t = {} for i = 1, 1e9 do t[i] = i end",
        "local t = {} while true do t = {t} end",
        "local s = ('x'):rep(1e9)",
        "local t = {} for i = 1, 1e9 do t[i] = 'k' .. i end",
        "local s = ('x'):rep(1e5) s:gsub('.', function() return s end)",
        "local t = {} for i = 1, 1e5 do t[i] = ('x'):rep(100) end table.concat(t, ('y'):rep(1e5))",
        "local t = {} for i = 1, 1e9 do t[i] = coroutine.create(function() end) coroutine.resume(t[i]) end",
        "local function f(...) return (f(1, ...)) end f()",
    ];
    for script in scripts {
        let settings = Settings { bytes: 8 << 20, budget: 2_000_000_000, ..Settings::default() };
        let outcome = lua::run(script.as_bytes(), settings);
        assert_eq!(outcome.failure.as_deref(), Some("not enough memory"), "{script}");
    }
}

#[test]
fn deep_texts_and_calls_end_with_an_error() {
    let nested =
        |open: &str, middle: &str, close: &str| format!("{}{middle}{}", open.repeat(100_000), close.repeat(100_000));
    let texts = [
        (format!("return {}", nested("(", "1", ")")), "chunk has too many syntax levels"),
        (format!("return {}", nested("{", "", "}")), "chunk has too many syntax levels"),
        (nested("do ", "", " end"), "chunk has too many syntax levels"),
        (format!("return {}1", "- ".repeat(100_000)), "chunk has too many syntax levels"),
        (format!("return 1 {}", " .. 1".repeat(100_000)), "chunk has too many syntax levels"),
        (format!("return {}", nested("function() return ", "1", " end")), "chunk has too many syntax levels"),
        ("local function f() return 1 + f() end return f()".to_owned(), "stack overflow"),
        (
            "local t = {} setmetatable(t, {__index = function(t, k) return t[k] end}) return t.x".to_owned(),
            "C stack overflow",
        ),
        (
            "local function f() return pcall(f) end local function g() return 1 + g() end f() g()".to_owned(),
            "stack overflow",
        ),
        ("local function f() return coroutine.wrap(f)() end f()".to_owned(), "C stack overflow"),
        ("local s = ('a?'):rep(1e5) return ('a'):rep(1e5):find(s)".to_owned(), "pattern too complex"),
    ];
    for (text, expected) in texts {
        let failure = lua::run(text.as_bytes(), Settings::default()).failure.unwrap_or_default();
        let shown = |text: &str| text.chars().take(80).collect::<String>();
        assert!(failure.contains(expected), "{} for {}", shown(&failure), shown(&text));
    }
}

#[test]
fn long_texts_compile_in_linear_time() {
    let texts = [
        format!("return 1{}", "+1".repeat(200_000)),
        format!("local x if x then {} end", "elseif x then x = 1 ".repeat(100_000)),
        format!("local x = {{ {} }}", "{1, a = 2},".repeat(50_000)),
        "x = x.y ".repeat(100_000),
    ];
    for text in texts {
        let outcome = lua::run(text.as_bytes(), Settings { budget: 20_000_000, ..Settings::default() });
        assert_ne!(outcome.failure.as_deref(), Some("Budget"), "{}", &text[..40]);
    }
}

/// Calls with large arguments, each behind what it needs; `big` is a mebibyte of `x`.
const LARGE_CALLS: [(&str, &str); 51] = [
    ("", "big:upper()"),
    ("", "big:lower()"),
    ("", "big:reverse()"),
    ("", "big:sub(2)"),
    ("", "('x'):rep(#big)"),
    ("", "big:find('y', 1, true)"),
    ("", "big:find('y')"),
    ("", "big:find('[abc]')"),
    ("", "('y'):find(big .. '%%')"),
    ("", "('y'):find('[' .. big .. ']')"),
    ("", "big:match('.-y')"),
    ("", "big:match('.*y')"),
    ("", "big:gmatch('y')()"),
    ("", "big:gsub('y', '')"),
    ("", "big:gsub('x', '')"),
    ("", "('y'):gsub('()y', ('%0'):rep(#big))"),
    ("", "('('):rep(1024):find('%b()')"),
    ("", "('%s'):format(big)"),
    ("", "('%q'):format(big)"),
    ("", "table.concat({big, big})"),
    ("", "table.concat({}, big)"),
    ("", "return big .. 'y'"),
    ("local other = big .. 'y'", "return big < other"),
    ("local digits = ('0'):rep(#big)", "tonumber(digits)"),
    ("local digits = ('0'):rep(#big)", "tonumber(digits, 2)"),
    ("local digits = ('0'):rep(#big)", "return digits + 1"),
    ("local digits = ('0'):rep(#big)", "math.abs(digits)"),
    ("", "loadstring('--' .. big)"),
    ("", "loadstring('return [[' .. big .. ']]')"),
    ("", "load((function() local n = 0 return function() n = n + 1 return n < 2 and big or nil end end)())"),
    ("", "cjson.encode(big)"),
    ("", "cjson.decode('\"' .. big .. '\"')"),
    ("local text = '[' .. ('1,'):rep(#big / 2) .. '1]'", "cjson.decode(text)"),
    ("", "cmsgpack.pack(big)"),
    ("local packed = cmsgpack.pack(big)", "cmsgpack.unpack(packed)"),
    ("", "cmsgpack.unpack_one(big, 9)"),
    ("", "cmsgpack.unpack_limit(big, 1, 9)"),
    ("", "struct.pack('s', big)"),
    ("", "struct.unpack('b', big, 9)"),
    ("local long = ('b'):rep(#big)", "struct.unpack(long, '')"),
    ("local long = ('b'):rep(#big)", "struct.size(long)"),
    ("", "error(big)"),
    ("", "assert(false, big)"),
    ("", "collectgarbage()"),
    ("local emptied = fill() for i = 1, #emptied do emptied[i] = nil end", "next(emptied)"),
    ("local emptied = fill() for i = 1, #emptied do emptied[i] = nil end", "for _ in pairs(emptied) do end"),
    ("local emptied = fill() for i = 1, #emptied do emptied[i] = nil end", "cjson.encode(emptied)"),
    ("local emptied = fill() for i = 1, #emptied do emptied[i] = nil end", "cmsgpack.pack(emptied)"),
    ("local list = fill()", "table.insert(list, 1, 0)"),
    ("local list = fill()", "table.remove(list, 1)"),
    ("local list = fill()", "table.maxn(list) table.foreach(list, function() end) table.sort(list)"),
];

#[test]
fn large_arguments_are_paid_for() {
    // A byte, or an entry of a list, may cost a 64th of an instruction at least.
    const LEAST: f64 = (1 << 20) as f64 / 64.0;
    let fill = "local function fill() local t = {} for i = 1, 2 ^ 20 do t[i] = i end return t end";
    for (before, call) in LARGE_CALLS {
        let source = format!(
            "local big = ('x'):rep(2 ^ 20) {fill} {before}
             local begun = os.clock() pcall(function() {call} end) print((os.clock() - begun) * 1e8)"
        );
        let outcome = lua::run(source.as_bytes(), Settings { budget: 50_000_000, ..Settings::default() });
        if outcome.failure.as_deref() == Some("Budget") {
            continue;
        }
        let paid: f64 = outcome.output.trim().parse().unwrap_or_else(|_| panic!("{call}: {outcome:?}"));
        assert!(paid >= LEAST, "{call} costs {paid}");
    }
}
