//! A concentration as the Glucose service states it, and as the meter's owner reads it.

use super::{SampleLocation, SampleType};
use crate::codec::medfloat::{Decimal, Sfloat, Special, Value};
use crate::error::ConversionError;

/// Unit of a glucose concentration as the service states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "one flag bit")]
pub enum ConcentrationUnit {
    /// Kilograms per litre; 10^-5 kg/L is 1 mg/dL.
    KilogramPerLitre,
    /// Moles per litre; 10^-3 mol/L is 1 mmol/L.
    MolePerLitre,
}

/// A concentration in the unit a person reads on the meter's display.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "one variant per unit of the service")]
pub enum DisplayedGlucose {
    /// Milligrams per decilitre (UCUM `mg/dL`).
    MilligramsPerDecilitre(Decimal),
    /// Millimoles per litre (UCUM `mmol/L`).
    MillimolesPerLitre(Decimal),
}

/// Why a concentration is not a number of the unit asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConcentrationError {
    /// The device states that there is no number.
    #[error("device states no number")]
    NotANumber(Special),
    /// The device reports in the other unit; mass and amount are not converted silently.
    #[error("reported in another unit")]
    OtherUnit,
    /// The number has no exact integer in this unit.
    #[error(transparent)]
    Conversion(#[from] ConversionError),
}

/// Concentration, sample type and sample location: present together or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Concentration {
    value: Sfloat,
    unit: ConcentrationUnit,
    sample_type: SampleType,
    location: SampleLocation,
}

impl Concentration {
    /// A concentration; type and location are cut to the four bits they have.
    #[must_use]
    pub const fn new(
        value: Sfloat,
        unit: ConcentrationUnit,
        sample_type: SampleType,
        location: SampleLocation,
    ) -> Self {
        let sample_type = SampleType::from_number(sample_type.number() & 0x0F);
        let location = SampleLocation::from_number(location.number() & 0x0F);
        Self { value, unit, sample_type, location }
    }

    /// The number or statement as it travels, in [`Self::unit`].
    #[must_use]
    pub const fn value(&self) -> Sfloat {
        self.value
    }

    /// The unit the device reports in.
    #[must_use]
    pub const fn unit(&self) -> ConcentrationUnit {
        self.unit
    }

    /// What was measured.
    #[must_use]
    pub const fn sample_type(&self) -> SampleType {
        self.sample_type
    }

    /// Where the sample was taken.
    #[must_use]
    pub const fn location(&self) -> SampleLocation {
        self.location
    }

    /// The number in the unit of the meter's display.
    ///
    /// # Errors
    /// [`ConcentrationError::NotANumber`] for NaN, `NRes`, the infinities and the reserved pattern.
    pub const fn displayed(&self) -> Result<DisplayedGlucose, ConcentrationError> {
        let number = match self.value.value() {
            Value::Number(number) => number,
            Value::Special(special) => return Err(ConcentrationError::NotANumber(special)),
        };
        let (places, mass) = match self.unit {
            ConcentrationUnit::KilogramPerLitre => (5, true),
            ConcentrationUnit::MolePerLitre => (3, false),
        };
        match number.shifted(places) {
            Ok(number) if mass => Ok(DisplayedGlucose::MilligramsPerDecilitre(number)),
            Ok(number) => Ok(DisplayedGlucose::MillimolesPerLitre(number)),
            Err(error) => Err(ConcentrationError::Conversion(error)),
        }
    }

    /// Whole milligrams per decilitre of a device that reports mass.
    ///
    /// # Errors
    /// [`ConcentrationError`] when there is no number, another unit, or a fraction.
    pub fn mg_per_dl(&self) -> Result<i64, ConcentrationError> {
        match self.displayed()? {
            DisplayedGlucose::MilligramsPerDecilitre(number) => Ok(number.in_units_of(0)?),
            DisplayedGlucose::MillimolesPerLitre(_) => Err(ConcentrationError::OtherUnit),
        }
    }

    /// Whole micromoles per litre of a device that reports amount of substance.
    ///
    /// # Errors
    /// [`ConcentrationError`] when there is no number, another unit, or a fraction.
    pub fn umol_per_l(&self) -> Result<i64, ConcentrationError> {
        match self.displayed()? {
            DisplayedGlucose::MillimolesPerLitre(number) => Ok(number.in_units_of(-3)?),
            DisplayedGlucose::MilligramsPerDecilitre(_) => Err(ConcentrationError::OtherUnit),
        }
    }
}
