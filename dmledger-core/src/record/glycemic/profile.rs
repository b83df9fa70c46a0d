//! The ambulatory glucose profile: percentiles by clock time.

use super::percentile;
use crate::{record::Glucose, time::Timestamp};
use alloc::{vec, vec::Vec};

/// Bins of 15 minutes in a day.
pub const BINS: usize = 96;
const BIN_MILLIS: i64 = 15 * 60_000;

/// Percentiles of the values of one bin, mg/dL, interpolated linearly (type 7), not smoothed over bins.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the five percentiles of the ambulatory glucose profile")]
pub struct Percentiles {
    /// 5th percentile.
    pub p5: f64,
    /// 25th percentile.
    pub p25: f64,
    /// Median.
    pub p50: f64,
    /// 75th percentile.
    pub p75: f64,
    /// 95th percentile.
    pub p95: f64,
}

/// Percentiles of glucose for each quarter of an hour of the day, from midnight.
#[derive(Clone, Debug, PartialEq)]
pub struct DailyProfile(Vec<Option<Percentiles>>);

impl DailyProfile {
    /// The profile of values at times of the patient's own clock.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = (Timestamp, Glucose)>) -> Self {
        let mut bins = vec![Vec::new(); BINS];
        for (wall_clock, glucose) in values {
            let bin = wall_clock.millis().rem_euclid(86_400_000) / BIN_MILLIS;
            if let Some(bin) = usize::try_from(bin).ok().and_then(|bin| bins.get_mut(bin)) {
                bin.push(glucose.millionths_of_mg_per_dl());
            }
        }
        Self(bins.into_iter().map(percentiles).collect())
    }

    /// The 96 bins; `None` where there is no value.
    #[must_use]
    pub fn bins(&self) -> &[Option<Percentiles>] {
        &self.0
    }
}

fn percentiles(mut values: Vec<u64>) -> Option<Percentiles> {
    values.sort_unstable();
    let at = |percent| percentile(&values, percent);
    Some(Percentiles { p5: at(5)?, p25: at(25)?, p50: at(50)?, p75: at(75)?, p95: at(95)? })
}
