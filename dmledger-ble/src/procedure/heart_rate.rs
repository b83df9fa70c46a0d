//! A stream of heart rates with intervals between beats.
//!
//! A stream has no numbers, so a lost notification leaves no hole that could be asked for again. What shows it is time:
//! the intervals between beats add up to the time that was covered, and every beat says how long nothing was heard
//! before it. The procedure makes lost links anew, drops the radio's repeats, and ends with what was covered.

use alloc::vec::Vec;
use core::time::Duration;

use super::Uptime;
use super::conversation::{Action, Event, Failure, Limits, Procedure};
use super::history::fingerprint;
use super::line::{Heard, Line, Plan};
use crate::codec::Characteristic;
use crate::codec::heart_rate::{BodySensorLocation, HeartRateMeasurement};
use crate::codec::uuid::{BODY_SENSOR_LOCATION, HEART_RATE_MEASUREMENT};

/// One measurement of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    measurement: HeartRateMeasurement,
    raw: Vec<u8>,
    received: Uptime,
    silence: Option<Duration>,
}

impl Beat {
    /// Rate, contact, energy and intervals.
    #[must_use]
    pub const fn measurement(&self) -> &HeartRateMeasurement {
        &self.measurement
    }

    /// The octets as received.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// When it was received.
    #[must_use]
    pub const fn received(&self) -> Uptime {
        self.received
    }

    /// How long nothing was heard before it, if that was longer than the stream may pause.
    #[must_use]
    pub const fn silence(&self) -> Option<Duration> {
        self.silence
    }
}

/// What a stream brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartRateOutcome {
    end: Result<(), Failure>,
    delivered: u32,
    repeats: u32,
    undecodable: u32,
    reconnects: u32,
    gaps: u32,
    intervals: u64,
    covered: Duration,
    listened: Duration,
    location: Option<BodySensorLocation>,
}

impl HeartRateOutcome {
    /// Whether the stream was followed for the time asked for.
    ///
    /// # Errors
    /// [`Failure`] when it was cut short.
    pub const fn end(&self) -> Result<(), Failure> {
        self.end
    }

    /// Measurements delivered.
    #[must_use]
    pub const fn delivered(&self) -> u32 {
        self.delivered
    }

    /// Measurements that the radio repeated.
    #[must_use]
    pub const fn repeats(&self) -> u32 {
        self.repeats
    }

    /// Values that no decoder accepts.
    #[must_use]
    pub const fn undecodable(&self) -> u32 {
        self.undecodable
    }

    /// Links made anew.
    #[must_use]
    pub const fn reconnects(&self) -> u32 {
        self.reconnects
    }

    /// Silences longer than the stream may pause: something is missing there.
    #[must_use]
    pub const fn gaps(&self) -> u32 {
        self.gaps
    }

    /// Intervals between beats that came.
    #[must_use]
    pub const fn intervals(&self) -> u64 {
        self.intervals
    }

    /// Time that those intervals add up to, in whole milliseconds.
    #[must_use]
    pub const fn covered(&self) -> Duration {
        self.covered
    }

    /// Time from the first measurement to the last.
    #[must_use]
    pub const fn listened(&self) -> Duration {
        self.listened
    }

    /// Where the sensor sits, if it says so.
    #[must_use]
    pub const fn location(&self) -> Option<BodySensorLocation> {
        self.location
    }
}

/// Listens to a heart rate sensor for a while.
#[derive(Debug)]
pub struct HeartRateStream {
    line: Line,
    listen: Duration,
    pause: Duration,
    until: Option<Uptime>,
    over: bool,
    first: Option<Uptime>,
    last: Option<(u64, Uptime)>,
    interval_sum: u64,
    outcome: HeartRateOutcome,
}

impl HeartRateStream {
    /// Listens for `listen` from the first open link on; a silence longer than `pause` is a gap, and one of ten pauses
    /// ends the link, because a stack may not tell that it is down.
    #[must_use]
    pub fn new(listen: Duration, pause: Duration, limits: Limits) -> Self {
        let limits = limits.with_session(limits.session.saturating_add(listen));
        let outcome = HeartRateOutcome {
            end: Err(Failure::Stopped),
            delivered: 0,
            repeats: 0,
            undecodable: 0,
            reconnects: 0,
            gaps: 0,
            intervals: 0,
            covered: Duration::ZERO,
            listened: Duration::ZERO,
            location: None,
        };
        let line =
            Line::new(Plan::new(&[HEART_RATE_MEASUREMENT], &[BODY_SENSOR_LOCATION], &[HEART_RATE_MEASUREMENT]), limits);
        Self { line, listen, pause, until: None, over: false, first: None, last: None, interval_sum: 0, outcome }
    }

    fn value(&mut self, bytes: &[u8], now: Uptime, actions: &mut Vec<Action<Beat, HeartRateOutcome>>) {
        let measurement = match HeartRateMeasurement::decode(bytes) {
            Ok(measurement) => measurement,
            Err(error) => {
                self.outcome.undecodable = self.outcome.undecodable.saturating_add(1);
                let (characteristic, bytes) = (HEART_RATE_MEASUREMENT, bytes.to_vec());
                return actions.push(Action::Undecodable { characteristic, bytes, error });
            }
        };
        let print = fingerprint(bytes);
        let repeat = |(last, at): (u64, Uptime)| last == print && now.since(at) <= REPEAT_WITHIN;
        if self.last.is_some_and(repeat) {
            self.outcome.repeats = self.outcome.repeats.saturating_add(1);
            return;
        }
        let silence = self.last.map(|(_, at)| now.since(at)).filter(|silence| *silence > self.pause);
        let first = *self.first.get_or_insert(now);
        self.last = Some((print, now));
        self.line.progress();
        for interval in measurement.intervals() {
            self.interval_sum = self.interval_sum.saturating_add((*interval).into());
        }
        let outcome = &mut self.outcome;
        outcome.gaps = outcome.gaps.saturating_add(u32::from(silence.is_some()));
        outcome.intervals = outcome.intervals.saturating_add(measurement.intervals().len() as u64);
        outcome.covered = Duration::from_millis(self.interval_sum.saturating_mul(1000) / 1024);
        outcome.listened = now.since(first);
        outcome.delivered = outcome.delivered.saturating_add(1);
        actions.push(Action::Deliver(Beat { measurement, raw: bytes.to_vec(), received: now, silence }));
    }

    fn expect(&mut self, now: Uptime) {
        let until = *self.until.get_or_insert(now.after(self.listen));
        self.line.expect(Some(until.min(now.after(self.pause.saturating_mul(10)))));
    }

    fn end(&mut self, end: Result<(), Failure>, actions: &mut Vec<Action<Beat, HeartRateOutcome>>) {
        self.over = true;
        (self.outcome.end, self.outcome.reconnects) = (end, self.line.reconnects());
        self.line.finish(self.outcome.clone(), actions);
    }

    fn is_time(&self, now: Uptime) -> bool {
        self.until.is_some_and(|until| now >= until)
    }
}

impl Procedure for HeartRateStream {
    type Item = Beat;
    type Outcome = HeartRateOutcome;

    fn handle(&mut self, event: Event<'_>, now: Uptime) -> Vec<Action<Beat, HeartRateOutcome>> {
        let mut actions = Vec::new();
        if self.over {
            return actions;
        }
        let failure = match self.line.hear(event, now, &mut actions) {
            Heard::Value(HEART_RATE_MEASUREMENT, bytes) => {
                self.value(bytes, now, &mut actions);
                self.expect(now);
                None
            }
            Heard::Open => {
                self.expect(now);
                None
            }
            Heard::Read(_, bytes) => {
                self.outcome.location = BodySensorLocation::decode(bytes).ok();
                None
            }
            Heard::Deadline if !self.is_time(now) => self.line.drop_link(now, &mut actions),
            Heard::Lost if !self.is_time(now) => self.line.again(now, &mut actions),
            Heard::Stop => Some(Failure::Stopped),
            Heard::Failed(failure) => Some(failure),
            _ => None,
        };
        match failure {
            Some(failure) => self.end(Err(failure), &mut actions),
            None if self.is_time(now) => self.end(Ok(()), &mut actions),
            None => {}
        }
        self.line.set_timer(&mut actions);
        actions
    }

    fn is_finished(&self) -> bool {
        self.over
    }
}

/// Sensors send about once a second; the same octets this soon are the radio's repeat.
const REPEAT_WITHIN: Duration = Duration::from_millis(100);
