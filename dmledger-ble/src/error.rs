//! What can be wrong with bytes and numbers of a device.
//!
//! Messages name fields and lengths and never a measured value.

use thiserror::Error;

/// Why the bytes of a characteristic were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The value ends inside a field that its flags announce.
    #[error("value ends early: {needed} more octets announced, {have} left")]
    TooShort {
        /// Octets the next field needs.
        needed: usize,
        /// Octets that are left.
        have: usize,
    },
    /// Octets follow the last field although no reserved flag announces one.
    #[error("{extra} octets follow the last field")]
    TrailingBytes {
        /// Octets that no field claims.
        extra: usize,
    },
    /// A length octet contradicts the flags or the number of octets present.
    #[error("stated length {stated} contradicts the content")]
    WrongLength {
        /// The length octet as received.
        stated: u8,
    },
    /// The E2E-CRC does not match the octets before it.
    #[error("wrong E2E-CRC: stated {stated:#06x}, computed {computed:#06x}")]
    BadCrc {
        /// The check value as received.
        stated: u16,
        /// The check value of the octets received.
        computed: u16,
    },
    /// A field holds a value that the specification forbids.
    #[error("forbidden value in field {field}")]
    Forbidden {
        /// Name of the field in the specification.
        field: &'static str,
    },
    /// The op code is not one of this control point.
    #[error("unknown op code {0:#04x}")]
    UnknownOpCode(u8),
}

/// Why a value cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The buffer is shorter than the value.
    #[error("buffer too small: {needed} octets needed, {have} left")]
    BufferTooSmall {
        /// Octets the next field needs.
        needed: usize,
        /// Octets that are left.
        have: usize,
    },
    /// The value would be longer than an attribute or its length octet allows.
    #[error("value of {0} octets is too long")]
    TooLong(usize),
    /// Two fields contradict each other in a way the layout cannot express.
    #[error("field {field} cannot be written together with the others")]
    Contradiction {
        /// Name of the field in the specification.
        field: &'static str,
    },
}

/// Why a decimal number has no exact equal in the form asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConversionError {
    /// Digits would be lost.
    #[error("not exact at this resolution")]
    Inexact,
    /// The result does not fit.
    #[error("out of range")]
    Overflow,
}
