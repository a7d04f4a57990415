//! All commands, in one table made of one list per group.
//!
//! Adding a command means: one `const` above one function in its group's file, its name in that file's `COMMANDS`, and
//! one transcript.

mod acl;
mod bitmap;
mod command;
mod connection;
mod first;
mod generic;
mod geo;
mod hash;
mod hyperloglog;
mod list;
mod packed;
mod position;
mod pubsub;
mod sample;
mod scan;
#[cfg(feature = "scripting")]
mod scripting;
mod server;
mod set;
mod stream;
mod string;
mod table;
mod transactions;
mod zset;

use crate::spec::Command;
pub(crate) use connection::client_line;
pub(crate) use packed::in_table;
pub use string::digest_of;
pub(crate) use table::{CommandId, CommandTable};

/// The commands of every group.
const GROUPS: &[&[Command]] = &[
    list::COMMANDS,
    bitmap::COMMANDS,
    acl::COMMANDS,
    command::COMMANDS,
    connection::COMMANDS,
    generic::COMMANDS,
    geo::COMMANDS,
    pubsub::COMMANDS,
    hash::COMMANDS,
    hyperloglog::COMMANDS,
    #[cfg(feature = "scripting")]
    scripting::COMMANDS,
    server::COMMANDS,
    set::COMMANDS,
    stream::COMMANDS,
    string::COMMANDS,
    transactions::COMMANDS,
    zset::COMMANDS,
];

/// Every command and subcommand as it is declared, group by group. A store runs those of its table ([`in_table`]).
pub fn all() -> impl Iterator<Item = &'static Command> {
    GROUPS.iter().copied().flatten()
}
