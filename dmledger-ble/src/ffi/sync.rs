//! Fetching the records of a glucose meter, for C: the machine of
//! [`glucose_sync`](crate::procedure::glucose_sync) as a handle that takes events and hands out actions.

mod message;

use std::collections::VecDeque;

pub use message::{
    DmledgerAction, DmledgerActionKind, DmledgerEvent, DmledgerEventKind, DmledgerHole, DmledgerOutcome, DmledgerProof,
    DmledgerReason, DmledgerSyncConfig, DmledgerUuid, dmledger_uuid_assigned,
};

use super::{DmledgerDateTime, DmledgerGlucoseContext, DmledgerGlucoseMeasurement, DmledgerStatus, guarded, memory};
use crate::codec::uuid::Uuid;
use crate::procedure::Uptime;
use crate::procedure::glucose_sync::{Action, AttError, Event, GlucoseSync, Outcome, Proof, Reason, SyncConfig};

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
/// `dmledger_sync_next_action` until it says `DMLEDGER_STATUS_NO_MORE`, and do them in order. Pointers of earlier actions
/// are invalid afterwards.
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

/// Takes the next action; `DMLEDGER_STATUS_NO_MORE` when there is none. Pointers of the action before are invalid
/// afterwards.
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
