//! `SORT`: the elements of a list, set or sorted set, ordered by themselves or by other keys.
//!
//! Each element's weight is looked up once, then they are sorted: O(N log N) for N elements. Without an order to make
//! (`BY nosort`) only the elements within the limit are touched.

use crate::args::Args;
use crate::clock::Deadline;
use crate::effects::{Event, EventClass};
use crate::error::Error;
use crate::keyspace::{Expiry, Reader, Writer};
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, KeyFind, KeySpec, KeyStart, Shape};
use crate::values::bytes::SmallBytes;
use crate::values::list::{End, List, NodeLimit};
use crate::values::{Typed, Value};
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Range;

/// The most elements that one effect names, so that no effect is longer than a request may be.
const ELEMENTS_PER_EFFECT: usize = 64 * 1024;

const COMPLEXITY: &str = "O(N+M*log(M)) for N elements of which M are given, O(N) where they are not sorted";
const KEY: Arg = Arg::key("key", Access::READ);
const BY: Arg = Arg::pattern("by-pattern").token("BY").optional();
const LIMIT: Arg = Arg::block("limit", &[Arg::integer("offset"), Arg::integer("count")]).token("LIMIT").optional();
const GET: Arg = Arg::pattern("get-pattern").token("GET").optional().multiple_token();
const ORDER: Arg = Arg::one_of("order", &[Arg::flag("asc", "ASC"), Arg::flag("desc", "DESC")]).optional();
const ALPHA: Arg = Arg::flag("sorting", "ALPHA").optional();
const STORE: Arg = Arg::key("destination", Access::STORE).token("STORE").optional();
const CATEGORIES: &[&str] = &["list", "set", "sortedset", "dangerous"];
const ELEMENTS: Shape = Shape::Array(&Shape::OneOf(&[Shape::Bulk, Shape::Null]));

/// Keys that follow from patterns and elements.
const PATTERNS: KeySpec = KeySpec { access: Access::READ, start: KeyStart::Unknown, find: KeyFind::Unknown };
const DESTINATION: KeySpec = KeySpec { access: Access::STORE, ..PATTERNS };

pub(super) const SORT: Command = Command::new("SORT", Group::Generic, "1.0.0")
    .about("Sorts the elements of a list, set or sorted set; may store them as a list.", COMPLEXITY)
    .flags(&[Flag::DenyOom])
    .syntax(&[KEY, BY, LIMIT, GET, ORDER, ALPHA, STORE])
    .override_keys(&[KeySpec::at(1, Access::READ), PATTERNS, DESTINATION])
    .hidden_key(Access::STORE, destination_of)
    .needs_all_keys(|words| option_with_pattern(words, Storing::Allowed))
    .override_group_category(CATEGORIES)
    .reply(Shape::OneOf(&[ELEMENTS, Shape::Integer]))
    .write(sort);

fn sort(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let request = Request::parse(args, Storing::Allowed)?;
    let answers = request.run(writer.reader(), key)?;
    match request.destination {
        Some(destination) => {
            reply.count(answers.len());
            store(writer, destination, &answers);
        }
        None => write_all(reply, &answers),
    }
    Ok(())
}

pub(super) const SORT_RO: Command = Command::new("SORT_RO", Group::Generic, "7.0.0")
    .about("Sorts the elements of a list, set or sorted set.", COMPLEXITY)
    .syntax(&[KEY, BY, LIMIT, GET, ORDER, ALPHA])
    .override_keys(&[KeySpec::at(1, Access::READ), PATTERNS])
    .needs_all_keys(|words| option_with_pattern(words, Storing::Refused))
    .override_group_category(CATEGORIES)
    .reply(ELEMENTS)
    .read(sort_ro);

fn sort_ro(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let request = Request::parse(args, Storing::Refused)?;
    write_all(reply, &request.run(*reader, key)?);
    Ok(())
}

/// Whether the result may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Storing {
    Allowed,
    Refused,
}

/// What a request asks for.
#[derive(Clone, Debug, Default)]
struct Request<'a> {
    by: Option<&'a [u8]>,
    get: Vec<&'a [u8]>,
    descending: bool,
    alpha: bool,
    limit: Option<(i64, i64)>,
    destination: Option<&'a [u8]>,
}

/// Where the key stands that the result is stored in, told from words that only look like the option.
fn destination_of(words: &[&[u8]]) -> Option<usize> {
    let (mut args, mut found) = (Args::new(words, 2), None);
    while !args.is_empty() {
        let operands = if args.keyword_with("STORE", 1) {
            found = Some(words.len() - args.remaining());
            1
        } else if args.keyword_with("LIMIT", 2) {
            2
        } else if args.keyword_with("GET", 1) || args.keyword_with("BY", 1) {
            1
        } else {
            args.word().ok()?;
            0
        };
        args.words(operands).ok()?;
    }
    found
}

/// The first option that leads to keys which the request does not name; none behind a word that is refused.
fn option_with_pattern(words: &[&[u8]], storing: Storing) -> Option<&'static str> {
    let mut args = Args::new(words, 2);
    while !args.is_empty() {
        if args.keyword_with("GET", 1) {
            return Some("GET");
        } else if args.keyword_with("BY", 1) {
            if args.word().ok()?.contains(&b'*') {
                return Some("BY");
            }
        } else if args.keyword_with("LIMIT", 2) {
            args.integer().and_then(|_| args.integer()).ok()?;
        } else if storing == Storing::Allowed && args.keyword_with("STORE", 1) {
            args.word().ok()?;
        } else if !["ASC", "DESC", "ALPHA"].into_iter().any(|word| args.keyword(word)) {
            return None;
        }
    }
    None
}

impl<'a> Request<'a> {
    fn parse(args: &mut Args<'a>, storing: Storing) -> Result<Self, Error> {
        let mut request = Self::default();
        while !args.is_empty() {
            if args.keyword("ASC") {
                request.descending = false;
            } else if args.keyword("DESC") {
                request.descending = true;
            } else if args.keyword("ALPHA") {
                request.alpha = true;
            } else if args.keyword_with("LIMIT", 2) {
                request.limit = Some((args.integer()?, args.integer()?));
            } else if storing == Storing::Allowed && args.keyword_with("STORE", 1) {
                request.destination = Some(args.word()?);
            } else if args.keyword_with("BY", 1) {
                request.by = Some(args.word()?);
            } else if args.keyword_with("GET", 1) {
                request.get.push(args.word()?);
            } else {
                return Err(Error::Syntax);
            }
        }
        Ok(request)
    }

    /// The answers: for each element itself, or what it leads to by each `GET`.
    fn run(&self, reader: Reader<'_>, key: &[u8]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let sorted = match reader.value(key) {
            None => Vec::new(),
            Some(value @ (Value::List(_) | Value::Set(_) | Value::Zset(_))) => self.order(reader, value)?,
            Some(_) => return Err(Error::WrongType),
        };
        if self.get.is_empty() {
            return Ok(sorted.into_iter().map(Some).collect());
        }
        let answers =
            |element: &Vec<u8>| self.get.iter().map(|pattern| follow(reader, pattern, element)).collect::<Vec<_>>();
        Ok(sorted.iter().flat_map(answers).collect())
    }

    /// The elements within the limit, in the order that is asked for.
    fn order(&self, reader: Reader<'_>, value: &Value) -> Result<Vec<Vec<u8>>, Error> {
        // A pattern without a place for the element orders nothing.
        let nosort = self.by.is_some_and(|by| !by.contains(&b'*'));
        match value {
            Value::List(list) if nosort => Ok(self.slice(list.len(), |range| {
                list.iter_from(range.start).take(range.len()).map(|element| element.to_vec()).collect()
            })),
            Value::Zset(zset) if nosort => {
                Ok(self.slice(zset.len(), |range| zset.range(range).map(|(member, _)| member.to_vec()).collect()))
            }
            Value::Set(_) if nosort && self.destination.is_none() => Ok(self.cut(elements_of(value))),
            // What is stored must not depend on the order in which a set happens to be kept.
            Value::Set(_) if nosort => {
                let by_itself = Request { by: None, alpha: true, ..self.clone() };
                by_itself.sort(reader, elements_of(value))
            }
            _ => self.sort(reader, elements_of(value)),
        }
    }

    /// The part within the limit of a sequence of so many elements; `read` gives a range of it.
    fn slice(&self, len: usize, read: impl FnOnce(Range<usize>) -> Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let range = self.range(len);
        if !self.descending {
            return read(range);
        }
        let mut elements = read(len - range.end..len - range.start);
        elements.reverse();
        elements
    }

    fn sort(&self, reader: Reader<'_>, elements: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Error> {
        let weighted = elements.into_iter().map(|element| Ok((self.weigh(reader, &element)?, element)));
        let mut weighted: Vec<(Weight, Vec<u8>)> = weighted.collect::<Result<_, Error>>()?;
        weighted.sort_by(|one, other| {
            let order = compare(one, other);
            if self.descending { order.reverse() } else { order }
        });
        Ok(self.cut(weighted.into_iter().map(|(_, element)| element).collect()))
    }

    fn weigh(&self, reader: Reader<'_>, element: &[u8]) -> Result<Weight, Error> {
        let text = match self.by {
            None if self.alpha => return Ok(Weight::Itself),
            None => Some(element.to_vec()),
            Some(by) => follow(reader, by, element),
        };
        if self.alpha {
            return Ok(Weight::Bytes(text));
        }
        let number = text.map_or(Some(0.0), |text| parse_weight(&text));
        number.map(Weight::Number).ok_or(Error::message(&"ERR One or more scores can't be converted into double"))
    }

    /// The limit within so many elements.
    fn range(&self, len: usize) -> Range<usize> {
        let Some((offset, count)) = self.limit else { return 0..len };
        let start = number::count_of(offset).unwrap_or(0).min(len);
        let count = number::count_of(count).unwrap_or(len);
        start..start.saturating_add(count).min(len)
    }

    fn cut(&self, mut elements: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let range = self.range(elements.len());
        elements.truncate(range.end);
        elements.drain(..range.start);
        elements
    }
}

/// What an element is sorted by.
#[derive(Clone, Debug)]
enum Weight {
    /// Its own bytes.
    Itself,
    /// A number; equal ones are sorted by the elements' bytes.
    Number(f64),
    /// What another key holds; what is missing comes first.
    Bytes(Option<Vec<u8>>),
}

fn compare((weight, element): &(Weight, Vec<u8>), (than, other): &(Weight, Vec<u8>)) -> Ordering {
    match (weight, than) {
        (Weight::Bytes(one), Weight::Bytes(two)) => one.cmp(two),
        (Weight::Number(one), Weight::Number(two)) if one != two => one.total_cmp(two),
        _ => element.cmp(other),
    }
}

/// Reads a number as C's `strtod` does: after blanks and up to a NUL, and nothing is zero.
fn parse_weight(text: &[u8]) -> Option<f64> {
    let text = memchr::memchr(0, text).and_then(|end| text.get(..end)).unwrap_or(text);
    if text.is_empty() { Some(0.0) } else { number::parse_f64_in_range(text.trim_ascii_start()) }
}

fn elements_of(value: &Value) -> Vec<Vec<u8>> {
    match value {
        Value::List(list) => list.iter().map(|element| element.to_vec()).collect(),
        Value::Set(set) => set.iter().map(|member| member.to_vec()).collect(),
        Value::Zset(zset) => zset.iter().map(|(member, _)| member.to_vec()).collect(),
        _ => unreachable!("the type was checked when the value was found"),
    }
}

/// What a pattern leads to for an element: `#` is the element itself, `weight_*` the string in the key that has the
/// element in the place of the star, `data_*->name` a field of the hash there.
fn follow(reader: Reader<'_>, pattern: &[u8], element: &[u8]) -> Option<Vec<u8>> {
    if pattern == b"#" {
        return Some(element.to_vec());
    }
    let star = memchr::memchr(b'*', pattern)?;
    let (prefix, rest) = (&pattern[..star], &pattern[star + 1..]);
    let arrow = rest.windows(2).position(|pair| pair == b"->").filter(|at| at + 2 < rest.len());
    let (suffix, field) = match arrow {
        Some(at) => (&rest[..at], Some(&rest[at + 2..])),
        None => (rest, None),
    };
    let key = [prefix, element, suffix].concat();
    match field {
        Some(field) => Some(reader.hash(&key).ok()??.get(field)?.to_vec()),
        None => Some(reader.get::<SmallBytes>(&key).ok()??.to_vec()),
    }
}

fn write_all(reply: &mut ReplyBuffer, answers: &[Option<Vec<u8>>]) {
    reply.array(answers.len());
    answers.iter().for_each(|answer| reply.bulk_or_null(answer.as_deref()));
}

/// Puts the result in the place of whatever the key held, or removes the key if the result is empty. The effects are the
/// elements: on replay, a key that had expired when the command ran may still be there.
fn store(writer: &mut Writer<'_>, key: &[u8], answers: &[Option<Vec<u8>>]) {
    if answers.is_empty() {
        writer.delete(key);
        return;
    }
    if writer.database().entry(key).is_some() {
        writer.replicate(&[b"DEL", key]);
    }
    let elements: Vec<&[u8]> = answers.iter().map(|answer| answer.as_deref().unwrap_or_default()).collect();
    for elements in elements.chunks(ELEMENTS_PER_EFFECT) {
        let words: Vec<&[u8]> = [&b"RPUSH"[..], key].into_iter().chain(elements.iter().copied()).collect();
        writer.replicate(&words);
    }
    let mut list = List::new();
    list.push_all(End::Tail, elements.iter().copied(), NodeLimit::new(writer.config().list_max_listpack_size));
    writer.set(key, list.into_value(), Expiry::Set(Deadline::NEVER));
    writer.changed(Event::new(EventClass::List, "sortstore"), key);
}
