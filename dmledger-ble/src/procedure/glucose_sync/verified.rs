//! Ranges that the device counted empty.

use alloc::collections::BTreeMap;

use super::range::SequenceRange;

/// Ranges without a record, apart from each other, by their first number.
#[derive(Debug, Default)]
pub(in crate::procedure) struct Verified {
    last_by_first: BTreeMap<u16, u16>,
    /// Every gap that begins below this number is in one of the ranges.
    reached: u16,
}

impl Verified {
    /// The device counted no record in `range`.
    pub(in crate::procedure) fn insert(&mut self, range: SequenceRange) {
        let (mut first, mut last) = (range.first().value(), range.last().value());
        // The ranges that it overlaps, from the last one back.
        while let Some((from, to)) = self.before(last).filter(|(_, to)| *to >= first) {
            self.last_by_first.remove(&from);
            (first, last) = (first.min(from), last.max(to));
        }
        self.last_by_first.insert(first, last);
    }

    /// A record of this number arrived after all: its range tells nothing any more.
    pub(in crate::procedure) fn refute(&mut self, number: u16) {
        if let Some((from, _)) = self.before(number).filter(|(_, to)| *to >= number) {
            self.last_by_first.remove(&from);
            self.reached = self.reached.min(from);
        }
    }

    /// Nothing is verified any more.
    pub(in crate::procedure) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether no record was in `gap`.
    pub(in crate::procedure) fn covers(&self, gap: SequenceRange) -> bool {
        self.before(gap.first().value()).is_some_and(|(_, to)| to >= gap.last().value())
    }

    /// The first of the gaps that is in no range. `gaps_from` gives those that begin at a number or behind it, in
    /// ascending order; none of them is looked at a second time before something is refuted.
    pub(super) fn first_open<I>(&mut self, gaps_from: impl FnOnce(u16) -> I) -> Option<SequenceRange>
    where
        I: Iterator<Item = SequenceRange>,
    {
        let open = gaps_from(self.reached).find(|gap| !self.covers(*gap));
        self.reached = open.map_or(u16::MAX, |gap| gap.first().value());
        open
    }

    /// The last range that begins at `number` or before it.
    fn before(&self, number: u16) -> Option<(u16, u16)> {
        self.last_by_first.range(..=number).next_back().map(|(first, last)| (*first, *last))
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::super::range::gaps_in;
    use super::*;
    use crate::codec::glucose::SequenceNumber;

    fn range(first: u16, last: u16) -> SequenceRange {
        SequenceRange::new(SequenceNumber::new(first), SequenceNumber::new(last)).unwrap()
    }

    proptest! {
        /// Against sets of numbers: what is covered was counted empty, and the first open gap is the first one.
        #[test]
        fn a_gap_is_open_until_it_was_counted_and_again_when_a_record_arrives_in_it(
            steps in proptest::collection::vec((0_u8..3, 0_u16..60, 0_u16..8), 0..60),
        ) {
            let scope = range(0, 70);
            let (mut verified, mut received) = (Verified::default(), BTreeSet::new());
            let mut empty: Vec<SequenceRange> = Vec::new();
            for (what, first, width) in steps {
                if what == 0 {
                    received.insert(first);
                    verified.refute(first);
                    // With it goes every range that was joined to one that holds it.
                    empty.retain(|range| verified.covers(*range));
                } else if received.range(first..=first + width).next().is_none() {
                    verified.insert(range(first, first + width));
                    empty.push(range(first, first + width));
                }
                let counted: BTreeSet<u16> = empty.iter().flat_map(|r| r.first().value()..=r.last().value()).collect();
                let is_open =
                    |gap: &SequenceRange| (gap.first().value()..=gap.last().value()).any(|n| !counted.contains(&n));
                let gaps: Vec<_> = gaps_in(scope, received.iter().copied()).collect();
                for gap in &gaps {
                    prop_assert!(!verified.covers(*gap) || !is_open(gap));
                }
                let expected = gaps.iter().copied().find(|gap| !verified.covers(*gap));
                let found = verified.first_open(|from| {
                    let behind = SequenceRange::starting_at(SequenceNumber::new(from));
                    let gaps: Vec<_> = gaps.iter().copied().filter(|gap| behind.contains(gap.first())).collect();
                    gaps.into_iter()
                });
                prop_assert_eq!(found, expected);
            }
        }
    }
}
