//! The file of users: what `--aclfile` names. It is read before anybody is served, and when a client asks for it; a client
//! has it written, too.

use crate::host::Host;
use crate::log::{Error, rdb};
use redstart_core::UsersFile;
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
    let awaited = host.turn().take_users_awaited(UsersFile::Load);
    let text = std::fs::read(path).map_err(|error| explain(path, &error));
    let mut turn = host.turn();
    match text {
        Ok(text) => turn.load_users(&awaited, &path.display().to_string(), &text),
        Err(reason) => {
            turn.answer_users(&awaited, Err(&reason));
            Err(reason)
        }
    }
}

/// Writes the users.
fn save(host: &Host, path: &Path) -> Result<(), Error> {
    let mut turn = host.turn();
    let (awaited, text) = (turn.take_users_awaited(UsersFile::Save), turn.engine().users_text());
    drop(turn);
    let saved = rdb::put(path, |draft| write(draft, text.as_bytes()).map_err(Error::io("write", draft)));
    host.turn().answer_users(&awaited, saved.as_ref().map_err(|_| NOT_SAVED).copied());
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
    let reason = error.to_string();
    let reason = reason.split(" (os error").next().unwrap_or_default();
    format!("Error loading ACLs, opening file '{}': {reason}", path.display())
}

/// Reads and writes the file whenever a client asks for it, for as long as it is polled.
pub(crate) async fn keep(host: Arc<Host>, path: PathBuf) {
    loop {
        let task = host.users_file_wanted().await;
        let (host, path) = (host.clone(), path.clone());
        let done = tokio::task::spawn_blocking(move || match task {
            UsersFile::Load => load(&host, &path),
            UsersFile::Save => save(&host, &path).map_err(|error| format!("failed to {error}")),
        });
        match done.await {
            Ok(Ok(())) => {
                tracing::info!("{}", if task == UsersFile::Load { "loaded the users" } else { "saved the users" })
            }
            Ok(Err(reason)) => tracing::error!("{reason}"),
            Err(error) => tracing::error!("the thread that has the file of users has broken off: {error}"),
        }
    }
}
