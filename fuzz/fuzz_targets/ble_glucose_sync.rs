//! Bluetooth: no sequence of events breaks a synchronisation with a meter.
#![no_main]

use dmledger_ble::testing::synchronisation_keeps_its_promises;

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    assert!(synchronisation_keeps_its_promises(script));
});
