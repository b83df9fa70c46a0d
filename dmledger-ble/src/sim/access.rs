//! The record access control point as a device serves it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::device::ATTRIBUTE_NOT_FOUND;
use super::peripheral::KnownOperators;
use crate::codec::Characteristic;
use crate::codec::date_time::DateTime;
use crate::codec::glucose::SequenceNumber;
use crate::codec::racp::{Bounds, Filter, Frame, OpCode, Operator, Request, Response, ResponseCode};
use crate::codec::uuid::{RECORD_ACCESS_CONTROL_POINT, Uuid};
use crate::procedure::glucose_sync::AttError;

/// What a device does about a request.
#[derive(Debug)]
pub(super) struct Served {
    /// Positions of the records to be sent, oldest first.
    pub(super) send: Vec<usize>,
    pub(super) answer: Response,
}

/// Serves a request over records with these numbers and user facing times, oldest first.
pub(super) fn serve(
    request: Request,
    operators: KnownOperators,
    records: &[(SequenceNumber, Option<DateTime>)],
) -> Served {
    let op = request.op_code();
    let code = |code| Served { send: Vec::new(), answer: Response::Code { request: op, code } };
    match request {
        Request::Abort => code(ResponseCode::SUCCESS),
        Request::ReportNumber(filter) => match matching(filter, operators, records) {
            Ok(found) => {
                let count = u16::try_from(found.len()).unwrap_or(u16::MAX);
                Served { send: Vec::new(), answer: Response::Number(count) }
            }
            Err(refusal) => code(refusal),
        },
        Request::ReportRecords(filter) => match matching(filter, operators, records) {
            Ok(found) if found.is_empty() => code(ResponseCode::NO_RECORDS),
            Ok(send) => Served { send, ..code(ResponseCode::SUCCESS) },
            Err(refusal) => code(refusal),
        },
        Request::DeleteRecords(_) => code(ResponseCode::OP_CODE_NOT_SUPPORTED),
    }
}

/// Positions of the records a filter selects.
fn matching(
    filter: Filter,
    operators: KnownOperators,
    records: &[(SequenceNumber, Option<DateTime>)],
) -> Result<Vec<usize>, ResponseCode> {
    match (operators, filter) {
        (_, Filter::All) | (KnownOperators::Every, _) => {}
        (KnownOperators::AtLeast, Filter::Sequence(Bounds::AtLeast(_))) => {}
        _ => return Err(ResponseCode::OPERATOR_NOT_SUPPORTED),
    }
    let last = records.len().wrapping_sub(1);
    let within = |selects: &dyn Fn(usize, SequenceNumber, Option<DateTime>) -> bool| {
        let selected = records.iter().enumerate().filter(|(index, (number, at))| selects(*index, *number, *at));
        Ok(selected.map(|(index, _)| index).collect())
    };
    match filter {
        Filter::All => within(&|_, _, _| true),
        Filter::First => within(&|index, _, _| index == 0),
        Filter::Last => within(&|index, _, _| index == last),
        Filter::Sequence(Bounds::Within(from, to)) if from > to => Err(ResponseCode::INVALID_OPERAND),
        Filter::Sequence(bounds) => within(&|_, number, _| holds(bounds, number)),
        Filter::UserFacingTime(bounds) => within(&|_, _, at| at.is_some_and(|at| holds(bounds, at))),
    }
}

fn holds<T: PartialOrd + Copy>(bounds: Bounds<T>, value: T) -> bool {
    match bounds {
        Bounds::AtMost(limit) => value <= limit,
        Bounds::AtLeast(limit) => value >= limit,
        Bounds::Within(from, to) => from <= value && value <= to,
    }
}

/// The answer to octets that are no request.
pub(super) fn refusal(bytes: &[u8]) -> Response {
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

/// Records by number behind a control point, as sensors and wearables keep them.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbered {
    records: BTreeMap<u16, Vec<u8>>,
    pub(super) capacity: Option<usize>,
    pub(super) subscribed: BTreeSet<Uuid>,
    pub(super) outgoing: VecDeque<(Uuid, Vec<u8>)>,
}

impl Numbered {
    pub(super) fn keep(&mut self, number: u16, record: Vec<u8>) {
        self.records.insert(number, record);
        if self.capacity.is_some_and(|capacity| self.records.len() > capacity) {
            self.records.pop_first();
        }
    }

    pub(super) fn clear(&mut self) {
        self.records.clear();
    }

    pub(super) fn records(&self) -> impl Iterator<Item = (u16, &[u8])> + '_ {
        self.records.iter().map(|(number, record)| (*number, &record[..]))
    }

    pub(super) fn subscribe(&mut self, characteristic: Uuid, offered: &[Uuid]) -> Result<(), AttError> {
        if !offered.contains(&characteristic) {
            return Err(ATTRIBUTE_NOT_FOUND);
        }
        self.subscribed.insert(characteristic);
        Ok(())
    }

    /// A collector writes to the control point; records go out as `characteristic`.
    pub(super) fn request(&mut self, bytes: &[u8], characteristic: Uuid) -> Result<(), AttError> {
        if !self.subscribed.contains(&RECORD_ACCESS_CONTROL_POINT) {
            return Err(AttError::NOT_SUBSCRIBED);
        }
        let request = Request::decode(bytes);
        let abort = matches!(request, Ok(Request::Abort));
        if !self.outgoing.is_empty() && !abort {
            return Err(AttError::PROCEDURE_IN_PROGRESS);
        }
        if abort {
            self.outgoing.clear();
        }
        let keys: Vec<_> = self.records.keys().map(|number| (SequenceNumber::new(*number), None)).collect();
        let answer = match request {
            Ok(request) => {
                let served = serve(request, KnownOperators::Every, &keys);
                let sent = served.send.into_iter().filter_map(|index| self.records.values().nth(index));
                if self.subscribed.contains(&characteristic) {
                    self.outgoing.extend(sent.map(|record| (characteristic, record.clone())));
                }
                served.answer
            }
            Err(_) => refusal(bytes),
        };
        self.outgoing.push_back((RECORD_ACCESS_CONTROL_POINT, answer.to_vec().unwrap_or_default()));
        Ok(())
    }

    pub(super) fn unlink(&mut self) {
        self.subscribed.clear();
        self.outgoing.clear();
    }
}
