//! A session of a continuous glucose sensor: start, stored and live measurements, stop.
//!
//! 1. Features are read first: they say whether every other value ends in an E2E-CRC. Status, session start and run time
//!    follow.
//! 2. If asked, a session is started and its start time written.
//! 3. Stored measurements are fetched by time offset until the sensor counts every gap empty; a measurement that fails
//!    its check is missing and fetched again.
//! 4. If asked, live measurements are followed for a while, through lost links, and completed from the store at the end.
//! 5. If asked, the session is stopped.
//!
//! A measurement is delivered once, whether it came live or from the store. A sensor whose session has another start
//! than before is a new session: nothing received before counts for it.

mod outcome;
mod run;

use alloc::vec::Vec;
use core::time::Duration;

pub use outcome::{CgmIncomplete, CgmOutcome, CgmReading, CgmSummary};

use super::Uptime;
use super::conversation::{Action, Event, Failure, Limits, Procedure};
use super::glucose_sync::{AttError, SequenceRange};
use super::history::{Arrival, History, Numbering, Step};
use super::line::{Heard, Line, Plan};
use crate::codec::Characteristic;
use crate::codec::cgm::{
    CgmFeatures, CgmStatus, CheckedCharacteristic, OperationCode, OperationResponse, SessionRunTime, SessionStartTime,
    SpecificOperation, measurements,
};
use crate::codec::crc::E2eCrc;
use crate::codec::glucose::SequenceNumber;
use crate::codec::racp::Response;
use crate::codec::uuid::{
    CGM_FEATURE, CGM_MEASUREMENT, CGM_SESSION_RUN_TIME, CGM_SESSION_START_TIME, CGM_SPECIFIC_OPS_CONTROL_POINT,
    CGM_STATUS, RECORD_ACCESS_CONTROL_POINT, Uuid,
};
use crate::error::DecodeError;

/// What a session is to do.
#[derive(Clone, Debug)]
pub struct CgmConfig {
    limits: Limits,
    resume: Option<(SessionStartTime, u16)>,
    start: Option<SessionStartTime>,
    follow: Option<Duration>,
    stop: bool,
}

impl CgmConfig {
    /// Fetch the stored measurements of the running session.
    #[must_use]
    pub const fn new() -> Self {
        Self { limits: Limits::new(), resume: None, start: None, follow: None, stop: false }
    }

    /// Everything up to this minute of the session with this start is stored already; see [`CgmSummary::resume`].
    #[must_use]
    pub const fn resuming_after(mut self, session: SessionStartTime, minutes: u16) -> Self {
        self.resume = Some((session, minutes));
        self
    }

    /// Start a session first; its start time is written to the sensor.
    #[must_use]
    pub const fn starting(mut self, at: SessionStartTime) -> Self {
        self.start = Some(at);
        self
    }

    /// Follow live measurements for so long, then complete them from the store. The limit of the session counts on top.
    #[must_use]
    pub const fn following(mut self, time: Duration) -> Self {
        self.limits.session = self.limits.session.saturating_add(time);
        self.follow = Some(time);
        self
    }

    /// Stop the session at the end.
    #[must_use]
    pub const fn stopping(mut self) -> Self {
        self.stop = true;
        self
    }

    /// How long to wait and how often to try.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

impl Default for CgmConfig {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Before the line is open for the first time, and while it is made anew.
    Opening,
    /// The sensor owes the answer to "start session".
    Starting,
    /// The start time was written and is read back.
    Reading,
    /// Stored measurements are fetched.
    Fetching,
    /// Live measurements are awaited.
    Following,
    /// The sensor owes the answer to "stop session".
    Stopping(Done),
    Over,
}

/// What was reached before the session was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Complete(super::glucose_sync::Proof),
    Not(Failure),
}

/// One session with one sensor: feed it events, do what it answers.
#[derive(Debug)]
pub struct CgmSession {
    config: CgmConfig,
    line: Line,
    stage: Stage,
    crc: Option<E2eCrc>,
    history: History,
    started: bool,
    /// The start of the session was read on this link.
    same_session: bool,
    follow_until: Option<Uptime>,
    summary: CgmSummary,
}

impl CgmSession {
    /// A session that has not begun; [`Event::Start`] begins it.
    #[must_use]
    pub fn new(config: CgmConfig) -> Self {
        let line = Line::new(plan(), config.limits);
        let history = History::new(SequenceRange::ALL, config.limits.attempts);
        Self {
            config,
            line,
            stage: Stage::Opening,
            crc: None,
            history,
            started: false,
            same_session: false,
            follow_until: None,
            summary: CgmSummary::default(),
        }
    }
}

impl Procedure for CgmSession {
    type Item = CgmReading;
    type Outcome = CgmOutcome;

    fn handle(&mut self, event: Event<'_>, now: Uptime) -> Vec<CgmAction> {
        let mut actions = Vec::new();
        if self.is_finished() {
            return actions;
        }
        match self.line.hear(event, now, &mut actions) {
            Heard::Nothing => {}
            Heard::Open => self.opened(now, &mut actions),
            Heard::Read(characteristic, bytes) => {
                self.read(characteristic, bytes, now, &mut actions);
                if self.stage == Stage::Opening && self.line.is_open() {
                    self.opened(now, &mut actions);
                }
            }
            Heard::Value(characteristic, bytes) => self.value(characteristic, bytes, now, &mut actions),
            Heard::Refused(AttError::NOT_SUBSCRIBED) => self.drop_link(now, &mut actions),
            Heard::Refused(..) => self.lost_patience(now, &mut actions),
            Heard::Deadline => self.deadline(now, &mut actions),
            Heard::Lost => {
                self.unlinked();
                if let Some(failure) = self.line.again(now, &mut actions) {
                    self.end(Done::Not(failure), &mut actions);
                }
            }
            Heard::Stop => self.end(Done::Not(Failure::Stopped), &mut actions),
            Heard::Failed(failure) => self.end(Done::Not(failure), &mut actions),
        }
        self.line.set_timer(&mut actions);
        actions
    }

    fn is_finished(&self) -> bool {
        self.stage == Stage::Over
    }
}

type CgmAction = Action<CgmReading, CgmOutcome>;

fn plan() -> Plan {
    Plan::new(
        &[CGM_FEATURE, CGM_MEASUREMENT, RECORD_ACCESS_CONTROL_POINT],
        &[CGM_FEATURE, CGM_STATUS, CGM_SESSION_START_TIME, CGM_SESSION_RUN_TIME],
        &[CGM_MEASUREMENT, CGM_SPECIFIC_OPS_CONTROL_POINT, RECORD_ACCESS_CONTROL_POINT],
    )
}
