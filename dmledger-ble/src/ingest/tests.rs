use super::*;
use crate::codec::date_time::DateTime;
use crate::codec::glucose::{Meal, SampleLocation, SequenceNumber};
use crate::codec::medfloat::Decimal;
use crate::sim::{Faults, MeterConfig, MeterValue, SimMeter, StoredReading, sync_readings};

fn noon() -> DateTime {
    DateTime::new(2024, 3, 15, 12, 0, 0).unwrap()
}

fn meter() -> Device {
    Device::new(b"maker/model/1", BondState::BondedAuthenticated)
}

/// The records a meter sends for these readings.
fn records(readings: &[StoredReading]) -> Vec<Record> {
    let report = sync_readings(&mut SimMeter::new(MeterConfig::new()), readings, Faults::NONE, 1);
    assert!(report.is_complete() && report.refused().is_empty());
    report.records().iter().map(|(_, record)| record.clone()).collect()
}

fn one(reading: StoredReading) -> Result<Reading, IngestError> {
    ingest(&records(&[reading])[0], &meter(), Timestamp::from_seconds(1_800_000_000))
}

fn mg_per_dl(mantissa: i64, exponent: i8) -> StoredReading {
    StoredReading::mg_per_dl(noon(), Decimal::new(mantissa, exponent))
}

#[test]
fn numbers_keep_their_unit_and_every_digit() {
    for (text, mantissa, exponent) in
        [("151", 151, 0), ("136.8", 1368, -1), ("218.7", 2187, -1), ("303.333333", 303_333_333, -6)]
    {
        let reading = one(mg_per_dl(mantissa, exponent)).unwrap();
        assert_eq!(reading.measured().glucose(), Some(Glucose::parse(text, GlucoseUnit::MgPerDl).unwrap()));
    }
    let reading = one(StoredReading::mmol_per_l(noon(), Decimal::new(114, -1))).unwrap();
    assert_eq!(reading.measured().glucose(), Some(Glucose::parse("11.4", GlucoseUnit::MmolPerL).unwrap()));
}

#[test]
fn statements_stay_statements() {
    for (value, measured, quality) in [
        (MeterValue::Low, Measurement::BelowRange, Quality::GOOD),
        (MeterValue::High, Measurement::AboveRange, Quality::GOOD),
        (MeterValue::NoResult, Measurement::NoValue, Quality::DEVICE_FAULT),
    ] {
        let reading = one(StoredReading::new(noon(), value)).unwrap();
        assert_eq!((reading.measured(), reading.quality()), (measured, quality));
    }
    let clamped = one(mg_per_dl(600, 0).with_status(SensorStatus::RESULT_TOO_HIGH)).unwrap();
    assert_eq!(clamped.measured(), Measurement::AboveRange, "the device says that 600 is not the result");
    let torn = SensorStatus::RESULT_TOO_HIGH.union(SensorStatus::RESULT_TOO_LOW);
    assert_eq!(one(mg_per_dl(100, 0).with_status(torn)).unwrap().measured(), Measurement::NoValue);
}

#[test]
fn what_is_no_concentration_is_refused_with_its_reason() {
    assert!(matches!(one(mg_per_dl(0, 0)), Err(IngestError::Value(ValueError::OutOfRange))));
    assert!(matches!(one(mg_per_dl(-5, 0)), Err(IngestError::Value(ValueError::Negative))));
    assert!(matches!(one(mg_per_dl(1_234_567, -7)), Err(IngestError::Value(ValueError::TooFine))));
}

#[test]
fn marks_go_along() {
    let control = mg_per_dl(110, 0).with_sample(SampleType::CONTROL_SOLUTION, SampleLocation::CONTROL_SOLUTION);
    assert!(one(control).unwrap().quality().contains(Quality::CONTROL_SOLUTION));
    let finer = mg_per_dl(110_123_456, -6).with_sample(SampleType::CONTROL_SOLUTION, SampleLocation::NOT_AVAILABLE);
    assert!(one(finer).unwrap().quality().contains(Quality::CONTROL_SOLUTION), "also beside an exact value");
    let clock = one(mg_per_dl(110, 0).with_status(SensorStatus::TIME_FAULT)).unwrap();
    assert_eq!(clock.quality(), Quality::TIME_FAULT);
    assert_eq!(one(mg_per_dl(18, -1)).unwrap().quality(), Quality::IMPLAUSIBLE);
    let sensor = mg_per_dl(110, 0).with_sample(SampleType::INTERSTITIAL_FLUID, SampleLocation::NOT_AVAILABLE);
    assert_eq!(one(sensor).unwrap().kind(), DataKind::ContinuousGlucose);
    assert_eq!(one(mg_per_dl(110, 0)).unwrap().kind(), DataKind::SelfMeasuredGlucose);
}

#[test]
fn provenance_keeps_clock_offset_and_zone_apart() {
    let record = &records(&[mg_per_dl(110, 0).with_time_offset(-235)])[0];
    let received = Timestamp::from_seconds(1_800_000_000);
    let noon_read_as_utc = Timestamp::from_seconds(noon().wall_seconds().unwrap().value());
    let unknown = ingest(record, &meter(), received).unwrap();
    let provenance = unknown.provenance();
    assert_eq!((provenance.base_time, provenance.time_offset), (noon_read_as_utc, Some(-235)));
    assert_eq!(unknown.at().millis(), noon_read_as_utc.millis() - 235 * 60_000);
    assert_eq!((provenance.zone, provenance.received), (ZoneOffset::UNKNOWN, received));
    assert_eq!((provenance.assurance, provenance.sequence), (Assurance::Bonded, 1));
    let zone = ZoneOffset::from_minutes(60).unwrap();
    let known = ingest(record, &meter().in_zone(zone), received).unwrap();
    assert_eq!(known.at().millis(), unknown.at().millis() - 60 * 60_000);
    assert_eq!(known.wall_clock(), unknown.wall_clock());
    assert_eq!(Device::new(b"x", BondState::NotBonded).assurance, Assurance::None);
}

#[test]
fn the_digest_covers_every_octet_received() {
    let meal = GlucoseMeasurementContext::new(SequenceNumber::new(0)).with_meal(Meal::FASTING);
    let plain = &records(&[mg_per_dl(110, 0)])[0];
    let noted = &records(&[mg_per_dl(110_123_456, -6).with_context(meal)])[0];
    assert_eq!(raw_octets(plain).len(), 18 + plain.raw().len());
    let mut expected = Vec::new();
    for (number, value) in [(0x2A18_u32, noted.raw()), (0x2A34, noted.context().raw().unwrap())] {
        expected.extend_from_slice(&number.to_be_bytes());
        expected.extend_from_slice(&[0, 0, 0x10, 0, 0x80, 0, 0, 0x80, 0x5F, 0x9B, 0x34, 0xFB]);
        expected.extend_from_slice(&[u8::try_from(value.len()).unwrap(), 0]);
        expected.extend_from_slice(value);
    }
    expected.extend_from_slice(b"dmledger\x80\0\0\0\0\x01\0\x01\x14\0");
    expected.extend_from_slice(noted.exact().raw().unwrap());
    assert_eq!(raw_octets(noted), expected);
    let reading = ingest(noted, &meter(), Timestamp::EPOCH).unwrap();
    assert_eq!(reading.provenance().raw, Provenance::raw_digest(&expected));
}

#[test]
fn a_reading_goes_through_a_meter_and_comes_back() {
    for text in ["40", "136.8", "303.333333", "489.6", "0.000001", "2000"] {
        for unit in [GlucoseUnit::MgPerDl, GlucoseUnit::MmolPerL] {
            let first = one(mg_per_dl(100, 0)).unwrap();
            let mut facts = first.facts().clone();
            facts.measured = Glucose::parse(text, unit).unwrap().into();
            facts.kind = DataKind::ContinuousGlucose;
            let original = Reading::new(facts).unwrap();
            let back = one(stored_reading(&original).unwrap()).unwrap();
            assert_eq!(
                (back.measured(), back.kind(), back.at()),
                (original.measured(), original.kind(), original.at())
            );
        }
    }
    for value in [MeterValue::Low, MeterValue::High, MeterValue::NoResult] {
        let original = one(StoredReading::new(noon(), value)).unwrap();
        assert_eq!(one(stored_reading(&original).unwrap()).unwrap().measured(), original.measured());
    }
    let mut facts = one(mg_per_dl(100, 0)).unwrap().facts().clone();
    facts.at = Timestamp::from_millis(facts.at.millis() + 1);
    facts.provenance.base_time = facts.at;
    assert_eq!(stored_reading(&Reading::new(facts).unwrap()), Err(IngestError::FractionOfSecond));
}
