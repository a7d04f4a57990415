//! `DEBUG PROTOCOL`: a value of each type, for tests of clients.

use crate::args::Args;
use crate::engine::Caller;
use crate::error::Error;
use crate::reply::{Protocol, ReplyBuffer};

const UNKNOWN: Error = Error::message(
    &"ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
);
const NOT_IN_RESP2: Error = Error::message(&"ERR RESP2 is not supported by this command");
const BIG_NUMBER: &[u8] = b"1234567999999999999999999999999999999";

pub(super) fn run(_: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let is_typed = reply.protocol() == Protocol::Resp3;
    match args.word()?.to_ascii_lowercase().as_slice() {
        b"string" => reply.bulk(b"Hello World"),
        b"integer" => reply.integer(12345),
        b"double" => reply.double(3141.0 / 1000.0),
        b"bignum" if is_typed => [&b"("[..], BIG_NUMBER, b"\r\n"].into_iter().for_each(|part| reply.raw(part)),
        b"bignum" => reply.bulk(BIG_NUMBER),
        b"null" => reply.null(),
        b"array" => {
            reply.array(3);
            (0..3).for_each(|n| reply.integer(n));
        }
        b"set" => {
            reply.set(3);
            (0..3).for_each(|n| reply.integer(n));
        }
        b"map" => {
            reply.map(3);
            for n in 0..3 {
                reply.integer(n);
                reply.boolean(n == 1);
            }
        }
        b"attrib" => {
            if is_typed {
                reply.raw(b"|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n");
            }
            reply.bulk(b"Some real reply following the attribute");
        }
        b"push" if !is_typed => return Err(NOT_IN_RESP2),
        b"push" => {
            reply.push(2);
            reply.bulk(b"server-cpu-usage");
            reply.integer(42);
            reply.bulk(b"Some real reply following the push reply");
        }
        b"verbatim" => reply.verbatim(b"This is a verbatim\nstring"),
        word @ (b"true" | b"false") => reply.boolean(word == b"true"),
        _ => return Err(UNKNOWN),
    }
    Ok(())
}
