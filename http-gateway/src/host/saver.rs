//! Writes the data in RDB files while requests go on: copies that clients ask for, and new bases of a log that has become
//! long, and backups. One after the other, on a thread of its own.

use super::backup::Order;
use super::{Host, Pace, Turn};
use crate::log::{self, Error, Log, disk::OsDisk, rdb};
use redstart_core::Purpose;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

/// The name that Redis gives the file.
const NAME: &str = "dump.rdb";
/// How often the length of the log is looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How often it is asked whether a script has come to its end.
const SCRIPT_INTERVAL: Duration = Duration::from_millis(10);
/// After a rewrite that has failed none is begun unasked for this long.
const RETRY_INTERVAL: Duration = Duration::from_secs(60);

/// Saves data in a folder, and rewrites a log.
#[derive(Debug)]
pub struct Saver {
    host: Arc<Host>,
    folder: Arc<Path>,
    log: Option<Arc<Log>>,
    failed: Option<Instant>,
}

impl Saver {
    /// A saver of a host's data.
    pub fn new(host: &Arc<Host>, folder: &Path, log: Option<Arc<Log>>) -> Self {
        Self { host: host.clone(), folder: folder.into(), log, failed: None }
    }

    /// Saves whenever a client asks for it, and rewrites when a client asks for it or the log has become long, for as
    /// long as it is polled.
    pub async fn run(mut self) {
        let mut interval = tokio::time::interval(LOOK_INTERVAL);
        loop {
            let purpose = tokio::select! {
                order = self.host.backups.next() => {
                    self.back_up(order).await;
                    continue;
                }
                () = self.host.save_wanted.notified() => Purpose::Copy,
                () = self.host.rewrite_wanted.notified() => Purpose::LogBase,
                _ = interval.tick() => if self.is_rewrite_due() { Purpose::LogBase } else { continue },
            };
            let (host, folder, log) = (self.host.clone(), self.folder.clone(), self.log.clone());
            let done = on_a_thread(move || host.save_for(purpose, &folder, log.as_deref())).await;
            if let (Some(done), Purpose::LogBase) = (done, purpose) {
                self.failed = (!done).then(Instant::now);
            }
        }
    }

    /// Writes a backup, for whoever takes it.
    async fn back_up(&self, order: Order) {
        let (host, folder) = (self.host.clone(), self.folder.clone());
        on_a_thread(move || host.back_up(order, &folder)).await;
    }

    /// Whether the log has outgrown its base by as much as the parameters say.
    fn is_rewrite_due(&self) -> bool {
        let Some(log) = &self.log else { return false };
        if self.failed.is_some_and(|failed| failed.elapsed() < RETRY_INTERVAL) {
            return false;
        }
        let (bytes, base) = (log.bytes(), log.base_bytes());
        let turn = self.host.turn();
        let config = turn.engine().config();
        let grown = u128::from(bytes.saturating_sub(base)) * 100;
        let wanted = u128::from(base.max(1)) * u128::from(config.log_rewrite_percentage);
        let is_long = bytes >= config.log_rewrite_min_bytes as u64 && grown >= wanted;
        config.log_rewrite_percentage > 0 && is_long && !turn.is_stalled()
    }
}

/// Does what takes long, and gives what came out unless it broke off.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.inspect_err(|error| tracing::error!("the thread that saves has broken off: {error}")).ok()
}

impl Host {
    /// Writes a file, and tells the engine how that went. True when it went well.
    fn save_for(&self, purpose: Purpose, folder: &Path, log: Option<&Log>) -> bool {
        let (what, result) = match purpose {
            Purpose::Copy => ("saved the data in a file", self.save_in(&folder.join(NAME))),
            Purpose::LogBase => ("rewrote the log", self.rewrite(log)),
            Purpose::Backup => unreachable!("a backup has an order of its own"),
        };
        match &result {
            Ok(()) => tracing::info!("{what}"),
            Err(error) => tracing::error!("failed to {error}"),
        }
        let told = result.as_ref().map_err(ToString::to_string);
        self.turn().end_save(purpose, told.copied());
        let done = result.is_ok();
        if let Err(error) = result
            && error.is_fatal()
        {
            self.fail(error);
        }
        done
    }

    /// A turn in which no script makes a break: a file shows no script half done.
    pub(super) fn turn_between_scripts(&self) -> Turn<'_> {
        loop {
            let turn = self.turn();
            if !turn.engine().is_busy() {
                return turn;
            }
            drop(turn);
            std::thread::sleep(SCRIPT_INTERVAL);
        }
    }

    fn save_in(&self, path: &Path) -> Result<(), Error> {
        log::create_folder_of(path)?;
        let begun = self.turn_between_scripts().begin_save(Purpose::Copy);
        let Some(mut save) = begun else {
            unreachable!("files are written one after the other");
        };
        let mut pace = Pace::new(self);
        let next = |save: &mut _, piece: &mut _, len| pace.next(save, piece, len);
        rdb::put(path, |draft| rdb::write(&OsDisk, draft, &mut save, next).map(drop))
    }

    /// See [`Log`].
    fn rewrite(&self, log: Option<&Log>) -> Result<(), Error> {
        let (Some(log), Some(journal)) = (log, &self.journal) else { return Ok(()) };
        let (tell, told) = sync_channel(1);
        let begin = |mut turn: Turn<'_>| {
            let save = turn.begin_save(Purpose::LogBase);
            journal.cut(tell);
            save
        };
        let Some(mut save) = begin(self.turn_between_scripts()) else {
            unreachable!("files are written one after the other");
        };
        let mut pace = Pace::new(self);
        let written = log.write_base(&mut save, |save, piece, len| pace.next(save, piece, len));
        // The log is cut by now, or soon: until it is, no other cut may be asked for, whatever has become of the base.
        match told.recv() {
            Ok(cut) => cut.and_then(|()| log.adopt_base(written?)),
            Err(_) => Err(Error::Stopped),
        }
    }
}
