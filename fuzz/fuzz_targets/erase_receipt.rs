//! Receipts of erasure: what is accepted encodes back to the same bytes.
#![no_main]

use dmledger_core::codec;
use dmledger_core::envelope::Envelope;
use dmledger_zk::seal::erase::EraseReceipt;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = codec::decode::<Envelope<EraseReceipt>>(bytes) {
        assert_eq!(codec::encode(&value), bytes);
    }
});
