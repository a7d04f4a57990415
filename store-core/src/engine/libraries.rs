//! The libraries of functions as the store's data: in files, in snapshots, in the digest.
//!
//! A store without scripts cannot run them, but keeps them from file to file.

use super::Engine;
use crate::rdb::ErrorKind;
use crate::values::bytes::SmallBytes;

#[cfg(feature = "scripting")]
impl Engine {
    /// The texts of all libraries, by name.
    pub(crate) fn library_codes(&self) -> impl Iterator<Item = &[u8]> {
        self.scripting.functions.libraries().iter().map(|library| &*library.code)
    }

    /// Puts libraries in the place of all that are there.
    ///
    /// # Errors
    /// When one of them cannot be loaded.
    pub(super) fn set_libraries(&mut self, codes: &[SmallBytes]) -> Result<(), ErrorKind> {
        let mut functions = crate::scripting::Functions::default();
        let codes = codes.iter().map(|code| &**code);
        let loaded = functions.restore(&self.config, codes, crate::scripting::Policy::Append);
        loaded.map_err(|_| ErrorKind::Malformed("a library of functions cannot be loaded"))?;
        self.scripting.functions = functions;
        self.log_of_libraries();
        Ok(())
    }

    /// Gives the host what libraries logged while they were loaded.
    pub(crate) fn log_of_libraries(&mut self) {
        let lines = self.scripting.functions.take_lines();
        self.outputs.extend(lines);
    }

    /// Takes over the libraries of another engine.
    pub(super) fn take_libraries(&mut self, other: &mut Self) {
        self.scripting.functions = core::mem::take(&mut other.scripting.functions);
    }
}

#[cfg(not(feature = "scripting"))]
impl Engine {
    /// The texts of all libraries.
    pub(crate) fn library_codes(&self) -> impl Iterator<Item = &[u8]> {
        self.libraries.iter().map(|code| &**code)
    }

    /// Puts libraries in the place of all that are there.
    pub(super) fn set_libraries(&mut self, codes: &[SmallBytes]) -> Result<(), ErrorKind> {
        self.libraries = codes.to_vec();
        Ok(())
    }

    /// Takes over the libraries of another engine.
    pub(super) fn take_libraries(&mut self, other: &mut Self) {
        self.libraries = core::mem::take(&mut other.libraries);
    }
}

#[cfg(all(test, feature = "scripting"))]
mod tests {
    use crate::engine::Output;
    use crate::{Config, Engine, Millis, ReplyBuffer, Request, SessionOptions, SnapshotCursor};
    use alloc::vec::Vec;

    fn library(name: &str, function: &str) -> Vec<u8> {
        alloc::format!("#!lua name={name}\nredis.register_function('{function}', function() return 1 end)").into_bytes()
    }

    #[test]
    fn libraries_are_in_the_log_in_snapshots_and_in_files() {
        let mut engine = Engine::new(Config::default(), 1);
        let session = engine.open(Millis(1), SessionOptions::default());
        let empty = engine.digest();
        for words in [
            &[&b"FUNCTION"[..], b"LOAD", &library("one", "f")][..],
            &[b"FUNCTION", b"LOAD", &library("two", "g")],
            &[b"FUNCTION", b"LOAD", b"REPLACE", &library("one", "h")],
            &[b"FUNCTION", b"LOAD", &library("three", "i")],
            &[b"FUNCTION", b"DELETE", b"three"],
        ] {
            let mut reply = ReplyBuffer::default();
            engine.execute(Millis(1), session, &Request::new(words), &mut reply);
            assert_ne!(reply.as_bytes().first(), Some(&b'-'));
        }
        assert_ne!(engine.digest(), empty);
        let effects: Vec<u8> = core::iter::from_fn(|| engine.poll_output())
            .filter_map(|output| if let Output::Effects(batch) = output { Some(batch.bytes) } else { None })
            .flatten()
            .collect();
        let (mut cursor, mut snapshot) = (SnapshotCursor::default(), Vec::new());
        while engine.snapshot(&mut cursor, &mut snapshot, 1) {}
        for log in [effects, snapshot] {
            let mut again = Engine::new(Config::default(), 2);
            assert_eq!(again.replay(&log), Ok(log.len()));
            assert_eq!(again.digest(), engine.digest());
        }
        let mut loaded = Engine::new(Config::default(), 3);
        loaded.load(engine.encode(Millis(1)).as_slice()).unwrap();
        assert_eq!(loaded.digest(), engine.digest());
    }
}
