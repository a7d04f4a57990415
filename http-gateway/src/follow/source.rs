//! The data of a source, as they come over a connection, for the reader of RDB.

use super::link::Stream;
use crate::log::Progress;
use redstart_core::rdb::{Source, Unreadable};
use std::io::{self, Read};

/// Where the data end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Behind so many bytes.
    Len(u64),
    /// Where they say themselves; then these bytes follow.
    Mark(Vec<u8>),
}

/// Reads the data and nothing behind them, if their length is known.
#[derive(Debug)]
pub(super) struct DataSource<'a> {
    pub(super) stream: &'a mut Stream,
    /// How many bytes may still be read.
    pub(super) left: u64,
    pub(super) progress: &'a Progress,
    /// Why it could not be read.
    pub(super) error: Option<io::Error>,
}

impl DataSource<'_> {
    fn read_some(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let max = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        let read = self.stream.read(into.get_mut(..max).unwrap_or_default())?;
        if read == 0 && max > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        self.progress.add(read as u64);
        Ok(read)
    }
}

impl Source for &mut DataSource<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Unreadable> {
        self.read_some(into).map_err(|error| {
            self.error = Some(error);
            Unreadable
        })
    }
}
