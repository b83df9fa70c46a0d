//! Unwrapped grants: what is accepted encodes back to the same bytes.
#![no_main]

use dmledger_core::codec;
use dmledger_zk::seal::GrantBody;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = codec::decode::<GrantBody>(bytes) {
        assert_eq!(codec::encode(&value), bytes);
    }
});
