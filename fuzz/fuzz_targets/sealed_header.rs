//! Signed headers of sealed records: what is accepted encodes back to the same bytes, and its layout is bounded.
#![no_main]

use dmledger_core::{codec, envelope::Envelope};
use dmledger_zk::seal::RecordHeader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = codec::decode::<Envelope<RecordHeader>>(bytes) {
        assert_eq!(codec::encode(&value), bytes);
        if let Ok(layout) = value.body().layout() {
            assert!(layout.padded() <= layout.sealed_len());
        }
    }
});
