//! Signed access parts with their slots: what is accepted encodes back to the same bytes.
#![no_main]

use dmledger_core::{codec, envelope::Envelope};
use dmledger_zk::seal::AccessPart;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = codec::decode::<Envelope<AccessPart>>(bytes) {
        assert_eq!(codec::encode(&value), bytes);
    }
});
