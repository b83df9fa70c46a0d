//! Every characteristic of the crate by its number: name, service, decoder.
//!
//! ```
//! use dmledger_ble::codec::crc::E2eCrc;
//! use dmledger_ble::codec::registry::{self, Decoded};
//! use dmledger_ble::codec::uuid::BATTERY_LEVEL;
//!
//! let Ok(Decoded::BatteryLevel(level)) = registry::decode(BATTERY_LEVEL, &[87], E2eCrc::Absent) else { panic!() };
//! assert_eq!(level.percent(), 87);
//! assert_eq!(registry::entry(BATTERY_LEVEL).map(|entry| entry.name()), Some("Battery Level"));
//! ```

use thiserror::Error;

use super::Characteristic;
use super::blood_pressure::{BloodPressureFeature, BloodPressureMeasurement, IntermediateCuffPressure};
use super::capture::{CAMERA_SERVICE, Manifest};
use super::cgm::{
    CgmFeatures, CgmMeasurement, CgmStatus, CheckedCharacteristic, SessionRunTime, SessionStartTime, SpecificOperation,
};
use super::crc::E2eCrc;
use super::device::{
    BatteryLevel, CurrentTime, FirmwareRevision, HardwareRevision, ManufacturerName, ModelNumber, PnpId, SerialNumber,
    SoftwareRevision, SystemId,
};
use super::exact::{EXACT_GLUCOSE_SERVICE, ExactGlucose};
use super::glucose::{GlucoseFeature, GlucoseMeasurement, GlucoseMeasurementContext};
use super::heart_rate::{BodySensorLocation, HeartRateMeasurement};
use super::plx::{PlxContinuous, PlxFeatures, PlxSpotCheck};
use super::racp;
use super::sleep::{NIGHT_SERVICE, Night, SleepInstant, SleepSummary};
use super::thermometer::{TemperatureMeasurement, TemperatureType};
use super::uuid::{self, Uuid};
use super::weight::{WeightMeasurement, WeightScaleFeature};
use crate::error::DecodeError;

/// Why a value has no meaning here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// No decoder for this characteristic.
    #[error("no decoder for characteristic {0}")]
    Unknown(Uuid),
    /// The decoder refuses the octets.
    #[error(transparent)]
    Refused(#[from] DecodeError),
}

/// One characteristic of the registry.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    uuid: Uuid,
    service: Uuid,
    name: &'static str,
    decode: fn(&[u8], E2eCrc) -> Result<Decoded, DecodeError>,
}

impl Entry {
    /// The characteristic.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// The service that has it; a record access control point may be in several.
    #[must_use]
    pub const fn service(&self) -> Uuid {
        self.service
    }

    /// Its name in the specification.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Reads a value. `crc` matters to the continuous glucose service alone.
    ///
    /// # Errors
    /// [`DecodeError`] when the octets are no such value.
    pub fn decode(&self, bytes: &[u8], crc: E2eCrc) -> Result<Decoded, DecodeError> {
        (self.decode)(bytes, crc)
    }
}

/// The entry of a characteristic.
#[must_use]
pub fn entry(characteristic: Uuid) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.uuid == characteristic)
}

/// Reads a value of any characteristic of the registry.
///
/// # Errors
/// [`RegistryError`] when there is no decoder, or it refuses the octets.
pub fn decode(characteristic: Uuid, bytes: &[u8], crc: E2eCrc) -> Result<Decoded, RegistryError> {
    let entry = entry(characteristic).ok_or(RegistryError::Unknown(characteristic))?;
    Ok(entry.decode(bytes, crc)?)
}

macro_rules! registry {
    ($( $variant:ident($value:ty) = $number:expr, $service:expr, $name:literal, $decode:expr; )*) => {
        /// A value of any characteristic of the registry.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Decoded {
            $( #[doc = $name] $variant($value), )*
        }

        /// Every characteristic.
        pub const ENTRIES: &[Entry] = &[
            $( Entry {
                uuid: $number,
                service: $service,
                name: $name,
                decode: |bytes, crc| $decode(bytes, crc).map(Decoded::$variant),
            }, )*
        ];
    };
}

fn plain<C: Characteristic>(bytes: &[u8], _crc: E2eCrc) -> Result<C, DecodeError> {
    C::decode(bytes)
}

fn checked<C: CheckedCharacteristic>(bytes: &[u8], crc: E2eCrc) -> Result<C, DecodeError> {
    C::decode(bytes, crc)
}

/// A value of a control point, in either direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "to the device or from it")]
pub enum RecordAccess {
    /// Written by a collector.
    Request(racp::Request),
    /// Indicated by a device.
    Response(racp::Response),
}

fn record_access(bytes: &[u8], _crc: E2eCrc) -> Result<RecordAccess, DecodeError> {
    match racp::Response::decode(bytes) {
        Err(DecodeError::UnknownOpCode(_)) => racp::Request::decode(bytes).map(RecordAccess::Request),
        response => response.map(RecordAccess::Response),
    }
}

fn features(bytes: &[u8], _crc: E2eCrc) -> Result<CgmFeatures, DecodeError> {
    CgmFeatures::decode(bytes)
}

registry! {
    BatteryLevel(BatteryLevel) = uuid::BATTERY_LEVEL, uuid::BATTERY_SERVICE, "Battery Level", plain;
    BloodPressureFeature(BloodPressureFeature) = uuid::BLOOD_PRESSURE_FEATURE, uuid::BLOOD_PRESSURE_SERVICE, "Blood Pressure Feature", plain;
    BloodPressureMeasurement(BloodPressureMeasurement) = uuid::BLOOD_PRESSURE_MEASUREMENT, uuid::BLOOD_PRESSURE_SERVICE, "Blood Pressure Measurement", plain;
    BodySensorLocation(BodySensorLocation) = uuid::BODY_SENSOR_LOCATION, uuid::HEART_RATE_SERVICE, "Body Sensor Location", plain;
    CameraManifest(Manifest) = Manifest::UUID, CAMERA_SERVICE, "Camera Manifest", plain;
    CgmFeature(CgmFeatures) = uuid::CGM_FEATURE, uuid::CGM_SERVICE, "CGM Feature", features;
    CgmMeasurement(CgmMeasurement) = uuid::CGM_MEASUREMENT, uuid::CGM_SERVICE, "CGM Measurement", checked;
    CgmSessionRunTime(SessionRunTime) = uuid::CGM_SESSION_RUN_TIME, uuid::CGM_SERVICE, "CGM Session Run Time", checked;
    CgmSessionStartTime(SessionStartTime) = uuid::CGM_SESSION_START_TIME, uuid::CGM_SERVICE, "CGM Session Start Time", checked;
    CgmSpecificOperation(SpecificOperation) = uuid::CGM_SPECIFIC_OPS_CONTROL_POINT, uuid::CGM_SERVICE, "CGM Specific Ops Control Point", checked;
    CgmStatus(CgmStatus) = uuid::CGM_STATUS, uuid::CGM_SERVICE, "CGM Status", checked;
    CurrentTime(CurrentTime) = uuid::CURRENT_TIME, uuid::CURRENT_TIME_SERVICE, "Current Time", plain;
    ExactGlucose(ExactGlucose) = ExactGlucose::UUID, EXACT_GLUCOSE_SERVICE, "Exact Glucose", plain;
    FirmwareRevision(FirmwareRevision) = uuid::FIRMWARE_REVISION, uuid::DEVICE_INFORMATION_SERVICE, "Firmware Revision String", plain;
    GlucoseFeature(GlucoseFeature) = uuid::GLUCOSE_FEATURE, uuid::GLUCOSE_SERVICE, "Glucose Feature", plain;
    GlucoseMeasurement(GlucoseMeasurement) = uuid::GLUCOSE_MEASUREMENT, uuid::GLUCOSE_SERVICE, "Glucose Measurement", plain;
    GlucoseMeasurementContext(GlucoseMeasurementContext) = uuid::GLUCOSE_MEASUREMENT_CONTEXT, uuid::GLUCOSE_SERVICE, "Glucose Measurement Context", plain;
    HardwareRevision(HardwareRevision) = uuid::HARDWARE_REVISION, uuid::DEVICE_INFORMATION_SERVICE, "Hardware Revision String", plain;
    HeartRateMeasurement(HeartRateMeasurement) = uuid::HEART_RATE_MEASUREMENT, uuid::HEART_RATE_SERVICE, "Heart Rate Measurement", plain;
    IntermediateCuffPressure(IntermediateCuffPressure) = uuid::INTERMEDIATE_CUFF_PRESSURE, uuid::BLOOD_PRESSURE_SERVICE, "Intermediate Cuff Pressure", plain;
    IntermediateTemperature(TemperatureMeasurement) = uuid::INTERMEDIATE_TEMPERATURE, uuid::HEALTH_THERMOMETER_SERVICE, "Intermediate Temperature", plain;
    ManufacturerName(ManufacturerName) = uuid::MANUFACTURER_NAME, uuid::DEVICE_INFORMATION_SERVICE, "Manufacturer Name String", plain;
    ModelNumber(ModelNumber) = uuid::MODEL_NUMBER, uuid::DEVICE_INFORMATION_SERVICE, "Model Number String", plain;
    Night(Night) = Night::UUID, NIGHT_SERVICE, "Night", plain;
    PlxContinuous(PlxContinuous) = uuid::PLX_CONTINUOUS, uuid::PULSE_OXIMETER_SERVICE, "PLX Continuous Measurement", plain;
    PlxFeatures(PlxFeatures) = uuid::PLX_FEATURES, uuid::PULSE_OXIMETER_SERVICE, "PLX Features", plain;
    PlxSpotCheck(PlxSpotCheck) = uuid::PLX_SPOT_CHECK, uuid::PULSE_OXIMETER_SERVICE, "PLX Spot-Check Measurement", plain;
    PnpId(PnpId) = uuid::PNP_ID, uuid::DEVICE_INFORMATION_SERVICE, "PnP ID", plain;
    RecordAccess(RecordAccess) = uuid::RECORD_ACCESS_CONTROL_POINT, uuid::GLUCOSE_SERVICE, "Record Access Control Point", record_access;
    SerialNumber(SerialNumber) = uuid::SERIAL_NUMBER, uuid::DEVICE_INFORMATION_SERVICE, "Serial Number String", plain;
    SleepInstant(SleepInstant) = uuid::SLEEP_INSTANT, uuid::PHYSICAL_ACTIVITY_MONITOR_SERVICE, "Sleep Activity Instantaneous Data", plain;
    SleepSummary(SleepSummary) = uuid::SLEEP_SUMMARY, uuid::PHYSICAL_ACTIVITY_MONITOR_SERVICE, "Sleep Activity Summary Data", plain;
    SoftwareRevision(SoftwareRevision) = uuid::SOFTWARE_REVISION, uuid::DEVICE_INFORMATION_SERVICE, "Software Revision String", plain;
    SystemId(SystemId) = uuid::SYSTEM_ID, uuid::DEVICE_INFORMATION_SERVICE, "System ID", plain;
    TemperatureMeasurement(TemperatureMeasurement) = uuid::TEMPERATURE_MEASUREMENT, uuid::HEALTH_THERMOMETER_SERVICE, "Temperature Measurement", plain;
    TemperatureType(TemperatureType) = uuid::TEMPERATURE_TYPE, uuid::HEALTH_THERMOMETER_SERVICE, "Temperature Type", plain;
    WeightMeasurement(WeightMeasurement) = uuid::WEIGHT_MEASUREMENT, uuid::WEIGHT_SCALE_SERVICE, "Weight Measurement", plain;
    WeightScaleFeature(WeightScaleFeature) = uuid::WEIGHT_SCALE_FEATURE, uuid::WEIGHT_SCALE_SERVICE, "Weight Scale Feature", plain;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_and_name_stands_once() {
        for (position, entry) in ENTRIES.iter().enumerate() {
            let behind = ENTRIES.get(position + 1..).unwrap_or_default();
            assert!(behind.iter().all(|other| other.uuid() != entry.uuid() && other.name() != entry.name()));
            assert_eq!(super::entry(entry.uuid()).map(Entry::name), Some(entry.name()));
            // only a text can be empty, and none of them is 600 octets long without reserved flags
            assert_eq!(entry.decode(&[], E2eCrc::Absent).is_ok(), entry.name().ends_with("String"), "{}", entry.name());
            assert!(entry.decode(&[0; 600], E2eCrc::Absent).is_err() || entry.name().ends_with("String"));
        }
    }

    #[test]
    fn a_value_goes_to_the_decoder_of_its_number() {
        let decoded = decode(uuid::HEART_RATE_MEASUREMENT, &[0, 61], E2eCrc::Absent);
        assert!(matches!(decoded, Ok(Decoded::HeartRateMeasurement(value)) if value.rate().value() == 61));
        let request = decode(uuid::RECORD_ACCESS_CONTROL_POINT, &[1, 1], E2eCrc::Absent);
        assert!(matches!(request, Ok(Decoded::RecordAccess(RecordAccess::Request(_)))));
        let response = decode(uuid::RECORD_ACCESS_CONTROL_POINT, &[5, 0, 1, 0], E2eCrc::Absent);
        assert!(matches!(response, Ok(Decoded::RecordAccess(RecordAccess::Response(racp::Response::Number(1))))));
        let unknown = Uuid::assigned(0x2A00);
        assert_eq!(decode(unknown, &[], E2eCrc::Absent), Err(RegistryError::Unknown(unknown)));
        // with the check in use, a status without one is refused
        assert!(decode(uuid::CGM_STATUS, &[1, 0, 0, 0, 0], E2eCrc::Absent).is_ok());
        assert!(decode(uuid::CGM_STATUS, &[1, 0, 0, 0, 0], E2eCrc::Present).is_err());
    }
}
