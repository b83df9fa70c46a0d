//! A bound on a metric as a linear form of a digest's numbers that is not negative.
//!
//! `N` is the number of readings, the sum of the five counts. With thresholds `p` the forms of "at least" are
//!
//! | quantity | form |
//! |---|---|
//! | share of ranges, per mille | `1000 sum s_k - p N` |
//! | mean, hundredths of the table's unit | `100 S - p N` |
//! | GMI = 3.31 + 0.02392 mean, hundredths of a percent | `299 S + (41375 - 125 p) N` |
//! | GRI = 3.0 VL + 2.4 L + 1.6 VH + 0.8 H, tenths | `3000 VL + 2400 L + 1600 VH + 800 H - p N` |
//! | readings | `N - p` |
//! | active slots, per mille | `1000 N - p slots` |
//!
//! and those of "at most" their negatives. GRI is capped at 100, which changes neither "at least" up to 100 nor "at most"
//! below it.

use super::signed;
use crate::{
    commit::Commitment,
    error::StatementError,
    glycemic::table::{METRICS, Metric, Table, Unit},
    group::{self, Point, Scalar},
    transcript::Transcript,
};

/// Some of the five ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ranges(u8);

impl Ranges {
    /// Time in range, 70 to 180 mg/dL.
    pub const IN: Self = Self(1 << Metric::InRange as u8);
    /// Time below range, under 70 mg/dL.
    pub const BELOW: Self = Self(1 << Metric::VeryLow as u8 | 1 << Metric::Low as u8);
    /// Under 54 mg/dL.
    pub const VERY_LOW: Self = Self(1 << Metric::VeryLow as u8);
    /// Time above range, over 180 mg/dL.
    pub const ABOVE: Self = Self(1 << Metric::High as u8 | 1 << Metric::VeryHigh as u8);
    /// Over 250 mg/dL.
    pub const VERY_HIGH: Self = Self(1 << Metric::VeryHigh as u8);

    /// These ranges or those.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// One bit a range, lowest range first.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Reads [`Self::bits`] back; `None` for a range that does not exist.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits < 1 << 5 { Some(Self(bits)) } else { None }
    }

    const fn holds(self, metric: Metric) -> bool {
        self.0 >> metric as u8 & 1 == 1
    }
}

/// What is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Quantity {
    /// Readings in these ranges among all that count, in per mille.
    Share(Ranges),
    /// The mean, in hundredths of the table's unit.
    Mean,
    /// The glucose management indicator, in hundredths of a percent; for tables in mg/dL.
    Gmi,
    /// The glycemia risk index, in tenths.
    Gri,
    /// The number of readings that count.
    Readings,
    /// Readings that count among all slots, in per mille; 700 is the consensus bound for sufficient data.
    Active,
}

/// Which way a quantity is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no third side")]
pub enum Side {
    /// The quantity is the threshold or more.
    AtLeast,
    /// The quantity is the threshold or less.
    AtMost,
}

/// A quantity, a side, a threshold in the quantity's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bound {
    quantity: Quantity,
    side: Side,
    threshold: u32,
}

impl Bound {
    /// A bound. Whether it can be shown is checked with the days.
    #[must_use]
    pub const fn new(quantity: Quantity, side: Side, threshold: u32) -> Self {
        Self { quantity, side, threshold }
    }

    /// What is bounded.
    #[must_use]
    pub const fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// Which way.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// The threshold, in the quantity's unit.
    #[must_use]
    pub const fn threshold(&self) -> u32 {
        self.threshold
    }

    pub(super) fn absorb(&self, transcript: &mut Transcript) {
        let (name, ranges): (&[u8], u8) = match self.quantity {
            Quantity::Share(ranges) => (b"share", ranges.0),
            Quantity::Mean => (b"mean", 0),
            Quantity::Gmi => (b"GMI", 0),
            Quantity::Gri => (b"GRI", 0),
            Quantity::Readings => (b"readings", 0),
            Quantity::Active => (b"active", 0),
        };
        transcript.append(b"quantity", name);
        transcript.append_number(b"ranges", ranges.into());
        transcript.append(b"side", if self.side == Side::AtLeast { b"at least" } else { b"at most" });
        transcript.append_number(b"threshold", self.threshold.into());
    }

    /// Largest threshold that means anything.
    const fn limit(&self) -> u32 {
        match self.quantity {
            Quantity::Share(_) | Quantity::Gri | Quantity::Active => 1_000,
            Quantity::Mean => 40_100,
            Quantity::Gmi => 1_300,
            Quantity::Readings => 1_440 * super::MAX_DAYS as u32,
        }
    }

    pub(super) fn form(&self, table: Table, slots: u64) -> Result<Form, StatementError> {
        let wrong_unit = self.quantity == Quantity::Gmi && table.unit() != Unit::MgPerDl;
        let empty = matches!(self.quantity, Quantity::Share(Ranges(0)));
        // "At most 100" would be true of any capped index, but not of the sum it caps.
        let capped = self.quantity == Quantity::Gri && self.side == Side::AtMost && self.threshold >= 1_000;
        if self.threshold > self.limit() || wrong_unit || empty || capped {
            return Err(StatementError::Coefficient);
        }
        let threshold = i64::from(self.threshold);
        let slots = i64::try_from(slots).map_err(|_| StatementError::Coefficient)?;
        let (own, each, constant): (Vec<(Metric, i64)>, i64, i64) = match self.quantity {
            Quantity::Share(ranges) => {
                let inside = Metric::COUNTS.into_iter().filter(|metric| ranges.holds(*metric));
                (inside.map(|metric| (metric, 1_000)).collect(), -threshold, 0)
            }
            Quantity::Mean => (vec![(Metric::Sum, 100)], -threshold, 0),
            Quantity::Gmi => (vec![(Metric::Sum, 299)], 41_375 - 125 * threshold, 0),
            Quantity::Gri => {
                let risk =
                    [(Metric::VeryLow, 3_000), (Metric::Low, 2_400), (Metric::VeryHigh, 1_600), (Metric::High, 800)];
                (risk.to_vec(), -threshold, 0)
            }
            Quantity::Readings => (Vec::new(), 1, -threshold),
            Quantity::Active => (Vec::new(), 1_000, -threshold * slots),
        };
        let sign = if self.side == Side::AtLeast { 1 } else { -1 };
        let mut form = Form { coefficients: [0; METRICS], constant: sign * constant };
        let each = Metric::COUNTS.into_iter().map(|metric| (metric, each));
        for (metric, coefficient) in own.into_iter().chain(each) {
            if let Some(sum) = form.coefficients.get_mut(metric as usize) {
                *sum += sign * coefficient;
            }
        }
        Ok(form)
    }
}

/// `sum_k c_k s_k + c`, claimed not to be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    coefficients: [i64; METRICS],
    constant: i64,
}

impl Form {
    /// The largest value the form can take on this many slots.
    pub(super) fn largest(&self, table: Table, slots: u64) -> i128 {
        let weigh = |entry| {
            let terms = table.weights(entry).into_iter().zip(self.coefficients);
            terms.map(|(weight, coefficient)| i128::from(weight) * i128::from(coefficient)).sum::<i128>()
        };
        let best = table.entries().map(weigh).max().unwrap_or_default();
        (best * i128::from(slots) + i128::from(self.constant)).max(0)
    }

    pub(super) fn value(&self, sums: &[i128; METRICS]) -> i128 {
        let terms = sums.iter().zip(self.coefficients).map(|(sum, coefficient)| sum * i128::from(coefficient));
        terms.sum::<i128>() + i128::from(self.constant)
    }

    pub(super) fn blinding(&self, blindings: &[Scalar; METRICS]) -> Scalar {
        blindings.iter().zip(self.coefficients).map(|(blinding, coefficient)| blinding * signed(coefficient)).sum()
    }

    pub(super) fn commitment(&self, sums: &[Point; METRICS]) -> Commitment {
        let scalars = self.coefficients.map(signed);
        let constant = group::times_value_base(&signed(self.constant));
        Commitment::from_point(group::sum_of_public(&scalars, sums) + constant)
    }
}
