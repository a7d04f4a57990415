//! Text to a transcript.

use super::{Action, Author, Item, Reply, Step, Transcript};
use crate::value;
use redstart_core::Protocol;
use redstart_core::resp::split_quoted;
use std::fmt;
use std::path::{Path, PathBuf};

/// A line that is no transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.reason)
    }
}

impl std::error::Error for ReadError {}

impl Transcript {
    /// Reads a transcript's text.
    ///
    /// # Errors
    /// The first line that is no transcript.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ReadError> {
        let mut transcript = Self { path: path.to_owned(), ..Self::default() };
        let mut marks = Vec::new();
        for (n, line) in text.lines().enumerate() {
            transcript.read_line(n + 1, line, &mut marks).map_err(|reason| ReadError {
                path: path.to_owned(),
                line: n + 1,
                reason,
            })?;
        }
        Ok(transcript)
    }

    fn read_line(&mut self, number: usize, line: &str, marks: &mut Vec<String>) -> Result<(), String> {
        if let Some(list) = line.strip_prefix("? ") {
            marks.extend(list.split(',').map(|mark| mark.trim().to_owned()));
            return Ok(());
        }
        if let Some(head) = line.strip_prefix("! ") {
            self.read_head(head)?;
        }
        if line.is_empty() || line.starts_with(['#', '!']) {
            self.items.push(Item::Text(line.to_owned()));
            return Ok(());
        }
        match read_action(line)? {
            Some(action) => {
                let marks = std::mem::take(marks);
                self.items.push(Item::Step(Step { line: number, marks, action, replies: Vec::new() }));
            }
            None => {
                let reply = read_reply(line)?;
                let Some(Item::Step(step)) = self.items.last_mut() else {
                    return Err("a reply without a request above it".into());
                };
                step.replies.push(reply);
            }
        }
        Ok(())
    }

    fn read_head(&mut self, head: &str) -> Result<(), String> {
        match head.split_once(' ') {
            Some(("protocol", "2")) => self.protocol = Some(Protocol::Resp2),
            Some(("protocol", "3")) => self.protocol = Some(Protocol::Resp3),
            Some(("since", _)) => self.by_hand = true,
            _ => return Err(format!("unknown head line `{head}`")),
        }
        Ok(())
    }
}

fn read_action(line: &str) -> Result<Option<Action>, String> {
    if let Some(milliseconds) = line.strip_prefix("@ ") {
        return milliseconds.parse().map(|ms| Some(Action::Wait(ms))).map_err(|_| "no number of milliseconds".into());
    }
    let Some((session, text)) = line.split_once("> ").filter(|(session, _)| is_name(session)) else {
        return Ok(None);
    };
    let words = split_quoted(text.as_bytes()).ok_or("a quote is not closed")?;
    Ok(Some(Action::Request { session: session.to_owned(), text: text.to_owned(), words }))
}

fn read_reply(line: &str) -> Result<Reply, String> {
    let at = line.find(['<', '=']).ok_or("neither a request nor a reply")?;
    let (session, rest) = line.split_at(at);
    if !is_name(session) {
        return Err("neither a request nor a reply".into());
    }
    let author = if rest.starts_with('<') { Author::Redis } else { Author::Redstart };
    let (protocol, text) = match rest[1..].split_at_checked(2) {
        Some(("2 ", text)) => (Some(Protocol::Resp2), text),
        Some(("3 ", text)) => (Some(Protocol::Resp3), text),
        _ => (None, rest[1..].strip_prefix(' ').ok_or("a blank is missing before the reply")?),
    };
    let value = value::parse(text).map_err(|error| error.to_string())?;
    Ok(Reply { session: session.to_owned(), author, protocol, value })
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
