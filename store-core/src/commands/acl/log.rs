//! `ACL LOG`: what was denied.

use super::ADMINISTRATION;
use crate::acl::LogEntry;
use crate::args::Args;
use crate::clock::Millis;
use crate::engine::Caller;
use crate::error::Error;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Group, Shape};

const ENTRIES_DEFAULT: usize = 10;

pub(super) const LOG: Command = Command::new("ACL LOG", Group::Server, "6.0.0")
    .about("Shows what was denied lately, or forgets it.", "O(N) for N entries")
    .flags(ADMINISTRATION)
    .syntax(&[Arg::one_of("operation", &[Arg::integer("count"), Arg::flag("reset", "RESET")]).optional()])
    .reply(Shape::OneOf(&[Shape::Array(&Shape::Map(&Shape::Bulk, &Shape::Any)), Shape::Ok]))
    .session(log);

fn log(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let mut count = ENTRIES_DEFAULT;
    if args.keyword("RESET") {
        super::help::refuse_more(args)?;
        caller.engine.acl.log.clear();
        reply.ok();
        return Ok(());
    }
    if !args.is_empty() {
        count = number::count_of(args.integer()?.max(0)).unwrap_or(usize::MAX);
        super::help::refuse_more(args)?;
    }
    let entries = caller.engine.acl.log.entries();
    reply.array(entries.len().min(count));
    entries.take(count).for_each(|entry| write_entry(caller.now, entry, reply));
    Ok(())
}

fn write_entry(now: Millis, entry: &LogEntry, reply: &mut ReplyBuffer) {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    reply.map(10);
    reply.bulk(b"count");
    reply.integer(number(entry.count));
    let texts: [(&str, &[u8]); 4] = [
        ("reason", entry.subject.name().as_bytes()),
        ("context", entry.context.name().as_bytes()),
        ("object", &entry.object),
        ("username", &entry.user),
    ];
    for (name, text) in texts {
        reply.bulk(name.as_bytes());
        reply.bulk(text);
    }
    reply.bulk(b"age-seconds");
    reply.double(now.0.saturating_sub(entry.updated.0) as f64 / 1000.0);
    reply.bulk(b"client-info");
    reply.bulk(entry.client.trim_end().as_bytes());
    let numbers = [
        ("entry-id", number(entry.id)),
        ("timestamp-created", entry.created.0),
        ("timestamp-last-updated", entry.updated.0),
    ];
    for (name, value) in numbers {
        reply.bulk(name.as_bytes());
        reply.integer(value);
    }
}
