//! Where a reading comes from: which device, over which link, what its clock said, and the digest of its own bytes.

use crate::{
    hash::{Digest, Hasher, tag},
    time::Timestamp,
};
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{ErrorKind, Read, Result as IoResult},
};
use core::fmt;
use thiserror::Error;

/// A device's name within a record, 16 bytes: the first half of the tagged hash of what identifies the device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct DeviceId([u8; 16]);

impl DeviceId {
    /// The device with this identification: maker, model and serial number, or the identity address of a bond.
    #[must_use]
    pub fn of(identification: &[u8]) -> Self {
        let digest = Hasher::new(tag::DEVICE).chain(identification).finish().to_bytes();
        let mut first = [0; 16];
        for (to, from) in first.iter_mut().zip(digest) {
            *to = from;
        }
        Self(first)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceId({self})")
    }
}

/// The form in which a reading arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum SourceFormat {
    /// Bluetooth Glucose service, Glucose Measurement 0x2A18.
    BluetoothGlucose = 1,
    /// Bluetooth Continuous Glucose Monitoring service, CGM Measurement 0x2AA7.
    BluetoothCgm = 2,
    /// Bluetooth Blood Pressure service, Blood Pressure Measurement 0x2A35.
    BluetoothBloodPressure = 3,
    /// Bluetooth Heart Rate service, Heart Rate Measurement 0x2A37.
    BluetoothHeartRate = 4,
    /// A wearable's sleep sessions over Bluetooth.
    BluetoothSleep = 5,
    /// An object of a table camera over Bluetooth.
    BluetoothObject = 6,
    /// Bluetooth Pulse Oximeter service, spot check 0x2A5E.
    BluetoothPulseOximeter = 7,
    /// Bluetooth Weight Scale service, Weight Measurement 0x2A9D.
    BluetoothWeight = 8,
    /// Bluetooth Health Thermometer service, Temperature Measurement 0x2A1C.
    BluetoothThermometer = 9,
    /// Entered by a person at the home node.
    Entered = 15,
    /// CSV `subject,timestamp,glucose_mg_dl`.
    Csv = 16,
    /// Nightscout entries, API v1.
    NightscoutEntries = 17,
    /// Dexcom Clarity CSV.
    ClarityCsv = 18,
    /// LibreView CSV.
    LibreViewCsv = 19,
    /// Tidepool JSON.
    TidepoolJson = 20,
    /// Medtronic CareLink CSV.
    CareLinkCsv = 21,
    /// HL7 FHIR.
    Fhir = 22,
}

/// How sure it is that the named device sent the reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Assurance {
    /// Not at all: a file, or an open link.
    None = 0,
    /// The link was encrypted under the device's bond.
    Bonded = 1,
    /// The device signed the reading.
    Signed = 2,
}

/// How far a wall clock is ahead of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct ZoneOffset(Option<i16>);

impl ZoneOffset {
    /// Nobody said: the instant of the reading is the wall clock read as if it were UTC.
    pub const UNKNOWN: Self = Self(None);
    /// The wall clock is UTC.
    pub const UTC: Self = Self(Some(0));
    /// Widest offset, in minutes: 18 hours, as in ISO 8601 practice.
    pub const MAX_MINUTES: i16 = 18 * 60;

    /// Minutes ahead of UTC, negative west of Greenwich.
    ///
    /// # Errors
    /// [`NoSuchZone`] beyond [`Self::MAX_MINUTES`] either way.
    pub const fn from_minutes(minutes: i16) -> Result<Self, NoSuchZone> {
        if minutes.unsigned_abs() > Self::MAX_MINUTES.unsigned_abs() {
            return Err(NoSuchZone);
        }
        Ok(Self(Some(minutes)))
    }

    /// Minutes ahead of UTC, if known.
    #[must_use]
    pub const fn minutes(self) -> Option<i16> {
        self.0
    }

    /// What a wall clock in this zone shows at `at`; `at` itself if the zone is unknown.
    #[must_use]
    pub fn wall_clock(self, at: Timestamp) -> Timestamp {
        Timestamp::from_millis(at.millis().saturating_add(self.shift()))
    }

    /// The instant at which a wall clock in this zone shows `wall_clock`; the same number if the zone is unknown.
    #[must_use]
    pub fn instant(self, wall_clock: Timestamp) -> Timestamp {
        Timestamp::from_millis(wall_clock.millis().saturating_sub(self.shift()))
    }

    fn shift(self) -> i64 {
        i64::from(self.0.unwrap_or(0)) * 60_000
    }
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(minutes) = self.0 else { return f.write_str("zone unknown") };
        let sign = if minutes < 0 { '-' } else { '+' };
        let minutes = minutes.unsigned_abs();
        write!(f, "UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// An offset that no clock on earth has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no time zone is more than 18 hours from UTC")]
pub struct NoSuchZone;

impl BorshDeserialize for ZoneOffset {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        match Option::<i16>::deserialize_reader(reader)? {
            None => Ok(Self::UNKNOWN),
            Some(minutes) => Self::from_minutes(minutes).map_err(|_| ErrorKind::InvalidData.into()),
        }
    }
}

/// Where a reading comes from. At most 76 bytes encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "filled in by whoever ingests a reading, field by field")]
pub struct Provenance {
    /// The device, or the file or service that stands for it.
    pub device: DeviceId,
    /// The form in which it arrived.
    pub format: SourceFormat,
    /// How sure the device is.
    pub assurance: Assurance,
    /// The number the device gave the reading; the line or position in a file.
    pub sequence: u32,
    /// The device's clock as it was when the device began to keep it, without its time offset.
    pub base_time: Timestamp,
    /// Minutes the device adds to its base time to get its wall clock, if it keeps such an offset.
    pub time_offset: Option<i16>,
    /// How far the device's wall clock is ahead of UTC.
    pub zone: ZoneOffset,
    /// When the gateway received it, by the gateway's clock, UTC.
    pub received: Timestamp,
    /// Digest of the bytes as received, see [`Provenance::raw_digest`].
    pub raw: Digest,
}

impl Provenance {
    /// Digest of a characteristic's value or of a file's row, as it was received.
    #[must_use]
    pub fn raw_digest(bytes: &[u8]) -> Digest {
        crate::hash::tagged(tag::RAW_READING, bytes)
    }

    /// What the device's display showed: base time and time offset together.
    #[must_use]
    pub fn wall_clock(&self) -> Timestamp {
        let offset = i64::from(self.time_offset.unwrap_or(0)) * 60_000;
        Timestamp::from_millis(self.base_time.millis().saturating_add(offset))
    }

    /// The instant the device's clock stands for: UTC if the zone is known, else the wall clock as it is.
    #[must_use]
    pub fn instant(&self) -> Timestamp {
        self.zone.instant(self.wall_clock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_known_zone_gives_utc_and_an_unknown_one_changes_nothing() {
        let noon = Timestamp::from_seconds(1_391_428_800);
        let west = ZoneOffset::from_minutes(-300).unwrap();
        assert_eq!(west.instant(noon).millis() - noon.millis(), 5 * 3_600_000);
        assert_eq!(west.wall_clock(west.instant(noon)), noon);
        assert_eq!(ZoneOffset::UNKNOWN.instant(noon), noon);
        assert_eq!(
            (west.to_string().as_str(), ZoneOffset::UNKNOWN.to_string().as_str()),
            ("UTC-05:00", "zone unknown")
        );
        assert_eq!(ZoneOffset::from_minutes(345).unwrap().to_string(), "UTC+05:45");
    }

    #[test]
    fn a_zone_off_the_earth_is_refused_and_does_not_decode() {
        assert_eq!(ZoneOffset::from_minutes(1081), Err(NoSuchZone));
        assert_eq!(ZoneOffset::from_minutes(i16::MIN), Err(NoSuchZone));
        assert!(ZoneOffset::try_from_slice(&[1, 0x39, 0x04]).is_err());
        assert_eq!(ZoneOffset::try_from_slice(&[1, 0x38, 0x04]).unwrap().minutes(), Some(1080));
    }

    #[test]
    fn devices_with_one_identification_are_one_device() {
        assert_eq!(DeviceId::of(b"maker/model/1"), DeviceId::of(b"maker/model/1"));
        assert_ne!(DeviceId::of(b"maker/model/1"), DeviceId::of(b"maker/model/2"));
        assert_eq!(DeviceId::of(b"").to_string().len(), 32);
    }
}
