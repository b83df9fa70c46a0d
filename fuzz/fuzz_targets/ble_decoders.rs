//! Bluetooth: every decoder is total, and what it accepts survives being written and read again.
#![no_main]

use dmledger_ble::testing::{DECODERS, Verdict};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for (name, check) in DECODERS {
        assert_ne!(check(bytes), Verdict::Broken, "{name}");
    }
});
