use crate::config::ScriptLimits;
use crate::engine::Output;
use crate::{Config, Engine, Millis, ReplyBuffer, Request, SessionId, SessionOptions};
use alloc::string::String;
use alloc::vec::Vec;

const NOW: Millis = Millis(1);

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
