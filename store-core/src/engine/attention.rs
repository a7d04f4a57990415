//! What becomes of clients that do not read, or say nothing. The host asks once a second.

use super::{Engine, Session, SessionId, SessionKind};
use crate::clock::Millis;
use crate::config::OutputLimit;
use alloc::vec::Vec;

impl Engine {
    /// How much may wait for a session. Whoever gets messages without asking at that moment has the limit of subscribers,
    /// monitors and those who track keys included.
    pub fn output_limit(&self, session: SessionId) -> OutputLimit {
        let limits = &self.config.connections.output;
        let gets_messages = |session: &Session| self.is_listening(session) || session.tracking.is_some();
        if self.sessions.find(session).is_some_and(gets_messages) { limits.pubsub } else { limits.normal }
    }

    /// Ends the connections that have been idle for longer than `timeout` says, and gives their number. Those that wait
    /// for something are not idle. O(N) for N sessions, where there is a timeout.
    pub fn end_idle(&mut self, now: Millis) -> usize {
        let timeout_ms = i64::from(self.config.connections.timeout_seconds) * 1000;
        if timeout_ms == 0 || self.is_busy() {
            return 0;
        }
        let is_idle = |session: &&Session| {
            session.options.kind == SessionKind::Resp
                && !session.closing
                && now.0.saturating_sub(session.last_active.0) > timeout_ms
                && !self.is_listening(session)
                && !self.blocked.contains(session.id)
                && !self.pause.holds(session.id)
        };
        let idle: Vec<_> = self.sessions.in_order().into_iter().filter(is_idle).map(|session| session.id).collect();
        idle.iter().for_each(|session| self.end_session(*session));
        idle.len()
    }

    fn is_listening(&self, session: &Session) -> bool {
        session.subscriptions.total() > 0 || self.monitors.contains(&session.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::ask;
    use crate::{Config, Output, SessionOptions};

    #[test]
    fn who_says_nothing_for_too_long_is_ended() {
        let mut engine = Engine::new(Config::default(), 1);
        let open =
            |engine: &mut Engine, kind| engine.open(Millis(0), SessionOptions { kind, ..SessionOptions::default() });
        let [idle, subscriber, blocked, monitor] = [(); 4].map(|()| open(&mut engine, SessionKind::Resp));
        let socket = open(&mut engine, SessionKind::WebSocket);
        ask(&mut engine, idle, "CONFIG SET timeout 5");
        ask(&mut engine, subscriber, "SUBSCRIBE news");
        ask(&mut engine, blocked, "BLPOP queue 0");
        ask(&mut engine, monitor, "MONITOR");
        while engine.poll_output().is_some() {}
        let now = engine.session(idle).unwrap().last_active;
        assert_eq!(engine.end_idle(Millis(now.0 + 5000)), 0);
        assert_eq!(engine.end_idle(Millis(now.0 + 5001)), 1);
        let ended: Vec<_> = core::iter::from_fn(|| engine.poll_output()).collect();
        assert!(matches!(ended.as_slice(), [Output::Close(session)] if *session == idle), "{ended:?}");
        assert_eq!(engine.end_idle(Millis(now.0 + 9000)), 0, "it has ended already");
        assert!(engine.session(socket).is_some_and(|session| !session.closing));
    }

    #[test]
    fn each_class_has_its_limit() {
        let mut engine = Engine::new(Config::default(), 1);
        let [plain, subscriber, tracking, monitor] =
            [(); 4].map(|()| engine.open(Millis(0), SessionOptions::default()));
        engine.config_mut().connections.output.normal.hard_bytes = 1;
        engine.config_mut().connections.output.pubsub.hard_bytes = 2;
        ask(&mut engine, subscriber, "SUBSCRIBE news");
        ask(&mut engine, tracking, "HELLO 3");
        ask(&mut engine, tracking, "CLIENT TRACKING on");
        ask(&mut engine, monitor, "MONITOR");
        let limits = [plain, subscriber, tracking, monitor].map(|session| engine.output_limit(session).hard_bytes);
        assert_eq!(limits, [1, 2, 2, 2]);
        assert_eq!(engine.output_limit(SessionId(99)).hard_bytes, 1);
    }
}
