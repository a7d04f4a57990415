//! `BITFIELD`: numbers of any width at any bit of a value.

use super::{event, grow, position};
use crate::args::Args;
use crate::error::Error;
use crate::keyspace::{Reader, Writer};
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::bits;
use crate::values::bytes::SmallBytes;
use smallvec::SmallVec;

const GET: Arg = Arg::block("get-block", &[Arg::string("encoding"), Arg::integer("offset")]).token("GET");

const CHANGED: Access = Access::RW.and(Access::ACCESS).and(Access::UPDATE);

pub(super) const BITFIELD: Command = Command::new("BITFIELD", Group::Bitmap, "3.2.0")
    .about("Reads and changes integers of any width within a value.", "O(1) for each operation")
    .flags(&[Flag::DenyOom])
    .syntax(&[
        Arg::key("key", CHANGED.and(Access::VARIABLE)),
        Arg::one_of(
            "operation",
            &[
                GET,
                Arg::block(
                    "write",
                    &[
                        Arg::one_of(
                            "overflow-block",
                            &[Arg::flag("wrap", "WRAP"), Arg::flag("sat", "SAT"), Arg::flag("fail", "FAIL")],
                        )
                        .token("OVERFLOW")
                        .optional(),
                        Arg::one_of(
                            "write-operation",
                            &[
                                Arg::block(
                                    "set-block",
                                    &[Arg::string("encoding"), Arg::integer("offset"), Arg::integer("value")],
                                )
                                .token("SET"),
                                Arg::block(
                                    "incrby-block",
                                    &[Arg::string("encoding"), Arg::integer("offset"), Arg::integer("increment")],
                                )
                                .token("INCRBY"),
                            ],
                        ),
                    ],
                ),
            ],
        )
        .optional()
        .multiple(),
    ])
    .varying_access(|words| match Operation::parse_all(&mut Args::new(words, 2)) {
        Ok(operations) if operations.iter().all(Operation::reads_only) => Access::READ,
        _ => CHANGED,
    })
    .reply(Shape::Array(&Shape::OneOf(&[Shape::Integer, Shape::Null])))
    .write(bitfield);

/// The effect is the request itself, which needs nothing but the data. A write that is refused for its overflow has
/// still made room for itself, of which Redis tells nobody.
fn bitfield(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let operations = Operation::parse_all(args)?;
    let Some(reach) = operations.iter().filter(|operation| !operation.reads_only()).map(Operation::last_bit).max()
    else {
        let value = writer.get::<SmallBytes>(key)?.map_or(&[][..], SmallBytes::as_slice);
        answer_reads(&operations, value, reply);
        return Ok(());
    };
    let (bytes, grown) = grow(writer, key, reach)?;
    let (mut changed, mut wrote) = (grown, false);
    reply.array(operations.len());
    for operation in operations {
        let (answer, is_change) = operation.apply(bytes);
        changed |= is_change;
        wrote |= answer.is_some() && !operation.reads_only();
        match answer {
            Some(answer) => reply.integer(answer),
            None => reply.null(),
        }
    }
    if changed {
        writer.replicate(args.all());
    }
    if changed && wrote {
        writer.changed(event("setbit"), key);
    }
    Ok(())
}

pub(super) const BITFIELD_RO: Command = Command::new("BITFIELD_RO", Group::Bitmap, "6.0.0")
    .about("Reads integers of any width within a value.", "O(1) for each operation")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::READ), GET.optional().multiple_token()])
    .reply(Shape::Array(&Shape::Integer))
    .read(bitfield_ro);

fn bitfield_ro(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let operations = Operation::parse_all(args)?;
    if !operations.iter().all(Operation::reads_only) {
        return Err(Error::message(&"ERR BITFIELD_RO only supports the GET subcommand"));
    }
    answer_reads(&operations, reader.get::<SmallBytes>(key)?.map_or(&[][..], SmallBytes::as_slice), reply);
    Ok(())
}

fn answer_reads(operations: &[Operation], value: &[u8], reply: &mut ReplyBuffer) {
    reply.array(operations.len());
    operations.iter().for_each(|operation| reply.integer(operation.field.read(value)));
}

/// An integer within a value: where it begins, and how it is kept.
#[derive(Clone, Copy, Debug)]
struct Field {
    position: u64,
    width: u32,
    signed: bool,
}

impl Field {
    /// Reads a type such as `i16` and an offset such as `100` or `#3`, the fourth of its width.
    fn parse(args: &mut Args<'_>) -> Result<Self, Error> {
        const INVALID: Error = Error::message(
            &"ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        );
        let (signed, digits, width_max) = match args.word()? {
            [b'i', digits @ ..] => (true, digits, 64),
            [b'u', digits @ ..] => (false, digits, 63),
            _ => return Err(INVALID),
        };
        let width = number::parse_i64(digits).and_then(|width| u32::try_from(width).ok());
        let width = width.filter(|width| (1..=width_max).contains(width)).ok_or(INVALID)?;
        let (unit, digits) = match args.word()? {
            [b'#', digits @ ..] => (width.into(), digits),
            digits => (1, digits),
        };
        let offset = number::parse_i64(digits).and_then(|offset| offset.checked_mul(unit));
        let position = offset.and_then(position).ok_or(Error::BitOffset)?;
        Ok(Self { position, width, signed })
    }

    fn read(self, value: &[u8]) -> i64 {
        let unsigned = bits::field(value, self.position, self.width);
        if !self.signed {
            return unsigned.cast_signed();
        }
        let unused = bits::FIELD_BITS_MAX - self.width;
        (unsigned << unused).cast_signed() >> unused
    }

    /// The lowest and the highest number that it can hold.
    const fn bounds(self) -> (i128, i128) {
        if self.signed { (-(1 << (self.width - 1)), (1 << (self.width - 1)) - 1) } else { (0, (1 << self.width) - 1) }
    }
}

/// What becomes of a number that the field cannot hold.
#[derive(Clone, Copy, Debug, Default)]
enum Overflow {
    /// Its highest bits are dropped.
    #[default]
    Wrap,
    /// The nearest number that fits is taken.
    Saturate,
    /// Nothing is written.
    Fail,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Get,
    Set(i64, Overflow),
    Increment(i64, Overflow),
}

#[derive(Clone, Copy, Debug)]
struct Operation {
    field: Field,
    act: Act,
}

impl Operation {
    fn parse_all(args: &mut Args<'_>) -> Result<SmallVec<[Self; 1]>, Error> {
        let (mut operations, mut overflow) = (SmallVec::new(), Overflow::default());
        while !args.is_empty() {
            if args.keyword_with("GET", 2) {
                operations.push(Self { field: Field::parse(args)?, act: Act::Get });
            } else if args.keyword_with("SET", 3) {
                operations.push(Self { field: Field::parse(args)?, act: Act::Set(args.integer()?, overflow) });
            } else if args.keyword_with("INCRBY", 3) {
                operations.push(Self { field: Field::parse(args)?, act: Act::Increment(args.integer()?, overflow) });
            } else if args.keyword_with("OVERFLOW", 1) {
                overflow = parse_overflow(args)?;
            } else {
                return Err(Error::Syntax);
            }
        }
        Ok(operations)
    }

    const fn reads_only(&self) -> bool {
        matches!(self.act, Act::Get)
    }

    const fn last_bit(&self) -> u64 {
        self.field.position + self.field.width as u64 - 1
    }

    /// The answer, none for a write that overflows and must not, and whether anything was changed.
    fn apply(self, value: &mut [u8]) -> (Option<i64>, bool) {
        let old = self.field.read(value);
        let (wanted, overflow) = match self.act {
            Act::Get => return (Some(old), false),
            // A negative number for an unsigned field is a large one.
            Act::Set(new, overflow) if !self.field.signed => (i128::from(new.cast_unsigned()), overflow),
            Act::Set(new, overflow) => (i128::from(new), overflow),
            Act::Increment(by, overflow) => (i128::from(old) + i128::from(by), overflow),
        };
        let (low, high) = self.field.bounds();
        let written = match overflow {
            _ if (low..=high).contains(&wanted) => wanted,
            Overflow::Wrap => wanted,
            Overflow::Saturate => wanted.clamp(low, high),
            Overflow::Fail => return (None, false),
        };
        bits::set_field(value, self.field.position, self.field.width, written as u64);
        let new = self.field.read(value);
        let answer = if matches!(self.act, Act::Set(..)) { old } else { new };
        (Some(answer), old != new)
    }
}

fn parse_overflow(args: &mut Args<'_>) -> Result<Overflow, Error> {
    if args.keyword("WRAP") {
        Ok(Overflow::Wrap)
    } else if args.keyword("SAT") {
        Ok(Overflow::Saturate)
    } else if args.keyword("FAIL") {
        Ok(Overflow::Fail)
    } else {
        Err(Error::message(&"ERR Invalid OVERFLOW type specified"))
    }
}
