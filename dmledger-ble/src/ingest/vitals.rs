//! Readings of sensors, cuffs, bands, oximeters, scales and thermometers.

use dmledger_core::record::quantity::{
    BloodPressure, Glucose, GlucoseUnit, HeartRate, Measurement, PressureUnit as LedgerPressure, Quantity, Vital,
    VitalSign, millionths,
};
use dmledger_core::record::{DataKind, Provenance, Quality, Reading, SourceFormat, ZoneOffset};
use dmledger_core::time::Timestamp;

use super::{Device, DeviceClock, IngestError, plausibility, reading, statement};
use crate::codec::Characteristic;
use crate::codec::blood_pressure::{BloodPressureMeasurement, BloodPressureStatus, PressureUnit};
use crate::codec::cgm::{CgmAnnunciation, SessionStartTime};
use crate::codec::medfloat::{Decimal, Sfloat, Value};
use crate::codec::plx::{PlxContinuous, PlxDeviceStatus, PlxMeasurementStatus, PlxSpotCheck, Saturation};
use crate::codec::thermometer::{TemperatureMeasurement, TemperatureUnit};
use crate::codec::uuid::{CGM_MEASUREMENT, HEART_RATE_MEASUREMENT};
use crate::codec::weight::{WeightMeasurement, WeightUnits};
use crate::procedure::blood_pressure::Measured;
use crate::procedure::cgm_session::CgmReading;
use crate::procedure::heart_rate::Beat;
use crate::procedure::stream::Sample;

/// Makes a reading from a sensor's measurement that the gateway received at `received`.
///
/// Its number is the minute of the session, its time the start of the session and that minute.
///
/// # Errors
/// [`IngestError::NoSession`] when the sensor does not say when its session began, else why it is no reading.
pub fn cgm(from: &CgmReading, device: &Device, received: Timestamp) -> Result<Reading, IngestError> {
    let measurement = from.measurement();
    let start = from.session().ok_or(IngestError::NoSession)?;
    let wall = start.start().wall_seconds()?.value();
    let base_time = Timestamp::from_seconds(wall.saturating_add(60 * i64::from(measurement.minutes())));
    let clock = DeviceClock { base_time, time_offset: None, zone: zone(&start) };
    let status = measurement.annunciation();
    let measured = match measurement.glucose_mg_per_dl().value() {
        _ if status.contains(CgmAnnunciation::RESULT_TOO_LOW) => Measurement::BelowRange,
        _ if status.contains(CgmAnnunciation::RESULT_TOO_HIGH) => Measurement::AboveRange,
        Value::Special(special) => statement(special),
        Value::Number(number) => {
            Glucose::from_decimal(number.mantissa(), number.exponent(), GlucoseUnit::MgPerDl)?.into()
        }
    };
    let kind = DataKind::ContinuousGlucose;
    let mut quality = plausibility(&measured, kind);
    if status.bits() & CGM_FAULTS.bits() != 0 {
        quality = quality.with(Quality::DEVICE_FAULT);
    }
    let raw = [(CGM_MEASUREMENT, from.raw())];
    let format = SourceFormat::BluetoothCgm;
    reading(kind, measured, quality, device.provenance(format, measurement.minutes().into(), clock, received, &raw))
}

/// The zone a sensor states, daylight saving included.
fn zone(start: &SessionStartTime) -> Option<ZoneOffset> {
    let daylight = i16::try_from(start.daylight_minutes().unwrap_or(0)).ok()?;
    ZoneOffset::from_minutes(start.zone_minutes()?.saturating_add(daylight)).ok()
}

/// Makes a reading from a cuff's measurement. Without a time of its own it was taken when it was received.
///
/// # Errors
/// Why it is no reading; a pressure that is no number makes one without a result.
pub fn blood_pressure(
    from: &Measured<BloodPressureMeasurement>,
    device: &Device,
    received: Timestamp,
) -> Result<Reading, IngestError> {
    let value = from.value();
    let pressures = value.pressures();
    let unit = match pressures.unit() {
        PressureUnit::MillimetreOfMercury => LedgerPressure::MmHg,
        PressureUnit::Kilopascal => LedgerPressure::KPa,
    };
    let measured = match (exact(pressures.systolic())?, exact(pressures.diastolic())?) {
        (Some(systolic), Some(diastolic)) => {
            let mut pressure = BloodPressure::from_millionths(systolic, diastolic, unit)?;
            if let Some(mean) = exact(pressures.mean_arterial())? {
                pressure = pressure.with_mean_arterial(mean)?;
            }
            if let Some(pulse) = value.pulse().map(exact).transpose()?.flatten() {
                pressure = pressure.with_pulse(pulse)?;
            }
            Quantity::BloodPressure(pressure).into()
        }
        _ => Measurement::NoValue,
    };
    let doubts = BloodPressureStatus::BODY_MOVEMENT
        .union(BloodPressureStatus::CUFF_TOO_LOOSE)
        .union(BloodPressureStatus::IMPROPER_POSITION);
    let mut quality = plausibility(&measured, DataKind::BloodPressure);
    if value.status().is_some_and(|status| status.bits() & doubts.bits() != 0) {
        quality = quality.with(Quality::DEVICE_FAULT);
    }
    let clock = DeviceClock::stated_or_received(value.taken(), received)?;
    let raw = [(BloodPressureMeasurement::UUID, from.raw())];
    let provenance = device.provenance(SourceFormat::BluetoothBloodPressure, 0, clock, received, &raw);
    reading(DataKind::BloodPressure, measured, quality, provenance)
}

/// Makes a reading from one measurement of a stream, the `number`-th of the host's count, taken when it was received.
///
/// # Errors
/// Why it is no reading; a rate of zero makes one without a result.
pub fn heart_rate(from: &Beat, number: u32, device: &Device, received: Timestamp) -> Result<Reading, IngestError> {
    let value = from.measurement();
    let sum = value.intervals().iter().map(|interval| u32::from(*interval)).sum::<u32>();
    let count = u8::try_from(value.intervals().len()).map_err(|_| IngestError::Overflow)?;
    let measured = match value.rate().value() {
        0 => Measurement::NoValue,
        rate => Quantity::HeartRate(HeartRate::from_per_minute(rate)?.with_intervals(count, sum)).into(),
    };
    let kind = DataKind::HeartRate;
    let mut quality = plausibility(&measured, kind);
    if value.contact() == crate::codec::heart_rate::Contact::Missing {
        quality = quality.with(Quality::DEVICE_FAULT);
    }
    let raw = [(HEART_RATE_MEASUREMENT, from.raw())];
    let clock = DeviceClock::none(received);
    let provenance = device.provenance(SourceFormat::BluetoothHeartRate, number, clock, received, &raw);
    reading(kind, measured, quality, provenance)
}

/// Makes a reading of oxygen saturation from a spot check.
///
/// # Errors
/// Why it is no reading.
pub fn oxygen(from: &Measured<PlxSpotCheck>, device: &Device, received: Timestamp) -> Result<Reading, IngestError> {
    let value = from.value();
    let set = value.clock() == crate::codec::plx::DeviceClock::Set;
    let clock = DeviceClock::stated_or_received(value.taken().filter(|_| set), received)?;
    let raw = [(PlxSpotCheck::UUID, from.raw())];
    let provenance = device.provenance(SourceFormat::BluetoothPulseOximeter, 0, clock, received, &raw);
    saturation(value.saturation(), value.status(), value.device_status(), provenance)
}

/// Makes a reading of oxygen saturation, at the normal rate of averaging, from one measurement of a stream, the
/// `number`-th of the host's count, taken when it was received.
///
/// # Errors
/// Why it is no reading.
pub fn oxygen_sample(
    from: &Sample<PlxContinuous>,
    number: u32,
    device: &Device,
    received: Timestamp,
) -> Result<Reading, IngestError> {
    let value = from.measurement();
    let raw = [(PlxContinuous::UUID, from.raw())];
    let clock = DeviceClock::none(received);
    let provenance = device.provenance(SourceFormat::BluetoothPulseOximeter, number, clock, received, &raw);
    saturation(value.normal(), value.status(), value.device_status(), provenance)
}

fn saturation(
    saturation: Saturation,
    status: Option<PlxMeasurementStatus>,
    device_status: Option<PlxDeviceStatus>,
    provenance: Provenance,
) -> Result<Reading, IngestError> {
    let unavailable = status.is_some_and(|status| status.contains(PlxMeasurementStatus::UNAVAILABLE));
    let number = saturation.percent().value().number().filter(|_| !unavailable);
    let doubted = status.is_some_and(|status| status.bits() & PLX_DOUBTS.bits() != 0)
        || device_status.is_some_and(|status| status.bits() & PLX_FAULTS.bits() != 0);
    vital(number, VitalSign::OxygenSaturation, if doubted { Quality::DEVICE_FAULT } else { Quality::GOOD }, provenance)
}

/// Makes a reading of body mass from a scale's measurement.
///
/// # Errors
/// Why it is no reading; an unsuccessful measurement makes one without a result.
pub fn weight(
    from: &Measured<WeightMeasurement>,
    device: &Device,
    received: Timestamp,
) -> Result<Reading, IngestError> {
    let sign = match from.value().units() {
        WeightUnits::Metric => VitalSign::MassKilograms,
        WeightUnits::Imperial => VitalSign::MassPounds,
    };
    let clock = DeviceClock::stated_or_received(from.value().taken(), received)?;
    let raw = [(WeightMeasurement::UUID, from.raw())];
    let provenance = device.provenance(SourceFormat::BluetoothWeight, 0, clock, received, &raw);
    vital(from.value().weight(), sign, Quality::GOOD, provenance)
}

/// Makes a reading of body temperature from a thermometer's measurement.
///
/// # Errors
/// Why it is no reading.
pub fn temperature(
    from: &Measured<TemperatureMeasurement>,
    device: &Device,
    received: Timestamp,
) -> Result<Reading, IngestError> {
    let sign = match from.value().unit() {
        TemperatureUnit::Celsius => VitalSign::TemperatureCelsius,
        TemperatureUnit::Fahrenheit => VitalSign::TemperatureFahrenheit,
    };
    let clock = DeviceClock::stated_or_received(from.value().taken(), received)?;
    let raw = [(TemperatureMeasurement::UUID, from.raw())];
    let provenance = device.provenance(SourceFormat::BluetoothThermometer, 0, clock, received, &raw);
    vital(from.value().temperature().value().number(), sign, Quality::GOOD, provenance)
}

fn vital(
    number: Option<Decimal>,
    sign: VitalSign,
    doubt: Quality,
    provenance: Provenance,
) -> Result<Reading, IngestError> {
    let measured = match number {
        Some(number) => Quantity::Vital(Vital::from_decimal(number.mantissa(), number.exponent(), sign)?).into(),
        None => Measurement::NoValue,
    };
    let kind = DataKind::VitalSigns;
    reading(kind, measured, plausibility(&measured, kind).with(doubt), provenance)
}

/// Millionths of a number; `None` if it is none.
fn exact(number: Sfloat) -> Result<Option<u32>, IngestError> {
    Ok(number.value().number().map(|number| millionths(number.mantissa(), number.exponent())).transpose()?)
}

/// Status bits that cast doubt on the result itself.
const CGM_FAULTS: CgmAnnunciation = CgmAnnunciation::SENSOR_TYPE_INCORRECT
    .union(CgmAnnunciation::SENSOR_MALFUNCTION)
    .union(CgmAnnunciation::GENERAL_FAULT)
    .union(CgmAnnunciation::TEMPERATURE_TOO_HIGH)
    .union(CgmAnnunciation::TEMPERATURE_TOO_LOW);
/// What an oximeter says of a measurement that is not, or not surely, the wearer's saturation.
const PLX_DOUBTS: PlxMeasurementStatus = PlxMeasurementStatus::DEMONSTRATION
    .union(PlxMeasurementStatus::TESTING)
    .union(PlxMeasurementStatus::CALIBRATING)
    .union(PlxMeasurementStatus::QUESTIONABLE)
    .union(PlxMeasurementStatus::INVALID);
/// What it says of itself then.
const PLX_FAULTS: PlxDeviceStatus = PlxDeviceStatus::EQUIPMENT_MALFUNCTION
    .union(PlxDeviceStatus::INADEQUATE_SIGNAL)
    .union(PlxDeviceStatus::SENSOR_UNCONNECTED_TO_USER)
    .union(PlxDeviceStatus::UNKNOWN_SENSOR)
    .union(PlxDeviceStatus::SENSOR_DISPLACED)
    .union(PlxDeviceStatus::SENSOR_MALFUNCTION)
    .union(PlxDeviceStatus::SENSOR_DISCONNECTED);

#[cfg(all(test, feature = "sim"))]
mod tests;
