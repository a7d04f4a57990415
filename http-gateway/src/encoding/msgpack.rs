//! Values as MessagePack.

use super::Encoder;
use rmp::encode as write;

/// MessagePack in the making.
#[derive(Debug, Default)]
pub(crate) struct MessagePack {
    out: Vec<u8>,
}

impl MessagePack {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.out
    }
}

/// A list of values that are already MessagePack.
pub(crate) fn list(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut list = MessagePack::default();
    list.array(parts.len());
    parts.iter().for_each(|part| list.out.extend_from_slice(part));
    list.out
}

/// Lengths are 32 bits wide; what is longer than that never gets here.
fn length(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

fn done<T, E>(written: Result<T, E>) {
    if written.is_err() {
        unreachable!("writing into memory cannot fail");
    }
}

impl Encoder for MessagePack {
    fn null(&mut self) {
        done(write::write_nil(&mut self.out));
    }

    fn boolean(&mut self, value: bool) {
        done(write::write_bool(&mut self.out, value));
    }

    fn integer(&mut self, value: i64) {
        done(write::write_sint(&mut self.out, value));
    }

    fn double(&mut self, value: f64) {
        done(write::write_f64(&mut self.out, value));
    }

    fn text(&mut self, text: &str) {
        done(write::write_str(&mut self.out, text));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        done(write::write_bin(&mut self.out, bytes));
    }

    fn array(&mut self, len: usize) {
        done(write::write_array_len(&mut self.out, length(len)));
    }

    fn map(&mut self, len: usize) {
        done(write::write_map_len(&mut self.out, length(len)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::value;
    use super::*;
    use redstart_core::resp::Tokens;

    fn msgpack(resp: &[u8]) -> Vec<u8> {
        let mut msgpack = MessagePack::default();
        value(&mut Tokens::new(resp), &mut msgpack);
        msgpack.into_bytes()
    }

    #[test]
    fn text_is_text_and_bytes_are_bytes() {
        assert_eq!(msgpack(b"$1\r\na\r\n"), b"\xa1a");
        assert_eq!(msgpack(b"$1\r\n\xff\r\n"), b"\xc4\x01\xff");
    }

    #[test]
    fn values_read_back_as_they_were() {
        let bytes = msgpack(b"%2\r\n+a\r\n*3\r\n:-300\r\n,1.5\r\n_\r\n+b\r\n#t\r\n");
        let read: serde_json::Value = rmp_serde::from_slice(&bytes).unwrap();
        assert_eq!(read, serde_json::json!({"a": [-300, 1.5, null], "b": true}));
    }

    #[test]
    fn a_list_is_its_parts() {
        let read: Vec<i64> = rmp_serde::from_slice(&list(&[vec![1], vec![2]])).unwrap();
        assert_eq!(read, [1, 2]);
    }
}
