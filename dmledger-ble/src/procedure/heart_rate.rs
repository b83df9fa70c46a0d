//! A stream of heart rates with intervals between beats: the intervals add up to the time that was covered.

use alloc::vec::Vec;
use core::time::Duration;

use super::Uptime;
use super::conversation::{Action, Event, Failure, Limits, Procedure};
use super::stream::{Sample, Stream, StreamOutcome, Streamed};
use crate::codec::Characteristic;
use crate::codec::heart_rate::{BodySensorLocation, HeartRateMeasurement};
use crate::codec::uuid::{BODY_SENSOR_LOCATION, Uuid};

impl Streamed for HeartRateMeasurement {
    const ABOUT: Uuid = BODY_SENSOR_LOCATION;
}

/// One measurement of the stream.
pub type Beat = Sample<HeartRateMeasurement>;

/// What a stream of heart rates brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartRateOutcome {
    stream: StreamOutcome,
    intervals: u64,
    /// Their sum, in 1/1024 s.
    interval_sum: u64,
}

impl HeartRateOutcome {
    /// Whether the stream was followed for the time asked for.
    ///
    /// # Errors
    /// [`Failure`] when it was cut short.
    pub const fn end(&self) -> Result<(), Failure> {
        self.stream.end()
    }

    /// What every stream can tell: measurements, repeats, gaps, links.
    #[must_use]
    pub const fn stream(&self) -> &StreamOutcome {
        &self.stream
    }

    /// Intervals between beats that came.
    #[must_use]
    pub const fn intervals(&self) -> u64 {
        self.intervals
    }

    /// Time that those intervals add up to, in whole milliseconds.
    #[must_use]
    pub const fn covered(&self) -> Duration {
        Duration::from_millis(self.interval_sum.saturating_mul(1000) / 1024)
    }

    /// Where the sensor sits, if it says so.
    #[must_use]
    pub fn location(&self) -> Option<BodySensorLocation> {
        self.stream.about().and_then(|bytes| BodySensorLocation::decode(bytes).ok())
    }
}

/// Listens to a heart rate sensor for a while.
#[derive(Debug)]
pub struct HeartRateStream {
    stream: Stream<HeartRateMeasurement>,
    intervals: u64,
    interval_sum: u64,
}

impl HeartRateStream {
    /// Listens for `listen`; arguments as those of [`Stream::new`].
    #[must_use]
    pub fn new(listen: Duration, pause: Duration, limits: Limits) -> Self {
        Self { stream: Stream::new(listen, pause, limits), intervals: 0, interval_sum: 0 }
    }

    fn add(&mut self, beat: &Beat) {
        let intervals = beat.measurement().intervals();
        self.intervals = self.intervals.saturating_add(intervals.len() as u64);
        let sum = intervals.iter().fold(0_u64, |sum, interval| sum.saturating_add((*interval).into()));
        self.interval_sum = self.interval_sum.saturating_add(sum);
    }
}

impl Procedure for HeartRateStream {
    type Item = Beat;
    type Outcome = HeartRateOutcome;

    fn handle(&mut self, event: Event<'_>, now: Uptime) -> Vec<Action<Beat, HeartRateOutcome>> {
        let actions = self.stream.handle(event, now);
        let told = actions.into_iter().map(|action| {
            if let Action::Deliver(beat) = &action {
                self.add(beat);
            }
            let (intervals, interval_sum) = (self.intervals, self.interval_sum);
            action.map_outcome(|stream| HeartRateOutcome { stream, intervals, interval_sum })
        });
        told.collect()
    }

    fn is_finished(&self) -> bool {
        self.stream.is_finished()
    }
}
