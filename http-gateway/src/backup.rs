//! `redstart backup`: the data of one moment in a file, from a gateway that runs or from a data folder.
//!
//! The file is put in place when it is whole and on the disk: one that was there before stays until then.

use crate::loader::show;
use crate::log::{self, Progress, rdb};
use crate::offline;
use crate::options::{BackupOptions, ExportOptions};
use crate::secret::Secret;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// How much is read at once.
const PIECE_BYTES: usize = 256 * 1024;
/// The longest text of a refusal that is shown.
const REFUSAL_BYTES_MAX: u64 = 4096;

/// Why there is no backup. The text fits "failed to {error}".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The gateway cannot be reached, or goes away.
    #[error("ask {address} for a backup: {source}")]
    Lost {
        /// Who was asked.
        address: String,
        /// Why not.
        source: ureq::Error,
    },
    /// The gateway refuses.
    #[error("get a backup from {address}: it answers {status}: {text}")]
    Refused {
        /// Who was asked.
        address: String,
        /// The status of its answer.
        status: u16,
        /// What it says.
        text: String,
    },
    /// Connections are not encrypted here.
    #[error("ask {address} for a backup: https:// is not known here; a tunnel (such as ssh -L) encrypts the way")]
    Tls {
        /// Who was to be asked.
        address: String,
    },
    /// The data cannot be read, or the file cannot be written.
    #[error(transparent)]
    Log(#[from] log::Error),
}

/// Writes a backup.
///
/// # Errors
/// What is in the way; then there is no new file.
pub fn run(options: &BackupOptions, out: &mut impl Write) -> Result<(), Error> {
    let BackupOptions { source, file, token } = options;
    if source.starts_with("https://") {
        return Err(Error::Tls { address: source.clone() });
    }
    if !source.starts_with("http://") {
        let options = ExportOptions { file: file.clone(), data: source.into() };
        return Ok(offline::export(&options, out)?);
    }
    let mut answer = ask(source, token.as_ref().map(Secret::expose))?;
    let progress = Progress::of("taking the backup");
    let bytes = show(&progress, || rdb::put(file, |draft| copy(&mut answer, draft, &progress)))?;
    Ok(offline::say(out, &format!("{} holds the data of {source}, {bytes} bytes", file.display()))?)
}

/// Gives the body of the answer.
fn ask(address: &str, token: Option<&str>) -> Result<impl Read + use<>, Error> {
    let lost = |source| Error::Lost { address: address.to_owned(), source };
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let mut request =
        ureq::Agent::new_with_config(config).post(format!("{}/admin/backup", address.trim_end_matches('/')));
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    let answer = request.send_empty().map_err(lost)?;
    let status = answer.status();
    let body = answer.into_body().into_reader();
    if status.is_success() {
        return Ok(body);
    }
    let mut text = String::new();
    let read = body.take(REFUSAL_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|error| lost(error.into()))?;
    Err(Error::Refused { address: address.to_owned(), status: status.as_u16(), text })
}

/// Copies everything to a file, and waits until it is on the disk.
fn copy(from: &mut impl Read, to: &Path, progress: &Progress) -> Result<u64, log::Error> {
    let file = File::create(to).map_err(log::Error::io("create", to))?;
    let mut piece = vec![0; PIECE_BYTES];
    let mut copy = || -> io::Result<u64> {
        loop {
            let not_whole = |error| io::Error::other(format!("the backup ended too early: {error}"));
            let read = from.read(&mut piece).map_err(not_whole)?;
            if read == 0 {
                return file.sync_all().map(|()| progress.read_bytes());
            }
            (&file).write_all(piece.get(..read).unwrap_or_default())?;
            progress.add(read as u64);
        }
    };
    copy().map_err(log::Error::io("write", to))
}
