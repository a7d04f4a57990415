//! Finding elements.

use crate::args::Args;
use crate::error::Error;
use crate::keyspace::Reader;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Group, Shape};
use crate::values::list::{End, List};

pub(super) const LPOS: Command = Command::new("LPOS", Group::List, "6.0.6")
    .about("Returns the indexes of elements that equal the given one.", "O(N) with N elements looked at.")
    .syntax(&[
        Arg::key("key", Access::READ),
        Arg::string("element"),
        Arg::integer("rank").token("RANK").optional(),
        Arg::integer("num-matches").token("COUNT").optional(),
        Arg::integer("len").token("MAXLEN").optional(),
    ])
    .reply(Shape::OneOf(&[Shape::Integer, Shape::Null, Shape::Array(&Shape::Integer)]))
    .read(lpos);

fn lpos(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, element) = (args.word()?, args.word()?);
    let search = Search::read(args)?;
    let list = reader.get::<List>(key)?;
    let mut found = list.into_iter().flat_map(|list| search.find(list, element));
    let Some(max_matches) = search.max_matches else {
        match found.next() {
            Some(index) => reply.count(index),
            None => reply.null(),
        }
        return Ok(());
    };
    let array = reply.begin();
    let count = found.take(max_matches).map(|index| reply.count(index)).count();
    reply.end_array(array, count);
    Ok(())
}

/// `[RANK rank] [COUNT num-matches] [MAXLEN len]`
struct Search {
    from: End,
    /// Matches to pass over.
    skipped: usize,
    /// None asks for one index instead of an array.
    max_matches: Option<usize>,
    max_len: usize,
}

impl Search {
    fn read(args: &mut Args<'_>) -> Result<Self, Error> {
        let mut search = Self { from: End::Head, skipped: 0, max_matches: None, max_len: usize::MAX };
        while !args.is_empty() {
            if args.keyword_with("RANK", 1) {
                (search.from, search.skipped) = read_rank(args)?;
            } else if args.keyword_with("COUNT", 1) {
                search.max_matches = Some(read_maximum(args, &"ERR COUNT can't be negative")?);
            } else if args.keyword_with("MAXLEN", 1) {
                search.max_len = read_maximum(args, &"ERR MAXLEN can't be negative")?;
            } else {
                return Err(Error::Syntax);
            }
        }
        Ok(search)
    }

    fn find<'a>(&self, list: &'a List, element: &'a [u8]) -> impl Iterator<Item = usize> + use<'a> {
        list.positions(element, self.from, self.max_len).skip(self.skipped)
    }
}

/// Which end to begin at, and how many matches to pass over.
fn read_rank(args: &mut Args<'_>) -> Result<(End, usize), Error> {
    let rank = args.integer_within(-i64::MAX, i64::MAX, Error::ValueOutOfRange)?;
    let from = if rank < 0 { End::Tail } else { End::Head };
    match rank.unsigned_abs().checked_sub(1) {
        Some(skipped) => Ok((from, usize::try_from(skipped).unwrap_or(usize::MAX))),
        None => Err(Error::message(
            &"ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
        )),
    }
}

/// A number that is not negative; 0 stands for no limit.
fn read_maximum(args: &mut Args<'_>, negative: &'static &'static str) -> Result<usize, Error> {
    match number::parse_i64(args.word()?).and_then(|number| u64::try_from(number).ok()) {
        Some(0) => Ok(usize::MAX),
        Some(maximum) => Ok(usize::try_from(maximum).unwrap_or(usize::MAX)),
        None => Err(Error::message(negative)),
    }
}
