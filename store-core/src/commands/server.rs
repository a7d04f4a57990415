//! The commands that concern the server as a whole.

mod config;
mod debug;
mod flush;
mod info;
mod latency;
mod lolwut;
mod memory;
mod save;
mod sections;
mod slowlog;

use super::command::help;
use crate::args::Args;
use crate::engine::{Caller, HostRequest, Output};
use crate::error::Error;
use crate::keyspace::Reader;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Flag, Group, Shape};

pub(super) const COMMANDS: &[Command] = &[
    save::BGREWRITEAOF,
    save::BGSAVE,
    config::CONFIG,
    config::GET,
    config::HELP,
    config::RESETSTAT,
    config::REWRITE,
    config::SET,
    DBSIZE,
    debug::DEBUG,
    flush::FLUSHALL,
    flush::FLUSHDB,
    info::INFO,
    save::LASTSAVE,
    latency::LATENCY,
    latency::DOCTOR,
    latency::GRAPH,
    latency::HELP,
    latency::HISTOGRAM,
    latency::HISTORY,
    latency::LATEST,
    latency::RESET,
    lolwut::LOLWUT,
    memory::MEMORY,
    memory::DOCTOR,
    memory::HELP,
    memory::MALLOC_STATS,
    memory::PURGE,
    memory::STATS,
    memory::USAGE,
    MODULE,
    MODULE_HELP,
    MODULE_LIST,
    MONITOR,
    ROLE,
    save::SAVE,
    SHUTDOWN,
    slowlog::SLOWLOG,
    slowlog::GET,
    slowlog::HELP,
    slowlog::LEN,
    slowlog::RESET,
    flush::SWAPDB,
    TIME,
];

const DBSIZE: Command = Command::new("DBSIZE", Group::Server, "1.0.0")
    .about("Gives the number of keys of the database.", "O(1)")
    .flags(&[Flag::Fast])
    .tips(&["request_policy:all_shards", "response_policy:agg_sum"])
    .override_group_category(&["keyspace"])
    .reply(Shape::Integer)
    .read(dbsize);

fn dbsize(reader: &Reader<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.count(reader.database().len());
    Ok(())
}

const TIME: Command = Command::new("TIME", Group::Server, "2.6.0")
    .about("Gives the server's time: seconds since 1970, and the microseconds of the second.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale, Flag::Fast])
    .tips(&["nondeterministic_output"])
    .reply(Shape::Tuple(&[Shape::Bulk, Shape::Bulk]))
    .session(time);

fn time(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (seconds, microseconds) = (caller.now.0.div_euclid(1000), caller.now.0.rem_euclid(1000) * 1000);
    // For keys time stands still while a script runs. Here it goes on, for scripts that wait until it is so late.
    #[cfg(feature = "scripting")]
    let (seconds, microseconds) = {
        let microseconds = microseconds.saturating_add_unsigned(caller.engine.scripting.run_nanoseconds() / 1000);
        (seconds + microseconds / 1_000_000, microseconds % 1_000_000)
    };
    reply.array(2);
    reply.bulk_integer(seconds);
    reply.bulk_integer(microseconds);
    Ok(())
}

const MONITOR: Command = Command::new("MONITOR", Group::Server, "1.0.0")
    .about("Shows every command that the server runs from now on.", "")
    .flags(&[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale, Flag::Stateful])
    .reply(Shape::Ok)
    .session(monitor);

fn monitor(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    if caller.in_transaction {
        return Err(Error::message(&"ERR MONITOR isn't allowed for DENY BLOCKING client"));
    }
    caller.engine.start_monitoring(caller.id);
    reply.ok();
    Ok(())
}

const ROLE: Command = Command::new("ROLE", Group::Server, "2.8.12")
    .about("Tells the store's part in replication: a primary, how much it has written, and its replicas, of which it has none.", "O(1)")
    .flags(&[Flag::NoScript, Flag::Loading, Flag::Stale, Flag::Fast])
    .extra_categories(&["admin", "dangerous"])
    .reply(Shape::Tuple(&[Shape::Bulk, Shape::Integer, Shape::Array(&Shape::Any)]))
    .session(role);

fn role(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.array(3);
    reply.bulk(b"master");
    reply.integer(i64::try_from(caller.engine.effects.last().0).unwrap_or(i64::MAX));
    reply.array(0);
    Ok(())
}

const MODULE: Command = Command::new("MODULE", Group::Server, "4.0.0")
    .about("Holds the commands about modules. There are none, and none can be loaded.", "Depends on subcommand.");

const MODULE_LIST: Command = Command::new("MODULE LIST", Group::Server, "4.0.0")
    .about("Lists the modules: none.", "O(1)")
    .flags(&[Flag::Admin, Flag::NoScript])
    .tips(&["nondeterministic_output_order"])
    .reply(Shape::Array(&Shape::Any))
    .session(|_, _, reply| {
        reply.array(0);
        Ok(())
    });

const MODULE_HELP: Command = Command::new("MODULE HELP", Group::Server, "5.0.0")
    .about("Explains the subcommands.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale])
    .reply(Shape::Array(&Shape::Status))
    .session(|_, _, reply| help::write(reply, "MODULE"));

const SHUTDOWN: Command = Command::new("SHUTDOWN", Group::Server, "1.0.0")
    .about("Stops the server. What was written is kept as the server's durability promises, whatever the options.", "")
    .flags(&[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale, Flag::NoMulti, Flag::AllowBusy])
    .syntax(&[
        Arg::one_of("save-selector", &[Arg::flag("nosave", "NOSAVE"), Arg::flag("save", "SAVE")]).optional(),
        Arg::flag("now", "NOW").optional(),
        Arg::flag("force", "FORCE").optional(),
        Arg::flag("abort", "ABORT").optional(),
    ])
    .reply(Shape::Ok)
    .session(shutdown);

/// Gives no answer: the connection ends.
fn shutdown(caller: &mut Caller<'_>, args: &mut Args<'_>, _: &mut ReplyBuffer) -> Result<(), Error> {
    if args.remaining() == 1 && args.keyword("ABORT") {
        return Err(Error::message(&"ERR No shutdown in progress."));
    }
    let (mut save, mut nosave) = (false, false);
    while !args.is_empty() {
        if args.keyword("SAVE") {
            save = true;
        } else if args.keyword("NOSAVE") {
            nosave = true;
        } else if !args.keyword("NOW") && !args.keyword("FORCE") {
            return Err(Error::Syntax);
        }
    }
    if save && nosave {
        return Err(Error::Syntax);
    }
    if !nosave {
        caller.engine.check_idle()?;
    }
    caller.engine.emit(Output::Host(HostRequest::Shutdown));
    caller.session_mut().closing = true;
    Ok(())
}
