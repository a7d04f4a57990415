//! Whole databases: emptying them and exchanging two.

use crate::args::Args;
use crate::engine::Caller;
use crate::error::Error;
use crate::keyspace::DbIndex;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Flag, Group, Shape};

const MODE: &[Arg] = &[Arg::one_of("flush-type", &[Arg::flag("async", "ASYNC"), Arg::flag("sync", "SYNC")]).optional()];
const ALL_SHARDS: &[&str] = &["request_policy:all_shards", "response_policy:all_succeeded"];

pub(super) const FLUSHDB: Command = Command::new("FLUSHDB", Group::Server, "1.0.0")
    .about("Removes every key of the database.", "O(N) for N keys")
    .flags(&[Flag::Write])
    .syntax(MODE)
    .tips(ALL_SHARDS)
    .override_group_category(&["keyspace", "dangerous"])
    .reply(Shape::Ok)
    .session(flushdb);

fn flushdb(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    check_mode(args)?;
    let db = caller.session().db;
    if caller.engine.empty_database(caller.now, db) {
        caller.engine.effects.replicate(db, &[b"FLUSHDB"]);
    }
    caller.engine.invalidate_all();
    reply.ok();
    Ok(())
}

pub(super) const FLUSHALL: Command = Command::new("FLUSHALL", Group::Server, "1.0.0")
    .about("Removes every key of every database.", "O(N) for N keys")
    .flags(&[Flag::Write])
    .syntax(MODE)
    .tips(ALL_SHARDS)
    .override_group_category(&["keyspace", "dangerous"])
    .reply(Shape::Ok)
    .session(flushall);

fn flushall(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    check_mode(args)?;
    let mut emptied = 0;
    for db in (0..caller.engine.keyspace.database_count()).map(DbIndex) {
        emptied += usize::from(caller.engine.empty_database(caller.now, db));
    }
    if emptied > 0 {
        caller.engine.effects.replicate(DbIndex(0), &[b"FLUSHALL"]);
    }
    caller.engine.invalidate_all();
    reply.ok();
    Ok(())
}

/// Both ways are the same here.
fn check_mode(args: &mut Args<'_>) -> Result<(), Error> {
    if args.is_empty() || args.keyword("ASYNC") || args.keyword("SYNC") {
        return args.end();
    }
    Err(Error::Syntax)
}

pub(super) const SWAPDB: Command = Command::new("SWAPDB", Group::Server, "4.0.0")
    .about("Exchanges two databases: every connection sees the other's keys.", "O(N) for N watched keys")
    .flags(&[Flag::Write, Flag::Fast])
    .syntax(&[Arg::integer("index1"), Arg::integer("index2")])
    .override_group_category(&["keyspace", "dangerous"])
    .reply(Shape::Ok)
    .session(swapdb);

fn swapdb(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let parse = |word: &[u8], error| number::parse_i64(word).and_then(|n| i32::try_from(n).ok()).ok_or(error);
    let one = parse(args.word()?, Error::InvalidFirstDbIndex)?;
    let other = parse(args.word()?, Error::InvalidSecondDbIndex)?;
    let index = |number: i32| caller.engine.keyspace.database_index(number.into()).ok_or(Error::DbIndexOutOfRange);
    let (one, other) = (index(one)?, index(other)?);
    let empty = |db| caller.engine.keyspace.database(db).is_empty();
    if one != other && !(empty(one) && empty(other)) {
        caller.engine.swap_databases(caller.now, one, other);
        let mut digits = [itoa::Buffer::new(), itoa::Buffer::new()];
        let [first, second] = &mut digits;
        let words: [&[u8]; 3] = [b"SWAPDB", first.format(one.0).as_bytes(), second.format(other.0).as_bytes()];
        caller.engine.effects.replicate(DbIndex(0), &words);
    }
    reply.ok();
    Ok(())
}
