//! How much to ask for at a time.
//!
//! A notification has no flow control: a device that sends a long report faster than the host's stack takes it loses most
//! of it, the closing answer too, and a device that waits for that answer to be confirmed stays silent for half a minute;
//! a flood can even silence the adapter for good. A store of a few dozen records is asked for at once, a larger one in
//! ranges that should hold about so many. After a report of which less than half came before it fell silent, ranges are
//! asked for in parts that are half as long as what came.

use super::ask::Operators;
use super::range::SequenceRange;

/// The longest range to ask for, in sequence numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::procedure) struct Window {
    /// How many records should get through at a time, once that matters.
    safe: Option<u32>,
    /// The width in use: more than the safe number while ranges turn out to hold fewer records.
    width: u32,
    /// Records that were there when the running report began.
    before: usize,
}

impl Window {
    /// The part of `range` to ask for, and the rest. Only a device that knows ranges can be asked for a part.
    pub(in crate::procedure) fn cut(
        self,
        range: SequenceRange,
        operators: Operators,
    ) -> (SequenceRange, Option<SequenceRange>) {
        if self.safe.is_none() || operators != Operators::Within { (range, None) } else { range.split(self.width) }
    }

    /// The device counted so many records.
    pub(in crate::procedure) fn expect(&mut self, stored: u16) {
        if self.safe.is_none() && u32::from(stored) > AT_ONCE {
            (self.safe, self.width) = (Some(AT_ONCE), AT_ONCE);
        }
    }

    /// A question is put; there are `records`.
    pub(in crate::procedure) const fn asked(&mut self, records: usize) {
        self.before = records;
    }

    /// The report about `range` fell silent. There are `records` of the `stored` ones that a device counted. Nothing at
    /// all is no sign of a flood.
    pub(in crate::procedure) fn silent(&mut self, range: SequenceRange, records: usize, stored: u16) {
        let received = records.saturating_sub(self.before);
        let expected =
            usize::from(stored).saturating_sub(self.before).min(usize::try_from(range.width()).unwrap_or(usize::MAX));
        if received > 0 && received.saturating_mul(2) < expected {
            let half = u32::try_from(received / 2).unwrap_or(u32::MAX);
            self.safe = Some(half.clamp(NARROWEST, self.safe.map_or(u32::MAX, |safe| safe.max(NARROWEST))));
        }
        self.width = self.safe.unwrap_or_default();
    }

    /// The report about `range` came to its end; `records` of that range are here. The next range is as wide as should
    /// hold the safe number of records, if they lie no denser there.
    pub(in crate::procedure) fn answered(&mut self, range: SequenceRange, records: usize) {
        let safe = self.safe.unwrap_or_default();
        let records = u32::try_from(records).unwrap_or(u32::MAX);
        let fitting = match records {
            0 => self.width,
            _ => u32::try_from(u64::from(range.width()) * u64::from(safe) / u64::from(records)).unwrap_or(u32::MAX),
        };
        // A narrow range tells little.
        let grown = range.width().saturating_mul(4);
        self.width = if records == 0 { self.width.max(grown) } else { fitting.min(grown.max(self.width)) }.max(safe);
    }
}

/// More records than this are asked for in parts: about 80 records and their contexts, sent without a pause, are what a
/// slow host with the stack of Linux was seen to take before its adapter fell silent for good.
const AT_ONCE: u32 = 64;
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
        let cut = |window: Window, first, last| window.cut(range(first, last), Operators::Within);
        for (asked, records) in [(SequenceRange::ALL, 0), (SequenceRange::ALL, 1000), (range(5, 6), 1)] {
            window.silent(asked, records, 2000);
            assert_eq!(cut(window, 0, u16::MAX), (SequenceRange::ALL, None), "{records}");
        }
        window.silent(SequenceRange::ALL, 400, 2000);
        assert_eq!(cut(window, 1, 1000), (range(1, 200), Some(range(201, 1000))));
        assert_eq!(cut(window, 1, 200), (range(1, 200), None));
        assert_eq!(window.cut(range(1, 1000), Operators::AtLeast), (range(1, 1000), None));
        window.answered(range(0, 0), 0);
        assert_eq!(cut(window, 1, 1000).0, range(1, 200), "one number tells little");
        window.answered(range(1, 200), 0);
        assert_eq!(cut(window, 1, 1000), (range(1, 800), Some(range(801, 1000))));
        window.asked(400);
        window.silent(range(1, 800), 1000, 2000);
        assert_eq!(cut(window, 1, 1000).0, range(1, 200), "most of it came: what was safe still is");
        window.answered(range(1, 200), 0);
        window.answered(range(1, 800), 800);
        assert_eq!(cut(window, 1, 1000).0, range(1, 200));
        window.asked(400);
        window.silent(range(1, 200), 490, 2000);
        assert_eq!(cut(window, 1, 1000).0, range(1, 45));
        window.asked(490);
        window.silent(range(1, 45), 493, 2000);
        assert_eq!(cut(window, 1, 1000).0, range(1, 16), "not narrower");
        window.asked(500);
        window.silent(range(1, 2000), 1200, 2000);
        assert_eq!(cut(window, 1, 1000).0, range(1, 16), "and no wider again");
        (0..64).for_each(|_| window.answered(cut(window, 0, u16::MAX).0, 0));
        assert_eq!(cut(window, 0, u16::MAX), (SequenceRange::ALL, None));
    }

    #[test]
    fn a_large_store_is_asked_for_in_parts_of_about_as_many_records_however_they_lie() {
        for spacing in [1, 5, 30] {
            let mut window = Window::default();
            window.expect(64);
            assert_eq!(window.cut(SequenceRange::ALL, Operators::Within).1, None, "few enough at once");
            window.expect(2000);
            let (mut rest, mut parts) = (Some(SequenceRange::ALL), 0);
            while let Some(asked) = rest {
                let (part, behind) = window.cut(asked, Operators::Within);
                let last = part.last().value().min(1999 * spacing);
                let records = (part.first().value()..=last).filter(|number| number % spacing == 0).count();
                assert!(records <= 66, "{records} in one part");
                window.answered(part, records);
                (rest, parts) = (behind, parts + 1);
            }
            assert!(parts <= 48, "{parts} parts for a record in every {spacing}");
        }
    }
}
