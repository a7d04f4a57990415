//! Reads a file of the log into an engine, and tells a torn tail from damage.

use super::annotation::{self, Annotation};
use super::disk::{Disk, DiskReader, Mode};
use super::{Error, Progress, TornTail, rdb};
use redstart_core::resp::{Parsed, RequestLimits, Words, parse_request, write_request};
use redstart_core::{DbIndex, Engine, LoadedFile, Lsn};
use std::io::{self, Read};
use std::path::Path;

/// How much is read at once.
const PIECE_BYTES: usize = 1024 * 1024;
/// No batch of ours is longer, but a file of Redis has no annotations at all.
pub(super) const BATCH_BYTES_MAX: usize = 128 * 1024 * 1024;

/// What an annotation of Redis begins with: the time.
pub(super) const TIME_MARK: &[u8] = b"#TS:";
/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// What a file held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Loaded {
    /// The number of its last effect.
    pub(super) last: Lsn,
    /// Its length.
    pub(super) bytes: u64,
    /// How many of its last bytes were never confirmed, and are or would be cut.
    pub(super) torn_bytes: u64,
    /// Whether the place to stop at came before the end.
    pub(super) stopped: bool,
}

/// A file, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The disk that it is on.
    pub(super) disk: &'a dyn Disk,
    /// Where it is.
    pub(super) path: &'a Path,
    /// Only the last file's tail may be torn.
    pub(super) is_last: bool,
    /// What to do about that.
    pub(super) tail: TornTail,
    /// When this much stands before the next annotation it is replayed without waiting for it.
    pub(super) batch_bytes_max: usize,
    /// Whom to tell how much has been read.
    pub(super) progress: &'a Progress,
    /// Where to stop, if that is not the end.
    pub(super) until: Option<Point>,
}

/// A place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Behind the effect of this number.
    Lsn(Lsn),
    /// Behind what was written up to the end of this second since 1970.
    Time(u64),
}

/// Loads a file: an RDB file if it begins with one or is called so, and the effects behind that. An empty base is a loss
/// that nothing else tells of.
pub(super) fn load(place: Place<'_>, last: Lsn, engine: &mut Engine) -> Result<Loaded, Error> {
    let Place { disk, path, .. } = place;
    let is_called_rdb = path.extension().is_some_and(|extension| extension == "rdb");
    let (window, last) = if is_called_rdb || rdb::is_rdb(disk, path)? {
        let LoadedFile { bytes, last: reached, rest, source, .. } = rdb::load(disk, path, place.progress, engine)?;
        let read = bytes + rest.len() as u64;
        (Window::new(source, rest, read), reached.unwrap_or(last))
    } else {
        let file = DiskReader::open(disk, path).map_err(Error::io("open", path))?;
        (Window::new(file, Vec::new(), 0), last)
    };
    let batch = window.position(0);
    let mut reader =
        Reader { place, window, batch, crc: 0, last, at: 0, torn_bytes: 0, is_ours: false, db: DbIndex(0), engine };
    let tail = reader.read_batches()?;
    let stopped = matches!(tail, Tail::Reached);
    if !matches!(tail, Tail::Clean | Tail::Reached) {
        reader.end(tail)?;
    }
    Ok(Loaded { last: reader.last, bytes: reader.window.read, torn_bytes: reader.torn_bytes, stopped })
}

/// The part of the file that is in memory.
struct Window {
    file: DiskReader,
    bytes: Vec<u8>,
    /// How many of the bytes are done with. They go when more are read: once in a piece, not once in a batch.
    start: usize,
    /// Lines that were taken out of the rest: before which of its bytes, and how long they were.
    skipped: Vec<(usize, usize)>,
    /// How much of the file has been read: the file's position of the end of `bytes`.
    read: u64,
    ended: bool,
}

impl Window {
    fn new(file: DiskReader, bytes: Vec<u8>, read: u64) -> Self {
        Self { file, bytes, start: 0, skipped: Vec::new(), read, ended: false }
    }

    /// What is there and not done with.
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// Reads on. False when there is no more.
    fn fill(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.bytes.drain(..self.start);
        self.start = 0;
        let more = self.file.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut self.bytes)?;
        self.read += more as u64;
        self.ended = more == 0;
        Ok(more > 0)
    }

    /// The file's position of a place in the rest; before the lines that were taken out there.
    fn position(&self, at: usize) -> u64 {
        let skipped: usize = self.skipped.iter().filter(|(before, _)| *before >= at).map(|(_, len)| len).sum();
        self.read - (self.rest().len() - at + skipped) as u64
    }

    /// Takes a line out.
    fn skip(&mut self, at: usize, len: usize) {
        if at == 0 {
            self.start += len;
            return;
        }
        self.bytes.drain(self.start + at..self.start + at + len);
        self.skipped.push((at, len));
    }

    /// Takes bytes away from the front.
    fn forget(&mut self, count: usize) {
        self.start += count;
        self.skipped.retain(|(before, _)| *before >= count);
        self.skipped.iter_mut().for_each(|(before, _)| *before -= count);
    }
}

/// What stands at some place of the file.
enum Piece {
    /// A command of so many bytes.
    Command(usize),
    /// An annotation of so many bytes, line end and all.
    Annotation(usize),
    /// Something whose end is not in the window.
    Unfinished,
    /// Something that is none of these.
    Unreadable(String),
}

/// How the batches ended.
#[derive(Debug)]
enum Tail {
    /// With an annotation.
    Clean,
    /// Where the place is to stop at.
    Reached,
    /// In the middle of a command, or between two of them.
    Unfinished,
    /// With something that is no command.
    Unreadable(String),
    /// With a batch that is not the one that its annotation was made for.
    Contradicted(String),
}

/// What becomes of reading at an annotation.
enum Step {
    /// It goes on.
    Next,
    /// What stands before the annotation is not what it was made for.
    Contradicted(String),
    /// The place to stop at.
    Reached,
}

struct Reader<'a> {
    place: Place<'a>,
    window: Window,
    /// The file's position behind the last annotation.
    batch: u64,
    /// The checksum of what has been replayed since then.
    crc: u32,
    last: Lsn,
    /// Up to where the window holds whole commands.
    at: usize,
    torn_bytes: u64,
    /// Whether there is an annotation of ours.
    is_ours: bool,
    /// The database that what has been replayed ended in.
    db: DbIndex,
    engine: &'a mut Engine,
}

impl Reader<'_> {
    fn read_batches(&mut self) -> Result<Tail, Error> {
        loop {
            match self.next_piece() {
                Piece::Command(len) => {
                    self.at += len;
                    self.replay_long()?;
                }
                Piece::Annotation(len) => match self.annotation(len)? {
                    Step::Next => {}
                    Step::Contradicted(reason) => return Ok(Tail::Contradicted(reason)),
                    Step::Reached => return Ok(Tail::Reached),
                },
                Piece::Unreadable(reason) => return Ok(Tail::Unreadable(reason)),
                Piece::Unfinished if self.fill()? => {}
                Piece::Unfinished if self.window.rest().is_empty() && self.crc == 0 => return Ok(Tail::Clean),
                Piece::Unfinished => return Ok(Tail::Unfinished),
            }
        }
    }

    /// What stands behind the whole commands.
    fn next_piece(&self) -> Piece {
        let rest = self.window.rest().get(self.at..).unwrap_or_default();
        match rest.first() {
            None => Piece::Unfinished,
            Some(b'#') => match memchr::memchr(b'\n', rest) {
                Some(end) => Piece::Annotation(end + 1),
                None if rest.len() > annotation::BYTES_MAX => Piece::Unreadable("a line that is too long".into()),
                None => Piece::Unfinished,
            },
            Some(b'*') => match parse_request(rest, RequestLimits::TRUSTED, &mut Words::new()) {
                Ok(Parsed::Request { len }) => Piece::Command(len),
                Ok(Parsed::Incomplete { .. }) => Piece::Unfinished,
                Ok(Parsed::Inline { .. }) => unreachable!("an inline request does not begin with a star"),
                Err(error) => Piece::Unreadable(error.to_string()),
            },
            Some(_) => Piece::Unreadable("something that is no command".into()),
        }
    }

    fn fill(&mut self) -> Result<bool, Error> {
        let before = self.window.read;
        let filled = self.window.fill().map_err(Error::io("read", self.place.path))?;
        self.place.progress.add(self.window.read - before);
        Ok(filled)
    }

    /// Deals with an annotation line of so many bytes.
    fn annotation(&mut self, len: usize) -> Result<Step, Error> {
        let line = self.window.rest().get(self.at..self.at + len).unwrap_or_default();
        let Some(annotation) = Annotation::parse(line) else {
            let time = time_of(line);
            if self.is_ours && time.is_none() {
                let place = self.window.position(self.at);
                return Ok(Step::Contradicted(format!("at byte {place} stands a line of nobody")));
            }
            if let (Some(Point::Time(until)), Some(time)) = (self.place.until, time)
                && time > until
            {
                self.replay()?;
                return Ok(Step::Reached);
            }
            self.window.skip(self.at, len);
            if self.at == 0 && self.crc == 0 {
                // The time stands before its batch.
                self.batch = self.window.position(0);
            }
            return Ok(Step::Next);
        };
        let batch = self.window.rest().get(..self.at).unwrap_or_default();
        if !annotation.confirms(crc32c::crc32c_append(self.crc, batch)) {
            return Ok(Step::Contradicted("the bytes from here on do not match their checksum".into()));
        }
        if let Some(Point::Lsn(until)) = self.place.until
            && annotation.last > until
        {
            self.replay_up_to(until)?;
            return Ok(Step::Reached);
        }
        if self.replay()? < self.at {
            return Err(self.damaged("a transaction that begins here does not end".into()));
        }
        self.window.forget(self.at + len);
        self.window.skipped.clear();
        self.at = 0;
        self.crc = 0;
        self.batch = self.window.position(0);
        self.last = annotation.last;
        self.is_ours = true;
        Ok(Step::Next)
    }

    /// Replays the commands in the window up to an effect, and what was done together with it.
    fn replay_up_to(&mut self, until: Lsn) -> Result<(), Error> {
        let mut left = self.at;
        while self.last < until && left > 0 {
            self.at = self.end_of_unit(left)?;
            let before = self.engine.lsn();
            let applied = self.replay()?;
            if applied == 0 {
                return Err(self.damaged("a transaction that begins here does not end".into()));
            }
            self.last.0 += self.engine.lsn().0 - before.0;
            self.window.forget(applied);
            left -= applied;
        }
        self.at = 0;
        Ok(())
    }

    /// Where the first command ends, or the transaction that it begins.
    fn end_of_unit(&self, left: usize) -> Result<usize, Error> {
        let (mut end, mut words) = (0, Words::new());
        while let Some(rest) = self.window.rest().get(end..left).filter(|rest| !rest.is_empty()) {
            let Ok(Parsed::Request { len }) = parse_request(rest, RequestLimits::TRUSTED, &mut words) else {
                return Err(self.damaged("a command cannot be read".into()));
            };
            let first = words.first().copied().unwrap_or_default();
            let begins = end == 0 && !first.eq_ignore_ascii_case(b"MULTI");
            end += len;
            if begins || first.eq_ignore_ascii_case(b"EXEC") {
                break;
            }
        }
        Ok(end)
    }

    /// Replays what is there when it is too much to wait for its annotation.
    fn replay_long(&mut self) -> Result<(), Error> {
        if self.at >= self.place.batch_bytes_max {
            let applied = self.replay()?;
            self.forget(applied);
        }
        Ok(())
    }

    /// Replays the whole commands in the window, and gives how many bytes they were.
    fn replay(&mut self) -> Result<usize, Error> {
        let commands = self.window.rest().get(..self.at).unwrap_or_default();
        self.engine.replay_piece(&mut self.db, commands).map_err(|error| Error::Damaged {
            path: self.place.path.to_owned(),
            offset: self.batch,
            reason: format!(
                "a command at byte {} cannot be replayed ({})",
                self.window.position(error.at),
                error.reason
            ),
        })
    }

    fn forget(&mut self, applied: usize) {
        self.crc = crc32c::crc32c_append(self.crc, self.window.rest().get(..applied).unwrap_or_default());
        self.window.forget(applied);
        self.at -= applied;
    }

    /// Deals with what stands behind the last annotation that was confirmed. It was never confirmed, and is cut; but whole
    /// commands of a Redis, which went on with this file and writes no annotations, are taken.
    fn end(&mut self, tail: Tail) -> Result<(), Error> {
        while self.fill()? {}
        if let Some(reason) = self.contradiction(tail) {
            if !self.is_unfinished() {
                return Err(self.damaged(reason));
            }
            self.at = 0;
        } else if self.is_ours && !self.begins_as_redis_does() {
            self.at = 0;
        }
        let before = self.engine.lsn();
        let applied = self.replay()?;
        self.forget(applied);
        self.last.0 += self.engine.lsn().0 - before.0;
        let cut = self.window.read - self.window.position(0);
        self.torn_bytes = cut;
        if cut > 0 && !self.place.is_last {
            return Err(self.damaged("it ends with an unfinished command, but is not the last file".into()));
        }
        if self.place.is_last && self.place.tail == TornTail::Cut {
            self.confirm(cut).map_err(Error::io("repair", self.place.path))?;
        }
        Ok(())
    }

    /// What is there that a write which was merely cut short does not leave.
    fn contradiction(&self, tail: Tail) -> Option<String> {
        let rest = self.window.rest().get(self.at..).unwrap_or_default();
        match tail {
            Tail::Contradicted(reason) => Some(reason),
            // Zeros are what a file system leaves of a write that it had not finished.
            Tail::Unreadable(reason) if !rest.iter().all(|byte| *byte == 0) => {
                Some(format!("at byte {} stands {reason}", self.window.position(self.at)))
            }
            _ if Annotation::all_in(rest).next().is_some() => {
                Some("a command does not end before the next checksum".into())
            }
            _ if rest.starts_with(b"#") && rest.iter().rev().skip(1).any(|byte| *byte == b'\r') => {
                Some("a checksum does not end".into())
            }
            _ => None,
        }
    }

    /// Whether the bytes since the last annotation that was confirmed can be what a power cut leaves of writes that were
    /// not synced. The disk may have got them in any order, so that later ones are there and earlier ones are gaps; but
    /// then no annotation says that they had been on the disk before.
    fn is_unfinished(&self) -> bool {
        let mut later = Annotation::all_in(self.window.rest());
        self.crc == 0 && self.has_gap() && !later.any(|annotation| annotation.vouches_for(self.batch))
    }

    /// Whether there are sectors among those bytes that were never written, or not to their ends.
    fn has_gap(&self) -> bool {
        let bytes = self.window.rest();
        let until_sector = usize::try_from(self.batch.next_multiple_of(SECTOR_BYTES as u64) - self.batch);
        let (first, others) = bytes.split_at(until_sector.unwrap_or(0).min(bytes.len()));
        std::iter::once(first).chain(others.chunks(SECTOR_BYTES)).any(|sector| sector.last() == Some(&0))
    }

    /// Whether a Redis may have written those bytes, which writes no checksums: it selects a database first.
    fn begins_as_redis_does(&self) -> bool {
        self.window.rest().starts_with(b"*2\r\n$6\r\nSELECT\r\n")
    }

    /// Cuts so many bytes off the file, and confirms what stands before them.
    fn confirm(&mut self, cut: u64) -> io::Result<()> {
        let end = self.window.position(0);
        let file = self.place.disk.open(self.place.path, Mode::Write)?;
        if cut > 0 {
            tracing::warn!(
                "cut {cut} bytes of an unfinished write from the end of {}, at byte {end}: they were never confirmed",
                self.place.path.display()
            );
            file.set_len(end)?;
        }
        if end > self.batch {
            // Whoever wrote this may have left another database selected; a batch of ours begins in database 0.
            let mut line = Vec::new();
            write_request(&mut line, &[b"SELECT", b"0"]);
            Annotation::new(crc32c::crc32c_append(self.crc, &line), self.last, Some(self.batch)).write(&mut line);
            file.write_all_at(&line, end)?;
        }
        file.sync()
    }

    fn damaged(&self, reason: String) -> Error {
        Error::Damaged { path: self.place.path.to_owned(), offset: self.batch, reason }
    }
}

/// The time that a line says, in seconds since 1970.
fn time_of(line: &[u8]) -> Option<u64> {
    let digits = line.strip_prefix(TIME_MARK)?.strip_suffix(b"\r\n")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
