//! Fetching every stored record of a glucose meter, and knowing that it was every one.
//!
//! Notifications are lost under load, and so is the closing answer; silence proves nothing. The machine therefore works
//! by counting:
//!
//! 1. connect, subscribe, ask how many records are in scope;
//! 2. ask for them; a lost closing answer is replaced by a timeout, after which nothing is believed until the device has
//!    answered an abort, so that a late count can never be taken for the answer to a newer question. When most of the
//!    report was lost too, the device floods the stack: from then on it is asked for shorter ranges;
//! 3. count again. Fewer received than counted: ask for the gaps between received numbers, near gaps together, and go
//!    to 3. As many: have the device count each remaining gap. Every gap counted empty proves that nothing is missing,
//!    also when the device deleted old records or stored new ones meanwhile;
//! 4. after a resumed session ask for the most recent record: a number smaller than the resume point, or a resume point
//!    that is gone, shows a reset or a wrap, and everything is fetched.
//!
//! A record is delivered when the context it announces has arrived; a lost context is asked for again with its record.
//! A device that cannot count is asked for everything twice; [`Proof::ReportsAgree`] says what that is worth.
//!
//! Everything survives a dropped link. The end is [`Outcome::Complete`] with its [`Proof`], or
//! [`Outcome::Incomplete`] with the [`Reason`] and the exact holes.

pub(super) mod ask;
mod collected;
mod io;
mod outcome;
pub(super) mod range;
mod record;
mod steps;
mod uncounted;
pub(super) mod verified;
pub(super) mod window;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

pub use io::{Action, AttError, Event, SyncConfig};
pub use outcome::{Continuity, Incomplete, Outcome, Proof, Reason, Summary};
pub use range::SequenceRange;
pub use record::{Companion, Record, RecordKey};

use super::Uptime;
use crate::codec::Characteristic;
use crate::codec::exact::{EXACT_GLUCOSE, ExactGlucose};
use crate::codec::glucose::{GlucoseMeasurement, GlucoseMeasurementContext};
use crate::codec::racp::Response;
use crate::codec::uuid::{GLUCOSE_MEASUREMENT, GLUCOSE_MEASUREMENT_CONTEXT, RECORD_ACCESS_CONTROL_POINT, Uuid};
use crate::error::DecodeError;
use ask::{Ask, Operators};
use collected::{Collected, Received};
use uncounted::Reports;
use verified::Verified;
use window::Window;

/// Where the conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing has begun.
    Idle,
    /// The host was asked for a link; or for its end, after which a new one follows.
    Linking { closing: bool, since: Uptime },
    /// The n-th subscription was asked for.
    Subscribing { index: usize, since: Uptime },
    /// The device owes an answer.
    Asking { ask: Ask, since: Uptime },
    /// The device owes the answer to an abort; nothing else is believed until it comes.
    Aborting { since: Uptime },
    /// A report is over and contexts may still be under way.
    Settling { since: Uptime },
    /// Over.
    Finished,
}

/// Synchronisation with one glucose meter: feed it events, do what it answers.
#[derive(Debug)]
pub struct GlucoseSync {
    config: SyncConfig,
    phase: Phase,
    started: Option<Uptime>,
    timer: Option<Uptime>,
    subscriptions: Vec<Uuid>,
    exact_offered: bool,
    scope: SequenceRange,
    operators: Operators,
    collected: Collected,
    /// The count of the scope, while it is fresh.
    count: Option<u16>,
    last_count: Option<u16>,
    /// Ranges to be asked for.
    fetch: VecDeque<SequenceRange>,
    window: Window,
    /// Gaps that the device counted empty.
    verified: Verified,
    /// Whether the most recent record was checked against the records received.
    last_checked: bool,
    last_seen: Option<RecordKey>,
    /// Questions in a row that got no answer and no record.
    silent: u32,
    /// Rounds in a row that brought neither a record nor a companion.
    fruitless: u32,
    /// Records and companions when `silent` and `fruitless` were last looked at.
    progress: u64,
    reports: Reports,
    stopping: bool,
    summary: Summary,
}

impl GlucoseSync {
    /// A session that has not begun; [`Event::Start`] begins it.
    #[must_use]
    pub fn new(config: SyncConfig) -> Self {
        let mut summary = Summary::new();
        let scope = match config.resume {
            Some(last) => {
                summary.continuity = Continuity::Continued;
                SequenceRange::starting_at(last.sequence())
            }
            None => SequenceRange::ALL,
        };
        Self {
            config,
            phase: Phase::Idle,
            started: None,
            timer: None,
            subscriptions: Vec::new(),
            exact_offered: false,
            scope,
            operators: Operators::Within,
            collected: Collected::default(),
            count: None,
            last_count: None,
            fetch: VecDeque::new(),
            window: Window::default(),
            verified: Verified::default(),
            last_checked: false,
            last_seen: None,
            silent: 0,
            fruitless: 0,
            progress: 0,
            reports: Reports::default(),
            stopping: false,
            summary,
        }
    }

    /// Whether the session is over.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Finished)
    }

    /// Takes what happened at `now` and answers with what to do, in order.
    ///
    /// `now` must not go back between calls.
    pub fn handle(&mut self, event: Event<'_>, now: Uptime) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.is_finished() {
            return actions;
        }
        let started = *self.started.get_or_insert(now);
        match event {
            Event::Start => self.on_start(now, &mut actions),
            Event::Connected => {
                if let Phase::Linking { closing: false, since } = &mut self.phase {
                    *since = now;
                }
            }
            Event::ServicesResolved(found) => self.on_services(found, now, &mut actions),
            Event::Subscribed(characteristic) => self.on_subscribed(characteristic, now, &mut actions),
            Event::Refused { characteristic, error } => self.on_refused(characteristic, error, now, &mut actions),
            Event::Value { characteristic, bytes } => self.on_value(characteristic, bytes, now, &mut actions),
            Event::Disconnected => self.on_disconnected(now, &mut actions),
            Event::RadioGone => self.give_up(Reason::RadioGone, &mut actions),
            Event::NotPaired => self.give_up(Reason::NotPaired, &mut actions),
            Event::Tick => {
                self.timer = None;
                self.on_tick(now, &mut actions);
            }
            Event::Stop => self.on_stop(now, &mut actions),
        }
        if !self.is_finished() && now.since(started) >= self.config.session_limit {
            self.give_up(Reason::OutOfTime, &mut actions);
        }
        self.set_timer(&mut actions);
        actions
    }

    fn on_start(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        if self.phase == Phase::Idle {
            self.connect(now, actions);
        }
    }

    fn on_services(&mut self, found: &[Uuid], now: Uptime, actions: &mut Vec<Action>) {
        if !matches!(self.phase, Phase::Linking { closing: false, .. }) {
            return;
        }
        if !found.contains(&GLUCOSE_MEASUREMENT) || !found.contains(&RECORD_ACCESS_CONTROL_POINT) {
            return self.give_up(Reason::NotAGlucoseMeter, actions);
        }
        // The control point comes last: whoever may be asked can also be heard.
        self.subscriptions =
            [GLUCOSE_MEASUREMENT, GLUCOSE_MEASUREMENT_CONTEXT, EXACT_GLUCOSE, RECORD_ACCESS_CONTROL_POINT]
                .into_iter()
                .filter(|characteristic| found.contains(characteristic))
                .collect();
        self.exact_offered = found.contains(&EXACT_GLUCOSE);
        self.subscribe(0, now, actions);
    }

    fn on_subscribed(&mut self, characteristic: Uuid, now: Uptime, actions: &mut Vec<Action>) {
        let Phase::Subscribing { index, .. } = self.phase else { return };
        if self.subscriptions.get(index) == Some(&characteristic) {
            self.subscribe(index + 1, now, actions);
        }
    }

    fn on_refused(&mut self, characteristic: Uuid, error: AttError, now: Uptime, actions: &mut Vec<Action>) {
        if error.wants_bond() {
            return self.give_up(Reason::NotPaired, actions);
        }
        if self.silent_attempt(actions) {
            return;
        }
        match (error, self.phase) {
            (AttError::NOT_SUBSCRIBED, Phase::Asking { .. } | Phase::Aborting { .. }) => {
                self.subscribe(0, now, actions);
            }
            (AttError::PROCEDURE_IN_PROGRESS, Phase::Asking { .. }) => self.abort(now, actions),
            _ if characteristic == RECORD_ACCESS_CONTROL_POINT || self.subscriptions.contains(&characteristic) => {
                self.reconnect(now, actions);
            }
            _ => {}
        }
    }

    fn on_value(&mut self, characteristic: Uuid, bytes: &[u8], now: Uptime, actions: &mut Vec<Action>) {
        let taken = match characteristic {
            GLUCOSE_MEASUREMENT => self.on_measurement(bytes, now, actions),
            GLUCOSE_MEASUREMENT_CONTEXT => GlucoseMeasurementContext::decode(bytes).map(|context| {
                let whole = self.collected.context(context, bytes);
                self.deliver(whole, actions);
            }),
            EXACT_GLUCOSE => ExactGlucose::decode(bytes).map(|exact| {
                let whole = self.collected.exact(exact, bytes);
                self.deliver(whole, actions);
            }),
            RECORD_ACCESS_CONTROL_POINT => {
                Response::decode(bytes).map(|response| self.on_response(response, now, actions))
            }
            _ => return,
        };
        if let Err(error) = taken {
            self.summary.undecodable = self.summary.undecodable.saturating_add(1);
            actions.push(Action::Undecodable { characteristic, bytes: bytes.to_vec(), error });
        }
        match &mut self.phase {
            // A report goes on, also one that answers a count.
            Phase::Asking { since, .. } if characteristic != RECORD_ACCESS_CONTROL_POINT => {
                *since = now;
            }
            Phase::Settling { .. } if !self.collected.is_waiting() => self.next(now, actions),
            _ => {}
        }
    }

    fn on_measurement(&mut self, bytes: &[u8], now: Uptime, actions: &mut Vec<Action>) -> Result<(), DecodeError> {
        let measurement = GlucoseMeasurement::decode(bytes)?;
        self.last_seen = Some(RecordKey::from(&measurement));
        self.reports.heard();
        if self.collected.len() >= MAX_RECORDS && !self.collected.contains(&RecordKey::from(&measurement)) {
            self.give_up(Reason::TooManyRecords, actions);
            return Ok(());
        }
        let received = self.collected.measurement(measurement, bytes, self.exact_offered, self.config.resume, now);
        if !matches!(received, Received::Duplicate | Received::Conflict(_)) {
            self.verified.refute(measurement.sequence().value());
        }
        match received {
            Received::Whole(record) => self.deliver(Some(record), actions),
            Received::Waiting | Received::Known => {}
            Received::Duplicate => self.summary.duplicates = self.summary.duplicates.saturating_add(1),
            Received::Conflict(key) => {
                if !self.summary.conflicts.contains(&key) {
                    self.summary.conflicts.push(key);
                }
            }
        }
        Ok(())
    }

    fn deliver(&mut self, record: Option<Record>, actions: &mut Vec<Action>) {
        let Some(record) = record else { return };
        self.summary.delivered = self.summary.delivered.saturating_add(1);
        self.summary.control_solutions += u32::from(record.is_control_solution());
        actions.push(Action::Deliver(record));
    }

    fn on_disconnected(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        match self.phase {
            Phase::Idle | Phase::Finished => {}
            // the end that was asked for
            Phase::Linking { closing: true, .. } => self.connect_again(now, actions),
            _ if self.stopping => self.give_up(Reason::Stopped, actions),
            _ => {
                if !self.silent_attempt(actions) {
                    self.connect_again(now, actions);
                }
            }
        }
    }

    fn on_stop(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        self.stopping = true;
        match self.phase {
            Phase::Asking { .. } => self.abort(now, actions),
            Phase::Aborting { .. } => {}
            _ => self.give_up(Reason::Stopped, actions),
        }
    }

    fn on_tick(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        let Some(deadline) = self.deadline() else { return };
        if now < deadline {
            return;
        }
        match self.phase {
            Phase::Idle | Phase::Finished => {}
            Phase::Settling { .. } => self.next(now, actions),
            phase => {
                if self.stopping {
                    self.give_up(Reason::Stopped, actions);
                } else if !self.silent_attempt(actions) {
                    self.ask_otherwise(phase, now, actions);
                }
            }
        }
    }

    /// The device stayed silent: put the question aside, or make the link anew.
    fn ask_otherwise(&mut self, phase: Phase, now: Uptime, actions: &mut Vec<Action>) {
        match phase {
            Phase::Asking { ask, .. } => {
                self.fell_silent(ask);
                self.abort(now, actions);
            }
            Phase::Linking { .. } => self.connect_again(now, actions),
            _ => self.reconnect(now, actions),
        }
    }

    /// When the present phase has lasted long enough.
    fn deadline(&self) -> Option<Uptime> {
        let config = &self.config;
        match self.phase {
            Phase::Idle | Phase::Finished => None,
            Phase::Linking { closing: false, since } => Some(since.after(config.connect_timeout)),
            Phase::Settling { since } => Some(since.after(config.companion_timeout)),
            Phase::Linking { since, .. }
            | Phase::Subscribing { since, .. }
            | Phase::Asking { since, .. }
            | Phase::Aborting { since } => Some(since.after(config.response_timeout)),
        }
    }

    /// Asks for a tick unless one comes early enough anyway.
    fn set_timer(&mut self, actions: &mut Vec<Action>) {
        let session_end = self.started.map(|started| started.after(self.config.session_limit));
        let Some(wanted) = self.deadline().into_iter().chain(session_end).min() else { return };
        if !self.is_finished() && self.timer.is_none_or(|set| set > wanted) {
            self.timer = Some(wanted);
            actions.push(Action::SetTimer(wanted));
        }
    }
}

/// As many different records as two full turns of the sequence number.
const MAX_RECORDS: usize = 2 << 16;

#[cfg(test)]
mod tests;
