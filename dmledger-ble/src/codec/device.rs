//! What every device may say of itself: Device Information 0x180A, Battery 0x180F and Current Time 0x1805.

use core::fmt;

use super::Characteristic;
use super::cursor::{Reader, Remainder, Writer};
use super::date_time::DateTime;
use super::layout::flags;
use super::uuid::{self, Uuid};
use crate::error::{DecodeError, EncodeError};

/// A text of the Device Information service: UTF-8, at most 64 octets. `NUMBER` is the characteristic.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeviceText<const NUMBER: u16> {
    octets: [u8; MAX_TEXT],
    length: usize,
}

/// Model Number String 0x2A24.
pub type ModelNumber = DeviceText<0x2A24>;
/// Serial Number String 0x2A25.
pub type SerialNumber = DeviceText<0x2A25>;
/// Firmware Revision String 0x2A26.
pub type FirmwareRevision = DeviceText<0x2A26>;
/// Hardware Revision String 0x2A27.
pub type HardwareRevision = DeviceText<0x2A27>;
/// Software Revision String 0x2A28.
pub type SoftwareRevision = DeviceText<0x2A28>;
/// Manufacturer Name String 0x2A29.
pub type ManufacturerName = DeviceText<0x2A29>;

impl<const NUMBER: u16> DeviceText<NUMBER> {
    /// A text.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] above 64 octets.
    pub fn new(text: &str) -> Result<Self, EncodeError> {
        let mut octets = [0; MAX_TEXT];
        let target = octets.get_mut(..text.len()).ok_or(EncodeError::TooLong(text.len()))?;
        target.copy_from_slice(text.as_bytes());
        Ok(Self { octets, length: text.len() })
    }

    /// The text; a device may end it with zero octets, which are not part of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let octets = self.octets.get(..self.length).unwrap_or_default();
        core::str::from_utf8(octets).unwrap_or_default().trim_end_matches('\0')
    }
}

impl<const NUMBER: u16> fmt::Debug for DeviceText<NUMBER> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NUMBER:04X} {:?}", self.as_str())
    }
}

impl<const NUMBER: u16> Characteristic for DeviceText<NUMBER> {
    const UUID: Uuid = Uuid::assigned(NUMBER);
    const MAX_BYTES: usize = MAX_TEXT;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let text = core::str::from_utf8(bytes).map_err(|_| DecodeError::Forbidden { field: "text" })?;
        Self::new(text).map_err(|_| DecodeError::TrailingBytes { extra: bytes.len().saturating_sub(MAX_TEXT) })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        out.put(self.octets.get(..self.length).unwrap_or_default())
    }
}

/// System ID 0x2A23, 8 octets: a manufacturer's number of 40 bits and an organisation's of 24.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SystemId {
    manufacturer: u64,
    organisation: u32,
}

impl SystemId {
    /// From both numbers; cut to 40 and 24 bits.
    #[must_use]
    pub const fn new(manufacturer: u64, organisation: u32) -> Self {
        Self { manufacturer: manufacturer & 0xFF_FFFF_FFFF, organisation: organisation & 0xFF_FFFF }
    }

    /// The manufacturer's number, 40 bits.
    #[must_use]
    pub const fn manufacturer(&self) -> u64 {
        self.manufacturer
    }

    /// The organisationally unique identifier, 24 bits.
    #[must_use]
    pub const fn organisation(&self) -> u32 {
        self.organisation
    }
}

impl Characteristic for SystemId {
    const UUID: Uuid = uuid::SYSTEM_ID;
    const MAX_BYTES: usize = 8;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let (low, high) = (input.u32()?, input.u8()?);
        let value = Self { manufacturer: u64::from(low) | u64::from(high) << 32, organisation: input.u24()? };
        input.finish(Remainder::Refuse)?;
        Ok(value)
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        let [a, b, c, d, e, ..] = self.manufacturer.to_le_bytes();
        out.put(&[a, b, c, d, e])?;
        out.u24(self.organisation)
    }
}

/// PnP ID 0x2A50, 7 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "four numbers of the specification")]
pub struct PnpId {
    /// Who assigned the vendor's number: 1 Bluetooth SIG, 2 USB forum.
    pub source: u8,
    /// Vendor.
    pub vendor: u16,
    /// Product.
    pub product: u16,
    /// Version of the product.
    pub version: u16,
}

impl Characteristic for PnpId {
    const UUID: Uuid = uuid::PNP_ID;
    const MAX_BYTES: usize = 7;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let value = Self { source: input.u8()?, vendor: input.u16()?, product: input.u16()?, version: input.u16()? };
        input.finish(Remainder::Refuse)?;
        Ok(value)
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        out.u8(self.source)?;
        [self.vendor, self.product, self.version].into_iter().try_for_each(|number| out.u16(number))
    }
}

/// Battery Level 0x2A19, one octet: percent, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatteryLevel(u8);

impl BatteryLevel {
    /// From percent; above 100 is 100.
    #[must_use]
    pub const fn from_percent(percent: u8) -> Self {
        Self(if percent > 100 { 100 } else { percent })
    }

    /// Percent.
    #[must_use]
    pub const fn percent(self) -> u8 {
        self.0
    }
}

impl Characteristic for BatteryLevel {
    const UUID: Uuid = uuid::BATTERY_LEVEL;
    const MAX_BYTES: usize = 1;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let percent = input.u8()?;
        input.finish(Remainder::Refuse)?;
        if percent > 100 { Err(DecodeError::Forbidden { field: "battery level" }) } else { Ok(Self(percent)) }
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        out.u8(self.0)
    }
}

flags! {
    /// Why a device's clock was set.
    pub struct AdjustReason(u8) {
        /// By hand.
        MANUAL = 0;
        /// From an external reference.
        EXTERNAL_REFERENCE = 1;
        /// Another time zone.
        TIME_ZONE = 2;
        /// Daylight saving.
        DAYLIGHT_SAVING = 3;
    }
}

/// Current Time 0x2A2B, 10 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentTime {
    at: DateTime,
    weekday: u8,
    fractions: u8,
    reason: AdjustReason,
}

impl CurrentTime {
    /// A time of the device's clock; weekday 1 is Monday, 0 is unknown; fractions in 1/256 s.
    #[must_use]
    pub const fn new(at: DateTime, weekday: u8, fractions: u8, reason: AdjustReason) -> Self {
        Self { at, weekday, fractions, reason }
    }

    /// The time.
    #[must_use]
    pub const fn at(&self) -> DateTime {
        self.at
    }

    /// 1 is Monday, 7 Sunday, 0 unknown.
    #[must_use]
    pub const fn weekday(&self) -> u8 {
        self.weekday
    }

    /// 1/256 s beyond the second.
    #[must_use]
    pub const fn fractions(&self) -> u8 {
        self.fractions
    }

    /// Why the clock was last set.
    #[must_use]
    pub const fn reason(&self) -> AdjustReason {
        self.reason
    }
}

impl Characteristic for CurrentTime {
    const UUID: Uuid = uuid::CURRENT_TIME;
    const MAX_BYTES: usize = 10;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let at = DateTime::read(&mut input)?;
        let [weekday, fractions, reason] = input.array::<3>()?;
        input.finish(Remainder::Refuse)?;
        if weekday > 7 {
            return Err(DecodeError::Forbidden { field: "day of week" });
        }
        Ok(Self { at, weekday, fractions, reason: AdjustReason::from_bits(reason) })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        self.at.write(out)?;
        out.put(&[self.weekday, self.fractions, self.reason.bits()])
    }
}

/// Longest text kept: what one value of a link with a usual MTU holds.
const MAX_TEXT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::testing::every_cut_is_refused;

    #[test]
    fn texts_are_utf_8_of_at_most_64_octets() {
        let text = SerialNumber::decode("Nº 0042".as_bytes()).unwrap();
        assert_eq!(text, SerialNumber::new("Nº 0042").unwrap());
        let mut buffer = [0; 64];
        assert_eq!(text.encode(&mut buffer), Ok("Nº 0042".as_bytes()));
        assert_eq!(ModelNumber::decode(b"GM-1\0\0").unwrap().as_str(), "GM-1");
        assert_eq!(ModelNumber::decode(&[0xC3]), Err(DecodeError::Forbidden { field: "text" }));
        assert_eq!(ModelNumber::decode(&[b'a'; 65]), Err(DecodeError::TrailingBytes { extra: 1 }));
        assert_eq!(ManufacturerName::decode(&[]).unwrap().as_str(), "");
        assert_eq!(ManufacturerName::UUID, Uuid::assigned(0x2A29));
    }

    #[test]
    fn numbers_read_field_by_field() {
        let id = SystemId::decode(&[1, 2, 3, 4, 5, 0xAA, 0xBB, 0xCC]).unwrap();
        assert_eq!((id.manufacturer(), id.organisation()), (0x05_0403_0201, 0xCC_BBAA));
        every_cut_is_refused::<SystemId>(&[1, 2, 3, 4, 5, 6, 7, 8]);
        let pnp = PnpId { source: 1, vendor: 0x0059, product: 0x0102, version: 3 };
        assert_eq!(PnpId::decode(&[1, 0x59, 0, 2, 1, 3, 0]), Ok(pnp));
        every_cut_is_refused::<PnpId>(&[1, 0x59, 0, 2, 1, 3, 0]);
        every_cut_is_refused::<BatteryLevel>(&[100]);
        assert_eq!(BatteryLevel::decode(&[101]), Err(DecodeError::Forbidden { field: "battery level" }));
    }

    #[test]
    fn current_time_keeps_weekday_fraction_and_reason() {
        let octets = [0xE8, 7, 3, 15, 14, 30, 45, 5, 128, 0b0101];
        let value = CurrentTime::decode(&octets).unwrap();
        assert_eq!(value.at(), DateTime::new(2024, 3, 15, 14, 30, 45).unwrap());
        assert_eq!((value.weekday(), value.fractions()), (5, 128));
        assert!(value.reason().contains(AdjustReason::TIME_ZONE));
        every_cut_is_refused::<CurrentTime>(&octets);
        let mut eighth = octets;
        eighth[7] = 8;
        assert_eq!(CurrentTime::decode(&eighth), Err(DecodeError::Forbidden { field: "day of week" }));
    }
}
