//! Medical floats, dates and the E2E-CRC for C.

use super::{DmledgerStatus, guarded, memory};
use crate::codec::crc::e2e_crc;
use crate::codec::cursor::{Reader, Writer};
use crate::codec::date_time::DateTime;
use crate::codec::medfloat::{Decimal, Float, Sfloat, Special, Value};

/// What `kind` of a [`DmledgerNumber`] says.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DmledgerNumberKind {
    /// A number: `mantissa * 10^exponent`, exactly.
    Number = 0,
    /// There is no valid result.
    NotANumber = 1,
    /// Not at this resolution.
    NotAtThisResolution = 2,
    /// Above what the device can state.
    PositiveInfinity = 3,
    /// Below what the device can state.
    NegativeInfinity = 4,
    /// Reserved for future use.
    Reserved = 5,
}

/// An exact decimal, or a statement that there is no number. Look at `kind` first.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerNumber {
    /// The integer in front of the power of ten; 0 unless this is a number.
    pub mantissa: i64,
    /// The power of ten; 0 unless this is a number.
    pub exponent: i8,
    /// A [`DmledgerNumberKind`].
    pub kind: u8,
}

impl From<Decimal> for DmledgerNumber {
    fn from(number: Decimal) -> Self {
        Self { mantissa: number.mantissa(), exponent: number.exponent(), kind: DmledgerNumberKind::Number as u8 }
    }
}

impl From<Value> for DmledgerNumber {
    fn from(value: Value) -> Self {
        let kind = match value {
            Value::Number(number) => return number.into(),
            Value::Special(Special::NotANumber) => DmledgerNumberKind::NotANumber,
            Value::Special(Special::NotAtThisResolution) => DmledgerNumberKind::NotAtThisResolution,
            Value::Special(Special::PositiveInfinity) => DmledgerNumberKind::PositiveInfinity,
            Value::Special(Special::NegativeInfinity) => DmledgerNumberKind::NegativeInfinity,
            Value::Special(Special::Reserved) => DmledgerNumberKind::Reserved,
        };
        Self { kind: kind as u8, ..Self::default() }
    }
}

impl From<Sfloat> for DmledgerNumber {
    fn from(number: Sfloat) -> Self {
        number.value().into()
    }
}

impl From<Float> for DmledgerNumber {
    fn from(number: Float) -> Self {
        number.value().into()
    }
}

impl DmledgerNumber {
    fn number(self) -> Result<Decimal, DmledgerStatus> {
        if self.kind == DmledgerNumberKind::Number as u8 {
            Ok(Decimal::new(self.mantissa, self.exponent))
        } else {
            Err(DmledgerStatus::NotANumber)
        }
    }
}

/// A device's own wall clock, as it states it: year 0, month 0 or day 0 mean that it does not know.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerDateTime {
    /// Year.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month.
    pub day: u8,
    /// Hours.
    pub hours: u8,
    /// Minutes.
    pub minutes: u8,
    /// Seconds.
    pub seconds: u8,
}

impl From<DateTime> for DmledgerDateTime {
    fn from(at: DateTime) -> Self {
        Self {
            year: at.year(),
            month: at.month(),
            day: at.day(),
            hours: at.hours(),
            minutes: at.minutes(),
            seconds: at.seconds(),
        }
    }
}

impl DmledgerDateTime {
    /// The same octets for the codecs, which keep what a device states.
    pub(super) fn stated(self) -> Result<DateTime, DmledgerStatus> {
        let mut octets = [0; 7];
        let mut out = Writer::new(&mut octets);
        out.u16(self.year)?;
        out.put(&[self.month, self.day, self.hours, self.minutes, self.seconds])?;
        Ok(DateTime::read(&mut Reader::new(out.finish()))?)
    }
}

/// Reads an SFLOAT from its bit pattern.
///
/// # Safety
/// `out` points to a writable number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_sfloat_decode(bits: u16, out: *mut DmledgerNumber) -> DmledgerStatus {
    // SAFETY: `out` is as the caller of this function promises.
    guarded(|| unsafe { memory::put(out, Sfloat::from_bits(bits).into()) })
}

/// Reads a FLOAT from its bit pattern.
///
/// # Safety
/// `out` points to a writable number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_float_decode(bits: u32, out: *mut DmledgerNumber) -> DmledgerStatus {
    // SAFETY: `out` is as the caller of this function promises.
    guarded(|| unsafe { memory::put(out, Float::from_bits(bits).into()) })
}

/// Writes a number as SFLOAT; refuses one that would have to be rounded.
///
/// # Safety
/// `number` points to a number, `out` to a writable integer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_sfloat_encode(number: *const DmledgerNumber, out: *mut u16) -> DmledgerStatus {
    guarded(|| {
        // SAFETY: `number` is as the caller of this function promises.
        let number = unsafe { memory::value(number) }?.number()?;
        // SAFETY: `out` is as the caller of this function promises.
        unsafe { memory::put(out, Sfloat::from_decimal(number)?.to_bits()) }
    })
}

/// Writes a number as FLOAT; refuses one that would have to be rounded.
///
/// # Safety
/// `number` points to a number, `out` to a writable integer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_float_encode(number: *const DmledgerNumber, out: *mut u32) -> DmledgerStatus {
    guarded(|| {
        // SAFETY: `number` is as the caller of this function promises.
        let number = unsafe { memory::value(number) }?.number()?;
        // SAFETY: `out` is as the caller of this function promises.
        unsafe { memory::put(out, Float::from_decimal(number)?.to_bits()) }
    })
}

/// How many units of `10^exponent` a number is, if that is an integer: 77e-5 kg/L in units of 10^-5 kg/L (mg/dL) is 77.
///
/// # Safety
/// `number` points to a number, `out` to a writable integer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_number_in_units_of(
    number: *const DmledgerNumber,
    exponent: i8,
    out: *mut i64,
) -> DmledgerStatus {
    guarded(|| {
        // SAFETY: `number` is as the caller of this function promises.
        let number = unsafe { memory::value(number) }?.number()?;
        // SAFETY: `out` is as the caller of this function promises.
        unsafe { memory::put(out, number.in_units_of(exponent)?) }
    })
}

/// The E2E-CRC of octets: polynomial x^16 + x^12 + x^5 + 1, seed 0xFFFF, least significant bit first, no final inversion
/// (CRC-16/MCRF4XX). A value that is checked ends in it, low octet first.
///
/// # Safety
/// `bytes` points to `length` octets, `out` to a writable integer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_e2e_crc(bytes: *const u8, length: usize, out: *mut u16) -> DmledgerStatus {
    guarded(|| {
        // SAFETY: `bytes` and `length` are as the caller of this function promises.
        let bytes = unsafe { memory::octets(bytes, length) }?;
        // SAFETY: `out` is as the caller of this function promises.
        unsafe { memory::put(out, e2e_crc(bytes)) }
    })
}
