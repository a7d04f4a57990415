//! `GEOADD`: places become scores, the rest is `ZADD`.

use super::parse_point;
use crate::args::Args;
use crate::commands::zset::zadd;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use alloc::vec::Vec;

pub(super) const GEOADD: Command = Command::new("GEOADD", Group::Geo, "3.2.0")
    .about("Adds members at places to a sorted set, or moves them.", "O(log(N)) for each member")
    .flags(&[Flag::DenyOom])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::UPDATE)),
        Arg::one_of("condition", &[Arg::flag("nx", "NX"), Arg::flag("xx", "XX")]).optional(),
        Arg::flag("change", "CH").optional(),
        Arg::block("data", &[Arg::double("longitude"), Arg::double("latitude"), Arg::string("member")]).multiple(),
    ])
    .reply(Shape::Integer)
    .write(geoadd);

fn geoadd(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let mut words: Vec<&[u8]> = [&b"ZADD"[..], args.word()?].into();
    let (mut nx, mut xx) = (false, false);
    while let Some(word) = args.peek() {
        let (is_nx, is_xx) = (args.keyword("NX"), args.keyword("XX"));
        if !is_nx && !is_xx && !args.keyword("CH") {
            break;
        }
        (nx, xx) = (nx || is_nx, xx || is_xx);
        words.push(word);
    }
    if !args.remaining().is_multiple_of(3) || (nx && xx) {
        return Err(Error::Syntax);
    }
    let mut pairs: Vec<(Vec<u8>, &[u8])> = Vec::new();
    while !args.is_empty() {
        let mut score = Vec::new();
        number::write_u64(&mut score, parse_point(args)?.score());
        pairs.push((score, args.word()?));
    }
    words.extend(pairs.iter().flat_map(|(score, member)| [&score[..], member]));
    zadd(writer, &mut Args::new(&words, 1), reply)
}
