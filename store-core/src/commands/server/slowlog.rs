//! `SLOWLOG`: the requests that took long.

use crate::args::Args;
use crate::commands::command::help;
use crate::engine::{Caller, SlowRequest};
use crate::error::Error;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Flag, Group, Shape};

const ADMINISTRATION: &[Flag] = &[Flag::Admin, Flag::Loading, Flag::Stale];
const SINCE: &str = "2.2.12";
/// How many requests are shown unless told otherwise.
const COUNT_DEFAULT: usize = 10;
const COUNT: Error = Error::message(&"ERR count should be greater than or equal to -1");

const ENTRY: Shape = Shape::Tuple(&[
    Shape::Integer,
    Shape::Integer,
    Shape::Integer,
    Shape::Array(&Shape::Bulk),
    Shape::Bulk,
    Shape::Bulk,
]);

pub(super) const SLOWLOG: Command =
    Command::new("SLOWLOG", Group::Server, SINCE).about("Holds the commands about requests that took long.", "");

pub(super) const GET: Command = Command::new("SLOWLOG GET", Group::Server, SINCE)
    .about(
        "Shows the latest requests that took long: number, time, microseconds, words, address and name of the client.",
        "O(N) for N requests",
    )
    .flags(ADMINISTRATION)
    .syntax(&[Arg::integer("count").optional()])
    .tips(&["request_policy:all_nodes", "nondeterministic_output"])
    .reply(Shape::Array(&ENTRY))
    .session(get);

fn get(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let count = match args.rest() {
        [] => COUNT_DEFAULT,
        [word] => match number::parse_i64(word) {
            Some(-1) => usize::MAX,
            count => count.and_then(number::count_of).ok_or(COUNT)?,
        },
        _ => return Err(help::wrong_usage(args)),
    };
    let requests = caller.engine.durations.slowlog.requests();
    reply.array(requests.len().min(count));
    requests.take(count).for_each(|request| write(request, reply));
    Ok(())
}

fn write(request: &SlowRequest, reply: &mut ReplyBuffer) {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    reply.array(6);
    reply.integer(number(request.id));
    reply.integer(request.time.0.div_euclid(1000));
    reply.integer(number(request.micros));
    reply.array(request.words.len());
    request.words.iter().for_each(|word| reply.bulk(word));
    reply.bulk(request.address.as_bytes());
    reply.bulk(request.name.as_bytes());
}

pub(super) const LEN: Command = Command::new("SLOWLOG LEN", Group::Server, SINCE)
    .about("Gives how many slow requests are remembered.", "O(1)")
    .flags(ADMINISTRATION)
    .tips(&["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"])
    .reply(Shape::Integer)
    .session(len);

fn len(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.count(caller.engine.durations.slowlog.requests().len());
    Ok(())
}

pub(super) const RESET: Command = Command::new("SLOWLOG RESET", Group::Server, SINCE)
    .about("Forgets the slow requests.", "O(N) for N requests")
    .flags(ADMINISTRATION)
    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
    .reply(Shape::Ok)
    .session(reset);

fn reset(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    caller.engine.durations.slowlog.clear();
    reply.ok();
    Ok(())
}

pub(super) const HELP: Command = Command::new("SLOWLOG HELP", Group::Server, "6.2.0")
    .about("Explains the subcommands.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale])
    .reply(Shape::Array(&Shape::Status))
    .session(|_, _, reply| help::write(reply, "SLOWLOG"));
