//! CGM Specific Ops Control Point 0x2AAC: intervals, calibration, alert levels, start and stop of a session.

use super::{CgmSampleLocation, CheckedCharacteristic, checked, seal};
use crate::codec::crc::E2eCrc;
use crate::codec::cursor::{Reader, Remainder, Writer};
use crate::codec::glucose::SampleType;
use crate::codec::layout::codes;
use crate::codec::medfloat::Sfloat;
use crate::codec::uuid::{self, Uuid};
use crate::error::{DecodeError, EncodeError};

codes! {
    /// Op code, the first octet. Levels have three each: set, get, answer.
    pub struct OperationCode {
        /// Set the communication interval.
        SET_INTERVAL = 0x01;
        /// Get the communication interval.
        GET_INTERVAL = 0x02;
        /// The communication interval.
        INTERVAL = 0x03;
        /// Set a calibration.
        SET_CALIBRATION = 0x04;
        /// Get a calibration.
        GET_CALIBRATION = 0x05;
        /// A calibration.
        CALIBRATION = 0x06;
        /// First op code of the levels: set the patient's high level.
        FIRST_LEVEL = 0x07;
        /// Last op code of the levels: the rate of increase.
        LAST_LEVEL = 0x18;
        /// Reset the device specific alert.
        RESET_DEVICE_ALERT = 0x19;
        /// Start the session.
        START_SESSION = 0x1A;
        /// Stop the session.
        STOP_SESSION = 0x1B;
        /// How an operation ended.
        RESPONSE = 0x1C;
    }
}

codes! {
    /// How a device says that an operation ended.
    pub struct OperationResponse {
        /// Done.
        SUCCESS = 1;
        /// Op code not supported.
        OP_CODE_NOT_SUPPORTED = 2;
        /// The operand is malformed.
        INVALID_OPERAND = 3;
        /// The operation ended before its work was done.
        NOT_COMPLETED = 4;
        /// A parameter is out of range.
        OUT_OF_RANGE = 5;
    }
}

/// The six levels that a device can warn at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the levels of the specification, in the order of their op codes")]
pub enum Alert {
    /// The patient's high level, mg/dL.
    PatientHigh,
    /// The patient's low level, mg/dL.
    PatientLow,
    /// Hypoglycaemia, mg/dL.
    Hypo,
    /// Hyperglycaemia, mg/dL.
    Hyper,
    /// Rate of decrease, mg/dL per minute.
    RateOfDecrease,
    /// Rate of increase, mg/dL per minute.
    RateOfIncrease,
}

const ALERTS: [Alert; 6] =
    [Alert::PatientHigh, Alert::PatientLow, Alert::Hypo, Alert::Hyper, Alert::RateOfDecrease, Alert::RateOfIncrease];

/// A calibration record, 10 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibration {
    glucose_mg_per_dl: Sfloat,
    minutes: u16,
    sample_type: SampleType,
    location: CgmSampleLocation,
    next_minutes: u16,
    number: u16,
    status: u8,
}

impl Calibration {
    /// A reference concentration in mg/dL, taken so many minutes after the start of the session.
    #[must_use]
    pub const fn new(
        glucose_mg_per_dl: Sfloat,
        minutes: u16,
        sample_type: SampleType,
        location: CgmSampleLocation,
    ) -> Self {
        let sample_type = SampleType::from_number(sample_type.number() & 0x0F);
        let location = CgmSampleLocation::from_number(location.number() & 0x0F);
        Self { glucose_mg_per_dl, minutes, sample_type, location, next_minutes: 0, number: 0, status: 0 }
    }

    /// The same calibration as a device reports it: minute of the next one, its number, its status bits.
    #[must_use]
    pub const fn as_reported(mut self, next_minutes: u16, number: u16, status: u8) -> Self {
        self.next_minutes = next_minutes;
        self.number = number;
        self.status = status;
        self
    }

    /// Reference concentration in mg/dL.
    #[must_use]
    pub const fn glucose_mg_per_dl(&self) -> Sfloat {
        self.glucose_mg_per_dl
    }

    /// Minutes from the start of the session.
    #[must_use]
    pub const fn minutes(&self) -> u16 {
        self.minutes
    }

    /// What was measured.
    #[must_use]
    pub const fn sample_type(&self) -> SampleType {
        self.sample_type
    }

    /// Where the sample was taken.
    #[must_use]
    pub const fn location(&self) -> CgmSampleLocation {
        self.location
    }

    /// Minute of the session at which the next calibration is due.
    #[must_use]
    pub const fn next_minutes(&self) -> u16 {
        self.next_minutes
    }

    /// Number of the record.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }

    /// Status: bit 0 rejected, bit 1 out of range, bit 2 pending.
    #[must_use]
    pub const fn status(&self) -> u8 {
        self.status
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (glucose_mg_per_dl, minutes, sample) = (Sfloat::from_bits(input.u16()?), input.u16()?, input.u8()?);
        Ok(Self {
            glucose_mg_per_dl,
            minutes,
            sample_type: SampleType::from_number(sample & 0x0F),
            location: CgmSampleLocation::from_number(sample >> 4),
            next_minutes: input.u16()?,
            number: input.u16()?,
            status: input.u8()?,
        })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        out.u16(self.glucose_mg_per_dl.to_bits())?;
        out.u16(self.minutes)?;
        out.u8(self.sample_type.number() | self.location.number() << 4)?;
        out.u16(self.next_minutes)?;
        out.u16(self.number)?;
        out.u8(self.status)
    }
}

/// A value of the control point, in either direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpecificOperation {
    /// Send a measurement every so many minutes; 0 never, 255 as fast as the device can.
    SetInterval(u8),
    /// Ask for the interval.
    GetInterval,
    /// The interval in minutes.
    Interval(u8),
    /// Calibrate.
    SetCalibration(Calibration),
    /// Ask for the calibration with this number; 65,535 is the last.
    GetCalibration(u16),
    /// A calibration.
    Calibration(Calibration),
    /// Warn at this level.
    SetLevel(Alert, Sfloat),
    /// Ask for a level.
    GetLevel(Alert),
    /// A level.
    Level(Alert, Sfloat),
    /// Silence the device specific alert.
    ResetDeviceAlert,
    /// Start the session.
    StartSession,
    /// Stop the session.
    StopSession,
    /// How an operation ended.
    Response {
        /// The operation.
        request: OperationCode,
        /// How.
        response: OperationResponse,
    },
}

impl SpecificOperation {
    /// The op code.
    #[must_use]
    pub const fn code(&self) -> OperationCode {
        match self {
            Self::SetInterval(_) => OperationCode::SET_INTERVAL,
            Self::GetInterval => OperationCode::GET_INTERVAL,
            Self::Interval(_) => OperationCode::INTERVAL,
            Self::SetCalibration(_) => OperationCode::SET_CALIBRATION,
            Self::GetCalibration(_) => OperationCode::GET_CALIBRATION,
            Self::Calibration(_) => OperationCode::CALIBRATION,
            Self::SetLevel(alert, _) => level_code(*alert, SET),
            Self::GetLevel(alert) => level_code(*alert, GET),
            Self::Level(alert, _) => level_code(*alert, ANSWER),
            Self::ResetDeviceAlert => OperationCode::RESET_DEVICE_ALERT,
            Self::StartSession => OperationCode::START_SESSION,
            Self::StopSession => OperationCode::STOP_SESSION,
            Self::Response { .. } => OperationCode::RESPONSE,
        }
    }
}

const fn level_code(alert: Alert, verb: u8) -> OperationCode {
    OperationCode::from_number(OperationCode::FIRST_LEVEL.number() + 3 * alert as u8 + verb)
}

fn read_level(code: u8, input: &mut Reader<'_>) -> Result<SpecificOperation, DecodeError> {
    let level = code.checked_sub(OperationCode::FIRST_LEVEL.number()).ok_or(DecodeError::UnknownOpCode(code))?;
    let alert = *ALERTS.get(usize::from(level / 3)).ok_or(DecodeError::UnknownOpCode(code))?;
    Ok(match level % 3 {
        SET => SpecificOperation::SetLevel(alert, Sfloat::from_bits(input.u16()?)),
        GET => SpecificOperation::GetLevel(alert),
        _ => SpecificOperation::Level(alert, Sfloat::from_bits(input.u16()?)),
    })
}

impl CheckedCharacteristic for SpecificOperation {
    const UUID: Uuid = uuid::CGM_SPECIFIC_OPS_CONTROL_POINT;
    const MAX_BYTES: usize = 13;

    fn decode(bytes: &[u8], crc: E2eCrc) -> Result<Self, DecodeError> {
        let mut input = Reader::new(checked(bytes, crc)?);
        let code = input.u8()?;
        let value = match OperationCode::from_number(code) {
            OperationCode::SET_INTERVAL => Self::SetInterval(input.u8()?),
            OperationCode::GET_INTERVAL => Self::GetInterval,
            OperationCode::INTERVAL => Self::Interval(input.u8()?),
            OperationCode::SET_CALIBRATION => Self::SetCalibration(Calibration::read(&mut input)?),
            OperationCode::GET_CALIBRATION => Self::GetCalibration(input.u16()?),
            OperationCode::CALIBRATION => Self::Calibration(Calibration::read(&mut input)?),
            OperationCode::RESET_DEVICE_ALERT => Self::ResetDeviceAlert,
            OperationCode::START_SESSION => Self::StartSession,
            OperationCode::STOP_SESSION => Self::StopSession,
            OperationCode::RESPONSE => {
                let [request, response] = input.array::<2>()?;
                let response = OperationResponse::from_number(response);
                Self::Response { request: OperationCode::from_number(request), response }
            }
            _ => read_level(code, &mut input)?,
        };
        input.finish(Remainder::Refuse)?;
        Ok(value)
    }

    fn encode<'b>(&self, crc: E2eCrc, buffer: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
        let mut out = Writer::new(buffer);
        out.u8(self.code().number())?;
        match self {
            Self::SetInterval(minutes) | Self::Interval(minutes) => out.u8(*minutes)?,
            Self::SetCalibration(calibration) | Self::Calibration(calibration) => calibration.write(&mut out)?,
            Self::GetCalibration(number) => out.u16(*number)?,
            Self::SetLevel(_, level) | Self::Level(_, level) => out.u16(level.to_bits())?,
            Self::Response { request, response } => out.put(&[request.number(), response.number()])?,
            Self::GetInterval | Self::GetLevel(_) | Self::ResetDeviceAlert | Self::StartSession | Self::StopSession => {
            }
        }
        seal(out, crc)
    }
}

const SET: u8 = 0;
const GET: u8 = 1;
const ANSWER: u8 = 2;
