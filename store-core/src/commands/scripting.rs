//! `EVAL` and its kin, `SCRIPT`, and functions.

mod function;
mod script;

use crate::args::Args;
use crate::engine::Caller;
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::scripting::{ScriptCall, Stay, parse_hash};
use crate::spec::{Access, Arg, Command, Flag, Group, KeySpec, Shape};

pub(super) const COMMANDS: &[Command] = &[
    EVAL,
    EVALSHA,
    EVALSHA_RO,
    EVAL_RO,
    FCALL,
    FCALL_RO,
    function::FUNCTION,
    function::DELETE,
    function::DUMP,
    function::FLUSH,
    function::HELP,
    function::KILL,
    function::LIST,
    function::LOAD,
    function::RESTORE,
    function::STATS,
    script::SCRIPT,
    script::DEBUG,
    script::EXISTS,
    script::FLUSH,
    script::HELP,
    script::KILL,
    script::LOAD,
];

const READ_WRITE: Access = Access::RW.and(Access::ACCESS).and(Access::UPDATE);
const NUMKEYS: Arg = Arg::integer("numkeys");
const KEYS: Arg = Arg::key("key", READ_WRITE).optional().multiple();
const READ_KEYS: Arg = Arg::key("key", Access::READ).optional().multiple();
const ARGS: Arg = Arg::string("arg").optional().multiple();
const FLAGS: &[Flag] = &[Flag::NoScript, Flag::Stale, Flag::SkipMonitor, Flag::NoMandatoryKeys];
const READ_FLAGS: &[Flag] = &[Flag::ReadOnly, Flag::NoScript, Flag::Stale, Flag::SkipMonitor, Flag::NoMandatoryKeys];
const COST: &str = "That of the script.";

const EVAL: Command = Command::new("EVAL", Group::Scripting, "2.6.0")
    .about("Runs a script in Lua as one step.", COST)
    .flags(FLAGS)
    .syntax(&[Arg::string("script"), NUMKEYS, KEYS, ARGS])
    .override_keys(&[KeySpec::counted(2, READ_WRITE)])
    .reply(Shape::Any)
    .session(|caller, args, reply| eval(caller, &EVAL, args, reply));

const EVAL_RO: Command = Command::new("EVAL_RO", Group::Scripting, "7.0.0")
    .about("Runs a script in Lua that only reads.", COST)
    .flags(READ_FLAGS)
    .syntax(&[Arg::string("script"), NUMKEYS, READ_KEYS, ARGS])
    .override_keys(&[KeySpec::counted(2, Access::READ)])
    .reply(Shape::Any)
    .session(|caller, args, reply| eval(caller, &EVAL_RO, args, reply));

fn eval(caller: &mut Caller<'_>, command: &Command, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    caller.engine.tell_monitors(caller.now, caller.id, command, args.all());
    let code = args.word()?;
    let count = args.integer()?;
    let call = read_call(caller, command, count, args)?;
    let hash = caller.engine.load_script(code, Stay::WhileUsed)?;
    caller.engine.run_script(&hash, call, reply)
}

const EVALSHA: Command = Command::new("EVALSHA", Group::Scripting, "2.6.0")
    .about("Runs a script that is known already, by the SHA-1 of its text.", COST)
    .flags(FLAGS)
    .syntax(&[Arg::string("sha1"), NUMKEYS, KEYS, ARGS])
    .override_keys(&[KeySpec::counted(2, READ_WRITE)])
    .reply(Shape::Any)
    .session(|caller, args, reply| eval_sha(caller, &EVALSHA, args, reply));

const EVALSHA_RO: Command = Command::new("EVALSHA_RO", Group::Scripting, "7.0.0")
    .about("Runs a script that is known already and only reads, by the SHA-1 of its text.", COST)
    .flags(READ_FLAGS)
    .syntax(&[Arg::string("sha1"), NUMKEYS, READ_KEYS, ARGS])
    .override_keys(&[KeySpec::counted(2, Access::READ)])
    .reply(Shape::Any)
    .session(|caller, args, reply| eval_sha(caller, &EVALSHA_RO, args, reply));

fn eval_sha(
    caller: &mut Caller<'_>,
    command: &Command,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
) -> Result<(), Error> {
    const UNKNOWN: Error = Error::message(&"NOSCRIPT No matching script. Please use EVAL.");
    caller.engine.tell_monitors(caller.now, caller.id, command, args.all());
    let digits = args.word()?;
    if digits.len() != 40 {
        return Err(UNKNOWN);
    }
    let count = args.integer()?;
    let call = read_call(caller, command, count, args)?;
    let hash = parse_hash(digits).filter(|hash| caller.engine.scripting.scripts.contains(hash)).ok_or(UNKNOWN)?;
    caller.engine.run_script(&hash, call, reply)
}

/// The call of a script or function with so many keys.
fn read_call<'a>(caller: &Caller<'_>, command: &Command, count: i64, args: &Args<'a>) -> Result<ScriptCall<'a>, Error> {
    let (keys, arguments) = split_keys(count, args)?;
    Ok(ScriptCall {
        id: caller.id,
        now: caller.now,
        keys,
        args: arguments,
        reads_only: command.has(Flag::ReadOnly),
        words: args.all(),
        in_transaction: caller.in_transaction,
    })
}

/// Words of a request, cut in two.
type Parts<'a> = (&'a [&'a [u8]], &'a [&'a [u8]]);

/// The keys, and what comes behind them.
fn split_keys<'a>(count: i64, args: &Args<'a>) -> Result<Parts<'a>, Error> {
    let negative = |_| Error::message(&"ERR Number of keys can't be negative");
    let words = args.rest();
    match words.split_at_checked(usize::try_from(count).map_err(negative)?) {
        Some(parts) => Ok(parts),
        None => Err(Error::message(&"ERR Number of keys can't be greater than number of args")),
    }
}

const FCALL: Command = Command::new("FCALL", Group::Scripting, "7.0.0")
    .about("Runs a function of a library as one step.", COST)
    .flags(FLAGS)
    .syntax(&[Arg::string("function"), NUMKEYS, KEYS, ARGS])
    .override_keys(&[KeySpec::counted(2, READ_WRITE)])
    .reply(Shape::Any)
    .session(|caller, args, reply| call_function(caller, &FCALL, args, reply));

const FCALL_RO: Command = Command::new("FCALL_RO", Group::Scripting, "7.0.0")
    .about("Runs a function of a library that only reads.", COST)
    .flags(READ_FLAGS)
    .syntax(&[Arg::string("function"), NUMKEYS, READ_KEYS, ARGS])
    .override_keys(&[KeySpec::counted(2, Access::READ)])
    .reply(Shape::Any)
    .session(|caller, args, reply| call_function(caller, &FCALL_RO, args, reply));

fn call_function(
    caller: &mut Caller<'_>,
    command: &Command,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
) -> Result<(), Error> {
    caller.engine.tell_monitors(caller.now, caller.id, command, args.all());
    let name = args.word()?;
    if caller.engine.scripting.functions.find(name).is_none() {
        return Err(Error::message(&"ERR Function not found"));
    }
    let count = args.integer().map_err(|_| Error::message(&"ERR Bad number of keys provided"))?;
    let call = read_call(caller, command, count, args)?;
    caller.engine.run_library_function(name, call, reply)
}
