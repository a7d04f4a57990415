//! Brings the data of a Redis that runs, and follows what it does, as a replica of it would.
//!
//! ```text
//! connect, AUTH, REPLCONF .., PSYNC ? -1
//!   +FULLRESYNC <replication> <offset>    all data as RDB, then every command that changes them
//!   connection lost: PSYNC <replication> <offset + 1>
//!   +CONTINUE                             the commands since then; or else all data again
//! ```
//!
//! The offset counts the bytes of commands that have been applied here, so that a connection which breaks between two
//! commands, or inside one or inside a transaction, continues with the first one that is missing. It is told to the source
//! every second and whenever it asks, so that `INFO replication` there shows how far behind this is.
//!
//! Everything is held in memory until the end, and then written as a new log: a folder has all of it or nothing.
//!
//! Architecture invariant: commands are bytes here, but for the few that speak of the replication itself.

mod address;
mod commands;
mod link;
mod source;

pub use address::{Address, AddressError};

use crate::log;
use commands::Whole;
use link::{Answer, Link};
use redstart_core::{DbIndex, Engine};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long it takes until a connection that was lost is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Why data cannot be brought. The text fits "failed to {error}".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is there, or goes away. It may be tried again.
    #[error("{action} {address}: {source}")]
    Lost {
        /// What was tried: "connect to", "read from".
        action: &'static str,
        /// With whom.
        address: String,
        /// Why not.
        source: io::Error,
    },
    /// What is there has no data for us now, and may have later.
    #[error("follow {address}: it says `{reply}`")]
    Busy {
        /// Who says so.
        address: String,
        /// What it said.
        reply: String,
    },
    /// What is there has no data for us.
    #[error("follow {address}: it answers {request} with `{reply}`")]
    Refused {
        /// Who refuses.
        address: String,
        /// What was asked.
        request: &'static str,
        /// What it said.
        reply: String,
    },
    /// Its commands depend on the time at which they run.
    #[error(
        "follow {address}: it is a Redis {version}, and what those before 7.0 tell their replicas cannot be repeated later. \
         Stop what writes there and take its data once, with --once"
    )]
    Old {
        /// Who is followed.
        address: String,
        /// What it says of itself.
        version: String,
    },
    /// Its data cannot be read.
    #[error("read the data of {address}: {error}")]
    Data {
        /// Whose data.
        address: String,
        /// What is wrong with them.
        error: redstart_core::rdb::Error,
    },
    /// It does something that this store cannot do.
    #[error("follow {address} from offset {offset} on: a command cannot be repeated ({reason})")]
    Command {
        /// Who is followed.
        address: String,
        /// How far the others got.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// The log cannot be written.
    #[error(transparent)]
    Log(#[from] log::Error),
}

impl Error {
    /// Whether another try may succeed.
    const fn is_passing(&self) -> bool {
        matches!(self, Self::Lost { .. } | Self::Busy { .. })
    }
}

/// Until when a source is followed.
#[derive(Clone, Debug)]
pub struct Until {
    /// Somebody says that it is enough.
    pub stopped: Arc<AtomicBool>,
    /// All data of one moment are enough.
    pub once: bool,
}

impl Until {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }
}

/// Where a replica stands.
#[derive(Debug, Default)]
struct Position {
    /// The history that it follows, once there is one.
    replication: Option<String>,
    /// How many bytes of it have been applied.
    offset: u64,
    /// The database that the next command is for.
    db: DbIndex,
}

/// What follows a source.
#[derive(Debug)]
struct Replica<'a> {
    address: &'a Address,
    engine: &'a mut Engine,
    position: Position,
    until: &'a Until,
}

/// Lets an engine have what a source has, until it is told to stop, and gives the offset that was reached. None when it was
/// told so before there was anything.
///
/// # Errors
/// What does not pass by itself; and whatever keeps it from having data at all.
pub fn follow(address: &Address, until: &Until, engine: &mut Engine) -> Result<Option<u64>, Error> {
    let mut replica = Replica { address, engine, position: Position::default(), until };
    while !until.is_stopped() {
        match replica.run() {
            Ok(()) => break,
            Err(_) if until.is_stopped() => break,
            Err(error) if error.is_passing() && replica.position.replication.is_some() => {
                tracing::warn!("failed to {error}; trying again");
                std::thread::sleep(RETRY_INTERVAL);
            }
            Err(error) => return Err(error),
        }
    }
    let Position { replication, offset, .. } = replica.position;
    Ok(replication.map(|_| offset))
}

impl Replica<'_> {
    /// Follows for as long as one connection lasts.
    fn run(&mut self) -> Result<(), Error> {
        let mut link = Link::open(self.address, self.until)?;
        if !self.until.once {
            link.check_version()?;
        }
        match link.synchronize(self.position.replication.as_deref(), self.position.offset)? {
            Answer::Full { replication, offset } => {
                link.load(self.engine)?;
                self.position = Position { replication: Some(replication), offset, db: DbIndex(0) };
                tracing::info!("the data of {} are here, up to its offset {offset}", self.address);
            }
            Answer::Continued { replication } => {
                self.position.replication = replication.or_else(|| self.position.replication.take());
                tracing::info!("going on behind offset {} of {}", self.position.offset, self.address);
            }
        }
        if self.until.once { Ok(()) } else { self.apply_all(link) }
    }

    /// Applies commands as they come.
    fn apply_all(&mut self, mut link: Link<'_>) -> Result<(), Error> {
        link.acknowledge(self.position.offset)?;
        while !self.until.is_stopped() {
            self.apply(&mut link)?;
            if link.is_acknowledgement_due() {
                link.acknowledge(self.position.offset)?;
            }
            link.wait()?;
        }
        self.apply(&mut link)?;
        link.acknowledge(self.position.offset)
    }

    /// Applies the whole commands that have come, and answers the questions between them.
    fn apply(&mut self, link: &mut Link<'_>) -> Result<(), Error> {
        loop {
            let Whole { commands, question } = link.whole_commands()?;
            let applied = commands.len() as u64;
            self.replay(commands)?;
            // Whatever fails from here on, they are not to be applied again.
            self.position.offset += applied;
            if question.is_some() {
                link.acknowledge(self.position.offset)?;
            }
            self.position.offset += link.forget() as u64 - applied;
            if question.is_none() {
                return Ok(());
            }
        }
    }

    fn replay(&mut self, commands: &[u8]) -> Result<(), Error> {
        match self.engine.replay_piece(&mut self.position.db, commands) {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::Command {
                address: self.address.to_string(),
                offset: self.position.offset + error.at as u64,
                reason: error.reason,
            }),
        }
    }
}
