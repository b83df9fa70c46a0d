//! Sealed keystores: what is accepted encodes back to the same bytes.
#![no_main]

use dmledger_core::codec;
use dmledger_zk::seal::Keystore;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = codec::decode::<Keystore>(bytes) {
        assert_eq!(codec::encode(&value), bytes);
    }
});
