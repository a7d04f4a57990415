use crate::config::ScriptLimits;
use crate::engine::testing::{NOW, ask};
use crate::engine::{LogLevel, Output};
use crate::limits::SCRIPT_LOG_BYTES_MAX;
use crate::{Config, Engine, Millis, ReplyBuffer, Request, SessionId, SessionOptions};
use alloc::string::String;
use alloc::vec::Vec;

fn limited(max_instructions: u64) -> (Engine, SessionId) {
    let scripts = ScriptLimits { max_instructions, max_bytes: 16 << 20, ..ScriptLimits::default() };
    let mut engine = Engine::new(Config { scripts, ..Config::default() }, 1);
    let session = engine.open(NOW, SessionOptions::default());
    (engine, session)
}

fn eval(engine: &mut Engine, session: SessionId, script: &str) -> String {
    let mut reply = ReplyBuffer::default();
    engine.execute(NOW, session, &Request::new(&[b"EVAL", script.as_bytes(), b"0"]), &mut reply);
    String::from_utf8_lossy(reply.as_bytes()).into_owned()
}

#[test]
fn no_script_runs_for_ever() {
    let (mut engine, session) = limited(2_000_000);
    for script in [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "local function f() return f() end return f()",
        "while true do redis.pcall('get', 'k') end",
        "while true do string.rep('x', 1000):find('.-.-.-y') end",
        "redis.call('set', 'kept', 'v') while true do end",
    ] {
        let answer = eval(&mut engine, session, script);
        assert!(answer.starts_with("-ERR the script has run too many instructions script: "), "{script}: {answer}");
        assert_eq!(eval(&mut engine, session, "return 1"), ":1\r\n", "{script}");
    }
    assert_eq!(eval(&mut engine, session, "return redis.call('get', 'kept')"), "$1\r\nv\r\n");
}

#[test]
fn no_script_takes_all_memory() {
    let (mut engine, session) = limited(u64::MAX);
    for script in [
        "local t = {} while true do t[#t + 1] = string.rep('x', 100000) .. #t end",
        "local s = 'x' while true do s = s .. s end",
        "return string.rep('x', 1e9)",
        "local t = {} for i = 1, 1e9 do t[i] = i end",
    ] {
        let answer = eval(&mut engine, session, script);
        assert!(answer.contains("not enough memory"), "{script}: {answer}");
        assert_eq!(eval(&mut engine, session, "return 1"), ":1\r\n", "{script}");
    }
}

#[test]
fn what_a_script_writes_is_one_step() {
    let (mut engine, session) = limited(u64::MAX);
    eval(
        &mut engine,
        session,
        "redis.call('set', 'a', 1) redis.call('select', 1) redis.call('set', 'b', 2) error('x')",
    );
    let effects = core::iter::from_fn(|| engine.poll_output());
    let bytes = effects.filter_map(|output| if let Output::Effects(batch) = output { Some(batch.bytes) } else { None });
    let text = String::from_utf8_lossy(&bytes.flatten().collect::<Vec<_>>()).into_owned();
    let words: Vec<_> = text.split("\r\n").filter(|line| !line.starts_with(['*', '$']) && !line.is_empty()).collect();
    assert_eq!(words, ["MULTI", "SET", "a", "1", "SELECT", "1", "SET", "b", "2", "EXEC", "SELECT", "0"]);
    assert_eq!(engine.session(session).map(|session| session.db.0), Some(0));
}

#[test]
fn tables_without_end_have_an_answer() {
    let (mut engine, session) = limited(u64::MAX);
    let answer = eval(&mut engine, session, "local t = {} t[1] = t return t");
    assert!(answer.ends_with("-ERR reached lua stack limit\r\n"), "{}", answer.len());
}

/// An engine whose scripts make breaks, and two sessions.
fn breaking() -> (Engine, SessionId, SessionId) {
    let scripts = ScriptLimits { makes_breaks: true, ..ScriptLimits::default() };
    let mut engine = Engine::new(Config { scripts, ..Config::default() }, 1);
    let [own, other] = [1, 2].map(|_| engine.open(NOW, SessionOptions::default()));
    (engine, own, other)
}

/// Goes on until the script has come to its end; its answer, and the effects.
fn finish(engine: &mut Engine) -> (String, Vec<u8>) {
    while engine.is_busy() {
        assert_eq!(engine.poll_timeout(), Some(Millis::REPLAY));
        engine.handle_timeout(NOW);
    }
    let (mut answer, mut effects) = (String::new(), Vec::new());
    while let Some(output) = engine.poll_output() {
        match output {
            Output::Effects(batch) => effects.extend(batch.bytes),
            Output::Reply { bytes, .. } => answer += &String::from_utf8_lossy(&bytes),
            _ => {}
        }
    }
    (answer, effects)
}

#[test]
fn breaks_change_no_answer_and_no_effect() {
    const SCRIPT: &str = "redis.call('set', 'before', 1)
        local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
        local sum = 0 for i = 1, 20 do
            local ok, value = pcall(function(n) if n % 2 == 0 then error({err = 'E even'}) end return fib(20) end, i)
            sum = sum + (ok and value or #value)
        end
        local function spin(n) if n == 0 then return 'spun' end return spin(n - 1) end
        redis.call('set', 'after', sum) return {spin(300000), tostring(sum)}";
    let (mut engine, own, _) = breaking();
    let mut whole = Engine::new(Config::default(), 1);
    let session = whole.open(NOW, SessionOptions::default());
    let expected = eval(&mut whole, session, SCRIPT);
    assert_eq!(eval(&mut engine, own, SCRIPT), "");
    assert!(engine.is_busy());
    let (answer, effects) = finish(&mut engine);
    assert_eq!(answer, expected);
    assert_eq!((engine.digest(), engine.lsn()), (whole.digest(), whole.lsn()));
    assert_eq!(effects, finish(&mut whole).1);
}

#[test]
fn nobody_sees_a_script_half_done() {
    let (mut engine, own, other) = breaking();
    assert_eq!(eval(&mut engine, own, "redis.call('set', 'k', 1) while true do end"), "");
    engine.handle_timeout(NOW);
    assert!(ask(&mut engine, other, "GET k").starts_with("-BUSY "));
    assert!(ask(&mut engine, other, "SCRIPT KILL").starts_with("-UNKILLABLE "));
    assert!(engine.poll_output().is_none());
}

#[test]
fn a_killed_script_does_nothing_more() {
    let (mut engine, own, other) = breaking();
    assert_eq!(eval(&mut engine, own, "for i = 1, 1e6 do end redis.call('set', 'k', 1)"), "");
    assert_eq!(ask(&mut engine, other, "SCRIPT KILL"), "+OK\r\n");
    let (answer, effects) = finish(&mut engine);
    assert!(answer.starts_with("-ERR Script killed by user with SCRIPT KILL"), "{answer}");
    assert!(effects.is_empty());
    assert_eq!(ask(&mut engine, other, "GET k"), "$-1\r\n");
    assert!(ask(&mut engine, other, "SCRIPT KILL").starts_with("-NOTBUSY "));
}

#[test]
fn a_session_that_goes_leaves_its_script() {
    let (mut engine, own, other) = breaking();
    eval(&mut engine, own, "for i = 1, 1e6 do end redis.call('set', 'k', 1)");
    engine.handle_close(own);
    assert_eq!(finish(&mut engine).0, "");
    assert!(engine.session(own).is_none());
    assert_eq!(ask(&mut engine, other, "GET k"), "$1\r\n1\r\n");
}

/// What the host is to log.
fn logged(engine: &mut Engine) -> Vec<(LogLevel, String)> {
    let outputs = core::iter::from_fn(|| engine.poll_output());
    let lines = outputs.filter_map(|output| match output {
        Output::Log { level, text } => Some((level, String::from_utf8_lossy(&text).into_owned())),
        _ => None,
    });
    lines.collect()
}

#[test]
fn the_host_logs_what_scripts_say() {
    let (mut engine, session) = limited(u64::MAX);
    eval(&mut engine, session, "redis.log(redis.LOG_WARNING, 'a', 1.5, {}, nil, 'b') redis.log('0', '')");
    let library = "#!lua name=l\nredis.log(redis.LOG_NOTICE, 'loaded')\nredis.register_function('f', function() end)";
    let mut reply = ReplyBuffer::default();
    engine.execute(NOW, session, &Request::new(&[b"FUNCTION", b"LOAD", library.as_bytes()]), &mut reply);
    let lines = [(LogLevel::Warning, "a 1.5 b"), (LogLevel::Debug, ""), (LogLevel::Notice, "loaded")];
    assert_eq!(logged(&mut engine), lines.map(|(level, line)| (level, String::from(line))));
}

#[test]
fn what_a_script_logs_is_bounded() {
    let (mut engine, session) = limited(u64::MAX);
    eval(
        &mut engine,
        session,
        "local line = string.rep('x', 1e6) for i = 1, 1e5 do redis.log(3, line) redis.log(3, '') end",
    );
    let lines = logged(&mut engine);
    assert!(lines.iter().map(|(_, line)| line.len() + 1).sum::<usize>() <= SCRIPT_LOG_BYTES_MAX + 1, "{}", lines.len());
    assert_eq!(lines.len(), 1);
}

#[test]
fn ever_new_texts_fill_no_memory() {
    let (mut engine, session) = limited(u64::MAX);
    let loaded = "return 'loaded'";
    let hash = ask(&mut engine, session, "SCRIPT LOAD return");
    assert!(hash.starts_with("$40"), "{hash}");
    assert_eq!(eval(&mut engine, session, loaded), "$6\r\nloaded\r\n");
    let padding = "x".repeat(4000);
    for number in 0..20_000 {
        assert_eq!(
            eval(&mut engine, session, &alloc::format!("return {number} -- {padding}")),
            alloc::format!(":{number}\r\n")
        );
        if number % 100 == 0 {
            eval(&mut engine, session, loaded);
        }
    }
    let scripts = &engine.scripting.scripts;
    assert_eq!(scripts.len(), 501, "the loaded one, and those used last");
    assert!(scripts.contains(&crate::sha1::sha1(loaded.as_bytes())), "it was used between the others");
    assert_eq!(engine.stats().evicted_scripts, 20_001 - 500);
    let kept = alloc::format!("SCRIPT EXISTS {}", crate::sha1::hex(&crate::sha1::sha1(b"return")));
    assert_eq!(ask(&mut engine, session, &kept), "*1\r\n:1\r\n");
}

#[test]
fn a_script_that_is_loaded_later_stays() {
    let (mut engine, session) = limited(u64::MAX);
    eval(&mut engine, session, "return");
    eval(&mut engine, session, "return 'next'");
    ask(&mut engine, session, "SCRIPT LOAD return");
    for number in 0..500 {
        eval(&mut engine, session, &alloc::format!("return {number}"));
    }
    assert_eq!(engine.scripting.scripts.len(), 501);
    assert_eq!(engine.stats().evicted_scripts, 1);
    eval(&mut engine, session, "return 0 -- evicts 0, not the loaded one");
    let hashes = [&b"return"[..], b"return 0", b"return 1"].map(crate::sha1::sha1);
    assert_eq!(hashes.map(|hash| engine.scripting.scripts.contains(&hash)), [true, false, true]);
}

#[test]
fn big_arguments_leave_no_garbage() {
    let (mut engine, session) = limited(u64::MAX);
    for number in 0..200 {
        let word = alloc::vec![b'0' + number % 10; 1 << 20];
        let last = [number];
        let mut reply = ReplyBuffer::default();
        engine.execute(NOW, session, &Request::new(&[b"EVAL", b"return 1", b"0", &word, &last]), &mut reply);
        assert_eq!(reply.as_bytes(), b":1\r\n", "{number}");
    }
}

#[test]
fn the_clock_counts_what_a_script_has_run() {
    let (mut engine, session) = limited(u64::MAX);
    const SCRIPT: &str = "local begun = os.clock() for i = 1, 1e6 do end
        local loop = os.clock() return {tostring(begun), tostring(loop), loop > begun}";
    let first = eval(&mut engine, session, SCRIPT);
    assert_eq!(eval(&mut engine, session, SCRIPT), first, "the same whenever it runs");
    assert!(first.ends_with(":1\r\n"), "{first}");
}

#[test]
fn what_makes_no_breaks_ends_all_the_same() {
    let scripts = ScriptLimits { makes_breaks: true, max_instructions: 1_000_000, ..ScriptLimits::default() };
    let mut engine = Engine::new(Config { scripts, ..Config::default() }, 1);
    let session = engine.open(NOW, SessionOptions::default());
    for script in [
        "local t = {} for i = 1, 100 do t[i] = i end table.sort(t, function(a, b) while true do end end)",
        "return ('x'):gsub('x', function() while true do end end)",
        "table.foreach({1}, function() while true do end end)",
        "coroutine.wrap(function() while true do end end)()",
        "return setmetatable({}, {__index = function() while true do end end}).x",
        "return load(function() while true do end end)",
        "return tostring(setmetatable({}, {__tostring = function() while true do end end}))",
        "table.sort({2, 1}, function() while true do pcall(function() while true do end end) end end)",
    ] {
        let answer = eval(&mut engine, session, script);
        assert!(answer.starts_with("-ERR the script has run too many instructions"), "{script}: {answer}");
        assert!(!engine.is_busy(), "{script}");
    }
    assert_eq!(ask(&mut engine, session, "MULTI"), "+OK\r\n");
    assert_eq!(eval(&mut engine, session, "redis.call('set', 'kept', 1) while true do end"), "+QUEUED\r\n");
    let answer = ask(&mut engine, session, "EXEC");
    assert!(answer.starts_with("*1\r\n-ERR the script has run too many instructions"), "{answer}");
    assert_eq!(ask(&mut engine, session, "GET kept"), "$1\r\n1\r\n");
}

#[test]
fn the_host_is_asked_behind_long_work_of_the_library() {
    let (mut engine, own, other) = breaking();
    // Each call is longer than the time between two questions.
    let script = "local text = string.rep('x', 4e6) while true do text:find('y') text:upper() text:rep(1) end";
    assert_eq!(eval(&mut engine, own, script), "");
    assert_eq!(ask(&mut engine, other, "SCRIPT KILL"), "+OK\r\n");
    assert!(finish(&mut engine).0.starts_with("-ERR Script killed by user"));
}

#[test]
fn what_a_script_asks_of_the_store_is_paid_for() {
    let (mut engine, session) = limited(100_000);
    eval(&mut engine, session, "redis.call('setrange', 'big', 1e6, 'x')");
    for call in
        ["redis.call('get', 'big')", "redis.sha1hex(big)", "redis.call('echo', big)", "redis.call('exists', 'none')"]
    {
        let script = alloc::format!("local big = redis.call('get', 'big') while true do {call} end");
        let answer = eval(&mut engine, session, &script);
        assert!(answer.contains("too many instructions") || answer.contains("not enough memory"), "{call}: {answer}");
    }
}
