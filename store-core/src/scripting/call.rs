//! Commands that a script calls: whether it may, and running them.

use crate::acl::Denied;
use crate::clock::Millis;
use crate::commands::CommandId;
use crate::engine::{Context, Engine, REPLICATED, SessionId};
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::Flag;
use alloc::format;
use alloc::string::String;

/// What a script may do, and what it has done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Permit {
    /// It may only read.
    pub(super) reads_only: bool,
    /// There was no room when it began, and it did not say that it may run all the same.
    pub(super) is_without_room: bool,
    /// It has called a command that writes: from then on nothing that may pass stands in its way.
    pub(super) is_dirty: bool,
}

impl Engine {
    /// Runs a command of a script and writes its answer; nothing waits.
    ///
    /// # Errors
    /// Why the script may not call it. Nothing has been written then.
    pub(super) fn call_from_script(
        &mut self,
        now: Millis,
        id: SessionId,
        permit: &mut Permit,
        words: &[&[u8]],
        reply: &mut ReplyBuffer,
    ) -> Result<(), Error> {
        let admitted = self.admit_from_script(now, id, *permit, words);
        let command = admitted.inspect_err(|error| {
            self.commands.count_rejection(words);
            self.count_error(error);
        })?;
        permit.is_dirty |= self.commands.get(command).has(Flag::Write);
        let actor = self.sessions.get(id).actor();
        self.run(now, actor, command, words, reply, Context::Transaction);
        Ok(())
    }

    fn admit_from_script(
        &mut self,
        now: Millis,
        id: SessionId,
        permit: Permit,
        words: &[&[u8]],
    ) -> Result<CommandId, Error> {
        const UNKNOWN: Error = Error::message(&"ERR Unknown Redis command called from script");
        const ARITY: Error = Error::message(&"ERR Wrong number of args calling Redis command from script");
        let command = self.commands.find(words).map_err(|_| UNKNOWN)?;
        self.commands.check_arity(command, words.len()).map_err(|_| ARITY)?;
        let spec = self.commands.get(command);
        if spec.has(Flag::NoScript) {
            return Err(Error::message(&"ERR This Redis command is not allowed from script"));
        }
        self.check_user_of_script(now, id, command, words)?;
        let writes = spec.has(Flag::Write);
        let reaches_others = spec.has(Flag::MayReplicate) || REPLICATED.contains(&spec.name);
        if permit.reads_only && (writes || reaches_others) {
            return Err(Error::message(&"ERR Write commands are not allowed from read-only scripts."));
        }
        if writes && self.are_writes_stopped() && !permit.is_dirty {
            return Err(Error::WritesStopped);
        }
        if permit.is_without_room && !permit.is_dirty && spec.has(Flag::DenyOom) {
            return Err(Error::OutOfMemory);
        }
        Ok(command)
    }

    /// A script may do what the user may who runs it.
    fn check_user_of_script(
        &mut self,
        now: Millis,
        id: SessionId,
        command: CommandId,
        words: &[&[u8]],
    ) -> Result<(), Error> {
        let Some(denied) = self.denied_to(id, command, words) else { return Ok(()) };
        let reason = match denied {
            Denied::Command => {
                let name = String::from_utf8_lossy(self.sessions.get(id).user.name()).into_owned();
                let command = self.commands.get(command).full_name();
                format!("User {name} has no permissions to run the '{command}' command")
            }
            Denied::Key(_) => "No permissions to access a key".into(),
            Denied::Channel(_) => "No permissions to access a channel".into(),
        };
        self.log_denied(now, id, command, words, denied, self.context_of(id));
        Err(Error::detail(format!("ERR ACL failure in script: {reason}")))
    }
}
