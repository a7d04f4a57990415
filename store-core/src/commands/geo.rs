//! The commands of places, which are members of sorted sets with certain scores: see [`crate::values::geo`].

mod add;
mod query;
mod search;

use crate::args::Args;
use crate::error::Error;
use crate::keyspace::Reader;
use crate::number::{self, Extended};
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Group, Shape};
use crate::values::geo::Point;
use crate::values::zset::Zset;
use alloc::vec::Vec;

pub(super) const COMMANDS: &[Command] = &[
    add::GEOADD,
    GEODIST,
    GEOHASH,
    GEOPOS,
    search::GEORADIUS,
    search::GEORADIUS_RO,
    search::GEORADIUSBYMEMBER,
    search::GEORADIUSBYMEMBER_RO,
    search::GEOSEARCH,
    search::GEOSEARCHSTORE,
];

const UNIT: Arg =
    Arg::one_of("unit", &[Arg::flag("m", "M"), Arg::flag("km", "KM"), Arg::flag("ft", "FT"), Arg::flag("mi", "MI")]);

/// Reads a unit: its length in metres.
fn parse_unit(args: &mut Args<'_>) -> Result<f64, Error> {
    const UNITS: [(&str, f64); 4] = [("M", 1.0), ("KM", 1000.0), ("FT", 0.3048), ("MI", 1609.34)];
    let unit = UNITS.into_iter().find(|(name, _)| args.keyword(name));
    unit.map(|(_, metres)| metres).ok_or(Error::message(&"ERR unsupported unit provided. please use M, KM, FT, MI"))
}

/// Reads a longitude and a latitude.
fn parse_point(args: &mut Args<'_>) -> Result<Point, Error> {
    let (longitude, latitude) = (args.float()?, args.float()?);
    Point::new(longitude, latitude).ok_or_else(|| {
        let mut text = b"ERR invalid longitude,latitude pair ".to_vec();
        number::write_fixed(&mut text, longitude, 6);
        text.push(b',');
        number::write_fixed(&mut text, latitude, 6);
        Error::detail(alloc::string::String::from_utf8_lossy(&text).into_owned())
    })
}

/// A distance with four decimals.
fn write_distance(reply: &mut ReplyBuffer, distance: f64) {
    let mut text = Vec::new();
    number::write_fixed(&mut text, distance, 4);
    reply.bulk(&text);
}

fn write_point(reply: &mut ReplyBuffer, point: Point) {
    reply.array(2);
    reply.long_double(Extended::from(point.longitude));
    reply.long_double(Extended::from(point.latitude));
}

const GEODIST: Command = Command::new("GEODIST", Group::Geo, "3.2.0")
    .about("Gives the distance between two members.", "O(log(N))")
    .syntax(&[Arg::key("key", Access::READ), Arg::string("member1"), Arg::string("member2"), UNIT.optional()])
    .reply(Shape::OneOf(&[Shape::Bulk, Shape::Null]))
    .read(geodist);

fn geodist(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, members) = (args.word()?, [args.word()?, args.word()?]);
    let unit = match args.remaining() {
        0 => 1.0,
        1 => parse_unit(args)?,
        _ => return Err(Error::Syntax),
    };
    let zset = reader.get::<Zset>(key)?;
    match members.map(|member| zset.and_then(|zset| zset.score(member)).map(Point::of_score)) {
        [Some(one), Some(other)] => write_distance(reply, one.distance(other) / unit),
        _ => reply.null(),
    }
    Ok(())
}

const GEOHASH: Command = Command::new("GEOHASH", Group::Geo, "3.2.0")
    .about("Gives the geohashes of members, as they are usual elsewhere.", "O(1) for each member")
    .syntax(&[Arg::key("key", Access::READ), Arg::string("member").optional().multiple()])
    .reply(Shape::Array(&Shape::OneOf(&[Shape::Bulk, Shape::Null])))
    .read(geohash);

fn geohash(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    each_point(reader, args, reply, |reply, point| match point {
        Some(point) => reply.bulk(&point.geohash()),
        None => reply.null(),
    })
}

const GEOPOS: Command = Command::new("GEOPOS", Group::Geo, "3.2.0")
    .about("Gives the longitudes and latitudes of members.", "O(1) for each member")
    .syntax(&[Arg::key("key", Access::READ), Arg::string("member").optional().multiple()])
    .reply(Shape::Array(&Shape::OneOf(&[Shape::Tuple(&[Shape::Double, Shape::Double]), Shape::Null])))
    .read(geopos);

fn geopos(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    each_point(reader, args, reply, |reply, point| match point {
        Some(point) => write_point(reply, point),
        None => reply.null_array(),
    })
}

/// Answers with an array of what `write` makes of each member's place.
fn each_point(
    reader: &Reader<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    write: fn(&mut ReplyBuffer, Option<Point>),
) -> Result<(), Error> {
    let zset = reader.get::<Zset>(args.word()?)?;
    reply.array(args.remaining());
    for member in args.rest() {
        write(reply, zset.and_then(|zset| zset.score(member)).map(Point::of_score));
    }
    Ok(())
}
