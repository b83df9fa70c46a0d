//! Answers of gate nodes: what is accepted encodes back to the same bytes.
#![no_main]

use dmledger_core::codec;
use dmledger_zk::seal::GateReply;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = codec::decode::<GateReply>(bytes) {
        assert_eq!(codec::encode(&value), bytes);
    }
});
