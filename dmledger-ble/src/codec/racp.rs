//! Record Access Control Point 0x2A52: asking a device for stored records, and its answers.
//!
//! [`Frame`] is any value of the characteristic, however malformed its operand: a device needs it to answer "invalid
//! operand". [`Request`] is what a collector writes, [`Response`] what a device indicates.

use super::cursor::{Reader, Remainder, Writer};
use super::date_time::DateTime;
use super::glucose::SequenceNumber;
use super::layout::codes;
use super::{Characteristic, uuid};
use crate::error::{DecodeError, EncodeError};

codes! {
    /// Op code, the first octet.
    pub struct OpCode {
        /// Report stored records.
        REPORT_RECORDS = 1;
        /// Delete stored records.
        DELETE_RECORDS = 2;
        /// Abort the running procedure.
        ABORT = 3;
        /// Report the number of stored records.
        REPORT_NUMBER = 4;
        /// Answer to [`Self::REPORT_NUMBER`].
        NUMBER_RESPONSE = 5;
        /// Answer to all other requests, and to failed ones.
        RESPONSE_CODE = 6;
    }
}

codes! {
    /// Operator, the second octet.
    pub struct Operator {
        /// None.
        NULL = 0;
        /// All records.
        ALL = 1;
        /// Less than or equal to.
        AT_MOST = 2;
        /// Greater than or equal to.
        AT_LEAST = 3;
        /// Within a range, both ends included.
        WITHIN = 4;
        /// First (oldest) record.
        FIRST = 5;
        /// Last (most recent) record.
        LAST = 6;
    }
}

codes! {
    /// How a device says that a request ended.
    pub struct ResponseCode {
        /// Done.
        SUCCESS = 1;
        /// Op code not supported.
        OP_CODE_NOT_SUPPORTED = 2;
        /// The operator is not one, or not with this op code.
        INVALID_OPERATOR = 3;
        /// Operator not supported.
        OPERATOR_NOT_SUPPORTED = 4;
        /// The operand is malformed.
        INVALID_OPERAND = 5;
        /// No record matches; the answer of an empty meter, not a failure.
        NO_RECORDS = 6;
        /// The running procedure could not be aborted.
        ABORT_UNSUCCESSFUL = 7;
        /// The procedure ended before its work was done.
        NOT_COMPLETED = 8;
        /// Filter type not supported.
        OPERAND_NOT_SUPPORTED = 9;
    }
}

/// Which side of a limit, or between which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the operators that take an operand")]
pub enum Bounds<T> {
    /// Up to and including.
    AtMost(T),
    /// From and including.
    AtLeast(T),
    /// Between, both ends included.
    Within(T, T),
}

/// Which records a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Filter {
    /// All.
    All,
    /// The oldest.
    First,
    /// The most recent.
    Last,
    /// By sequence number (filter type 1).
    Sequence(Bounds<SequenceNumber>),
    /// By user facing time, that is base time plus offset (filter type 2).
    UserFacingTime(Bounds<DateTime>),
}

/// What a collector writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Request {
    /// Send the records, then answer.
    ReportRecords(Filter),
    /// Delete the records, then answer.
    DeleteRecords(Filter),
    /// Stop what is running, then answer.
    Abort,
    /// Answer how many there are.
    ReportNumber(Filter),
}

/// What a device indicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Response {
    /// How many records match.
    Number(u16),
    /// How a request ended.
    Code {
        /// The request that ended.
        request: OpCode,
        /// How.
        code: ResponseCode,
    },
}

/// Any value of the characteristic: two octets and an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    op_code: OpCode,
    operator: Operator,
    operand: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Splits a value.
    ///
    /// # Errors
    /// [`DecodeError::TooShort`] under two octets.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let [op_code, operator] = input.array::<2>()?;
        Ok(Self {
            op_code: OpCode::from_number(op_code),
            operator: Operator::from_number(operator),
            operand: input.take_rest(),
        })
    }

    /// The op code.
    #[must_use]
    pub const fn op_code(&self) -> OpCode {
        self.op_code
    }

    /// The operator.
    #[must_use]
    pub const fn operator(&self) -> Operator {
        self.operator
    }

    /// Everything after the operator.
    #[must_use]
    pub const fn operand(&self) -> &'a [u8] {
        self.operand
    }

    fn filter(&self) -> Result<Filter, DecodeError> {
        let mut input = Reader::new(self.operand);
        let filter = match self.operator {
            Operator::ALL => Filter::All,
            Operator::FIRST => Filter::First,
            Operator::LAST => Filter::Last,
            Operator::AT_MOST | Operator::AT_LEAST | Operator::WITHIN => match input.u8()? {
                BY_SEQUENCE => {
                    Filter::Sequence(bounds(self.operator, &mut input, |input| input.u16().map(SequenceNumber::new))?)
                }
                BY_USER_FACING_TIME => Filter::UserFacingTime(bounds(self.operator, &mut input, DateTime::read)?),
                _ => return Err(DecodeError::Forbidden { field: "filter type" }),
            },
            _ => return Err(DecodeError::Forbidden { field: "operator" }),
        };
        input.finish(Remainder::Refuse)?;
        Ok(filter)
    }
}

fn bounds<T>(
    operator: Operator,
    input: &mut Reader<'_>,
    mut read: impl FnMut(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<Bounds<T>, DecodeError> {
    let first = read(input)?;
    Ok(match operator {
        Operator::AT_MOST => Bounds::AtMost(first),
        Operator::AT_LEAST => Bounds::AtLeast(first),
        _ => Bounds::Within(first, read(input)?),
    })
}

impl Request {
    /// The request's op code.
    #[must_use]
    pub const fn op_code(&self) -> OpCode {
        match self {
            Self::ReportRecords(_) => OpCode::REPORT_RECORDS,
            Self::DeleteRecords(_) => OpCode::DELETE_RECORDS,
            Self::Abort => OpCode::ABORT,
            Self::ReportNumber(_) => OpCode::REPORT_NUMBER,
        }
    }
}

impl Characteristic for Request {
    const UUID: uuid::Uuid = uuid::RECORD_ACCESS_CONTROL_POINT;
    const MAX_BYTES: usize = 17;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let frame = Frame::decode(bytes)?;
        match frame.op_code {
            OpCode::REPORT_RECORDS => frame.filter().map(Self::ReportRecords),
            OpCode::DELETE_RECORDS => frame.filter().map(Self::DeleteRecords),
            OpCode::REPORT_NUMBER => frame.filter().map(Self::ReportNumber),
            OpCode::ABORT if frame.operator != Operator::NULL => Err(DecodeError::Forbidden { field: "operator" }),
            OpCode::ABORT => Reader::new(frame.operand).finish(Remainder::Refuse).map(|()| Self::Abort),
            other => Err(DecodeError::UnknownOpCode(other.number())),
        }
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        out.u8(self.op_code().number())?;
        match self {
            Self::Abort => out.u8(Operator::NULL.number()),
            Self::ReportRecords(filter) | Self::DeleteRecords(filter) | Self::ReportNumber(filter) => match filter {
                Filter::All => out.u8(Operator::ALL.number()),
                Filter::First => out.u8(Operator::FIRST.number()),
                Filter::Last => out.u8(Operator::LAST.number()),
                Filter::Sequence(bounds) => {
                    write_bounds(*bounds, BY_SEQUENCE, out, |number, out| out.u16(number.value()))
                }
                Filter::UserFacingTime(bounds) => write_bounds(*bounds, BY_USER_FACING_TIME, out, DateTime::write),
            },
        }
    }
}

fn write_bounds<T>(
    bounds: Bounds<T>,
    filter_type: u8,
    out: &mut Writer<'_>,
    write: impl Fn(T, &mut Writer<'_>) -> Result<(), EncodeError>,
) -> Result<(), EncodeError> {
    let (operator, first, second) = match bounds {
        Bounds::AtMost(limit) => (Operator::AT_MOST, limit, None),
        Bounds::AtLeast(limit) => (Operator::AT_LEAST, limit, None),
        Bounds::Within(from, to) => (Operator::WITHIN, from, Some(to)),
    };
    out.put(&[operator.number(), filter_type])?;
    write(first, out)?;
    second.map_or(Ok(()), |to| write(to, out))
}

impl Characteristic for Response {
    const UUID: uuid::Uuid = uuid::RECORD_ACCESS_CONTROL_POINT;
    const MAX_BYTES: usize = 4;

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let frame = Frame::decode(bytes)?;
        let mut input = Reader::new(frame.operand);
        let response = match frame.op_code {
            OpCode::NUMBER_RESPONSE => Self::Number(input.u16()?),
            OpCode::RESPONSE_CODE => {
                let [request, code] = input.array::<2>()?;
                Self::Code { request: OpCode::from_number(request), code: ResponseCode::from_number(code) }
            }
            other => return Err(DecodeError::UnknownOpCode(other.number())),
        };
        if frame.operator != Operator::NULL {
            return Err(DecodeError::Forbidden { field: "operator" });
        }
        input.finish(Remainder::Refuse)?;
        Ok(response)
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), EncodeError> {
        match self {
            Self::Number(count) => {
                out.put(&[OpCode::NUMBER_RESPONSE.number(), Operator::NULL.number()])?;
                out.u16(*count)
            }
            Self::Code { request, code } => {
                let op_code = OpCode::RESPONSE_CODE.number();
                out.put(&[op_code, Operator::NULL.number(), request.number(), code.number()])
            }
        }
    }
}

const BY_SEQUENCE: u8 = 1;
const BY_USER_FACING_TIME: u8 = 2;

#[cfg(test)]
mod tests;
