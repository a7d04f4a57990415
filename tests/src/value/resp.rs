//! RESP bytes to a tree.

use super::Value;

/// What stands at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed {
    /// A reply in this many bytes.
    Value(Value, usize),
    /// Not yet a whole reply.
    Incomplete,
    /// Not RESP.
    Malformed,
}

/// Reads one reply, RESP2 or RESP3.
pub fn parse_resp(bytes: &[u8]) -> Parsed {
    let mut reader = Reader { bytes, at: 0 };
    match reader.value() {
        Ok(value) => Parsed::Value(value, reader.at),
        Err(Stop::Incomplete) => Parsed::Incomplete,
        Err(Stop::Malformed) => Parsed::Malformed,
    }
}

enum Stop {
    Incomplete,
    Malformed,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Value, Stop> {
        let mark = *self.bytes.get(self.at).ok_or(Stop::Incomplete)?;
        self.at += 1;
        let line = self.line()?;
        match mark {
            b'+' => Ok(Value::Status(line)),
            b'-' => Ok(Value::Error(line)),
            b':' => Ok(Value::Integer(number(&line)?)),
            b',' => Ok(Value::Double(line)),
            b'(' => Ok(Value::BigNumber(line)),
            b'_' if line.is_empty() => Ok(Value::Nil),
            b'#' if line == b"t" || line == b"f" => Ok(Value::Boolean(line == b"t")),
            b'$' if line == b"-1" => Ok(Value::Nil),
            b'*' if line == b"-1" => Ok(Value::NilArray),
            b'$' => self.payload(number(&line)?).map(Value::Bulk),
            b'=' => self.payload(number(&line)?).map(Value::Verbatim),
            b'*' => self.list(number(&line)?).map(Value::Array),
            b'~' => self.list(number(&line)?).map(Value::Set),
            b'>' => self.list(number(&line)?).map(Value::Push),
            b'%' => self.pairs(number(&line)?).map(Value::Map),
            _ => Err(Stop::Malformed),
        }
    }

    fn line(&mut self) -> Result<Vec<u8>, Stop> {
        let rest = &self.bytes[self.at..];
        let len = rest.windows(2).position(|pair| pair == b"\r\n").ok_or(Stop::Incomplete)?;
        self.at += len + 2;
        Ok(rest[..len].to_vec())
    }

    fn payload(&mut self, len: i64) -> Result<Vec<u8>, Stop> {
        let len = usize::try_from(len).map_err(|_| Stop::Malformed)?;
        let rest = self.bytes.get(self.at..self.at + len + 2).ok_or(Stop::Incomplete)?;
        if &rest[len..] != b"\r\n" {
            return Err(Stop::Malformed);
        }
        self.at += len + 2;
        Ok(rest[..len].to_vec())
    }

    fn list(&mut self, len: i64) -> Result<Vec<Value>, Stop> {
        (0..len).map(|_| self.value()).collect()
    }

    fn pairs(&mut self, len: i64) -> Result<Vec<(Value, Value)>, Stop> {
        (0..len).map(|_| Ok((self.value()?, self.value()?))).collect()
    }
}

fn number(line: &[u8]) -> Result<i64, Stop> {
    std::str::from_utf8(line).ok().and_then(|text| text.parse().ok()).ok_or(Stop::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_read_whole_or_not_at_all() {
        let bytes = b"*3\r\n%1\r\n$1\r\na\r\n,1.5\r\n_\r\n*-1\r\n";
        let expected = Value::Array(vec![
            Value::Map(vec![(Value::bulk("a"), Value::Double(b"1.5".to_vec()))]),
            Value::Nil,
            Value::NilArray,
        ]);
        assert_eq!(parse_resp(bytes), Parsed::Value(expected, bytes.len()));
        for len in 0..bytes.len() {
            assert_eq!(parse_resp(&bytes[..len]), Parsed::Incomplete);
        }
        assert_eq!(parse_resp(b"?\r\n"), Parsed::Malformed);
        assert_eq!(parse_resp(b"$1\r\nabcd"), Parsed::Malformed);
    }
}
