//! `CLIENT PAUSE`: requests that wait until the pause is over, and are then executed in the order in which they came.
//!
//! A paused request has been looked up and admitted, no more; when its time has come it is dispatched like a new one,
//! and its answer leaves late, like that of a blocked command. While the pause lasts nothing expires either, so that
//! the data stand still.

use super::{Engine, Outcome, Output, SessionId};
use crate::clock::Millis;
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Command, Flag};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Commands that reach other servers like writes do, though their flags do not say so.
pub(crate) const REPLICATED: [&str; 3] = ["PUBLISH", "SPUBLISH", "PFCOUNT"];

/// What waits during a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PauseMode {
    /// What may change data.
    Writes,
    /// Everything.
    All,
}

/// The pause, and what waits for its end.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    current: Option<(PauseMode, Millis)>,
    /// Requests; one without words only waits for the end.
    postponed: VecDeque<(SessionId, Vec<Vec<u8>>)>,
}

impl Pause {
    /// Pauses; a pause that goes on is only made stricter or longer.
    pub(crate) fn begin(&mut self, now: Millis, mode: PauseMode, until: Millis) {
        let (old_mode, old_until) = self.at(now).unwrap_or((mode, until));
        self.current = Some((mode.max(old_mode), until.max(old_until)));
    }

    /// Ends the pause.
    pub(crate) const fn end(&mut self) {
        self.current = None;
    }

    /// What waits at this time, and until when.
    #[inline]
    fn at(&self, now: Millis) -> Option<(PauseMode, Millis)> {
        self.current.filter(|(_, until)| *until > now)
    }

    /// When the pause ends, if there is one.
    pub(super) fn until(&self) -> Option<Millis> {
        self.current.map(|(_, until)| until)
    }

    /// Whether the data stand still.
    pub(super) fn is_on(&self, now: Millis) -> bool {
        self.at(now).is_some()
    }

    /// How many requests wait.
    pub(crate) fn len(&self) -> usize {
        self.postponed.len()
    }

    /// Whether a session's request waits.
    pub(crate) fn holds(&self, session: SessionId) -> bool {
        self.postponed.iter().any(|(other, _)| *other == session)
    }

    pub(super) fn forget(&mut self, session: SessionId) {
        self.postponed.retain(|(other, _)| *other != session);
    }
}

impl Engine {
    /// Keeps a request for later if clients are paused. None when it can be executed now.
    #[inline]
    pub(super) fn postpone(
        &mut self,
        now: Millis,
        id: SessionId,
        command: &Command,
        words: &[&[u8]],
    ) -> Option<Result<Outcome, Error>> {
        if !self.is_paused(now, id, command, words) {
            return None;
        }
        Some(self.hold(id, words))
    }

    fn hold(&mut self, id: SessionId, words: &[&[u8]]) -> Result<Outcome, Error> {
        if self.sessions.get(id).options.multiplexed {
            return Err(Error::Paused);
        }
        self.pause.postponed.push_back((id, words.iter().map(|word| word.to_vec()).collect()));
        Ok(Outcome::Blocked)
    }

    /// Whether clients are paused at this time.
    pub fn is_paused_at(&self, now: Millis) -> bool {
        self.pause.is_on(now)
    }

    /// Has a session wait for the end of a pause if one of these requests would have to: then its host keeps them, and is
    /// told of the end by an empty late reply. False: nothing has to wait.
    pub fn await_resumption(&mut self, now: Millis, id: SessionId, requests: &[&[&[u8]]]) -> bool {
        if self.pause.at(now).is_none() {
            return false;
        }
        let waits = |words: &[&[u8]]| {
            let command = self.commands.find(words).map(|command| self.commands.get(command));
            command.is_ok_and(|command| self.is_paused(now, id, command, words))
        };
        let waits = requests.iter().any(|words| waits(words));
        if waits {
            self.pause.postponed.push_back((id, Vec::new()));
        }
        waits
    }

    /// Whether a command has to wait for the end of a pause.
    #[inline]
    pub(super) fn is_paused(&self, now: Millis, id: SessionId, command: &Command, words: &[&[u8]]) -> bool {
        match self.pause.at(now) {
            None => false,
            Some((PauseMode::All, _)) => true,
            Some((PauseMode::Writes, _)) if command.name == "EXEC" => {
                let queued = self.sessions.get(id).transaction.iter().flat_map(|transaction| &transaction.queued);
                queued.into_iter().any(|words| {
                    let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
                    self.commands.find(&words).is_ok_and(|id| self.may_write(self.commands.get(id), &words))
                })
            }
            Some((PauseMode::Writes, _)) => self.may_write(command, words),
        }
    }

    /// Whether a request changes data or may do so.
    fn may_write(&self, command: &Command, words: &[&[u8]]) -> bool {
        [Flag::Write, Flag::MayReplicate].into_iter().any(|flag| command.has(flag))
            || REPLICATED.contains(&command.name)
            || self.may_script_write(command, words)
    }

    #[cfg(not(feature = "scripting"))]
    #[expect(clippy::unused_self, reason = "with scripts, the engine knows them")]
    const fn may_script_write(&self, _: &Command, _: &[&[u8]]) -> bool {
        false
    }

    /// Executes what has waited if the pause is over.
    #[inline]
    pub(super) fn resume(&mut self, now: Millis) {
        if !self.pause.postponed.is_empty() && !self.pause.is_on(now) && !self.is_busy() {
            self.execute_postponed(now);
        }
    }

    fn execute_postponed(&mut self, now: Millis) {
        // A script among them that makes a break lets the others wait, and so does another pause.
        while !self.is_busy()
            && !self.pause.is_on(now)
            && let Some((session, words)) = self.pause.postponed.pop_front()
        {
            let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
            let mut reply = ReplyBuffer::default();
            let outcome = match words.as_slice() {
                [] => Outcome::Replied,
                words => self.execute_unit(now, session, words, &mut reply),
            };
            if !matches!(outcome, Outcome::Blocked | Outcome::Running) {
                let lsn = self.effects.last();
                self.emit(Output::Reply { session, bytes: reply.take(), lsn });
            }
            if outcome == Outcome::Closed {
                self.emit(Output::Close(session));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::{Outcome, Output};
    use crate::{Config, Engine, Millis, ReplyBuffer, Request, SessionId, SessionOptions};
    use alloc::string::String;
    use alloc::vec::Vec;

    fn ask(engine: &mut Engine, now: i64, session: SessionId, line: &str) -> Outcome {
        let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
        engine.execute(Millis(now), session, &Request::new(&words), &mut ReplyBuffer::default()).outcome
    }

    fn late_replies(engine: &mut Engine) -> Vec<(SessionId, String)> {
        let outputs = core::iter::from_fn(|| engine.poll_output());
        let reply = |output| match output {
            Output::Reply { session, bytes, .. } => Some((session, String::from_utf8_lossy(&bytes).into_owned())),
            _ => None,
        };
        outputs.filter_map(reply).collect()
    }

    #[test]
    fn nothing_expires_while_clients_are_paused() {
        let mut engine = Engine::new(Config::default(), 1);
        let [own, other] = [1, 2].map(|_| engine.open(Millis(1), SessionOptions::default()));
        ask(&mut engine, 1, own, "SET k v PX 50");
        ask(&mut engine, 1, own, "CLIENT PAUSE 100");
        assert_eq!(ask(&mut engine, 2, other, "DBSIZE"), Outcome::Blocked);
        assert_eq!(engine.poll_timeout(), Some(Millis(101)));
        let lsn = engine.lsn();
        engine.handle_timeout(Millis(100));
        assert_eq!((engine.lsn(), late_replies(&mut engine).len()), (lsn, 0));
        engine.handle_timeout(Millis(101));
        assert_eq!(late_replies(&mut engine), [(other, ":0\r\n".into())]);
    }

    #[test]
    fn a_pause_among_what_has_waited_is_one_for_what_comes_behind_it() {
        let mut engine = Engine::new(Config::default(), 1);
        let [own, other, third] = [1, 2, 3].map(|_| engine.open(Millis(1), SessionOptions::default()));
        ask(&mut engine, 1, own, "CLIENT PAUSE 100");
        assert_eq!(ask(&mut engine, 1, other, "CLIENT PAUSE 100"), Outcome::Blocked);
        assert_eq!(ask(&mut engine, 1, third, "DBSIZE"), Outcome::Blocked);
        engine.handle_timeout(Millis(101));
        assert_eq!(late_replies(&mut engine), [(other, "+OK\r\n".into())]);
        engine.handle_timeout(Millis(201));
        assert_eq!(late_replies(&mut engine), [(third, ":0\r\n".into())]);
    }

    #[test]
    fn a_host_that_keeps_requests_is_told_when_they_can_be_executed() {
        let mut engine = Engine::new(Config::default(), 1);
        let [own, other] = [1, 2].map(|_| engine.open(Millis(1), SessionOptions::default()));
        let (get, set): (&[&[u8]], &[&[u8]]) = (&[b"GET", b"k"], &[b"SET", b"k", b"v"]);
        assert!(!engine.await_resumption(Millis(1), other, &[get, set]));
        ask(&mut engine, 1, own, "CLIENT PAUSE 100 WRITE");
        assert!(!engine.await_resumption(Millis(1), other, &[get]));
        assert!(engine.await_resumption(Millis(1), other, &[get, set]));
        assert_eq!(late_replies(&mut engine), []);
        ask(&mut engine, 1, own, "CLIENT UNPAUSE");
        assert_eq!(late_replies(&mut engine), [(other, String::new())]);
    }

    #[test]
    fn a_session_that_goes_takes_its_request_with_it() {
        let mut engine = Engine::new(Config::default(), 1);
        let [own, gone] = [1, 2].map(|_| engine.open(Millis(1), SessionOptions::default()));
        ask(&mut engine, 1, own, "CLIENT PAUSE 100 WRITE");
        assert_eq!(ask(&mut engine, 1, gone, "SET k v"), Outcome::Blocked);
        engine.handle_close(gone);
        ask(&mut engine, 1, own, "CLIENT UNPAUSE");
        assert_eq!(late_replies(&mut engine), []);
    }
}
