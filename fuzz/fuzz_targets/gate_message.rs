//! Messages of the gate channel and the sealed answers in them: what is accepted encodes back to the same bytes.
#![no_main]

use dmledger_core::codec;
use dmledger_net::wire::{GateMessage, Message};
use dmledger_zk::seal::{GateAnswer, Wrapped};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = GateMessage::read(bytes) {
        assert_eq!(value.frame()[..], *bytes);
    }
    if let Ok(value) = codec::decode::<Wrapped<GateAnswer>>(bytes) {
        assert_eq!(codec::encode(&value), bytes);
    }
    if let Ok(value) = codec::decode::<GateAnswer>(bytes) {
        assert_eq!(codec::encode(&value), bytes);
    }
});
