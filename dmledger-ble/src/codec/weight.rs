//! Weight Scale service 0x181D: Weight Measurement, Weight Scale Feature.

use super::cursor::{Reader, Remainder, Writer};
use super::date_time::DateTime;
use super::layout::{record, whole};
use super::medfloat::Decimal;
use super::{Characteristic, uuid};
use crate::error::{DecodeError, EncodeError};

/// System of units of a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "one flag bit")]
pub enum WeightUnits {
    /// Kilograms and metres.
    Metric,
    /// Pounds and inches.
    Imperial,
}

record! {
    /// Weight Measurement 0x2A9D, 3 to 15 octets.
    pub struct WeightMeasurement {
        required {
            /// The weight as it travels: steps of 0.005 kg or 0.01 lb; 65,535 is "measurement unsuccessful".
            weight_steps: u16,
            /// Units of weight and height.
            units: WeightUnits,
        }
        optional {
            /// The device's time of the measurement.
            taken / with_taken: DateTime,
            /// The device's user number; 255 is an unknown user.
            user / with_user: u8,
            /// Body mass index in tenths of kg/m2, and height in steps of 0.001 m or 0.1 in.
            body_mass / with_body_mass: BodyMass,
        }
    }
}

/// Body mass index and height, present together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyMass {
    index_tenths: u16,
    height_steps: u16,
}

impl BodyMass {
    /// Body mass index in tenths of kg/m2 and height in steps of 0.001 m or 0.1 in.
    #[must_use]
    pub const fn new(index_tenths: u16, height_steps: u16) -> Self {
        Self { index_tenths, height_steps }
    }

    /// Body mass index in tenths of kg/m2.
    #[must_use]
    pub const fn index_tenths(&self) -> u16 {
        self.index_tenths
    }

    /// Height in steps of 0.001 m or 0.1 in.
    #[must_use]
    pub const fn height_steps(&self) -> u16 {
        self.height_steps
    }
}

impl WeightMeasurement {
    /// The weight in kilograms or pounds; `None` when the measurement was unsuccessful.
    #[must_use]
    pub const fn weight(&self) -> Option<Decimal> {
        match (self.weight_steps, self.units) {
            (UNSUCCESSFUL, _) => None,
            (steps, WeightUnits::Metric) => Some(Decimal::new(steps as i64 * 5, -3)),
            (steps, WeightUnits::Imperial) => Some(Decimal::new(steps as i64, -2)),
        }
    }

    /// The height in metres or inches.
    #[must_use]
    pub const fn height(&self) -> Option<Decimal> {
        match (self.body_mass, self.units) {
            (None, _) => None,
            (Some(body), WeightUnits::Metric) => Some(Decimal::new(body.height_steps as i64, -3)),
            (Some(body), WeightUnits::Imperial) => Some(Decimal::new(body.height_steps as i64, -1)),
        }
    }
}

impl Characteristic for WeightMeasurement {
    const UUID: uuid::Uuid = uuid::WEIGHT_MEASUREMENT;
    const MAX_BYTES: usize = 15;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let flags = input.u8()?;
        let weight_steps = input.u16()?;
        let units = if flags & IMPERIAL == 0 { WeightUnits::Metric } else { WeightUnits::Imperial };
        let taken = input.when(flags & TAKEN != 0, DateTime::read)?;
        let user = input.when(flags & USER != 0, Reader::u8)?;
        let body_mass = input.when(flags & BODY_MASS != 0, |input| {
            Ok(BodyMass { index_tenths: input.u16()?, height_steps: input.u16()? })
        })?;
        input.finish(Remainder::of_reserved((flags & RESERVED).into()))?;
        Ok(Self { weight_steps, units, taken, user, body_mass })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        let set = |present: bool, flag: u8| if present { flag } else { 0 };
        out.u8(set(self.units == WeightUnits::Imperial, IMPERIAL)
            | set(self.taken.is_some(), TAKEN)
            | set(self.user.is_some(), USER)
            | set(self.body_mass.is_some(), BODY_MASS))?;
        out.u16(self.weight_steps)?;
        if let Some(taken) = self.taken {
            taken.write(out)?;
        }
        if let Some(user) = self.user {
            out.u8(user)?;
        }
        if let Some(body) = self.body_mass {
            out.u16(body.index_tenths)?;
            out.u16(body.height_steps)?;
        }
        Ok(())
    }
}

/// Weight Scale Feature 0x2A9E: 32 bits, kept as they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WeightScaleFeature(u32);

impl WeightScaleFeature {
    /// From the bits as they travel.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits as they travel.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether measurements carry a time.
    #[must_use]
    pub const fn has_time(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether several users are told apart.
    #[must_use]
    pub const fn has_users(self) -> bool {
        self.0 & 2 != 0
    }

    /// Whether a body mass index is computed.
    #[must_use]
    pub const fn has_body_mass(self) -> bool {
        self.0 & 4 != 0
    }

    /// Code of the weight resolution, 0 (unstated) to 15: 1 is 0.5 kg or 1 lb, 7 is 0.005 kg or 0.01 lb.
    #[must_use]
    pub const fn weight_resolution(self) -> u8 {
        (self.0 >> 3 & 0x0F) as u8
    }

    /// Code of the height resolution, 0 (unstated) to 7: 1 is 0.01 m or 1 in, 3 is 0.001 m or 0.1 in.
    #[must_use]
    pub const fn height_resolution(self) -> u8 {
        (self.0 >> 7 & 0x07) as u8
    }
}

whole!(WeightScaleFeature(u32) = uuid::WEIGHT_SCALE_FEATURE);

const UNSUCCESSFUL: u16 = u16::MAX;
const IMPERIAL: u8 = 1;
const TAKEN: u8 = 1 << 1;
const USER: u8 = 1 << 2;
const BODY_MASS: u8 = 1 << 3;
const RESERVED: u8 = 0b1111_0000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::testing::{every_cut_is_refused, every_flag_word};

    /// 70 kg, 2024-03-15T14:30:45, user 3, 24.5 kg/m2, 1.75 m.
    const FULL: [u8; 15] = [0x0E, 0xB0, 0x36, 0xE8, 7, 3, 15, 14, 30, 45, 3, 0xF5, 0, 0xD6, 6];

    #[test]
    fn a_full_measurement_reads_field_by_field() {
        let value = WeightMeasurement::decode(&FULL).unwrap();
        assert!(value.weight().unwrap().same_value(Decimal::new(70, 0)));
        assert!(value.height().unwrap().same_value(Decimal::new(175, -2)));
        assert_eq!(value.body_mass().unwrap().index_tenths(), 245);
        assert_eq!(value.user(), Some(3));
        let pounds = WeightMeasurement::new(15_700, WeightUnits::Imperial).with_body_mass(BodyMass::new(0, 680));
        assert!(pounds.weight().unwrap().same_value(Decimal::new(157, 0)));
        assert!(pounds.height().unwrap().same_value(Decimal::new(68, 0)));
        assert_eq!(WeightMeasurement::new(u16::MAX, WeightUnits::Metric).weight(), None);
    }

    #[test]
    fn every_combination_of_fields_survives_and_every_cut_is_refused() {
        for flags in 0..16_u8 {
            let bit = |n: u8| usize::from(flags >> n & 1);
            every_flag_word::<WeightMeasurement>(&FULL, flags, 3 + 7 * bit(1) + bit(2) + 4 * bit(3));
        }
        every_cut_is_refused::<WeightScaleFeature>(&[0x8F, 1, 0, 0]);
        let feature = WeightScaleFeature::decode(&[0x8F, 1, 0, 0]).unwrap();
        assert_eq!((feature.weight_resolution(), feature.height_resolution()), (1, 3));
        assert!(feature.has_time() && feature.has_users() && feature.has_body_mass());
    }
}
