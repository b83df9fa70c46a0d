//! An hour's readings: what is accepted encodes back to the same bytes.
#![no_main]

use dmledger_core::{codec, record::ReadingBatch};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(batch) = codec::decode::<ReadingBatch>(bytes) {
        assert_eq!(codec::encode(&batch), bytes);
    }
});
