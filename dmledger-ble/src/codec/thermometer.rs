//! Health Thermometer service 0x1809: Temperature Measurement, Intermediate Temperature, Temperature Type.

use super::cursor::{Reader, Remainder, Writer};
use super::date_time::DateTime;
use super::layout::{codes, record};
use super::medfloat::Float;
use super::{Characteristic, uuid};
use crate::error::{DecodeError, EncodeError};

/// Unit of a temperature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "one flag bit")]
pub enum TemperatureUnit {
    /// Degrees Celsius (UCUM `Cel`).
    Celsius,
    /// Degrees Fahrenheit (UCUM `[degF]`).
    Fahrenheit,
}

codes! {
    /// Temperature Type 0x2A1D: where the temperature was taken.
    pub struct TemperatureType {
        /// Armpit.
        ARMPIT = 1;
        /// Body in general.
        BODY = 2;
        /// Ear, usually the lobe.
        EAR = 3;
        /// Finger.
        FINGER = 4;
        /// Gastro-intestinal tract.
        GASTRO_INTESTINAL = 5;
        /// Mouth.
        MOUTH = 6;
        /// Rectum.
        RECTUM = 7;
        /// Toe.
        TOE = 8;
        /// Tympanum, the ear drum.
        TYMPANUM = 9;
    }
}

impl Characteristic for TemperatureType {
    const UUID: uuid::Uuid = uuid::TEMPERATURE_TYPE;
    const MAX_BYTES: usize = 1;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let kind = Self::from_number(input.u8()?);
        input.finish(Remainder::Refuse)?;
        Ok(kind)
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        out.u8(self.number())
    }
}

record! {
    /// Temperature Measurement 0x2A1C, 5 to 13 octets. Intermediate Temperature 0x2A1E has the same layout.
    pub struct TemperatureMeasurement {
        required {
            /// The temperature, in [`Self::unit`].
            temperature: Float,
            /// Its unit.
            unit: TemperatureUnit,
        }
        optional {
            /// The device's time of the measurement.
            taken / with_taken: DateTime,
            /// Where it was taken.
            site / with_site: TemperatureType,
        }
    }
}

impl Characteristic for TemperatureMeasurement {
    const UUID: uuid::Uuid = uuid::TEMPERATURE_MEASUREMENT;
    const MAX_BYTES: usize = 13;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let flags = input.u8()?;
        let temperature = Float::from_bits(input.u32()?);
        let unit = if flags & FAHRENHEIT == 0 { TemperatureUnit::Celsius } else { TemperatureUnit::Fahrenheit };
        let taken = input.when(flags & TAKEN != 0, DateTime::read)?;
        let site = input.when(flags & SITE != 0, Reader::u8)?.map(TemperatureType::from_number);
        input.finish(Remainder::of_reserved((flags & RESERVED).into()))?;
        Ok(Self { temperature, unit, taken, site })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        let set = |present: bool, flag: u8| if present { flag } else { 0 };
        out.u8(set(self.unit == TemperatureUnit::Fahrenheit, FAHRENHEIT)
            | set(self.taken.is_some(), TAKEN)
            | set(self.site.is_some(), SITE))?;
        out.u32(self.temperature.to_bits())?;
        if let Some(taken) = self.taken {
            taken.write(out)?;
        }
        self.site.map_or(Ok(()), |site| out.u8(site.number()))
    }
}

const FAHRENHEIT: u8 = 1;
const TAKEN: u8 = 1 << 1;
const SITE: u8 = 1 << 2;
const RESERVED: u8 = 0b1111_1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::medfloat::{Decimal, Special, Value};
    use crate::codec::testing::{every_cut_is_refused, every_flag_word};

    /// 36.4 degrees at 2024-03-15T14:30:45 in the ear.
    const FULL: [u8; 13] = [0x06, 0x6C, 0x01, 0x00, 0xFF, 0xE8, 7, 3, 15, 14, 30, 45, 3];

    #[test]
    fn a_full_measurement_reads_field_by_field() {
        let value = TemperatureMeasurement::decode(&FULL).unwrap();
        assert_eq!(value.temperature().value(), Value::Number(Decimal::new(364, -1)));
        assert_eq!((value.unit(), value.site()), (TemperatureUnit::Celsius, Some(TemperatureType::EAR)));
        let built = TemperatureMeasurement::new(Float::from_bits(0xFF00_016C), TemperatureUnit::Celsius)
            .with_taken(DateTime::new(2024, 3, 15, 14, 30, 45).unwrap())
            .with_site(TemperatureType::EAR);
        assert_eq!(built, value);
        let none = TemperatureMeasurement::decode(&[0, 0xFF, 0xFF, 0x7F, 0]).unwrap();
        assert_eq!(none.temperature().value(), Value::Special(Special::NotANumber));
    }

    #[test]
    fn every_combination_of_fields_survives_and_every_cut_is_refused() {
        for flags in 0..8_u8 {
            let length = 5 + 7 * usize::from(flags >> 1 & 1) + usize::from(flags >> 2 & 1);
            every_flag_word::<TemperatureMeasurement>(&FULL, flags, length);
        }
        every_cut_is_refused::<TemperatureType>(&[9]);
        assert!(TemperatureType::from_number(10).is_reserved());
    }
}
