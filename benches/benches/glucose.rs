//! Decoding measurements as a gateway does, and synchronising meters of growing memory.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dmledger_ble::codec::{
    Characteristic,
    cgm::{CgmMeasurement, CheckedCharacteristic},
    crc::E2eCrc,
    date_time::DateTime,
    glucose::GlucoseMeasurement,
    medfloat::{Decimal, Sfloat},
};
use dmledger_ble::procedure::glucose_sync::{GlucoseSync, SyncConfig};
use dmledger_ble::sim::{Faults, MeterConfig, SimMeter, StoredReading, run};
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
    let sensor = [10, 3, 0x78, 0, 5, 0, 1, 0xF0, 90, 0];
    group.bench_function("decode_sensor", |b| {
        b.iter(|| CgmMeasurement::decode(black_box(&sensor), E2eCrc::Absent).is_ok());
    });
    group.bench_function("sfloat", |b| b.iter(|| Sfloat::from_bits(black_box(0xB04D)).value()));
    group.finish();
}

/// A whole session in virtual time with a meter that loses nothing.
fn synchronise(c: &mut Criterion) {
    let mut group = c.benchmark_group("glucose_sync");
    for count in [100_u16, 1000, 5000] {
        let Ok(start) = DateTime::new(2026, 1, 1, 0, 0, 0) else { return };
        let Ok(first) = start.wall_seconds() else { return };
        let reading = |minute: u16| {
            let at = DateTime::from_wall_seconds(first.plus_minutes(minute.cast_signed())).unwrap_or(start);
            StoredReading::mg_per_dl(at, Decimal::new(i64::from(70 + minute % 200), 0))
        };
        let readings: Vec<_> = (0..count).map(reading).collect();
        let mut meter = SimMeter::new(MeterConfig::new());
        meter.load(&readings);
        group.throughput(Throughput::Elements(count.into()));
        group.bench_with_input(BenchmarkId::from_parameter(count), &count, |b, _| {
            b.iter(|| run(&mut meter, GlucoseSync::new(SyncConfig::new()), Faults::NONE, 1).records().len());
        });
    }
    group.finish();
}

criterion_group!(benches, glucose, synchronise);
criterion_main!(benches);
