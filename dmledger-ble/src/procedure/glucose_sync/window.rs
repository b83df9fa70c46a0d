//! How much to ask for at a time.
//!
//! A notification has no flow control: a device that sends a long report faster than the host's stack takes it loses most
//! of it, the closing answer too, and a device that waits for that answer to be confirmed stays silent for half a minute.
//! Everything is asked for at once as long as that works. After a report of which less than half came before it fell
//! silent, ranges are asked for in parts that are half as long as what came.

use super::range::SequenceRange;

/// The longest range to ask for, in sequence numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    /// A width that should get through, once one did not.
    safe: Option<u32>,
    /// The width in use: more than the safe one while ranges turn out to be empty.
    width: u32,
    /// Records that were there when the running report began.
    before: usize,
}

impl Window {
    /// The part of `range` to ask for, and the rest.
    pub(super) fn cut(self, range: SequenceRange) -> (SequenceRange, Option<SequenceRange>) {
        if self.safe.is_none() { (range, None) } else { range.split(self.width) }
    }

    /// A question is put; there are `records`.
    pub(super) const fn asked(&mut self, records: usize) {
        self.before = records;
    }

    /// The report about `range` fell silent. There are `records` of the `stored` ones that a device counted. Nothing at
    /// all is no sign of a flood.
    pub(super) fn silent(&mut self, range: SequenceRange, records: usize, stored: u16) {
        let received = records.saturating_sub(self.before);
        let expected =
            usize::from(stored).saturating_sub(self.before).min(usize::try_from(range.width()).unwrap_or(usize::MAX));
        if received > 0 && received.saturating_mul(2) < expected {
            let half = u32::try_from(received / 2).unwrap_or(u32::MAX);
            self.safe = Some(half.clamp(NARROWEST, self.safe.map_or(u32::MAX, |safe| safe.max(NARROWEST))));
            self.filled();
        }
    }

    /// There were records in a range.
    pub(super) fn filled(&mut self) {
        self.width = self.safe.unwrap_or_default();
    }

    /// There was none: the next may be wider.
    pub(super) const fn empty(&mut self) {
        self.width = self.width.saturating_mul(4);
    }
}

/// Below this, the questions would take longer than the answers.
const NARROWEST: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::glucose::SequenceNumber;

    fn range(first: u16, last: u16) -> SequenceRange {
        SequenceRange::new(SequenceNumber::new(first), SequenceNumber::new(last)).unwrap()
    }

    #[test]
    fn only_a_flood_narrows_and_emptiness_widens() {
        let mut window = Window::default();
        assert_eq!(window.cut(SequenceRange::ALL), (SequenceRange::ALL, None));
        for (asked, records) in [(SequenceRange::ALL, 0), (SequenceRange::ALL, 1000), (range(5, 6), 1)] {
            window.silent(asked, records, 2000);
            assert_eq!(window.cut(SequenceRange::ALL), (SequenceRange::ALL, None), "{records}");
        }
        window.silent(SequenceRange::ALL, 400, 2000);
        assert_eq!(window.cut(range(1, 1000)), (range(1, 200), Some(range(201, 1000))));
        assert_eq!(window.cut(range(1, 200)), (range(1, 200), None));
        window.empty();
        assert_eq!(window.cut(range(1, 1000)), (range(1, 800), Some(range(801, 1000))));
        window.filled();
        window.asked(400);
        window.silent(range(1, 200), 490, 2000);
        assert_eq!(window.cut(range(1, 1000)).0, range(1, 45));
        window.asked(490);
        window.silent(range(1, 45), 493, 2000);
        assert_eq!(window.cut(range(1, 1000)).0, range(1, 16), "not narrower");
        window.asked(500);
        window.silent(range(1, 2000), 1200, 2000);
        assert_eq!(window.cut(range(1, 1000)).0, range(1, 16), "and no wider again");
        (0..64).for_each(|_| window.empty());
        assert_eq!(window.cut(SequenceRange::ALL), (SequenceRange::ALL, None));
    }
}
