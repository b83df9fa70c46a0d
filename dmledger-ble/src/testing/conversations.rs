//! Scripts of octets against every procedure: whatever a device and a stack may do, in any order.

use std::collections::HashSet;
use std::hash::Hash;
use std::time::Duration;

use crate::codec::blood_pressure::BloodPressureMeasurement;
use crate::codec::sleep::NIGHT;
use crate::codec::uuid::{
    BATTERY_LEVEL, BLOOD_PRESSURE_MEASUREMENT, BODY_SENSOR_LOCATION, CGM_FEATURE, CGM_MEASUREMENT,
    CGM_SESSION_START_TIME, CGM_SPECIFIC_OPS_CONTROL_POINT, CGM_STATUS, CURRENT_TIME, HEART_RATE_MEASUREMENT,
    PLX_CONTINUOUS, PLX_FEATURES, RECORD_ACCESS_CONTROL_POINT, Uuid,
};
use crate::procedure::Uptime;
use crate::procedure::blood_pressure::Indications;
use crate::procedure::cgm_session::{CgmConfig, CgmSession};
use crate::procedure::conversation::{Action, Event, Limits, Procedure};
use crate::procedure::glucose_sync::AttError;
use crate::procedure::heart_rate::HeartRateStream;
use crate::procedure::sleep::{Nights, SleepSync};
use crate::procedure::stream::{OximeterStream, Sample};

/// Drives a session with a sensor by a script; `false` when it breaks a promise.
///
/// The promises of every conversation: nothing is delivered twice, nothing is done after the end, the end is said once
/// and in time, and an event is answered with few actions.
#[must_use]
pub fn sensor_keeps_its_promises(script: &[u8]) -> bool {
    let chars = [
        CGM_FEATURE,
        CGM_MEASUREMENT,
        RECORD_ACCESS_CONTROL_POINT,
        CGM_SPECIFIC_OPS_CONTROL_POINT,
        CGM_SESSION_START_TIME,
        CGM_STATUS,
    ];
    let config = CgmConfig::new().with_limits(limits()).stopping();
    // A new session of the sensor has minutes of its own.
    keeps(CgmSession::new(config), &chars, script, |item| {
        (item.session().map(|s| s.start()), item.measurement().minutes(), item.raw().to_vec())
    })
}

/// Drives a session with a cuff by a script; `false` when it breaks a promise.
#[must_use]
pub fn cuff_keeps_its_promises(script: &[u8]) -> bool {
    let cuff = Indications::<BloodPressureMeasurement>::new(Duration::from_secs(20), limits());
    let chars = [BLOOD_PRESSURE_MEASUREMENT, CURRENT_TIME, BATTERY_LEVEL];
    // Without a time of their own two measurements may be equal.
    keeps(cuff, &chars, script, |item| match item.value().taken() {
        Some(_) => (None, item.raw().to_vec()),
        None => (Some(item.received()), item.raw().to_vec()),
    })
}

/// Drives a stream of heart rates by a script; `false` when it breaks a promise.
#[must_use]
pub fn stream_keeps_its_promises(script: &[u8]) -> bool {
    let stream = HeartRateStream::new(Duration::from_secs(60), Duration::from_secs(2), limits());
    keeps(stream, &[HEART_RATE_MEASUREMENT, BODY_SENSOR_LOCATION], script, unrepeated())
}

/// Drives a streaming oximeter by a script; `false` when it breaks a promise.
#[must_use]
pub fn oximeter_keeps_its_promises(script: &[u8]) -> bool {
    let stream = OximeterStream::new(Duration::from_secs(60), Duration::from_secs(2), limits());
    keeps(stream, &[PLX_CONTINUOUS, PLX_FEATURES], script, unrepeated())
}

/// A stream has no numbers: what it must not deliver is the repeat of what it has just delivered.
fn unrepeated<C>() -> impl FnMut(&Sample<C>) -> u32 {
    let (mut last, mut runs) = (None, 0_u32);
    move |item| {
        let this = Some((item.received(), item.raw().to_vec()));
        runs += u32::from(last != this);
        last = this;
        runs
    }
}

/// Drives a session with a wearable by a script; `false` when it breaks a promise.
#[must_use]
pub fn nights_keep_their_promises(script: &[u8]) -> bool {
    let chars = [NIGHT, RECORD_ACCESS_CONTROL_POINT];
    keeps(SleepSync::new(Nights, limits()), &chars, script, crate::procedure::sleep::SleepRecord::number)
}

/// Drives a transfer of an object by a script; `false` when it breaks a promise.
#[cfg(feature = "ingest")]
#[must_use]
pub fn transfer_keeps_its_promises(script: &[u8]) -> bool {
    use crate::codec::capture::{
        CAMERA_CONTROL, CAMERA_DATA, CAMERA_MANIFEST, Manifest, ObjectCodec, ObjectKind, ObjectNumber,
    };
    use crate::codec::date_time::DateTime;
    use crate::procedure::clip_transfer::{ClipConfig, ClipTransfer, Goal, Partial};

    let Ok(start) = DateTime::new(2026, 3, 1, 12, 0, 0) else { return false };
    let manifest = Manifest {
        object: ObjectNumber::new(1),
        kind: ObjectKind::KEY_FRAME,
        codec: ObjectCodec::JPEG,
        length: 100,
        chunk: 8,
        digest: [1; 32],
        root: [2; 32],
        start,
        end: start,
    };
    let goal = match script.first() {
        Some(0..64) => Goal::List,
        Some(64..96) => Goal::Delete(manifest),
        _ => Goal::Fetch(Partial::new(manifest)),
    };
    let transfer = ClipTransfer::new(goal, ClipConfig::new().with_limits(limits()));
    let mut place = 0_u32;
    // A chunk that failed its digest comes again.
    keeps(transfer, &[CAMERA_DATA, CAMERA_CONTROL, CAMERA_MANIFEST], script, move |_| {
        place += 1;
        place
    })
}

fn limits() -> Limits {
    Limits::new().with_session(LIMIT)
}

fn keeps<P: Procedure, K: Eq + Hash>(
    mut procedure: P,
    characteristics: &[Uuid],
    script: &[u8],
    mut key: impl FnMut(&P::Item) -> K,
) -> bool {
    let (mut now, mut rest, mut over) = (Uptime::default(), script, false);
    let mut delivered = HashSet::new();
    let mut event = Some(Event::Start);
    while let Some(happened) = event {
        let actions = procedure.handle(happened, now);
        // one value holds at most its octets' worth of records
        if (over && !actions.is_empty()) || actions.len() > 64 {
            return false;
        }
        for action in actions {
            match action {
                Action::Deliver(item) if !delivered.insert(key(&item)) => return false,
                Action::Done(_) if over => return false,
                Action::Done(_) => over = true,
                _ => {}
            }
        }
        let late = now.since(Uptime::default()) >= LIMIT.saturating_mul(2);
        if over != procedure.is_finished() || (!over && late) {
            return false;
        }
        event = next(&mut rest, characteristics, &mut now);
    }
    true
}

/// One octet says what happens, the next ones are its content.
fn next<'a>(rest: &mut &'a [u8], characteristics: &'a [Uuid], now: &mut Uptime) -> Option<Event<'a>> {
    let (what, tail) = rest.split_first()?;
    let (argument, tail) = tail.split_first().unwrap_or((&0, tail));
    *rest = tail;
    let characteristic = *characteristics.get(usize::from(*argument) % characteristics.len().max(1))?;
    Some(match what % 12 {
        0 => Event::ServicesResolved(characteristics),
        1 => Event::Subscribed(characteristic),
        2 => Event::Refused { characteristic, error: AttError::from_number(*argument) },
        3 => Event::Disconnected,
        4 => {
            *now = now.after(Duration::from_millis(u64::from(*argument) * 100));
            Event::Tick
        }
        5 if *argument == 0 => Event::Stop,
        other => {
            let length = usize::from(argument >> 2).min(tail.len());
            let (bytes, tail) = tail.split_at_checked(length)?;
            *rest = tail;
            match other {
                6 | 7 => Event::Read { characteristic, bytes },
                _ => Event::Value { characteristic, bytes },
            }
        }
    })
}

const LIMIT: Duration = Duration::from_secs(600);
