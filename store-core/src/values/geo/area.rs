//! Circles and boxes on the map, and the cells that cover them.

use super::{Cell, DEGREE, EARTH_RADIUS_M, LATITUDES, Point, STEP_MAX};
use alloc::vec::Vec;

/// Half of the Earth's circumference in the Mercator projection, in metres.
const MERCATOR_MAX_M: f64 = 20_037_726.37;

/// The form of an area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// All that is so near to the centre.
    Circle {
        /// The largest distance, in metres.
        radius_m: f64,
    },
    /// All that is so near to the centre's parallel and meridian.
    Box {
        /// The size from west to east, in metres.
        width_m: f64,
        /// The size from south to north, in metres.
        height_m: f64,
    },
}

/// A shape around a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Its middle.
    pub center: Point,
    /// Its form.
    pub shape: Shape,
}

/// The ends of an area, in degrees.
struct Bounds {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Area {
    /// The distance from the centre in metres, if the place lies within.
    pub fn distance_within(&self, point: Point) -> Option<f64> {
        match self.shape {
            Shape::Circle { radius_m } => {
                let distance = self.center.distance(point);
                (distance <= radius_m).then_some(distance)
            }
            Shape::Box { width_m, height_m } => {
                if self.center.distance_of_latitudes(point) > height_m / 2.0 {
                    return None;
                }
                let same_parallel = Point { longitude: self.center.longitude, ..point };
                let within = point.distance(same_parallel) <= width_m / 2.0;
                within.then(|| self.center.distance(point))
            }
        }
    }

    /// The scores of the cells that cover the area, in Redis's order: each range from its first up to, not including,
    /// its second.
    pub fn score_ranges(&self) -> Vec<(f64, f64)> {
        let bounds = self.bounds();
        let step = self.estimate_step();
        let mut cell = self.cell(step);
        if step > 1 && !reaches(cell, &bounds) {
            cell = self.cell(step - 1);
        }
        let mut ranges: Vec<(f64, f64)> = Vec::new();
        let mut last = None;
        for (east, north) in useful_neighbours(cell, &bounds) {
            let cell = cell.neighbour(east, north);
            // Neighbours of a huge cell can be the same.
            if last != Some(cell) {
                ranges.push(cell.scores());
            }
            last = Some(cell);
        }
        ranges
    }

    fn cell(&self, step: u32) -> Cell {
        Cell::around(self.center, step, LATITUDES)
    }

    /// Half of its width and half of its height, in metres.
    const fn half_sizes_m(&self) -> (f64, f64) {
        match self.shape {
            Shape::Circle { radius_m } => (radius_m, radius_m),
            Shape::Box { width_m, height_m } => (width_m / 2.0, height_m / 2.0),
        }
    }

    fn bounds(&self) -> Bounds {
        let Point { longitude, latitude } = self.center;
        let (width, height) = self.half_sizes_m();
        let latitude_delta = height / EARTH_RADIUS_M / DEGREE;
        // Of the two parallels, the one with the shorter degrees, away from the equator.
        let far = if latitude < 0.0 { latitude - latitude_delta } else { latitude + latitude_delta };
        let longitude_delta = width / EARTH_RADIUS_M / libm::cos(far * DEGREE) / DEGREE;
        Bounds {
            west: longitude - longitude_delta,
            south: latitude - latitude_delta,
            east: longitude + longitude_delta,
            north: latitude + latitude_delta,
        }
    }

    /// The step at which a cell and its neighbours cover the area in most cases.
    fn estimate_step(&self) -> u32 {
        let (width, height) = self.half_sizes_m();
        let mut range_m = match self.shape {
            Shape::Circle { radius_m } => radius_m,
            Shape::Box { .. } => libm::sqrt(width * width + height * height),
        };
        if range_m == 0.0 {
            return STEP_MAX;
        }
        let mut step = 1_u32;
        while range_m < MERCATOR_MAX_M {
            range_m *= 2.0;
            step += 1;
        }
        // Degrees are shorter towards the poles.
        let latitude = libm::fabs(self.center.latitude);
        let wider = 2 + u32::from(latitude > 66.0) + u32::from(latitude > 80.0);
        step.saturating_sub(wider).clamp(1, STEP_MAX)
    }
}

/// Whether a cell's neighbours reach to all ends of an area.
fn reaches(cell: Cell, bounds: &Bounds) -> bool {
    let ends = |east, north| cell.neighbour(east, north).bounds();
    ends(0, 1).1.high >= bounds.north
        && ends(0, -1).1.low <= bounds.south
        && ends(1, 0).0.high >= bounds.east
        && ends(-1, 0).0.low <= bounds.west
}

/// The cell and its neighbours without those beyond an end of the area that lies within the cell: how far each is to the
/// east and to the north.
fn useful_neighbours(cell: Cell, bounds: &Bounds) -> impl Iterator<Item = (i32, i32)> {
    const ALL: [(i32, i32); 9] = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];
    let (longitudes, latitudes) = cell.bounds();
    let coarse = cell.step < 2;
    let west = coarse || longitudes.low >= bounds.west;
    let east = coarse || longitudes.high <= bounds.east;
    let south = coarse || latitudes.low >= bounds.south;
    let north = coarse || latitudes.high <= bounds.north;
    ALL.into_iter()
        .filter(move |(x, y)| (*x <= 0 || east) && (*x >= 0 || west) && (*y <= 0 || north) && (*y >= 0 || south))
}
