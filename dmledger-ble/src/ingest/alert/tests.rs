use super::*;
use crate::ingest::{Device, DeviceClock, reading};
use crate::link::BondState;
use dmledger_core::record::quantity::{BloodPressure, Glucose, GlucoseUnit};
use dmledger_core::record::{Quality, SourceFormat, ZoneOffset};

fn of(kind: DataKind, measured: Measurement, quality: Quality, minutes: i64, received: i64) -> Reading {
    let minute = |minutes: i64| Timestamp::from_seconds(1_772_366_400 + 60 * minutes);
    let clock = DeviceClock { base_time: minute(minutes), time_offset: None, zone: Some(ZoneOffset::UTC) };
    let device = Device::new(b"device", BondState::Bonded);
    let provenance = device.provenance(SourceFormat::BluetoothCgm, 0, clock, minute(received), &[]);
    reading(kind, measured, quality, provenance).unwrap()
}

fn glucose(mg_per_dl: &str, minutes: i64, received: i64) -> Reading {
    let value = Glucose::parse(mg_per_dl, GlucoseUnit::MgPerDl).unwrap().into();
    of(DataKind::ContinuousGlucose, value, Quality::GOOD, minutes, received)
}

#[test]
fn an_alert_is_raised_when_it_begins_and_again_after_it_ended() {
    let (mut monitor, mut heard) = (Monitor::new(AlertRules::usual()), Vec::new());
    for (minutes, value) in ["100", "53", "50", "54", "53.9", "251"].iter().enumerate() {
        let minutes = i64::try_from(minutes).unwrap();
        monitor.observe(&glucose(value, minutes, minutes), &mut heard);
    }
    let conditions: Vec<_> = heard.iter().map(|alert| alert.condition).collect();
    assert_eq!(conditions, [Condition::GlucoseVeryLow, Condition::GlucoseVeryLow, Condition::GlucoseVeryHigh]);
    assert!(heard.iter().all(|alert| alert.freshness == Freshness::Fresh));
}

#[test]
fn an_old_reading_alerts_as_past_and_a_doubtful_one_not_at_all() {
    let (mut monitor, mut heard) = (Monitor::new(AlertRules::usual()), Vec::new());
    monitor.observe(&glucose("50", 0, 16), &mut heard);
    assert_eq!(heard[0].freshness, Freshness::Past);
    let solution = of(DataKind::SelfMeasuredGlucose, Measurement::AboveRange, Quality::CONTROL_SOLUTION, 0, 0);
    monitor.observe(&solution, &mut heard);
    assert_eq!(heard.len(), 1);
}

#[test]
fn pressures_are_compared_in_their_own_unit() {
    // 180 mmHg are 23.998 kPa
    for (systolic, unit, alerts) in [
        (180_000_000, PressureUnit::MmHg, 1),
        (179_000_000, PressureUnit::MmHg, 0),
        (24_000_000, PressureUnit::KPa, 1),
        (23_900_000, PressureUnit::KPa, 0),
    ] {
        let pressure = Quantity::BloodPressure(BloodPressure::from_millionths(systolic, 10_000_000, unit).unwrap());
        let (mut monitor, mut heard) = (Monitor::new(AlertRules::usual()), Vec::new());
        monitor.observe(&of(DataKind::BloodPressure, pressure.into(), Quality::GOOD, 0, 0), &mut heard);
        assert_eq!(heard.len(), alerts, "{systolic} {unit:?}");
    }
}

#[test]
fn silence_is_told_once_until_it_is_broken() {
    let rules = AlertRules::new().with(Condition::Silence(DataKind::ContinuousGlucose, 3600));
    let (mut monitor, mut heard) = (Monitor::new(rules), Vec::new());
    let at = |minutes: i64| glucose("100", minutes, minutes).at();
    monitor.tick(at(1000), &mut heard);
    assert_eq!(heard, [], "what never spoke is not silent");
    monitor.observe(&glucose("100", 0, 0), &mut heard);
    for (minutes, alerts) in [(60, 0), (61, 1), (70, 1)] {
        monitor.tick(at(minutes), &mut heard);
        assert_eq!(heard.len(), alerts, "after {minutes} minutes");
    }
    monitor.observe(&glucose("100", 71, 71), &mut heard);
    monitor.tick(at(72), &mut heard);
    monitor.tick(at(200), &mut heard);
    assert_eq!(heard.len(), 2);
    assert_eq!((heard[1].device, heard[1].at), (None, at(71)));
}
