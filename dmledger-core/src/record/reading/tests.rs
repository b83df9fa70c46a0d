use super::*;
use crate::{
    codec,
    record::{Assurance, DeviceId, Glucose, GlucoseUnit, Meal, MealType, Quantity, SourceFormat, ZoneOffset},
};
use alloc::{string::ToString, vec, vec::Vec};
use core::time::Duration;

/// 2014-02-03T03:42:00.
const START: Timestamp = Timestamp::from_seconds(1_391_398_920);

fn facts(at: Timestamp, text: &str) -> ReadingFacts {
    let measured = match text {
        "Low" => Measurement::BelowRange,
        number => Glucose::parse(number, GlucoseUnit::MgPerDl).unwrap().into(),
    };
    ReadingFacts {
        kind: DataKind::ContinuousGlucose,
        at,
        measured,
        text: Text::new(text).unwrap(),
        quality: Quality::GOOD,
        provenance: Provenance {
            device: DeviceId::of(b"maker/model/serial"),
            format: SourceFormat::Csv,
            assurance: Assurance::None,
            sequence: 2,
            base_time: at,
            time_offset: None,
            zone: ZoneOffset::UNKNOWN,
            received: at.plus(Duration::from_secs(60)),
            raw: Provenance::raw_digest(text.as_bytes()),
        },
    }
}

fn reading(minute: u64, text: &str) -> Reading {
    Reading::new(facts(START.plus(Duration::from_secs(60 * minute)), text)).unwrap()
}

#[test]
fn a_readings_bytes_are_fixed_and_short() {
    let reading = reading(0, "136.8");
    let bytes = codec::encode(&reading);
    assert_eq!(bytes.len(), 101);
    assert_eq!(reading.digest().to_string(), READING_DIGEST);
    assert_eq!(codec::decode::<Reading>(&bytes), Ok(reading));
}
// Computed from the layout with Python's struct and hashlib.
const READING_DIGEST: &str = "aec3a8159789489729aec3d4e0737e650ea22ee47a9ec2e899a54c7c1a07520d";

#[test]
fn every_truncation_is_refused_and_every_flip_shows_in_the_digest() {
    let reading = reading(0, "136.8");
    let bytes = codec::encode(&reading);
    for i in 0..bytes.len() {
        assert!(codec::decode::<Reading>(&bytes[..i]).is_err(), "accepted {i} bytes");
        let mut flipped = bytes.clone();
        flipped[i] ^= 0x10;
        if let Ok(other) = codec::decode::<Reading>(&flipped) {
            assert_ne!(other.digest(), reading.digest(), "byte {i}");
        }
    }
}

#[test]
fn the_longest_reading_fits_its_cap() {
    let mut longest = facts(START, "136.8");
    let meal = Meal::new(MealType::Lunch).with_carbohydrate_mg(1).with_protein_mg(1).with_fat_mg(1).with_energy_cal(1);
    longest.kind = DataKind::Diet;
    longest.measured = Quantity::Meal(meal.with_image(Digest::ZERO)).into();
    longest.text = Text::new(&"9".repeat(MAX_TEXT_BYTES)).unwrap();
    longest.provenance.time_offset = Some(60);
    longest.provenance.zone = ZoneOffset::from_minutes(60).unwrap();
    let longest = Reading::new(longest).unwrap();
    assert_eq!(codec::encode(&longest).len(), Reading::MAX_BYTES);
}

#[test]
fn facts_that_contradict_each_other_are_no_reading() {
    let wrong = |change: fn(&mut ReadingFacts)| {
        let mut facts = facts(START, "136.8");
        change(&mut facts);
        Reading::new(facts).unwrap_err()
    };
    assert_eq!(wrong(|facts| facts.kind = DataKind::Sleep), ReadingError::WrongQuantity);
    assert_eq!(wrong(|facts| facts.at = Timestamp::from_millis(-1)), ReadingError::TimeOutOfRange);
    assert_eq!(wrong(|facts| facts.at = Timestamp::MAX), ReadingError::TimeOutOfRange);
    assert_eq!(
        wrong(|facts| facts.provenance.zone = ZoneOffset::from_minutes(60).unwrap()),
        ReadingError::TimeMismatch
    );
    assert_eq!(wrong(|facts| facts.provenance.time_offset = Some(1)), ReadingError::TimeMismatch);
}

#[test]
fn a_wrong_quantity_does_not_decode() {
    let mut bytes = codec::encode(&reading(0, "136.8"));
    bytes[1] = 8;
    assert!(codec::decode::<Reading>(&bytes).is_err());
    assert!(codec::decode::<Reading>(&codec::encode(&reading(0, "Low"))).is_ok());
}

#[test]
fn an_unknown_remark_does_not_decode() {
    assert!(Quality::try_from_slice(&[0x7F, 0]).is_ok());
    assert!(Quality::try_from_slice(&[0x80, 0]).is_err());
    let remarks = Quality::CONFLICTING.with(Quality::IMPLAUSIBLE);
    assert_eq!(
        (remarks.to_string().as_str(), Quality::GOOD.to_string().as_str()),
        ("conflicting, implausible", "good")
    );
    assert!(remarks.contains(Quality::IMPLAUSIBLE) && !remarks.contains(Quality::CALIBRATION));
}

#[test]
fn a_batch_is_one_hour_of_one_kind_in_order() {
    let batch = ReadingBatch::new(vec![reading(0, "93"), reading(5, "Low"), reading(5, "94")]).unwrap();
    let bytes = codec::encode(&batch);
    assert_eq!(batch.digest().to_string(), BATCH_DIGEST);
    assert_eq!(codec::decode::<ReadingBatch>(&bytes), Ok(batch.clone()));
    for end in 0..bytes.len() {
        assert!(codec::decode::<ReadingBatch>(&bytes[..end]).is_err(), "accepted {end} bytes");
    }
    assert!(batch.span().contains(START) && batch.span().start() == START.floor_hour());
    assert_eq!(batch.kind(), Some(DataKind::ContinuousGlucose));

    assert_eq!(ReadingBatch::new(vec![]), Err(BatchError::Empty));
    assert_eq!(ReadingBatch::new(vec![reading(5, "93"), reading(0, "93")]), Err(BatchError::Unordered));
    assert_eq!(ReadingBatch::new(vec![reading(0, "93"), reading(18, "93")]), Err(BatchError::TwoHours));
    let mut meter = facts(START, "93");
    meter.kind = DataKind::SelfMeasuredGlucose;
    let meter = Reading::new(meter).unwrap();
    assert_eq!(ReadingBatch::new(vec![reading(0, "93"), meter.clone()]), Err(BatchError::MixedKinds));
    assert_eq!(ReadingBatch::by_hour(vec![reading(60, "93"), meter]), Err(BatchError::MixedKinds));
    let crowd = vec![reading(0, "93"); MAX_BATCH_READINGS + 1];
    assert_eq!(ReadingBatch::new(crowd), Err(BatchError::TooMany(4097)));
}
const BATCH_DIGEST: &str = "dc6bcf1b74257166585857ee1abfab8769cd1b7c600c4487e2f9e11c66809381";

#[test]
fn readings_split_into_hours_without_loss() {
    let all: Vec<_> = (0..60).rev().map(|step| reading(5 * step, "100")).collect();
    let batches = ReadingBatch::by_hour(all.clone()).unwrap();
    let sizes: Vec<_> = batches.iter().map(|batch| batch.readings().len()).collect();
    assert_eq!(sizes, [4, 12, 12, 12, 12, 8]);
    let mut back: Vec<_> = batches.into_iter().flat_map(ReadingBatch::into_readings).collect();
    back.reverse();
    assert_eq!(back, all);
    assert_eq!(ReadingBatch::by_hour(vec![]), Ok(vec![]));
}
