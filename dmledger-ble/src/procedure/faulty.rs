//! Devices under faults: every procedure with a thousand seeds. What is on the device comes once, and nothing is said to
//! be complete that is not.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a failure is the test's")]

mod streams;

use core::time::Duration;
use std::collections::BTreeMap;

use super::blood_pressure::{BloodPressureSync, Ending, Indications};
use super::cgm_session::{CgmConfig, CgmOutcome, CgmReading, CgmSession};
use super::clip_transfer::{ClipConfig, ClipOutcome, ClipTransfer, Goal, Partial};
use super::conversation::{Failure, Limits};
use super::glucose_sync::Proof;
use super::sleep::{Nights, SleepRecord, SleepSync};
use crate::codec::blood_pressure::{BloodPressureMeasurement, PressureUnit, Pressures};
use crate::codec::capture::{ObjectCodec, ObjectKind};
use crate::codec::cgm::SessionStartTime;
use crate::codec::crc::E2eCrc;
use crate::codec::date_time::{DateTime, WallSeconds};
use crate::codec::glucose::SequenceNumber;
use crate::codec::medfloat::{Decimal, Sfloat};
use crate::codec::sleep::{Night, Stages};
use crate::codec::uuid::{BLOOD_PRESSURE_MEASUREMENT, WEIGHT_MEASUREMENT};
use crate::codec::weight::{WeightMeasurement, WeightUnits};
use crate::sim::{Faults, PerMille, SimCamera, SimCentral, SimKeeper, SimSensor, SimWearable, run_procedure};

fn at(minutes: i64) -> DateTime {
    let start = DateTime::new(2026, 3, 1, 0, 0, 0).unwrap().wall_seconds().unwrap().value();
    DateTime::from_wall_seconds(WallSeconds::new(start + 60 * minutes)).unwrap()
}

fn number(value: i64) -> Sfloat {
    Sfloat::from_decimal(Decimal::new(value, 0)).unwrap()
}

/// Everything at once, as bad as a flat can be.
fn heavy(seed: u64) -> Faults {
    let rate = |step: u64, most: u64| PerMille::new(u16::try_from(seed * step % (most + 1)).unwrap());
    Faults::NONE
        .with_lost_values(rate(37, 300))
        .with_repeated_values(rate(11, 100))
        .with_reordered_values(rate(53, 200))
        .with_corrupted_values(rate(7, 50))
        .with_lost_answers(rate(29, 200))
        .with_late_answers(rate(17, 200))
        .with_slow_acknowledgements(rate(13, 60))
        .with_dropped_links(rate(3, 12))
        .with_refused_pairings(rate(2, 20))
}

/// Octets of a number each, without a second one of the same number.
fn once<T>(items: &[T], key: impl Fn(&T) -> (u16, Vec<u8>), seed: u64) -> BTreeMap<u16, Vec<u8>> {
    let mut found = BTreeMap::new();
    for item in items {
        let (number, raw) = key(item);
        assert!(found.insert(number, raw).is_none(), "seed {seed}: {number} came twice");
    }
    found
}

fn session() -> SessionStartTime {
    SessionStartTime::new(at(0), 4, 0)
}

fn sensor(crc: E2eCrc, count: u16) -> SimSensor {
    let mut sensor = SimSensor::new(crc).in_session(session());
    (0..count).for_each(|index| sensor.keep(5 * index, number(60 + i64::from(index % 200))));
    sensor
}

fn read(central: &SimCentral<SimSensor>, config: CgmConfig) -> (Vec<CgmReading>, CgmOutcome) {
    let mut items = Vec::new();
    let outcome = run_procedure(central, &mut CgmSession::new(config), &mut |item| items.push(item)).unwrap();
    (items, outcome)
}

#[test]
fn a_sensors_memory_comes_once_under_a_thousand_seeds_and_complete_is_never_false() {
    let mut complete = 0;
    for seed in 0..1000 {
        let crc = if seed % 2 == 0 { E2eCrc::Present } else { E2eCrc::Absent };
        // Without a check a flipped bit is another measurement: no procedure can tell.
        let faults = heavy(seed);
        let faults = if seed % 2 == 0 { faults } else { faults.with_corrupted_values(PerMille::NEVER) };
        let central = SimCentral::new(sensor(crc, 40), faults, seed);
        let (items, outcome) = read(&central, CgmConfig::new());
        let stored: BTreeMap<_, _> = central
            .with_device(|sensor| sensor.stored().map(|(minutes, raw)| (minutes, raw.to_vec())).collect())
            .unwrap();
        let found = once(&items, |item| (item.measurement().minutes(), item.raw().to_vec()), seed);
        assert!(found.iter().all(|(minutes, raw)| stored.get(minutes) == Some(raw)), "seed {seed}");
        match outcome {
            CgmOutcome::Complete { proof, .. } => {
                assert_eq!((proof, &found), (Proof::EveryGapCounted, &stored), "seed {seed}: false complete");
                complete += 1;
            }
            CgmOutcome::Incomplete(incomplete) => {
                let hole =
                    |minutes: &u16| incomplete.holes().iter().any(|hole| hole.contains(SequenceNumber::new(*minutes)));
                let missing = stored.keys().filter(|minutes| !found.contains_key(*minutes));
                assert!(missing.clone().all(hole), "seed {seed}: a hole is not named");
            }
        }
    }
    println!("{complete} of 1000 sessions complete");
    assert!(complete >= 700, "only {complete} of 1000 sessions complete");
}

#[test]
fn a_full_sensor_that_goes_on_measuring_is_never_falsely_complete_under_a_thousand_seeds() {
    let mut complete = 0;
    for seed in 0..1000 {
        let mut sensor = sensor(E2eCrc::Present, 60).holding_at_most(60);
        // Each value that is added while the others are sent takes the place of the oldest.
        let values = (0..20).map(|index| (300 + 5 * index, number(100)));
        sensor.will_measure(values, Duration::from_millis(20 + seed % 400));
        let central = SimCentral::new(sensor, heavy(seed), seed);
        let (items, outcome) = read(&central, CgmConfig::new());
        let found = once(&items, |item| (item.measurement().minutes(), item.raw().to_vec()), seed);
        let last = found.keys().next_back().copied().unwrap_or(0);
        let stored: Vec<_> = central.with_device(|sensor| sensor.stored().map(|(at, _)| at).collect()).unwrap();
        if outcome.is_complete() {
            // What was measured after the last count is not spoken of.
            let missing = stored.iter().filter(|at| **at <= last && !found.contains_key(at)).count();
            assert_eq!(missing, 0, "seed {seed}: false complete");
            complete += 1;
        }
    }
    println!("{complete} of 1000 sessions complete");
    assert!(complete >= 600, "only {complete} of 1000 sessions complete");
}

#[test]
fn a_sensor_is_started_followed_completed_and_stopped() {
    for seed in 0..50 {
        let mut sensor = SimSensor::new(E2eCrc::Present);
        sensor.will_measure((0..30).map(|index| (5 * index, number(100 + i64::from(index)))), Duration::from_secs(300));
        let faults = Faults::NONE.with_lost_values(PerMille::new(250)).with_dropped_links(PerMille::new(20));
        let central = SimCentral::new(sensor, faults, seed);
        let config = CgmConfig::new().starting(session()).following(Duration::from_secs(9000)).stopping();
        let (items, outcome) = read(&central, config);
        let CgmOutcome::Complete { summary, .. } = outcome else { panic!("seed {seed}: {outcome:?}") };
        let stored = central.with_device(|sensor| (sensor.stored().count(), sensor.is_running())).unwrap();
        assert_eq!((items.len(), summary.was_stopped()), (stored.0, !stored.1), "seed {seed}");
        assert_eq!((summary.session(), stored.0), (Some(session()), 30), "seed {seed}");
    }
}

#[test]
fn a_resumed_sensor_sends_what_is_new_and_a_new_session_everything() {
    let central = SimCentral::new(sensor(E2eCrc::Present, 50), Faults::NONE, 1);
    let (items, outcome) = read(&central, CgmConfig::new());
    assert_eq!(items.len(), 50);
    let (start, minutes) = outcome.summary().resume().unwrap();
    central.with_device(|sensor| (50..60).for_each(|index| sensor.keep(5 * index, number(90))));
    let (items, outcome) = read(&central, CgmConfig::new().resuming_after(start, minutes));
    assert_eq!((items.len(), outcome.is_complete()), (10, true));
    let other = SessionStartTime::new(at(9000), 4, 0);
    central.with_device(|sensor| {
        sensor.begin(other);
        (0..7).for_each(|index| sensor.keep(5 * index, number(90)));
    });
    let (items, outcome) = read(&central, CgmConfig::new().resuming_after(start, minutes));
    assert_eq!((items.len(), outcome.summary().session()), (7, Some(other)));
}

fn cuff(count: i64, clock: bool) -> SimKeeper {
    let mut cuff = SimKeeper::new(BLOOD_PRESSURE_MEASUREMENT, clock.then(|| at(0)));
    for index in 0..count {
        let pressures = Pressures::new(number(110 + index), number(70), number(85), PressureUnit::MillimetreOfMercury);
        let value = BloodPressureMeasurement::new(pressures);
        cuff.keep(&if clock { value.with_taken(at(index)) } else { value });
    }
    cuff
}

#[test]
fn a_cuffs_measurements_come_once_under_a_thousand_seeds() {
    let mut quiet = 0;
    for seed in 0..1000 {
        let faults = heavy(seed).with_corrupted_values(PerMille::NEVER);
        let central = SimCentral::new(cuff(12, seed % 3 > 0), faults, seed);
        let mut items = Vec::new();
        let mut sync = BloodPressureSync::new(Duration::from_secs(20), Limits::new());
        let outcome = run_procedure(&central, &mut sync, &mut |item| items.push(item)).unwrap();
        let systolic = |item: &super::blood_pressure::Measured<BloodPressureMeasurement>| {
            (item.value().pressures().systolic().to_bits(), item.raw().to_vec())
        };
        let found = once(&items, systolic, seed);
        let left = central.with_device(|cuff| cuff.len()).unwrap();
        // What was confirmed was delivered, whatever the end.
        assert!(found.len() + left >= 12, "seed {seed}: {} came, {left} left", found.len());
        match outcome.end() {
            Ok(Ending::Quiet) => {
                assert_eq!((found.len(), left), (12, 0), "seed {seed}");
                quiet += 1;
            }
            Ok(Ending::DeviceLeft) | Err(Failure::NotPaired | Failure::OutOfTime | Failure::NoProgress) => {}
            other => panic!("seed {seed}: {other:?}"),
        }
    }
    println!("{quiet} of 1000 sessions ended quiet");
    assert!(quiet >= 800, "only {quiet} of 1000");
}

#[test]
fn a_cuffs_clock_and_battery_are_read_and_scales_need_no_procedure_of_their_own() {
    let central = SimCentral::new(cuff(2, true), Faults::NONE, 1);
    let mut sync = BloodPressureSync::new(Duration::from_secs(5), Limits::new());
    let outcome = run_procedure(&central, &mut sync, &mut |_| {}).unwrap();
    assert_eq!((outcome.end(), outcome.delivered()), (Ok(Ending::Quiet), 2));
    assert_eq!(outcome.clock().map(|(clock, _)| clock.at()), Some(at(0)));
    assert_eq!(outcome.battery().map(crate::codec::device::BatteryLevel::percent), Some(80));
    let mut scale = SimKeeper::new(WEIGHT_MEASUREMENT, None);
    // the same weight twice, without a time: two measurements unless they come within a second
    (0..2).for_each(|_| scale.keep(&WeightMeasurement::new(14_000, WeightUnits::Metric)));
    let central = SimCentral::new(scale, Faults::NONE, 1);
    let mut sync = Indications::<WeightMeasurement>::new(Duration::from_secs(5), Limits::new());
    let outcome = run_procedure(&central, &mut sync, &mut |_| {}).unwrap();
    assert_eq!((outcome.delivered(), outcome.repeats()), (1, 1));
    let central = SimCentral::new(cuff(1, true), Faults::NONE, 1);
    let mut other = Indications::<WeightMeasurement>::new(Duration::from_secs(5), Limits::new());
    let outcome = run_procedure(&central, &mut other, &mut |_| {}).unwrap();
    assert_eq!(outcome.end(), Err(Failure::Missing(WEIGHT_MEASUREMENT)));
}

fn band(count: u16) -> SimWearable {
    let mut band = SimWearable::new();
    for index in 0..count {
        let night = Night::new(SequenceNumber::new(index), at(1440 * i64::from(index)), 60, 28_800, 25_000, 2);
        band.keep(&night.with_stages(Stages { light: 10_000, deep: 5000, rem: 6000 }));
    }
    band
}

#[test]
fn nights_come_once_under_a_thousand_seeds_and_complete_is_never_false() {
    let mut complete = 0;
    for seed in 0..1000 {
        let faults = heavy(seed).with_corrupted_values(PerMille::NEVER);
        let central = SimCentral::new(band(20), faults, seed);
        let mut items: Vec<SleepRecord> = Vec::new();
        let mut sync = SleepSync::new(Nights, Limits::new());
        let outcome = run_procedure(&central, &mut sync, &mut |item| items.push(item)).unwrap();
        let stored: BTreeMap<_, _> =
            central.with_device(|band| band.nights().map(|(n, raw)| (n, raw.to_vec())).collect()).unwrap();
        let found = once(&items, |item| (item.number(), item.raw().to_vec()), seed);
        assert!(found.iter().all(|(number, raw)| stored.get(number) == Some(raw)), "seed {seed}");
        if outcome.end().is_ok() {
            assert_eq!(found, stored, "seed {seed}: false complete");
            complete += 1;
        } else {
            let hole = |n: &u16| outcome.holes().iter().any(|hole| hole.contains(SequenceNumber::new(*n)));
            assert!(stored.keys().filter(|n| !found.contains_key(*n)).all(hole), "seed {seed}");
        }
    }
    println!("{complete} of 1000 sessions complete");
    assert!(complete >= 700, "only {complete} of 1000");
}

fn object(length: u32) -> Vec<u8> {
    (0..length).map(|index| u8::try_from((index.wrapping_mul(2_654_435_761) >> 13) & 0xFF).unwrap()).collect()
}

fn camera(octets: &[u8], chunk: u16) -> (SimCamera, Partial) {
    let mut camera = SimCamera::new(chunk);
    let manifest = camera.keep(octets, ObjectKind::CLIP, ObjectCodec::MJPEG, at(0), at(1)).unwrap();
    (camera, Partial::new(manifest))
}

fn fetch(central: &SimCentral<SimCamera>, partial: Partial, limits: Limits) -> ClipOutcome {
    let mut transfer = ClipTransfer::new(Goal::Fetch(partial), ClipConfig::new().with_limits(limits));
    run_procedure(central, &mut transfer, &mut |_| {}).unwrap()
}

#[test]
fn an_object_comes_whole_or_not_at_all_under_a_thousand_seeds() {
    let octets = object(9000);
    let mut whole = 0;
    for seed in 0..1000 {
        let (camera, partial) = camera(&octets, 238);
        let central = SimCentral::new(camera, heavy(seed), seed);
        match fetch(&central, partial, Limits::new()) {
            ClipOutcome::Fetched { object, .. } => {
                assert_eq!(object, octets, "seed {seed}");
                whole += 1;
            }
            ClipOutcome::Incomplete { partial: Some(_), .. } => {}
            other => panic!("seed {seed}: {other:?}"),
        }
    }
    println!("{whole} of 1000 objects whole at the first attempt");
    assert!(whole >= 700, "only {whole} of 1000");
}

#[test]
fn a_megabyte_with_eighteen_percent_loss_is_complete() {
    let octets = object(1 << 20);
    let (camera, partial) = camera(&octets, 488);
    let chunks = u64::from(partial.manifest().chunks());
    let central = SimCentral::new(camera, Faults::NONE.with_lost_values(PerMille::new(180)), 18);
    let ClipOutcome::Fetched { object, summary, .. } = fetch(&central, partial, Limits::new()) else {
        panic!("not fetched")
    };
    assert_eq!(object, octets);
    let sent = central.with_device(|camera| camera.sent()).unwrap();
    println!("{chunks} chunks, {sent} sent, {} repeats, {} windows", summary.repeats(), summary.windows());
    // What was lost has to come again, and nothing else.
    assert_eq!(sent - chunks, u64::from(central.struck().lost));
    assert_eq!(summary.repeats(), 0);
}

#[test]
fn a_transfer_cut_short_goes_on_where_it_was() {
    let octets = object(60_000);
    for seed in 0..8 {
        let (camera, partial) = camera(&octets, 244);
        let faults = Faults::NONE.with_lost_values(PerMille::new(180)).with_dropped_links(PerMille::new(4));
        let central = SimCentral::new(camera, faults, seed);
        let (mut outcome, mut runs) = (fetch(&central, partial, short()), 1);
        let (mut arrived, mut repeats) = (0, 0);
        while let ClipOutcome::Incomplete { partial, summary, .. } = outcome {
            let partial = partial.unwrap();
            (arrived, repeats) = (partial.arrived(), repeats + summary.repeats());
            // as after a restart of the host: the chunks are put back one by one
            let mut again = Partial::new(*partial.manifest());
            (0..partial.manifest().chunks())
                .filter_map(|index| Some((index, partial.chunk(index)?)))
                .for_each(|(index, payload)| again.restore(index, payload).unwrap());
            assert_eq!(again, partial, "seed {seed}");
            (outcome, runs) = (fetch(&central, again, short()), runs + 1);
        }
        let ClipOutcome::Fetched { object, summary, .. } = outcome else { panic!("seed {seed}") };
        assert_eq!(object, octets, "seed {seed}");
        assert!(runs > 1 && arrived > 0, "seed {seed}: {runs} runs");
        let again = repeats + summary.repeats();
        assert!(20 * again < arrived, "seed {seed}: {again} of {arrived} came again");
    }
}

/// A second, half of it for the link: a quarter of the transfer.
fn short() -> Limits {
    Limits::new().with_session(Duration::from_secs(1))
}

#[test]
fn objects_are_listed_once_and_deleted_only_with_their_digest() {
    let mut camera = SimCamera::new(100);
    let manifests: Vec<_> = (1..30_u32)
        .map(|n| camera.keep(&object(n * 100), ObjectKind::KEY_FRAME, ObjectCodec::JPEG, at(0), at(0)).unwrap())
        .collect();
    let faults = Faults::NONE.with_lost_answers(PerMille::new(150)).with_dropped_links(PerMille::new(10));
    let central = SimCentral::new(camera, faults, 4);
    let run = |goal| run_procedure(&central, &mut ClipTransfer::new(goal, ClipConfig::new()), &mut |_| {}).unwrap();
    let ClipOutcome::Listed(mut listed) = run(Goal::List) else { panic!("not listed") };
    listed.sort_by_key(|manifest| manifest.object);
    assert_eq!(listed, manifests);
    let mut wrong = manifests[0];
    wrong.digest = [0; 32];
    assert!(matches!(run(Goal::Delete(wrong)), ClipOutcome::Incomplete { reason: Failure::Refused(5), .. }));
    assert_eq!(central.with_device(|camera| camera.len()), Some(29));
    assert_eq!(run(Goal::Delete(manifests[0])), ClipOutcome::Deleted);
    assert_eq!(run(Goal::Delete(manifests[0])), ClipOutcome::Deleted, "again does no harm");
    assert_eq!(central.with_device(|camera| camera.len()), Some(28));
}

#[test]
fn a_manifest_that_contradicts_its_object_is_found_out() {
    let octets = object(20_000);
    for part in [0, 1] {
        let (camera, partial) = camera(&octets, 244);
        let mut manifest = *partial.manifest();
        if part == 0 {
            manifest.digest[3] ^= 1;
        } else {
            manifest.root[3] ^= 1;
        }
        let central = SimCentral::new(camera, Faults::NONE, 1);
        let outcome = fetch(&central, Partial::new(manifest), Limits::new());
        assert!(matches!(outcome, ClipOutcome::Incomplete { reason: Failure::Corrupt, .. }), "{outcome:?}");
    }
    let (camera, partial) = camera(&octets, 244);
    let config = ClipConfig::new().with_largest_object(19_999);
    let central = SimCentral::new(camera, Faults::NONE, 1);
    let outcome = run_procedure(&central, &mut ClipTransfer::new(Goal::Fetch(partial), config), &mut |_| {});
    assert!(matches!(outcome, Some(ClipOutcome::Incomplete { reason: Failure::TooMuch, .. })));
}
