//! Decoding Glucose Measurements as a gateway does.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dmledger_ble::codec::{Characteristic, glucose::GlucoseMeasurement};
use std::hint::black_box;

/// Sequence 123, 15 March 2024 10:30, offset 0, 100 mg/dL, capillary plasma from a finger, no fault: 17 octets.
const MEASUREMENT: [u8; 17] =
    [0x0b, 0x7b, 0x00, 0xe8, 0x07, 0x03, 0x0f, 0x0a, 0x1e, 0x00, 0x00, 0x00, 0x64, 0xb0, 0x12, 0x00, 0x00];

fn glucose(c: &mut Criterion) {
    let mut group = c.benchmark_group("glucose");
    group.throughput(Throughput::Elements(1));
    group.bench_function("decode_measurement", |b| {
        b.iter(|| GlucoseMeasurement::decode(black_box(&MEASUREMENT)).is_ok());
    });
    group.finish();
}

criterion_group!(benches, glucose);
criterion_main!(benches);
