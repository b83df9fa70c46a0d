//! Capsules and trustees' bundles: what is accepted encodes back to the same bytes, and no bundle of another capsule opens
//! one.
#![no_main]

use dmledger_core::codec;
use dmledger_zk::seal::{Capsule, TrusteeBundle};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = codec::decode::<TrusteeBundle>(bytes) {
        assert_eq!(codec::encode(&value), bytes);
    }
    if let Ok(value) = codec::decode::<Capsule>(bytes) {
        assert_eq!(codec::encode(&value), bytes);
        assert!(value.open(&[]).is_err());
    }
});
