//! Numbers for those who watch the store from outside: what `INFO` tells, as numbers.

use super::{CommandStats, Engine, Purpose, Session, SessionKind};
use crate::keyspace::DbIndex;
use alloc::string::String;
use alloc::vec::Vec;

/// What a command has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandMetrics {
    /// Its name, as in `INFO commandstats`.
    pub name: String,
    /// Its counters.
    pub stats: CommandStats,
    /// For each of some durations in microseconds: how many of the measured calls took no longer. Empty where
    /// `latency-tracking` measures none.
    pub durations: Vec<(u64, u64)>,
}

/// Who is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionMetrics {
    /// Sessions of each kind.
    pub by_kind: [(SessionKind, usize); SessionKind::ALL.len()],
    /// Those that wait for something.
    pub blocked: usize,
    /// Those that listen to channels.
    pub subscribers: usize,
    /// Those that track keys.
    pub tracking: usize,
}

impl Engine {
    /// What each command has done that was ever asked for.
    pub fn command_metrics(&self) -> impl Iterator<Item = CommandMetrics> {
        self.commands.called_and_measured().map(|(command, stats, durations)| CommandMetrics {
            name: command.full_name(),
            stats,
            durations: durations.map(|durations| durations.cumulative().collect()).unwrap_or_default(),
        })
    }

    /// Who is there. O(N) for N sessions.
    pub fn session_metrics(&self) -> SessionMetrics {
        let count = |kind| self.sessions.iter().filter(|session: &&Session| session.options.kind == kind).count();
        SessionMetrics {
            by_kind: SessionKind::ALL.map(|kind| (kind, count(kind))),
            blocked: self.blocked.len() + self.pause.len(),
            subscribers: self.pubsub.session_count(),
            tracking: self.tracking.session_count(),
        }
    }

    /// For each database that holds something: its number, how many keys it has, and how many of them expire.
    pub fn database_metrics(&self) -> impl Iterator<Item = (u16, usize, usize)> {
        let databases = self.keyspace.databases().filter(|(_, database)| !database.is_empty());
        databases.map(|(DbIndex(number), database)| (number, database.len(), database.dated_len()))
    }

    /// Whether a file for this purpose is in the making, and whether the last one was finished.
    pub fn save_metrics(&self, purpose: Purpose) -> (bool, bool) {
        (self.saving.is_running(purpose), self.saving.of(purpose).failures == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::ask;
    use crate::{Config, SessionOptions};

    #[test]
    fn numbers_are_those_of_what_was_done() {
        let mut engine = Engine::new(Config::default(), 1);
        let [own, other] = [SessionKind::Resp, SessionKind::WebSocket]
            .map(|kind| engine.open(crate::Millis(0), SessionOptions { kind, ..SessionOptions::default() }));
        for line in ["SET k v EX 100", "SET l v", "LPUSH k x", "GET"] {
            ask(&mut engine, own, line);
        }
        ask(&mut engine, other, "SUBSCRIBE c");
        let found: Vec<_> = engine.command_metrics().collect();
        let of = |name: &str| found.iter().find(|command| command.name == name).unwrap();
        assert_eq!((of("set").stats.calls, of("lpush").stats.failed_calls, of("get").stats.rejected_calls), (2, 1, 1));
        assert!(of("set").durations.is_empty(), "nobody measures");
        let sessions = engine.session_metrics();
        assert_eq!(sessions.subscribers, 1);
        assert!(
            sessions.by_kind.contains(&(SessionKind::WebSocket, 1))
                && sessions.by_kind.contains(&(SessionKind::Rest, 0))
        );
        assert_eq!(engine.database_metrics().collect::<Vec<_>>(), [(0, 2, 1)]);
        assert_eq!(engine.save_metrics(Purpose::LogBase), (false, true));
    }
}
