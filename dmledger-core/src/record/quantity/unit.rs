//! Units in which glucose is reported.

use borsh::{BorshDeserialize, BorshSerialize};
use core::{fmt, str::FromStr};

use super::ValueError;

/// The unit a device reports glucose in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "the mass and the molar unit; no third is in use")]
pub enum GlucoseUnit {
    /// Milligrams per decilitre.
    MgPerDl = 1,
    /// Millimoles per litre.
    MmolPerL = 2,
}

impl GlucoseUnit {
    /// The unit's UCUM code.
    #[must_use]
    pub const fn ucum(self) -> &'static str {
        match self {
            Self::MgPerDl => "mg/dL",
            Self::MmolPerL => "mmol/L",
        }
    }
}

impl fmt::Display for GlucoseUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.ucum())
    }
}

impl FromStr for GlucoseUnit {
    type Err = ValueError;

    /// Reads the UCUM code in any case.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        [Self::MgPerDl, Self::MmolPerL]
            .into_iter()
            .find(|unit| unit.ucum().eq_ignore_ascii_case(text))
            .ok_or(ValueError::NotANumber)
    }
}
