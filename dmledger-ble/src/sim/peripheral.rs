//! A glucose meter that exists only as the octets it sends: loaded with readings, asked over its control point.

use std::collections::{BTreeSet, VecDeque};

use super::reading::{LoadRefusal, LoadReport, MeterConfig, StoredReading, WhenFull};
use crate::codec::Characteristic;
use crate::codec::date_time::DateTime;
use crate::codec::exact::EXACT_GLUCOSE;
use crate::codec::glucose::SequenceNumber;
use crate::codec::racp::{Bounds, Filter, Frame, OpCode, Operator, Request, Response, ResponseCode};
use crate::codec::uuid::{
    GLUCOSE_FEATURE, GLUCOSE_MEASUREMENT, GLUCOSE_MEASUREMENT_CONTEXT, RECORD_ACCESS_CONTROL_POINT, Uuid,
};
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
            return Err(ATTRIBUTE_NOT_FOUND);
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
            return Err(ATTRIBUTE_NOT_FOUND);
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
            Err(_) => refusal_of_malformed(bytes),
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
        let op = request.op_code();
        let code = |code| Response::Code { request: op, code };
        match request {
            Request::Abort => {
                self.outgoing.clear();
                code(ResponseCode::SUCCESS)
            }
            Request::ReportNumber(filter) => match self.matching(filter) {
                Ok(found) => Response::Number(u16::try_from(found.len()).unwrap_or(u16::MAX)),
                Err(refusal) => code(refusal),
            },
            Request::ReportRecords(filter) => match self.matching(filter) {
                Ok(found) if found.is_empty() => code(ResponseCode::NO_RECORDS),
                Ok(found) => {
                    let values = found.into_iter().filter_map(|index| self.memory.get(index));
                    let audible = values.flat_map(|stored| &stored.values).filter(|(c, _)| self.subscribed.contains(c));
                    self.outgoing.extend(audible.cloned());
                    code(ResponseCode::SUCCESS)
                }
                Err(refusal) => code(refusal),
            },
            _ => code(ResponseCode::OP_CODE_NOT_SUPPORTED),
        }
    }

    /// Positions of the records a filter selects, oldest first.
    fn matching(&self, filter: Filter) -> Result<Vec<usize>, ResponseCode> {
        match (self.config.operators, filter) {
            (_, Filter::All) | (KnownOperators::Every, _) => {}
            (KnownOperators::AtLeast, Filter::Sequence(Bounds::AtLeast(_))) => {}
            _ => return Err(ResponseCode::OPERATOR_NOT_SUPPORTED),
        }
        let last = self.memory.len().wrapping_sub(1);
        let within = |selects: &dyn Fn(usize, &Stored) -> bool| {
            let selected = self.memory.iter().enumerate().filter(|(index, stored)| selects(*index, stored));
            Ok(selected.map(|(index, _)| index).collect())
        };
        match filter {
            Filter::All => within(&|_, _| true),
            Filter::First => within(&|index, _| index == 0),
            Filter::Last => within(&|index, _| index == last),
            Filter::Sequence(Bounds::Within(from, to)) if from > to => Err(ResponseCode::INVALID_OPERAND),
            Filter::Sequence(bounds) => within(&|_, stored| holds(bounds, stored.key.sequence())),
            Filter::UserFacingTime(bounds) => {
                within(&|_, stored| stored.user_facing_time.is_some_and(|at| holds(bounds, at)))
            }
        }
    }
}

fn holds<T: PartialOrd + Copy>(bounds: Bounds<T>, value: T) -> bool {
    match bounds {
        Bounds::AtMost(limit) => value <= limit,
        Bounds::AtLeast(limit) => value >= limit,
        Bounds::Within(from, to) => from <= value && value <= to,
    }
}

fn refusal_of_malformed(bytes: &[u8]) -> Response {
    let (request, code) = match Frame::decode(bytes) {
        Err(_) => (OpCode::from_number(0), ResponseCode::OP_CODE_NOT_SUPPORTED),
        Ok(frame) if frame.op_code().number() == 0 || frame.op_code().number() > OpCode::REPORT_NUMBER.number() => {
            (frame.op_code(), ResponseCode::OP_CODE_NOT_SUPPORTED)
        }
        Ok(frame) if frame.operator().is_reserved() || frame.operator() == Operator::NULL => {
            (frame.op_code(), ResponseCode::INVALID_OPERATOR)
        }
        Ok(frame) => (frame.op_code(), ResponseCode::INVALID_OPERAND),
    };
    Response::Code { request, code }
}

const ATTRIBUTE_NOT_FOUND: AttError = AttError::from_number(0x0A);
