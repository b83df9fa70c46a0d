//! Keys of a gate node: what is accepted encodes back to the same bytes.
#![no_main]

use dmledger_core::codec;
use dmledger_zk::seal::GateBundle;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = codec::decode::<GateBundle>(bytes) {
        assert_eq!(codec::encode(&value), bytes);
    }
});
