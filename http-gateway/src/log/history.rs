//! The data of an earlier moment: from a base and the increments behind it.
//!
//! ```text
//! <data>/history/appendonly.aof.1.base.rdb       what a rewrite has made superfluous, kept for as long as was asked for
//! <data>/history/appendonly.aof.1.incr.aof
//! <data>/appendonlydir/..                        the log as it is
//! ```
//!
//! Every base says behind which effect it was made, and every increment behind which one it begins. So the files tell by
//! themselves how they belong together: the newest base that is not too new, and the increments from there on, without a
//! gap. Times are those of Redis, `#TS:<seconds since 1970>` before the first batch of each second.
//!
//! A real Redis does not look into this folder, and does not miss it.

use super::annotation::Annotation;
use super::disk::{DiskReader, OsDisk};
use super::reader::{self, Loaded, Place, Point};
use super::{DIRECTORY, Error, HISTORY, Progress, TornTail, rdb};
use redstart_core::{Engine, LoadedFile, Lsn};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A base and the moment that it holds.
#[derive(Clone, Debug)]
struct Base {
    path: PathBuf,
    last: Lsn,
    second: u64,
}

/// An increment, and where it begins.
#[derive(Clone, Debug)]
struct Increment {
    path: PathBuf,
    behind: Lsn,
    seq: u64,
}

/// Loads what a data folder held at some place of its log, and gives the last effect of that. The folder may be in use.
///
/// # Errors
/// [`Error::OutOfRange`] when the files do not go as far, and those of [`super::open`].
pub fn restore(data: &Path, point: Point, progress: &Progress, engine: &mut Engine) -> Result<Lsn, Error> {
    let (bases, mut increments) = survey(data)?;
    let is_early = |base: &Base| match point {
        Point::Lsn(lsn) => base.last <= lsn,
        Point::Time(second) => base.second <= second,
    };
    let base = bases.iter().filter(|base| is_early(base)).max_by_key(|base| base.last);
    let mut last = base.map_or(Lsn(0), |base| base.last);
    increments.retain(|increment| increment.behind >= last);
    increments.sort_by_key(|increment| (increment.behind, increment.seq));
    if let Some(base) = base {
        let LoadedFile { .. } = rdb::load(&OsDisk, &base.path, progress, engine)?;
    } else if increments.first().is_none_or(|increment| increment.behind > Lsn(0)) {
        return Err(out_of_range(data, "the log does not go back as far".to_owned()));
    }
    let count = increments.len();
    for (index, increment) in increments.iter().enumerate() {
        if increment.behind != last {
            return Err(out_of_range(
                data,
                format!("the effects from {} to {} are missing", last.0 + 1, increment.behind.0),
            ));
        }
        let is_last = index + 1 == count;
        let loaded = load(increment, is_last, last, point, progress, engine)?;
        last = loaded.last;
        if loaded.stopped {
            break;
        }
    }
    engine.resume_after(last);
    match point {
        Point::Lsn(lsn) if last < lsn => Err(out_of_range(data, format!("the log ends with effect {}", last.0))),
        _ => Ok(last),
    }
}

fn load(
    increment: &Increment,
    is_last: bool,
    last: Lsn,
    until: Point,
    progress: &Progress,
    engine: &mut Engine,
) -> Result<Loaded, Error> {
    let place = Place {
        disk: &OsDisk,
        path: &increment.path,
        is_last,
        tail: TornTail::Leave,
        batch_bytes_max: reader::BATCH_BYTES_MAX,
        progress,
        until: Some(until),
    };
    reader::load(place, last, engine)
}

fn out_of_range(data: &Path, reason: String) -> Error {
    Error::OutOfRange { path: data.to_owned(), reason }
}

/// Removes what is not needed to go back as far as is wanted: everything before the newest base that is older than that.
pub(super) fn prune(log: &Path, history: &Path, at_least: Duration) -> Result<(), Error> {
    let (mut bases, mut increments) = (Vec::new(), Vec::new());
    for folder in [log, history] {
        survey_folder(folder, &mut bases, &mut increments)?;
    }
    // A file is no younger than the moment that it holds.
    let is_old = |path: &Path| {
        let written = std::fs::metadata(path).and_then(|data| data.modified());
        written.is_ok_and(|time| SystemTime::now().duration_since(time).is_ok_and(|age| age >= at_least))
    };
    let Some(kept) = bases.iter().filter(|base| is_old(&base.path)).map(|base| base.last).max() else { return Ok(()) };
    let bases = bases.iter().filter(|base| base.last < kept).map(|base| &base.path);
    let increments = increments.iter().filter(|increment| increment.behind < kept).map(|increment| &increment.path);
    for path in bases.chain(increments).filter(|path| path.starts_with(history)) {
        std::fs::remove_file(path).map_err(Error::io("remove", path))?;
    }
    Ok(())
}

fn survey(data: &Path) -> Result<(Vec<Base>, Vec<Increment>), Error> {
    let (mut bases, mut increments) = (Vec::new(), Vec::new());
    survey_folder(&data.join(DIRECTORY), &mut bases, &mut increments)?;
    let history = data.join(HISTORY);
    if history.is_dir() {
        survey_folder(&history, &mut bases, &mut increments)?;
    }
    Ok((bases, increments))
}

fn survey_folder(folder: &Path, bases: &mut Vec<Base>, increments: &mut Vec<Increment>) -> Result<(), Error> {
    let entries = std::fs::read_dir(folder).map_err(Error::io("read the folder", folder))?;
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(rest) = name.strip_prefix("appendonly.aof.") else { continue };
        let Some((seq, kind)) = rest.split_once('.') else { continue };
        match (seq.parse(), kind) {
            (Ok(_), "base.rdb") => {
                let (last, second) = rdb::moment(&path)?;
                bases.push(Base { path, last, second });
            }
            (Ok(seq), "incr.aof") => {
                let behind = beginning(&path).map_err(Error::io("read", &path))?;
                increments.push(Increment { path, behind, seq });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Behind which effect an increment begins. The oldest ones do not say so; nothing came before them.
fn beginning(path: &Path) -> io::Result<Lsn> {
    let mut line = Vec::new();
    let file = DiskReader::open(&OsDisk, path)?;
    BufReader::new(file).take(super::annotation::BYTES_MAX as u64).read_until(b'\n', &mut line)?;
    Ok(Annotation::parse(&line).map_or(Lsn(0), |annotation| annotation.last))
}

#[cfg(test)]
mod tests;
