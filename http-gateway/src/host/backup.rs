//! All data of one moment for whoever wants to have them elsewhere, while requests go on.
//!
//! The engine gives the data piece by piece, as for a rewrite, and they are written to a file that has no name any more:
//! so the engine has to remember the moment only for as long as the disk takes, however slow the receiver is, and nothing
//! is left when it goes away. The receiver reads behind the writer.

use super::{Host, Pace};
use crate::log::{Error, create_folder_of, rdb};
use parking_lot::Mutex;
use redstart_core::{Lsn, Purpose};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{Notify, oneshot, watch};

/// The name that the file has until it is open.
const NAME: &str = "temp-backup.rdb";
/// How much is read at once.
const PIECE_BYTES: u64 = 256 * 1024;

/// Who waits for a backup.
pub(super) type Order = oneshot::Sender<Result<Backup, Error>>;

/// Those who wait.
#[derive(Debug, Default)]
pub(super) struct Orders {
    waiting: Mutex<VecDeque<Order>>,
    arrived: Notify,
}

impl Orders {
    /// Waits for somebody who wants one.
    pub(super) async fn next(&self) -> Order {
        loop {
            if let Some(order) = self.waiting.lock().pop_front() {
                return order;
            }
            self.arrived.notified().await;
        }
    }

    fn add(&self, order: Order) {
        self.waiting.lock().push_back(order);
        self.arrived.notify_one();
    }
}

/// How far a backup has been written.
#[derive(Clone, Debug, Default)]
struct State {
    written: u64,
    /// There is no more to come, or why not.
    ended: Option<Result<(), String>>,
}

/// A backup in the making, to be read.
#[derive(Debug)]
pub struct Backup {
    file: Arc<File>,
    state: watch::Receiver<State>,
    read: u64,
    /// The last effect in it.
    pub last: Lsn,
}

impl Backup {
    /// The next piece; none at the end.
    ///
    /// # Errors
    /// Why there is no more, though it is not whole.
    pub async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let read = self.read;
        let state = self.state.wait_for(|state| state.written > read || state.ended.is_some()).await;
        let state = state.map_err(|_| io::Error::other("the backup has been broken off"))?.clone();
        let len = (state.written - read).min(PIECE_BYTES);
        match state.ended {
            Some(Err(reason)) => return Err(io::Error::other(reason)),
            Some(Ok(())) if len == 0 => return Ok(None),
            _ => {}
        }
        let file = self.file.clone();
        let piece = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; usize::try_from(len).unwrap_or_default()];
            file.read_exact_at(&mut piece, read).map(|()| piece)
        });
        let piece = piece.await.map_err(io::Error::other)??;
        self.read += len;
        Ok(Some(piece))
    }
}

impl Host {
    /// Begins a backup, once the files are written that are in the making.
    ///
    /// # Errors
    /// When there is no room for it.
    pub async fn begin_backup(&self) -> Result<Backup, Error> {
        let (order, told) = oneshot::channel();
        self.backups.add(order);
        told.await.unwrap_or(Err(Error::Stopped))
    }

    /// Writes a backup for somebody, for as long as it is wanted.
    pub(super) fn back_up(&self, order: Order, folder: &Path) {
        let file = match open(&folder.join(NAME)) {
            Ok(file) => Arc::new(file),
            // Whoever has asked may have gone.
            Err(error) => return drop(order.send(Err(error))),
        };
        let Some(mut save) = self.turn_between_scripts().begin_save(Purpose::Backup) else {
            unreachable!("files are written one after the other");
        };
        let (tell, state) = watch::channel(State::default());
        let backup = Backup { file: file.clone(), state, read: 0, last: save.last() };
        // If nobody is there, nobody reads, which is noticed below.
        drop(order.send(Ok(backup)));
        let note = |written| {
            tell.send_modify(|state| state.written = written);
            if tell.is_closed() { Err(io::Error::other("whoever wanted the backup has gone")) } else { Ok(()) }
        };
        let mut pace = Pace::new(self);
        let next = |save: &mut _, piece: &mut _, len| pace.next(save, piece, len);
        let written = rdb::write_pieces(&*file, &mut save, next, note);
        let ended = written.map(drop).map_err(|error| error.to_string());
        match &ended {
            Ok(()) => tracing::info!("wrote a backup of {} bytes", tell.borrow().written),
            Err(error) => tracing::error!("failed to write a backup: {error}"),
        }
        self.turn().end_save(Purpose::Backup, ended.clone());
        tell.send_modify(|state| state.ended = Some(ended));
    }
}

/// A file that is gone when it is closed.
fn open(path: &Path) -> Result<File, Error> {
    create_folder_of(path)?;
    let file = File::options().create(true).truncate(true).read(true).write(true).open(path);
    let file = file.map_err(Error::io("create", path))?;
    std::fs::remove_file(path).map_err(Error::io("remove", path))?;
    Ok(file)
}
