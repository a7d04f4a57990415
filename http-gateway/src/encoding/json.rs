//! Values as JSON.

use super::{BYTES_KEY, Encoder};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redstart_core::number;

/// Most answers are shorter than this.
const USUAL_BYTES: usize = 64;

/// JSON in the making.
#[derive(Debug)]
pub(crate) struct Json {
    out: Vec<u8>,
    open: Vec<Level>,
}

/// An aggregate that is not complete.
#[derive(Debug)]
struct Level {
    is_map: bool,
    /// How many keys and values it will have.
    len: usize,
    /// How many of them are there.
    at: usize,
}

impl Default for Json {
    fn default() -> Self {
        Self { out: Vec::with_capacity(USUAL_BYTES), open: Vec::new() }
    }
}

impl Json {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Writes a value with what has to stand before and behind it.
    fn element(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.separate();
        write(&mut self.out);
        self.close_complete();
    }

    fn begin(&mut self, is_map: bool, len: usize) {
        self.separate();
        self.out.push(if is_map { b'{' } else { b'[' });
        self.open.push(Level { is_map, len, at: 0 });
        self.close_complete();
    }

    fn separate(&mut self) {
        if let Some(level) = self.open.last_mut() {
            match level.at {
                0 => {}
                at if level.is_map && at % 2 == 1 => self.out.push(b':'),
                _ => self.out.push(b','),
            }
            level.at += 1;
        }
    }

    fn close_complete(&mut self) {
        while let Some(level) = self.open.pop_if(|level| level.at == level.len) {
            self.out.push(if level.is_map { b'}' } else { b']' });
        }
    }
}

impl Encoder for Json {
    fn null(&mut self) {
        self.element(|out| out.extend_from_slice(b"null"));
    }

    fn boolean(&mut self, value: bool) {
        self.element(|out| out.extend_from_slice(if value { b"true" } else { b"false" }));
    }

    fn integer(&mut self, value: i64) {
        self.element(|out| number::write_i64(out, value));
    }

    fn double(&mut self, value: f64) {
        self.element(|out| number::write_f64(out, value));
    }

    fn text(&mut self, text: &str) {
        self.element(|out| {
            if serde_json::to_writer(out, text).is_err() {
                unreachable!("a text can be written into memory");
            }
        });
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.map(1);
        self.text(BYTES_KEY);
        self.text(&STANDARD.encode(bytes));
    }

    fn array(&mut self, len: usize) {
        self.begin(false, len);
    }

    fn map(&mut self, len: usize) {
        self.begin(true, len * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{outcome, value};
    use super::*;
    use redstart_core::resp::Tokens;

    fn json(resp: &str) -> String {
        let mut json = Json::default();
        value(&mut Tokens::new(resp.as_bytes()), &mut json);
        String::from_utf8(json.into_bytes()).unwrap()
    }

    #[test]
    fn each_kind_of_value_has_its_json() {
        for (resp, expected) in [
            ("+OK\r\n", r#""OK""#),
            ("$4\r\na\"\nb\r\n", r#""a\"\nb""#),
            (":-7\r\n", "-7"),
            ("_\r\n", "null"),
            ("$-1\r\n", "null"),
            ("*-1\r\n", "null"),
            ("#t\r\n", "true"),
            (",1.5\r\n", "1.5"),
            (",1e+22\r\n", "1e+22"),
            (",inf\r\n", r#""inf""#),
            (",-inf\r\n", r#""-inf""#),
            (",nan\r\n", r#""nan""#),
            ("(123456789012345678901234567890\r\n", r#""123456789012345678901234567890""#),
            ("=5\r\ntxt:a\r\n", r#""a""#),
            ("*0\r\n", "[]"),
            ("%0\r\n", "{}"),
            ("*3\r\n:1\r\n*2\r\n*0\r\n:2\r\n~1\r\n:3\r\n", "[1,[[],2],[3]]"),
            ("%2\r\n+a\r\n:1\r\n$1\r\nb\r\n*1\r\n%0\r\n", r#"{"a":1,"b":[{}]}"#),
            ("%2\r\n+a\r\n:1\r\n:2\r\n%1\r\n+b\r\n_\r\n", r#"[["a",1],[2,{"b":null}]]"#),
            ("%1\r\n$6\r\n$bytes\r\n+eA==\r\n", r#"[["$bytes","eA=="]]"#),
            ("*1\r\n-ERR no\r\n", r#"[{"error":{"code":"ERR","message":"ERR no","temporary":false}}]"#),
        ] {
            assert_eq!(json(resp), expected, "{resp:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_marked() {
        let mut json = Json::default();
        value(&mut Tokens::new(b"*2\r\n$2\r\n\xff\x00\r\n:1\r\n"), &mut json);
        assert_eq!(json.into_bytes(), br#"[{"$bytes":"/wA="},1]"#);
    }

    #[test]
    fn an_error_says_whether_trying_again_may_help() {
        for (code, temporary) in [("MISCONF", true), ("BUSYGROUP", false), ("WRONGTYPE", false)] {
            let mut json = Json::default();
            json.map(1);
            outcome(&mut Tokens::new(format!("-{code} why\r\n").as_bytes()), &mut json);
            let expected = format!(r#"{{"error":{{"code":"{code}","message":"{code} why","temporary":{temporary}}}}}"#);
            assert_eq!(String::from_utf8(json.into_bytes()).unwrap(), expected);
        }
    }
}
