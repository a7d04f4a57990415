//! A transcript to text.

use super::{Action, Author, Item, Reply, Step, Transcript};
use redstart_core::Protocol;
use std::fmt;

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in &self.items {
            match item {
                Item::Text(line) => writeln!(f, "{line}")?,
                Item::Step(step) => write!(f, "{step}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.marks.is_empty() {
            writeln!(f, "? {}", self.marks.join(", "))?;
        }
        match &self.action {
            Action::Request { session, text, .. } => writeln!(f, "{session}> {text}")?,
            Action::Wait(milliseconds) => writeln!(f, "@ {milliseconds}")?,
        }
        self.replies.iter().try_for_each(|reply| writeln!(f, "{reply}"))
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let author = if self.author == Author::Redis { '<' } else { '=' };
        let protocol = match self.protocol {
            None => "",
            Some(Protocol::Resp2) => "2",
            Some(Protocol::Resp3) => "3",
        };
        write!(f, "{}{author}{protocol} {}", self.session, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_transcript_is_written_as_it_was_read() {
        let text = "# Words.\n! protocol 2\n\n? unordered, deviates Some reason\n> SMEMBERS \"a b\"\n<2 [\"x\"]\n<3 set[\"x\"]\n= []\nb> GET k\n@ 15\nb< nil\n";
        let transcript = Transcript::parse(Path::new("t"), text).unwrap();
        assert_eq!(transcript.to_string(), text);
        assert_eq!(transcript.sessions(), ["", "b"]);
    }
}
