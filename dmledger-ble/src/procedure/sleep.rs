//! Nights kept by a wearable, fetched behind [`SleepSource`].
//!
//! Almost no wearable implements the activity monitor service, and its layout is unconfirmed; makers have protocols of
//! their own. A source says which characteristic carries records and what their octets mean; the procedure fetches them
//! by number over the record access control point, with the same proof that none is missing as for glucose.

use alloc::vec::Vec;
use core::fmt;

use super::Uptime;
use super::conversation::{Action, Event, Failure, Limits, Procedure};
use super::glucose_sync::{AttError, Proof, SequenceRange};
use super::history::{Arrival, History, Numbering, Step};
use super::line::{Heard, Line, Plan};
use crate::codec::Characteristic;
use crate::codec::racp::Response;
use crate::codec::sleep::{NIGHT, Night, SleepSummary};
use crate::codec::uuid::{RECORD_ACCESS_CONTROL_POINT, SLEEP_SUMMARY, Uuid};
use crate::error::DecodeError;

/// What a record of a wearable turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SleepRecord {
    number: u16,
    night: Option<Night>,
    raw: Vec<u8>,
}

impl SleepRecord {
    /// A record with its number; `night` if its octets could be read as one.
    #[must_use]
    pub const fn new(number: u16, night: Option<Night>, raw: Vec<u8>) -> Self {
        Self { number, night, raw }
    }

    /// The wearable's number of the record.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }

    /// The night, if the octets could be read as one.
    #[must_use]
    pub const fn night(&self) -> Option<&Night> {
        self.night.as_ref()
    }

    /// The octets as received.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }
}

/// How one maker's wearable states its nights.
pub trait SleepSource: fmt::Debug + Send {
    /// The characteristic that notifies records.
    fn characteristic(&self) -> Uuid;

    /// Reads one record.
    ///
    /// # Errors
    /// [`DecodeError`] when the octets are no record; they are then reported and the record is asked for again.
    fn decode(&self, bytes: &[u8]) -> Result<SleepRecord, DecodeError>;
}

/// Wearables with the vendor service of this crate ([`NIGHT_SERVICE`](crate::codec::sleep::NIGHT_SERVICE)).
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "has no settings")]
pub struct Nights;

impl SleepSource for Nights {
    fn characteristic(&self) -> Uuid {
        NIGHT
    }

    fn decode(&self, bytes: &[u8]) -> Result<SleepRecord, DecodeError> {
        let night = Night::decode(bytes)?;
        Ok(SleepRecord::new(night.sequence().value(), Some(night), bytes.to_vec()))
    }
}

/// Summaries of the activity monitor, 0x2B42. Their layout behind the prefix is unconfirmed, so a record has octets and
/// no night.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "has no settings")]
pub struct ActivityMonitor;

impl SleepSource for ActivityMonitor {
    fn characteristic(&self) -> Uuid {
        SLEEP_SUMMARY
    }

    fn decode(&self, bytes: &[u8]) -> Result<SleepRecord, DecodeError> {
        Ok(SleepRecord::new(SleepSummary::decode(bytes)?.session(), None, bytes.to_vec()))
    }
}

/// How a session ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SleepOutcome {
    end: Result<Proof, Failure>,
    holes: Vec<SequenceRange>,
    delivered: u32,
    repeats: u32,
    conflicts: u32,
    undecodable: u32,
    reconnects: u32,
    stored: Option<u16>,
}

impl SleepOutcome {
    /// How it is known that every night was delivered.
    ///
    /// # Errors
    /// [`Failure`] when it is not known.
    pub const fn end(&self) -> Result<Proof, Failure> {
        self.end
    }

    /// Numbers of which it is unknown whether there are nights; empty after a complete session.
    #[must_use]
    pub fn holes(&self) -> &[SequenceRange] {
        &self.holes
    }

    /// Nights delivered.
    #[must_use]
    pub const fn delivered(&self) -> u32 {
        self.delivered
    }

    /// Nights that came again.
    #[must_use]
    pub const fn repeats(&self) -> u32 {
        self.repeats
    }

    /// Nights whose number came before with other octets; the first was delivered.
    #[must_use]
    pub const fn conflicts(&self) -> u32 {
        self.conflicts
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

    /// How many nights the wearable last counted.
    #[must_use]
    pub const fn stored(&self) -> Option<u16> {
        self.stored
    }
}

/// Fetches every stored night of a wearable. A wearable keeps few, so every session fetches all; whoever stores them
/// knows those it has.
#[derive(Debug)]
pub struct SleepSync<S> {
    source: S,
    line: Line,
    history: History,
    over: bool,
    outcome: SleepOutcome,
}

type SleepAction = Action<SleepRecord, SleepOutcome>;

impl<S: SleepSource> SleepSync<S> {
    /// A session with a wearable of this kind.
    #[must_use]
    pub fn new(source: S, limits: Limits) -> Self {
        let both = [source.characteristic(), RECORD_ACCESS_CONTROL_POINT];
        let plan = Plan::new(&both, &[], &both);
        let outcome = SleepOutcome {
            end: Err(Failure::Stopped),
            holes: Vec::new(),
            delivered: 0,
            repeats: 0,
            conflicts: 0,
            undecodable: 0,
            reconnects: 0,
            stored: None,
        };
        let history = History::new(SequenceRange::ALL, limits.attempts);
        Self { source, line: Line::new(plan, limits), history, over: false, outcome }
    }

    fn value(&mut self, characteristic: Uuid, bytes: &[u8], now: Uptime, actions: &mut Vec<SleepAction>) {
        let taken = if characteristic == RECORD_ACCESS_CONTROL_POINT {
            Response::decode(bytes).map(|response| {
                let step = self.history.response(response);
                if step != Step::Wait {
                    self.line.progress();
                }
                self.step(step, now, actions);
            })
        } else if characteristic == self.source.characteristic() {
            self.source.decode(bytes).map(|record| self.record(record, now, actions))
        } else {
            return;
        };
        if let Err(error) = taken {
            self.outcome.undecodable = self.outcome.undecodable.saturating_add(1);
            actions.push(Action::Undecodable { characteristic, bytes: bytes.to_vec(), error });
        }
    }

    fn record(&mut self, record: SleepRecord, now: Uptime, actions: &mut Vec<SleepAction>) {
        match self.history.record(record.number, &record.raw) {
            Arrival::First => {
                self.line.progress();
                self.outcome.delivered = self.outcome.delivered.saturating_add(1);
                actions.push(Action::Deliver(record));
            }
            Arrival::Repeat => self.outcome.repeats = self.outcome.repeats.saturating_add(1),
            Arrival::Conflict => self.outcome.conflicts = self.outcome.conflicts.saturating_add(1),
        }
        if self.history.is_asking() {
            self.line.expect(Some(now.after(self.line.limits().response)));
        }
    }

    fn step(&mut self, step: Step, now: Uptime, actions: &mut Vec<SleepAction>) {
        match step {
            Step::Write(bytes) => {
                actions.push(Action::Write { characteristic: RECORD_ACCESS_CONTROL_POINT, bytes });
                self.line.expect(Some(now.after(self.line.limits().response)));
            }
            Step::Complete(proof) => self.end(Ok(proof), actions),
            Step::Refused(code) => self.end(Err(Failure::Refused(code)), actions),
            Step::Stuck => self.end(Err(Failure::NoProgress), actions),
            Step::Wait => {}
        }
    }

    fn silence(&mut self, now: Uptime, actions: &mut Vec<SleepAction>) {
        match self.line.attempt() {
            Some(failure) => self.end(Err(failure), actions),
            None => {
                let step = self.history.silence();
                self.step(step, now, actions);
            }
        }
    }

    fn end(&mut self, end: Result<Proof, Failure>, actions: &mut Vec<SleepAction>) {
        self.over = true;
        (self.outcome.end, self.outcome.reconnects) = (end, self.line.reconnects());
        self.outcome.stored = self.history.stored();
        if end.is_err() {
            self.outcome.holes = self.history.holes();
        }
        self.line.finish(self.outcome.clone(), actions);
    }
}

impl<S: SleepSource> Procedure for SleepSync<S> {
    type Item = SleepRecord;
    type Outcome = SleepOutcome;

    fn handle(&mut self, event: Event<'_>, now: Uptime) -> Vec<SleepAction> {
        let mut actions = Vec::new();
        if self.over {
            return actions;
        }
        let failure = match self.line.hear(event, now, &mut actions) {
            Heard::Open => {
                let step = self.history.begin(Numbering::Unknown);
                self.step(step, now, &mut actions);
                None
            }
            Heard::Value(characteristic, bytes) => {
                self.value(characteristic, bytes, now, &mut actions);
                None
            }
            Heard::Refused(AttError::NOT_SUBSCRIBED) => self.line.drop_link(now, &mut actions),
            Heard::Refused(..) | Heard::Deadline => {
                self.silence(now, &mut actions);
                None
            }
            Heard::Lost => self.line.again(now, &mut actions),
            Heard::Stop => Some(Failure::Stopped),
            Heard::Failed(failure) => Some(failure),
            Heard::Nothing | Heard::Read(..) => None,
        };
        if let Some(failure) = failure {
            self.end(Err(failure), &mut actions);
        }
        self.line.set_timer(&mut actions);
        actions
    }

    fn is_finished(&self) -> bool {
        self.over
    }
}
