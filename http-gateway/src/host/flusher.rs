//! Writes the journal to the log, on a thread of its own.
//!
//! With `always` each round is: take what has come, write, sync, open the gate. What comes during a round waits for the
//! next one, so one sync serves all writes of that time (group commit). While syncs are short RESP's threads do that
//! themselves, and come here with what goes wrong; see [`Pen`]. With `everysec` effects are written ten times a
//! second and synced once a second, behind their answers.
//!
//! A write that fails (a full disk) stops all further writes with an error, and is tried again until it succeeds: nothing
//! that was answered is given up, and nothing is answered that is not where it was promised to be. A sync that fails is
//! another thing: what the operating system had in its memory is gone, and asked again it would say that all is well. So
//! the server stops, without having answered what was not on the disk.

use super::Host;
use super::journal::{Journal, Taken, Wakeup};
use super::pen::Pen;
use crate::log::{Error, Log, Writer};
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const WRITE_INTERVAL: Duration = Duration::from_millis(100);
const RETRY_INTERVAL: Duration = Duration::from_millis(500);
/// The longest that others are waited for that may share a sync, however slow the disk was.
const PATIENCE_MAX: Duration = Duration::from_millis(5);
/// How often a write is tried when the server is to stop: what was answered is worth ten seconds.
const LAST_TRIES: u32 = 20;

/// How safe a write is before its answer leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Durability {
    /// Kept in memory only, gone when the server stops
    Memory,
    /// Answered at once, on disk a second later
    #[value(name = "everysec")]
    EverySecond,
    /// On disk before it is answered
    Always,
}

/// The thread that writes the log.
#[derive(Debug)]
pub struct Flusher {
    host: Arc<Host>,
    thread: JoinHandle<()>,
}

impl Flusher {
    /// Begins to write what comes into the host's journal.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(host: &Arc<Host>, log: Arc<Log>, writer: Writer, durability: Durability) -> io::Result<Self> {
        *host.pen.lock() = Some(Pen::new(log, writer, durability));
        let task = Task { host: host.clone(), durability, group: Group::default(), last_tries: LAST_TRIES };
        let thread = std::thread::Builder::new().name("log".into()).spawn(|| task.run())?;
        Ok(Self { host: host.clone(), thread })
    }

    /// Writes and syncs what is left.
    pub fn finish(self) {
        if let Some(journal) = self.host.journal() {
            journal.close();
        }
        if self.thread.join().is_err() {
            tracing::error!("the thread that writes the log has panicked");
        }
    }
}

struct Task {
    host: Arc<Host>,
    durability: Durability,
    group: Group,
    /// How often a write is still tried when the server is to stop.
    last_tries: u32,
}

/// Whose effects are synced together, told by the number of turns. Whoever has got their answers may well come again at
/// once, so for a moment as many are waited for; or else the first to come would have a sync for itself, and all others
/// would wait for it. Fewer than before make the group smaller only little by little, because a batch that was cut short
/// says little about the next.
#[derive(Debug, Default)]
struct Group {
    turns: u64,
    /// For how long: not longer than the last sync took, so that nobody waits for more than one sync in addition.
    patience: Duration,
}

impl Group {
    /// The group to be waited for after a batch of so many turns, whose sync took so long. A client that is alone, and
    /// sends the next request behind an answer, waits for nobody.
    fn next(&self, turns: u64, sync: Duration) -> Self {
        Self { turns: turns.max(self.turns - self.turns.div_ceil(8)), patience: sync.min(PATIENCE_MAX) }
    }
}

impl Task {
    fn run(mut self) {
        let host = self.host.clone();
        let Some(journal) = host.journal() else {
            unreachable!("a host with a flusher has a journal");
        };
        let mut sync_at = None;
        loop {
            let wakeup = journal.wait(sync_at);
            // Others do not write while this thread waits for more to come: it will write all of it.
            let mut place = host.pen.lock();
            let Some(pen) = &mut *place else {
                unreachable!("the pen is there for as long as this thread");
            };
            let served = self.serve(journal, pen, wakeup);
            sync_at = pen.sync_at();
            if served.is_ok() && wakeup != Wakeup::Closed {
                continue;
            }
            // Within the same guard, so that nobody writes behind what has failed.
            let pen = place.take();
            drop(place);
            if let Err(error) = served {
                // First the journal: a turn may wait for it, and has the engine.
                journal.set_stuck(true);
                host.stop_writes(true);
                pen.into_iter().for_each(Pen::give_up);
                host.fail(error);
            }
            return;
        }
    }

    /// Writes and syncs what is due. An error is fatal.
    fn serve(&mut self, journal: &Journal, pen: &mut Pen, wakeup: Wakeup) -> Result<(), Error> {
        match wakeup {
            Wakeup::Arrived => self.round(journal, pen)?,
            Wakeup::TimedOut => {}
            Wakeup::Closed => return pen.sync(&self.host),
        }
        if pen.sync_at().is_some_and(|at| at <= Instant::now()) {
            pen.sync(&self.host)?;
        }
        Ok(())
    }

    /// Writes what has come.
    fn round(&mut self, journal: &Journal, pen: &mut Pen) -> Result<(), Error> {
        self.finish_batch(journal, pen)?;
        match self.durability {
            Durability::EverySecond => journal.linger(Instant::now() + WRITE_INTERVAL),
            Durability::Always => journal.gather(self.group.turns, Instant::now() + self.group.patience),
            Durability::Memory => {}
        }
        let Taken { effects, turns, cut } = journal.take(pen.take_buffer());
        pen.begin(effects);
        if let Some(sync) = self.finish_batch(journal, pen)? {
            self.group = self.group.next(turns, sync);
        }
        cut.map_or(Ok(()), |tell| pen.cut(&self.host, &tell))
    }

    /// Writes what is to be written, however often it takes, and gives how long the sync took.
    fn finish_batch(&mut self, journal: &Journal, pen: &mut Pen) -> Result<Option<Duration>, Error> {
        let mut stalled = false;
        let written = loop {
            match pen.write(&self.host) {
                Ok(synced) => break synced,
                Err(error) if error.is_fatal() => return Err(error),
                Err(error) => {
                    if !self.wait_after(&error, journal, &mut stalled) {
                        pen.drop_batch();
                        return Ok(None);
                    }
                }
            }
        };
        self.end_stall(journal, stalled);
        Ok(written)
    }

    /// Refuses writes and waits before the next try. False when the server is to stop, and there will be none.
    fn wait_after(&mut self, error: &Error, journal: &Journal, stalled: &mut bool) -> bool {
        if journal.is_closed() {
            let Some(left) = self.last_tries.checked_sub(1) else {
                tracing::error!("failed to {error}; what was not written is lost");
                return false;
            };
            self.last_tries = left;
            std::thread::sleep(RETRY_INTERVAL);
            return true;
        }
        if !*stalled {
            tracing::error!("failed to {error}; writes are refused until this succeeds");
            *stalled = true;
            // First the journal: a turn may wait for it, and has the engine.
            journal.set_stuck(true);
            self.host.stop_writes(true);
        }
        journal.linger(Instant::now() + RETRY_INTERVAL);
        true
    }

    fn end_stall(&self, journal: &Journal, stalled: bool) {
        if stalled {
            tracing::info!("the log is written again; writes go on");
            journal.set_stuck(false);
            self.host.stop_writes(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_forgets_who_has_gone() {
        let sync = Duration::from_micros(200);
        let mut group = Group::default().next(50, sync);
        assert_eq!((group.turns, group.patience), (50, sync));
        group = group.next(20, sync);
        assert_eq!(group.turns, 43, "one batch that is smaller says little");
        assert_eq!(group.next(60, sync).turns, 60);
        assert_eq!(group.next(60, Duration::from_secs(2)).patience, PATIENCE_MAX);
        for _ in 0..50 {
            group = group.next(1, sync);
        }
        assert_eq!(group.turns, 1, "nobody else is waited for");
    }
}
