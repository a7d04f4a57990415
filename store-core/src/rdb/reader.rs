//! A whole file, entry by entry.

use super::VERSION_MAX;
use super::code::opcode;
use super::decode::{self, Forms};
use super::error::{Error, ErrorKind};
use super::input::{Input, Source};
use crate::values::Value;
use crate::values::bytes::SmallBytes;
use alloc::vec::Vec;

/// The first version that ends with a checksum.
const CHECKSUM_VERSION: u32 = 5;

/// A key with all that stands about it.
#[derive(Clone, Debug)]
pub struct Record {
    /// The number of its database.
    pub db: u64,
    /// The key.
    pub key: SmallBytes,
    /// What it holds.
    pub value: Value,
    /// When it expires, in milliseconds since 1970.
    pub deadline_ms: Option<i64>,
    /// For how many seconds it has not been used, if the writer counted that.
    pub idle_secs: Option<u64>,
    /// How often it is used, on Redis's logarithmic scale, if the writer counted that.
    pub frequency: Option<u8>,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub enum Item {
    /// A name and a value about the file itself, such as `redis-ver`.
    Aux(SmallBytes, SmallBytes),
    /// The code of a library of functions.
    Library(SmallBytes),
    /// A key.
    Record(Record),
    /// A key whose collection is empty, which some versions of Redis wrote by mistake. Nobody can see it there either.
    EmptyKey,
}

/// What stands before a key and is about it.
#[derive(Clone, Copy, Debug, Default)]
struct About {
    deadline_ms: Option<i64>,
    idle_secs: Option<u64>,
    frequency: Option<u8>,
}

/// Reads a file.
pub struct Reader<'a, S> {
    input: Input<S>,
    forms: Forms<'a>,
    version: u32,
    db: u64,
    ended: bool,
}

impl<'a, S: Source> Reader<'a, S> {
    /// Begins to read.
    ///
    /// # Errors
    /// When it is not an RDB file, or one of a version that is not known.
    pub fn new(source: S, forms: Forms<'a>) -> Result<Self, Error> {
        let mut input = Input::new(source);
        let Ok([b'R', b'E', b'D', b'I', b'S', digits @ ..]) = input.array::<9>() else {
            return Err(input.error(ErrorKind::NotRdb));
        };
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(input.error(ErrorKind::NotRdb));
        }
        let version = digits.iter().fold(0, |version, digit| version * 10 + u32::from(digit - b'0'));
        if !(1..=u32::from(VERSION_MAX)).contains(&version) {
            return Err(input.error(ErrorKind::Version(version)));
        }
        Ok(Self { input, forms, version, db: 0, ended: false })
    }

    /// The version of the file.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// How many bytes have been read.
    pub const fn offset(&self) -> u64 {
        self.input.offset()
    }

    /// What is next; none when the file has ended as it should.
    ///
    /// # Errors
    /// What is wrong, and where. There is no going on behind an error.
    pub fn read(&mut self) -> Result<Option<Item>, Error> {
        let mut about = About::default();
        while !self.ended {
            match self.input.byte()? {
                opcode::EOF => self.end()?,
                opcode::SELECT_DB => self.db = self.input.length()?,
                opcode::EXPIRETIME => {
                    about.deadline_ms = Some(i64::from(i32::from_le_bytes(self.input.array()?)) * 1000);
                }
                opcode::EXPIRETIME_MS => about.deadline_ms = Some(i64::from_le_bytes(self.input.array()?)),
                opcode::FREQ => about.frequency = Some(self.input.byte()?),
                opcode::IDLE => about.idle_secs = Some(self.input.length()?),
                opcode::RESIZE_DB => self.skip_lengths(2)?,
                opcode::SLOT_INFO => self.skip_lengths(3)?,
                opcode::AUX => return Ok(Some(Item::Aux(self.input.string()?, self.input.string()?))),
                opcode::FUNCTION_2 => return Ok(Some(Item::Library(self.input.string()?))),
                opcode::FUNCTION_PRE_GA => return Err(self.input.error(ErrorKind::PreReleaseFunction)),
                opcode::MODULE_AUX => return Err(decode::module(&mut self.input)),
                code => return self.key(code, about).map(Some),
            }
        }
        Ok(None)
    }

    /// What has come behind the end of the file, and the source of what follows: a log that begins with an RDB file
    /// goes on with commands.
    pub fn into_rest(self) -> (Vec<u8>, S) {
        self.input.into_rest()
    }

    fn key(&mut self, code: u8, about: About) -> Result<Item, Error> {
        let About { deadline_ms, idle_secs, frequency } = about;
        let key = self.input.string()?;
        match decode::value(&mut self.input, code, self.forms) {
            Ok(value) => Ok(Item::Record(Record { db: self.db, key, value, deadline_ms, idle_secs, frequency })),
            Err(Error { kind: ErrorKind::Empty, .. }) => Ok(Item::EmptyKey),
            Err(error) => Err(error),
        }
    }

    /// Sizes are hints for tables that grow by themselves here.
    fn skip_lengths(&mut self, count: usize) -> Result<(), Error> {
        (0..count).try_for_each(|_| self.input.length().map(drop))
    }

    /// A checksum of zero says that the writer made none.
    fn end(&mut self) -> Result<(), Error> {
        self.ended = true;
        if self.version < CHECKSUM_VERSION {
            return Ok(());
        }
        let made = self.input.checksum();
        let written = u64::from_le_bytes(self.input.array()?);
        if written == 0 || written == made { Ok(()) } else { Err(self.input.error(ErrorKind::Checksum)) }
    }
}
