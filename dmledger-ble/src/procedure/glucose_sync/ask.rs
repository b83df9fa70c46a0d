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

    /// Whether the device can count a gap. Without ranges that takes a number that no record has had yet, and behind the
    /// largest of all numbers there is none.
    pub(in crate::procedure) fn count_gaps(self, newest: Option<u16>) -> bool {
        match self {
            Self::Within => true,
            Self::AtLeast => newest != Some(u16::MAX),
            Self::AllOnly => false,
        }
    }

    /// What `count` records in a part of a gap show; `newest` is the largest number received.
    pub(in crate::procedure) fn gap_counted(
        self,
        gap: SequenceRange,
        part: GapPart,
        count: u16,
        newest: Option<u16>,
    ) -> GapCount {
        let unused = newest.unwrap_or(0).max(gap.last().value()).checked_add(1).map(SequenceNumber::new);
        match (part, unused) {
            (GapPart::Start | GapPart::Unused(_), _) if count == 0 => GapCount::Empty(gap),
            (GapPart::Start, Some(_)) if self == Self::AtLeast => {
                GapCount::Ask(Ask::CountGap { gap, part: GapPart::Behind { from_start: count } })
            }
            (GapPart::Behind { from_start }, Some(unused)) if count == from_start => {
                GapCount::Ask(Ask::CountGap { gap, part: GapPart::Unused(unused) })
            }
            (GapPart::Unused(unused), _) => GapCount::Fetch(SequenceRange::starting_at(unused)),
            (GapPart::Start | GapPart::Behind { .. }, _) => GapCount::Fetch(gap),
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

/// The part of a gap's count that is asked for. A device without ranges is asked three times, since its store may change
/// in between.
///
/// A device gives its records growing numbers. Let there be `s` records from the gap's start on, later `b` behind the
/// gap, and later still none with a number larger than all that were received. Then no record was added that still
/// counted in `b`, so each of the `b` was there when `s` was counted, and the gap held at most `s - b`: if the counts are
/// equal, none. Records deleted in between make `b` smaller and the gap look full, never empty. In the other order, from
/// behind first, they would hide a record in the gap. What this cannot see is a record that is added before the second
/// count and deleted again before the third.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::procedure) enum GapPart {
    /// The gap; without ranges, everything from its start on.
    Start,
    /// Everything behind the gap, after so many were counted from its start.
    Behind { from_start: u16 },
    /// Everything from this number on, which is larger than all that were received.
    Unused(SequenceNumber),
}

/// What a count shows of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::procedure) enum GapCount {
    /// It takes another question.
    Ask(Ask),
    /// No record was in this range.
    Empty(SequenceRange),
    /// Records are in this range, or the store changed: it is asked for, and then counted again.
    Fetch(SequenceRange),
}

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::procedure) enum Ask {
    /// How many records are in scope?
    CountScope(SequenceRange),
    /// How many records are in this part of a gap?
    CountGap { gap: SequenceRange, part: GapPart },
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
            Self::CountGap { gap, part } => Request::ReportNumber(operators.filter(match part {
                GapPart::Start => gap,
                GapPart::Behind { .. } => SequenceRange::starting_at(behind(gap)),
                GapPart::Unused(unused) => SequenceRange::starting_at(unused),
            })),
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

/// The first number behind a gap that does not reach to the end.
const fn behind(gap: SequenceRange) -> SequenceNumber {
    SequenceNumber::new(gap.last().value().saturating_add(1))
}

/// Octets of a request; requests always fit their buffer.
pub(in crate::procedure) fn octets(request: Request) -> Vec<u8> {
    request.to_vec().unwrap_or_default()
}
