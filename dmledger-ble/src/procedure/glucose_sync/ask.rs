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

    /// Whether a gap takes two counts: a gap that reaches to the end has nothing behind it.
    pub(in crate::procedure) fn counts_from_behind(self, gap: SequenceRange) -> bool {
        self == Self::AtLeast && gap.last().value() != u16::MAX
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
    /// How many records are in this gap? Devices without ranges count from behind it first, then from its start: a
    /// record stored in between makes the gap look full, never empty.
    CountGap {
        gap: SequenceRange,
        /// The count from behind, once it is known.
        behind: Option<u16>,
    },
    /// How many records are in this range, below one that is known to be stored?
    CountBelow(SequenceRange),
    /// Send the records of this range.
    Report(SequenceRange),
    /// Send the most recent record: is it one of those received?
    ReportLast,
}

impl Ask {
    pub(in crate::procedure) fn request(self, operators: Operators) -> Request {
        match self {
            Self::CountScope(scope) => Request::ReportNumber(operators.filter(scope)),
            Self::CountGap { gap, behind: None } if operators.counts_from_behind(gap) => {
                let behind = SequenceNumber::new(gap.last().value().saturating_add(1));
                Request::ReportNumber(operators.filter(SequenceRange::starting_at(behind)))
            }
            Self::CountGap { gap, .. } => Request::ReportNumber(operators.filter(gap)),
            Self::CountBelow(range) => Request::ReportNumber(operators.filter(range)),
            Self::Report(range) => Request::ReportRecords(operators.filter(range)),
            Self::ReportLast => Request::ReportRecords(Filter::Last),
        }
    }

    pub(in crate::procedure) fn op_code(self) -> OpCode {
        self.request(Operators::Within).op_code()
    }

    pub(in crate::procedure) const fn counts(self) -> bool {
        matches!(self, Self::CountScope(_) | Self::CountGap { .. } | Self::CountBelow(_))
    }
}

/// Octets of a request; requests always fit their buffer.
pub(in crate::procedure) fn octets(request: Request) -> Vec<u8> {
    request.to_vec().unwrap_or_default()
}
