//! The glucose scale and the paths all pictures share.

use super::Point;
use dmledger_core::record::Measurement;
use std::fmt::Write as _;

/// Where a device's "Low" and "High" are drawn, mg/dL.
const LOW: f64 = 40.0;
const HIGH: f64 = 400.0;

/// A picture's plane: hours of the day across, mg/dL upwards.
#[derive(Clone, Copy)]
pub(super) struct Plane {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    /// The largest value shown, mg/dL.
    pub(super) ceiling: f64,
}

impl Plane {
    /// Across, for a part of the day 0 to 1.
    pub(super) fn x(&self, day: f64) -> f64 {
        self.left + self.width * day
    }

    /// Down, for a value in mg/dL; values beyond the scale lie on its edge.
    pub(super) fn y(&self, mg_per_dl: f64) -> f64 {
        self.top + self.height * (1.0 - mg_per_dl.clamp(0.0, self.ceiling) / self.ceiling)
    }

    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

/// The value to draw, mg/dL.
pub(super) fn drawn(measured: Measurement) -> Option<f64> {
    match measured {
        Measurement::BelowRange => Some(LOW),
        Measurement::AboveRange => Some(HIGH),
        Measurement::NoValue => None,
        Measurement::Value(_) => measured.glucose().map(|glucose| millionths(glucose.millionths_of_mg_per_dl())),
    }
}

#[expect(clippy::cast_precision_loss, reason = "for drawing")]
fn millionths(value: u64) -> f64 {
    value as f64 / 1e6
}

/// The part of the day 0 to 1 of a wall clock.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of one day")]
pub(super) fn part_of_day(point: &Point) -> f64 {
    point.wall_clock.millis().rem_euclid(86_400_000) as f64 / 86_400_000.0
}

/// A path through points, straight from one to the next.
pub(super) fn polyline(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (place, (x, y)) in points.iter().enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if place == 0 { "M" } else { "L" });
    }
    path
}

/// A path through points as a curve that passes each and never overshoots more than a Catmull-Rom spline does.
pub(super) fn curve(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    let at = |place: usize| points.get(place.min(points.len().saturating_sub(1))).copied().unwrap_or_default();
    for (place, (x, y)) in points.iter().enumerate() {
        if place == 0 {
            let _ = write!(path, "M{x:.1} {y:.1}");
            continue;
        }
        let (before, from, after) = (at(place.saturating_sub(2)), at(place - 1), at(place + 1));
        let (c1x, c1y) = (from.0 + (x - before.0) / 6.0, from.1 + (y - before.1) / 6.0);
        let (c2x, c2y) = (x - (after.0 - from.0) / 6.0, y - (after.1 - from.1) / 6.0);
        let _ = write!(path, "C{c1x:.1} {c1y:.1} {c2x:.1} {c2y:.1} {x:.1} {y:.1}");
    }
    path
}
