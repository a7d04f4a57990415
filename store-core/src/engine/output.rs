//! What comes out of the engine besides replies.

use super::{FileTask, Position, SessionId};
use crate::effects::{Batch, Lsn};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Something for the host to do.
#[derive(Clone, Debug)]
pub enum Output {
    /// Keep these effects; they are consecutive from one output to the next.
    Effects(Batch),
    /// Send these bytes to a session: a message that it did not ask for at this moment.
    Push {
        /// To whom.
        session: SessionId,
        /// In its protocol. Shared among the receivers of one message.
        bytes: Arc<[u8]>,
        /// Its place, if it is a message of a channel with a history.
        position: Option<Position>,
    },
    /// The late answer to a request that blocked. The session may go on.
    Reply {
        /// To whom.
        session: SessionId,
        /// In its protocol.
        bytes: Vec<u8>,
        /// It may leave once this effect is durable.
        lsn: Lsn,
    },
    /// Close the session's connection, after what has been sent to it.
    Close(SessionId),
    /// Something that only the host can do.
    Host(HostRequest),
    /// A line that a script writes into the log of the host.
    Log {
        /// How much it matters.
        level: LogLevel,
        /// Any bytes.
        text: Vec<u8>,
    },
}

/// How much a line of a log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// To whom looks for an error in a script.
    Debug,
    /// To whom wants to know much.
    Verbose,
    /// To whom looks after the store.
    Notice,
    /// Something is wrong.
    Warning,
}

/// Something that a client asked for and only the host can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostRequest {
    /// Stop the server, in order.
    Shutdown,
    /// Save the data: [`Engine::begin_save`](super::Engine::begin_save), and in the end
    /// [`Engine::end_save`](super::Engine::end_save).
    Save,
    /// Begin the log anew with the data as it is, in the same way.
    RewriteLog,
    /// Read or write a file: [`Engine::take_file_awaited`](super::Engine::take_file_awaited), and in the end
    /// [`Engine::load_users`](super::Engine::load_users) or [`Engine::answer_file`](super::Engine::answer_file).
    File(FileTask),
    /// Do nothing for so long, before the next request of anybody: for tests of what clients do then.
    Sleep {
        /// Microseconds.
        micros: u64,
    },
}
