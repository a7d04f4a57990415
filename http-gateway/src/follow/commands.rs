//! The commands of a source, cut out of the bytes of its connection.
//!
//! Each command is looked at once, when all of it has come, so that the work is O(bytes), however small the pieces are and
//! however large the commands and transactions. A transaction is handed out whole.

use redstart_core::resp::{Parsed, RequestLimits, Words, parse_request};

/// Bytes that have come and are still to be applied.
#[derive(Debug, Default)]
pub(super) struct Commands {
    bytes: Vec<u8>,
    /// How many bytes have been looked at.
    seen: usize,
    /// How many bytes are commands that can be applied.
    whole: usize,
    /// How many bytes behind those are a question of the source.
    question: Option<usize>,
    in_transaction: bool,
    /// It is of no use to look again before there are so many bytes.
    wanted: usize,
}

/// What can be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole<'a> {
    /// Commands.
    pub(super) commands: &'a [u8],
    /// The length of a question that stands behind them: how far has the replica come?
    pub(super) question: Option<usize>,
}

impl Commands {
    /// Takes bytes that have come.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// What can be applied, up to the next question.
    ///
    /// # Errors
    /// What stands there that is no command.
    pub(super) fn whole(&mut self) -> Result<Whole<'_>, String> {
        while self.question.is_none() && self.bytes.len() > self.seen && self.bytes.len() >= self.wanted {
            if !self.look()? {
                break;
            }
        }
        Ok(Whole { commands: self.bytes.get(..self.whole).unwrap_or_default(), question: self.question })
    }

    /// Looks at the next command. False when it has not come whole.
    fn look(&mut self) -> Result<bool, String> {
        let rest = self.bytes.get(self.seen..).unwrap_or_default();
        let mut words = Words::new();
        let len = match parse_request(rest, RequestLimits::TRUSTED, &mut words) {
            Ok(Parsed::Request { len }) => len,
            Ok(Parsed::Incomplete { missing }) => {
                self.wanted = self.bytes.len() + missing;
                return Ok(false);
            }
            Ok(Parsed::Inline { .. }) => return Err("something that is no command".to_owned()),
            Err(error) => return Err(error.to_string()),
        };
        let is = |name: &[u8]| words.first().is_some_and(|word| word.eq_ignore_ascii_case(name));
        if is(b"REPLCONF") {
            self.question = Some(len);
        } else if is(b"MULTI") {
            self.in_transaction = true;
        } else if is(b"EXEC") {
            self.in_transaction = false;
        }
        self.seen += len;
        if !self.in_transaction && self.question.is_none() {
            self.whole = self.seen;
        }
        Ok(true)
    }

    /// Forgets what has been handed out, the question too, and gives how many bytes that was.
    pub(super) fn forget(&mut self) -> usize {
        let len = self.whole + self.question.take().unwrap_or(0);
        self.bytes.drain(..len);
        self.seen -= len;
        self.whole = 0;
        self.wanted = 0;
        len
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redstart_core::resp::write_request;

    fn bytes(line: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_request(&mut bytes, &line.split(' ').map(str::as_bytes).collect::<Vec<_>>());
        bytes
    }

    /// What comes out when the bytes come in pieces of a length: commands, and questions as `?`.
    fn handed_out(all: &[u8], piece_len: usize) -> Vec<Vec<u8>> {
        let (mut commands, mut out) = (Commands::default(), Vec::new());
        for piece in all.chunks(piece_len) {
            commands.push(piece);
            loop {
                let Whole { commands: bytes, question } = commands.whole().unwrap();
                out.extend((!bytes.is_empty()).then(|| bytes.to_vec()));
                out.extend(question.map(|_| b"?".to_vec()));
                if commands.forget() == 0 {
                    break;
                }
            }
        }
        out
    }

    #[test]
    fn pieces_of_any_length_are_the_same_commands() {
        let question = bytes("REPLCONF GETACK *");
        let [select, set, after] = [bytes("SELECT 0"), bytes("SET k v"), bytes("DEL k")];
        let transaction = [bytes("MULTI"), bytes("SET a 1"), bytes("replconf x"), bytes("EXEC")];
        let transaction = [&transaction[0], &transaction[1], &transaction[3]].map(Vec::as_slice).concat();
        let all = [&select, &set, &question, &transaction, &after].map(Vec::as_slice).concat();
        for len in 1..=all.len() {
            let out = handed_out(&all, len);
            let whole = out.iter().filter(|piece| *piece != b"?").map(Vec::as_slice).collect::<Vec<_>>().concat();
            assert_eq!(whole, [&select, &set, &transaction, &after].map(Vec::as_slice).concat(), "in pieces of {len}");
            assert_eq!(out.iter().filter(|piece| *piece == b"?").count(), 1);
            let begins = |piece: &Vec<u8>| piece.starts_with(b"*1\r\n$5\r\nMULTI");
            assert!(out.iter().filter(|piece| begins(piece)).all(|piece| piece.starts_with(&transaction)));
        }
    }

    #[test]
    fn what_is_no_command_is_an_error() {
        let mut commands = Commands::default();
        commands.push(b"*1\r\n+OK\r\n");
        assert!(commands.whole().is_err());
    }
}
