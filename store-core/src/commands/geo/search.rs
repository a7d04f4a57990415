//! The searches, which differ in how they are asked and where the result goes.

use super::query::{Form, Order, Outlet, Query, Stored};
use super::{UNIT, write_distance, write_point};
use crate::args::Args;
use crate::commands::zset::store_result;
use crate::error::Error;
use crate::keyspace::{Reader, Writer};
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, KeySpec, Shape};
use crate::values::geo::{Area, Point};
use crate::values::zset::{ScoreBound, ScoreRange, Zset, ZsetLimits};
use alloc::vec::Vec;

const COMPLEXITY: &str = "O(log(N)+M) for M members in the cells of the map that cover the area";

const WITHCOORD: Arg = Arg::flag("withcoord", "WITHCOORD").optional();
const WITHDIST: Arg = Arg::flag("withdist", "WITHDIST").optional();
const WITHHASH: Arg = Arg::flag("withhash", "WITHHASH").optional();
const COUNT: Arg =
    Arg::block("count-block", &[Arg::integer("count").token("COUNT"), Arg::flag("any", "ANY").optional()]).optional();
const ORDER: Arg = Arg::one_of("order", &[Arg::flag("asc", "ASC"), Arg::flag("desc", "DESC")]).optional();
const KEY: Arg = Arg::key("key", Access::READ);
const LONGITUDE: Arg = Arg::double("longitude");
const LATITUDE: Arg = Arg::double("latitude");
const RADIUS: Arg = Arg::double("radius");
const MEMBER: Arg = Arg::string("member");
const STORE: Arg = Arg::key("storekey", Access::STORE).token("STORE").optional();
const STOREDIST: Arg = Arg::key("storedistkey", Access::STORE).token("STOREDIST").optional();
const FROM: Arg = Arg::one_of(
    "from",
    &[MEMBER.token("FROMMEMBER"), Arg::block("fromlonlat", &[LONGITUDE, LATITUDE]).token("FROMLONLAT")],
);
const BY: Arg = Arg::one_of(
    "by",
    &[
        Arg::block("circle", &[RADIUS.token("BYRADIUS"), UNIT]),
        Arg::block("box", &[Arg::double("width").token("BYBOX"), Arg::double("height"), UNIT]),
    ],
);
const FOUND: Shape = Shape::Array(&Shape::OneOf(&[Shape::Bulk, Shape::Array(&Shape::Any)]));
const FOUND_OR_COUNT: Shape = Shape::OneOf(&[FOUND, Shape::Integer]);

pub(super) const GEORADIUS: Command = Command::new("GEORADIUS", Group::Geo, "3.2.0")
    .about("Finds the members within a distance of a place; may store them.", COMPLEXITY)
    .flags(&[Flag::DenyOom])
    .syntax(&[KEY, LONGITUDE, LATITUDE, RADIUS, UNIT, WITHCOORD, WITHDIST, WITHHASH, COUNT, ORDER, STORE, STOREDIST])
    .reply(FOUND_OR_COUNT)
    .override_keys(&[
        KeySpec::at(1, Access::READ),
        KeySpec::after("STORE", 6, Access::STORE),
        KeySpec::after("STOREDIST", 6, Access::STORE),
    ])
    .write(|writer, args, reply| search_or_store(writer, args, reply, Form::Radius));

pub(super) const GEORADIUS_RO: Command = Command::new("GEORADIUS_RO", Group::Geo, "3.2.10")
    .about("Finds the members within a distance of a place.", COMPLEXITY)
    .syntax(&[KEY, LONGITUDE, LATITUDE, RADIUS, UNIT, WITHCOORD, WITHDIST, WITHHASH, COUNT, ORDER])
    .reply(FOUND)
    .read(|reader, args, reply| search(reader, args, reply, Form::Radius));

pub(super) const GEORADIUSBYMEMBER: Command = Command::new("GEORADIUSBYMEMBER", Group::Geo, "3.2.0")
    .about("Finds the members within a distance of a member; may store them.", COMPLEXITY)
    .flags(&[Flag::DenyOom])
    .syntax(&[KEY, MEMBER, RADIUS, UNIT, WITHCOORD, WITHDIST, WITHHASH, COUNT, ORDER, STORE, STOREDIST])
    .reply(FOUND_OR_COUNT)
    .override_keys(&[
        KeySpec::at(1, Access::READ),
        KeySpec::after("STORE", 5, Access::STORE),
        KeySpec::after("STOREDIST", 5, Access::STORE),
    ])
    .write(|writer, args, reply| search_or_store(writer, args, reply, Form::RadiusByMember));

pub(super) const GEORADIUSBYMEMBER_RO: Command = Command::new("GEORADIUSBYMEMBER_RO", Group::Geo, "3.2.10")
    .about("Finds the members within a distance of a member.", COMPLEXITY)
    .syntax(&[KEY, MEMBER, RADIUS, UNIT, WITHCOORD, WITHDIST, WITHHASH, COUNT, ORDER])
    .reply(FOUND)
    .read(|reader, args, reply| search(reader, args, reply, Form::RadiusByMember));

pub(super) const GEOSEARCH: Command = Command::new("GEOSEARCH", Group::Geo, "6.2.0")
    .about("Finds the members within a circle or a box.", COMPLEXITY)
    .syntax(&[KEY, FROM, BY, ORDER, COUNT, WITHCOORD, WITHDIST, WITHHASH])
    .reply(FOUND)
    .read(|reader, args, reply| search(reader, args, reply, Form::Options));

pub(super) const GEOSEARCHSTORE: Command = Command::new("GEOSEARCHSTORE", Group::Geo, "6.2.0")
    .about("Stores the members within a circle or a box in another key.", COMPLEXITY)
    .flags(&[Flag::DenyOom])
    .syntax(&[
        Arg::key("destination", Access::STORE),
        Arg::key("source", Access::READ),
        FROM,
        BY,
        ORDER,
        COUNT,
        Arg::flag("storedist", "STOREDIST").optional(),
    ])
    .reply(Shape::Integer)
    .write(geosearchstore);

fn search(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer, form: Form) -> Result<(), Error> {
    let zset = reader.get::<Zset>(args.word()?)?;
    let query = Query::parse(args, form, Outlet::Reply, zset, None)?;
    answer(reply, &query, &find_all(zset, &query));
    Ok(())
}

fn search_or_store(
    writer: &mut Writer<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    form: Form,
) -> Result<(), Error> {
    let zset = writer.get::<Zset>(args.word()?)?;
    let query = Query::parse(args, form, Outlet::ReplyOrStore, zset, None)?;
    let found = find_all(zset, &query);
    match query.destination {
        Some(destination) => store(writer, destination, &query, &found, "georadiusstore", reply),
        None => answer(reply, &query, &found),
    }
    Ok(())
}

fn geosearchstore(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (destination, source) = (args.word()?, args.word()?);
    let zset = writer.get::<Zset>(source)?;
    let query = Query::parse(args, Form::Options, Outlet::Store, zset, Some(destination))?;
    let found = find_all(zset, &query);
    store(writer, destination, &query, &found, "geosearchstore", reply);
    Ok(())
}

/// A member within the area.
struct Found {
    member: Vec<u8>,
    score: f64,
    point: Point,
    /// In the query's unit.
    distance: f64,
}

fn find_all(zset: Option<&Zset>, query: &Query<'_>) -> Vec<Found> {
    let Some((zset, area)) = zset.zip(query.area()) else { return Vec::new() };
    let enough = query.count.filter(|_| query.any).unwrap_or(usize::MAX);
    let mut found: Vec<Found> = members_within(zset, &area).take(enough).collect();
    // Where only some are wanted, the nearest are.
    let order = query.order.or_else(|| query.count.filter(|_| !query.any).map(|_| Order::Ascending));
    match order {
        Some(Order::Ascending) => found.sort_by(|one, other| one.distance.total_cmp(&other.distance)),
        Some(Order::Descending) => found.sort_by(|one, other| other.distance.total_cmp(&one.distance)),
        None => {}
    }
    found.truncate(query.count.unwrap_or(usize::MAX));
    found.iter_mut().for_each(|found| found.distance /= query.unit);
    found
}

/// The members within an area, by cells and within them by score; distances are in metres.
fn members_within(zset: &Zset, area: &Area) -> impl Iterator<Item = Found> {
    area.score_ranges().into_iter().flat_map(move |(low, high)| {
        let range = ScoreRange { min: ScoreBound::Inclusive(low), max: ScoreBound::Exclusive(high) };
        zset.range(zset.ranks_by_score(&range)).filter_map(move |(member, score)| {
            let point = Point::of_score(score);
            let distance = area.distance_within(point)?;
            Some(Found { member: member.to_vec(), score, point, distance })
        })
    })
}

fn answer(reply: &mut ReplyBuffer, query: &Query<'_>, found: &[Found]) {
    let parts = [query.with_distance, query.with_hash, query.with_point].into_iter().filter(|part| *part).count();
    reply.array(found.len());
    for found in found {
        if parts > 0 {
            reply.array(1 + parts);
        }
        reply.bulk(&found.member);
        if query.with_distance {
            write_distance(reply, found.distance);
        }
        if query.with_hash {
            reply.integer(found.score as i64);
        }
        if query.with_point {
            write_point(reply, found.point);
        }
    }
}

fn store(
    writer: &mut Writer<'_>,
    destination: &[u8],
    query: &Query<'_>,
    found: &[Found],
    event: &'static str,
    reply: &mut ReplyBuffer,
) {
    let mut result = Zset::new();
    for found in found {
        let score = match query.stored {
            Stored::Score => found.score,
            Stored::Distance => found.distance,
        };
        result.insert(&found.member, score, ZsetLimits::NO_LISTPACK, writer.seed());
    }
    reply.count(store_result(writer, destination, result, event));
}
