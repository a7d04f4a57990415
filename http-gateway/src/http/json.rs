//! RESP2 answers as the REST API's JSON: null, integers, strings and arrays, and nothing else.

use super::format::Format;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redstart_core::number;
use redstart_core::resp::{Token, Tokens};

/// Appends `{"result":..}` or `{"error":".."}` for the reply that stands next.
pub(super) fn write_answer(out: &mut Vec<u8>, tokens: &mut Tokens<'_>, format: Format) {
    let mut ahead = tokens.clone();
    match ahead.next_token() {
        Some(Token::Error(text)) => {
            *tokens = ahead;
            out.extend_from_slice(br#"{"error":"#);
            write_text(out, text);
            out.push(b'}');
        }
        // At the top a status stays as it is even where strings are encoded.
        Some(Token::Status(text)) => {
            *tokens = ahead;
            out.extend_from_slice(br#"{"result":"#);
            write_text(out, text);
            out.push(b'}');
        }
        _ => {
            out.extend_from_slice(br#"{"result":"#);
            write_value(out, tokens, format);
            out.push(b'}');
        }
    }
}

/// Appends the value that stands next. Its depth is bounded by what commands answer.
fn write_value(out: &mut Vec<u8>, tokens: &mut Tokens<'_>, format: Format) {
    match tokens.next_token() {
        None | Some(Token::Null) => out.extend_from_slice(b"null"),
        Some(Token::Integer(value)) => number::write_i64(out, value),
        Some(Token::Boolean(value)) => number::write_i64(out, i64::from(value)),
        Some(Token::Double(value)) => {
            let mut text = Vec::new();
            number::write_f64(&mut text, value);
            write_string(out, &text, format);
        }
        Some(Token::Error(text)) => write_text(out, text),
        Some(Token::Status(text) | Token::Bulk(text) | Token::Verbatim(text) | Token::BigNumber(text)) => {
            write_string(out, text, format);
        }
        Some(Token::Array(len) | Token::Set(len) | Token::Push(len)) => write_array(out, tokens, format, len),
        Some(Token::Map(len)) => write_array(out, tokens, format, len.saturating_mul(2)),
    }
}

fn write_array(out: &mut Vec<u8>, tokens: &mut Tokens<'_>, format: Format, len: usize) {
    out.push(b'[');
    for n in 0..len {
        if n > 0 {
            out.push(b',');
        }
        write_value(out, tokens, format);
    }
    out.push(b']');
}

fn write_string(out: &mut Vec<u8>, bytes: &[u8], format: Format) {
    if format == Format::Base64 {
        write_text(out, STANDARD.encode(bytes).as_bytes());
    } else {
        write_text(out, bytes);
    }
}

/// Appends a JSON string; what is not UTF-8 becomes U+FFFD.
pub(super) fn write_text(out: &mut Vec<u8>, bytes: &[u8]) {
    if serde_json::to_writer(out, &String::from_utf8_lossy(bytes)).is_err() {
        unreachable!("a text can be written into memory");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(resp: &[u8], format: Format) -> String {
        let (mut out, mut tokens) = (Vec::new(), Tokens::new(resp));
        write_answer(&mut out, &mut tokens, format);
        assert!(tokens.is_empty());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn answers_are_null_integers_strings_and_arrays() {
        let cases: [(&[u8], &str, &str); 6] = [
            (b"+OK\r\n", r#"{"result":"OK"}"#, r#"{"result":"OK"}"#),
            (b"$2\r\na\"\r\n", r#"{"result":"a\""}"#, r#"{"result":"YSI="}"#),
            (b"$1\r\n\xff\r\n", "{\"result\":\"\u{fffd}\"}", r#"{"result":"/w=="}"#),
            (b"*3\r\n:1\r\n$-1\r\n+OK\r\n", r#"{"result":[1,null,"OK"]}"#, r#"{"result":[1,null,"T0s="]}"#),
            (b"*-1\r\n", r#"{"result":null}"#, r#"{"result":null}"#),
            (b"-ERR no\r\n", r#"{"error":"ERR no"}"#, r#"{"error":"ERR no"}"#),
        ];
        for (resp, plain, base64) in cases {
            assert_eq!(json(resp, Format::Json), plain);
            assert_eq!(json(resp, Format::Base64), base64);
        }
    }
}
