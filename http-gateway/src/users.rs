//! The file of users: what `--aclfile` names. It is read before anybody is served, and when a client asks for it; a client
//! has it written, too.

use crate::host::Host;
use crate::log::{Error, rdb};
use redstart_core::engine::FileTask;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a client is told whose users were not written. Why stands in the log.
const NOT_SAVED: &str = "There was an error trying to save the ACLs. Please check the server logs for more information";

/// Loads the users.
///
/// # Errors
/// Why there are none, as `ACL LOAD` says it.
pub(crate) fn load(host: &Host, path: &Path) -> Result<(), String> {
    let awaited = host.turn().take_file_awaited(FileTask::LoadUsers);
    let text = std::fs::read(path).map_err(|error| explain(path, &error));
    let mut turn = host.turn();
    match text {
        Ok(text) => turn.load_users(&awaited, &path.display().to_string(), &text),
        Err(reason) => {
            turn.answer_file(&awaited, Err(&reason));
            Err(reason)
        }
    }
}

/// Writes the users.
fn save(host: &Host, path: &Path) -> Result<(), Error> {
    let mut turn = host.turn();
    let (awaited, text) = (turn.take_file_awaited(FileTask::SaveUsers), turn.engine().users_text());
    drop(turn);
    let saved = rdb::put(path, |draft| write(draft, text.as_bytes()).map_err(Error::io("write", draft)));
    host.turn().answer_file(&awaited, saved.as_ref().map_err(|_| NOT_SAVED).copied());
    saved
}

/// Nobody but the server has to read digests of passwords.
fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// Redis's text.
fn explain(path: &Path, error: &io::Error) -> String {
    format!("Error loading ACLs, opening file '{}': {}", path.display(), system_text(error))
}

/// The operating system's words for an error, as Redis has them.
pub(crate) fn system_text(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// Reads and writes the file whenever a client asks for it, for as long as it is polled.
pub(crate) async fn keep(host: Arc<Host>, path: PathBuf) {
    loop {
        let task = tokio::select! {
            task = host.file_wanted(FileTask::LoadUsers) => task,
            task = host.file_wanted(FileTask::SaveUsers) => task,
        };
        let (host, path) = (host.clone(), path.clone());
        let done = tokio::task::spawn_blocking(move || {
            if task == FileTask::LoadUsers {
                return load(&host, &path).map(|()| "loaded the users");
            }
            save(&host, &path).map(|()| "saved the users").map_err(|error| format!("failed to {error}"))
        });
        match done.await {
            Ok(Ok(done)) => tracing::info!("{done}"),
            Ok(Err(reason)) => tracing::error!("{reason}"),
            Err(error) => tracing::error!("the thread that has the file of users has broken off: {error}"),
        }
    }
}
