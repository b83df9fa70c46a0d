//! Blood Pressure service 0x1810: Blood Pressure Measurement, Intermediate Cuff Pressure, Blood Pressure Feature.

use super::cursor::{Reader, Remainder, Writer};
use super::date_time::DateTime;
use super::layout::{flags, whole};
use super::medfloat::Sfloat;
use super::{Characteristic, uuid};
use crate::error::{DecodeError, EncodeError};

/// Unit of a pressure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "one flag bit")]
pub enum PressureUnit {
    /// Millimetres of mercury (UCUM `mm[Hg]`).
    MillimetreOfMercury,
    /// Kilopascals (UCUM `kPa`).
    Kilopascal,
}

/// Pulse rate against the device's range, two bits of the measurement status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "two bits")]
pub enum PulseRange {
    /// Within the range.
    Within,
    /// Above its upper limit.
    Above,
    /// Below its lower limit.
    Below,
    /// Reserved for future use.
    Reserved,
}

flags! {
    /// Measurement Status; bits 3 and 4 are one field, see [`Self::pulse_range`].
    pub struct BloodPressureStatus(u16) {
        /// Body movement during the measurement.
        BODY_MOVEMENT = 0;
        /// Cuff too loose.
        CUFF_TOO_LOOSE = 1;
        /// Irregular pulse detected.
        IRREGULAR_PULSE = 2;
        /// Improper measurement position.
        IMPROPER_POSITION = 5;
    }
}

impl BloodPressureStatus {
    /// Pulse rate against the device's range.
    #[must_use]
    pub const fn pulse_range(self) -> PulseRange {
        match self.bits() >> 3 & 3 {
            0 => PulseRange::Within,
            1 => PulseRange::Above,
            2 => PulseRange::Below,
            _ => PulseRange::Reserved,
        }
    }
}

flags! {
    /// Blood Pressure Feature 0x2A49: what a cuff can detect.
    pub struct BloodPressureFeature(u16) {
        /// Body movement detection.
        BODY_MOVEMENT = 0;
        /// Cuff fit detection.
        CUFF_FIT = 1;
        /// Irregular pulse detection.
        IRREGULAR_PULSE = 2;
        /// Pulse rate range detection.
        PULSE_RANGE = 3;
        /// Measurement position detection.
        POSITION = 4;
        /// Multiple bonds.
        MULTIPLE_BOND = 5;
    }
}

whole!(BloodPressureFeature(u16) = uuid::BLOOD_PRESSURE_FEATURE);

/// The three pressures of a measurement in one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pressures {
    systolic: Sfloat,
    diastolic: Sfloat,
    mean_arterial: Sfloat,
    unit: PressureUnit,
}

impl Pressures {
    /// Systolic, diastolic and mean arterial pressure.
    #[must_use]
    pub const fn new(systolic: Sfloat, diastolic: Sfloat, mean_arterial: Sfloat, unit: PressureUnit) -> Self {
        Self { systolic, diastolic, mean_arterial, unit }
    }

    /// Systolic pressure.
    #[must_use]
    pub const fn systolic(&self) -> Sfloat {
        self.systolic
    }

    /// Diastolic pressure.
    #[must_use]
    pub const fn diastolic(&self) -> Sfloat {
        self.diastolic
    }

    /// Mean arterial pressure; NaN where the device computes none.
    #[must_use]
    pub const fn mean_arterial(&self) -> Sfloat {
        self.mean_arterial
    }

    /// Unit of all three.
    #[must_use]
    pub const fn unit(&self) -> PressureUnit {
        self.unit
    }
}

/// What both pressure characteristics may add to their values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Details {
    taken: Option<DateTime>,
    pulse: Option<Sfloat>,
    user: Option<u8>,
    status: Option<BloodPressureStatus>,
}

macro_rules! details {
    () => {
        /// The same value with the device's time.
        #[must_use]
        pub const fn with_taken(mut self, taken: DateTime) -> Self {
            self.details.taken = Some(taken);
            self
        }

        /// The same value with a pulse rate in beats per minute.
        #[must_use]
        pub const fn with_pulse(mut self, per_minute: Sfloat) -> Self {
            self.details.pulse = Some(per_minute);
            self
        }

        /// The same value with the device's user number.
        #[must_use]
        pub const fn with_user(mut self, user: u8) -> Self {
            self.details.user = Some(user);
            self
        }

        /// The same value with a status.
        #[must_use]
        pub const fn with_status(mut self, status: BloodPressureStatus) -> Self {
            self.details.status = Some(status);
            self
        }

        /// The device's time of the measurement.
        #[must_use]
        pub const fn taken(&self) -> Option<DateTime> {
            self.details.taken
        }

        /// Pulse rate in beats per minute.
        #[must_use]
        pub const fn pulse(&self) -> Option<Sfloat> {
            self.details.pulse
        }

        /// The device's user number; 255 is an unknown user.
        #[must_use]
        pub const fn user(&self) -> Option<u8> {
            self.details.user
        }

        /// What the device noticed.
        #[must_use]
        pub const fn status(&self) -> Option<BloodPressureStatus> {
            self.details.status
        }
    };
}

/// Blood Pressure Measurement 0x2A35, 7 to 19 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BloodPressureMeasurement {
    pressures: Pressures,
    details: Details,
}

impl BloodPressureMeasurement {
    /// Three pressures and nothing else.
    #[must_use]
    pub const fn new(pressures: Pressures) -> Self {
        Self { pressures, details: Details { taken: None, pulse: None, user: None, status: None } }
    }

    /// The pressures.
    #[must_use]
    pub const fn pressures(&self) -> &Pressures {
        &self.pressures
    }

    details!();
}

/// Intermediate Cuff Pressure 0x2A36, 7 to 19 octets: the pressure while the cuff is being filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntermediateCuffPressure {
    /// The cuff pressure sits where the systolic one would; the other two are unused and kept as they came.
    pressures: Pressures,
    details: Details,
}

impl IntermediateCuffPressure {
    /// A cuff pressure; the two unused fields say NaN.
    #[must_use]
    pub const fn new(cuff: Sfloat, unit: PressureUnit) -> Self {
        let pressures = Pressures::new(cuff, Sfloat::NAN, Sfloat::NAN, unit);
        Self { pressures, details: Details { taken: None, pulse: None, user: None, status: None } }
    }

    /// Pressure in the cuff.
    #[must_use]
    pub const fn cuff(&self) -> Sfloat {
        self.pressures.systolic
    }

    /// Unit of the pressure.
    #[must_use]
    pub const fn unit(&self) -> PressureUnit {
        self.pressures.unit
    }

    details!();
}

fn read(bytes: &[u8]) -> Result<(Pressures, Details), DecodeError> {
    let mut input = Reader::new(bytes);
    let flags = input.u8()?;
    let mut pressure = || input.u16().map(Sfloat::from_bits);
    let (systolic, diastolic, mean_arterial) = (pressure()?, pressure()?, pressure()?);
    let unit = if flags & KILOPASCAL == 0 { PressureUnit::MillimetreOfMercury } else { PressureUnit::Kilopascal };
    let taken = input.when(flags & TAKEN != 0, DateTime::read)?;
    let pulse = input.when(flags & PULSE != 0, Reader::u16)?.map(Sfloat::from_bits);
    let user = input.when(flags & USER != 0, Reader::u8)?;
    let status = input.when(flags & STATUS != 0, Reader::u16)?.map(BloodPressureStatus::from_bits);
    input.finish(Remainder::of_reserved((flags & RESERVED).into()))?;
    Ok((Pressures { systolic, diastolic, mean_arterial, unit }, Details { taken, pulse, user, status }))
}

fn write(pressures: &Pressures, details: &Details, out: &mut Writer<'_>) -> Result<(), EncodeError> {
    let set = |present: bool, flag: u8| if present { flag } else { 0 };
    out.u8(set(pressures.unit == PressureUnit::Kilopascal, KILOPASCAL)
        | set(details.taken.is_some(), TAKEN)
        | set(details.pulse.is_some(), PULSE)
        | set(details.user.is_some(), USER)
        | set(details.status.is_some(), STATUS))?;
    for pressure in [pressures.systolic, pressures.diastolic, pressures.mean_arterial] {
        out.u16(pressure.to_bits())?;
    }
    if let Some(taken) = details.taken {
        taken.write(out)?;
    }
    if let Some(pulse) = details.pulse {
        out.u16(pulse.to_bits())?;
    }
    if let Some(user) = details.user {
        out.u8(user)?;
    }
    details.status.map_or(Ok(()), |status| out.u16(status.bits()))
}

impl Characteristic for BloodPressureMeasurement {
    const UUID: uuid::Uuid = uuid::BLOOD_PRESSURE_MEASUREMENT;
    const MAX_BYTES: usize = 19;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        read(bytes).map(|(pressures, details)| Self { pressures, details })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        write(&self.pressures, &self.details, out)
    }
}

impl Characteristic for IntermediateCuffPressure {
    const UUID: uuid::Uuid = uuid::INTERMEDIATE_CUFF_PRESSURE;
    const MAX_BYTES: usize = 19;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        read(bytes).map(|(pressures, details)| Self { pressures, details })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        write(&self.pressures, &self.details, out)
    }
}

const KILOPASCAL: u8 = 1;
const TAKEN: u8 = 1 << 1;
const PULSE: u8 = 1 << 2;
const USER: u8 = 1 << 3;
const STATUS: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::medfloat::Decimal;
    use crate::codec::testing::{every_cut_is_refused, every_flag_word};

    /// kPa: 18.9 / 11 / 15.9, 2024-03-15T14:30:45, pulse 60, user 2, loose cuff, pulse above range.
    const FULL: [u8; 19] =
        [0x1F, 0xBD, 0xF0, 0x0B, 0x00, 0x9F, 0xF0, 0xE8, 7, 3, 15, 14, 30, 45, 60, 0, 2, 0b0000_1010, 0];

    #[test]
    fn a_full_measurement_reads_field_by_field() {
        let value = BloodPressureMeasurement::decode(&FULL).unwrap();
        let number = |sfloat: Sfloat| sfloat.value().number().unwrap();
        assert_eq!(number(value.pressures().systolic()), Decimal::new(189, -1));
        assert_eq!(number(value.pressures().diastolic()), Decimal::new(11, 0));
        assert_eq!(number(value.pressures().mean_arterial()), Decimal::new(159, -1));
        assert_eq!(value.pressures().unit(), PressureUnit::Kilopascal);
        assert_eq!(value.taken(), DateTime::new(2024, 3, 15, 14, 30, 45).ok());
        assert_eq!((number(value.pulse().unwrap()), value.user()), (Decimal::new(60, 0), Some(2)));
        assert!(value.status().unwrap().contains(BloodPressureStatus::CUFF_TOO_LOOSE));
        assert_eq!(value.status().unwrap().pulse_range(), PulseRange::Above);
    }

    #[test]
    fn every_combination_of_fields_survives_and_every_cut_is_refused() {
        for flags in 0..32_u8 {
            let bit = |n: u8| usize::from(flags >> n & 1);
            let length = 7 + 7 * bit(1) + 2 * bit(2) + bit(3) + 2 * bit(4);
            every_flag_word::<BloodPressureMeasurement>(&FULL, flags, length);
            every_flag_word::<IntermediateCuffPressure>(&FULL, flags, length);
        }
        every_cut_is_refused::<BloodPressureFeature>(&[0x25, 0]);
    }

    #[test]
    fn a_cuff_pressure_says_that_the_other_two_are_no_numbers() {
        let mut buffer = [0; 19];
        let value =
            IntermediateCuffPressure::new(Sfloat::from_bits(81), PressureUnit::MillimetreOfMercury).with_user(4);
        assert_eq!(value.encode(&mut buffer), Ok(&[8, 81, 0, 0xFF, 7, 0xFF, 7, 4][..]));
    }
}
