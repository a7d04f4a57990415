//! `LATENCY`: what took too long lately, and how long each command takes.

use crate::args::Args;
use crate::commands::command::help;
use crate::engine::{Caller, Event, Histogram};
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Flag, Group, Shape};
use alloc::format;
use alloc::string::String;
use core::fmt::Write;

const ADMINISTRATION: &[Flag] = &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale];
const TIPS: &[&str] = &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"];
const SINCE: &str = "2.8.13";
const EVENT: &[Arg] = &[Arg::string("event")];
/// The longest bar of a graph.
const BAR_LEN: u64 = 60;

pub(super) const LATENCY: Command =
    Command::new("LATENCY", Group::Server, SINCE).about("Holds the commands about how long requests take.", "");

pub(super) const HISTOGRAM: Command = Command::new("LATENCY HISTOGRAM", Group::Server, "7.0.0")
    .about("Tells how often commands took how long, where latency-tracking measures them.", "O(N) for N commands")
    .flags(ADMINISTRATION)
    .syntax(&[Arg::string("command").optional().multiple()])
    .tips(TIPS)
    .reply(Shape::Map(&Shape::Bulk, &Shape::Map(&Shape::Bulk, &Shape::Any)))
    .session(histogram);

fn histogram(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let is_wanted = |command: &Command| {
        let is_named = |name: &&[u8]| {
            let is = |known: &str| known.as_bytes().eq_ignore_ascii_case(name);
            is(&command.full_name()) || command.container().is_some_and(is)
        };
        args.is_empty() || args.rest().iter().any(is_named)
    };
    let (map, mut count) = (reply.begin(), 0);
    for (command, durations) in caller.engine.commands.measured().filter(|(command, _)| is_wanted(command)) {
        reply.bulk(command.full_name().as_bytes());
        write_histogram(durations, reply);
        count += 1;
    }
    reply.end_map(map, count);
    Ok(())
}

fn write_histogram(durations: &Histogram, reply: &mut ReplyBuffer) {
    reply.map(2);
    reply.bulk(b"calls");
    reply.integer(integer(durations.len()));
    reply.bulk(b"histogram_usec");
    reply.map(durations.cumulative().count());
    for (micros, count) in durations.cumulative() {
        reply.integer(integer(micros));
        reply.integer(integer(count));
    }
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) const HISTORY: Command = Command::new("LATENCY HISTORY", Group::Server, SINCE)
    .about("Gives the times at which an event took too long, and how many milliseconds.", "O(1)")
    .flags(ADMINISTRATION)
    .syntax(EVENT)
    .tips(TIPS)
    .reply(Shape::Array(&Shape::Tuple(&[Shape::Integer, Shape::Integer])))
    .session(history);

fn history(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let event = caller.engine.durations.monitor.event(args.word()?);
    reply.array(event.map_or(0, |event| event.samples.len()));
    for (second, millis) in event.iter().flat_map(|event| &event.samples) {
        reply.array(2);
        reply.integer(*second);
        reply.integer(integer(*millis));
    }
    Ok(())
}

pub(super) const LATEST: Command = Command::new("LATENCY LATEST", Group::Server, SINCE)
    .about("Gives for each event when it last took too long, how long then, and how long at most.", "O(1)")
    .flags(ADMINISTRATION)
    .tips(TIPS)
    .reply(Shape::Array(&Shape::Tuple(&[Shape::Bulk, Shape::Integer, Shape::Integer, Shape::Integer])))
    .session(latest);

fn latest(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let events = caller.engine.durations.monitor.events();
    reply.array(events.len());
    for event in events {
        let (second, millis) = event.samples.back().copied().unwrap_or_default();
        reply.array(4);
        reply.bulk(event.name.as_bytes());
        reply.integer(second);
        reply.integer(integer(millis));
        reply.integer(integer(event.longest_ms));
    }
    Ok(())
}

pub(super) const RESET: Command = Command::new("LATENCY RESET", Group::Server, SINCE)
    .about("Forgets some events, or all.", "O(N) for N events")
    .flags(ADMINISTRATION)
    .syntax(&[Arg::string("event").optional().multiple()])
    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
    .reply(Shape::Integer)
    .session(reset);

fn reset(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.count(caller.engine.durations.monitor.forget(args.rest()));
    Ok(())
}

pub(super) const GRAPH: Command = Command::new("LATENCY GRAPH", Group::Server, SINCE)
    .about("Draws when an event took too long, and how long.", "O(1)")
    .flags(ADMINISTRATION)
    .syntax(EVENT)
    .tips(TIPS)
    .reply(Shape::Bulk)
    .session(graph);

fn graph(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let name = args.word()?;
    let Some(event) = caller.engine.durations.monitor.event(name) else {
        let name = String::from_utf8_lossy(name);
        return Err(Error::detail(format!("ERR No samples available for event '{name}'")));
    };
    reply.verbatim(draw(event, caller.now.0.div_euclid(1000)).as_bytes());
    Ok(())
}

/// A line for each sample, with a bar as long as it took.
fn draw(event: &Event, now_seconds: i64) -> String {
    let millis = || event.samples.iter().map(|(_, millis)| *millis);
    let (low, high) = (millis().min().unwrap_or_default(), millis().max().unwrap_or_default());
    let longest = event.longest_ms;
    let mut text = format!("{} - high {high} ms, low {low} ms (all time high {longest} ms)\n", event.name);
    for (second, millis) in &event.samples {
        let len = (millis * BAR_LEN).div_ceil(high.max(1));
        let bar = "#".repeat(usize::try_from(len).unwrap_or_default());
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{:>8}s ago {bar} {millis} ms", now_seconds.saturating_sub(*second));
    }
    text
}

pub(super) const DOCTOR: Command = Command::new("LATENCY DOCTOR", Group::Server, SINCE)
    .about("Tells people what took too long lately.", "O(1)")
    .flags(ADMINISTRATION)
    .tips(TIPS)
    .reply(Shape::Bulk)
    .session(doctor);

fn doctor(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let events = caller.engine.durations.monitor.events();
    let mut text = String::new();
    for event in events {
        let (count, sum) = (event.samples.len() as u64, event.samples.iter().map(|(_, millis)| millis).sum::<u64>());
        let (name, mean, longest) = (event.name, sum / count.max(1), event.longest_ms);
        let _ = writeln!(text, "{name}: {count} times too long, {mean} ms on average, {longest} ms at most.");
    }
    if caller.engine.config.timing.monitor_ms == 0 {
        text.push_str("Nothing is monitored: CONFIG SET latency-monitor-threshold <milliseconds> begins with it.\n");
    } else if events.is_empty() {
        text.push_str("Nothing took too long.\n");
    } else {
        text.push_str("SLOWLOG GET shows which requests took long.\n");
    }
    reply.verbatim(text.as_bytes());
    Ok(())
}

pub(super) const HELP: Command = Command::new("LATENCY HELP", Group::Server, SINCE)
    .about("Explains the subcommands.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale])
    .reply(Shape::Array(&Shape::Status))
    .session(|_, _, reply| help::write(reply, "LATENCY"));
