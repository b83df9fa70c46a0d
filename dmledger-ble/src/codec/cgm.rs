//! Continuous Glucose Monitoring service 0x181F: measurement, feature, status, session and specific operations.
//!
//! Whether values end in an E2E-CRC is a property of the device ([`CgmFeature::E2E_CRC`]), so every decoder here takes
//! an [`E2eCrc`]. With it, a wrong check is an error and never a value.

mod operations;
mod session;

pub use operations::{Alert, Calibration, OperationCode, OperationResponse, SpecificOperation};
pub use session::{CgmFeatures, CgmStatus, SessionRunTime, SessionStartTime};

use super::crc::{E2eCrc, e2e_crc, strip_e2e_crc};
use super::cursor::{Reader, Remainder, Writer};
use super::layout::{codes, flags, record};
use super::medfloat::Sfloat;
use super::uuid::{self, Uuid};
use crate::error::{DecodeError, EncodeError};

/// The value of a characteristic that may end in an E2E-CRC.
pub trait CheckedCharacteristic: Sized {
    /// The characteristic's type.
    const UUID: Uuid;

    /// Octets of the longest value, check included.
    const MAX_BYTES: usize;

    /// Reads a whole attribute value.
    ///
    /// # Errors
    /// [`DecodeError::BadCrc`] when the check fails, else [`DecodeError`] when the octets are no such value.
    fn decode(bytes: &[u8], crc: E2eCrc) -> Result<Self, DecodeError>;

    /// Writes the attribute value to the front of `buffer` and returns that part.
    ///
    /// # Errors
    /// [`EncodeError`] when it does not fit or cannot be expressed.
    fn encode<'b>(&self, crc: E2eCrc, buffer: &'b mut [u8]) -> Result<&'b [u8], EncodeError>;
}

/// Cuts and verifies the check where there is one.
fn checked(bytes: &[u8], crc: E2eCrc) -> Result<&[u8], DecodeError> {
    match crc {
        E2eCrc::Present => strip_e2e_crc(bytes),
        E2eCrc::Absent => Ok(bytes),
    }
}

/// Appends the check where there is one.
fn seal<'b>(mut out: Writer<'b>, crc: E2eCrc) -> Result<&'b [u8], EncodeError> {
    if crc == E2eCrc::Present {
        let check = e2e_crc(out.written());
        out.u16(check)?;
    }
    Ok(out.finish())
}

flags! {
    /// Sensor Status Annunciation, 24 bits in three octets: status, calibration and temperature, warning.
    pub struct CgmAnnunciation(u32) {
        /// Session stopped.
        SESSION_STOPPED = 0;
        /// Device battery low.
        BATTERY_LOW = 1;
        /// Sensor type incorrect for the device.
        SENSOR_TYPE_INCORRECT = 2;
        /// Sensor malfunction.
        SENSOR_MALFUNCTION = 3;
        /// Device specific alert.
        DEVICE_ALERT = 4;
        /// General device fault.
        GENERAL_FAULT = 5;
        /// Time synchronisation between sensor and collector required.
        TIME_SYNC_REQUIRED = 8;
        /// Calibration not allowed.
        CALIBRATION_NOT_ALLOWED = 9;
        /// Calibration recommended.
        CALIBRATION_RECOMMENDED = 10;
        /// Calibration required.
        CALIBRATION_REQUIRED = 11;
        /// Sensor temperature too high for a valid result.
        TEMPERATURE_TOO_HIGH = 12;
        /// Sensor temperature too low for a valid result.
        TEMPERATURE_TOO_LOW = 13;
        /// Result below the patient's low level.
        BELOW_PATIENT_LOW = 16;
        /// Result above the patient's high level.
        ABOVE_PATIENT_HIGH = 17;
        /// Result below the hypoglycaemia level.
        BELOW_HYPO = 18;
        /// Result above the hyperglycaemia level.
        ABOVE_HYPER = 19;
        /// Rate of decrease exceeded.
        FALLING_FAST = 20;
        /// Rate of increase exceeded.
        RISING_FAST = 21;
        /// Result lower than the device can process.
        RESULT_TOO_LOW = 22;
        /// Result higher than the device can process.
        RESULT_TOO_HIGH = 23;
    }
}

codes! {
    /// Sample location of a sensor (high half of the type and location octet).
    pub struct CgmSampleLocation {
        /// Finger.
        FINGER = 1;
        /// Alternate site test.
        ALTERNATE_SITE = 2;
        /// Earlobe.
        EARLOBE = 3;
        /// Control solution.
        CONTROL_SOLUTION = 4;
        /// Subcutaneous tissue.
        SUBCUTANEOUS = 5;
        /// The device does not know.
        NOT_AVAILABLE = 15;
    }
}

flags! {
    /// Which of the three annunciation octets a measurement carries.
    pub struct AnnunciationOctets(u8) {
        /// The warning octet.
        WARNING = 5;
        /// The calibration and temperature octet.
        CALIBRATION = 6;
        /// The status octet.
        STATUS = 7;
    }
}

record! {
    /// One CGM Measurement record of 0x2AA7, 6 to 15 octets; several may share one attribute value.
    pub struct CgmMeasurement {
        required {
            /// Concentration in mg/dL.
            glucose_mg_per_dl: Sfloat,
            /// Minutes since the session began.
            minutes: u16,
            /// Sensor status; octets that are not carried are zero.
            annunciation: CgmAnnunciation,
            /// Which octets of the status are carried.
            carried: AnnunciationOctets,
        }
        optional {
            /// Trend in mg/dL per minute.
            trend / with_trend: Sfloat,
            /// Quality in percent.
            quality / with_quality: Sfloat,
        }
    }
}

impl CgmMeasurement {
    /// Octets of the record without a check.
    fn length(&self) -> u8 {
        let octet = |present: bool, octets: u8| if present { octets } else { 0 };
        let carried = |octets| octet(self.carried.contains(octets), 1);
        6 + carried(AnnunciationOctets::STATUS)
            + carried(AnnunciationOctets::CALIBRATION)
            + carried(AnnunciationOctets::WARNING)
            + octet(self.trend.is_some(), 2)
            + octet(self.quality.is_some(), 2)
    }
}

impl CheckedCharacteristic for CgmMeasurement {
    const UUID: Uuid = uuid::CGM_MEASUREMENT;
    const MAX_BYTES: usize = 15;

    /// Reads a value with exactly one record; [`measurements`] reads any number.
    fn decode(bytes: &[u8], crc: E2eCrc) -> Result<Self, DecodeError> {
        let content = checked(bytes, crc)?;
        let mut input = Reader::new(content);
        let (size, flags) = (input.u8()?, input.u8()?);
        if usize::from(size) != bytes.len() {
            return Err(DecodeError::WrongLength { stated: size });
        }
        let glucose_mg_per_dl = Sfloat::from_bits(input.u16()?);
        let minutes = input.u16()?;
        let carried = AnnunciationOctets::from_bits(flags & AnnunciationOctets::KNOWN.bits());
        let mut octet = |octets, shift: u32| -> Result<u32, DecodeError> {
            Ok(u32::from(input.when(carried.contains(octets), Reader::u8)?.unwrap_or(0)) << shift)
        };
        let annunciation = octet(AnnunciationOctets::STATUS, 0)?
            | octet(AnnunciationOctets::CALIBRATION, 8)?
            | octet(AnnunciationOctets::WARNING, 16)?;
        let annunciation = CgmAnnunciation::from_bits(annunciation);
        let trend = input.when(flags & TREND != 0, Reader::u16)?.map(Sfloat::from_bits);
        let quality = input.when(flags & QUALITY != 0, Reader::u16)?.map(Sfloat::from_bits);
        input.finish(Remainder::of_reserved((flags & RESERVED).into()))?;
        Ok(Self { glucose_mg_per_dl, minutes, annunciation, carried, trend, quality })
    }

    fn encode<'b>(&self, crc: E2eCrc, buffer: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
        let set = |present: bool, flag: u8| if present { flag } else { 0 };
        let mut out = Writer::new(buffer);
        out.u8(self.length() + if crc == E2eCrc::Present { 2 } else { 0 })?;
        out.u8(self.carried.bits() & AnnunciationOctets::KNOWN.bits()
            | set(self.trend.is_some(), TREND)
            | set(self.quality.is_some(), QUALITY))?;
        out.u16(self.glucose_mg_per_dl.to_bits())?;
        out.u16(self.minutes)?;
        let [status, calibration, warning, _] = self.annunciation.bits().to_le_bytes();
        for (octets, octet) in [
            (AnnunciationOctets::STATUS, status),
            (AnnunciationOctets::CALIBRATION, calibration),
            (AnnunciationOctets::WARNING, warning),
        ] {
            match self.carried.contains(octets) {
                true => out.u8(octet)?,
                false if octet != 0 => return Err(EncodeError::Contradiction { field: "sensor status annunciation" }),
                false => {}
            }
        }
        for number in [self.trend, self.quality].into_iter().flatten() {
            out.u16(number.to_bits())?;
        }
        seal(out, crc)
    }
}

/// The records of one CGM Measurement value, in order; ends after the first error.
#[must_use]
pub const fn measurements(bytes: &[u8], crc: E2eCrc) -> Measurements<'_> {
    Measurements { rest: bytes, crc }
}

/// Iterator over the records of one CGM Measurement value.
#[derive(Clone, Debug)]
pub struct Measurements<'a> {
    rest: &'a [u8],
    crc: E2eCrc,
}

impl Iterator for Measurements<'_> {
    type Item = Result<CgmMeasurement, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (size, _) = self.rest.split_first()?;
        // A size of zero would never end.
        let record = match self.rest.split_at_checked(usize::from(*size).max(1)) {
            Some((record, rest)) => {
                self.rest = rest;
                CgmMeasurement::decode(record, self.crc)
            }
            None => Err(DecodeError::TooShort { needed: usize::from(*size), have: self.rest.len() }),
        };
        if record.is_err() {
            self.rest = &[];
        }
        Some(record)
    }
}

flags! {
    /// CGM Feature, 24 bits of 0x2AA8.
    pub struct CgmFeature(u32) {
        /// Calibration.
        CALIBRATION = 0;
        /// Patient high and low alerts.
        PATIENT_ALERTS = 1;
        /// Hypoglycaemia alerts.
        HYPO_ALERTS = 2;
        /// Hyperglycaemia alerts.
        HYPER_ALERTS = 3;
        /// Rate of increase and decrease alerts.
        RATE_ALERTS = 4;
        /// Device specific alert.
        DEVICE_ALERT = 5;
        /// Sensor malfunction detection.
        SENSOR_MALFUNCTION = 6;
        /// Sensor temperature high-low detection.
        TEMPERATURE_HIGH_LOW = 7;
        /// Sensor result high-low detection.
        RESULT_HIGH_LOW = 8;
        /// Low battery detection.
        LOW_BATTERY = 9;
        /// Sensor type error detection.
        SENSOR_TYPE_ERROR = 10;
        /// General device fault.
        GENERAL_FAULT = 11;
        /// Values end in an E2E-CRC.
        E2E_CRC = 12;
        /// Multiple bonds.
        MULTIPLE_BOND = 13;
        /// Multiple sessions.
        MULTIPLE_SESSIONS = 14;
        /// Trend information.
        TREND = 15;
        /// Quality.
        QUALITY = 16;
    }
}

const TREND: u8 = 1;
const QUALITY: u8 = 1 << 1;
const RESERVED: u8 = 0b0001_1100;

#[cfg(test)]
mod tests;
