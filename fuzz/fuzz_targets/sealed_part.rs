//! Header and access part of a sealed record: what is accepted encodes back to the same bytes.
#![no_main]

use dmledger_zk::seal::Part;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(part) = Part::from_bytes(bytes) {
        assert_eq!(part.to_bytes(), bytes);
    }
});
