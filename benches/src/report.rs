//! How a figure is taken and printed.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// Prints one figure beside its peer's. `ratio` is ours divided by theirs: for a duration or a size less than 1 is
/// better, for a rate more than 1; the unit says which it is.
#[expect(clippy::print_stdout, reason = "the line is what the program is for")]
pub fn line(name: &str, ours: f64, peer: f64, unit: &str) {
    println!("{name} ours={} peer={} ratio={:.3} unit={unit}", figure(ours), figure(peer), ours / peer);
}

fn figure(value: f64) -> String {
    match value.abs() {
        v if v >= 1000.0 => format!("{value:.0}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// Durations of repeated runs, ascending.
#[derive(Debug)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// Takes measured durations over.
    #[must_use]
    pub fn new(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }

    /// The duration that `percent` of the runs did not exceed, in seconds.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> f64 {
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * percent / 100).map_or(f64::NAN, Duration::as_secs_f64)
    }

    /// The median in seconds.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.percentile(50)
    }
}

/// Runs two tasks in turn, `rounds` times each, so that both meet the same noise.
pub fn beside<A, B>(rounds: usize, mut ours: impl FnMut() -> A, mut peer: impl FnMut() -> B) -> (Samples, Samples) {
    let mut times = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for _ in 0..rounds {
        times.0.push(time(&mut ours));
        times.1.push(time(&mut peer));
    }
    (Samples::new(times.0), Samples::new(times.1))
}

/// How long one run takes.
pub fn time<T>(mut task: impl FnMut() -> T) -> Duration {
    let start = Instant::now();
    black_box(task());
    start.elapsed()
}
