//! Glucose service: decoders are total, and what they accept encodes to bytes that decode to the same value.
#![no_main]

use dmledger_ble::codec::{
    Characteristic,
    exact::ExactGlucose,
    glucose::{GlucoseMeasurement, GlucoseMeasurementContext},
    racp::Frame,
};

fn both_ways<T: Characteristic + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(value) = T::decode(bytes) {
        let encoded = value.to_vec().expect("a decoded value encodes");
        assert_eq!(T::decode(&encoded).as_ref(), Ok(&value));
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    both_ways::<GlucoseMeasurement>(bytes);
    both_ways::<GlucoseMeasurementContext>(bytes);
    both_ways::<ExactGlucose>(bytes);
    let _ = Frame::decode(bytes);
});
