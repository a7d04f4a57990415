//! Answers and messages of the engine, as a client of numbered messages gets them.

use super::request::Id;
use crate::encoding::{Encoder, error, outcome, string, value};
use redstart_core::engine::{Position, Recovery};
use redstart_core::resp::{Token, Tokens};
use redstart_core::{Protocol, ReplyBuffer};

/// Writes the answer to a command.
pub(super) fn command(id: &Id, reply: &[u8], encoder: &mut dyn Encoder) {
    begin(id, encoder);
    let mut tokens = Tokens::new(reply);
    match confirmations(tokens.clone()) {
        0 => outcome(&mut tokens, encoder),
        count => {
            encoder.text("result");
            encoder.array(count);
            (0..count).for_each(|_| value(&mut tokens, encoder));
        }
    }
}

/// Writes the answer to a transaction: each of its commands has an outcome of its own.
pub(super) fn transaction(id: &Id, reply: &[u8], encoder: &mut dyn Encoder) {
    begin(id, encoder);
    let mut tokens = Tokens::new(reply);
    let mut inner = tokens.clone();
    let Some(Token::Array(len)) = inner.next_token() else {
        return outcome(&mut tokens, encoder);
    };
    encoder.text("result");
    encoder.array(len);
    for _ in 0..len {
        encoder.map(1);
        outcome(&mut inner, encoder);
    }
}

/// Writes the answer to a subscription: where each channel is, and whether all that the client has missed is told next.
pub(super) fn subscription(id: &Id, channels: &[(&[u8], Option<Recovery>)], encoder: &mut dyn Encoder) {
    let mut reply = ReplyBuffer::new(Protocol::Resp3);
    reply.map(channels.len());
    for (channel, recovery) in channels {
        reply.bulk(channel);
        reply.map(if recovery.is_some() { 3 } else { 1 });
        if let Some(Recovery { position, .. }) = recovery {
            reply.bulk(b"epoch");
            reply.bulk(format!("{:x}", position.epoch).as_bytes());
            reply.bulk(b"offset");
            reply.count(usize::try_from(position.offset).unwrap_or(usize::MAX));
        }
        reply.bulk(b"recovered");
        reply.boolean(recovery.as_ref().is_some_and(|recovery| recovery.missed.is_some()));
    }
    begin(id, encoder);
    outcome(&mut Tokens::new(reply.as_bytes()), encoder);
}

/// Writes the answer to a request that was done without anything to tell.
pub(super) fn done(id: &Id, encoder: &mut dyn Encoder) {
    begin(id, encoder);
    encoder.text("result");
    encoder.text("OK");
}

/// Writes an error that the gateway has found.
pub(super) fn refusal(id: &Id, message: &str, encoder: &mut dyn Encoder) {
    begin(id, encoder);
    encoder.text("error");
    error(message.as_bytes(), encoder);
}

/// Writes a message that nobody asked for at this moment.
pub(super) fn push(bytes: &[u8], position: Option<Position>, encoder: &mut dyn Encoder) {
    let mut tokens = Tokens::new(bytes);
    let mut inner = tokens.clone();
    let (Some(Token::Push(len) | Token::Array(len)), Some(Token::Bulk(kind))) =
        (inner.next_token(), inner.next_token())
    else {
        encoder.map(2);
        encoder.text("push");
        encoder.text("data");
        encoder.text("data");
        return value(&mut tokens, encoder);
    };
    let fields: &[&str] = match (kind, len) {
        (b"message" | b"smessage", 3) => &["channel", "data"],
        (b"pmessage", 4) => &["pattern", "channel", "data"],
        (b"invalidate", 2) => &["keys"],
        _ => &[],
    };
    encoder.map(1 + fields.len().max(1) + if position.is_some() { 2 } else { 0 });
    encoder.text("push");
    string(kind, encoder);
    if fields.is_empty() {
        encoder.text("data");
        encoder.array(len.saturating_sub(1));
        (1..len).for_each(|_| value(&mut inner, encoder));
    }
    for field in fields {
        encoder.text(field);
        value(&mut inner, encoder);
    }
    if let Some(Position { epoch, offset }) = position {
        encoder.text("epoch");
        encoder.text(&format!("{epoch:x}"));
        encoder.text("offset");
        encoder.integer(i64::try_from(offset).unwrap_or(i64::MAX));
    }
}

fn begin(id: &Id, encoder: &mut dyn Encoder) {
    encoder.map(2);
    encoder.text("id");
    id.write(encoder);
}

/// How many values there are when they are confirmations of subscriptions: those come as messages, one for each name.
fn confirmations(mut tokens: Tokens<'_>) -> usize {
    let is_push = matches!(tokens.clone().next_token(), Some(Token::Push(_)));
    let mut count = 0;
    while !tokens.is_empty() && tokens.skip_value() {
        count += 1;
    }
    if is_push || count > 1 { count } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::json::Json;

    fn written(write: impl FnOnce(&mut Json)) -> String {
        let mut json = Json::default();
        write(&mut json);
        String::from_utf8(json.into_bytes()).unwrap()
    }

    #[test]
    fn an_answer_carries_its_number() {
        let id = Id::Integer(7);
        assert_eq!(written(|json| command(&id, b"+OK\r\n", json)), r#"{"id":7,"result":"OK"}"#);
        assert_eq!(
            written(|json| command(&Id::Text("x".into()), b"-ERR a\r\n", json)),
            r#"{"id":"x","error":{"code":"ERR","message":"ERR a","temporary":false}}"#
        );
        assert_eq!(
            written(|json| transaction(&id, b"*2\r\n:1\r\n-ERR a\r\n", json)),
            r#"{"id":7,"result":[{"result":1},{"error":{"code":"ERR","message":"ERR a","temporary":false}}]}"#
        );
        assert_eq!(written(|json| done(&id, json)), r#"{"id":7,"result":"OK"}"#);
    }

    #[test]
    fn confirmations_are_a_list() {
        let one = b">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n";
        let two = [one.as_slice(), one].concat();
        let id = Id::Integer(1);
        assert_eq!(written(|json| command(&id, one, json)), r#"{"id":1,"result":[["subscribe","a",1]]}"#);
        assert_eq!(
            written(|json| command(&id, &two, json)),
            r#"{"id":1,"result":[["subscribe","a",1],["subscribe","a",1]]}"#
        );
    }

    #[test]
    fn messages_have_named_parts() {
        for (resp, expected) in [
            (">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n", r#"{"push":"message","channel":"c","data":"x"}"#),
            (
                ">4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$1\r\nx\r\n",
                r#"{"push":"pmessage","pattern":"*","channel":"c","data":"x"}"#,
            ),
            (">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n", r#"{"push":"invalidate","keys":["k"]}"#),
            (">2\r\n$10\r\ninvalidate\r\n_\r\n", r#"{"push":"invalidate","keys":null}"#),
            (">3\r\n$3\r\nnew\r\n:1\r\n:2\r\n", r#"{"push":"new","data":[1,2]}"#),
            ("+1 [0 a] \"GET\"\r\n", r#"{"push":"data","data":"1 [0 a] \"GET\""}"#),
        ] {
            assert_eq!(written(|json| push(resp.as_bytes(), None, json)), expected);
        }
        let message = b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n";
        let at = Some(Position { epoch: 0x2a, offset: 7 });
        let expected = r#"{"push":"message","channel":"c","data":"x","epoch":"2a","offset":7}"#;
        assert_eq!(written(|json| push(message, at, json)), expected);
    }
}
