//! Consensus metrics of glucose readings, and the daily profile of a report.
//!
//! Definition: equal weight per reading, no interpolation, the target range with both ends inside (Battelino et al. 2019;
//! glucose management indicator: Bergenstal et al. 2018; glycaemia risk index: Klonoff et al. 2022). Counts and sums are
//! exact integers. A float appears only in what is shown to a person, never in what is hashed, signed or compared.

mod float;
mod profile;

pub use profile::{BINS, DailyProfile, Percentiles};

use super::{Glucose, GlucoseBand, Measurement};
use alloc::vec::Vec;

/// Whether the tokens "Low" and "High" count as readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "they count or they do not")]
pub enum Tokens {
    /// Numbers only: the consensus definition, and what peer tools compute.
    LeftOut,
    /// "Low" counts as very low and "High" as very high, in both part and whole.
    Counted,
}

/// An exact part of a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Share {
    part: u64,
    whole: u64,
}

impl Share {
    /// Readings that count.
    #[must_use]
    pub const fn part(self) -> u64 {
        self.part
    }

    /// Readings in all.
    #[must_use]
    pub const fn whole(self) -> u64 {
        self.whole
    }

    /// Whether it is at least `percent`, decided exactly; nothing of nothing is no percentage.
    #[must_use]
    pub fn is_at_least(self, percent: u32) -> bool {
        self.whole > 0 && u128::from(self.part) * 100 >= u128::from(self.whole) * u128::from(percent)
    }

    /// Per cent for display; 0 of nothing.
    #[must_use]
    pub fn percent(self) -> f64 {
        if self.whole == 0 { 0.0 } else { float::of(self.part.into()) * 100.0 / float::of(self.whole.into()) }
    }
}

/// Counts, sums and order of a series of readings, from which every metric follows.
///
/// Sums are in millionths of 1 mg/dL; values in mmol/L enter them converted
/// ([`Glucose::millionths_of_mg_per_dl`]), but count in the range that their own unit decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GlycemicSummary {
    bands: [u64; 5],
    tight: u64,
    below: u64,
    above: u64,
    sum: u128,
    squares: u128,
    sorted: Vec<u64>,
}

impl GlycemicSummary {
    /// Summarises the readings; a measurement without a result counts nowhere.
    #[must_use]
    pub fn of(readings: impl IntoIterator<Item = Measurement>) -> Self {
        let mut summary = Self::default();
        for reading in readings {
            match (reading, reading.glucose()) {
                (_, Some(glucose)) => summary.add(glucose),
                (Measurement::BelowRange, _) => summary.below += 1,
                (Measurement::AboveRange, _) => summary.above += 1,
                _ => {}
            }
        }
        summary.sorted.sort_unstable();
        summary
    }

    fn add(&mut self, glucose: Glucose) {
        if let Some(count) = self.bands.get_mut(glucose.band() as usize) {
            *count += 1;
        }
        self.tight += u64::from(glucose.in_tight_range());
        let value = glucose.millionths_of_mg_per_dl();
        self.sum += u128::from(value);
        self.squares += u128::from(value) * u128::from(value);
        self.sorted.push(value);
    }

    /// Readings with a number.
    #[must_use]
    pub fn values(&self) -> u64 {
        self.sorted.len() as u64
    }

    /// Readings that count under this rule.
    #[must_use]
    pub fn readings(&self, tokens: Tokens) -> u64 {
        self.values() + if tokens == Tokens::Counted { self.below + self.above } else { 0 }
    }

    /// How many readings were "Low" and "High".
    #[must_use]
    pub const fn tokens(&self) -> (u64, u64) {
        (self.below, self.above)
    }

    /// Share of the readings in a consensus range.
    #[must_use]
    pub fn share(&self, band: GlucoseBand, tokens: Tokens) -> Share {
        let mut part = self.bands.get(band as usize).copied().unwrap_or(0);
        if tokens == Tokens::Counted {
            part += match band {
                GlucoseBand::VeryLow => self.below,
                GlucoseBand::VeryHigh => self.above,
                GlucoseBand::Low | GlucoseBand::Target | GlucoseBand::High => 0,
            };
        }
        Share { part, whole: self.readings(tokens) }
    }

    /// Share of the readings with a number in the tight range, 70 to 140 mg/dL.
    #[must_use]
    pub fn tight_range(&self) -> Share {
        Share { part: self.tight, whole: self.values() }
    }

    /// Mean, mg/dL. `None` without a number, as all that follow.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let count = float::of(self.values().into());
        (count > 0.0).then(|| float::of(self.sum) / count / MILLION)
    }

    /// Standard deviation with `n - 1` in the denominator, mg/dL. `None` for fewer than two numbers.
    #[must_use]
    pub fn standard_deviation(&self) -> Option<f64> {
        let n = u128::from(self.values());
        // n times the sum of squares minus the square of the sum, exact up to the division.
        let numerator = (n * self.squares).checked_sub(self.sum * self.sum)?;
        (n > 1).then(|| float::square_root(float::of(numerator) / float::of(n * (n - 1))) / MILLION)
    }

    /// Coefficient of variation, per cent; at most 36 is called stable.
    #[must_use]
    pub fn variation(&self) -> Option<f64> {
        Some(100.0 * self.standard_deviation()? / self.mean()?)
    }

    /// Glucose management indicator, per cent: 3.31 + 0.02392 of the mean in mg/dL.
    #[must_use]
    pub fn management_indicator(&self) -> Option<f64> {
        self.mean().map(|mean| 3.31 + 0.02392 * mean)
    }

    /// Glycaemia risk index, 0 to 100: 3.0 very low + 2.4 low + 1.6 very high + 0.8 high, in per cent of the readings.
    #[must_use]
    pub fn risk_index(&self) -> Option<f64> {
        let weighted: u64 = self.bands.iter().zip([30, 24, 0, 8, 16]).map(|(count, weight)| count * weight).sum();
        let count = float::of(self.values().into());
        (count > 0.0).then(|| (float::of(weighted.into()) * 10.0 / count).min(100.0))
    }

    /// J index: 0.001 of the square of mean and standard deviation together.
    #[must_use]
    pub fn j_index(&self) -> Option<f64> {
        let sum = self.mean()? + self.standard_deviation()?;
        Some(0.001 * sum * sum)
    }

    /// Percentile 0 to 100 of the numbers, mg/dL, interpolated linearly (Hyndman and Fan's type 7).
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<f64> {
        percentile(&self.sorted, percent)
    }
}

/// Percentile of values in ascending order, given in millionths.
fn percentile(sorted: &[u64], percent: u8) -> Option<f64> {
    let last = sorted.len().checked_sub(1)? as u64;
    let position = last * u64::from(percent.min(100));
    let (index, hundredths) = (usize::try_from(position / 100).ok()?, u128::from(position % 100));
    let (low, high) = (u128::from(*sorted.get(index)?), u128::from(sorted.get(index + 1).copied().unwrap_or(0)));
    let exact = if hundredths == 0 { low * 100 } else { low * (100 - hundredths) + high * hundredths };
    Some(float::of(exact) / (100.0 * MILLION))
}

const MILLION: f64 = 1_000_000.0;

#[cfg(test)]
mod tests;
