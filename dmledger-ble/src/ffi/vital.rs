//! Measurements of the body other than glucose, for C.
//!
//! Fields named `has_…` are 1 when the field after them is there and 0 when it is not.

use super::{DmledgerDateTime, DmledgerNumber, DmledgerStatus, guarded, memory};
use crate::codec::Characteristic;
use crate::codec::blood_pressure::{BloodPressureMeasurement, BloodPressureStatus, PressureUnit};
use crate::codec::date_time::DateTime;
use crate::codec::heart_rate::{Contact, HeartRateMeasurement};
use crate::codec::medfloat::Sfloat;
use crate::codec::plx::{DeviceClock, PlxDeviceStatus, PlxMeasurementStatus, PlxSpotCheck};
use crate::codec::thermometer::{TemperatureMeasurement, TemperatureType, TemperatureUnit};
use crate::codec::weight::{WeightMeasurement, WeightUnits};

/// A field that may be absent: its presence, and its value or a default.
fn field<T, U: From<T> + Default>(value: Option<T>) -> (u8, U) {
    (value.is_some().into(), value.map(U::from).unwrap_or_default())
}

fn time(taken: Option<DateTime>) -> (u8, DmledgerDateTime) {
    field(taken)
}

fn number(value: Option<Sfloat>) -> (u8, DmledgerNumber) {
    field(value)
}

/// Blood Pressure Measurement 0x2A35.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerBloodPressure {
    /// Systolic pressure, in `unit`.
    pub systolic: DmledgerNumber,
    /// Diastolic pressure, in `unit`.
    pub diastolic: DmledgerNumber,
    /// Mean arterial pressure, in `unit`.
    pub mean_arterial: DmledgerNumber,
    /// Pulse per minute.
    pub pulse: DmledgerNumber,
    /// The device's time of the measurement.
    pub time: DmledgerDateTime,
    /// Measurement status bits.
    pub status: u16,
    /// 0 mmHg, 1 kPa.
    pub unit: u8,
    /// Whether there is a time.
    pub has_time: u8,
    /// Whether there is a pulse.
    pub has_pulse: u8,
    /// Whether there is a user.
    pub has_user: u8,
    /// The device's user number; 255 is an unknown user.
    pub user: u8,
    /// Whether there is a status.
    pub has_status: u8,
}

impl From<&BloodPressureMeasurement> for DmledgerBloodPressure {
    fn from(value: &BloodPressureMeasurement) -> Self {
        let pressures = value.pressures();
        let (has_time, time) = time(value.taken());
        let (has_pulse, pulse) = number(value.pulse());
        let (has_user, user) = field(value.user());
        let (has_status, status) = field(value.status().map(BloodPressureStatus::bits));
        Self {
            systolic: pressures.systolic().into(),
            diastolic: pressures.diastolic().into(),
            mean_arterial: pressures.mean_arterial().into(),
            unit: (pressures.unit() == PressureUnit::Kilopascal).into(),
            pulse,
            time,
            status,
            has_time,
            has_pulse,
            has_user,
            user,
            has_status,
        }
    }
}

/// Reads a Blood Pressure Measurement 0x2A35, 7 to 19 octets.
///
/// # Safety
/// `bytes` points to `length` octets, `out` to a writable struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_blood_pressure_decode(
    bytes: *const u8,
    length: usize,
    out: *mut DmledgerBloodPressure,
) -> DmledgerStatus {
    guarded(|| {
        // SAFETY: `bytes` and `length` are as the caller of this function promises.
        let value = BloodPressureMeasurement::decode(unsafe { memory::octets(bytes, length) }?)?;
        // SAFETY: `out` is as the caller of this function promises.
        unsafe { memory::put(out, (&value).into()) }
    })
}

/// Heart Rate Measurement 0x2A37.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerHeartRate {
    /// Beats per minute.
    pub beats_per_minute: u16,
    /// Energy expended since the last reset, in kilojoules.
    pub energy_kilojoules: u16,
    /// Intervals between beats in 1/1024 s, oldest first; the first `interval_count` count.
    pub intervals: [u16; 32],
    /// How many intervals there are.
    pub interval_count: u8,
    /// Contact with the skin: 0 and 1 not supported, 2 missing, 3 detected.
    pub contact: u8,
    /// Whether there is an energy.
    pub has_energy: u8,
}

impl From<&HeartRateMeasurement> for DmledgerHeartRate {
    fn from(value: &HeartRateMeasurement) -> Self {
        let (has_energy, energy_kilojoules) = field(value.energy_kilojoules());
        let mut intervals = [0; 32];
        let mut interval_count = 0;
        for (slot, interval) in intervals.iter_mut().zip(value.intervals()) {
            *slot = *interval;
            interval_count += 1;
        }
        let contact = match value.contact() {
            Contact::NotSupported => 0,
            Contact::NotSupportedStatusSet => 1,
            Contact::Missing => 2,
            Contact::Detected => 3,
        };
        Self {
            beats_per_minute: value.rate().value(),
            energy_kilojoules,
            intervals,
            interval_count,
            contact,
            has_energy,
        }
    }
}

/// Reads a Heart Rate Measurement 0x2A37, 2 to 69 octets.
///
/// # Safety
/// `bytes` points to `length` octets, `out` to a writable struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_heart_rate_decode(
    bytes: *const u8,
    length: usize,
    out: *mut DmledgerHeartRate,
) -> DmledgerStatus {
    guarded(|| {
        // SAFETY: `bytes` and `length` are as the caller of this function promises.
        let value = HeartRateMeasurement::decode(unsafe { memory::octets(bytes, length) }?)?;
        // SAFETY: `out` is as the caller of this function promises.
        unsafe { memory::put(out, (&value).into()) }
    })
}

/// Temperature Measurement 0x2A1C.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerTemperature {
    /// The temperature, in `unit`.
    pub temperature: DmledgerNumber,
    /// The device's time of the measurement.
    pub time: DmledgerDateTime,
    /// 0 degrees Celsius, 1 degrees Fahrenheit.
    pub unit: u8,
    /// Whether there is a time.
    pub has_time: u8,
    /// Whether there is a site.
    pub has_site: u8,
    /// Where it was taken: 1 armpit, 2 body, 3 ear, 4 finger, 5 gut, 6 mouth, 7 rectum, 8 toe, 9 tympanum.
    pub site: u8,
}

impl From<&TemperatureMeasurement> for DmledgerTemperature {
    fn from(value: &TemperatureMeasurement) -> Self {
        let (has_time, time) = time(value.taken());
        let (has_site, site) = field(value.site().map(TemperatureType::number));
        Self {
            temperature: value.temperature().into(),
            time,
            unit: (value.unit() == TemperatureUnit::Fahrenheit).into(),
            has_time,
            has_site,
            site,
        }
    }
}

/// Reads a Temperature Measurement 0x2A1C, 5 to 13 octets.
///
/// # Safety
/// `bytes` points to `length` octets, `out` to a writable struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_temperature_decode(
    bytes: *const u8,
    length: usize,
    out: *mut DmledgerTemperature,
) -> DmledgerStatus {
    guarded(|| {
        // SAFETY: `bytes` and `length` are as the caller of this function promises.
        let value = TemperatureMeasurement::decode(unsafe { memory::octets(bytes, length) }?)?;
        // SAFETY: `out` is as the caller of this function promises.
        unsafe { memory::put(out, (&value).into()) }
    })
}

/// Weight Measurement 0x2A9D.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerWeight {
    /// The weight in kilograms or pounds.
    pub weight: DmledgerNumber,
    /// The height in metres or inches.
    pub height: DmledgerNumber,
    /// The device's time of the measurement.
    pub time: DmledgerDateTime,
    /// Body mass index in tenths of kg/m2.
    pub body_mass_index_tenths: u16,
    /// 0 kilograms and metres, 1 pounds and inches.
    pub units: u8,
    /// Whether there is a weight; there is none when the measurement was unsuccessful.
    pub has_weight: u8,
    /// Whether there is a time.
    pub has_time: u8,
    /// Whether there is a user.
    pub has_user: u8,
    /// The device's user number; 255 is an unknown user.
    pub user: u8,
    /// Whether there are body mass index and height.
    pub has_body_mass: u8,
}

impl From<&WeightMeasurement> for DmledgerWeight {
    fn from(value: &WeightMeasurement) -> Self {
        let (has_weight, weight) = field(value.weight());
        let (has_time, time) = time(value.taken());
        let (has_user, user) = field(value.user());
        let (has_body_mass, body_mass_index_tenths) = field(value.body_mass().map(|mass| mass.index_tenths()));
        Self {
            weight,
            height: value.height().map(Into::into).unwrap_or_default(),
            time,
            body_mass_index_tenths,
            units: (value.units() == WeightUnits::Imperial).into(),
            has_weight,
            has_time,
            has_user,
            user,
            has_body_mass,
        }
    }
}

/// Reads a Weight Measurement 0x2A9D, 3 to 15 octets.
///
/// # Safety
/// `bytes` points to `length` octets, `out` to a writable struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_weight_decode(
    bytes: *const u8,
    length: usize,
    out: *mut DmledgerWeight,
) -> DmledgerStatus {
    guarded(|| {
        // SAFETY: `bytes` and `length` are as the caller of this function promises.
        let value = WeightMeasurement::decode(unsafe { memory::octets(bytes, length) }?)?;
        // SAFETY: `out` is as the caller of this function promises.
        unsafe { memory::put(out, (&value).into()) }
    })
}

/// PLX Spot-Check Measurement 0x2A5E.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerOximeter {
    /// Oxygen saturation in percent.
    pub saturation_percent: DmledgerNumber,
    /// Pulse per minute.
    pub pulse: DmledgerNumber,
    /// Pulse amplitude index in percent.
    pub pulse_amplitude_percent: DmledgerNumber,
    /// Device and sensor status bits.
    pub device_status: u32,
    /// The device's time of the measurement.
    pub time: DmledgerDateTime,
    /// Measurement status bits.
    pub status: u16,
    /// 1 when the device's clock was never set: its time means nothing.
    pub clock_not_set: u8,
    /// Whether there is a time.
    pub has_time: u8,
    /// Whether there is a measurement status.
    pub has_status: u8,
    /// Whether there is a device and sensor status.
    pub has_device_status: u8,
    /// Whether there is a pulse amplitude index.
    pub has_pulse_amplitude: u8,
}

impl From<&PlxSpotCheck> for DmledgerOximeter {
    fn from(value: &PlxSpotCheck) -> Self {
        let (has_time, time) = time(value.taken());
        let (has_status, status) = field(value.status().map(PlxMeasurementStatus::bits));
        let (has_device_status, device_status) = field(value.device_status().map(PlxDeviceStatus::bits));
        let (has_pulse_amplitude, pulse_amplitude_percent) = number(value.pulse_amplitude());
        Self {
            saturation_percent: value.saturation().percent().into(),
            pulse: value.saturation().pulse().into(),
            pulse_amplitude_percent,
            device_status,
            time,
            status,
            clock_not_set: (value.clock() == DeviceClock::NotSet).into(),
            has_time,
            has_status,
            has_device_status,
            has_pulse_amplitude,
        }
    }
}

/// Reads a PLX Spot-Check Measurement 0x2A5E, 5 to 19 octets.
///
/// # Safety
/// `bytes` points to `length` octets, `out` to a writable struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_oximeter_decode(
    bytes: *const u8,
    length: usize,
    out: *mut DmledgerOximeter,
) -> DmledgerStatus {
    guarded(|| {
        // SAFETY: `bytes` and `length` are as the caller of this function promises.
        let value = PlxSpotCheck::decode(unsafe { memory::octets(bytes, length) }?)?;
        // SAFETY: `out` is as the caller of this function promises.
        unsafe { memory::put(out, (&value).into()) }
    })
}
