//! Every procedure with a device under arbitrary events: nothing delivered twice, nothing after the end, few actions an
//! event.
#![no_main]

use dmledger_ble::testing::{
    cuff_keeps_its_promises, nights_keep_their_promises, oximeter_keeps_its_promises, sensor_keeps_its_promises,
    stream_keeps_its_promises, transfer_keeps_its_promises,
};

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    let Some((which, script)) = script.split_first() else { return };
    let kept = match which % 6 {
        0 => sensor_keeps_its_promises(script),
        1 => cuff_keeps_its_promises(script),
        2 => stream_keeps_its_promises(script),
        3 => oximeter_keeps_its_promises(script),
        4 => nights_keep_their_promises(script),
        _ => transfer_keeps_its_promises(script),
    };
    assert!(kept);
});
