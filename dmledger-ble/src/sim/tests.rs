use std::collections::BTreeMap;

use super::*;
use crate::codec::date_time::{DateTime, WallSeconds};
use crate::codec::glucose::{
    DisplayedGlucose, GlucoseMeasurementContext, Meal, SampleLocation, SampleType, SensorStatus, SequenceNumber,
};
use crate::codec::medfloat::{Decimal, Sfloat};
use crate::procedure::glucose_sync::{Companion, Continuity, Outcome, Proof, Reason};

fn at(minutes: usize) -> DateTime {
    let start = DateTime::new(2024, 3, 1, 0, 0, 0).unwrap().wall_seconds().unwrap().value();
    DateTime::from_wall_seconds(WallSeconds::new(start + 60 * i64::try_from(minutes).unwrap())).unwrap()
}

/// One reading every five minutes; every third has a context, every seventh is finer than an SFLOAT.
fn history(count: usize) -> Vec<StoredReading> {
    let meal = GlucoseMeasurementContext::new(SequenceNumber::new(0)).with_meal(Meal::FASTING);
    (0..count)
        .map(|index| {
            let number = match index % 7 {
                6 => Decimal::new(303_333_333 + i64::try_from(index).unwrap(), -6),
                _ => Decimal::new(40 + i64::try_from(index % 400).unwrap(), 0),
            };
            let reading = StoredReading::mg_per_dl(at(5 * index), number).with_time_offset(-235);
            if index % 3 == 0 { reading.with_context(meal) } else { reading }
        })
        .collect()
}

fn loaded(config: MeterConfig, readings: &[StoredReading]) -> SimMeter {
    let mut meter = SimMeter::new(config);
    assert_eq!(meter.load(readings).refused(), []);
    meter
}

fn full_sync() -> GlucoseSync {
    GlucoseSync::new(SyncConfig::new())
}

fn heavy(seed: u64) -> Faults {
    let rate = |step: u64, most: u64| PerMille::new(u16::try_from(seed * step % (most + 1)).unwrap());
    Faults::NONE
        .with_lost_values(rate(37, 300))
        .with_late_contexts(rate(53, 500))
        .with_repeated_values(rate(11, 100))
        .with_lost_answers(rate(29, 250))
        .with_late_answers(rate(17, 250))
        .with_dropped_links(rate(3, 12))
        .with_reordered_values(rate(59, 200))
        .with_slow_acknowledgements(rate(13, 60))
        .with_refused_pairings(rate(2, 20))
}

/// Records by key, each there once and equal to the octets that were loaded.
fn check_delivered(meter: &SimMeter, report: &RunReport, seed: u64) {
    assert_eq!(repeated_keys(report.records()), [], "seed {seed}");
    let delivered: BTreeMap<_, _> = report.records().iter().map(|record| (record.key(), record)).collect();
    match report.outcome().unwrap() {
        Outcome::Complete { .. } => {
            for key in meter.keys() {
                let record =
                    delivered.get(&key).unwrap_or_else(|| panic!("false complete: {key:?} missing, seed {seed}"));
                assert!(!matches!(record.context(), Companion::Lost), "seed {seed}");
                assert!(!matches!(record.exact(), Companion::Lost), "seed {seed}");
                let context = record.context().value().map(GlucoseMeasurementContext::sequence);
                assert!(context.is_none_or(|number| number == key.sequence()), "seed {seed}: joined to another record");
            }
            assert_eq!(delivered.len(), meter.len(), "seed {seed}");
        }
        Outcome::Incomplete(incomplete) => {
            // Of records that share a number a hole tells nothing.
            let numbers: Vec<_> = meter.keys().map(|key| key.sequence()).collect();
            let alone = |key: &RecordKey| numbers.iter().filter(|number| **number == key.sequence()).count() == 1;
            for key in meter.keys().filter(alone) {
                let hole = incomplete.holes().iter().any(|hole| hole.contains(key.sequence()));
                assert_eq!(hole, !delivered.contains_key(&key), "seed {seed}: {key:?} and the holes disagree");
            }
        }
    }
}

#[test]
fn every_value_comes_through_exactly_as_it_was_loaded() {
    let mut readings = history(500);
    readings.push(StoredReading::mmol_per_l(at(2500), Decimal::new(114, -1)));
    readings.push(StoredReading::mmol_per_l(at(2505), Decimal::new(1_218_333, -5)));
    let mut meter = SimMeter::new(MeterConfig::new());
    let report = sync_readings(&mut meter, &readings, Faults::NONE, 1);
    assert!(report.is_complete() && report.refused().is_empty());
    assert_eq!(report.records().len(), readings.len());
    for (index, record) in report.records() {
        let expected = match index {
            500 => DisplayedGlucose::MillimolesPerLitre(Decimal::new(114, -1)),
            501 => DisplayedGlucose::MillimolesPerLitre(Decimal::new(1_218_333, -5)),
            index if index % 7 == 6 => {
                DisplayedGlucose::MilligramsPerDecilitre(Decimal::new(303_333_333 + i64::try_from(*index).unwrap(), -6))
            }
            index => {
                DisplayedGlucose::MilligramsPerDecilitre(Decimal::new(40 + i64::try_from(index % 400).unwrap(), 0))
            }
        };
        assert_eq!(record.displayed(), Some(expected));
    }
}

#[test]
fn a_perfect_session_counts_asks_counts_and_proves() {
    let mut meter = loaded(MeterConfig::new(), &history(1000));
    let report = run(&mut meter, full_sync(), Faults::NONE, 1);
    check_delivered(&meter, &report, 1);
    let Some(Outcome::Complete { proof, summary }) = report.outcome() else { panic!("complete") };
    assert_eq!(*proof, Proof::EveryGapCounted);
    assert_eq!((summary.delivered(), summary.stored(), summary.duplicates()), (1000, Some(1000), 0));
    assert_eq!(summary.continuity(), Continuity::FirstSession);
    assert_eq!(summary.resume(), meter.keys().last());
    // count, report, count again, and one count for the numbers below and one for those above; a large report in parts
    assert!(summary.requests() <= 5 + 1000 / 64 + 16, "{}", summary.requests());
    let mut few = loaded(MeterConfig::new(), &history(60));
    assert_eq!(run(&mut few, full_sync(), Faults::NONE, 1).outcome().unwrap().summary().requests(), 5);
}

#[test]
fn an_empty_meter_is_a_success() {
    let mut meter = SimMeter::new(MeterConfig::new());
    let report = run(&mut meter, full_sync(), Faults::NONE, 1);
    assert!(report.is_complete() && report.records().is_empty());
    assert_eq!(report.outcome().unwrap().summary().resume(), None);
}

#[test]
fn under_faults_every_record_arrives_once_and_complete_is_never_false() {
    let readings = history(120);
    // The owner sets the clock back by a week after two thirds.
    let mut jumped = history(2 * 1008 + 80);
    jumped.drain(40..2 * 1008);
    jumped.rotate_left(40);
    let (mut complete, mut unpaired, mut struck) = (0, 0, Struck::default());
    for seed in 0..1000 {
        let mut meter = loaded(MeterConfig::new(), if seed % 3 == 1 { &jumped } else { &readings });
        if seed % 3 == 2 {
            // Numbered anew over what it has kept.
            meter.reset_sequence();
            assert_eq!(meter.load(&history(180)[120..]).refused(), []);
        }
        let report = run(&mut meter, full_sync(), heavy(seed), seed);
        check_delivered(&meter, &report, seed);
        complete += u32::from(report.is_complete());
        if let Some(Outcome::Incomplete(end)) = report.outcome()
            && end.reason() == Reason::NotPaired
        {
            assert!(report.struck().refused > 0, "seed {seed}: nobody refused");
            unpaired += 1;
        }
        struck = struck.plus(report.struck());
    }
    println!("{complete} of 1000 sessions complete, {unpaired} without a bond; {struck:?}");
    assert!(complete + unpaired >= 930, "only {complete} of 1000 complete, {unpaired} without a bond");
    assert!(complete >= 800, "only {complete} of 1000 complete");
    let all = [struck.lost, struck.late, struck.repeated, struck.dropped, struck.slow, struck.refused];
    assert!(all.iter().all(|count| *count > 0), "{struck:?}");
}

#[test]
fn flipped_bits_make_no_record_come_twice_and_no_session_endless() {
    // A measurement of the Glucose service has no check: a flipped bit is another measurement, and no procedure can tell.
    for seed in 0..300 {
        let mut meter = loaded(MeterConfig::new(), &history(60));
        let report = run(&mut meter, full_sync(), heavy(seed).with_corrupted_values(PerMille::new(50)), seed);
        assert_eq!(repeated_keys(report.records()), [], "seed {seed}");
        let stored: HashSet<_> = meter.keys().collect();
        let made_up = report.records().iter().filter(|record| !stored.contains(&record.key())).count();
        assert!(made_up <= report.struck().corrupted as usize, "seed {seed}: {made_up} made up");
        assert!(report.outcome().is_some(), "seed {seed}");
    }
}

#[test]
fn thousands_of_gaps_are_counted_without_looking_at_all_of_them_for_each() {
    let readings = history(6000);
    for operators in [KnownOperators::Every, KnownOperators::AtLeast] {
        let mut meter = loaded(MeterConfig::new().with_operators(operators), &readings);
        let keys: Vec<_> = meter.keys().collect();
        assert!(keys.iter().step_by(2).all(|key| meter.delete(*key)));
        let report = run(&mut meter, full_sync(), Faults::NONE, 1);
        check_delivered(&meter, &report, 1);
        let Some(Outcome::Complete { proof, summary }) = report.outcome() else { panic!("complete") };
        assert_eq!((*proof, summary.delivered()), (Proof::EveryGapCounted, 3000));
        assert!(summary.requests() > 3000, "each gap by itself: {}", summary.requests());
    }
}

#[test]
fn meters_that_know_fewer_filters_are_complete_too() {
    let readings = history(60);
    for seed in 0..100 {
        for operators in [KnownOperators::AtLeast, KnownOperators::AllOnly] {
            let mut meter = loaded(MeterConfig::new().with_operators(operators), &readings);
            let faults = Faults::NONE.with_lost_values(PerMille::new(100)).with_late_contexts(PerMille::new(200));
            let report = run(&mut meter, full_sync(), faults, seed);
            check_delivered(&meter, &report, seed);
            let Some(Outcome::Complete { proof, .. }) = report.outcome() else { panic!("seed {seed}: {operators:?}") };
            assert_eq!(*proof == Proof::CountOnly, operators == KnownOperators::AllOnly);
        }
    }
}

#[test]
fn deleted_records_are_gaps_that_the_meter_counts_empty() {
    for seed in 0..40 {
        let mut meter = loaded(MeterConfig::new(), &history(60));
        let keys: Vec<_> = meter.keys().collect();
        for key in keys.iter().skip(3).step_by(5) {
            assert!(meter.delete(*key));
        }
        let report = run(&mut meter, full_sync(), Faults::NONE.with_lost_values(PerMille::new(150)), seed);
        assert!(report.is_complete(), "seed {seed}");
        check_delivered(&meter, &report, seed);
    }
}

#[test]
fn a_resumed_session_delivers_only_what_is_new() {
    let readings = history(300);
    let mut meter = loaded(MeterConfig::new(), &readings[..200]);
    let first = run(&mut meter, full_sync(), Faults::NONE, 1);
    let resume = first.outcome().unwrap().summary().resume().unwrap();
    for seed in 0..40 {
        let mut meter = loaded(MeterConfig::new(), &readings);
        let config = SyncConfig::new().resuming_after(resume);
        let report = run(&mut meter, GlucoseSync::new(config), heavy(seed), seed);
        assert_eq!(repeated_keys(report.records()), []);
        if report.is_complete() {
            let expected: Vec<_> = meter.keys().skip(200).collect();
            let mut found: Vec<_> = report.records().iter().map(Record::key).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "seed {seed}");
            assert_eq!(report.outcome().unwrap().summary().continuity(), Continuity::Continued);
        }
    }
}

#[test]
fn a_reset_meter_is_fetched_anew() {
    // emptied and numbered anew; numbered anew past the resume point; numbered anew with its memory kept
    for (kept, fresh) in [(0, 50), (0, 300), (200, 50)] {
        let readings = history(600);
        let mut meter = loaded(MeterConfig::new(), &readings[..200]);
        let resume = run(&mut meter, full_sync(), Faults::NONE, 1).outcome().unwrap().summary().resume().unwrap();
        if kept == 0 {
            meter.clear();
        }
        meter.reset_sequence();
        assert_eq!(meter.load(&readings[200..200 + fresh]).refused(), []);
        for seed in 0..20 {
            let faults = Faults::NONE.with_lost_values(PerMille::new(100));
            let report = run(&mut meter, GlucoseSync::new(SyncConfig::new().resuming_after(resume)), faults, seed);
            assert!(report.is_complete(), "{kept} kept, {fresh} fresh, seed {seed}: {:?}", report.outcome());
            let found: HashSet<_> = report.records().iter().map(Record::key).collect();
            for key in meter.keys().skip(kept) {
                assert!(found.contains(&key), "{kept} kept, {fresh} fresh, seed {seed}: {key:?} missing");
            }
            assert_eq!(report.outcome().unwrap().summary().continuity(), Continuity::Restarted);
        }
    }
}

#[test]
fn a_clock_set_back_or_standing_still_changes_nothing() {
    let jumps: Vec<_> = (0..90).map(|index: usize| 5 * index + if index < 30 { 10_000 } else { 0 }).collect();
    for times in [jumps, vec![7; 90]] {
        let readings: Vec<_> =
            times.iter().map(|minutes| StoredReading::mg_per_dl(at(*minutes), Decimal::new(100, 0))).collect();
        for seed in 0..20 {
            let mut meter = loaded(MeterConfig::new(), &readings);
            let report = run(&mut meter, full_sync(), heavy(seed), seed);
            check_delivered(&meter, &report, seed);
        }
    }
}

#[test]
fn a_history_longer_than_the_numbers_wraps_and_loses_nothing() {
    let readings = history(70_000);
    let config = MeterConfig::new().with_capacity(6000, WhenFull::DropOldest);
    let mut meter = SimMeter::new(config);
    let report = sync_readings(&mut meter, &readings, Faults::NONE.with_lost_values(PerMille::new(5)), 3);
    assert!(report.is_complete(), "missing {:?}", report.missing().len());
    assert_eq!(report.records().len(), readings.len());
    assert!(report.records().iter().enumerate().all(|(position, (index, _))| position == *index));
}

#[test]
fn a_meter_that_answers_nothing_ends_incomplete_with_every_number_a_hole() {
    let mut meter = loaded(MeterConfig::new(), &history(20));
    let report = run(&mut meter, full_sync(), Faults::NONE.with_lost_answers(PerMille::new(1000)), 1);
    let Some(Outcome::Incomplete(incomplete)) = report.outcome() else { panic!("incomplete") };
    assert_eq!(incomplete.reason(), Reason::NoProgress);
    assert_eq!(incomplete.missing(), None);
    assert_eq!(incomplete.holes().iter().map(|hole| hole.width()).sum::<u32>(), 1 << 16);
}

#[test]
fn notifications_that_never_come_are_holes_with_a_number() {
    let mut meter = loaded(MeterConfig::new(), &history(20));
    let report = run(&mut meter, full_sync(), Faults::NONE.with_lost_values(PerMille::new(1000)), 1);
    let Some(Outcome::Incomplete(incomplete)) = report.outcome() else { panic!("incomplete") };
    assert_eq!((incomplete.reason(), incomplete.missing()), (Reason::NoProgress, Some(20)));
    check_delivered(&meter, &report, 1);
}

#[test]
fn tokens_stay_tokens_and_control_solution_is_marked() {
    let readings = [
        StoredReading::new(at(0), MeterValue::Low),
        StoredReading::new(at(5), MeterValue::High),
        StoredReading::new(at(10), MeterValue::NoResult),
        StoredReading::mg_per_dl(at(15), Decimal::new(110, 0))
            .with_sample(SampleType::CONTROL_SOLUTION, SampleLocation::CONTROL_SOLUTION),
        StoredReading::mg_per_dl(at(20), Decimal::new(110_123_456, -6))
            .with_sample(SampleType::CONTROL_SOLUTION, SampleLocation::NOT_AVAILABLE),
    ];
    let mut meter = SimMeter::new(MeterConfig::new());
    let report = sync_readings(&mut meter, &readings, Faults::NONE, 1);
    let records: Vec<_> = report.records().iter().map(|(_, record)| record).collect();
    let measurement = |index: usize| records[index].measurement();
    for (index, value, status) in [
        (0, Sfloat::NEGATIVE_INFINITY, SensorStatus::RESULT_TOO_LOW),
        (1, Sfloat::POSITIVE_INFINITY, SensorStatus::RESULT_TOO_HIGH),
        (2, Sfloat::NAN, SensorStatus::GENERAL_FAULT),
    ] {
        assert_eq!(measurement(index).concentration().unwrap().value(), value);
        assert_eq!(measurement(index).status(), Some(status));
        assert_eq!(records[index].displayed(), None);
    }
    let control: Vec<_> = records.iter().map(|record| record.is_control_solution()).collect();
    assert_eq!(control, [false, false, false, true, true]);
    assert_eq!(report.sessions()[0].outcome().unwrap().summary().control_solutions(), 2);
}

#[test]
fn a_meter_without_the_exact_service_refuses_what_it_cannot_hold() {
    let mut meter =
        SimMeter::new(MeterConfig::new().with_fineness(Fineness::Standard).with_capacity(2, WhenFull::Refuse));
    let readings = [
        StoredReading::mg_per_dl(at(0), Decimal::new(2187, -1)),
        StoredReading::mg_per_dl(at(5), Decimal::new(1368, -1)),
        StoredReading::mmol_per_l(at(10), Decimal::new(1215, -2)),
        StoredReading::mg_per_dl(at(15), Decimal::new(100, 0)),
    ];
    let report = sync_readings(&mut meter, &readings, Faults::NONE, 1);
    let inexact = LoadRefusal::NotRepresentable(crate::error::ConversionError::Inexact);
    assert_eq!(report.refused()[0], (0, inexact));
    assert!(report.refused().iter().any(|(index, why)| *index == 3 && *why == LoadRefusal::MemoryFull));
}

#[test]
fn every_record_carries_the_octets_it_came_from() {
    use crate::codec::Characteristic;
    use crate::codec::exact::ExactGlucose;
    use crate::codec::glucose::GlucoseMeasurement;
    let mut meter = SimMeter::new(MeterConfig::new());
    let report = sync_readings(&mut meter, &history(50), Faults::NONE, 1);
    for (_, record) in report.records() {
        assert_eq!(GlucoseMeasurement::decode(record.raw()).as_ref(), Ok(record.measurement()));
        if let Some(raw) = record.context().raw() {
            assert_eq!(GlucoseMeasurementContext::decode(raw).as_ref().ok(), record.context().value());
        }
        if let Some(raw) = record.exact().raw() {
            assert_eq!(ExactGlucose::decode(raw).as_ref().ok(), record.exact().value());
        }
    }
}

#[test]
fn thirty_thousand_records_take_a_moment() {
    let mut meter = loaded(MeterConfig::new(), &history(30_000));
    let start = std::time::Instant::now();
    let report = run(&mut meter, full_sync(), Faults::NONE, 1);
    assert!(report.is_complete());
    println!("30,000 records: {:?} real, {} ms virtual", start.elapsed(), report.elapsed().millis());
    let limit = if cfg!(debug_assertions) { 20 } else { 1 };
    assert!(start.elapsed().as_secs() < limit);
}
