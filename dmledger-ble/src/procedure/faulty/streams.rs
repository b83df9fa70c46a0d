//! Streams under faults: no repeat is delivered, and every gap is told.

use super::*;
use crate::codec::Characteristic as _;
use crate::codec::heart_rate::{BeatsPerMinute, BodySensorLocation, Contact, HeartRateMeasurement};
use crate::codec::plx::{PlxContinuous, PlxFeatures, PlxSupported, Saturation};
use crate::codec::uuid::PLX_CONTINUOUS;
use crate::procedure::heart_rate::HeartRateStream;
use crate::procedure::stream::{Stream, StreamOutcome, Streamed};
use crate::sim::{Peripheral, SimStreamer};

/// One seed of a stream of 60 values whose numbers go up by one a second: what holds for it, whatever it measures.
fn stream<C: Streamed + Send>(
    central: &SimCentral<impl Peripheral>,
    seed: u64,
    number: impl Fn(&C) -> u16,
) -> (usize, StreamOutcome) {
    let mut items = Vec::new();
    let mut stream = Stream::<C>::new(Duration::from_secs(60), Duration::from_millis(1500), Limits::new());
    let outcome = run_procedure(central, &mut stream, &mut |item| items.push(item)).unwrap();
    let found = once(&items, |item| (number(item.measurement()), item.raw().to_vec()), seed);
    let struck = central.struck();
    if struck.total() == struck.repeated {
        assert!(outcome.end().is_ok() && found.len() >= 59, "seed {seed}: {} came", found.len());
    }
    // a number left out between two that came is a gap that is told
    let numbers: Vec<_> = found.keys().copied().collect();
    let holes = numbers.windows(2).filter(|pair| pair[1] - pair[0] > 1).count();
    assert!(outcome.gaps() as usize >= holes, "seed {seed}: {holes} holes, {} told", outcome.gaps());
    assert_eq!(outcome.delivered() as usize, items.len(), "seed {seed}");
    (items.len(), outcome)
}

/// Values of a stream cannot be told apart when they are flipped or come late.
fn streamed(seed: u64) -> Faults {
    heavy(seed).with_corrupted_values(PerMille::NEVER).with_reordered_values(PerMille::NEVER)
}

#[test]
fn a_stream_of_heart_rates_repeats_nothing_and_tells_its_gaps_under_a_thousand_seeds() {
    let beat = |index: u16| {
        let rate = HeartRateMeasurement::new(BeatsPerMinute::Wide(40 + index), Contact::Detected);
        rate.with_intervals(&[1000 + index]).unwrap()
    };
    let (mut undisturbed, mut came) = (0, 0);
    for seed in 0..1000 {
        let mut band = SimWearable::new();
        band.will_stream((0..60).map(beat));
        let central = SimCentral::new(band, streamed(seed), seed);
        let (values, outcome) = stream::<HeartRateMeasurement>(&central, seed, |beat| beat.rate().value());
        undisturbed += u32::from(outcome.end().is_ok());
        came += values;
    }
    println!("{undisturbed} of 1000 streams were followed to their end, {came} of 60000 values came");
    assert!(undisturbed >= 700, "only {undisturbed} of 1000");
    assert!(came >= 30_000, "only {came} of 60000");
    let mut band = SimWearable::new();
    band.will_stream((0..60).map(beat));
    let central = SimCentral::new(band, Faults::NONE, 1);
    let mut rates = HeartRateStream::new(Duration::from_secs(60), Duration::from_secs(2), Limits::new());
    let outcome = run_procedure(&central, &mut rates, &mut |_| {}).unwrap();
    let delivered = u64::from(outcome.stream().delivered());
    let sum = (0..delivered).map(|index| 1000 + index).sum::<u64>();
    assert!(delivered >= 59 && outcome.intervals() == delivered, "{outcome:?}");
    assert_eq!(outcome.covered(), Duration::from_millis(sum * 1000 / 1024));
    assert_eq!(outcome.location(), Some(BodySensorLocation::WRIST));
}

#[test]
fn a_stream_of_saturations_repeats_nothing_and_tells_its_gaps_under_a_thousand_seeds() {
    let features = PlxFeatures::new(PlxSupported::FAST);
    let (mut undisturbed, mut came) = (0, 0);
    for seed in 0..1000 {
        let mut oximeter = SimStreamer::new(PLX_CONTINUOUS).with_about(&features);
        oximeter.will_stream((0..60).map(|index| PlxContinuous::new(Saturation::new(number(97), number(40 + index)))));
        let central = SimCentral::new(oximeter, streamed(seed), seed);
        let (values, outcome) = stream::<PlxContinuous>(&central, seed, |value| value.normal().pulse().to_bits());
        if outcome.end().is_ok() {
            let about = outcome.about().map(PlxFeatures::decode);
            assert!(about.is_none_or(|about| about == Ok(features)), "seed {seed}");
            undisturbed += 1;
        }
        came += values;
    }
    println!("{undisturbed} of 1000 streams were followed to their end, {came} of 60000 values came");
    assert!(undisturbed >= 700, "only {undisturbed} of 1000");
    assert!(came >= 30_000, "only {came} of 60000");
}
