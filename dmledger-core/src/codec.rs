//! Canonical bytes: one version byte, then `borsh`, inside a length cap.
//!
//! Everything that is hashed, signed or stored goes through [`encode`] and [`decode`]. A type has exactly one encoding,
//! so `decode(encode(x)) == x` and `encode(decode(b)) == b`; trailing bytes, unknown versions and inputs over the
//! type's cap are refused before anything is allocated for them.

mod bounded;
mod error;

pub use bounded::{Bytes, List, Text};
pub use error::CodecError;

use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// A type with one versioned, length-capped encoding.
pub trait Canonical: BorshSerialize + BorshDeserialize {
    /// First byte of every encoding; a change of layout is a new number.
    const VERSION: u8 = 1;
    /// Longest accepted encoding in bytes, the version byte included.
    const MAX_BYTES: usize;
}

/// The canonical bytes of `value`: [`Canonical::VERSION`], then its fields in `borsh` order.
///
/// A value that `borsh` cannot express (a list beyond `u32::MAX`, which no bounded type can hold) encodes to nothing,
/// and nothing is what every decoder refuses.
#[must_use]
pub fn encode<T: Canonical>(value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    out.push(T::VERSION);
    match value.serialize(&mut out) {
        Ok(()) => out,
        Err(_) => Vec::new(),
    }
}

/// Reads one value from exactly `bytes`.
///
/// # Errors
/// [`CodecError`]: too long for the type, unknown version, malformed or cut short, trailing bytes, or an encoding that
/// is not the canonical one.
pub fn decode<T: Canonical>(bytes: &[u8]) -> Result<T, CodecError> {
    let value = decode_own(bytes)?;
    if encode(&value) != bytes {
        return Err(CodecError::NotCanonical);
    }
    Ok(value)
}

/// Reads one value from bytes that [`encode`] made and a digest has vouched for since, such as a row of the state: as
/// [`decode`], without encoding again to compare.
///
/// # Errors
/// As [`decode`], [`CodecError::NotCanonical`] excepted.
pub(crate) fn decode_own<T: Canonical>(bytes: &[u8]) -> Result<T, CodecError> {
    if bytes.len() > T::MAX_BYTES {
        return Err(CodecError::TooLong { len: bytes.len(), max: T::MAX_BYTES });
    }
    let (&version, mut rest) = bytes.split_first().ok_or(CodecError::Malformed)?;
    if version != T::VERSION {
        return Err(CodecError::UnknownVersion { found: version, known: T::VERSION });
    }
    let value = T::deserialize(&mut rest).map_err(|_| CodecError::Malformed)?;
    if !rest.is_empty() {
        return Err(CodecError::TrailingBytes { extra: rest.len() });
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[derive(Debug, PartialEq, BorshSerialize, BorshDeserialize)]
    struct Sample {
        number: u32,
        list: List<u16, 4>,
        text: Text<8>,
    }
    impl Canonical for Sample {
        const MAX_BYTES: usize = 64;
    }

    fn sample() -> Sample {
        Sample { number: 7, list: List::new(vec![1, 2, 3]).unwrap(), text: Text::new("glucose").unwrap() }
    }

    #[test]
    fn round_trip_is_exact() {
        assert_eq!(decode::<Sample>(&encode(&sample())), Ok(sample()));
    }

    #[test]
    fn every_truncation_and_every_extension_is_refused() {
        let bytes = encode(&sample());
        for end in 0..bytes.len() {
            assert!(decode::<Sample>(&bytes[..end]).is_err(), "accepted {end} bytes");
        }
        let mut long = bytes;
        long.push(0);
        assert_eq!(decode::<Sample>(&long), Err(CodecError::TrailingBytes { extra: 1 }));
    }

    #[test]
    fn an_unknown_version_is_named() {
        let mut bytes = encode(&sample());
        bytes[0] = 9;
        assert_eq!(decode::<Sample>(&bytes), Err(CodecError::UnknownVersion { found: 9, known: 1 }));
    }

    #[test]
    fn a_list_over_its_cap_is_refused_before_its_elements_are_read() {
        let mut bytes = encode(&sample());
        bytes[5..9].copy_from_slice(&5_u32.to_le_bytes());
        assert_eq!(decode::<Sample>(&bytes), Err(CodecError::Malformed));
    }

    #[test]
    fn an_input_over_the_type_cap_is_refused() {
        assert_eq!(decode::<Sample>(&[1; 65]), Err(CodecError::TooLong { len: 65, max: 64 }));
    }
}
