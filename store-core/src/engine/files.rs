//! What clients ask for that the host has to read or write a file for: the users, and the configuration. Who has asked waits
//! meanwhile.

use super::{Caller, Engine, HostRequest, Output, SessionId, Wait};
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::Command;
use crate::values::ValueType;
use alloc::format;
use alloc::vec::Vec;

const IN_TRANSACTION: Error = Error::message(&"ERR a file cannot be waited for in a transaction");

/// What a host may be asked to do with its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileTask {
    /// Read the file of users: [`Engine::load_users`].
    LoadUsers,
    /// Write it: [`Engine::users_text`].
    SaveUsers,
    /// Write the parameters that were changed into the file of the configuration.
    RewriteConfig,
}

/// Who waits for which file.
#[derive(Debug, Default)]
pub(crate) struct FilesAwaited(Vec<(FileTask, SessionId)>);

impl Caller<'_> {
    /// Has the host do something with a file, and lets the session wait for it.
    ///
    /// # Errors
    /// In a transaction, where nothing waits.
    pub(crate) fn ask_for_file(&mut self, command: &'static Command, task: FileTask) -> Result<(), Error> {
        if self.in_transaction {
            return Err(IN_TRANSACTION);
        }
        let wait = Wait { on_timeout: ReplyBuffer::ok, ..Wait::for_any(&[], ValueType::String, None) };
        self.engine.block(self.now, self.id, command, &[], wait);
        self.engine.files_awaited.0.push((task, self.id));
        self.engine.emit(Output::Host(HostRequest::File(task)));
        Ok(())
    }
}

impl Engine {
    /// The sessions that wait for something to be done. The host asks before it begins, so that whoever asks from then on gets
    /// what comes of a later look at the file.
    pub fn take_file_awaited(&mut self, task: FileTask) -> Vec<SessionId> {
        let awaited = &mut self.files_awaited.0;
        let found = awaited.iter().filter(|(of, _)| *of == task).map(|(_, session)| *session).collect();
        awaited.retain(|(of, _)| *of != task);
        found
    }

    /// Answers the sessions that wait for it.
    pub fn answer_file(&mut self, awaited: &[SessionId], result: Result<(), &str>) {
        let error = result.err().map(|reason| Error::detail(format!("ERR {reason}")));
        for session in awaited {
            self.release_blocked(*session, error.as_ref());
        }
    }
}
