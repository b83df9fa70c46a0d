#![expect(clippy::unwrap_used, reason = "helpers of tests: a failure is the test's")]

use alloc::collections::BTreeSet;

use super::*;
use crate::codec::Characteristic as _;
use crate::codec::racp::{Bounds, Filter};

/// A device whose store changes while it is asked, behind a link that loses values and answers.
struct Device {
    stored: BTreeSet<u16>,
    newest: u16,
    /// Nothing is added from here on.
    last: u16,
    /// Whether it knows ranges, or "greater or equal" only.
    knows_ranges: bool,
    /// Parts in a thousand: added, deleted (any record, not only the oldest), lost values, lost answers.
    rates: [u64; 4],
    random: u64,
    questions: u32,
    /// Times at which the scope's count equalled what had come although something was missing.
    fooling: u32,
}

impl Device {
    fn new(count: u16, spacing: u16, rates: [u64; 4], seed: u64) -> Self {
        let stored: BTreeSet<_> = (0..count).map(|index| index * spacing).collect();
        let newest = stored.last().copied().unwrap_or(0);
        let last = newest.saturating_add(90);
        Self {
            stored,
            newest,
            last,
            knows_ranges: true,
            rates,
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            questions: 0,
            fooling: 0,
        }
    }

    /// The same device, which refuses ranges.
    fn without_ranges(mut self) -> Self {
        self.knows_ranges = false;
        self
    }

    /// xorshift64
    fn below(&mut self, end: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % end
    }

    fn strikes(&mut self, rate: usize) -> bool {
        self.below(1000) < self.rates[rate]
    }

    fn change(&mut self) {
        if self.strikes(0) && self.newest < self.last {
            self.newest += 3;
            self.stored.insert(self.newest);
        }
        if self.strikes(1) && !self.stored.is_empty() {
            let place = usize::try_from(self.below(self.stored.len() as u64)).unwrap();
            let number = *self.stored.iter().nth(place).unwrap();
            self.stored.remove(&number);
        }
    }

    fn chosen(&self, filter: Filter) -> Vec<u16> {
        let holds = |number: &&u16| match filter {
            Filter::Sequence(Bounds::Within(from, to)) => from.value() <= **number && **number <= to.value(),
            Filter::Sequence(Bounds::AtLeast(from)) => from.value() <= **number,
            Filter::Last => self.stored.last() == Some(*number),
            _ => true,
        };
        self.stored.iter().filter(holds).copied().collect()
    }

    /// Answers a request, and says what the history makes of that.
    fn ask(&mut self, request: &[u8], history: &mut History) -> Step {
        self.questions += 1;
        self.change();
        let request = Request::decode(request).unwrap();
        let mut response = Response::Code { request: request.op_code(), code: ResponseCode::SUCCESS };
        match request {
            Request::ReportNumber(Filter::Sequence(Bounds::Within(..)))
            | Request::ReportRecords(Filter::Sequence(Bounds::Within(..)))
                if !self.knows_ranges =>
            {
                response = Response::Code { request: request.op_code(), code: ResponseCode::OPERATOR_NOT_SUPPORTED };
            }
            Request::ReportNumber(filter) => {
                response = Response::Number(u16::try_from(self.chosen(filter).len()).unwrap());
            }
            Request::ReportRecords(filter) => {
                for number in self.chosen(filter) {
                    if self.stored.contains(&number) && !self.strikes(2) {
                        history.record(number, &number.to_le_bytes());
                    }
                    self.change();
                }
            }
            _ => {}
        }
        if self.strikes(3) && request != Request::Abort { history.silence() } else { history.response(response) }
    }

    /// Asks until the end, and says what came.
    fn run(&mut self) -> (Step, BTreeSet<u16>, History) {
        let mut history = History::new(SequenceRange::ALL, 12);
        let mut step = history.begin(Numbering::Unknown);
        while let Step::Write(request) = step {
            assert!(self.questions < 5000, "no end");
            step = self.ask(&request, &mut history);
            let counted = history.count.map(usize::from) == Some(history.received());
            let missing = self.stored.iter().any(|number| !history.seen.contains_key(number));
            self.fooling += u32::from(counted && missing);
            // Now and then the link is lost.
            if self.rates[3] > 0 && self.below(200) == 0 {
                let numbering = if self.below(2) == 0 { Numbering::Same } else { Numbering::Unknown };
                step = history.begin(numbering);
            }
        }
        let seen = history.seen.keys().copied().collect();
        (step, seen, history)
    }
}

#[test]
fn a_store_of_any_size_and_any_gaps_takes_six_questions_and_those_that_part_its_report() {
    let cases = [(17, 1000), (64, 1000), (500, 5), (500, 120), (4000, 15), (13_000, 5), (60_000, 1)];
    for (count, spacing) in cases {
        let mut device = Device::new(count, spacing, [0; 4], 1);
        let (end, seen, _) = device.run();
        assert_eq!((end, seen.len()), (Step::Complete(Proof::EveryGapCounted), usize::from(count)));
        let most = if count > 64 { 6 + u32::from(count) / 64 + 16 } else { 6 };
        assert!((6..=most).contains(&device.questions), "{count}, every {spacing}: {} questions", device.questions);
    }
}

#[test]
fn a_lossy_link_adds_questions_by_the_round_and_not_by_the_gap() {
    for seed in 1..20 {
        let mut device = Device::new(1000, 20, [0, 0, 180, 0], seed);
        let (end, seen, _) = device.run();
        assert_eq!((end, seen.len()), (Step::Complete(Proof::EveryGapCounted), 1000), "seed {seed}");
        assert!(device.questions <= 6 + 12 * (2 + 32), "seed {seed}: {} questions", device.questions);
    }
}

#[test]
fn nothing_is_said_to_be_complete_that_is_not_whatever_the_device_adds_and_deletes() {
    let (mut complete, mut fooled) = (0, 0);
    for seed in 1..=2000 {
        let rates = [seed % 40, seed % 31, seed * 7 % 150, seed * 3 % 60];
        let mut device = Device::new(40 + u16::try_from(seed % 60).unwrap(), 7, rates, seed);
        let (end, seen, _) = device.run();
        let missing = device.stored.difference(&seen).count();
        if let Step::Complete(_) = end {
            assert_eq!(missing, 0, "seed {seed}: false complete");
            complete += 1;
        }
        fooled += u32::from(device.fooling > 0);
    }
    println!("{complete} of 2000 complete; a mere count would have been fooled in {fooled}");
    assert!(fooled > 0);
    assert!(complete >= 1200, "only {complete} of 2000");
}

#[test]
fn a_device_without_ranges_is_not_said_to_be_complete_either_whatever_it_adds_and_deletes() {
    let (mut complete, mut fooled) = (0, 0);
    for seed in 1..=2000 {
        let rates = [seed % 40, seed % 31, seed * 7 % 150, seed * 3 % 60];
        let mut device = Device::new(10 + u16::try_from(seed % 30).unwrap(), 7, rates, seed).without_ranges();
        let (end, seen, _) = device.run();
        let missing = device.stored.difference(&seen).count();
        if let Step::Complete(_) = end {
            assert_eq!(missing, 0, "seed {seed}: false complete");
            complete += 1;
        }
        fooled += u32::from(device.fooling > 0);
    }
    println!("{complete} of 2000 complete; a mere count would have been fooled in {fooled}");
    assert!(fooled > 0);
    assert!(complete >= 1900, "only {complete} of 2000");
}

/// A device of twelve records without ranges: one is lost and another deleted after it came, so that the count equals
/// what came. Then a record behind the lost one is deleted before the question `deletes`, and one is added before the
/// question `adds`.
fn deceives(deletes: u32, adds: u32) -> (Step, bool) {
    let mut device = Device::new(12, 10, [0; 4], 1).without_ranges();
    let mut history = History::new(SequenceRange::ALL, 12);
    let mut step = history.begin(Numbering::Unknown);
    let mut reports = 0;
    while let Step::Write(request) = step {
        if device.questions == deletes {
            device.stored.remove(&90);
        }
        if device.questions == adds {
            device.stored.insert(200);
        }
        step = device.ask(&request, &mut history);
        let whole = Request::decode(&request) == Ok(Request::ReportRecords(Filter::All));
        reports += u32::from(whole);
        if whole && reports == 1 {
            history.seen.remove(&70);
            device.stored.remove(&50);
        }
    }
    (step, device.stored.iter().all(|number| history.seen.contains_key(number)))
}

#[test]
fn a_record_deleted_or_added_between_two_counts_never_hides_a_missing_one_from_a_device_without_ranges() {
    for deletes in 0..50 {
        for adds in 0..50 {
            let (end, everything) = deceives(deletes, adds);
            assert!(end == Step::Complete(Proof::EveryGapCounted), "{deletes}, {adds}: {end:?}");
            assert!(everything, "deleted before {deletes}, added before {adds}: false complete");
        }
    }
}

#[test]
fn a_device_without_ranges_that_has_used_up_its_numbers_proves_no_gap() {
    for (ranges, proof) in [(true, Proof::EveryGapCounted), (false, Proof::CountOnly)] {
        let mut device = Device::new(14, 5041, [0; 4], 1);
        device.knows_ranges = ranges;
        device.stored.insert(u16::MAX);
        assert_eq!(device.run().0, Step::Complete(proof));
    }
}

#[test]
fn a_record_lost_and_another_deleted_do_not_make_up_for_each_other() {
    let mut device = Device::new(40, 10, [0; 4], 1);
    let mut history = History::new(SequenceRange::ALL, 12);
    let mut step = history.begin(Numbering::Unknown);
    let mut reports = 0;
    while let Step::Write(request) = step {
        let whole = Request::decode(&request) == Ok(Request::ReportRecords(Filter::All));
        reports += u32::from(whole);
        step = device.ask(&request, &mut history);
        if whole && reports == 1 {
            // 200 was lost and 50 deleted after it came: the count that follows equals what came.
            history.seen.remove(&200);
            device.stored.remove(&50);
        }
    }
    assert_eq!(step, Step::Complete(Proof::EveryGapCounted));
    assert!(reports > 1 && history.seen.contains_key(&200));
}
