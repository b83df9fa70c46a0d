//! A physiologically plausible glucose series, for runs without a person's data.
//!
//! Five-minute values of a continuous sensor: a fasting level with a dawn rise, three meals and an occasional snack each
//! followed by a gamma-shaped excursion, insulin that sometimes overshoots, slow drift and sensor noise that remembers
//! itself. The sensor is away for an hour now and then, and says `Low` below 40 and `High` above 400 as real ones do.
//! The same seed gives the same series.

use dmledger_core::time::Timestamp;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use std::{fmt::Write as _, time::Duration};

const STEP: Duration = Duration::from_secs(300);
const STEPS_A_DAY: u32 = 288;

/// One bump of the curve: a meal, or an insulin correction with a negative height.
struct Excursion {
    step: f64,
    height: f64,
    /// Steps from onset to peak.
    peak: f64,
}

impl Excursion {
    /// Gamma-shaped: zero at onset, `height` at the peak, long tail.
    fn at(&self, step: f64) -> f64 {
        let x = (step - self.step) / self.peak;
        if x <= 0.0 { 0.0 } else { self.height * x * x * (2.0 - 2.0 * x).exp() }
    }
}

/// CSV `subject,timestamp,glucose_mg_dl` of `days` days from `start` (local wall clock), for subject `synthetic`.
#[must_use]
pub fn csv(seed: u64, start: Timestamp, days: u32) -> String {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut excursions: Vec<_> = (0..days).flat_map(|day| day_of(day, &mut rng)).collect();
    excursions.sort_by(|a, b| a.step.total_cmp(&b.step));
    let away: Vec<_> = (0..days.div_ceil(4)).map(|_| draw(&mut rng, 0.0, f64::from(days * STEPS_A_DAY))).collect();
    let mut out = String::from("subject,timestamp,glucose_mg_dl\n");
    let (mut noise, mut at) = (0.0, start);
    for step in 0..days * STEPS_A_DAY {
        let t = f64::from(step);
        noise = 0.85 * noise + draw(&mut rng, -3.0, 3.0);
        if !away.iter().any(|gap| (*gap..*gap + 12.0).contains(&t)) {
            let value = fasting(t) + around(&excursions, t).iter().map(|one| one.at(t)).sum::<f64>() + noise;
            // Writing to a string cannot fail.
            let _ = writeln!(out, "synthetic,{},{}", wall_clock(at), token(value));
        }
        at = at.plus(STEP);
    }
    out
}

fn day_of(day: u32, rng: &mut ChaCha20Rng) -> Vec<Excursion> {
    let midnight = f64::from(day * STEPS_A_DAY);
    let mut all = Vec::new();
    for (hour, grams) in [(7.4, 45.0), (12.6, 60.0), (18.8, 70.0)] {
        let step = midnight + (hour + draw(rng, -0.7, 0.7)) * 12.0;
        let height = grams * draw(rng, 0.9, 2.4);
        all.push(Excursion { step, height, peak: draw(rng, 11.0, 16.0) });
        all.push(Excursion { step: step + 4.0, height: -height * draw(rng, 0.25, 0.6), peak: draw(rng, 20.0, 30.0) });
    }
    if draw(rng, 0.0, 1.0) < 0.4 {
        let step = midnight + draw(rng, 15.0, 22.5) * 12.0;
        all.push(Excursion { step, height: draw(rng, 20.0, 60.0), peak: 7.0 });
    }
    if draw(rng, 0.0, 1.0) < 0.25 {
        let step = midnight + draw(rng, 0.5, 4.0) * 12.0;
        all.push(Excursion { step, height: -draw(rng, 35.0, 75.0), peak: 12.0 });
    }
    all
}

/// The excursions that began within the last day: older ones have faded.
fn around(sorted: &[Excursion], step: f64) -> &[Excursion] {
    let from = sorted.partition_point(|one| one.step < step - f64::from(STEPS_A_DAY));
    let until = sorted.partition_point(|one| one.step <= step);
    sorted.get(from..until).unwrap_or_default()
}

/// Fasting level with its rise before waking, mg/dL.
fn fasting(step: f64) -> f64 {
    let hour = (step / 12.0) % 24.0;
    let dawn = (-((hour - 6.0) / 1.8).powi(2)).exp();
    let drift = (step / f64::from(STEPS_A_DAY) * 0.9).sin();
    126.0 + 20.0 * dawn + 12.0 * drift
}

#[expect(clippy::cast_possible_truncation, reason = "40..=400 after the two tests")]
fn token(value: f64) -> String {
    if value < 40.0 {
        "Low".to_owned()
    } else if value > 400.0 {
        "High".to_owned()
    } else {
        (value.round() as i64).to_string()
    }
}

fn wall_clock(at: Timestamp) -> String {
    at.to_string().chars().take(19).collect()
}

/// Uniform in `low..high`.
fn draw(rng: &mut ChaCha20Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * f64::from(rng.next_u32()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five-minute step and value of every numeric row.
    fn values(seed: u64) -> Vec<(u32, u32)> {
        let start = Timestamp::from_seconds(1_772_323_200);
        let parse = |line: &str| {
            let mut fields = line.split(',').skip(1);
            let (at, value) = (fields.next()?, fields.next()?.parse().ok()?);
            let number = |range| at.get(range).and_then(|text: &str| text.parse::<u32>().ok());
            Some(((number(8..10)? * 24 + number(11..13)?) * 12 + number(14..16)? / 5, value))
        };
        csv(seed, start, 14).lines().skip(1).filter_map(parse).collect()
    }

    #[test]
    fn a_series_is_the_same_for_its_seed_and_another_for_another() {
        assert_eq!(values(1), values(1));
        assert_ne!(values(1), values(2));
    }

    #[test]
    fn a_series_looks_like_a_person_with_diabetes() {
        for seed in 0..20 {
            let all = values(seed);
            assert!((3_800..=4_032).contains(&all.len()), "{} values", all.len());
            let mean = all.iter().map(|(_, value)| *value as usize).sum::<usize>() / all.len();
            assert!((115..=190).contains(&mean), "mean {mean}");
            let in_range = all.iter().filter(|(_, value)| (70..=180).contains(value)).count() * 100 / all.len();
            assert!((50..=97).contains(&in_range), "{in_range} % in range");
            let neighbours = all.windows(2).filter(|pair| pair[0].0 + 1 == pair[1].0);
            let steepest = neighbours.map(|pair| pair[0].1.abs_diff(pair[1].1)).max();
            assert!(steepest < Some(35), "{steepest:?} mg/dL in five minutes");
        }
    }
}
