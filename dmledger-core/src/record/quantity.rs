//! Exact quantities: an integer, the unit the device reported in, and what the device says when it has no number.
//!
//! A value is never converted before it is stored. Whether it lies in a range is decided in its own unit, because the
//! conversion decides otherwise: 10.0 mmol/L is in the target range, and 180.16 mg/dL, which it converts to, is not.

mod decimal;
mod glucose;
mod life;
mod unit;
mod vital;

pub use glucose::{Glucose, GlucoseBand, Plausibility};
pub use life::{Meal, MealType, Sleep};
pub use unit::GlucoseUnit;
pub use vital::{BloodPressure, HeartRate, PressureUnit, Vital, VitalSign, millionths};

use super::DataKind;

use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;
use thiserror::Error;

/// A measured quantity with its unit. New kinds are added at the end: the position is the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum Quantity {
    /// A glucose concentration, in blood, urine or interstitial fluid.
    Glucose(Glucose),
    /// A blood pressure.
    BloodPressure(BloodPressure),
    /// A heart rate.
    HeartRate(HeartRate),
    /// One of the other vital signs.
    Vital(Vital),
    /// A sleep.
    Sleep(Sleep),
    /// A meal.
    Meal(Meal),
}

impl Quantity {
    /// Whether it is a quantity of this kind of data.
    #[must_use]
    pub const fn belongs_to(&self, kind: DataKind) -> bool {
        match self {
            Self::Glucose(_) => matches!(
                kind,
                DataKind::SelfMeasuredGlucose
                    | DataKind::ContinuousGlucose
                    | DataKind::UrineGlucose
                    | DataKind::BloodSample
            ),
            Self::BloodPressure(_) => matches!(kind, DataKind::BloodPressure | DataKind::VitalSigns),
            Self::HeartRate(_) => matches!(kind, DataKind::HeartRate | DataKind::VitalSigns | DataKind::Exercise),
            Self::Vital(_) => matches!(kind, DataKind::VitalSigns),
            Self::Sleep(_) => matches!(kind, DataKind::Sleep),
            Self::Meal(_) => matches!(kind, DataKind::Diet),
        }
    }

    /// Whether a device of this kind can have meant it.
    #[must_use]
    pub const fn plausibility(&self, kind: DataKind) -> Plausibility {
        match self {
            Self::Glucose(glucose) => glucose.plausibility(kind),
            Self::BloodPressure(pressure) => pressure.plausibility(),
            Self::HeartRate(rate) => rate.plausibility(),
            Self::Vital(vital) => vital.plausibility(),
            Self::Sleep(_) | Self::Meal(_) => Plausibility::Credible,
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Glucose(glucose) => glucose.fmt(f),
            Self::BloodPressure(pressure) => pressure.fmt(f),
            Self::HeartRate(rate) => rate.fmt(f),
            Self::Vital(vital) => vital.fmt(f),
            Self::Sleep(sleep) => sleep.fmt(f),
            Self::Meal(meal) => meal.fmt(f),
        }
    }
}

/// What a device shows: a number, one of the two tokens of a value beyond its range, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_enums, reason = "a number, the two ends of a range, or nothing")]
pub enum Measurement {
    /// A value.
    Value(Quantity),
    /// The device's "Low": a value below what it can report.
    BelowRange,
    /// The device's "High": a value above what it can report.
    AboveRange,
    /// A measurement without a result.
    NoValue,
}

impl Measurement {
    /// The glucose value, if this is one.
    #[must_use]
    pub const fn glucose(&self) -> Option<Glucose> {
        match self {
            Self::Value(Quantity::Glucose(glucose)) => Some(*glucose),
            Self::Value(_) | Self::BelowRange | Self::AboveRange | Self::NoValue => None,
        }
    }

    /// The quantity, if there is one.
    #[must_use]
    pub const fn quantity(&self) -> Option<&Quantity> {
        match self {
            Self::Value(quantity) => Some(quantity),
            Self::BelowRange | Self::AboveRange | Self::NoValue => None,
        }
    }

    /// The integer that commitments and proofs are about.
    ///
    /// For a glucose value, millionths of its unit (136.8 mg/dL is 136,800,000); for "Low" 0, below every bound; for
    /// "High" `u32::MAX`, above every bound, since a value is at most [`Glucose::MAX_MILLIONTHS`]. All fit into 32 bits.
    /// For a blood pressure millionths of the systolic one; for a heart rate millionths of a beat per minute; for
    /// another vital sign millionths of its unit; for a sleep the seconds asleep; for a meal milligrams of carbohydrate.
    /// `None` without such a number: there is nothing to make a statement about.
    #[must_use]
    pub const fn committed(&self) -> Option<u32> {
        match self {
            Self::Value(Quantity::Glucose(glucose)) => Some(glucose.millionths()),
            Self::Value(Quantity::BloodPressure(pressure)) => Some(pressure.systolic()),
            Self::Value(Quantity::HeartRate(rate)) => Some(rate.per_minute() as u32 * 1_000_000),
            Self::Value(Quantity::Vital(vital)) => Some(vital.millionths()),
            Self::Value(Quantity::Sleep(sleep)) => Some(sleep.asleep()),
            Self::Value(Quantity::Meal(meal)) => meal.carbohydrate_mg(),
            Self::BelowRange => Some(0),
            Self::AboveRange => Some(u32::MAX),
            Self::NoValue => None,
        }
    }

    /// The consensus range of glucose it counts in: "Low" is very low, "High" very high; only for glucose kinds.
    #[must_use]
    pub const fn band(&self) -> Option<GlucoseBand> {
        match self {
            Self::Value(Quantity::Glucose(glucose)) => Some(glucose.band()),
            Self::BelowRange => Some(GlucoseBand::VeryLow),
            Self::AboveRange => Some(GlucoseBand::VeryHigh),
            Self::Value(_) | Self::NoValue => None,
        }
    }
}

impl From<Glucose> for Measurement {
    fn from(glucose: Glucose) -> Self {
        Self::Value(Quantity::Glucose(glucose))
    }
}

impl From<Quantity> for Measurement {
    fn from(quantity: Quantity) -> Self {
        Self::Value(quantity)
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(quantity) => quantity.fmt(f),
            Self::BelowRange => f.write_str("Low"),
            Self::AboveRange => f.write_str("High"),
            Self::NoValue => f.write_str("no result"),
        }
    }
}

/// Why a number is not a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ValueError {
    /// Not a decimal number.
    #[error("not a decimal number")]
    NotANumber,
    /// A negative number.
    #[error("below zero")]
    Negative,
    /// More than six decimals.
    #[error("finer than a millionth of the unit")]
    TooFine,
    /// Zero or beyond the largest value of the type.
    #[error("not above zero, or larger than any measurement")]
    OutOfRange,
}

#[cfg(test)]
mod tests;
