//! Simulated devices: the same octets as a real one, in virtual time, with faults drawn from a seed.
//!
//! [`SimMeter`] is a glucose meter as a GATT server, [`SimSensor`] a continuous sensor, [`SimKeeper`] a cuff, scale,
//! thermometer or oximeter, [`SimWearable`] a band that streams heart rates and keeps nights, [`SimStreamer`] an
//! oximeter that only streams, [`SimCamera`] the table camera (feature `ingest`). [`SimCentral`] is a radio that reaches one [`Peripheral`], so everything written against
//! [`crate::link`] runs on it; [`run_procedure`] drives any procedure. [`run`] synchronises once; [`sync_readings`] plays a whole history the way a home
//! does, loading and synchronising in turns, and says for every reading where it went.
//!
//! ```
//! use dmledger_ble::codec::{date_time::DateTime, medfloat::Decimal};
//! use dmledger_ble::sim::{Faults, MeterConfig, SimMeter, StoredReading, sync_readings};
//!
//! let at = DateTime::new(2024, 3, 15, 10, 30, 0)?;
//! let readings = [StoredReading::mg_per_dl(at, Decimal::new(1368, -1))];
//! let mut meter = SimMeter::new(MeterConfig::new());
//! let report = sync_readings(&mut meter, &readings, Faults::NONE, 7);
//! assert!(report.is_complete());
//! assert_eq!(report.records().len(), 1);
//! # Ok::<(), dmledger_ble::codec::date_time::DateTimeError>(())
//! ```

mod access;
#[cfg(feature = "ingest")]
mod camera;
mod device;
mod fault;
mod keeper;
mod peripheral;
mod radio;
mod reading;
mod sensor;
mod streamer;
mod wearable;

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

#[cfg(feature = "ingest")]
pub use camera::SimCamera;
pub use device::Peripheral;
pub use fault::{Faults, PerMille, Struck, Traffic};
pub use keeper::SimKeeper;
pub use peripheral::{KnownOperators, SimMeter};
pub use radio::SimCentral;
pub use reading::{Fineness, LoadRefusal, LoadReport, MeterConfig, MeterValue, StoredReading, WhenFull};
pub use sensor::SimSensor;
pub use streamer::SimStreamer;
pub use wearable::SimWearable;

use crate::link::{DeviceId, drive, sync_glucose};
use crate::procedure::Uptime;
use crate::procedure::conversation::Procedure;
use crate::procedure::glucose_sync::{GlucoseSync, Outcome, Record, RecordKey, SyncConfig};

/// What one simulated session brought.
#[derive(Clone, Debug)]
pub struct RunReport {
    records: Vec<Record>,
    outcome: Option<Outcome>,
    elapsed: Uptime,
    struck: Struck,
}

impl RunReport {
    /// Records in the order of delivery.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// How the session ended. `None` is impossible with the simulated radio, which never lets its driver wait.
    #[must_use]
    pub const fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Whether the session ended complete.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.outcome.as_ref().is_some_and(Outcome::is_complete)
    }

    /// Which faults struck.
    #[must_use]
    pub const fn struck(&self) -> Struck {
        self.struck
    }

    /// Virtual time it took.
    #[must_use]
    pub const fn elapsed(&self) -> Uptime {
        self.elapsed
    }
}

/// Runs one synchronisation with a simulated meter to its end.
pub fn run(meter: &mut SimMeter, sync: GlucoseSync, faults: Faults, seed: u64) -> RunReport {
    let central = SimCentral::new(core::mem::replace(meter, SimMeter::new(MeterConfig::new())), faults, seed);
    let mut records = Vec::new();
    let outcome = {
        let device = DeviceId::new("simulated");
        let session = pin!(sync_glucose(&central, &device, sync, &mut records));
        ready(session)
    };
    let (elapsed, struck) = (crate::link::Central::uptime(&central), central.struck());
    if let Some(device) = central.into_device() {
        *meter = device;
    }
    RunReport { records, outcome, elapsed, struck }
}

/// Drives any procedure with the device that `central` reaches to its end; `take` gets what it delivers. `None` is
/// impossible with the simulated radio, which never lets its driver wait.
pub fn run_procedure<D, P>(
    central: &SimCentral<D>,
    procedure: &mut P,
    take: &mut (dyn FnMut(P::Item) + Send),
) -> Option<P::Outcome>
where
    D: Peripheral,
    P: Procedure + Send,
    P::Item: Send,
    P::Outcome: Send,
{
    let device = DeviceId::new("simulated");
    ready(pin!(drive(central, &device, procedure, take)))
}

/// The value of a future that never waits.
pub(crate) fn ready<T>(future: core::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Where every reading of a history went.
#[derive(Clone, Debug, Default)]
pub struct HomeReport {
    records: Vec<(usize, Record)>,
    refused: Vec<(usize, LoadRefusal)>,
    missing: Vec<usize>,
    sessions: Vec<RunReport>,
}

impl HomeReport {
    /// Position in the history and record, in the order of the history.
    #[must_use]
    pub fn records(&self) -> &[(usize, Record)] {
        &self.records
    }

    /// Readings that the meter did not take, with the reason.
    #[must_use]
    pub fn refused(&self) -> &[(usize, LoadRefusal)] {
        &self.refused
    }

    /// Readings that the meter took and no session delivered.
    #[must_use]
    pub fn missing(&self) -> &[usize] {
        &self.missing
    }

    /// The sessions; their own lists of records are empty, see [`Self::records`].
    #[must_use]
    pub fn sessions(&self) -> &[RunReport] {
        &self.sessions
    }

    /// Whether every session was complete and every reading that was taken was delivered.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.sessions.iter().all(RunReport::is_complete)
    }
}

/// Plays a history of any length: loads as many readings as half the meter's memory, synchronises, goes on from there.
///
/// The meter may forget its oldest records, its numbers may wrap; what a session delivers again is recognised by its
/// key. A session that ends incomplete is followed by another from the same resume point, up to three times.
pub fn sync_readings(meter: &mut SimMeter, readings: &[StoredReading], faults: Faults, seed: u64) -> HomeReport {
    let mut report = HomeReport::default();
    let mut resume = None;
    let mut seed = seed;
    let batch = usize::from(meter.capacity() / 2).max(1);
    for (number, part) in readings.chunks(batch).enumerate() {
        let start = number * batch;
        let load = meter.load(part);
        report.refused.extend(load.refused().iter().map(|(index, why)| (start + index, *why)));
        let mut open: HashMap<RecordKey, usize> =
            load.loaded().iter().map(|(index, key)| (*key, start + index)).collect();
        for _ in 0..SESSIONS_PER_BATCH {
            let config = resume.map_or(SyncConfig::new(), |last| SyncConfig::new().resuming_after(last));
            let mut session = run(meter, GlucoseSync::new(config), faults, seed);
            seed = seed.wrapping_add(1);
            for record in session.records.drain(..) {
                if let Some(index) = open.remove(&record.key()) {
                    report.records.push((index, record));
                }
            }
            let complete = session.is_complete();
            if complete {
                resume = session.outcome().and_then(|outcome| outcome.summary().resume());
            }
            report.sessions.push(session);
            if complete {
                break;
            }
        }
        report.missing.extend(open.into_values());
    }
    report.records.sort_by_key(|(index, _)| *index);
    report.missing.sort_unstable();
    report
}

/// Keys that occur more than once, for checks of "delivered once".
#[must_use]
pub fn repeated_keys(records: &[Record]) -> Vec<RecordKey> {
    let mut seen = HashSet::new();
    records.iter().map(Record::key).filter(|key| !seen.insert(*key)).collect()
}

const SESSIONS_PER_BATCH: usize = 3;

#[cfg(test)]
mod tests;
