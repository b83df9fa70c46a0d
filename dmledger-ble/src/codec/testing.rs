//! Checks that every characteristic's tests share.

use core::fmt::Debug;

use super::Characteristic;
use crate::error::DecodeError;

/// Every shorter prefix and one octet more are refused, the whole survives a round trip.
pub(crate) fn every_cut_is_refused<C: Characteristic + Debug + PartialEq>(value: &[u8]) {
    let decoded = C::decode(value).unwrap();
    let mut buffer = [0xA5; 64];
    assert_eq!(decoded.encode(&mut buffer), Ok(value));
    for length in 0..value.len() {
        let cut = C::decode(&value[..length]);
        assert!(matches!(cut, Err(DecodeError::TooShort { .. })), "{length} of {} octets: {cut:?}", value.len());
        assert!(decoded.encode(&mut buffer[..length]).is_err(), "{length} octets of room");
    }
    let mut longer = [0; 64];
    longer[..value.len()].copy_from_slice(value);
    assert_eq!(C::decode(&longer[..=value.len()]), Err(DecodeError::TrailingBytes { extra: 1 }));
}

/// Whatever decodes encodes to the same octets, unless `reserved` says that the octets hold reserved bits; then the
/// encoding decodes to the same value.
pub(crate) fn survives<C: Characteristic + Debug + PartialEq>(bytes: &[u8], reserved: impl Fn(&[u8]) -> bool) {
    let Ok(decoded) = C::decode(bytes) else { return };
    let mut buffer = [0; 600];
    let encoded = decoded.encode(&mut buffer).unwrap();
    if reserved(bytes) {
        assert_eq!(C::decode(encoded), Ok(decoded));
    } else {
        assert_eq!(encoded, bytes);
    }
}

/// `full` with its first octet replaced by `flags` and cut to `length`: survives, and every cut is refused.
pub(crate) fn every_flag_word<C: Characteristic + Debug + PartialEq>(full: &[u8], flags: u8, length: usize) {
    let mut value = [0; 64];
    value[..full.len()].copy_from_slice(full);
    value[0] = flags;
    every_cut_is_refused::<C>(&value[..length]);
}
