//! `WAIT` and `WAITAOF`: where what was written so far is. There are no replicas, so nobody waits for one.

use crate::args::Args;
use crate::engine::{Caller, LogWait};
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Flag, Group, Shape};

pub(super) const WAIT: Command = Command::new("WAIT", Group::Generic, "3.0.0")
    .about("Gives the number of replicas that have what was written so far: 0.", "O(1)")
    .flags(&[Flag::NoScript])
    .syntax(&[Arg::integer("numreplicas"), Arg::integer("timeout")])
    .tips(&["request_policy:all_shards", "response_policy:agg_min"])
    .override_group_category(&["connection"])
    .reply(Shape::Integer)
    .session(wait);

fn wait(_: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    args.integer()?;
    parse_timeout(args)?;
    reply.integer(0);
    Ok(())
}

pub(super) const WAITAOF: Command = Command::new("WAITAOF", Group::Generic, "7.2.0")
    .about("Gives whether the server's log, and the logs of how many replicas, have what was written so far.", "O(1)")
    .flags(&[Flag::NoScript])
    .syntax(&[Arg::integer("numlocal"), Arg::integer("numreplicas"), Arg::integer("timeout")])
    .tips(&["request_policy:all_shards", "response_policy:agg_min"])
    .override_group_category(&["connection"])
    .reply(Shape::Tuple(&[Shape::Integer, Shape::Integer]))
    .session(waitaof);

fn waitaof(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let local = args.integer_within(0, 1, Error::message(&"ERR value is out of range, must be between 0 and 1"))?;
    args.integer_within(0, i64::MAX, Error::NotPositive)?;
    let timeout = parse_timeout(args)?;
    let config = &caller.engine.config;
    let has_log = config.host_parameter("appendonly") == Some("yes");
    if local > 0 && !has_log {
        return Err(Error::message(&"ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."));
    }
    // An answer is held back until what it saw is in the log, if the log is written through at all.
    let is_through = config.host_parameter("appendfsync") == Some("always");
    let lsn = caller.engine.effects.last();
    if has_log && (is_through || caller.engine.synced >= lsn) {
        is_in_log(reply);
    } else if local == 0 || caller.in_transaction {
        is_in_memory(reply);
    } else {
        let wait = LogWait {
            lsn,
            timeout_ms: Some(timeout).filter(|timeout| *timeout > 0),
            on_synced: is_in_log,
            on_timeout: is_in_memory,
        };
        caller.engine.block_for_log(caller.now, caller.id, &WAITAOF, wait);
    }
    Ok(())
}

fn is_in_log(reply: &mut ReplyBuffer) {
    answer(reply, true);
}

fn is_in_memory(reply: &mut ReplyBuffer) {
    answer(reply, false);
}

/// Whether it is in the own log, and in those of how many replicas.
fn answer(reply: &mut ReplyBuffer, is_in_log: bool) {
    reply.array(2);
    reply.flag(is_in_log);
    reply.integer(0);
}

fn parse_timeout(args: &mut Args<'_>) -> Result<i64, Error> {
    let timeout = args.integer().map_err(|_| Error::TimeoutNotAnInteger)?;
    if timeout < 0 { Err(Error::TimeoutNegative) } else { Ok(timeout) }
}

#[cfg(test)]
mod tests {
    use crate::effects::Lsn;
    use crate::engine::testing::{NOW, ask};
    use crate::engine::{Engine, Output};
    use crate::{Config, SessionOptions};
    use alloc::vec::Vec;

    const IN_LOG: &[u8] = b"*2\r\n:1\r\n:0\r\n";
    const IN_MEMORY: &[u8] = b"*2\r\n:0\r\n:0\r\n";

    /// An engine whose log is synced behind the answers.
    fn engine() -> Engine {
        let host = [("appendonly".into(), "yes".into()), ("appendfsync".into(), "everysec".into())].into();
        Engine::new(Config { host, record_effects: true, ..Config::default() }, 1)
    }

    fn late_replies(engine: &mut Engine) -> Vec<Vec<u8>> {
        let outputs = core::iter::from_fn(|| engine.poll_output());
        outputs.filter_map(|output| if let Output::Reply { bytes, .. } = output { Some(bytes) } else { None }).collect()
    }

    #[test]
    fn waitaof_is_answered_when_the_log_is_on_the_disk() {
        let mut engine = engine();
        let session = engine.open(NOW, SessionOptions::default());
        assert_eq!(ask(&mut engine, session, "WAITAOF 1 0 0").as_bytes(), IN_LOG, "nothing was written yet");
        ask(&mut engine, session, "SET a 1");
        ask(&mut engine, session, "SET b 2");
        assert_eq!(ask(&mut engine, session, "WAITAOF 0 0 0").as_bytes(), IN_MEMORY);
        assert_eq!(ask(&mut engine, session, "WAITAOF 1 0 0"), "");
        engine.note_synced(Lsn(1));
        assert!(late_replies(&mut engine).is_empty(), "of two effects one is missing");
        engine.note_synced(Lsn(2));
        assert_eq!(late_replies(&mut engine), [IN_LOG]);
        assert_eq!(ask(&mut engine, session, "WAITAOF 1 0 0").as_bytes(), IN_LOG);
    }

    #[test]
    fn waitaof_ends_with_its_time_and_does_not_hold_up_a_transaction() {
        let mut engine = engine();
        let session = engine.open(NOW, SessionOptions::default());
        ask(&mut engine, session, "SET a 1");
        assert_eq!(ask(&mut engine, session, "WAITAOF 1 0 50"), "");
        engine.handle_timeout(NOW.after(49));
        assert!(late_replies(&mut engine).is_empty());
        engine.handle_timeout(NOW.after(50));
        assert_eq!(late_replies(&mut engine), [IN_MEMORY]);
        ask(&mut engine, session, "MULTI");
        ask(&mut engine, session, "WAITAOF 1 0 0");
        assert_eq!(ask(&mut engine, session, "EXEC").as_bytes(), [b"*1\r\n", IN_MEMORY].concat());
    }
}
