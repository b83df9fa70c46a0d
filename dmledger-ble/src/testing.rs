//! Checks for fuzzers and for hosts that add a decoder: each takes any octets and says whether a promise was broken.

mod conversations;

use std::collections::HashSet;
use std::fmt::Debug;
use std::time::Duration;

use crate::codec::Characteristic;
use crate::codec::blood_pressure::{BloodPressureFeature, BloodPressureMeasurement, IntermediateCuffPressure};
use crate::codec::capture::{CameraControl, Chunk, Manifest};
use crate::codec::cgm::{
    CgmFeatures, CgmMeasurement, CgmStatus, CheckedCharacteristic, SessionRunTime, SessionStartTime, SpecificOperation,
    measurements,
};
use crate::codec::crc::E2eCrc;
use crate::codec::device::{BatteryLevel, CurrentTime, PnpId, SerialNumber, SystemId};
use crate::codec::exact::{EXACT_GLUCOSE, ExactGlucose};
use crate::codec::glucose::{GlucoseFeature, GlucoseMeasurement, GlucoseMeasurementContext};
use crate::codec::heart_rate::{BodySensorLocation, HeartRateMeasurement};
use crate::codec::mjpeg::frames;
use crate::codec::plx::{PlxContinuous, PlxFeatures, PlxSpotCheck};
use crate::codec::racp::{Frame, Request, Response};
use crate::codec::registry::{ENTRIES, Entry};
use crate::codec::sleep::{Night, SleepInstant, SleepSummary};
use crate::codec::thermometer::{TemperatureMeasurement, TemperatureType};
use crate::codec::uuid::{GLUCOSE_MEASUREMENT, GLUCOSE_MEASUREMENT_CONTEXT, RECORD_ACCESS_CONTROL_POINT, Uuid};
use crate::codec::weight::{WeightMeasurement, WeightScaleFeature};
use crate::procedure::Uptime;
use crate::procedure::glucose_sync::{Action, AttError, Event, GlucoseSync, SyncConfig};

#[cfg(feature = "ingest")]
pub use conversations::transfer_keeps_its_promises;
pub use conversations::{
    cuff_keeps_its_promises, nights_keep_their_promises, oximeter_keeps_its_promises, sensor_keeps_its_promises,
    stream_keeps_its_promises,
};

/// What a decoder made of some octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "refused, kept or broken")]
pub enum Verdict {
    /// Refused.
    Refused,
    /// Accepted, and the value survives being written and read again.
    Kept,
    /// Accepted, and the value does not survive: a defect.
    Broken,
}

/// A check of one decoder.
pub type Check = fn(&[u8]) -> Verdict;

/// Every decoder of the crate by the name of its characteristic.
pub const DECODERS: &[(&str, Check)] = &[
    ("glucose measurement", plain::<GlucoseMeasurement>),
    ("glucose measurement context", plain::<GlucoseMeasurementContext>),
    ("glucose feature", plain::<GlucoseFeature>),
    ("exact glucose", plain::<ExactGlucose>),
    ("record access request", plain::<Request>),
    ("record access response", plain::<Response>),
    ("record access frame", |bytes| if Frame::decode(bytes).is_ok() { Verdict::Kept } else { Verdict::Refused }),
    ("blood pressure measurement", plain::<BloodPressureMeasurement>),
    ("intermediate cuff pressure", plain::<IntermediateCuffPressure>),
    ("blood pressure feature", plain::<BloodPressureFeature>),
    ("heart rate measurement", plain::<HeartRateMeasurement>),
    ("plx spot check", plain::<PlxSpotCheck>),
    ("plx continuous", plain::<PlxContinuous>),
    ("plx features", plain::<PlxFeatures>),
    ("temperature measurement", plain::<TemperatureMeasurement>),
    ("temperature type", plain::<TemperatureType>),
    ("weight measurement", plain::<WeightMeasurement>),
    ("weight scale feature", plain::<WeightScaleFeature>),
    ("cgm measurement", checked::<CgmMeasurement>),
    ("cgm measurements", several),
    ("cgm features", features),
    ("cgm status", checked::<CgmStatus>),
    ("cgm session start time", checked::<SessionStartTime>),
    ("cgm session run time", checked::<SessionRunTime>),
    ("cgm specific operation", checked::<SpecificOperation>),
    ("body sensor location", plain::<BodySensorLocation>),
    ("battery level", plain::<BatteryLevel>),
    ("current time", plain::<CurrentTime>),
    ("serial number", plain::<SerialNumber>),
    ("system id", plain::<SystemId>),
    ("pnp id", plain::<PnpId>),
    ("night", plain::<Night>),
    ("sleep instant", plain::<SleepInstant>),
    ("sleep summary", plain::<SleepSummary>),
    ("camera manifest", plain::<Manifest>),
    ("camera control", control),
    ("camera chunk", chunk),
    ("pictures", pictures),
    ("every registered characteristic", registered),
];

/// What the registry finds by number, with and without a check; each decoder's own promises are checked above.
fn registered(bytes: &[u8]) -> Verdict {
    let decoded = |entry: &Entry| [E2eCrc::Absent, E2eCrc::Present].map(|crc| entry.decode(bytes, crc).is_ok());
    let accepted = ENTRIES.iter().flat_map(decoded).filter(|accepted| *accepted).count();
    if accepted > 0 { Verdict::Kept } else { Verdict::Refused }
}

fn control(bytes: &[u8]) -> Verdict {
    let Ok(value) = CameraControl::decode(bytes) else { return Verdict::Refused };
    let mut buffer = [0; CameraControl::MAX_BYTES];
    verdict(value.encode(&mut buffer) == Ok(bytes))
}

fn chunk(bytes: &[u8]) -> Verdict {
    let Ok(value) = Chunk::decode(bytes) else { return Verdict::Refused };
    let mut buffer = [0; 506];
    verdict(value.encode(&mut buffer) == Ok(bytes))
}

/// Pictures lie one after the other and are not longer than the stream.
fn pictures(bytes: &[u8]) -> Verdict {
    let mut length = 0;
    for frame in frames(bytes) {
        let Ok(frame) = frame else { return Verdict::Refused };
        length += frame.len();
    }
    verdict(length == bytes.len())
}

const fn verdict(kept: bool) -> Verdict {
    if kept { Verdict::Kept } else { Verdict::Broken }
}

fn plain<C: Characteristic + Debug + PartialEq>(bytes: &[u8]) -> Verdict {
    let Ok(value) = C::decode(bytes) else { return Verdict::Refused };
    verdict(
        value.to_vec().is_ok_and(|octets| octets.len() <= C::MAX_BYTES && C::decode(&octets).as_ref() == Ok(&value)),
    )
}

/// Without a check and with one appended.
fn checked<C: CheckedCharacteristic + Debug + PartialEq>(bytes: &[u8]) -> Verdict {
    let _ = C::decode(bytes, E2eCrc::Present);
    let Ok(value) = C::decode(bytes, E2eCrc::Absent) else { return Verdict::Refused };
    let survives = |crc| {
        let mut buffer = vec![0; C::MAX_BYTES];
        value.encode(crc, &mut buffer).is_ok_and(|octets| C::decode(octets, crc).as_ref() == Ok(&value))
    };
    verdict(survives(E2eCrc::Present) && survives(E2eCrc::Absent))
}

fn several(bytes: &[u8]) -> Verdict {
    let (mut count, mut failed) = (0, false);
    for record in measurements(bytes, E2eCrc::Absent) {
        if failed {
            return Verdict::Broken;
        }
        failed = record.is_err();
        count += 1;
    }
    if failed { Verdict::Refused } else { verdict(count <= bytes.len()) }
}

fn features(bytes: &[u8]) -> Verdict {
    let Ok(value) = CgmFeatures::decode(bytes) else { return Verdict::Refused };
    let mut buffer = [0; CgmFeatures::BYTES];
    verdict(value.encode(&mut buffer) == Ok(bytes))
}

/// Drives a synchronisation by a script of octets; `false` when it breaks a promise: a record delivered twice, an action
/// after the end, an event that is answered with many actions, or a session that outlives its limit.
#[must_use]
pub fn synchronisation_keeps_its_promises(script: &[u8]) -> bool {
    let limit = Duration::from_secs(600);
    let mut sync = GlucoseSync::new(SyncConfig::new().with_session_limit(limit));
    let mut delivered = HashSet::new();
    let mut over = false;
    let mut values = 0;
    let mut now = Uptime::default();
    let mut rest = script;
    let mut events = vec![Step::Event(Event::Start)];
    loop {
        let step = match events.pop() {
            Some(step) => step,
            None => match next_step(&mut rest) {
                Some(step) => step,
                None => return true,
            },
        };
        let event = match step {
            Step::Wait(time) => {
                now = now.after(time);
                Event::Tick
            }
            Step::Event(event) => event,
        };
        values += usize::from(matches!(event, Event::Value { .. }));
        // The end also delivers the records that still wait for what they announced.
        let waiting = values.saturating_sub(delivered.len());
        let actions = sync.handle(event, now);
        if actions.len() > MOST_ACTIONS + if sync.is_finished() { waiting } else { 0 } {
            return false;
        }
        for action in actions {
            match action {
                _ if over => return false,
                Action::Deliver(record) if !delivered.insert(record.key()) => return false,
                Action::Done(_) => over = true,
                _ => {}
            }
        }
        if over != sync.is_finished() || (!over && now.since(Uptime::default()) >= limit) {
            return false;
        }
    }
}

enum Step<'a> {
    Event(Event<'a>),
    Wait(Duration),
}

/// One octet says what happens, the next ones are its content.
fn next_step<'a>(rest: &mut &'a [u8]) -> Option<Step<'a>> {
    let (what, tail) = rest.split_first()?;
    let (argument, tail) = tail.split_first().unwrap_or((&0, tail));
    *rest = tail;
    let characteristic = CHARACTERISTICS.get(usize::from(argument % 4)).copied().unwrap_or(EXACT_GLUCOSE);
    Some(match what % 12 {
        0 => Step::Event(Event::ServicesResolved(&CHARACTERISTICS)),
        1 => Step::Event(Event::Subscribed(characteristic)),
        2 => Step::Event(Event::Refused { characteristic, error: AttError::from_number(*argument) }),
        3 => Step::Event(Event::Disconnected),
        4 => Step::Wait(Duration::from_millis(u64::from(*argument) * 100)),
        5 => Step::Event(Event::Connected),
        6 if *argument == 0 => Step::Event(Event::Stop),
        6 if *argument == 1 => Step::Event(Event::RadioGone),
        6 if *argument == 2 => Step::Event(Event::NotPaired),
        _ => {
            let length = usize::from(argument >> 2).min(tail.len());
            let (bytes, tail) = tail.split_at_checked(length)?;
            *rest = tail;
            Step::Event(Event::Value { characteristic, bytes })
        }
    })
}

/// A value is delivered or said to be undecodable, a question follows, and a timer is set; no event does twice that.
const MOST_ACTIONS: usize = 6;

const CHARACTERISTICS: [Uuid; 4] =
    [GLUCOSE_MEASUREMENT, GLUCOSE_MEASUREMENT_CONTEXT, EXACT_GLUCOSE, RECORD_ACCESS_CONTROL_POINT];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30_000))]

        #[test]
        fn no_decoder_breaks_a_value(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            for (name, check) in DECODERS {
                prop_assert_ne!(check(&bytes), Verdict::Broken, "{}", name);
            }
        }

        #[test]
        fn no_script_breaks_a_synchronisation(script in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(synchronisation_keeps_its_promises(&script));
        }

        #[test]
        fn no_script_breaks_a_synchronisation_that_is_under_way(script in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut whole = vec![0, 0, 1, 0, 1, 1, 1, 2, 1, 3];
            whole.extend(script);
            prop_assert!(synchronisation_keeps_its_promises(&whole));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn no_script_breaks_a_conversation(script in proptest::collection::vec(any::<u8>(), 0..600)) {
            prop_assert!(sensor_keeps_its_promises(&script));
            prop_assert!(cuff_keeps_its_promises(&script));
            prop_assert!(stream_keeps_its_promises(&script));
            prop_assert!(oximeter_keeps_its_promises(&script));
            prop_assert!(nights_keep_their_promises(&script));
            #[cfg(feature = "ingest")]
            prop_assert!(transfer_keeps_its_promises(&script));
        }
    }

    #[test]
    fn every_decoder_accepts_something() {
        // one value of zeros of the right length, except where zeros are no value
        for (name, check) in DECODERS {
            let accepted = (0..64).any(|length| check(&vec![0; length]) == Verdict::Kept);
            let zeros_are_no_value =
                ["record", "cgm measurement", "cgm features", "cgm specific", "camera m", "camera cont"]
                    .iter()
                    .any(|kind| name.starts_with(kind));
            assert!(accepted || zeros_are_no_value, "{name}");
        }
    }
}
