//! Exact Glucose: a vendor characteristic for values that are finer than an SFLOAT.
//!
//! An SFLOAT holds about three digits and a half: 136.8 mg/dL fits, 218.7 mg/dL does not. A device that holds a finer
//! value has two honest choices under the Glucose service: not to load it, or to send the record *without* a
//! concentration (the field is optional) and to notify the exact number here. It never sends a rounded number, so no
//! reader can mistake one for the measurement. The rule "no concentration and the vendor service present means that an
//! exact value follows" makes the loss of either part visible to the collector.
//!
//! Layout, 20 octets, least significant first: flags u8 (bit 0: unit, 0 mg/dL, 1 mmol/L; others reserved), sequence
//! number u16, base time (7 octets), type and location u8 (as in the Glucose Measurement, where they are absent together
//! with the concentration), exponent i8, mantissa i64. It just fits the default MTU of 23.

use super::cursor::{Reader, Remainder, Writer};
use super::date_time::DateTime;
use super::glucose::{DisplayedGlucose, SampleLocation, SampleType, SequenceNumber};
use super::medfloat::Decimal;
use super::{Characteristic, uuid::Uuid};
use crate::error::{DecodeError, EncodeError};

/// The vendor service that holds [`EXACT_GLUCOSE`].
pub const EXACT_GLUCOSE_SERVICE: Uuid = Uuid::vendor(0x646D_6C65_6467_6572_8000_0000_0001_0000);

/// The vendor characteristic of [`ExactGlucose`]; notified after the Glucose Measurement it completes.
pub const EXACT_GLUCOSE: Uuid = Uuid::vendor(0x646D_6C65_6467_6572_8000_0000_0001_0001);

/// The exact concentration of one stored record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExactGlucose {
    sequence: SequenceNumber,
    base_time: DateTime,
    sample_type: SampleType,
    location: SampleLocation,
    value: DisplayedGlucose,
}

impl ExactGlucose {
    /// The value of the record with this sequence number and base time; of an unstated sample.
    #[must_use]
    pub const fn new(sequence: SequenceNumber, base_time: DateTime, value: DisplayedGlucose) -> Self {
        let (sample_type, location) = (SampleType::from_number(0), SampleLocation::from_number(0));
        Self { sequence, base_time, sample_type, location, value }
    }

    /// The same value of this sample; type and location are cut to the four bits they have.
    #[must_use]
    pub const fn with_sample(mut self, sample_type: SampleType, location: SampleLocation) -> Self {
        self.sample_type = SampleType::from_number(sample_type.number() & 0x0F);
        self.location = SampleLocation::from_number(location.number() & 0x0F);
        self
    }

    /// Number of the measurement it belongs to.
    #[must_use]
    pub const fn sequence(&self) -> SequenceNumber {
        self.sequence
    }

    /// Base time of the measurement it belongs to.
    #[must_use]
    pub const fn base_time(&self) -> DateTime {
        self.base_time
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

    /// Whether it is a test with control solution.
    #[must_use]
    pub fn is_control_solution(&self) -> bool {
        self.sample_type.is_control_solution(self.location)
    }

    /// The exact value.
    #[must_use]
    pub const fn value(&self) -> DisplayedGlucose {
        self.value
    }
}

impl Characteristic for ExactGlucose {
    const UUID: Uuid = EXACT_GLUCOSE;
    const MAX_BYTES: usize = 20;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let flags = input.u8()?;
        let sequence = SequenceNumber::new(input.u16()?);
        let base_time = DateTime::read(&mut input)?;
        let sample = input.u8()?;
        let [exponent] = input.array::<1>()?.map(u8::cast_signed);
        let number = Decimal::new(i64::from_le_bytes(input.array()?), exponent);
        input.finish(Remainder::of_reserved((flags & !MILLIMOLES).into()))?;
        let value = if flags & MILLIMOLES == 0 {
            DisplayedGlucose::MilligramsPerDecilitre(number)
        } else {
            DisplayedGlucose::MillimolesPerLitre(number)
        };
        let sample_type = SampleType::from_number(sample & 0x0F);
        Ok(Self { sequence, base_time, sample_type, location: SampleLocation::from_number(sample >> 4), value })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        let (flags, number) = match self.value {
            DisplayedGlucose::MilligramsPerDecilitre(number) => (0, number),
            DisplayedGlucose::MillimolesPerLitre(number) => (MILLIMOLES, number),
        };
        out.u8(flags)?;
        out.u16(self.sequence.value())?;
        self.base_time.write(out)?;
        out.u8(self.sample_type.number() | self.location.number() << 4)?;
        out.put(&number.exponent().to_le_bytes())?;
        out.put(&number.mantissa().to_le_bytes())
    }
}

const MILLIMOLES: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::testing;

    const VECTOR: [u8; 20] =
        [0, 0x2A, 0, 0xE8, 0x07, 3, 15, 14, 30, 45, 0x1A, 0xFA, 0xD5, 0x7F, 0x14, 0x12, 0, 0, 0, 0];

    #[test]
    fn nine_digits_travel_exactly() {
        let base_time = DateTime::new(2024, 3, 15, 14, 30, 45).unwrap();
        let value = DisplayedGlucose::MilligramsPerDecilitre(Decimal::new(303_333_333, -6));
        let exact = ExactGlucose::new(SequenceNumber::new(42), base_time, value)
            .with_sample(SampleType::CONTROL_SOLUTION, SampleLocation::FINGER);
        assert_eq!(exact.to_vec().unwrap(), VECTOR);
        assert_eq!(ExactGlucose::decode(&VECTOR), Ok(exact));
        assert!(exact.is_control_solution());
    }

    #[test]
    fn truncations_and_trailing_octets_are_refused() {
        testing::every_cut_is_refused::<ExactGlucose>(&VECTOR);
    }
}
