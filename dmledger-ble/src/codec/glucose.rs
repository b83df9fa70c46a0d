//! Glucose service 0x1808: Glucose Measurement, Glucose Measurement Context, Glucose Feature.
//!
//! Layouts from the Glucose Service and GATT Specification Supplement, sections named after the characteristics.

mod context;

pub use context::{
    Carbohydrate, CarbohydrateKind, Exercise, GlucoseMeasurementContext, Health, Meal, Medication, MedicationAmount,
    MedicationKind, Tester, TesterHealth,
};

use super::cursor::{Reader, Remainder, Writer};
use super::date_time::DateTime;
use super::layout::{codes, flags};
use super::medfloat::{Decimal, Sfloat, Special, Value};
use super::{Characteristic, uuid};
use crate::error::{ConversionError, DecodeError, EncodeError};

/// Sequence number a meter gives a record; unique on the meter until it is reset or wraps at 65,535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SequenceNumber(u16);

impl SequenceNumber {
    /// From the number as it travels.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The number as it travels.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }
}

/// Unit of a glucose concentration as the service states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "one flag bit")]
pub enum ConcentrationUnit {
    /// Kilograms per litre; 10^-5 kg/L is 1 mg/dL.
    KilogramPerLitre,
    /// Moles per litre; 10^-3 mol/L is 1 mmol/L.
    MolePerLitre,
}

codes! {
    /// What was measured (low half of the type and location octet).
    pub struct SampleType {
        /// Capillary whole blood.
        CAPILLARY_WHOLE_BLOOD = 1;
        /// Capillary plasma.
        CAPILLARY_PLASMA = 2;
        /// Venous whole blood.
        VENOUS_WHOLE_BLOOD = 3;
        /// Venous plasma.
        VENOUS_PLASMA = 4;
        /// Arterial whole blood.
        ARTERIAL_WHOLE_BLOOD = 5;
        /// Arterial plasma.
        ARTERIAL_PLASMA = 6;
        /// Undetermined whole blood.
        UNDETERMINED_WHOLE_BLOOD = 7;
        /// Undetermined plasma.
        UNDETERMINED_PLASMA = 8;
        /// Interstitial fluid.
        INTERSTITIAL_FLUID = 9;
        /// Control solution: a test of the meter, not of a person.
        CONTROL_SOLUTION = 10;
    }
}

codes! {
    /// Where the sample was taken (high half of the type and location octet).
    pub struct SampleLocation {
        /// Finger.
        FINGER = 1;
        /// Alternate site test.
        ALTERNATE_SITE = 2;
        /// Earlobe.
        EARLOBE = 3;
        /// Control solution.
        CONTROL_SOLUTION = 4;
        /// The meter does not know.
        NOT_AVAILABLE = 15;
    }
}

flags! {
    /// Sensor Status Annunciation: what the meter found at the time of the measurement.
    pub struct SensorStatus(u16) {
        /// Device battery low.
        BATTERY_LOW = 0;
        /// Sensor malfunction or faulting.
        SENSOR_MALFUNCTION = 1;
        /// Sample size insufficient.
        SAMPLE_TOO_SMALL = 2;
        /// Strip insertion error.
        STRIP_INSERTION_ERROR = 3;
        /// Strip type incorrect for the device.
        STRIP_TYPE_INCORRECT = 4;
        /// Result higher than the device can process.
        RESULT_TOO_HIGH = 5;
        /// Result lower than the device can process.
        RESULT_TOO_LOW = 6;
        /// Sensor temperature too high for a valid result.
        TEMPERATURE_TOO_HIGH = 7;
        /// Sensor temperature too low for a valid result.
        TEMPERATURE_TOO_LOW = 8;
        /// Strip pulled too soon.
        READ_INTERRUPTED = 9;
        /// General device fault.
        GENERAL_FAULT = 10;
        /// Time fault: the stated time may be wrong.
        TIME_FAULT = 11;
    }
}

flags! {
    /// Glucose Feature 0x2A51: what a meter can detect.
    pub struct GlucoseFeature(u16) {
        /// Low battery detection during measurement.
        LOW_BATTERY = 0;
        /// Sensor malfunction detection.
        SENSOR_MALFUNCTION = 1;
        /// Sensor sample size.
        SAMPLE_SIZE = 2;
        /// Strip insertion error detection.
        STRIP_INSERTION_ERROR = 3;
        /// Strip type error detection.
        STRIP_TYPE_ERROR = 4;
        /// Sensor result high-low detection.
        RESULT_HIGH_LOW = 5;
        /// Temperature high-low detection.
        TEMPERATURE_HIGH_LOW = 6;
        /// Read interrupt detection.
        READ_INTERRUPT = 7;
        /// General device fault.
        GENERAL_FAULT = 8;
        /// Time fault.
        TIME_FAULT = 9;
        /// Multiple bonds.
        MULTIPLE_BOND = 10;
    }
}

impl Characteristic for GlucoseFeature {
    const UUID: uuid::Uuid = uuid::GLUCOSE_FEATURE;
    const MAX_BYTES: usize = 2;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let feature = Self::from_bits(input.u16()?);
        input.finish(Remainder::Refuse)?;
        Ok(feature)
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        out.u16(self.bits())
    }
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

/// Whether a Glucose Measurement Context belongs to a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "one flag bit")]
pub enum ContextNotice {
    /// A context with the same sequence number follows.
    Follows,
    /// There is none.
    None,
}

/// Glucose Measurement 0x2A18: one stored record, 10 to 17 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlucoseMeasurement {
    sequence: SequenceNumber,
    base_time: DateTime,
    time_offset: Option<i16>,
    concentration: Option<Concentration>,
    /// The unit bit, which is there also without a concentration.
    unit: ConcentrationUnit,
    status: Option<SensorStatus>,
    context: ContextNotice,
}

impl GlucoseMeasurement {
    /// A record with its mandatory fields.
    #[must_use]
    pub const fn new(sequence: SequenceNumber, base_time: DateTime) -> Self {
        Self {
            sequence,
            base_time,
            time_offset: None,
            concentration: None,
            unit: ConcentrationUnit::KilogramPerLitre,
            status: None,
            context: ContextNotice::None,
        }
    }

    /// The same record with a time offset in minutes.
    #[must_use]
    pub const fn with_time_offset(mut self, minutes: i16) -> Self {
        self.time_offset = Some(minutes);
        self
    }

    /// The same record with a concentration.
    #[must_use]
    pub const fn with_concentration(mut self, concentration: Concentration) -> Self {
        self.unit = concentration.unit;
        self.concentration = Some(concentration);
        self
    }

    /// The same record with a sensor status.
    #[must_use]
    pub const fn with_status(mut self, status: SensorStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// The same record with or without the notice that a context follows.
    #[must_use]
    pub const fn with_context(mut self, context: ContextNotice) -> Self {
        self.context = context;
        self
    }

    /// The record's number on the meter.
    #[must_use]
    pub const fn sequence(&self) -> SequenceNumber {
        self.sequence
    }

    /// The meter's clock when it was last set, advanced to the measurement.
    #[must_use]
    pub const fn base_time(&self) -> DateTime {
        self.base_time
    }

    /// Minutes between base time and the time the owner sees; not always a whole time zone.
    #[must_use]
    pub const fn time_offset(&self) -> Option<i16> {
        self.time_offset
    }

    /// Concentration, type and location.
    #[must_use]
    pub const fn concentration(&self) -> Option<Concentration> {
        self.concentration
    }

    /// Sensor status.
    #[must_use]
    pub const fn status(&self) -> Option<SensorStatus> {
        self.status
    }

    /// Whether a context follows.
    #[must_use]
    pub const fn context(&self) -> ContextNotice {
        self.context
    }

    /// Whether the record is a test with control solution: it must never be mixed with a person's data.
    #[must_use]
    pub fn is_control_solution(&self) -> bool {
        self.concentration.is_some_and(|c| {
            c.sample_type == SampleType::CONTROL_SOLUTION || c.location == SampleLocation::CONTROL_SOLUTION
        })
    }
}

impl Characteristic for GlucoseMeasurement {
    const UUID: uuid::Uuid = uuid::GLUCOSE_MEASUREMENT;
    const MAX_BYTES: usize = 17;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let flags = input.u8()?;
        let unit =
            if flags & UNIT == 0 { ConcentrationUnit::KilogramPerLitre } else { ConcentrationUnit::MolePerLitre };
        let sequence = SequenceNumber(input.u16()?);
        let base_time = DateTime::read(&mut input)?;
        let time_offset = input.when(flags & TIME_OFFSET != 0, Reader::i16)?;
        let concentration = input.when(flags & CONCENTRATION != 0, |input| {
            let value = Sfloat::from_bits(input.u16()?);
            let octet = input.u8()?;
            let sample_type = SampleType::from_number(octet & 0x0F);
            Ok(Concentration { value, unit, sample_type, location: SampleLocation::from_number(octet >> 4) })
        })?;
        let status = input.when(flags & STATUS != 0, Reader::u16)?.map(SensorStatus::from_bits);
        input.finish(Remainder::of_reserved((flags & RESERVED).into()))?;
        let context = if flags & CONTEXT_FOLLOWS == 0 { ContextNotice::None } else { ContextNotice::Follows };
        Ok(Self { sequence, base_time, time_offset, concentration, unit, status, context })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        let set = |present: bool, flag: u8| if present { flag } else { 0 };
        out.u8(set(self.time_offset.is_some(), TIME_OFFSET)
            | set(self.concentration.is_some(), CONCENTRATION)
            | set(self.unit == ConcentrationUnit::MolePerLitre, UNIT)
            | set(self.status.is_some(), STATUS)
            | set(self.context == ContextNotice::Follows, CONTEXT_FOLLOWS))?;
        out.u16(self.sequence.0)?;
        self.base_time.write(out)?;
        if let Some(minutes) = self.time_offset {
            out.put(&minutes.to_le_bytes())?;
        }
        if let Some(concentration) = self.concentration {
            out.u16(concentration.value.to_bits())?;
            out.u8(concentration.sample_type.number() | concentration.location.number() << 4)?;
        }
        self.status.map_or(Ok(()), |status| out.u16(status.bits()))
    }
}

const TIME_OFFSET: u8 = 1;
const CONCENTRATION: u8 = 1 << 1;
const UNIT: u8 = 1 << 2;
const STATUS: u8 = 1 << 3;
const CONTEXT_FOLLOWS: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

#[cfg(test)]
mod tests;
