//! What can be asked about permissions.

use super::{ADMINISTRATION, QUESTION};
use crate::acl::{Denied, hex, sha256};
use crate::args::Args;
use crate::engine::Caller;
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, CATEGORIES, Command, Group, Shape};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const WHOAMI: Command = Command::new("ACL WHOAMI", Group::Server, "6.0.0")
    .about("Gives the name of the user that this connection belongs to.", "O(1)")
    .flags(QUESTION)
    .reply(Shape::Bulk)
    .session(whoami);

fn whoami(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.bulk(caller.session().user.name());
    Ok(())
}

pub(super) const CAT: Command = Command::new("ACL CAT", Group::Server, "6.0.0")
    .about("Gives the categories, or the commands of one.", "O(N) for N commands")
    .flags(QUESTION)
    .syntax(&[Arg::string("categoryname").optional()])
    .reply(Shape::Array(&Shape::Bulk))
    .session(cat);

fn cat(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let Ok(category) = args.word() else {
        reply.array(CATEGORIES.len());
        CATEGORIES.iter().for_each(|name| reply.bulk(name.as_bytes()));
        return Ok(());
    };
    super::help::refuse_more(args)?;
    let category = String::from_utf8_lossy(category);
    let wanted = category.to_ascii_lowercase();
    if !CATEGORIES.contains(&wanted.as_str()) {
        return Err(Error::detail(format!("ERR Unknown category '{category}'")));
    }
    let members = caller.engine.commands.ids().map(|(_, command)| command);
    let names: Vec<_> =
        members.filter(|command| command.categories().contains(&wanted.as_str())).map(Command::full_name).collect();
    reply.array(names.len());
    names.iter().for_each(|name| reply.bulk(name.as_bytes()));
    Ok(())
}

pub(super) const DRYRUN: Command = Command::new("ACL DRYRUN", Group::Server, "7.0.0")
    .about("Tells whether a user may run a request, without running it.", "O(N) for N rules")
    .flags(ADMINISTRATION)
    .syntax(&[Arg::string("username"), Arg::string("command"), Arg::string("arg").optional().multiple()])
    .reply(Shape::OneOf(&[Shape::Ok, Shape::Bulk]))
    .session(dryrun);

fn dryrun(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let name = args.word()?;
    let words = args.rest();
    let shown = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
    let engine = &caller.engine;
    let user = engine.acl.user(name);
    let user = user.ok_or_else(|| Error::detail(format!("ERR User '{}' not found", shown(name))))?;
    let id = engine.commands.find(words).map_err(|_| {
        let command = words.first().map(|word| shown(word)).unwrap_or_default();
        Error::detail(format!("ERR Command '{command}' not found"))
    })?;
    engine.commands.check_arity(id, words.len())?;
    let command = engine.commands.get(id);
    let Err(denied) = user.check(id, command, words) else {
        reply.ok();
        return Ok(());
    };
    let word = |at: usize| words.get(at).map(|word| shown(word)).unwrap_or_default();
    let what = match denied {
        Denied::Command => format!("run the '{}' command", command.full_name()),
        Denied::Key(at) => format!("access the '{}' key", word(at)),
        Denied::Channel(at) => format!("access the '{}' channel", word(at)),
    };
    reply.bulk(format!("User {} has no permissions to {what}", shown(name)).as_bytes());
    Ok(())
}

pub(super) const GENPASS: Command = Command::new("ACL GENPASS", Group::Server, "6.0.0")
    .about("Makes up a password.", "O(1)")
    .flags(QUESTION)
    .syntax(&[Arg::integer("bits").optional()])
    .reply(Shape::Bulk)
    .session(genpass);

/// The digits are digests of the host's secret and of dice that are thrown for the purpose: whoever knows the store's
/// other random answers does not know these.
fn genpass(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    const BITS_DEFAULT: i64 = 256;
    const BITS_MAX: i64 = 4096;
    const WRONG_BITS: Error = Error::message(
        &"ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096",
    );
    let bits = if args.is_empty() { BITS_DEFAULT } else { args.integer_within(1, BITS_MAX, WRONG_BITS)? };
    super::help::refuse_more(args)?;
    let digits_count = usize::try_from(bits).unwrap_or_default().div_ceil(4);
    let mut digits = String::new();
    while digits.len() < digits_count {
        let dice = caller.engine.random.borrow_mut().next_u64();
        digits.push_str(&hex(&sha256(&[&caller.engine.config.secret[..], &dice.to_be_bytes()].concat())));
    }
    digits.truncate(digits_count);
    reply.bulk(digits.as_bytes());
    Ok(())
}
