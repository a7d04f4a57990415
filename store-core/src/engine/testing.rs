//! What the tests of the engine have in common.

use crate::{Engine, Millis, ReplyBuffer, Request, SessionId};
use alloc::string::String;
use alloc::vec::Vec;

/// The time of their requests.
pub(crate) const NOW: Millis = Millis(1);

/// Executes the words of a line, and gives the answer.
pub(crate) fn ask(engine: &mut Engine, session: SessionId, line: &str) -> String {
    let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
    let mut reply = ReplyBuffer::default();
    engine.execute(NOW, session, &Request::new(&words), &mut reply);
    String::from_utf8_lossy(reply.as_bytes()).into_owned()
}
