//! `ACL`: who may do what.

mod ask;
mod log;
mod users;

use super::command::help;
use crate::spec::{Command, Flag, Group, Shape};

pub(super) const COMMANDS: &[Command] = &[
    ACL,
    ask::CAT,
    users::DELUSER,
    ask::DRYRUN,
    ask::GENPASS,
    users::GETUSER,
    HELP,
    users::LIST,
    users::LOAD,
    log::LOG,
    users::RESTTOKEN,
    users::SAVE,
    users::SETUSER,
    users::USERS,
    ask::WHOAMI,
];

/// The flags of what anybody may ask.
const QUESTION: &[Flag] = &[Flag::NoScript, Flag::Loading, Flag::Stale];
/// The flags of what concerns other users.
const ADMINISTRATION: &[Flag] = &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale];

const ACL: Command = Command::new("ACL", Group::Server, "6.0.0").about("Holds the commands about users.", "");

const HELP: Command = Command::new("ACL HELP", Group::Server, "6.0.0")
    .about("Explains the subcommands.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale])
    .reply(Shape::Array(&Shape::Status))
    .session(|_, _, reply| help::write(reply, "ACL"));
