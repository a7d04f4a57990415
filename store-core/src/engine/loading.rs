//! A store that answers while its data are still being loaded.
//!
//! Loading needs the engine for itself, and takes as long as there are data. So a host loads a second engine, which nobody
//! knows, while the one that has the sessions tells them that it is loading; in the end the data move over, at once.

use super::Engine;
use crate::error::Error;

/// What is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Everything.
    Full,
    /// No writes: the host's log cannot be written.
    ReadsOnly,
    /// Nothing that needs data: they are not there yet.
    Loading,
    /// Nothing but what ends a script that takes long.
    #[cfg_attr(not(feature = "scripting"), expect(dead_code, reason = "without scripts there are none"))]
    Busy {
        /// Whether the script is a function.
        with_function: bool,
    },
}

impl Service {
    /// What others are told while a script takes long, if one does.
    pub(super) const fn busy(self) -> Option<Error> {
        match self {
            Self::Busy { with_function: true } => Some(Error::BusyFunction),
            Self::Busy { with_function: false } => Some(Error::BusyScript),
            Self::Full | Self::ReadsOnly | Self::Loading => None,
        }
    }
}

impl Engine {
    /// Answers everything that needs data with an error, until [`Self::adopt`]. There are no data yet.
    pub const fn begin_loading(&mut self) {
        self.service = Service::Loading;
    }

    /// What is served just now.
    #[inline]
    pub(super) fn service(&self) -> Service {
        #[cfg(feature = "scripting")]
        if let Some(paused) = &self.scripting.paused {
            return Service::Busy { with_function: paused.is_function() };
        }
        self.service
    }

    /// Whether a script makes a break: [`Self::handle_timeout`] goes on with it.
    pub const fn is_busy(&self) -> bool {
        #[cfg(feature = "scripting")]
        return self.scripting.paused.is_some();
        #[cfg(not(feature = "scripting"))]
        return false;
    }

    /// Refuses what may not be done while a script makes a break.
    pub(crate) fn check_idle(&self) -> Result<(), Error> {
        self.service().busy().map_or(Ok(()), Err)
    }

    /// Whether the data are still to come.
    pub const fn is_loading(&self) -> bool {
        matches!(self.service, Service::Loading)
    }

    /// Takes over the data of an engine that was made with the same parameters and the same seed, and serves them.
    pub fn adopt(&mut self, mut loaded: Self) {
        let last = loaded.lsn();
        self.take_libraries(&mut loaded);
        self.keyspace = loaded.keyspace;
        self.history = loaded.history;
        self.versions.change_all();
        self.resume_after(last);
        self.service = Service::Full;
    }
}

#[cfg(test)]
mod tests {
    use crate::{Config, Engine, Millis, ReplyBuffer, Request, SessionOptions};

    #[test]
    fn what_needs_data_waits_for_them() {
        let now = Millis(1);
        let mut loaded = Engine::new(Config::default(), 7);
        loaded.replay(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n").unwrap();
        let (digest, lsn) = (loaded.digest(), loaded.lsn());
        let mut engine = Engine::new(Config::default(), 7);
        engine.begin_loading();
        let session = engine.open(now, SessionOptions::default());
        let ask = |engine: &mut Engine, words: &[&[u8]]| {
            let mut reply = ReplyBuffer::default();
            engine.execute(now, session, &Request::new(words), &mut reply);
            reply.as_bytes().to_vec()
        };
        let refusal = b"-LOADING Redis is loading the dataset in memory\r\n";
        for words in [&[b"GET".as_slice(), b"k"][..], &[b"SET", b"k", b"w"], &[b"PING"]] {
            assert_eq!(ask(&mut engine, words), refusal);
        }
        assert_eq!(ask(&mut engine, &[b"MULTI"]), b"+OK\r\n");
        assert_eq!(ask(&mut engine, &[b"GET", b"k"]), refusal);
        assert_eq!(ask(&mut engine, &[b"DISCARD"]), b"+OK\r\n");
        engine.adopt(loaded);
        assert_eq!((engine.digest(), engine.lsn()), (digest, lsn));
        assert_eq!(ask(&mut engine, &[b"GET", b"k"]), b"$1\r\nv\r\n");
    }

    #[test]
    fn how_far_loading_has_come_is_told_while_it_goes_on() {
        let now = Millis(1);
        let mut engine = Engine::new(Config::default(), 7);
        engine.begin_loading();
        engine.config_mut().set_fact("persistence", "loading_loaded_perc", "42.00".into());
        let session = engine.open(now, SessionOptions::default());
        let tells = |engine: &mut Engine| {
            let mut reply = ReplyBuffer::default();
            engine.execute(now, session, &Request::new(&[b"INFO", b"persistence"]), &mut reply);
            let line = b"loading_loaded_perc:42.00";
            reply.as_bytes().windows(line.len()).any(|piece| piece == line)
        };
        assert!(tells(&mut engine));
        engine.adopt(Engine::new(Config::default(), 7));
        assert!(!tells(&mut engine));
    }
}
