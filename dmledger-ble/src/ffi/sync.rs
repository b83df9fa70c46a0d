//! Fetching the records of a glucose meter, for C: the machine of
//! [`glucose_sync`](crate::procedure::glucose_sync) as a handle that takes events and hands out actions.

use std::collections::VecDeque;
use std::time::Duration;

use super::{DmledgerDateTime, DmledgerGlucoseContext, DmledgerGlucoseMeasurement, DmledgerStatus, guarded, memory};
use crate::codec::glucose::SequenceNumber;
use crate::codec::uuid::Uuid;
use crate::procedure::Uptime;
use crate::procedure::glucose_sync::{
    Action, AttError, Event, GlucoseSync, Outcome, Proof, Reason, RecordKey, SyncConfig,
};

/// An attribute type: 128 bits in the order in which they are written with hyphens.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerUuid {
    /// The sixteen octets.
    pub octets: [u8; 16],
}

impl From<Uuid> for DmledgerUuid {
    fn from(uuid: Uuid) -> Self {
        Self { octets: uuid.to_u128().to_be_bytes() }
    }
}

impl From<DmledgerUuid> for Uuid {
    fn from(uuid: DmledgerUuid) -> Self {
        Self::vendor(u128::from_be_bytes(uuid.octets))
    }
}

/// The attribute type with a number assigned by the Bluetooth SIG, for example 0x2A18.
#[unsafe(no_mangle)]
pub extern "C" fn dmledger_uuid_assigned(number: u16) -> DmledgerUuid {
    Uuid::assigned(number).into()
}

/// How patient a synchronisation is, and where it starts. A time of 0 asks for the default.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerSyncConfig {
    /// How long a device may stay silent while it owes an answer; 5 s.
    pub response_timeout_ms: u32,
    /// How long to wait for a connection; 60 s.
    pub connect_timeout_ms: u32,
    /// How long to wait for a late context; 1 s.
    pub companion_timeout_ms: u32,
    /// How long the whole session may take; 30 minutes.
    pub session_limit_ms: u32,
    /// Base time of the last record that is stored durably.
    pub resume_base_time: DmledgerDateTime,
    /// Number of the last record that is stored durably.
    pub resume_sequence: u16,
    /// 1 to fetch only what is newer than that record.
    pub has_resume: u8,
}

impl DmledgerSyncConfig {
    fn config(&self) -> Result<SyncConfig, DmledgerStatus> {
        let or = |millis: u32, with: fn(SyncConfig, Duration) -> SyncConfig, config: SyncConfig| match millis {
            0 => config,
            millis => with(config, Duration::from_millis(millis.into())),
        };
        let mut config = SyncConfig::new();
        config = or(self.response_timeout_ms, SyncConfig::with_response_timeout, config);
        config = or(self.connect_timeout_ms, SyncConfig::with_connect_timeout, config);
        config = or(self.companion_timeout_ms, SyncConfig::with_companion_timeout, config);
        config = or(self.session_limit_ms, SyncConfig::with_session_limit, config);
        if self.has_resume != 0 {
            let last = RecordKey::new(SequenceNumber::new(self.resume_sequence), self.resume_base_time.stated()?);
            config = config.resuming_after(last);
        }
        Ok(config)
    }
}

/// What happened.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DmledgerEventKind {
    /// Begin.
    Start = 0,
    /// The link is up; services are not known yet.
    Connected = 1,
    /// Service discovery is done: `characteristics`, `characteristic_count`.
    ServicesResolved = 2,
    /// A subscription is in place: `characteristic`.
    Subscribed = 3,
    /// The device refused a subscription or a write: `characteristic`, `att_error`.
    Refused = 4,
    /// A notification or an indication: `characteristic`, `bytes`, `length`.
    Value = 5,
    /// The link is down.
    Disconnected = 6,
    /// The time asked for has come.
    Tick = 7,
    /// Stop.
    Stop = 8,
    /// There is no radio any more.
    RadioGone = 9,
    /// The device did not pair.
    NotPaired = 10,
}

/// An event; which fields count depends on `kind`. Its pointers are read during the call only.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerEvent {
    /// The value.
    pub bytes: *const u8,
    /// Octets of the value.
    pub length: usize,
    /// The characteristics found.
    pub characteristics: *const DmledgerUuid,
    /// How many were found.
    pub characteristic_count: usize,
    /// The characteristic it is about.
    pub characteristic: DmledgerUuid,
    /// A [`DmledgerEventKind`].
    pub kind: u32,
    /// The ATT error.
    pub att_error: u8,
}

/// What to do.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DmledgerActionKind {
    /// Make the link and discover services.
    Connect = 0,
    /// Drop the link.
    Disconnect = 1,
    /// Enable notifications or indications: `characteristic`.
    Subscribe = 2,
    /// Write with response: `characteristic`, `bytes`, `length`.
    Write = 3,
    /// Send a tick at `at_ms`; replaces the time asked for before.
    SetTimer = 4,
    /// A record, handed over once: `measurement`, `bytes`, `length`, and `context` if there is one.
    Deliver = 5,
    /// A value that no decoder accepts: `characteristic`, `bytes`, `length`.
    Undecodable = 6,
    /// Over: `outcome`.
    Done = 7,
    /// Something a later version of the library asks for; not doing it does no harm.
    Unknown = 255,
}

/// Sequence numbers from `first` to `last`, both included.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerHole {
    /// The smallest number.
    pub first: u16,
    /// The largest number.
    pub last: u16,
}

/// What shows that nothing is missing.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DmledgerProof {
    /// Nothing: something may be missing.
    None = 0,
    /// The count is right, and every gap between the numbers received was counted empty.
    EveryGapCounted = 1,
    /// The count is right.
    CountOnly = 2,
    /// The device cannot count; two whole reports agree.
    ReportsAgree = 3,
}

/// Why a session ended early.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DmledgerReason {
    /// It did not.
    None = 0,
    /// The device is no glucose meter.
    NotAGlucoseMeter = 1,
    /// The device wants a bond.
    NotPaired = 2,
    /// The device refuses to report.
    Refused = 3,
    /// Asking again brought nothing new.
    NoProgress = 4,
    /// The device sends more records than its numbers allow.
    TooManyRecords = 5,
    /// The session's time is up.
    OutOfTime = 6,
    /// The host stopped it.
    Stopped = 7,
    /// Every record is here, but a context that one announced is lost.
    CompanionsLost = 8,
    /// The radio is gone.
    RadioGone = 9,
    /// A reason of a later version.
    Other = 255,
}

/// How a session ended.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerOutcome {
    /// Ranges in which records may be missing; empty when complete. Lives as long as the action.
    pub holes: *const DmledgerHole,
    /// How many ranges there are.
    pub hole_count: usize,
    /// Records handed over.
    pub delivered: u32,
    /// Records counted and not received.
    pub missing: u32,
    /// A [`DmledgerProof`].
    pub proof: u32,
    /// A [`DmledgerReason`].
    pub reason: u32,
    /// Base time of the record after which the next session may start.
    pub resume_base_time: DmledgerDateTime,
    /// Number of that record.
    pub resume_sequence: u16,
    /// 1 when there is such a record.
    pub has_resume: u8,
    /// 1 when every stored record in scope was handed over, 0 when something may be missing.
    pub complete: u8,
    /// 1 when `missing` is known.
    pub has_missing: u8,
}

/// An action; which fields count depends on `kind`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "its layout is the interface")]
pub struct DmledgerAction {
    /// The value; lives until the next call with the same handle.
    pub bytes: *const u8,
    /// Octets of the value.
    pub length: usize,
    /// When to send a tick, in milliseconds of the caller's clock.
    pub at_ms: u64,
    /// How it ended.
    pub outcome: DmledgerOutcome,
    /// The record.
    pub measurement: DmledgerGlucoseMeasurement,
    /// Its context.
    pub context: DmledgerGlucoseContext,
    /// The characteristic.
    pub characteristic: DmledgerUuid,
    /// A [`DmledgerActionKind`].
    pub kind: u32,
    /// 1 when there is a context.
    pub has_context: u8,
}

/// A synchronisation that runs. Not to be used by two threads at the same time.
#[derive(Debug)]
pub struct DmledgerSync {
    sync: GlucoseSync,
    waiting: VecDeque<Action>,
    /// What the pointers of the last action point into.
    current: Option<Action>,
    holes: Vec<DmledgerHole>,
}

/// Makes a synchronisation; null on bad arguments. `config` may be null for the defaults. The caller owns the handle and
/// gives it back with `dmledger_sync_free`.
///
/// # Safety
/// `config` is null or points to a struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_sync_new(config: *const DmledgerSyncConfig) -> *mut DmledgerSync {
    let mut handle = core::ptr::null_mut();
    let made = guarded(|| {
        let config = if config.is_null() {
            SyncConfig::new()
        } else {
            // SAFETY: `config` is as the caller of this function promises.
            unsafe { memory::value(config) }?.config()?
        };
        let sync =
            DmledgerSync { sync: GlucoseSync::new(config), waiting: VecDeque::new(), current: None, holes: Vec::new() };
        handle = Box::into_raw(Box::new(sync));
        Ok(())
    });
    if made == DmledgerStatus::Ok { handle } else { core::ptr::null_mut() }
}

/// Gives a handle back; null does nothing. The handle and every pointer got from it are invalid afterwards.
///
/// # Safety
/// `sync` is null, or came from `dmledger_sync_new` and was not given back yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_sync_free(sync: *mut DmledgerSync) {
    let freed = guarded(|| {
        if !sync.is_null() {
            // SAFETY: by the caller's promise it is a box that was handed out and not taken back.
            drop(unsafe { Box::from_raw(sync) });
        }
        Ok(())
    });
    // Dropping does not fail; the status is there for the other calls.
    let _ = freed;
}

/// Says what happened at `now_ms`, milliseconds of a clock that never goes back. Then take the actions with
/// `dmledger_sync_next_action` until it says `NoMore`, and do them in order. Pointers of earlier actions are invalid
/// afterwards.
///
/// # Safety
/// `sync` is a handle; `event` points to a struct whose pointers are as its kind says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_sync_handle(
    sync: *mut DmledgerSync,
    event: *const DmledgerEvent,
    now_ms: u64,
) -> DmledgerStatus {
    guarded(|| {
        // SAFETY: `sync` is as the caller of this function promises.
        let handle = unsafe { memory::changed(sync) }?;
        // SAFETY: `event` is as the caller of this function promises.
        let event = unsafe { memory::value(event) }?;
        // SAFETY: the pointers in `event` are as the caller of this function promises.
        let bytes = || unsafe { memory::octets(event.bytes, event.length) };
        // SAFETY: the pointers in `event` are as the caller of this function promises.
        let found = || unsafe { memory::items(event.characteristics, event.characteristic_count) };
        let characteristic = Uuid::from(event.characteristic);
        let services: Vec<Uuid>;
        let event = match event.kind {
            0 => Event::Start,
            1 => Event::Connected,
            2 => {
                services = found()?.iter().map(|uuid| Uuid::from(*uuid)).collect();
                Event::ServicesResolved(&services)
            }
            3 => Event::Subscribed(characteristic),
            4 => Event::Refused { characteristic, error: AttError::from_number(event.att_error) },
            5 => Event::Value { characteristic, bytes: bytes()? },
            6 => Event::Disconnected,
            7 => Event::Tick,
            8 => Event::Stop,
            9 => Event::RadioGone,
            10 => Event::NotPaired,
            _ => return Err(DmledgerStatus::BadArgument),
        };
        handle.current = None;
        handle.waiting.extend(handle.sync.handle(event, Uptime::from_millis(now_ms)));
        Ok(())
    })
}

/// Takes the next action; `NoMore` when there is none. Pointers of the action before are invalid afterwards.
///
/// # Safety
/// `sync` is a handle, `out` points to a writable struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmledger_sync_next_action(
    sync: *mut DmledgerSync,
    out: *mut DmledgerAction,
) -> DmledgerStatus {
    guarded(|| {
        // SAFETY: `sync` is as the caller of this function promises.
        let handle = unsafe { memory::changed(sync) }?;
        handle.current = handle.waiting.pop_front();
        let Some(action) = &handle.current else { return Err(DmledgerStatus::NoMore) };
        let written = described(action, &mut handle.holes);
        // SAFETY: `out` is as the caller of this function promises.
        unsafe { memory::put(out, written) }
    })
}

const NOTHING: DmledgerOutcome = DmledgerOutcome {
    holes: core::ptr::null(),
    hole_count: 0,
    delivered: 0,
    missing: 0,
    proof: DmledgerProof::None as u32,
    reason: DmledgerReason::None as u32,
    resume_base_time: DmledgerDateTime { year: 0, month: 0, day: 0, hours: 0, minutes: 0, seconds: 0 },
    resume_sequence: 0,
    has_resume: 0,
    complete: 0,
    has_missing: 0,
};

/// An action as C sees it; its pointers point into the action and the holes.
fn described(action: &Action, holes: &mut Vec<DmledgerHole>) -> DmledgerAction {
    let mut out = DmledgerAction {
        bytes: core::ptr::null(),
        length: 0,
        at_ms: 0,
        outcome: NOTHING,
        measurement: DmledgerGlucoseMeasurement::default(),
        context: DmledgerGlucoseContext::default(),
        characteristic: DmledgerUuid::default(),
        kind: DmledgerActionKind::Unknown as u32,
        has_context: 0,
    };
    let kind = match action {
        Action::Connect => DmledgerActionKind::Connect,
        Action::Disconnect => DmledgerActionKind::Disconnect,
        Action::Subscribe(characteristic) => {
            out.characteristic = (*characteristic).into();
            DmledgerActionKind::Subscribe
        }
        Action::Write { characteristic, bytes } => {
            (out.characteristic, out.bytes, out.length) = ((*characteristic).into(), bytes.as_ptr(), bytes.len());
            DmledgerActionKind::Write
        }
        Action::SetTimer(at) => {
            out.at_ms = at.millis();
            DmledgerActionKind::SetTimer
        }
        Action::Deliver(record) => {
            (out.bytes, out.length) = (record.raw().as_ptr(), record.raw().len());
            out.measurement = record.measurement().into();
            if let Some(context) = record.context().value() {
                (out.has_context, out.context) = (1, context.into());
            }
            DmledgerActionKind::Deliver
        }
        Action::Undecodable { characteristic, bytes, .. } => {
            (out.characteristic, out.bytes, out.length) = ((*characteristic).into(), bytes.as_ptr(), bytes.len());
            DmledgerActionKind::Undecodable
        }
        Action::Done(outcome) => {
            out.outcome = ended(outcome, holes);
            DmledgerActionKind::Done
        }
    };
    out.kind = kind as u32;
    out
}

fn ended(outcome: &Outcome, holes: &mut Vec<DmledgerHole>) -> DmledgerOutcome {
    let summary = outcome.summary();
    let mut out = DmledgerOutcome { delivered: summary.delivered(), ..NOTHING };
    if let Some(last) = summary.resume() {
        (out.has_resume, out.resume_sequence) = (1, last.sequence().value());
        out.resume_base_time = last.base_time().into();
    }
    holes.clear();
    match outcome {
        Outcome::Complete { proof, .. } => {
            out.complete = 1;
            out.proof = match proof {
                Proof::EveryGapCounted => DmledgerProof::EveryGapCounted,
                Proof::CountOnly => DmledgerProof::CountOnly,
                Proof::ReportsAgree => DmledgerProof::ReportsAgree,
            } as u32;
        }
        Outcome::Incomplete(incomplete) => {
            out.reason = reason(incomplete.reason()) as u32;
            out.has_missing = incomplete.missing().is_some().into();
            out.missing = incomplete.missing().unwrap_or_default();
            let ranges = incomplete.holes().iter();
            holes.extend(ranges.map(|hole| DmledgerHole { first: hole.first().value(), last: hole.last().value() }));
        }
    }
    (out.holes, out.hole_count) = (holes.as_ptr(), holes.len());
    out
}

const fn reason(reason: Reason) -> DmledgerReason {
    match reason {
        Reason::NotAGlucoseMeter => DmledgerReason::NotAGlucoseMeter,
        Reason::NotPaired => DmledgerReason::NotPaired,
        Reason::Refused(_) => DmledgerReason::Refused,
        Reason::NoProgress => DmledgerReason::NoProgress,
        Reason::TooManyRecords => DmledgerReason::TooManyRecords,
        Reason::OutOfTime => DmledgerReason::OutOfTime,
        Reason::Stopped => DmledgerReason::Stopped,
        Reason::CompanionsLost => DmledgerReason::CompanionsLost,
        Reason::RadioGone => DmledgerReason::RadioGone,
    }
}
