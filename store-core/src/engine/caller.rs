//! What a session command may do: act on its own session and on the engine around it.

use super::dispatch::Context;
use super::{Engine, Session, SessionId};
use crate::clock::Millis;
use crate::keyspace::{Reader, Writer};
use crate::reply::ReplyBuffer;
use crate::resp::Words;
use alloc::vec::Vec;

/// The engine as the command of one session sees it.
#[derive(Debug)]
pub struct Caller<'a> {
    pub(crate) engine: &'a mut Engine,
    pub(crate) id: SessionId,
    pub(crate) now: Millis,
    /// Whether the command runs inside `EXEC`.
    pub(crate) in_transaction: bool,
}

impl Caller<'_> {
    /// The session.
    pub fn session(&self) -> &Session {
        self.engine.sessions.get(self.id)
    }

    /// The session, to be changed.
    pub fn session_mut(&mut self) -> &mut Session {
        self.engine.sessions.get_mut(self.id)
    }

    /// The session's database, to be read.
    pub fn reader(&self) -> Reader<'_> {
        self.engine.reader(self.now, self.session().db)
    }

    /// Runs the requests of a transaction one after the other and answers with an array of their answers.
    pub(crate) fn run_queued(&mut self, queued: &[Vec<Vec<u8>>], reply: &mut ReplyBuffer) {
        reply.array(queued.len());
        for words in queued {
            let words: Words<'_> = words.iter().map(Vec::as_slice).collect();
            match self.engine.commands.find(&words) {
                Ok(command) => {
                    if let Err(error) = self.engine.recheck(self.now, self.id, command, &words) {
                        reply.error(&error);
                        continue;
                    }
                    let (actor, begun) = (self.session().actor(), self.engine.stopwatch_us());
                    self.engine.run(self.now, actor, command, &words, reply, Context::Transaction);
                    self.engine.end_request(self.now, self.id, command, &words, begun);
                }
                Err(_) => unreachable!("a request is queued only after its command was found"),
            }
        }
    }

    /// The session's database, to be changed.
    pub fn writer(&mut self) -> Writer<'_> {
        let db = self.session().db;
        self.engine.writer(self.now, db)
    }
}
