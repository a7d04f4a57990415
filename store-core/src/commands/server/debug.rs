//! `DEBUG`: what test suites ask of a store. Nothing in it ends the process, stops others or leaves the store in a state
//! that requests could not have made, so it is allowed to local connections unless `enable-debug-command` says otherwise.

mod populate;
mod protocol;

use crate::args::Args;
use crate::commands::command::help;
use crate::config::DebugPermission;
use crate::engine::{Caller, HostRequest, Output, Purpose, SessionKind};
use crate::error::Error;
use crate::keyspace::Signature;
use crate::number;
use crate::rdb;
use crate::reply::ReplyBuffer;
use crate::sha1;
use crate::spec::{Arg, Command, Flag, Group, Shape};
use crate::values::Value;
use alloc::format;
use alloc::string::String;

const NOT_ALLOWED: Error = Error::message(
    &"ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.",
);
const RELOAD_OPTIONS: Error = Error::message(&"ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
const NOT_LOADED: Error = Error::message(&"ERR Error trying to load the RDB dump, check server logs.");
const THRESHOLD: Error = Error::message(&"ERR argument must be a memory value bigger than 1 and smaller than 4gb");

pub(super) const DEBUG: Command = Command::new("DEBUG", Group::Server, "1.0.0")
    .about("Shows and does what tests of a store need; DEBUG HELP tells more.", "Depends on the subcommand.")
    .flags(&[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale])
    .syntax(&[Arg::string("subcommand"), Arg::string("argument").optional().multiple()])
    .reply(Shape::Any)
    .session(debug);

/// A subcommand: its name, its arguments for people, the fewest and the most of them, what it does, its handler.
struct Subcommand {
    name: &'static str,
    arguments: &'static str,
    count: (usize, usize),
    about: &'static str,
    run: fn(&mut Caller<'_>, &mut Args<'_>, &mut ReplyBuffer) -> Result<(), Error>,
}

const SUBCOMMANDS: &[Subcommand] = &[
    Subcommand {
        name: "CHANGE-REPL-ID",
        arguments: "",
        count: (0, 0),
        about: "Does nothing: there is no such ID.",
        run: |_, _, reply| ok(reply),
    },
    Subcommand { name: "DIGEST", arguments: "", count: (0, 0), about: "Gives a hash of all data.", run: digest },
    Subcommand {
        name: "DIGEST-VALUE",
        arguments: "<key> [<key> ...]",
        count: (0, usize::MAX),
        about: "Gives a hash of the value of each key.",
        run: digest_value,
    },
    Subcommand {
        name: "ERROR",
        arguments: "<message>",
        count: (1, 1),
        about: "Answers with an error of this text.",
        run: error,
    },
    Subcommand {
        name: "HTSTATS",
        arguments: "<dbid> [full]",
        count: (1, 2),
        about: "Tells how many entries the tables of a database have.",
        run: htstats,
    },
    Subcommand {
        name: "HTSTATS-KEY",
        arguments: "<key> [full]",
        count: (1, 2),
        about: "Tells how many entries the table of a key's value has.",
        run: htstats_key,
    },
    Subcommand {
        name: "LISTPACK",
        arguments: "<key>",
        count: (1, 1),
        about: "Says whether a key's value is a listpack.",
        run: listpack,
    },
    Subcommand {
        name: "LOADAOF",
        arguments: "",
        count: (0, 0),
        about: "Builds all data anew from what would be logged.",
        run: |caller, _, reply| rebuild(caller, reply),
    },
    Subcommand {
        name: "OBJECT",
        arguments: "<key>",
        count: (1, 2),
        about: "Tells how a key's value is stored.",
        run: object,
    },
    Subcommand {
        name: "POPULATE",
        arguments: "<count> [<prefix>] [<size>]",
        count: (1, 3),
        about: "Makes keys `prefix:0` to `prefix:<count - 1>` where there are none yet.",
        run: populate::run,
    },
    Subcommand {
        name: "PROTOCOL",
        arguments: "<type>",
        count: (1, 1),
        about: "Answers with a value of a type of the protocol.",
        run: protocol::run,
    },
    Subcommand {
        name: "QUICKLIST-PACKED-THRESHOLD",
        arguments: "<size>",
        count: (1, 1),
        about: "Does nothing: large elements of lists are stored as others are.",
        run: packed_threshold,
    },
    Subcommand {
        name: "RELOAD",
        arguments: "[option ...]",
        count: (0, usize::MAX),
        about: "Builds all data anew from a snapshot.",
        run: reload,
    },
    Subcommand {
        name: "SET-ACTIVE-EXPIRE",
        arguments: "<0|1>",
        count: (1, 1),
        about: "Lets what has expired stay until something is written in its place, or removes it in time.",
        run: set_active_expire,
    },
    Subcommand {
        name: "SLEEP",
        arguments: "<seconds>",
        count: (1, 1),
        about: "Stops the whole server for so long, with parts of a second; in a page, not at all.",
        run: sleep,
    },
    Subcommand {
        name: "STRINGMATCH-LEN",
        arguments: "<length> <pattern>",
        count: (2, 2),
        about: "Matches a pattern with so many letters `a`.",
        run: stringmatch_len,
    },
];

fn debug(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    if !is_allowed(caller) {
        return Err(NOT_ALLOWED);
    }
    let name = args.word()?;
    if name.eq_ignore_ascii_case(b"HELP") && args.is_empty() {
        write_help(reply);
        return Ok(());
    }
    let found = SUBCOMMANDS.iter().find(|subcommand| subcommand.name.as_bytes().eq_ignore_ascii_case(name));
    match found.filter(|found| (found.count.0..=found.count.1).contains(&args.remaining())) {
        Some(found) => (found.run)(caller, args, reply),
        None => Err(help::wrong_usage(args)),
    }
}

fn is_allowed(caller: &Caller<'_>) -> bool {
    let options = &caller.session().options;
    let is_local = options.kind == SessionKind::Local
        || options.address.is_empty()
        || ["127.", "[::1]", "/"].iter().any(|start| options.address.starts_with(start));
    match caller.engine.config.debug_permission {
        DebugPermission::No => false,
        DebugPermission::Local => is_local,
        DebugPermission::Yes => true,
    }
}

fn write_help(reply: &mut ReplyBuffer) {
    reply.array(2 * SUBCOMMANDS.len() + 3);
    reply.status("DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    for subcommand in SUBCOMMANDS {
        reply.status(format!("{} {}", subcommand.name, subcommand.arguments).trim_end());
        reply.status(&format!("    {}", subcommand.about));
    }
    reply.status("HELP");
    reply.status("    Explains the subcommands.");
}

fn ok(reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.ok();
    Ok(())
}

fn error(_: &mut Caller<'_>, args: &mut Args<'_>, _: &mut ReplyBuffer) -> Result<(), Error> {
    Err(Error::detail(String::from_utf8_lossy(args.word()?).into_owned()))
}

fn digest(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.status(&sha1::hex(&Signature::of(&caller.engine.keyspace, caller.now).0));
    Ok(())
}

fn digest_value(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let reader = caller.reader();
    reply.array(args.remaining());
    for key in args.rest() {
        let signature = reader.entry(key).map(Signature::of_value).unwrap_or_default();
        reply.status(&sha1::hex(&signature.0));
    }
    Ok(())
}

fn object(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let reader = caller.reader();
    let entry = reader.entry(args.word()?).ok_or(Error::NoSuchKey)?;
    // The payload has a type before the value, a version and a checksum behind it.
    let serialized_len = rdb::dump(&entry.value).len().saturating_sub(1 + 2 + 8);
    let idle = reader.access().idle_seconds(entry.access());
    reply.status(&format!(
        "Value at:0x0 refcount:1 encoding:{} serializedlength:{serialized_len} lru:{} lru_seconds_idle:{idle}",
        entry.value.encoding_name(),
        entry.access().bits(),
    ));
    Ok(())
}

/// Saves, empties and loads in one. There is no file of another time, so without saving nothing can be loaded; and what
/// was not emptied takes no keys or libraries that it has, unless they are merged, which leaves everything as it was.
fn reload(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (mut saves, mut empties, mut merges) = (true, true, false);
    while !args.is_empty() {
        if args.keyword("NOSAVE") {
            saves = false;
        } else if args.keyword("NOFLUSH") {
            empties = false;
        } else if args.keyword("MERGE") {
            merges = true;
        } else {
            return Err(RELOAD_OPTIONS);
        }
    }
    let engine = &caller.engine;
    let has_data = engine.database_sizes().any(|(_, keys)| keys > 0) || engine.library_codes().next().is_some();
    if !saves || (has_data && !empties && !merges) {
        return Err(NOT_LOADED);
    }
    rebuild(caller, reply)
}

fn rebuild(caller: &mut Caller<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    if Purpose::ALL.into_iter().any(|purpose| caller.engine.saving.is_wanted(purpose)) {
        return Err(Error::message(&"ERR a file is in the making, try again when it is complete"));
    }
    if !caller.engine.rebuild() {
        return Err(NOT_LOADED);
    }
    reply.ok();
    Ok(())
}

fn set_active_expire(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    caller.engine.expires_actively = number::parse_i64(args.word()?).is_some_and(|value| value != 0);
    ok(reply)
}

fn packed_threshold(_: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let size = crate::config::parse_size(args.word()?).map_err(|_| THRESHOLD)?;
    if size as u64 > u64::from(u32::MAX) {
        return Err(THRESHOLD);
    }
    ok(reply)
}

fn sleep(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    const MICROS_PER_SECOND: f64 = 1_000_000.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    let micros = (args.float()? * MICROS_PER_SECOND) as u64;
    caller.engine.emit(Output::Host(HostRequest::Sleep { micros }));
    ok(reply)
}

fn stringmatch_len(_: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    const LEN_MAX: i64 = 1024 * 1024;
    let len = args.integer_within(0, LEN_MAX, Error::OutOfRange)?;
    let text = alloc::vec![b'a'; usize::try_from(len).unwrap_or_default()];
    reply.flag(crate::glob::matches(args.word()?, &text));
    Ok(())
}

fn listpack(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let value = caller.reader().value(args.word()?).ok_or(Error::NoSuchKey)?;
    if !value.encoding_name().starts_with("listpack") {
        return Err(Error::message(&"ERR Not a listpack encoded object."));
    }
    reply.status("Listpack structure printed on stdout");
    Ok(())
}

fn htstats(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let db = caller.engine.keyspace.database_index(args.integer()?);
    let database = caller.engine.keyspace.database(db.ok_or(Error::message(&"ERR Out of range database"))?);
    let text = format!("[Dictionary HT]\n{}[Expires HT]\n{}", table(database.len()), table(database.dated_len()));
    reply.verbatim(text.as_bytes());
    Ok(())
}

fn htstats_key(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let value = caller.reader().value(args.word()?).ok_or(Error::NoSuchKey)?;
    let len = match value {
        Value::Hash(hash) if value.encoding_name() == "hashtable" => hash.len(),
        Value::Set(set) if value.encoding_name() == "hashtable" => set.len(),
        Value::Zset(zset) if value.encoding_name() == "skiplist" => zset.len(),
        _ => {
            const TEXT: &str = "ERR The value stored at the specified key is not represented using an hash table";
            return Err(Error::message(&TEXT));
        }
    };
    reply.verbatim(table(len).as_bytes());
    Ok(())
}

/// The tables have no chains, so there is only their size to be told.
fn table(len: usize) -> String {
    if len == 0 {
        return "No stats available for empty dictionaries\n".into();
    }
    format!("Hash table 0 stats (main hash table):\n number of elements: {len}\n")
}
