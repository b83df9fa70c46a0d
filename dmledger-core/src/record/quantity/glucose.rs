//! Glucose concentration and the consensus ranges.

use super::{GlucoseUnit, ValueError, decimal};
use crate::record::DataKind;
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{ErrorKind, Read, Result as IoResult},
};
use core::fmt;

/// Glucose concentration, held exactly in millionths of the unit the device reported in.
///
/// More than 0 and at most 2,000 of the unit, six decimals. Two values are equal if unit and number are: 100 and 100.0
/// mg/dL are one value, 5.55 mmol/L is another. Encoded in 5 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct Glucose {
    unit: GlucoseUnit,
    millionths: u32,
}

/// The consensus ranges of glucose (Battelino et al. 2019), by mg/dL or mmol/L.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the consensus has five ranges")]
pub enum GlucoseBand {
    /// Below 54 mg/dL or 3.0 mmol/L.
    VeryLow,
    /// From there to below 70 mg/dL or 3.9 mmol/L.
    Low,
    /// 70 to 180 mg/dL or 3.9 to 10.0 mmol/L, both ends inside.
    Target,
    /// Above that, up to 250 mg/dL or 13.9 mmol/L.
    High,
    /// Above 250 mg/dL or 13.9 mmol/L.
    VeryHigh,
}

/// Whether a device of a kind can have meant a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "credible, doubtful or impossible")]
pub enum Plausibility {
    /// Inside what such devices report.
    Credible,
    /// Outside what such devices report as a number, yet possible in a living person.
    Doubtful,
    /// Below 10 or above 1,000 mg/dL (0.6 and 55.5 mmol/L): no reading of a living person.
    Impossible,
}

/// Inclusive bounds in millionths of the unit: start of low, of target, end of target, of high.
const fn bounds(unit: GlucoseUnit) -> [u32; 4] {
    match unit {
        GlucoseUnit::MgPerDl => [54_000_000, 70_000_000, 180_000_000, 250_000_000],
        GlucoseUnit::MmolPerL => [3_000_000, 3_900_000, 10_000_000, 13_900_000],
    }
}

impl Glucose {
    /// Largest value: 2,000 of the unit.
    pub const MAX_MILLIONTHS: u32 = 2_000_000_000;

    /// From millionths of `unit`.
    ///
    /// # Errors
    /// [`ValueError::OutOfRange`] for zero and above [`Self::MAX_MILLIONTHS`].
    pub const fn from_millionths(millionths: u32, unit: GlucoseUnit) -> Result<Self, ValueError> {
        if millionths == 0 || millionths > Self::MAX_MILLIONTHS {
            return Err(ValueError::OutOfRange);
        }
        Ok(Self { unit, millionths })
    }

    /// From `mantissa * 10^exponent` of `unit`, as Bluetooth and other device formats state numbers.
    ///
    /// # Errors
    /// [`ValueError`] for a value that is negative, out of range or finer than a millionth.
    pub fn from_decimal(mantissa: i64, exponent: i8, unit: GlucoseUnit) -> Result<Self, ValueError> {
        Self::from_u64(decimal::scaled(mantissa, exponent)?, unit)
    }

    /// From the number a device or file writes, such as `136.8`: digits and at most one point.
    ///
    /// # Errors
    /// [`ValueError`] for a text that is no such number, or one that is negative, out of range or finer than a
    /// millionth.
    pub fn parse(text: &str, unit: GlucoseUnit) -> Result<Self, ValueError> {
        Self::from_u64(decimal::millionths(text)?, unit)
    }

    fn from_u64(millionths: u64, unit: GlucoseUnit) -> Result<Self, ValueError> {
        Self::from_millionths(u32::try_from(millionths).map_err(|_| ValueError::OutOfRange)?, unit)
    }

    /// The unit the device reported in.
    #[must_use]
    pub const fn unit(self) -> GlucoseUnit {
        self.unit
    }

    /// Millionths of [`Self::unit`].
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.millionths
    }

    /// The consensus range, decided in the device's own unit.
    #[must_use]
    pub const fn band(self) -> GlucoseBand {
        let [low, target, target_end, high_end] = bounds(self.unit);
        match self.millionths {
            value if value < low => GlucoseBand::VeryLow,
            value if value < target => GlucoseBand::Low,
            value if value <= target_end => GlucoseBand::Target,
            value if value <= high_end => GlucoseBand::High,
            _ => GlucoseBand::VeryHigh,
        }
    }

    /// Whether it lies in the tight range: 70 to 140 mg/dL or 3.9 to 7.8 mmol/L, both ends inside.
    #[must_use]
    pub const fn in_tight_range(self) -> bool {
        let (low, high) = match self.unit {
            GlucoseUnit::MgPerDl => (70_000_000, 140_000_000),
            GlucoseUnit::MmolPerL => (3_900_000, 7_800_000),
        };
        low <= self.millionths && self.millionths <= high
    }

    /// Millionths of 1 mg/dL; exact for a value in mg/dL, rounded to the nearest for one in mmol/L.
    ///
    /// Converts with 18.01559, the factor of the Tidepool data model (molar mass of glucose 180.1559 g/mol).
    #[must_use]
    pub const fn millionths_of_mg_per_dl(self) -> u64 {
        let value = self.millionths as u64;
        match self.unit {
            GlucoseUnit::MgPerDl => value,
            GlucoseUnit::MmolPerL => (value * 1_801_559 + 50_000) / 100_000,
        }
    }

    /// Whole mg/dL for display, rounded half up.
    #[must_use]
    pub const fn mg_per_dl_rounded(self) -> u64 {
        (self.millionths_of_mg_per_dl() + 500_000) / 1_000_000
    }

    /// Whether a device of `kind` can have meant this value: sensors report 40 to 500 mg/dL (2.2 to 27.8 mmol/L),
    /// meters 20 to 600 mg/dL (1.1 to 33.3 mmol/L).
    #[must_use]
    pub const fn plausibility(self, kind: DataKind) -> Plausibility {
        let ([low, high], [floor, ceiling]) = match (kind, self.unit) {
            (DataKind::ContinuousGlucose, GlucoseUnit::MgPerDl) => ([40_000_000, 500_000_000], MG_LIMITS),
            (DataKind::ContinuousGlucose, GlucoseUnit::MmolPerL) => ([2_200_000, 27_800_000], MMOL_LIMITS),
            (_, GlucoseUnit::MgPerDl) => ([20_000_000, 600_000_000], MG_LIMITS),
            (_, GlucoseUnit::MmolPerL) => ([1_100_000, 33_300_000], MMOL_LIMITS),
        };
        let value = self.millionths;
        if value < floor || value > ceiling {
            Plausibility::Impossible
        } else if value < low || value > high {
            Plausibility::Doubtful
        } else {
            Plausibility::Credible
        }
    }
}

const MG_LIMITS: [u32; 2] = [10_000_000, 1_000_000_000];
const MMOL_LIMITS: [u32; 2] = [600_000, 55_500_000];

impl fmt::Display for Glucose {
    /// The exact number without needless zeros, then the unit: `136.8 mg/dL`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, mut fraction) = (self.millionths / 1_000_000, self.millionths % 1_000_000);
        write!(f, "{whole}")?;
        if fraction != 0 {
            f.write_str(".")?;
            let mut digit = 100_000;
            while fraction != 0 {
                write!(f, "{}", fraction / digit)?;
                fraction %= digit;
                digit /= 10;
            }
        }
        write!(f, " {}", self.unit)
    }
}

impl fmt::Display for GlucoseBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VeryLow => "very low",
            Self::Low => "low",
            Self::Target => "in range",
            Self::High => "high",
            Self::VeryHigh => "very high",
        })
    }
}

impl BorshDeserialize for Glucose {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (unit, millionths) = <(GlucoseUnit, u32)>::deserialize_reader(reader)?;
        Self::from_millionths(millionths, unit).map_err(|_| ErrorKind::InvalidData.into())
    }
}
