//! One connection to a source: who we are, where we stand, and what comes.

use super::commands::{Commands, Whole};
use super::source::{DataSource, End};
use super::{Address, Error, Until};
use crate::loader::show;
use crate::log::Progress;
use redstart_core::resp::write_request;
use redstart_core::{Engine, LoadedFile};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How often it is looked whether somebody wants to stop, and how long a silent source is waited for at once.
const TICK: Duration = Duration::from_millis(250);
/// How often the source is told how far we are.
const ACKNOWLEDGE_INTERVAL: Duration = Duration::from_secs(1);
/// A source that says nothing for so long is gone. (It says PING every ten seconds.)
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// The longest line of an answer.
const LINE_BYTES_MAX: usize = 64 * 1024;
/// How much is read at once.
const PIECE_BYTES: usize = 256 * 1024;
/// The version from which on a source says only what can be repeated at any time.
const VERSION_MIN: u32 = 7;
/// The length of the mark behind data of unknown length.
const MARK_BYTES: usize = 40;

/// A connection that gives up after a long silence, or when it is told to.
#[derive(Debug)]
pub(super) struct Stream {
    socket: TcpStream,
    until: Until,
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let start = Instant::now();
        loop {
            match self.socket.read(into) {
                Err(error) if is_timeout(&error) && self.until.is_stopped() => {
                    return Err(io::Error::other("it was told to stop"));
                }
                Err(error) if is_timeout(&error) && start.elapsed() < SILENCE_MAX => {}
                read => return read,
            }
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// How a source begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// With all data of an offset.
    Full {
        /// The name of the history.
        replication: String,
        /// How many bytes of it are in the data.
        offset: u64,
    },
    /// With the commands behind those that we have.
    Continued {
        /// The history may have got another name.
        replication: Option<String>,
    },
}

/// The connection.
#[derive(Debug)]
pub(super) struct Link<'a> {
    address: &'a Address,
    stream: Stream,
    commands: Commands,
    piece: Vec<u8>,
    acknowledged: Instant,
    heard: Instant,
}

impl<'a> Link<'a> {
    /// Connects, and says who we are.
    pub(super) fn open(address: &'a Address, until: &Until) -> Result<Self, Error> {
        let lost = lost("connect to", address);
        let connect = || {
            let socket = TcpStream::connect((address.host.as_str(), address.port))?;
            socket.set_nodelay(true)?;
            socket.set_read_timeout(Some(TICK))?;
            Ok(socket)
        };
        let stream = Stream { socket: connect().map_err(lost)?, until: until.clone() };
        let (acknowledged, heard) = (Instant::now(), Instant::now());
        let mut link = Self { address, stream, commands: Commands::default(), piece: Vec::new(), acknowledged, heard };
        link.greet()?;
        Ok(link)
    }

    fn greet(&mut self) -> Result<(), Error> {
        let Address { user, password, .. } = self.address;
        if let Some(password) = password {
            let words = ["AUTH"].into_iter().chain(user.as_deref()).chain([password.as_str()]);
            self.ask("AUTH", &words.collect::<Vec<_>>())?;
        }
        self.ask("PING", &["PING"])?;
        // Nobody listens here. Old sources do not know what we can do, and need not.
        self.try_ask(&["REPLCONF", "listening-port", "0"])?;
        self.try_ask(&["REPLCONF", "capa", "eof", "capa", "psync2"])?;
        Ok(())
    }

    /// Refuses a source whose commands cannot be repeated. One that does not say its version is believed to be new.
    pub(super) fn check_version(&mut self) -> Result<(), Error> {
        self.send(&["INFO", "server"])?;
        let head = self.line()?;
        let Some(len) = head.strip_prefix('$').and_then(|len| len.parse::<usize>().ok()) else { return Ok(()) };
        let text = self.exact(len.saturating_add(2))?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let version = text.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or_default();
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        match major {
            Some(major) if major < VERSION_MIN => {
                Err(Error::Old { address: self.address.to_string(), version: version.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Asks for what comes behind an offset of a history, or for everything.
    pub(super) fn synchronize(&mut self, replication: Option<&str>, offset: u64) -> Result<Answer, Error> {
        let next = (offset + 1).to_string();
        let words = replication.map_or(["PSYNC", "?", "-1"], |replication| ["PSYNC", replication, &next]);
        self.send(&words)?;
        let reply = self.line()?;
        let answer = match reply.split(' ').collect::<Vec<_>>()[..] {
            ["+FULLRESYNC", replication, offset] => {
                offset.parse().ok().map(|offset| Answer::Full { replication: replication.to_owned(), offset })
            }
            ["+CONTINUE"] => Some(Answer::Continued { replication: None }),
            ["+CONTINUE", replication] => Some(Answer::Continued { replication: Some(replication.to_owned()) }),
            _ => None,
        };
        answer.ok_or_else(|| {
            let address = self.address.to_string();
            if ["-LOADING", "-NOMASTERLINK", "-MASTERDOWN"].iter().any(|code| reply.starts_with(code)) {
                Error::Busy { address, reply }
            } else {
                Error::Refused { address, request: "PSYNC", reply }
            }
        })
    }

    /// Loads all data, in the place of what the engine has.
    pub(super) fn load(&mut self, engine: &mut Engine) -> Result<(), Error> {
        let head = self.line()?;
        let end = match head.strip_prefix("$EOF:") {
            Some(mark) if mark.len() == MARK_BYTES => Some(End::Mark(mark.as_bytes().to_vec())),
            Some(_) => None,
            None => head.strip_prefix('$').and_then(|len| len.parse().ok()).map(End::Len),
        };
        let Some(end) = end else {
            return Err(Error::Refused { address: self.address.to_string(), request: "PSYNC", reply: head });
        };
        let progress = Progress::default();
        let left = match end {
            End::Len(len) => {
                progress.set_total(len);
                len
            }
            End::Mark(_) => u64::MAX,
        };
        let (rest, left) = show(&progress, || self.load_from(left, &progress, engine))?;
        self.finish_data(&end, rest, left)
    }

    /// Gives what was read behind the data, and how many bytes of them are left.
    fn load_from(&mut self, left: u64, progress: &Progress, engine: &mut Engine) -> Result<(Vec<u8>, u64), Error> {
        let mut source = DataSource { stream: &mut self.stream, left, progress, error: None };
        let loaded = engine.load(&mut source).map(|LoadedFile { rest, .. }| rest);
        match (loaded, source.error) {
            (Ok(rest), _) => Ok((rest, source.left)),
            (Err(_), Some(error)) => Err(lost("read from", self.address)(error)),
            (Err(error), None) => Err(Error::Data { address: self.address.to_string(), error }),
        }
    }

    /// Passes over what ends the data. What comes behind that are commands.
    fn finish_data(&mut self, end: &End, mut rest: Vec<u8>, left: u64) -> Result<(), Error> {
        match end {
            End::Len(_) => {
                let left = usize::try_from(left).unwrap_or(usize::MAX);
                self.exact(left)?;
            }
            End::Mark(mark) => {
                let missing = mark.len().saturating_sub(rest.len());
                rest.extend(self.exact(missing)?);
                let (found, commands) = rest.split_at(mark.len());
                if found != mark {
                    let reply = found.escape_ascii().to_string();
                    return Err(Error::Refused { address: self.address.to_string(), request: "PSYNC", reply });
                }
                self.commands.push(commands);
            }
        }
        self.heard = Instant::now();
        Ok(())
    }

    /// The commands that can be applied.
    pub(super) fn whole_commands(&mut self) -> Result<Whole<'_>, Error> {
        let no_command = |reply| Error::Refused { address: self.address.to_string(), request: "PSYNC", reply };
        self.commands.whole().map_err(no_command)
    }

    /// Forgets the commands that have been applied; see [`Commands::forget`].
    pub(super) fn forget(&mut self) -> usize {
        self.commands.forget()
    }

    /// Waits a moment for more.
    pub(super) fn wait(&mut self) -> Result<(), Error> {
        self.piece.resize(PIECE_BYTES, 0);
        let lost = lost("read from", self.address);
        match self.stream.socket.read(&mut self.piece) {
            Ok(0) => Err(lost(ErrorKind::UnexpectedEof.into())),
            Ok(read) => {
                self.commands.push(self.piece.get(..read).unwrap_or_default());
                self.heard = Instant::now();
                Ok(())
            }
            Err(error) if is_timeout(&error) && self.heard.elapsed() < SILENCE_MAX => Ok(()),
            Err(error) => Err(lost(error)),
        }
    }

    /// Tells the source how far we are.
    pub(super) fn acknowledge(&mut self, offset: u64) -> Result<(), Error> {
        self.acknowledged = Instant::now();
        self.send(&["REPLCONF", "ACK", &offset.to_string()])
    }

    /// Whether the source has not been told for a while.
    pub(super) fn is_acknowledgement_due(&self) -> bool {
        self.acknowledged.elapsed() >= ACKNOWLEDGE_INTERVAL
    }

    fn send(&mut self, words: &[&str]) -> Result<(), Error> {
        let mut bytes = Vec::new();
        write_request(&mut bytes, &words.iter().map(|word| word.as_bytes()).collect::<Vec<_>>());
        self.stream.socket.write_all(&bytes).map_err(lost("write to", self.address))
    }

    /// The answer to a request that has a line for one.
    fn try_ask(&mut self, words: &[&str]) -> Result<String, Error> {
        self.send(words)?;
        self.line()
    }

    /// Like [`Self::try_ask`], when a refusal is the end.
    fn ask(&mut self, request: &'static str, words: &[&str]) -> Result<(), Error> {
        let reply = self.try_ask(words)?;
        let address = || self.address.to_string();
        if reply.starts_with("-LOADING") {
            Err(Error::Busy { address: address(), reply })
        } else if reply.starts_with('-') {
            Err(Error::Refused { address: address(), request, reply })
        } else {
            Ok(())
        }
    }

    /// A line, without its end. Empty ones only say that the source is still there. Read byte by byte, for what stands
    /// behind it is not ours to buffer; there are only a few of them.
    fn line(&mut self) -> Result<String, Error> {
        let mut line = Vec::new();
        while line.len() < LINE_BYTES_MAX {
            let byte = self.exact(1)?;
            if byte != b"\n" {
                line.extend(byte);
                continue;
            }
            let text = line.strip_suffix(b"\r").unwrap_or(&line);
            if !text.is_empty() {
                return Ok(String::from_utf8_lossy(text).into_owned());
            }
            line.clear();
        }
        Err(lost("read from", self.address)(io::Error::other("a line does not end")))
    }

    fn exact(&mut self, len: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let read = (&mut self.stream).take(len as u64).read_to_end(&mut bytes);
        match read {
            Ok(read) if read == len => Ok(bytes),
            Ok(_) => Err(lost("read from", self.address)(ErrorKind::UnexpectedEof.into())),
            Err(error) => Err(lost("read from", self.address)(error)),
        }
    }
}

fn lost(action: &'static str, address: &Address) -> impl Fn(io::Error) -> Error + use<> {
    let address = address.to_string();
    move |source| Error::Lost { action, address: address.clone(), source }
}
