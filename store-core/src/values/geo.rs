//! Places on Earth as scores of a sorted set.
//!
//! Longitude and latitude each choose one of 2^26 strips; the bits of both numbers, interleaved, are a score of 52 bits
//! (a geohash), so that what is near on the map is mostly near in the order of scores. A cell is a square of the map at
//! some coarser step: its members are one range of scores. A search takes the cell around its centre at a step at which
//! the cell and its eight neighbours cover the searched area, and looks at each member of those ranges: O(log N + M) for
//! M members in the covering cells.
//!
//! Every float operation stands in Redis's order, and what is not exact comes from `libm`, so that every machine gives
//! the same digits. This module knows no keys and no replies.

mod area;

use core::f64::consts::PI;

pub use area::{Area, Shape};

/// The finest step: 26 bits each for longitude and latitude.
const STEP_MAX: u32 = 26;
/// The bits of a score.
const SCORE_BITS: u32 = 2 * STEP_MAX;
const EARTH_RADIUS_M: f64 = 6_372_797.560_856;
const DEGREE: f64 = PI / 180.0;

/// A range of degrees.
#[derive(Clone, Copy, Debug)]
struct Degrees {
    low: f64,
    high: f64,
}

const LONGITUDES: Degrees = Degrees { low: -180.0, high: 180.0 };
/// As far north and south as the Mercator projection is a square.
const LATITUDES: Degrees = Degrees { low: -85.051_128_78, high: 85.051_128_78 };

impl Degrees {
    fn contains(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The number of the strip in which a value lies.
    fn strip_of(self, value: f64, step: u32) -> u32 {
        let share = (value - self.low) / (self.high - self.low);
        (share * (1_u64 << step) as f64) as u64 as u32
    }

    /// The ends of a strip.
    fn strip(self, number: u32, step: u32) -> Self {
        let (strips, span) = ((1_u64 << step) as f64, self.high - self.low);
        let at = |number: u64| self.low + (number as f64 / strips) * span;
        Self { low: at(number.into()), high: at(u64::from(number) + 1) }
    }

    /// The middle, within bounds.
    fn middle(self, bounds: Self) -> f64 {
        let middle = (self.low + self.high) / 2.0;
        middle.clamp(bounds.low, bounds.high)
    }
}

/// A place, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// East of Greenwich.
    pub longitude: f64,
    /// North of the equator.
    pub latitude: f64,
}

impl Point {
    /// A place, if a score can stand for it.
    pub fn new(longitude: f64, latitude: f64) -> Option<Self> {
        let fits = LONGITUDES.contains(longitude) && LATITUDES.contains(latitude);
        fits.then_some(Self { longitude, latitude })
    }

    /// The score that stands for it.
    pub fn score(self) -> u64 {
        Cell::around(self, STEP_MAX, LATITUDES).bits()
    }

    /// The place that a score stands for: the middle of the smallest cell.
    pub fn of_score(score: f64) -> Self {
        let cell = Cell::of_bits(score as i64 as u64, STEP_MAX);
        let (longitudes, latitudes) = cell.bounds();
        Self { longitude: longitudes.middle(LONGITUDES), latitude: latitudes.middle(LATITUDES) }
    }

    /// The first 50 bits of the geohash that is usual elsewhere, for latitudes from -90 to 90, as text. Its eleventh
    /// letter is always `0`.
    pub fn geohash(self) -> [u8; 11] {
        const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
        let bits = Cell::around(self, STEP_MAX, Degrees { low: -90.0, high: 90.0 }).bits();
        let mut text = [b'0'; 11];
        for (letter, shift) in text.iter_mut().zip((2..SCORE_BITS).step_by(5).rev()) {
            *letter = ALPHABET[(bits >> shift) as usize % ALPHABET.len()];
        }
        text
    }

    /// The distance along the Earth's surface, in metres (the haversine formula).
    pub fn distance(self, other: Self) -> f64 {
        let radians = |degrees: f64| degrees * DEGREE;
        let v = libm::sin((radians(other.longitude) - radians(self.longitude)) / 2.0);
        if v == 0.0 {
            return self.distance_of_latitudes(other);
        }
        let (one, two) = (radians(self.latitude), radians(other.latitude));
        let u = libm::sin((two - one) / 2.0);
        let a = u * u + libm::cos(one) * libm::cos(two) * v * v;
        2.0 * EARTH_RADIUS_M * libm::asin(libm::sqrt(a))
    }

    /// The distance if both were on one meridian, in metres.
    fn distance_of_latitudes(self, other: Self) -> f64 {
        EARTH_RADIUS_M * libm::fabs(other.latitude * DEGREE - self.latitude * DEGREE)
    }
}

/// A square of the map: the strips that it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    x: u32,
    y: u32,
    step: u32,
}

impl Cell {
    fn around(point: Point, step: u32, latitudes: Degrees) -> Self {
        let (x, y) = (LONGITUDES.strip_of(point.longitude, step), latitudes.strip_of(point.latitude, step));
        Self { x, y, step }
    }

    fn of_bits(bits: u64, step: u32) -> Self {
        Self { x: every_second_bit(bits >> 1), y: every_second_bit(bits), step }
    }

    /// Both strips' bits, interleaved, those of the latitude first from below.
    const fn bits(self) -> u64 {
        spread(self.y) | spread(self.x) << 1
    }

    /// The scores of its members: from the first up to, not including, the second.
    fn scores(self) -> (f64, f64) {
        let shift = SCORE_BITS - 2 * self.step;
        let bits = self.bits();
        ((bits << shift) as f64, ((bits + 1) << shift) as f64)
    }

    /// Its longitudes and latitudes.
    fn bounds(self) -> (Degrees, Degrees) {
        (LONGITUDES.strip(self.x, self.step), LATITUDES.strip(self.y, self.step))
    }

    /// The cell that is so many cells to the east and to the north. The map's edges meet, but as in Redis a place on
    /// the very edge lies beyond the last strip, and stays there until it is moved.
    const fn neighbour(self, east: i32, north: i32) -> Self {
        Self { x: self.moved(self.x, east), y: self.moved(self.y, north), ..self }
    }

    const fn moved(self, strip: u32, by: i32) -> u32 {
        if by == 0 { strip } else { strip.wrapping_add_signed(by) & u32::MAX >> (u32::BITS - self.step) }
    }
}

/// Puts a zero before each bit.
const fn spread(bits: u32) -> u64 {
    let mut x = bits as u64;
    x = (x | x << 16) & 0x0000_ffff_0000_ffff;
    x = (x | x << 8) & 0x00ff_00ff_00ff_00ff;
    x = (x | x << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    x = (x | x << 2) & 0x3333_3333_3333_3333;
    (x | x << 1) & 0x5555_5555_5555_5555
}

/// The bits at even places.
const fn every_second_bit(bits: u64) -> u32 {
    let mut x = bits & 0x5555_5555_5555_5555;
    x = (x | x >> 1) & 0x3333_3333_3333_3333;
    x = (x | x >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    x = (x | x >> 4) & 0x00ff_00ff_00ff_00ff;
    x = (x | x >> 8) & 0x0000_ffff_0000_ffff;
    (x | x >> 16) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn some_point(random: &mut Random) -> Point {
        let share = |random: &mut Random| random.below(1 << 40) as f64 / (1_u64 << 40) as f64;
        let longitude = (share(random) - 0.5) * 360.0;
        Point::new(longitude, (share(random) - 0.5) * 170.0).unwrap()
    }

    #[test]
    fn scores_lead_back_to_the_place() {
        for seed in 0..2000 {
            let mut random = Random::new(seed);
            let (point, bits) = (some_point(&mut random), random.next_u64());
            let found = Point::of_score(point.score() as f64);
            assert!(point.distance(found) < 0.6, "seed {seed}");
            assert_eq!(found.score(), point.score(), "seed {seed}");
            assert_eq!(Cell::of_bits(bits, 32).bits(), bits);
        }
    }

    #[test]
    fn an_area_covers_all_that_is_within() {
        for seed in 0..400 {
            let mut random = Random::new(seed);
            let radius_m = [10.0, 1000.0, 100_000.0, 3_000_000.0][random.index(4)];
            let shape = match random.below(2) {
                0 => Shape::Circle { radius_m },
                _ => Shape::Box { width_m: radius_m, height_m: radius_m / 3.0 },
            };
            // At the edges of the map Redis's search ends, too.
            let mut center = some_point(&mut random);
            center = Point { longitude: center.longitude / 2.0, latitude: center.latitude / 3.0 };
            let area = Area { center, shape };
            let ranges = area.score_ranges();
            for _ in 0..100 {
                let reach = radius_m / 100_000.0;
                let near = Point {
                    longitude: center.longitude + (random.below(2000) as f64 / 1000.0 - 1.0) * reach,
                    latitude: center.latitude + (random.below(2000) as f64 / 1000.0 - 1.0) * reach,
                };
                let score = near.score() as f64;
                if area.distance_within(Point::of_score(score)).is_some() {
                    let covered = ranges.iter().any(|(low, high)| (*low..*high).contains(&score));
                    assert!(covered, "seed {seed}: {near:?} in {area:?}");
                }
            }
        }
    }
}
