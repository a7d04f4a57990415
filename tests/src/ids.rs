//! The numbers of a transcript's sessions, which differ from store to store: the word `@id:a` stands for that of `a`.

use crate::target::{Patience, Target};
use crate::transcript::Transcript;
use crate::value::Value;
use anyhow::{Context, bail};
use std::collections::BTreeMap;

const MARK: &[u8] = b"@id:";

/// The numbers of the sessions that a transcript speaks of.
#[derive(Debug, Default)]
pub struct Ids(BTreeMap<Vec<u8>, Vec<u8>>);

impl Ids {
    /// Asks each session that is spoken of, before anything else happens: later it may be blocked.
    ///
    /// # Errors
    /// A store that does not tell.
    pub fn ask(target: &mut dyn Target, transcript: &Transcript) -> anyhow::Result<Self> {
        let mut ids = Self::default();
        for name in transcript.requests().flatten().filter_map(|word| word.strip_prefix(MARK)) {
            if ids.0.contains_key(name) {
                continue;
            }
            let session = std::str::from_utf8(name)?;
            target.send(session, &[b"CLIENT", b"ID"])?;
            match target.receive(session, Patience::Expected)?.context("no number came")? {
                Value::Integer(id) => ids.0.insert(name.to_vec(), id.to_string().into_bytes()),
                other => bail!("not the number of a session: {other}"),
            };
        }
        Ok(ids)
    }

    /// The words with the numbers in their places.
    pub fn fill<'a>(&'a self, words: &'a [Vec<u8>]) -> Vec<&'a [u8]> {
        let filled = |word: &'a Vec<u8>| word.strip_prefix(MARK).and_then(|name| self.0.get(name)).unwrap_or(word);
        words.iter().map(|word| filled(word).as_slice()).collect()
    }
}
