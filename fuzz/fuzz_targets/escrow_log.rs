//! Escrow logs with their proofs: what is accepted encodes back to the same bytes.
#![no_main]

use dmledger_core::codec;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = codec::decode::<dmledger_core::ledger::EscrowLog>(bytes) {
        assert_eq!(codec::encode(&value), bytes);
    }
});
