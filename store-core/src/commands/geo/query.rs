//! What a search asks for: an area, what to do with what is found, and where to end.

use super::{parse_point, parse_unit};
use crate::args::Args;
use crate::error::Error;
use crate::number;
use crate::values::geo::{Area, Point, Shape};
use crate::values::zset::Zset;
use alloc::format;
use alloc::string::String;

/// How a command says where to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `GEORADIUS`: a place and a radius come first.
    Radius,
    /// `GEORADIUSBYMEMBER`: a member and a radius come first.
    RadiusByMember,
    /// `GEOSEARCH`: by options.
    Options,
}

/// What becomes of what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlet {
    /// It is answered.
    Reply,
    /// It is answered, unless an option names a key to store it in.
    ReplyOrStore,
    /// It is stored in the key before the searched one.
    Store,
}

/// The order of the distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
}

/// What is stored as the score of a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stored {
    #[default]
    Score,
    Distance,
}

/// What an area lies around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Member,
    Place,
}

/// A search.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Query<'a> {
    origin: Option<Origin>,
    /// None for a member of a key that is not there.
    center: Option<Point>,
    shape: Option<Shape>,
    /// The length of the unit, in metres.
    pub(super) unit: f64,
    pub(super) with_distance: bool,
    pub(super) with_hash: bool,
    pub(super) with_point: bool,
    pub(super) order: Option<Order>,
    pub(super) count: Option<usize>,
    /// Whether the search ends when it has found enough.
    pub(super) any: bool,
    pub(super) destination: Option<&'a [u8]>,
    pub(super) stored: Stored,
}

impl<'a> Query<'a> {
    /// The area, if the searched key is there.
    pub(super) fn area(&self) -> Option<Area> {
        let (center, shape) = self.center.zip(self.shape)?;
        Some(Area { center, shape })
    }

    /// Reads what follows the searched key.
    pub(super) fn parse(
        args: &mut Args<'a>,
        form: Form,
        outlet: Outlet,
        zset: Option<&Zset>,
        destination: Option<&'a [u8]>,
    ) -> Result<Self, Error> {
        let mut query = Self { destination, ..Self::default() };
        match (form, zset) {
            (Form::Radius, _) => {
                query.parse_place(args)?;
                query.parse_circle(args)?;
            }
            // Redis looks at none of these words when there is no key.
            (Form::RadiusByMember, None) => _ = args.words(3)?,
            (Form::RadiusByMember, Some(_)) => {
                query.parse_member(args, zset)?;
                query.parse_circle(args)?;
            }
            (Form::Options, _) => {}
        }
        while !args.is_empty() {
            let read = query.parse_option(args)?
                || (outlet == Outlet::ReplyOrStore && query.parse_destination(args)?)
                || (form == Form::Options && query.parse_area(args, zset)?)
                || (outlet == Outlet::Store && query.parse_stored(args));
            if !read {
                return Err(Error::Syntax);
            }
        }
        query.check(args, form, outlet)?;
        Ok(query)
    }

    fn parse_place(&mut self, args: &mut Args<'a>) -> Result<(), Error> {
        (self.origin, self.center) = (Some(Origin::Place), Some(parse_point(args)?));
        Ok(())
    }

    fn parse_member(&mut self, args: &mut Args<'a>, zset: Option<&Zset>) -> Result<(), Error> {
        let member = args.word()?;
        let center = zset.map(|zset| zset.score(member).map(Point::of_score));
        if center == Some(None) {
            return Err(Error::message(&"ERR could not decode requested zset member"));
        }
        (self.origin, self.center) = (Some(Origin::Member), center.flatten());
        Ok(())
    }

    fn parse_circle(&mut self, args: &mut Args<'a>) -> Result<(), Error> {
        let radius = parse_length(args, &"ERR need numeric radius")?;
        if radius < 0.0 {
            return Err(Error::message(&"ERR radius cannot be negative"));
        }
        self.unit = parse_unit(args)?;
        self.shape = Some(Shape::Circle { radius_m: radius * self.unit });
        Ok(())
    }

    fn parse_box(&mut self, args: &mut Args<'a>) -> Result<(), Error> {
        let width = parse_length(args, &"ERR need numeric width")?;
        let height = parse_length(args, &"ERR need numeric height")?;
        if width < 0.0 || height < 0.0 {
            return Err(Error::message(&"ERR height or width cannot be negative"));
        }
        self.unit = parse_unit(args)?;
        self.shape = Some(Shape::Box { width_m: width * self.unit, height_m: height * self.unit });
        Ok(())
    }

    fn parse_option(&mut self, args: &mut Args<'a>) -> Result<bool, Error> {
        if args.keyword_with("COUNT", 1) {
            let count = args.integer()?;
            let count = number::count_of(count).filter(|count| *count > 0);
            self.count = Some(count.ok_or(Error::message(&"ERR COUNT must be > 0"))?);
            return Ok(true);
        }
        if args.keyword("ASC") {
            self.order = Some(Order::Ascending);
            return Ok(true);
        }
        if args.keyword("DESC") {
            self.order = Some(Order::Descending);
            return Ok(true);
        }
        let flags = [
            ("WITHDIST", &mut self.with_distance),
            ("WITHHASH", &mut self.with_hash),
            ("WITHCOORD", &mut self.with_point),
            ("ANY", &mut self.any),
        ];
        Ok(flags.into_iter().find(|(keyword, _)| args.keyword(keyword)).map(|(_, chosen)| *chosen = true).is_some())
    }

    fn parse_destination(&mut self, args: &mut Args<'a>) -> Result<bool, Error> {
        for (keyword, stored) in [("STORE", Stored::Score), ("STOREDIST", Stored::Distance)] {
            if args.keyword_with(keyword, 1) {
                (self.destination, self.stored) = (Some(args.word()?), stored);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn parse_stored(&mut self, args: &mut Args<'a>) -> bool {
        let found = args.keyword("STOREDIST");
        if found {
            self.stored = Stored::Distance;
        }
        found
    }

    fn parse_area(&mut self, args: &mut Args<'a>, zset: Option<&Zset>) -> Result<bool, Error> {
        let (is_circle, is_box) =
            (matches!(self.shape, Some(Shape::Circle { .. })), matches!(self.shape, Some(Shape::Box { .. })));
        if self.origin != Some(Origin::Place) && args.keyword_with("FROMMEMBER", 1) {
            self.parse_member(args, zset)?;
        } else if self.origin != Some(Origin::Member) && args.keyword_with("FROMLONLAT", 2) {
            self.parse_place(args)?;
        } else if !is_box && args.keyword_with("BYRADIUS", 2) {
            self.parse_circle(args)?;
        } else if !is_circle && args.keyword_with("BYBOX", 3) {
            self.parse_box(args)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn check(&self, args: &Args<'_>, form: Form, outlet: Outlet) -> Result<(), Error> {
        if self.destination.is_some() && (self.with_distance || self.with_hash || self.with_point) {
            return Err(Error::message(if outlet == Outlet::Store {
                &"ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            } else {
                &"ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            }));
        }
        let command = || String::from_utf8_lossy(args.all().first().copied().unwrap_or_default());
        if form == Form::Options && self.origin.is_none() {
            let text = format!("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {}", command());
            return Err(Error::detail(text));
        }
        if form == Form::Options && self.shape.is_none() {
            let text = format!("ERR exactly one of BYRADIUS and BYBOX can be specified for {}", command());
            return Err(Error::detail(text));
        }
        if self.any && self.count.is_none() {
            return Err(Error::message(&"ERR the ANY argument requires COUNT argument"));
        }
        Ok(())
    }
}

fn parse_length(args: &mut Args<'_>, refusal: &'static &'static str) -> Result<f64, Error> {
    number::parse_f64_in_range(args.word()?).ok_or(Error::message(refusal))
}
