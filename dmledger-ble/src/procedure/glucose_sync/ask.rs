//! The questions a synchronisation asks, and how they are put to devices that know fewer operators.

use alloc::vec::Vec;

use super::range::SequenceRange;
use crate::codec::Characteristic;
use crate::codec::glucose::SequenceNumber;
use crate::codec::racp::{Bounds, Filter, OpCode, Request};

/// Which filters the device has shown to understand, from most to least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::procedure) enum Operators {
    /// Ranges.
    Within,
    /// Greater or equal.
    AtLeast,
    /// None: all records or nothing.
    AllOnly,
}

impl Operators {
    /// What to try after the device refused a filter.
    pub(in crate::procedure) const fn fewer(self) -> Option<Self> {
        match self {
            Self::Within => Some(Self::AtLeast),
            Self::AtLeast => Some(Self::AllOnly),
            Self::AllOnly => None,
        }
    }

    fn filter(self, range: SequenceRange) -> Filter {
        match self {
            _ if range == SequenceRange::ALL => Filter::All,
            Self::AllOnly => Filter::All,
            _ if range.last().value() == u16::MAX => Filter::Sequence(Bounds::AtLeast(range.first())),
            Self::Within => Filter::Sequence(Bounds::Within(range.first(), range.last())),
            Self::AtLeast => Filter::Sequence(Bounds::AtLeast(range.first())),
        }
    }
}

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::procedure) enum Ask {
    /// How many records are in scope?
    CountScope(SequenceRange),
    /// How many records are in this gap? Devices without ranges count from its start first, then from behind it.
    CountGap {
        gap: SequenceRange,
        /// The count from the start, once it is known.
        from_start: Option<u16>,
    },
    /// Send the records of this range.
    Report(SequenceRange),
    /// Send the most recent record: is it one of those received?
    ReportLast,
}

impl Ask {
    pub(in crate::procedure) fn request(self, operators: Operators) -> Request {
        match self {
            Self::CountScope(scope) => Request::ReportNumber(operators.filter(scope)),
            Self::CountGap { gap, from_start: None } => Request::ReportNumber(operators.filter(gap)),
            Self::CountGap { gap, from_start: Some(_) } => {
                let behind = SequenceNumber::new(gap.last().value().saturating_add(1));
                Request::ReportNumber(operators.filter(SequenceRange::starting_at(behind)))
            }
            Self::Report(range) => Request::ReportRecords(operators.filter(range)),
            Self::ReportLast => Request::ReportRecords(Filter::Last),
        }
    }

    pub(in crate::procedure) fn op_code(self) -> OpCode {
        self.request(Operators::Within).op_code()
    }

    pub(in crate::procedure) const fn counts(self) -> bool {
        matches!(self, Self::CountScope(_) | Self::CountGap { .. })
    }
}

/// Octets of a request; requests always fit their buffer.
pub(in crate::procedure) fn octets(request: Request) -> Vec<u8> {
    request.to_vec().unwrap_or_default()
}
