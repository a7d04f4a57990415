//! Transcripts: requests and the replies that a real Redis gave, as text.
//!
//! ```text
//! # A comment.
//! ! protocol 2            only in RESP2 (a file's head; also `protocol 3`, `since 7.2`)
//! > SET k v               a request, quoted as redis-cli reads it
//! < +OK                   its reply, in both protocols
//! ? unordered             the next reply's elements may come in any order
//! > SMEMBERS s
//! <2 ["a", "b"]           its reply in RESP2
//! <3 set["a", "b"]        and in RESP3
//! b> BLPOP list 1         a request of another session; no reply follows, so it blocks
//! > CLIENT KILL ID @id:b  the number of a session
//! @ 1500                  so many milliseconds pass
//! b<2 nil[]               what a session receives without having asked just now
//! b<3 nil
//! ? deviates Name         Redstart answers otherwise, see `deviations.md`:
//! > ..
//! < what Redis answers
//! = what Redstart answers
//! ```
//!
//! The marks of `?`, separated by commas: `unordered`, `shuffled` (the messages may come in any order), `pairs` (a map's entries in any order, also where RESP2 has a flat
//! array), `any` (only that there is a reply), `near 50` (integers that far off), `held` (no answer yet: clients are paused), `deviates Name`, `since 7.2` (written by
//! hand: the recording Redis does not have it).

mod matcher;
mod read;
mod write;

pub use matcher::Matcher;
pub use read::ReadError;

use crate::value::Value;
use redstart_core::Protocol;
use std::path::{Path, PathBuf};

/// A file of requests and replies.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// Where it stands.
    pub path: PathBuf,
    /// The only protocol that it is meant for, if it is not both.
    pub protocol: Option<Protocol>,
    /// The whole file was written by hand.
    pub by_hand: bool,
    /// Its lines, with requests and their replies as one item.
    pub items: Vec<Item>,
}

/// A piece of a transcript.
#[derive(Clone, Debug)]
pub enum Item {
    /// A comment, a blank line or a line of the head, as it stands.
    Text(String),
    /// Something that happens.
    Step(Step),
}

/// Something that happens, and what the sessions receive then.
#[derive(Clone, Debug)]
pub struct Step {
    /// The line of the request, counted from 1.
    pub line: usize,
    /// The marks above it, as they stand.
    pub marks: Vec<String>,
    /// What happens.
    pub action: Action,
    /// What is received.
    pub replies: Vec<Reply>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A session asks.
    Request {
        /// Which one; the nameless one is "".
        session: String,
        /// The line behind the `>`.
        text: String,
        /// Its words.
        words: Vec<Vec<u8>>,
    },
    /// Milliseconds pass.
    Wait(u64),
}

/// Whose answer a reply line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// What Redis answers, and Redstart with it.
    Redis,
    /// What Redstart answers where it deviates.
    Redstart,
}

/// A line of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Who receives it.
    pub session: String,
    /// Whose answer it is.
    pub author: Author,
    /// In which protocol, if not in both.
    pub protocol: Option<Protocol>,
    /// The reply.
    pub value: Value,
}

impl Transcript {
    /// Reads a file.
    ///
    /// # Errors
    /// A file that cannot be read, or a line that is no transcript.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        Ok(Self::parse(path, &text)?)
    }

    /// Every transcript of the project, sorted by path.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn load_all() -> anyhow::Result<Vec<Self>> {
        crate::project::transcript_files()?.iter().map(|path| Self::load(path)).collect()
    }

    /// The steps.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.items.iter().filter_map(|item| match item {
            Item::Step(step) => Some(step),
            Item::Text(_) => None,
        })
    }

    /// The protocols that it is run in.
    pub fn protocols(&self) -> Vec<Protocol> {
        match self.protocol {
            Some(protocol) => vec![protocol],
            None => vec![Protocol::Resp2, Protocol::Resp3],
        }
    }

    /// Every request.
    pub fn requests(&self) -> impl Iterator<Item = &Vec<Vec<u8>>> {
        self.steps().filter_map(|step| match &step.action {
            Action::Request { words, .. } => Some(words),
            Action::Wait(_) => None,
        })
    }

    /// Whether time passes in it.
    pub fn has_time(&self) -> bool {
        self.steps().any(|step| matches!(step.action, Action::Wait(_)))
    }

    /// The names of all sessions in it, sorted.
    pub fn sessions(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.steps().filter_map(Step::session).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The path below the folder of all transcripts.
    pub fn name(&self) -> String {
        crate::project::relative(&self.path)
    }
}

impl Step {
    /// Who asks, if someone does.
    pub fn session(&self) -> Option<&str> {
        match &self.action {
            Action::Request { session, .. } => Some(session),
            Action::Wait(_) => None,
        }
    }

    /// What a session is to receive.
    pub fn expected(&self, session: &str, protocol: Protocol, author: Author) -> Vec<&Value> {
        let by = |author| {
            self.replies
                .iter()
                .filter(move |reply| reply.author == author && reply.protocol.is_none_or(|only| only == protocol))
        };
        let author = if by(author).next().is_some() { author } else { Author::Redis };
        by(author).filter(|reply| reply.session == session).map(|reply| &reply.value).collect()
    }

    /// The heading in `deviations.md` that explains why Redstart answers otherwise.
    pub fn deviation(&self) -> Option<&str> {
        self.marks.iter().find_map(|mark| mark.strip_prefix("deviates ")).map(str::trim)
    }

    /// Whether its replies were written by hand.
    pub fn by_hand(&self) -> bool {
        self.marks.iter().any(|mark| mark.starts_with("since "))
    }

    /// Whether its answer comes later, though its command does not block by itself.
    pub fn is_held(&self) -> bool {
        self.marks.iter().any(|mark| mark == "held")
    }

    /// How its replies are compared.
    pub fn matcher(&self) -> Matcher {
        Matcher::of(&self.marks)
    }
}
