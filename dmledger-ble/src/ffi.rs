//! The C interface: codecs of measurements and [`GlucoseSync`](crate::procedure::glucose_sync::GlucoseSync).
//!
//! The header is `include/dmledger_ble.h`, made from these files by `cbindgen`; `examples/c/` holds a program that uses it.
//! The rules for callers are in the header's opening comment, those for this module are:
//!
//! - Every pointer that comes in is dereferenced in `memory` below and nowhere else;
//!   null and misaligned pointers and lengths beyond the address space are refused there.
//! - Nothing that comes in is read as a Rust `bool` or `enum`: every bit pattern of every struct is valid.
//! - A panic does not cross the boundary: it becomes [`DmledgerStatus::Internal`].

#![allow(unsafe_code, reason = "a C interface takes pointers; this module is the only one")]

mod measurement;
mod number;
mod sync;
mod vital;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use measurement::{
    DmledgerCgmMeasurement, DmledgerGlucoseContext, DmledgerGlucoseMeasurement, dmledger_cgm_measurement_decode,
    dmledger_glucose_context_decode, dmledger_glucose_measurement_decode, dmledger_glucose_measurement_encode,
};
pub use number::{
    DmledgerDateTime, DmledgerNumber, DmledgerNumberKind, dmledger_e2e_crc, dmledger_float_decode,
    dmledger_float_encode, dmledger_number_in_units_of, dmledger_sfloat_decode, dmledger_sfloat_encode,
};
pub use sync::{
    DmledgerAction, DmledgerActionKind, DmledgerEvent, DmledgerEventKind, DmledgerHole, DmledgerOutcome, DmledgerProof,
    DmledgerReason, DmledgerSync, DmledgerSyncConfig, DmledgerUuid, dmledger_sync_free, dmledger_sync_handle,
    dmledger_sync_new, dmledger_sync_next_action, dmledger_uuid_assigned,
};
pub use vital::{
    DmledgerBloodPressure, DmledgerHeartRate, DmledgerOximeter, DmledgerTemperature, DmledgerWeight,
    dmledger_blood_pressure_decode, dmledger_heart_rate_decode, dmledger_oximeter_decode, dmledger_temperature_decode,
    dmledger_weight_decode,
};

use crate::error::{ConversionError, DecodeError, EncodeError};

/// Version of this interface. It changes when a struct or a function changes.
pub const DMLEDGER_BLE_ABI: u32 = 1;

/// The version of this interface that the library was built with; compare it with `DMLEDGER_BLE_ABI` of the header.
#[unsafe(no_mangle)]
pub extern "C" fn dmledger_ble_abi() -> u32 {
    DMLEDGER_BLE_ABI
}

/// How a call ended.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DmledgerStatus {
    /// Done.
    Ok = 0,
    /// A pointer is null or misaligned, or a length is impossible.
    BadPointer = 1,
    /// The caller's buffer is too small.
    BufferTooSmall = 2,
    /// The value ends inside a field that its flags announce.
    TooShort = 3,
    /// Octets follow the last field.
    TrailingBytes = 4,
    /// A length octet contradicts the content.
    WrongLength = 5,
    /// The E2E-CRC is wrong.
    BadCrc = 6,
    /// A field holds a forbidden value.
    Forbidden = 7,
    /// Unknown op code.
    UnknownOpCode = 8,
    /// Fields of a value to be written contradict each other, or it would be too long.
    CannotEncode = 9,
    /// The number has no exact equal in this form.
    NotExact = 10,
    /// The number does not fit.
    OutOfRange = 11,
    /// There is no number: NaN, `NRes`, an infinity or the reserved pattern.
    NotANumber = 12,
    /// There is nothing more.
    NoMore = 13,
    /// A kind or another argument has a value without a meaning.
    BadArgument = 14,
    /// A defect of the library.
    Internal = 99,
}

impl From<DecodeError> for DmledgerStatus {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::TooShort { .. } => Self::TooShort,
            DecodeError::TrailingBytes { .. } => Self::TrailingBytes,
            DecodeError::WrongLength { .. } => Self::WrongLength,
            DecodeError::BadCrc { .. } => Self::BadCrc,
            DecodeError::Forbidden { .. } => Self::Forbidden,
            DecodeError::UnknownOpCode(_) => Self::UnknownOpCode,
        }
    }
}

impl From<EncodeError> for DmledgerStatus {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::BufferTooSmall { .. } => Self::BufferTooSmall,
            EncodeError::TooLong(_) | EncodeError::Contradiction { .. } => Self::CannotEncode,
        }
    }
}

impl From<ConversionError> for DmledgerStatus {
    fn from(error: ConversionError) -> Self {
        match error {
            ConversionError::Inexact => Self::NotExact,
            ConversionError::Overflow => Self::OutOfRange,
        }
    }
}

/// Runs the inside of a call; a panic becomes a status.
fn guarded(call: impl FnOnce() -> Result<(), DmledgerStatus>) -> DmledgerStatus {
    // What a panic leaves half done is the caller's handle, which is only ever freed or used through checked calls.
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(())) => DmledgerStatus::Ok,
        Ok(Err(status)) => status,
        Err(_) => DmledgerStatus::Internal,
    }
}

/// The only places that touch a caller's memory.
mod memory {
    use super::DmledgerStatus;

    /// The octets at `bytes`. A length of zero needs no pointer.
    ///
    /// # Safety
    /// `bytes` is null or points to `length` initialised octets that nobody writes while the slice lives.
    pub(super) unsafe fn octets<'a>(bytes: *const u8, length: usize) -> Result<&'a [u8], DmledgerStatus> {
        // SAFETY: the caller's promise is the same.
        unsafe { items(bytes, length) }
    }

    /// The items at `first`. A count of zero needs no pointer.
    ///
    /// # Safety
    /// `first` is null or points to `count` initialised items, of a type without invalid bit patterns, that nobody
    /// writes while the slice lives.
    pub(super) unsafe fn items<'a, T>(first: *const T, count: usize) -> Result<&'a [T], DmledgerStatus> {
        if count == 0 {
            return Ok(&[]);
        }
        let most = isize::MAX.unsigned_abs() / size_of::<T>().max(1);
        if first.is_null() || !first.is_aligned() || count > most {
            return Err(DmledgerStatus::BadPointer);
        }
        // SAFETY: not null, aligned, not larger than the address space; the rest is the caller's promise.
        Ok(unsafe { core::slice::from_raw_parts(first, count) })
    }

    /// The caller's buffer.
    ///
    /// # Safety
    /// `buffer` is null or points to `capacity` initialised octets that nobody else uses while the slice lives.
    pub(super) unsafe fn buffer<'a>(buffer: *mut u8, capacity: usize) -> Result<&'a mut [u8], DmledgerStatus> {
        if capacity == 0 {
            return Ok(&mut []);
        }
        if buffer.is_null() || capacity > isize::MAX.unsigned_abs() {
            return Err(DmledgerStatus::BadPointer);
        }
        // SAFETY: not null, octets are always aligned, not larger than the address space; the rest is promised.
        Ok(unsafe { core::slice::from_raw_parts_mut(buffer, capacity) })
    }

    /// What is at `from`.
    ///
    /// # Safety
    /// `from` is null or points to an initialised value, of a type without invalid bit patterns, that nobody writes
    /// while the reference lives.
    pub(super) unsafe fn value<'a, T>(from: *const T) -> Result<&'a T, DmledgerStatus> {
        if !from.is_aligned() {
            return Err(DmledgerStatus::BadPointer);
        }
        // SAFETY: aligned; null is told apart by `as_ref`; the rest is the caller's promise.
        unsafe { from.as_ref() }.ok_or(DmledgerStatus::BadPointer)
    }

    /// What is at `at`, to be changed.
    ///
    /// # Safety
    /// `at` is null or points to an initialised value that nobody else uses while the reference lives.
    pub(super) unsafe fn changed<'a, T>(at: *mut T) -> Result<&'a mut T, DmledgerStatus> {
        if !at.is_aligned() {
            return Err(DmledgerStatus::BadPointer);
        }
        // SAFETY: aligned; null is told apart by `as_mut`; the rest is the caller's promise.
        unsafe { at.as_mut() }.ok_or(DmledgerStatus::BadPointer)
    }

    /// Writes `value` to `to`, whatever was there.
    ///
    /// # Safety
    /// `to` is null or points to memory for a value that nobody else uses meanwhile.
    pub(super) unsafe fn put<T: Copy>(to: *mut T, value: T) -> Result<(), DmledgerStatus> {
        if to.is_null() || !to.is_aligned() {
            return Err(DmledgerStatus::BadPointer);
        }
        // SAFETY: not null and aligned; the rest is the caller's promise.
        unsafe { to.write(value) };
        Ok(())
    }
}

#[cfg(test)]
mod tests;
