//! A glucose meter that exists only as the octets it sends: loaded with readings, asked over its control point.

use std::collections::{BTreeSet, VecDeque};

use super::access;
use super::device::{self, Peripheral};
use super::fault::Traffic;
use super::reading::{LoadRefusal, LoadReport, MeterConfig, StoredReading, WhenFull};
use crate::codec::Characteristic;
use crate::codec::date_time::DateTime;
use crate::codec::exact::EXACT_GLUCOSE;
use crate::codec::glucose::SequenceNumber;
use crate::codec::racp::{Request, Response};
use crate::codec::uuid::{
    GLUCOSE_FEATURE, GLUCOSE_MEASUREMENT, GLUCOSE_MEASUREMENT_CONTEXT, RECORD_ACCESS_CONTROL_POINT, Uuid,
};
use crate::procedure::Uptime;
use crate::procedure::glucose_sync::{AttError, RecordKey};

/// Which filters a meter's control point understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KnownOperators {
    /// All of the service.
    Every,
    /// All records, and greater or equal.
    AtLeast,
    /// All records only.
    AllOnly,
}

/// The octets of one stored record.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) key: RecordKey,
    pub(super) user_facing_time: Option<DateTime>,
    pub(super) values: Vec<(Uuid, Vec<u8>)>,
}

/// A simulated glucose meter: the GATT server with its memory.
#[derive(Debug)]
pub struct SimMeter {
    config: MeterConfig,
    memory: VecDeque<Stored>,
    next_sequence: u16,
    subscribed: BTreeSet<Uuid>,
    outgoing: VecDeque<(Uuid, Vec<u8>)>,
}

impl SimMeter {
    /// An empty meter.
    #[must_use]
    pub const fn new(config: MeterConfig) -> Self {
        let next_sequence = config.first_sequence.value();
        Self { config, memory: VecDeque::new(), next_sequence, subscribed: BTreeSet::new(), outgoing: VecDeque::new() }
    }

    /// Takes readings in the order given; each becomes a stored record with the next sequence number. A reading that
    /// the meter cannot hold exactly is refused with its reason and takes no number.
    pub fn load(&mut self, readings: &[StoredReading]) -> LoadReport {
        let mut report = LoadReport::default();
        for (index, reading) in readings.iter().enumerate() {
            match self.take(reading) {
                Ok(key) => report.loaded.push((index, key)),
                Err(refusal) => report.refused.push((index, refusal)),
            }
        }
        report
    }

    fn take(&mut self, reading: &StoredReading) -> Result<RecordKey, LoadRefusal> {
        let stored = reading.encode(SequenceNumber::new(self.next_sequence), &self.config)?;
        if self.memory.len() >= usize::from(self.config.capacity) {
            match self.config.when_full {
                WhenFull::Refuse => return Err(LoadRefusal::MemoryFull),
                WhenFull::DropOldest => _ = self.memory.pop_front(),
            }
        }
        let key = stored.key;
        self.memory.push_back(stored);
        self.next_sequence = self.next_sequence.wrapping_add(1);
        Ok(key)
    }

    /// Empties the memory; numbering goes on.
    pub fn clear(&mut self) {
        self.memory.clear();
    }

    /// Numbering starts anew, as after a change of battery; the memory stays as it is.
    pub const fn reset_sequence(&mut self) {
        self.next_sequence = self.config.first_sequence.value();
    }

    /// Removes one record, as an owner does on the meter; `false` when there is none with this key.
    pub fn delete(&mut self, key: RecordKey) -> bool {
        let before = self.memory.len();
        self.memory.retain(|stored| stored.key != key);
        self.memory.len() < before
    }

    /// How many records it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.memory.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.memory.is_empty()
    }

    /// How many records fit.
    #[must_use]
    pub const fn capacity(&self) -> u16 {
        self.config.capacity
    }

    /// Keys of the records it holds, oldest first.
    pub fn keys(&self) -> impl Iterator<Item = RecordKey> + '_ {
        self.memory.iter().map(|stored| stored.key)
    }

    /// The characteristics a collector discovers.
    #[must_use]
    pub fn characteristics(&self) -> Vec<Uuid> {
        let mut found =
            vec![GLUCOSE_MEASUREMENT, GLUCOSE_MEASUREMENT_CONTEXT, GLUCOSE_FEATURE, RECORD_ACCESS_CONTROL_POINT];
        if self.config.offers_exact() {
            found.push(EXACT_GLUCOSE);
        }
        found
    }

    /// A collector enables notifications or indications.
    ///
    /// # Errors
    /// The ATT error "attribute not found" for a characteristic the meter has not.
    pub fn subscribe(&mut self, characteristic: Uuid) -> Result<(), AttError> {
        if !self.characteristics().contains(&characteristic) {
            return Err(device::ATTRIBUTE_NOT_FOUND);
        }
        self.subscribed.insert(characteristic);
        Ok(())
    }

    /// A collector writes to the control point.
    ///
    /// # Errors
    /// The ATT errors of the service: not subscribed, procedure in progress, attribute not found.
    pub fn write(&mut self, characteristic: Uuid, bytes: &[u8]) -> Result<(), AttError> {
        if characteristic != RECORD_ACCESS_CONTROL_POINT {
            return Err(device::ATTRIBUTE_NOT_FOUND);
        }
        if !self.subscribed.contains(&RECORD_ACCESS_CONTROL_POINT) {
            return Err(AttError::NOT_SUBSCRIBED);
        }
        let abort = matches!(Request::decode(bytes), Ok(Request::Abort));
        if !self.outgoing.is_empty() && !abort {
            return Err(AttError::PROCEDURE_IN_PROGRESS);
        }
        let answer = match Request::decode(bytes) {
            Ok(request) => self.serve(request),
            Err(_) => access::refusal(bytes),
        };
        let octets = answer.to_vec().unwrap_or_default();
        self.outgoing.push_back((RECORD_ACCESS_CONTROL_POINT, octets));
        Ok(())
    }

    /// The next notification or indication, if one is due.
    pub fn next_value(&mut self) -> Option<(Uuid, Vec<u8>)> {
        self.outgoing.pop_front()
    }

    /// Whether a notification or indication is due.
    #[must_use]
    pub fn has_value(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// The link is down: subscriptions and the running procedure are gone.
    pub fn unlink(&mut self) {
        self.subscribed.clear();
        self.outgoing.clear();
    }

    fn serve(&mut self, request: Request) -> Response {
        let keys: Vec<_> = self.memory.iter().map(|stored| (stored.key.sequence(), stored.user_facing_time)).collect();
        let served = access::serve(request, self.config.operators, &keys);
        if request == Request::Abort {
            self.outgoing.clear();
        }
        let values = served.send.into_iter().filter_map(|index| self.memory.get(index));
        let audible = values.flat_map(|stored| &stored.values).filter(|(c, _)| self.subscribed.contains(c));
        self.outgoing.extend(audible.cloned());
        served.answer
    }
}

impl Peripheral for SimMeter {
    fn characteristics(&self) -> Vec<Uuid> {
        self.characteristics()
    }

    fn subscribe(&mut self, characteristic: Uuid) -> Result<(), AttError> {
        self.subscribe(characteristic)
    }

    fn write(&mut self, characteristic: Uuid, bytes: &[u8], _now: Uptime) -> Result<(), AttError> {
        self.write(characteristic, bytes)
    }

    fn due(&self, now: Uptime) -> Option<Uptime> {
        self.has_value().then_some(now)
    }

    fn next_value(&mut self, _now: Uptime) -> Option<(Uuid, Vec<u8>)> {
        self.next_value()
    }

    fn unlink(&mut self) {
        self.unlink();
    }

    fn traffic(&self, characteristic: Uuid) -> Traffic {
        match characteristic {
            RECORD_ACCESS_CONTROL_POINT => Traffic::Answer,
            GLUCOSE_MEASUREMENT => Traffic::Record,
            _ => Traffic::Companion,
        }
    }
}
