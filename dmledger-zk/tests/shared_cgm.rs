//! Days of real series: what their digests open to is what an independent oracle computed from the readings, and claims
//! about them hold exactly as far as they are true.
//!
//! The data are not part of the project. Where the folder is missing these tests say so and pass, unless
//! `DMLEDGER_CI=1`, which makes a missing folder a failure.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a failure is the test's")]

use dmledger_zk::{
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    error::ProveError,
    glycemic::{
        Cadence, DayHistogram, DaySecret, DigestOpening, Metric, Slot, Table, Tokens, Unit, VariationClaim,
        calendar::Calendar,
        claim::{Bound, DaysClaim, MAX_DAYS, Quantity, Ranges, Side},
        seal,
    },
    statement::{Prove, Verify},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde_json::Value;
use std::{fs, path::PathBuf};

const MINUTE_MILLIS: i64 = 60_000;

/// The folder of continuous series; `None` if it may be missing and is.
fn folder() -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/cgm"));
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var("DMLEDGER_CI").as_deref() != Ok("1"), "{} is missing", path.display());
    eprintln!("skipped: {} is missing", path.display());
    None
}

/// Minutes since 1 January 1970 of `2018-06-13T18:40:00`, by the days of the proleptic Gregorian calendar.
fn minutes(text: &str) -> i64 {
    let field = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap();
    let (year, month, day) = (field(0, 4), field(5, 7), field(8, 10));
    // Howard Hinnant's days_from_civil.
    let y = if month <= 2 { year - 1 } else { year };
    let (era, yoe) = (y.div_euclid(400), y.rem_euclid(400));
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468;
    days * 1_440 + field(11, 13) * 60 + field(14, 16)
}

/// All rows of one subject, nothing left out; `None` unless every number is a whole one on the table.
fn whole(text: &str, subject: &str) -> Option<Vec<(i64, Slot)>> {
    let prefix = format!("{subject},");
    let rows = text.lines().filter_map(|line| line.strip_prefix(&prefix)?.split_once(','));
    let slot = |value: &str| match value {
        "Low" => Some(Slot::Low),
        "High" => Some(Slot::High),
        number => number.parse().ok().filter(|value| (40..=400).contains(value)).map(Slot::Value),
    };
    rows.map(|(at, value)| Some((minutes(at) * MINUTE_MILLIS, slot(value)?))).collect()
}

struct Sealed {
    days: Vec<DayHistogram>,
    opening: DigestOpening,
}

fn sealed(readings: &[(i64, Slot)], tokens: Tokens) -> Sealed {
    let mut times: Vec<_> = readings.iter().map(|(at, _)| *at).collect();
    times.sort_unstable();
    let (cadence, table) = (Cadence::of(&times), Table::new(Unit::MgPerDl, tokens));
    let (mut days, mut secrets, mut rest) = (Vec::new(), Vec::new(), readings.to_vec());
    // Files that repeat rows have days with more readings than slots: what is left over makes a day of its own.
    while !rest.is_empty() {
        let calendar = Calendar::of(&rest, cadence);
        for day in &calendar.days {
            let key = [u8::try_from(days.len()).unwrap(); 32];
            let (sealed, digest, secret) = seal(table, cadence, &day.slots, &key).unwrap();
            days.push(DayHistogram::new(sealed, digest));
            secrets.push(secret);
        }
        rest = calendar.left_over.iter().map(|place| rest[*place]).collect();
    }
    let opening = DigestOpening::sum(&secrets.iter().map(DaySecret::opening).collect::<Vec<_>>()).unwrap();
    Sealed { days, opening }
}

/// The oracle's names, from the seven numbers alone.
fn metric(opening: &DigestOpening, name: &str) -> Option<f64> {
    let [very_low, low, target, high, very_high, sum, squares] = Metric::ALL.map(|metric| opening.value(metric) as f64);
    let n = opening.readings() as f64;
    let (percent, mean) = (100.0 / n, sum / n);
    let deviation = ((squares - sum * mean) / (n - 1.0)).sqrt();
    Some(match name {
        "n" => n,
        "mean" => mean,
        "sd" => deviation,
        "cv" => 100.0 * deviation / mean,
        "gmi" => 3.31 + 0.02392 * mean,
        "gri" => ((3.0 * very_low + 2.4 * low + 1.6 * very_high + 0.8 * high) * percent).min(100.0),
        "tir_70_180" => target * percent,
        "tbr_lt70" => (very_low + low) * percent,
        "tbr_54_69" => low * percent,
        "tbr_lt54" => very_low * percent,
        "tar_gt180" => (high + very_high) * percent,
        "tar_181_250" => high * percent,
        "tar_gt250" => very_high * percent,
        _ => return None,
    })
}

fn context() -> Context {
    let purpose = Purpose::new("test").unwrap();
    Context::new(Chain::new([1; 32]), Pseudonym::new([2; 32]), Epoch::new(0), purpose, Audience::new([3; 32]))
}

#[test]
fn digests_of_real_days_open_to_the_metrics_of_the_oracle_and_claims_end_where_truth_does() {
    let Some(folder) = folder() else { return };
    let oracle: Value = serde_json::from_str(&fs::read_to_string(folder.join("oracle.json")).unwrap()).unwrap();
    let (mut subjects, mut metrics) = (0, 0);
    for (name, expected) in oracle["subjects"].as_object().unwrap() {
        let (series, subject) = name.split_once('/').unwrap();
        let text = fs::read_to_string(folder.join(series).with_extension("csv")).unwrap();
        let Some(readings) = whole(&text, subject) else { continue };
        let sealed = sealed(&readings, Tokens::Missing);
        for (name, value) in expected["per_reading"].as_object().unwrap() {
            let Some(found) = metric(&sealed.opening, name) else { continue };
            let value = value.as_f64().unwrap();
            // The oracle is rounded to nine decimals.
            assert!((found - value).abs() <= 1e-9 * value.abs() + 6e-10, "{subject} {name}: {found} is not {value}");
            metrics += 1;
        }
        boundary(&sealed);
        subjects += 1;
    }
    assert!(subjects == 23 && metrics == 23 * 13, "{subjects} subjects, {metrics} metrics");
}

/// The exact value of every quantity as a fraction, from the seven numbers; the index counts as far as it is not capped.
fn exact(sealed: &Sealed) -> Vec<(Quantity, u64, u64)> {
    let [very_low, low, target, high, very_high, sum, _] = Metric::ALL.map(|metric| sealed.opening.value(metric));
    let n = sealed.opening.readings();
    let slots = sealed.days.iter().map(|day| day.day().cadence().slots() as u64).sum();
    let risk = 3_000 * very_low + 2_400 * low + 1_600 * very_high + 800 * high;
    vec![
        (Quantity::Share(Ranges::IN), 1_000 * target, n),
        (Quantity::Share(Ranges::BELOW), 1_000 * (very_low + low), n),
        (Quantity::Share(Ranges::VERY_LOW), 1_000 * very_low, n),
        (Quantity::Share(Ranges::ABOVE), 1_000 * (high + very_high), n),
        (Quantity::Share(Ranges::VERY_HIGH), 1_000 * very_high, n),
        (Quantity::Mean, 100 * sum, n),
        (Quantity::Gmi, 331_000 * n + 2_392 * sum, 1_000 * n),
        (Quantity::Gri, risk, n),
        (Quantity::Readings, n, 1),
        (Quantity::Active, 1_000 * n, slots),
    ]
}

/// Every quantity at least its own value, rounded down, and at most it, rounded up: all proved in one claim a side. One step
/// beyond, none can be proved, and the proof of what is true shows no more.
fn boundary(sealed: &Sealed) {
    assert!(sealed.days.len() <= MAX_DAYS);
    let (opening, mut rng) = (&sealed.opening, ChaCha20Rng::seed_from_u64(3));
    let exact = exact(sealed);
    for side in [Side::AtLeast, Side::AtMost] {
        let at = |(quantity, numerator, denominator): &(Quantity, u64, u64)| {
            let value = if side == Side::AtLeast { numerator / denominator } else { numerator.div_ceil(*denominator) };
            Bound::new(*quantity, side, u32::try_from(value).unwrap())
        };
        let bounds: Vec<_> = exact.iter().map(at).collect();
        let claim = DaysClaim::new(&sealed.days, 1, &bounds).unwrap();
        let proof = claim.prove(&context(), opening, &mut rng).unwrap();
        assert!(claim.verify(&context(), &proof).is_ok());
        let mut refused = 0;
        for (place, bound) in bounds.iter().enumerate() {
            let step = if side == Side::AtLeast { 1 } else { u32::MAX };
            let mut beyond = bounds.clone();
            beyond[place] = Bound::new(bound.quantity(), side, bound.threshold().wrapping_add(step));
            // More than everything and less than nothing are no claims at all.
            let Ok(beyond) = DaysClaim::new(&sealed.days, 1, &beyond) else { continue };
            let made = beyond.prove(&context(), opening, &mut rng);
            assert!(matches!(made, Err(ProveError::False)), "{:?} {side:?}", bound.quantity());
            assert!(beyond.verify(&context(), &proof).is_err(), "a proof of less shows no more");
            refused += 1;
        }
        assert!(refused >= 5, "{refused} of ten quantities have a step beyond");
    }
    variation(sealed);
}

/// The least coefficient of variation, in per mille, that is not below the truth is provable as "at most", and no less.
fn variation(sealed: &Sealed) {
    let [.., sum, squares] = Metric::ALL.map(|metric| i128::from(sealed.opening.value(metric)));
    let n = i128::from(sealed.opening.readings());
    // (N Q - S^2) / (N (N - 1)) <= p^2 / 10^6 S^2 / N^2, multiplied out.
    let holds = |p: u32| {
        let p = i128::from(p);
        1_000_000 * n * (n * squares - sum * sum) <= p * p * sum * sum * (n - 1)
    };
    let least = (1..1_000).find(|p| holds(*p)).unwrap();
    let claim = |threshold| VariationClaim::new(&sealed.days, 2, Side::AtMost, threshold).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let proof = claim(least).prove(&context(), &sealed.opening, &mut rng).unwrap();
    assert!(claim(least).verify(&context(), &proof).is_ok());
    assert!(matches!(claim(least - 1).prove(&context(), &sealed.opening, &mut rng), Err(ProveError::False)));
    assert!(claim(least - 1).verify(&context(), &proof).is_err());
}
