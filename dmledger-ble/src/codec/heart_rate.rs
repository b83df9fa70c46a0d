//! Heart Rate service 0x180D: Heart Rate Measurement, Body Sensor Location.

use super::cursor::{Reader, Remainder, Writer};
use super::layout::codes;
use super::{Characteristic, uuid};
use crate::error::{DecodeError, EncodeError};

/// What the sensor knows of its contact with the skin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "two flag bits")]
pub enum Contact {
    /// The sensor does not detect contact.
    NotSupported,
    /// The sensor does not detect contact; the status bit is set although it means nothing.
    NotSupportedStatusSet,
    /// No or poor contact.
    Missing,
    /// Contact.
    Detected,
}

/// Beats per minute in the width the device chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "one flag bit")]
pub enum BeatsPerMinute {
    /// One octet.
    Narrow(u8),
    /// Two octets.
    Wide(u16),
}

impl BeatsPerMinute {
    /// The rate.
    #[must_use]
    pub const fn value(self) -> u16 {
        match self {
            Self::Narrow(rate) => rate as u16,
            Self::Wide(rate) => rate,
        }
    }
}

/// Heart Rate Measurement 0x2A37: 2 octets and more; up to 32 intervals between beats are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeartRateMeasurement {
    rate: BeatsPerMinute,
    contact: Contact,
    energy_kilojoules: Option<u16>,
    intervals: [u16; MAX_INTERVALS],
    interval_count: usize,
}

impl HeartRateMeasurement {
    /// A rate and nothing else.
    #[must_use]
    pub const fn new(rate: BeatsPerMinute, contact: Contact) -> Self {
        Self { rate, contact, energy_kilojoules: None, intervals: [0; MAX_INTERVALS], interval_count: 0 }
    }

    /// The same measurement with the energy expended since the last reset, in kilojoules.
    #[must_use]
    pub const fn with_energy_kilojoules(mut self, kilojoules: u16) -> Self {
        self.energy_kilojoules = Some(kilojoules);
        self
    }

    /// The same measurement with intervals between beats in 1/1024 s, oldest first.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] for more than 32.
    pub fn with_intervals(mut self, intervals: &[u16]) -> Result<Self, EncodeError> {
        let Some(target) = self.intervals.get_mut(..intervals.len()) else {
            return Err(EncodeError::TooLong(intervals.len()));
        };
        target.copy_from_slice(intervals);
        self.interval_count = intervals.len();
        Ok(self)
    }

    /// Beats per minute.
    #[must_use]
    pub const fn rate(&self) -> BeatsPerMinute {
        self.rate
    }

    /// Contact with the skin.
    #[must_use]
    pub const fn contact(&self) -> Contact {
        self.contact
    }

    /// Energy expended since the last reset, in kilojoules; 65,535 means that much or more.
    #[must_use]
    pub const fn energy_kilojoules(&self) -> Option<u16> {
        self.energy_kilojoules
    }

    /// Intervals between beats in 1/1024 s, oldest first.
    #[must_use]
    pub fn intervals(&self) -> &[u16] {
        self.intervals.get(..self.interval_count).unwrap_or_default()
    }
}

impl Characteristic for HeartRateMeasurement {
    const UUID: uuid::Uuid = uuid::HEART_RATE_MEASUREMENT;
    const MAX_BYTES: usize = 5 + 2 * MAX_INTERVALS;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let flags = input.u8()?;
        let rate =
            if flags & WIDE == 0 { BeatsPerMinute::Narrow(input.u8()?) } else { BeatsPerMinute::Wide(input.u16()?) };
        let contact = match flags >> 1 & 3 {
            0 => Contact::NotSupported,
            1 => Contact::NotSupportedStatusSet,
            2 => Contact::Missing,
            _ => Contact::Detected,
        };
        let mut value = Self::new(rate, contact);
        value.energy_kilojoules = input.when(flags & ENERGY != 0, Reader::u16)?;
        if flags & INTERVALS != 0 {
            // The flag promises at least one.
            let mut next = input.u16()?;
            loop {
                let Some(slot) = value.intervals.get_mut(value.interval_count) else {
                    return Err(DecodeError::TrailingBytes { extra: input.remaining() + 2 });
                };
                *slot = next;
                value.interval_count += 1;
                if input.remaining() < 2 {
                    break;
                }
                next = input.u16()?;
            }
        }
        input.finish(Remainder::of_reserved((flags & RESERVED).into()))?;
        Ok(value)
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        let set = |present: bool, flag: u8| if present { flag } else { 0 };
        let contact = match self.contact {
            Contact::NotSupported => 0,
            Contact::NotSupportedStatusSet => 1,
            Contact::Missing => 2,
            Contact::Detected => 3,
        };
        out.u8(set(matches!(self.rate, BeatsPerMinute::Wide(_)), WIDE)
            | contact << 1
            | set(self.energy_kilojoules.is_some(), ENERGY)
            | set(self.interval_count > 0, INTERVALS))?;
        match self.rate {
            BeatsPerMinute::Narrow(rate) => out.u8(rate)?,
            BeatsPerMinute::Wide(rate) => out.u16(rate)?,
        }
        if let Some(kilojoules) = self.energy_kilojoules {
            out.u16(kilojoules)?;
        }
        self.intervals().iter().try_for_each(|interval| out.u16(*interval))
    }
}

codes! {
    /// Body Sensor Location 0x2A38, one octet.
    pub struct BodySensorLocation {
        /// Somewhere else.
        OTHER = 0;
        /// Chest.
        CHEST = 1;
        /// Wrist.
        WRIST = 2;
        /// Finger.
        FINGER = 3;
        /// Hand.
        HAND = 4;
        /// Ear lobe.
        EAR_LOBE = 5;
        /// Foot.
        FOOT = 6;
    }
}

impl Characteristic for BodySensorLocation {
    const UUID: uuid::Uuid = uuid::BODY_SENSOR_LOCATION;
    const MAX_BYTES: usize = 1;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let location = Self::from_number(input.u8()?);
        input.finish(Remainder::Refuse)?;
        Ok(location)
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        out.u8(self.number())
    }
}

/// More than an attribute value holds on links with the usual MTUs of sensors.
const MAX_INTERVALS: usize = 32;
const WIDE: u8 = 1;
const ENERGY: u8 = 1 << 3;
const INTERVALS: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::testing::{every_cut_is_refused, survives};

    #[test]
    fn fields_come_in_the_order_of_the_specification() {
        let octets = [0x1F, 0x2C, 0x01, 50, 0, 33, 0];
        let value = HeartRateMeasurement::decode(&octets).unwrap();
        assert_eq!((value.rate().value(), value.contact()), (300, Contact::Detected));
        assert_eq!((value.energy_kilojoules(), value.intervals()), (Some(50), &[33][..]));
        every_cut_is_refused::<HeartRateMeasurement>(&octets);
        for contact in 0..4_u8 {
            every_cut_is_refused::<HeartRateMeasurement>(&[contact << 1, 60]);
        }
        every_cut_is_refused::<BodySensorLocation>(&[2]);
        assert!(BodySensorLocation::decode(&[200]).unwrap().is_reserved());
        let built = HeartRateMeasurement::new(BeatsPerMinute::Wide(300), Contact::Detected).with_energy_kilojoules(50);
        assert_eq!(built.with_intervals(&[33]), Ok(value));
    }

    #[test]
    fn a_promised_interval_must_be_there_and_too_many_are_refused() {
        assert_eq!(HeartRateMeasurement::decode(&[0x10, 60]), Err(DecodeError::TooShort { needed: 2, have: 0 }));
        let mut many = [1; 2 + 66];
        many[0] = 0x10;
        assert_eq!(HeartRateMeasurement::decode(&many), Err(DecodeError::TrailingBytes { extra: 2 }));
        survives::<HeartRateMeasurement>(&many[..66], |_| false);
        let value = HeartRateMeasurement::new(BeatsPerMinute::Narrow(60), Contact::Missing);
        assert_eq!(value.with_intervals(&[0; 33]), Err(EncodeError::TooLong(33)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn any_value_survives(bytes in proptest::collection::vec(any::<u8>(), 0..30)) {
            survives::<HeartRateMeasurement>(&bytes, |b| b[0] & 0xE0 != 0);
        }
    }
}
