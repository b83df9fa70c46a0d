//! The end-to-end check of the continuous glucose monitoring service.
//!
//! E2E-CRC of the CGM service specification: polynomial x^16 + x^12 + x^5 + 1, seed 0xFFFF, least significant bit
//! first, no final inversion (known elsewhere as CRC-16/MCRF4XX). It is stored least significant octet first after the
//! octets it covers.

use crate::error::DecodeError;

/// Whether a device appends an E2E-CRC to its values; its CGM Feature characteristic says so (bit 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a device either uses the check or does not")]
pub enum E2eCrc {
    /// The last two octets are the check value.
    Present,
    /// The value carries no check.
    Absent,
}

/// Check value of `bytes`.
#[must_use]
pub const fn e2e_crc(bytes: &[u8]) -> u16 {
    let mut crc = SEED;
    let mut rest = bytes;
    while let Some((octet, tail)) = rest.split_first() {
        crc ^= *octet as u16;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ REVERSED_POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        rest = tail;
    }
    crc
}

/// Verifies the last two octets and hands back the octets before them.
///
/// # Errors
/// [`DecodeError::TooShort`] under two octets, [`DecodeError::BadCrc`] when the check fails.
pub fn strip_e2e_crc(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    let Some((content, check)) = bytes.split_last_chunk::<2>() else {
        return Err(DecodeError::TooShort { needed: 2, have: bytes.len() });
    };
    let (stated, computed) = (u16::from_le_bytes(*check), e2e_crc(content));
    if stated == computed { Ok(content) } else { Err(DecodeError::BadCrc { stated, computed }) }
}

const SEED: u16 = 0xFFFF;
const REVERSED_POLYNOMIAL: u16 = 0x8408;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values_of_the_published_parameters() {
        assert_eq!(e2e_crc(b"123456789"), 0x6F91);
        assert_eq!(e2e_crc(b""), 0xFFFF);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let mut value = [0x08, 0x00, 0x78, 0x00, 0x1E, 0x00, 0, 0];
        let crc = e2e_crc(&value[..6]);
        value[6..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(strip_e2e_crc(&value), Ok(&value[..6]));
        for bit in 0..64 {
            let mut flipped = value;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(strip_e2e_crc(&flipped), Err(DecodeError::BadCrc { .. })), "bit {bit}");
        }
        assert_eq!(strip_e2e_crc(&[1]), Err(DecodeError::TooShort { needed: 2, have: 1 }));
    }
}
