//! Glucose service 0x1808: Glucose Measurement, Glucose Measurement Context, Glucose Feature.
//!
//! Layouts from the Glucose Service and GATT Specification Supplement, sections named after the characteristics.

mod concentration;
mod context;
mod kinds;

pub use concentration::{Concentration, ConcentrationError, ConcentrationUnit, DisplayedGlucose};
pub use context::{Carbohydrate, Exercise, GlucoseMeasurementContext, Medication, MedicationAmount, TesterHealth};
pub use kinds::{
    CarbohydrateKind, GlucoseFeature, Health, Meal, MedicationKind, SampleLocation, SampleType, SensorStatus, Tester,
};

use super::cursor::{Reader, Remainder, Writer};
use super::date_time::DateTime;
use super::medfloat::Sfloat;
use super::{Characteristic, uuid};
use crate::error::{DecodeError, EncodeError};

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
        self.unit = concentration.unit();
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
        self.concentration.is_some_and(|c| c.sample_type().is_control_solution(c.location()))
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
            Ok(Concentration::new(value, unit, sample_type, SampleLocation::from_number(octet >> 4)))
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
            out.u16(concentration.value().to_bits())?;
            out.u8(concentration.sample_type().number() | concentration.location().number() << 4)?;
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
