//! Runs a transcript against a target and says where it differs.

use crate::ids::Ids;
use crate::target::{Patience, Target};
use crate::transcript::{Action, Author, Step, Transcript};
use crate::value::Value;
use redstart_core::Protocol;
use std::fmt;
use std::time::Duration;

/// A step whose replies are not the recorded ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The transcript.
    pub file: String,
    /// The step's line.
    pub line: usize,
    /// What happened there.
    pub step: String,
    /// What was recorded.
    pub expected: String,
    /// What came.
    pub got: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, step, expected, got } = self;
        write!(f, "{file}:{line}: {step}\n  expected {expected}\n  got      {got}")
    }
}

/// How much of a reply a failure shows.
const SHOWN_BYTES_MAX: usize = 2000;

/// Runs a transcript; gives every step whose replies are not the recorded ones.
pub fn check(target: &mut dyn Target, transcript: &Transcript, protocol: Protocol) -> Vec<Failure> {
    let mut failures = Vec::new();
    // A store that does not tell its numbers fails where they are used.
    let ids = Ids::ask(target, transcript).unwrap_or_default();
    for step in transcript.steps() {
        let broken = match act(target, step, &ids) {
            Ok(()) => receive_all(target, transcript, step, protocol),
            Err(error) => Err(error),
        };
        let (expected, got) = match broken {
            Ok(None) => continue,
            Ok(Some(difference)) => difference,
            Err(error) => ("a reply".into(), error.to_string()),
        };
        let action = Step { replies: Vec::new(), marks: Vec::new(), ..step.clone() }.to_string();
        let step_text = format!("{} [{protocol:?}]", action.trim_end());
        failures.push(Failure { file: transcript.name(), line: step.line, step: step_text, expected, got });
    }
    failures
}

fn act(target: &mut dyn Target, step: &Step, ids: &Ids) -> anyhow::Result<()> {
    match &step.action {
        Action::Request { session, words, .. } => {
            let words = ids.fill(words);
            if step.replies.is_empty() { target.send_unanswered(session, &words) } else { target.send(session, &words) }
        }
        Action::Wait(milliseconds) => {
            target.advance(*milliseconds);
            Ok(())
        }
    }
}

/// What was expected and what came, where they differ.
fn receive_all(
    target: &mut dyn Target,
    transcript: &Transcript,
    step: &Step,
    protocol: Protocol,
) -> anyhow::Result<Option<(String, String)>> {
    let matcher = step.matcher();
    let mut difference = None;
    for session in transcript.sessions() {
        let expected = step.expected(session, protocol, Author::Redstart);
        let mut got = Vec::new();
        while got.len() < expected.len() {
            match target.receive(session, Patience::Expected)? {
                Some(value) => got.push(value),
                None => break,
            }
        }
        if target.is_prompt() {
            while let Some(value) = target.receive(session, Patience::Glance(Duration::ZERO))? {
                got.push(value);
            }
        }
        let forms: Vec<_> = expected.iter().map(|value| target.form(value)).collect();
        let expected: Vec<_> = forms.iter().collect();
        if !matcher.matches_all(&expected, &got) && difference.is_none() {
            difference = Some((describe(expected), describe(&got)));
        }
    }
    Ok(difference)
}

fn describe<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let all: Vec<_> = values.into_iter().map(ToString::to_string).collect();
    let mut text = if all.is_empty() { "nothing".into() } else { all.join("\n           ") };
    text.truncate(text.floor_char_boundary(SHOWN_BYTES_MAX));
    text
}
