//! `LOLWUT`: a picture, and the version. The pictures follow from the size that is asked for.

use crate::args::Args;
use crate::config::REDIS_VERSION;
use crate::error::Error;
use crate::keyspace::Reader;
use crate::random::Random;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Flag, Group, Shape};
use alloc::format;
use alloc::string::String;

/// The largest picture, in columns and in rows.
const SIZE_MAX: u64 = 1000;

const DUCK: &str = "   __\n__( o)>\n\\ <_ )\n `---'~~\n";

pub(super) const LOLWUT: Command = Command::new("LOLWUT", Group::Server, "5.0.0")
    .about("Shows a picture and the version: a duck, a maze (5) or a city (6), of so many columns and rows.", "")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::integer("version").token("VERSION").optional()])
    .reply(Shape::Bulk)
    .read(lolwut);

fn lolwut(_: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let version = if args.keyword_with("VERSION", 1) { args.integer()? } else { 0 };
    let picture = match version {
        5 => maze(size(args, 66)?, size(args, 8)?),
        6 => city(size(args, 80)?, size(args, 20)?),
        _ => String::from(DUCK),
    };
    let text = format!("{picture}\nRedstart {}. Redis ver. {REDIS_VERSION}\n", env!("CARGO_PKG_VERSION"));
    reply.verbatim(text.as_bytes());
    Ok(())
}

/// Reads a number of columns or rows, if there is one.
fn size(args: &mut Args<'_>, default: u64) -> Result<u64, Error> {
    if args.is_empty() {
        return Ok(default);
    }
    Ok(u64::try_from(args.integer()?).unwrap_or_default().clamp(1, SIZE_MAX))
}

fn draw(columns: u64, rows: u64, mut at: impl FnMut(u64, u64) -> char) -> String {
    let mut picture = String::new();
    for row in 0..rows {
        picture.extend((0..columns).map(|column| at(column, row)));
        picture.push('\n');
    }
    picture
}

/// Slanted walls at random make ways.
fn maze(columns: u64, rows: u64) -> String {
    let mut random = Random::new(columns * SIZE_MAX + rows);
    draw(columns, rows, |_, _| if random.below(2) == 0 { '/' } else { '\\' })
}

/// Houses of six columns, with windows between their walls.
fn city(columns: u64, rows: u64) -> String {
    draw(columns, rows, |column, row| {
        let (house, place) = (column / 6, column % 6);
        let height = Random::new(house * SIZE_MAX + rows).below(rows);
        match rows - row {
            above if above > height => ' ',
            above if above == height || place == 0 || place == 5 => '#',
            above if above % 2 == 0 && place % 2 == 1 => '.',
            _ => '#',
        }
    })
}
