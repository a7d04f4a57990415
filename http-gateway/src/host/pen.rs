//! What writes the log, in the hand of one thread at a time.
//!
//! Handing effects over to a thread that writes them, and being woken by it, costs as much as a short sync. So with `always`
//! a thread whose turns have changed something writes that down itself, if it is little, nobody else writes just then and
//! syncs are short; see [`Line::keep`](super::Line::keep). Otherwise the [`Flusher`](super::Flusher) does: it waits for more to
//! be synced together, and requests are executed meanwhile. Whatever goes wrong is left to it, too.
//!
//! Measured with redis-benchmark, 50 connections that SET: requests a second (medians of 7, in turns), and the server's
//! processor time of one in microseconds. The first line is of a real disk; below syncs only take their time, 60 us of it on
//! the processor, and the machine was busy.
//!
//! | a sync takes | redis-server | handed over | in the same thread |
//! | --- | --- | --- | --- |
//! | about 150 us | 40241, 15.6 | 39761, 16.4 | 45147, 11.7 |
//! | 300 us | 30769, 11.5 | 27586, 13.3 | 28436, 10.6 |
//! | 700 us | 21090, 12.9 | 18809, 12.2 | 20033, 12.5 |
//! | 1500 us | 10999, 15.7 | 14423, 13.6 | 12257, 13.0 |
//!
//! Architecture invariant: nobody waits for the pen within a turn, because whoever has it may wait for a turn.

use super::journal::{Cut, Journal};
use super::{Durability, Host};
use crate::log::{Error, Log, Writer};
use redstart_core::Batch;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The longest that something is written and not synced.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// Syncs that take longer than this, on average, are left to the thread that is there for them.
const SHORT_SYNC: Duration = Duration::from_millis(1);
/// Batches that are longer are left to it, too: summing and writing takes time, in which others can be executed.
const SHORT_BYTES: usize = 16 * 1024;
/// As much as one sync counts in the average, however long it took: a disk may be slow for once.
const COUNTED_SYNC_MAX: Duration = Duration::from_millis(4);
/// The average so far counts as so many syncs when the next one comes.
const AVERAGE_WEIGHT: u32 = 8;

/// The log's end, and what is on its way there.
#[derive(Debug)]
pub(super) struct Pen {
    log: Arc<Log>,
    writer: Writer,
    durability: Durability,
    /// A batch with its annotation that is to be written before anything else.
    batch: Option<Batch>,
    /// Why nothing may be written any more, not even the batch.
    failure: Option<Error>,
    /// Since when something is written that has not been synced.
    unsynced_since: Option<Instant>,
    /// How long a sync takes, on average.
    sync: Duration,
    /// Memory for the next batch.
    buffer: Vec<u8>,
}

impl Pen {
    pub(super) const fn new(log: Arc<Log>, writer: Writer, durability: Durability) -> Self {
        Self {
            log,
            writer,
            durability,
            batch: None,
            failure: None,
            unsynced_since: None,
            sync: Duration::ZERO,
            buffer: Vec::new(),
        }
    }

    /// An empty buffer, in exchange for which the journal gives what has come.
    pub(super) fn take_buffer(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }

    /// When what is written has to be synced, if anything is.
    pub(super) fn sync_at(&self) -> Option<Instant> {
        self.unsynced_since.map(|since| since + SYNC_INTERVAL)
    }

    /// Writes and syncs what has come, unless it would take long, or fails: then this is false, and the thread that is there
    /// for it has to do it.
    fn flush(&mut self, host: &Host, journal: &Journal) -> bool {
        if self.batch.is_some() || self.sync > SHORT_SYNC {
            return false;
        }
        let Some(effects) = journal.take_short(&mut self.buffer, SHORT_BYTES) else { return false };
        self.begin(effects);
        match self.write(host) {
            Ok(_) => true,
            Err(error) => {
                self.failure = error.is_fatal().then_some(error);
                false
            }
        }
    }

    /// Makes a batch the one that is to be written next. There must be none.
    pub(super) fn begin(&mut self, mut batch: Batch) {
        if batch.bytes.is_empty() {
            self.put_buffer(batch.bytes);
            return;
        }
        self.writer.annotate(&mut batch.bytes, batch.last);
        self.writer.note_time(&mut batch.bytes, super::now().0.unsigned_abs() / 1000);
        self.batch = Some(batch);
    }

    /// Writes the batch if there is one, does with it what is promised, and gives how long the sync took. When writing has
    /// failed it may be tried again; an error that is fatal is the last.
    pub(super) fn write(&mut self, host: &Host) -> Result<Option<Duration>, Error> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let Some(batch) = &self.batch else { return Ok(None) };
        self.writer.append(&batch.bytes)?;
        let begun = Instant::now();
        let synced = match self.durability {
            Durability::Always => {
                self.sync(host)?;
                let taken = begun.elapsed();
                self.sync = (self.sync * AVERAGE_WEIGHT + taken.min(COUNTED_SYNC_MAX)) / (AVERAGE_WEIGHT + 1);
                Some(taken)
            }
            Durability::EverySecond | Durability::Memory => {
                self.unsynced_since.get_or_insert(begun);
                None
            }
        };
        self.log.note_len(&self.writer);
        if let Some(batch) = self.batch.take() {
            let counts = &host.counters().log;
            counts.batches.add(1);
            counts.effects.add(usize::try_from(batch.last.0 - batch.first.0 + 1).unwrap_or_default());
            host.gate().advance(batch.last);
            self.put_buffer(batch.bytes);
        }
        Ok(synced)
    }

    fn put_buffer(&mut self, mut bytes: Vec<u8>) {
        bytes.clear();
        self.buffer = bytes;
    }

    /// Does not write the batch any more.
    pub(super) fn drop_batch(&mut self) {
        self.batch = None;
    }

    /// Waits until all that was written is on the disk.
    pub(super) fn sync(&mut self, host: &Host) -> Result<(), Error> {
        self.unsynced_since = None;
        self.writer.sync()?;
        if self.durability == Durability::EverySecond {
            host.note_synced(self.writer.last());
        }
        let counts = &host.counters().log;
        counts.syncs.add(1);
        counts.synced_ms.store(super::now().0, Ordering::Relaxed);
        Ok(())
    }

    /// Goes on in a new file. Where that cannot be made, the old one goes on.
    pub(super) fn cut(&mut self, host: &Host, tell: &Cut) -> Result<(), Error> {
        self.sync(host)?;
        let result = match self.log.next_increment(self.writer.last()) {
            Ok(writer) => {
                self.writer = writer;
                Ok(())
            }
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => Err(error),
        };
        // Whoever has asked may have given up.
        let _ = tell.send(result);
        Ok(())
    }

    /// Takes back what is not known to be on the disk; see [`Writer::give_up`].
    pub(super) fn give_up(self) {
        self.writer.give_up();
    }
}

impl Host {
    /// Writes what has come into the journal if nobody does just now, and otherwise sees to it that somebody will.
    pub(super) fn flush(&self) {
        let Some(journal) = &self.journal else { return };
        let mut pen = self.pen.try_lock();
        let pen = pen.as_mut().and_then(|pen| pen.as_mut());
        if !pen.is_some_and(|pen| pen.flush(self, journal)) {
            journal.call();
        }
    }
}
