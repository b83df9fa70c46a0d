//! Pulse Oximeter service 0x1822: spot-check and continuous measurements, features.

use super::cursor::{Reader, Remainder, Writer};
use super::date_time::DateTime;
use super::layout::{flags, record};
use super::medfloat::Sfloat;
use super::{Characteristic, uuid};
use crate::error::{DecodeError, EncodeError};

flags! {
    /// Measurement Status.
    pub struct PlxMeasurementStatus(u16) {
        /// Measurement ongoing.
        ONGOING = 5;
        /// Early estimated data.
        EARLY_ESTIMATE = 6;
        /// Validated data.
        VALIDATED = 7;
        /// Fully qualified data.
        FULLY_QUALIFIED = 8;
        /// Data from measurement storage.
        FROM_STORAGE = 9;
        /// Data for demonstration.
        DEMONSTRATION = 10;
        /// Data for testing.
        TESTING = 11;
        /// Calibration ongoing.
        CALIBRATING = 12;
        /// Measurement unavailable.
        UNAVAILABLE = 13;
        /// Questionable measurement detected.
        QUESTIONABLE = 14;
        /// Invalid measurement detected.
        INVALID = 15;
    }
}

flags! {
    /// Device and Sensor Status, 24 bits.
    pub struct PlxDeviceStatus(u32) {
        /// Extended display update ongoing.
        EXTENDED_DISPLAY_UPDATE = 0;
        /// Equipment malfunction detected.
        EQUIPMENT_MALFUNCTION = 1;
        /// Signal processing irregularity detected.
        SIGNAL_IRREGULARITY = 2;
        /// Inadequate signal detected.
        INADEQUATE_SIGNAL = 3;
        /// Poor signal detected.
        POOR_SIGNAL = 4;
        /// Low perfusion detected.
        LOW_PERFUSION = 5;
        /// Erratic signal detected.
        ERRATIC_SIGNAL = 6;
        /// Non-pulsatile signal detected.
        NON_PULSATILE = 7;
        /// Questionable pulse detected.
        QUESTIONABLE_PULSE = 8;
        /// Signal analysis ongoing.
        SIGNAL_ANALYSIS = 9;
        /// Sensor interference detected.
        SENSOR_INTERFERENCE = 10;
        /// Sensor unconnected to user.
        SENSOR_UNCONNECTED_TO_USER = 11;
        /// Unknown sensor connected.
        UNKNOWN_SENSOR = 12;
        /// Sensor displaced.
        SENSOR_DISPLACED = 13;
        /// Sensor malfunctioning.
        SENSOR_MALFUNCTION = 14;
        /// Sensor disconnected.
        SENSOR_DISCONNECTED = 15;
    }
}

/// Oxygen saturation and pulse rate, always together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saturation {
    percent: Sfloat,
    pulse: Sfloat,
}

impl Saturation {
    /// Saturation in percent and pulse in beats per minute.
    #[must_use]
    pub const fn new(percent: Sfloat, pulse: Sfloat) -> Self {
        Self { percent, pulse }
    }

    /// Oxygen saturation in percent.
    #[must_use]
    pub const fn percent(&self) -> Sfloat {
        self.percent
    }

    /// Pulse rate in beats per minute.
    #[must_use]
    pub const fn pulse(&self) -> Sfloat {
        self.pulse
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { percent: Sfloat::from_bits(input.u16()?), pulse: Sfloat::from_bits(input.u16()?) })
    }

    fn write(self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        out.u16(self.percent.to_bits())?;
        out.u16(self.pulse.to_bits())
    }
}

/// Whether the device's clock was ever set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "one flag bit")]
pub enum DeviceClock {
    /// Set, or not stated.
    Set,
    /// Not set: a stated time means nothing.
    NotSet,
}

record! {
    /// PLX Spot-Check Measurement 0x2A5E, 5 to 19 octets.
    pub struct PlxSpotCheck {
        required {
            /// Saturation and pulse.
            saturation: Saturation,
            /// Whether the clock behind [`Self::taken`] was set.
            clock: DeviceClock,
        }
        optional {
            /// The device's time of the measurement.
            taken / with_taken: DateTime,
            /// How good the measurement is.
            status / with_status: PlxMeasurementStatus,
            /// What the device noticed.
            device_status / with_device_status: PlxDeviceStatus,
            /// Pulse amplitude index in percent.
            pulse_amplitude / with_pulse_amplitude: Sfloat,
        }
    }
}

record! {
    /// PLX Continuous Measurement 0x2A5F, 5 to 20 octets.
    pub struct PlxContinuous {
        required {
            /// Saturation and pulse at the normal rate of averaging.
            normal: Saturation,
        }
        optional {
            /// Saturation and pulse, averaged fast.
            fast / with_fast: Saturation,
            /// Saturation and pulse, averaged slowly.
            slow / with_slow: Saturation,
            /// How good the measurement is.
            status / with_status: PlxMeasurementStatus,
            /// What the device noticed.
            device_status / with_device_status: PlxDeviceStatus,
            /// Pulse amplitude index in percent.
            pulse_amplitude / with_pulse_amplitude: Sfloat,
        }
    }
}

record! {
    /// PLX Features 0x2A60, 2 to 7 octets.
    pub struct PlxFeatures {
        required {
            /// Supported features; bits 0 and 1 announce the two support fields.
            supported: PlxSupported,
        }
        optional {
            /// Measurement status bits that the device can set.
            measurement_status_support / with_measurement_status_support: PlxMeasurementStatus,
            /// Device status bits that the device can set.
            device_status_support / with_device_status_support: PlxDeviceStatus,
        }
    }
}

flags! {
    /// Supported Features of a pulse oximeter.
    pub struct PlxSupported(u16) {
        /// Measurement status support is present.
        MEASUREMENT_STATUS = 0;
        /// Device and sensor status support is present.
        DEVICE_STATUS = 1;
        /// Measurements are stored.
        STORAGE = 2;
        /// Spot checks carry a time.
        TIME = 3;
        /// Fast averages.
        FAST = 4;
        /// Slow averages.
        SLOW = 5;
        /// Pulse amplitude index.
        PULSE_AMPLITUDE = 6;
        /// Multiple bonds.
        MULTIPLE_BOND = 7;
    }
}

fn read_device_status(input: &mut Reader<'_>) -> Result<PlxDeviceStatus, DecodeError> {
    input.u24().map(PlxDeviceStatus::from_bits)
}

/// The fields that both measurements end with.
fn write_tail(
    status: Option<PlxMeasurementStatus>,
    device_status: Option<PlxDeviceStatus>,
    pulse_amplitude: Option<Sfloat>,
    out: &mut Writer<'_>,
) -> Result<(), EncodeError> {
    if let Some(status) = status {
        out.u16(status.bits())?;
    }
    if let Some(status) = device_status {
        out.u24(status.bits())?;
    }
    pulse_amplitude.map_or(Ok(()), |index| out.u16(index.to_bits()))
}

const fn set(present: bool, flag: u8) -> u8 {
    if present { flag } else { 0 }
}

impl Characteristic for PlxSpotCheck {
    const UUID: uuid::Uuid = uuid::PLX_SPOT_CHECK;
    const MAX_BYTES: usize = 19;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let flags = input.u8()?;
        let saturation = Saturation::read(&mut input)?;
        let taken = input.when(flags & 1 != 0, DateTime::read)?;
        let status = input.when(flags & 1 << 1 != 0, Reader::u16)?.map(PlxMeasurementStatus::from_bits);
        let device_status = input.when(flags & 1 << 2 != 0, read_device_status)?;
        let pulse_amplitude = input.when(flags & 1 << 3 != 0, Reader::u16)?.map(Sfloat::from_bits);
        let clock = if flags & 1 << 4 == 0 { DeviceClock::Set } else { DeviceClock::NotSet };
        input.finish(Remainder::of_reserved((flags & 0b1110_0000).into()))?;
        Ok(Self { saturation, clock, taken, status, device_status, pulse_amplitude })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        out.u8(set(self.taken.is_some(), 1)
            | set(self.status.is_some(), 1 << 1)
            | set(self.device_status.is_some(), 1 << 2)
            | set(self.pulse_amplitude.is_some(), 1 << 3)
            | set(self.clock == DeviceClock::NotSet, 1 << 4))?;
        self.saturation.write(out)?;
        if let Some(taken) = self.taken {
            taken.write(out)?;
        }
        write_tail(self.status, self.device_status, self.pulse_amplitude, out)
    }
}

impl Characteristic for PlxContinuous {
    const UUID: uuid::Uuid = uuid::PLX_CONTINUOUS;
    const MAX_BYTES: usize = 20;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let flags = input.u8()?;
        let normal = Saturation::read(&mut input)?;
        let fast = input.when(flags & 1 != 0, Saturation::read)?;
        let slow = input.when(flags & 1 << 1 != 0, Saturation::read)?;
        let status = input.when(flags & 1 << 2 != 0, Reader::u16)?.map(PlxMeasurementStatus::from_bits);
        let device_status = input.when(flags & 1 << 3 != 0, read_device_status)?;
        let pulse_amplitude = input.when(flags & 1 << 4 != 0, Reader::u16)?.map(Sfloat::from_bits);
        input.finish(Remainder::of_reserved((flags & 0b1110_0000).into()))?;
        Ok(Self { normal, fast, slow, status, device_status, pulse_amplitude })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        out.u8(set(self.fast.is_some(), 1)
            | set(self.slow.is_some(), 1 << 1)
            | set(self.status.is_some(), 1 << 2)
            | set(self.device_status.is_some(), 1 << 3)
            | set(self.pulse_amplitude.is_some(), 1 << 4))?;
        self.normal.write(out)?;
        if let Some(fast) = self.fast {
            fast.write(out)?;
        }
        if let Some(slow) = self.slow {
            slow.write(out)?;
        }
        write_tail(self.status, self.device_status, self.pulse_amplitude, out)
    }
}

impl Characteristic for PlxFeatures {
    const UUID: uuid::Uuid = uuid::PLX_FEATURES;
    const MAX_BYTES: usize = 7;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let supported = PlxSupported::from_bits(input.u16()?);
        let measurement_status_support = input
            .when(supported.contains(PlxSupported::MEASUREMENT_STATUS), Reader::u16)?
            .map(PlxMeasurementStatus::from_bits);
        let device_status_support = input.when(supported.contains(PlxSupported::DEVICE_STATUS), read_device_status)?;
        input.finish(Remainder::of_reserved(supported.reserved().into()))?;
        Ok(Self { supported, measurement_status_support, device_status_support })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        let announced = |flag| self.supported.contains(flag);
        if announced(PlxSupported::MEASUREMENT_STATUS) != self.measurement_status_support.is_some()
            || announced(PlxSupported::DEVICE_STATUS) != self.device_status_support.is_some()
        {
            return Err(EncodeError::Contradiction { field: "supported features" });
        }
        out.u16(self.supported.bits())?;
        write_tail(self.measurement_status_support, self.device_status_support, None, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::medfloat::Decimal;
    use crate::codec::testing::{every_cut_is_refused, every_flag_word};

    /// 97 %, 72 /min, 2024-03-15T14:30:45, validated, low perfusion, 1.5 %.
    const SPOT: [u8; 19] = [0x0F, 97, 0, 72, 0, 0xE8, 7, 3, 15, 14, 30, 45, 0x80, 0, 0x20, 0, 0, 15, 0xF0];
    /// 97 % 72 /min, fast 96 % 75 /min, slow 98 % 70 /min, ongoing, poor signal, 1.5 %.
    const CONTINUOUS: [u8; 20] = [0x1F, 97, 0, 72, 0, 96, 0, 75, 0, 98, 0, 70, 0, 0x20, 0, 0x10, 0, 0, 15, 0xF0];

    #[test]
    fn full_measurements_read_field_by_field() {
        let spot = PlxSpotCheck::decode(&SPOT).unwrap();
        assert_eq!(spot.saturation().percent().value().number(), Some(Decimal::new(97, 0)));
        assert_eq!(spot.status(), Some(PlxMeasurementStatus::VALIDATED));
        assert_eq!(spot.device_status(), Some(PlxDeviceStatus::LOW_PERFUSION));
        assert_eq!(spot.pulse_amplitude().unwrap().value().number(), Some(Decimal::new(15, -1)));
        let continuous = PlxContinuous::decode(&CONTINUOUS).unwrap();
        assert_eq!(continuous.fast().unwrap().pulse(), Sfloat::from_bits(75));
        assert_eq!(continuous.slow().unwrap().percent(), Sfloat::from_bits(98));
        assert_eq!(continuous.status(), Some(PlxMeasurementStatus::ONGOING));
    }

    #[test]
    fn every_combination_of_fields_survives_and_every_cut_is_refused() {
        for flags in 0..32_u8 {
            let bit = |n: u8| usize::from(flags >> n & 1);
            every_flag_word::<PlxSpotCheck>(&SPOT, flags, 5 + 7 * bit(0) + 2 * bit(1) + 3 * bit(2) + 2 * bit(3));
            let length = 5 + 4 * bit(0) + 4 * bit(1) + 2 * bit(2) + 3 * bit(3) + 2 * bit(4);
            every_flag_word::<PlxContinuous>(&CONTINUOUS, flags, length);
        }
        for (supported, length) in [(0, 2), (1, 4), (2, 5), (3, 7)] {
            every_cut_is_refused::<PlxFeatures>(&[supported, 0, 0x40, 0x10, 0x80, 1, 0][..length]);
        }
    }

    #[test]
    fn features_must_announce_the_fields_they_carry() {
        let features = PlxFeatures::new(PlxSupported::MEASUREMENT_STATUS);
        let mut buffer = [0; 7];
        assert!(matches!(features.encode(&mut buffer), Err(EncodeError::Contradiction { .. })));
        assert!(features.with_measurement_status_support(PlxMeasurementStatus::EMPTY).encode(&mut buffer).is_ok());
    }
}
