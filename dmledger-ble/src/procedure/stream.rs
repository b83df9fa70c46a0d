//! Measurements that a device streams and does not keep: heart rates, continuous oxygen saturations.
//!
//! A stream has no numbers, so a lost notification leaves no hole that could be asked for again. What shows it is time:
//! every sample says how long nothing was heard before it. The procedure makes lost links anew, drops the radio's
//! repeats, and ends with what it heard.

use alloc::vec::Vec;
use core::marker::PhantomData;
use core::time::Duration;

use super::Uptime;
use super::conversation::{Action, Event, Failure, Limits, Procedure};
use super::history::fingerprint;
use super::line::{Heard, Line, Plan};
use crate::codec::Characteristic;
use crate::codec::plx::PlxContinuous;
use crate::codec::uuid::{PLX_FEATURES, Uuid};

/// A measurement that devices stream.
pub trait Streamed: Characteristic {
    /// What describes the stream as a whole; read on every link whose device has it.
    const ABOUT: Uuid;
}

impl Streamed for PlxContinuous {
    const ABOUT: Uuid = PLX_FEATURES;
}

/// One measurement of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample<C> {
    measurement: C,
    raw: Vec<u8>,
    received: Uptime,
    silence: Option<Duration>,
}

impl<C> Sample<C> {
    /// The measurement.
    pub const fn measurement(&self) -> &C {
        &self.measurement
    }

    /// The octets as received.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// When it was received.
    pub const fn received(&self) -> Uptime {
        self.received
    }

    /// How long nothing was heard before it, if that was longer than the stream may pause.
    pub const fn silence(&self) -> Option<Duration> {
        self.silence
    }
}

/// What a stream brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamOutcome {
    end: Result<(), Failure>,
    delivered: u32,
    repeats: u32,
    undecodable: u32,
    reconnects: u32,
    gaps: u32,
    listened: Duration,
    about: Option<Vec<u8>>,
}

impl StreamOutcome {
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

    /// Time from the first measurement to the last.
    #[must_use]
    pub const fn listened(&self) -> Duration {
        self.listened
    }

    /// The octets of [`Streamed::ABOUT`], if the device has it.
    #[must_use]
    pub fn about(&self) -> Option<&[u8]> {
        self.about.as_deref()
    }
}

/// Listens to a stream for a while.
#[derive(Debug)]
pub struct Stream<C> {
    line: Line,
    listen: Duration,
    pause: Duration,
    until: Option<Uptime>,
    over: bool,
    first: Option<Uptime>,
    last: Option<(u64, Uptime)>,
    outcome: StreamOutcome,
    measurement: PhantomData<C>,
}

/// Listens to a pulse oximeter that streams, 0x2A5F; [`StreamOutcome::about`] are its
/// [`PlxFeatures`](crate::codec::plx::PlxFeatures).
pub type OximeterStream = Stream<PlxContinuous>;

type StreamAction<C> = Action<Sample<C>, StreamOutcome>;

impl<C: Streamed> Stream<C> {
    /// Listens for `listen` from the first open link on; a silence longer than `pause` is a gap, and one of ten pauses
    /// ends the link, because a stack may not tell that it is down.
    #[must_use]
    pub fn new(listen: Duration, pause: Duration, limits: Limits) -> Self {
        let limits = limits.with_session(limits.session.saturating_add(listen));
        let outcome = StreamOutcome {
            end: Err(Failure::Stopped),
            delivered: 0,
            repeats: 0,
            undecodable: 0,
            reconnects: 0,
            gaps: 0,
            listened: Duration::ZERO,
            about: None,
        };
        Self {
            line: Line::new(Plan::new(&[C::UUID], &[C::ABOUT], &[C::UUID]), limits),
            listen,
            pause,
            until: None,
            over: false,
            first: None,
            last: None,
            outcome,
            measurement: PhantomData,
        }
    }

    fn value(&mut self, bytes: &[u8], now: Uptime, actions: &mut Vec<StreamAction<C>>) {
        let measurement = match C::decode(bytes) {
            Ok(measurement) => measurement,
            Err(error) => {
                self.outcome.undecodable = self.outcome.undecodable.saturating_add(1);
                return actions.push(Action::Undecodable { characteristic: C::UUID, bytes: bytes.to_vec(), error });
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
        let outcome = &mut self.outcome;
        outcome.gaps = outcome.gaps.saturating_add(u32::from(silence.is_some()));
        outcome.listened = now.since(first);
        outcome.delivered = outcome.delivered.saturating_add(1);
        actions.push(Action::Deliver(Sample { measurement, raw: bytes.to_vec(), received: now, silence }));
    }

    fn expect(&mut self, now: Uptime) {
        let until = *self.until.get_or_insert(now.after(self.listen));
        self.line.expect(Some(until.min(now.after(self.pause.saturating_mul(10)))));
    }

    fn end(&mut self, end: Result<(), Failure>, actions: &mut Vec<StreamAction<C>>) {
        self.over = true;
        (self.outcome.end, self.outcome.reconnects) = (end, self.line.reconnects());
        self.line.finish(self.outcome.clone(), actions);
    }

    fn is_time(&self, now: Uptime) -> bool {
        self.until.is_some_and(|until| now >= until)
    }
}

impl<C: Streamed> Procedure for Stream<C> {
    type Item = Sample<C>;
    type Outcome = StreamOutcome;

    fn handle(&mut self, event: Event<'_>, now: Uptime) -> Vec<StreamAction<C>> {
        let mut actions = Vec::new();
        if self.over {
            return actions;
        }
        let failure = match self.line.hear(event, now, &mut actions) {
            Heard::Value(characteristic, bytes) if characteristic == C::UUID => {
                self.value(bytes, now, &mut actions);
                self.expect(now);
                None
            }
            Heard::Open => {
                self.expect(now);
                None
            }
            Heard::Read(_, bytes) => {
                self.outcome.about = Some(bytes.to_vec());
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

/// Devices send about once a second; the same octets this soon are the radio's repeat.
const REPEAT_WITHIN: Duration = Duration::from_millis(100);
