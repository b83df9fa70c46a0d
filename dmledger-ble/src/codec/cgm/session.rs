//! CGM Feature, CGM Status, Session Start Time and Session Run Time.

use super::{CgmAnnunciation, CgmFeature, CgmSampleLocation, CheckedCharacteristic, checked, seal};
use crate::codec::crc::{E2eCrc, e2e_crc};
use crate::codec::cursor::{Reader, Remainder, Writer};
use crate::codec::date_time::DateTime;
use crate::codec::glucose::SampleType;
use crate::codec::uuid::{self, Uuid};
use crate::error::{DecodeError, EncodeError};

/// CGM Feature 0x2AA8, 6 octets: it always ends in a check field, and says itself whether that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CgmFeatures {
    features: CgmFeature,
    sample_type: SampleType,
    location: CgmSampleLocation,
}

impl CgmFeatures {
    /// Octets of the value.
    pub const BYTES: usize = 6;

    /// Features, sample type and sample location; the latter two are cut to four bits each, the features to 24.
    #[must_use]
    pub const fn new(features: CgmFeature, sample_type: SampleType, location: CgmSampleLocation) -> Self {
        Self {
            features: CgmFeature::from_bits(features.bits() & 0x00FF_FFFF),
            sample_type: SampleType::from_number(sample_type.number() & 0x0F),
            location: CgmSampleLocation::from_number(location.number() & 0x0F),
        }
    }

    /// What the device can do.
    #[must_use]
    pub const fn features(&self) -> CgmFeature {
        self.features
    }

    /// What is measured.
    #[must_use]
    pub const fn sample_type(&self) -> SampleType {
        self.sample_type
    }

    /// Where it is measured.
    #[must_use]
    pub const fn location(&self) -> CgmSampleLocation {
        self.location
    }

    /// How the device's other values are to be read.
    #[must_use]
    pub const fn e2e_crc(&self) -> E2eCrc {
        if self.features.contains(CgmFeature::E2E_CRC) { E2eCrc::Present } else { E2eCrc::Absent }
    }

    /// Reads a whole attribute value.
    ///
    /// # Errors
    /// [`DecodeError::BadCrc`] when the check is in use and fails, or is not in use and is not 0xFFFF.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let (features, sample) = (CgmFeature::from_bits(input.u24()?), input.u8()?);
        let stated = input.u16()?;
        input.finish(Remainder::Refuse)?;
        let sample_type = SampleType::from_number(sample & 0x0F);
        let value = Self { features, sample_type, location: CgmSampleLocation::from_number(sample >> 4) };
        let computed = value.check(bytes.get(..4).unwrap_or_default());
        if stated == computed { Ok(value) } else { Err(DecodeError::BadCrc { stated, computed }) }
    }

    /// Writes the attribute value to the front of `buffer` and returns that part.
    ///
    /// # Errors
    /// [`EncodeError::BufferTooSmall`] under six octets.
    pub fn encode<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
        let mut out = Writer::new(buffer);
        out.u24(self.features.bits())?;
        out.u8(self.sample_type.number() | self.location.number() << 4)?;
        let check = self.check(out.written());
        out.u16(check)?;
        Ok(out.finish())
    }

    fn check(&self, content: &[u8]) -> u16 {
        match self.e2e_crc() {
            E2eCrc::Present => e2e_crc(content),
            E2eCrc::Absent => CRC_NOT_IN_USE,
        }
    }
}

/// CGM Status 0x2AA9, 5 or 7 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CgmStatus {
    minutes: u16,
    annunciation: CgmAnnunciation,
}

impl CgmStatus {
    /// A status at a time of the session; the annunciation is cut to 24 bits.
    #[must_use]
    pub const fn new(minutes: u16, annunciation: CgmAnnunciation) -> Self {
        Self { minutes, annunciation: CgmAnnunciation::from_bits(annunciation.bits() & 0x00FF_FFFF) }
    }

    /// Minutes since the session began.
    #[must_use]
    pub const fn minutes(&self) -> u16 {
        self.minutes
    }

    /// Sensor status.
    #[must_use]
    pub const fn annunciation(&self) -> CgmAnnunciation {
        self.annunciation
    }
}

impl CheckedCharacteristic for CgmStatus {
    const UUID: Uuid = uuid::CGM_STATUS;
    const MAX_BYTES: usize = 7;

    fn decode(bytes: &[u8], crc: E2eCrc) -> Result<Self, DecodeError> {
        let mut input = Reader::new(checked(bytes, crc)?);
        let value = Self { minutes: input.u16()?, annunciation: CgmAnnunciation::from_bits(input.u24()?) };
        input.finish(Remainder::Refuse)?;
        Ok(value)
    }

    fn encode<'b>(&self, crc: E2eCrc, buffer: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
        let mut out = Writer::new(buffer);
        out.u16(self.minutes)?;
        out.u24(self.annunciation.bits())?;
        seal(out, crc)
    }
}

/// CGM Session Start Time 0x2AAA, 9 or 11 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionStartTime {
    start: DateTime,
    zone_quarters: i8,
    daylight: u8,
}

impl SessionStartTime {
    /// Start on the device's clock, time zone in quarter hours from UTC (-128 is unknown) and daylight saving offset in
    /// quarter hours (255 is unknown).
    #[must_use]
    pub const fn new(start: DateTime, zone_quarters: i8, daylight: u8) -> Self {
        Self { start, zone_quarters, daylight }
    }

    /// Start of the session on the device's clock.
    #[must_use]
    pub const fn start(&self) -> DateTime {
        self.start
    }

    /// Offset of the time zone from UTC in minutes; `None` when unknown. The octet counts quarter hours.
    #[must_use]
    pub const fn zone_minutes(&self) -> Option<i16> {
        if self.zone_quarters == ZONE_UNKNOWN { None } else { Some(self.zone_quarters as i16 * 15) }
    }

    /// Daylight saving offset in minutes: 0, 30, 60 or 120; `None` when unknown or reserved.
    #[must_use]
    pub const fn daylight_minutes(&self) -> Option<u16> {
        match self.daylight {
            0 | 2 | 4 | 8 => Some(self.daylight as u16 * 15),
            _ => None,
        }
    }
}

impl CheckedCharacteristic for SessionStartTime {
    const UUID: Uuid = uuid::CGM_SESSION_START_TIME;
    const MAX_BYTES: usize = 11;

    fn decode(bytes: &[u8], crc: E2eCrc) -> Result<Self, DecodeError> {
        let mut input = Reader::new(checked(bytes, crc)?);
        let start = DateTime::read(&mut input)?;
        let value = Self { start, zone_quarters: input.u8()?.cast_signed(), daylight: input.u8()? };
        input.finish(Remainder::Refuse)?;
        Ok(value)
    }

    fn encode<'b>(&self, crc: E2eCrc, buffer: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
        let mut out = Writer::new(buffer);
        self.start.write(&mut out)?;
        out.put(&[self.zone_quarters.cast_unsigned(), self.daylight])?;
        seal(out, crc)
    }
}

/// CGM Session Run Time 0x2AAB, 2 or 4 octets: how long a session can last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRunTime {
    hours: u16,
}

impl SessionRunTime {
    /// From hours.
    #[must_use]
    pub const fn from_hours(hours: u16) -> Self {
        Self { hours }
    }

    /// Hours from the start of the session.
    #[must_use]
    pub const fn hours(&self) -> u16 {
        self.hours
    }
}

impl CheckedCharacteristic for SessionRunTime {
    const UUID: Uuid = uuid::CGM_SESSION_RUN_TIME;
    const MAX_BYTES: usize = 4;

    fn decode(bytes: &[u8], crc: E2eCrc) -> Result<Self, DecodeError> {
        let mut input = Reader::new(checked(bytes, crc)?);
        let value = Self { hours: input.u16()? };
        input.finish(Remainder::Refuse)?;
        Ok(value)
    }

    fn encode<'b>(&self, crc: E2eCrc, buffer: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
        let mut out = Writer::new(buffer);
        out.u16(self.hours)?;
        seal(out, crc)
    }
}

const CRC_NOT_IN_USE: u16 = 0xFFFF;
const ZONE_UNKNOWN: i8 = -128;
