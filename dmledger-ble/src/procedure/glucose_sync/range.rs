//! Ranges of sequence numbers and what is missing between the records that are there.

use alloc::vec::Vec;

use crate::codec::glucose::SequenceNumber;

/// Sequence numbers from `first` to `last`, both included; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SequenceRange {
    first: u16,
    last: u16,
}

impl SequenceRange {
    /// Every sequence number.
    pub const ALL: Self = Self { first: 0, last: u16::MAX };

    /// From `first` to `last`, or `None` when that is empty.
    #[must_use]
    pub const fn new(first: SequenceNumber, last: SequenceNumber) -> Option<Self> {
        if first.value() <= last.value() { Some(Self { first: first.value(), last: last.value() }) } else { None }
    }

    /// From `first` to the largest sequence number.
    #[must_use]
    pub const fn starting_at(first: SequenceNumber) -> Self {
        Self { first: first.value(), last: u16::MAX }
    }

    /// The smallest number in it.
    #[must_use]
    pub const fn first(self) -> SequenceNumber {
        SequenceNumber::new(self.first)
    }

    /// The largest number in it.
    #[must_use]
    pub const fn last(self) -> SequenceNumber {
        SequenceNumber::new(self.last)
    }

    /// Whether it holds `number`.
    #[must_use]
    pub const fn contains(self, number: SequenceNumber) -> bool {
        self.first <= number.value() && number.value() <= self.last
    }

    /// Whether it holds all of `other`.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// How many sequence numbers it holds, 1 to 65,536.
    #[must_use]
    pub const fn width(self) -> u32 {
        self.last as u32 - self.first as u32 + 1
    }

    /// Its first `width` numbers (one at least), and the rest.
    pub(super) fn split(self, width: u32) -> (Self, Option<Self>) {
        let last = u32::from(self.first).saturating_add(width.saturating_sub(1));
        match u16::try_from(last) {
            Ok(last) if last < self.last => {
                (Self { last, ..self }, Some(Self { first: last.saturating_add(1), ..self }))
            }
            _ => (self, None),
        }
    }
}

/// The parts of `scope` that hold none of `present` (ascending, repeats allowed).
pub(in crate::procedure) fn gaps(scope: SequenceRange, present: impl Iterator<Item = u16>) -> Vec<SequenceRange> {
    gaps_in(scope, present).collect()
}

/// The same, one after the other.
pub(super) fn gaps_in(scope: SequenceRange, present: impl Iterator<Item = u16>) -> impl Iterator<Item = SequenceRange> {
    let present = present.filter(move |number| scope.contains(SequenceNumber::new(*number))).map(u32::from);
    // first number not looked at yet, as u32 so that it can pass 65,535
    let mut next = u32::from(scope.first);
    present.chain(core::iter::once(u32::from(scope.last) + 1)).filter_map(move |number| {
        let first = next;
        next = next.max(number + 1);
        let last = number.checked_sub(1).filter(|last| *last >= first)?;
        Some(SequenceRange { first: u16::try_from(first).ok()?, last: u16::try_from(last).ok()? })
    })
}

/// Joins ascending ranges that are at most `distance` numbers apart: one request instead of two.
pub(in crate::procedure) fn clusters(ranges: &[SequenceRange], distance: u16) -> Vec<SequenceRange> {
    let mut joined: Vec<SequenceRange> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(before) if range.first.saturating_sub(before.last) <= distance => before.last = range.last,
            _ => joined.push(*range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(first: u16, last: u16) -> SequenceRange {
        SequenceRange { first, last }
    }

    #[test]
    fn gaps_lie_before_between_and_after() {
        assert_eq!(gaps(range(3, 10), [5, 5, 6, 9].into_iter()), [range(3, 4), range(7, 8), range(10, 10)]);
        assert_eq!(gaps(SequenceRange::ALL, [0, u16::MAX].into_iter()), [range(1, 65_534)]);
        assert_eq!(gaps(range(4, 5), [4, 5].into_iter()), []);
        assert_eq!(gaps(range(4, 5), core::iter::empty()), [range(4, 5)]);
        assert_eq!(gaps(range(4, 5), [1, 9].into_iter()), [range(4, 5)]);
    }

    #[test]
    fn near_gaps_are_asked_for_together() {
        let found = [range(1, 2), range(5, 5), range(30, 31)];
        assert_eq!(clusters(&found, 3), [range(1, 5), range(30, 31)]);
        assert_eq!(clusters(&found, 25), [range(1, 31)]);
        assert_eq!(clusters(&[], 25), []);
    }

    proptest! {
        #[test]
        fn present_and_gaps_partition_the_scope(mut present in proptest::collection::vec(0_u16..300, 0..100), first in 0_u16..300, width in 0_u16..300) {
            present.sort_unstable();
            let scope = range(first, first + width);
            let found = gaps(scope, present.iter().copied());
            for number in 0..700 {
                let inside = found.iter().filter(|gap| gap.contains(SequenceNumber::new(number))).count();
                let expected = scope.contains(SequenceNumber::new(number)) && !present.contains(&number);
                prop_assert_eq!(inside, usize::from(expected));
            }
        }
    }
}
