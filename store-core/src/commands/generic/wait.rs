//! `WAIT` and `WAITAOF`: who else has what this connection wrote. There are no replicas, so nothing is waited for.

use crate::args::Args;
use crate::engine::Caller;
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
    parse_timeout(args)?;
    let config = &caller.engine.config;
    if local > 0 && config.host_parameter("appendonly") != Some("yes") {
        return Err(Error::message(&"ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."));
    }
    reply.array(2);
    // An answer is held back until what it saw is in the log, if the log is written through at all.
    reply.flag(config.host_parameter("appendfsync") == Some("always"));
    reply.integer(0);
    Ok(())
}

fn parse_timeout(args: &mut Args<'_>) -> Result<(), Error> {
    let timeout = args.integer().map_err(|_| Error::TimeoutNotAnInteger)?;
    if timeout < 0 { Err(Error::TimeoutNegative) } else { Ok(()) }
}
