//! Stored records by number over a record access control point, and the proof that none is missing.
//!
//! The same rules as those of the glucose procedure, for records that one number identifies: count, report, count again,
//! have every gap between received numbers counted empty, or all gaps of a [`Snapshot`] at once. An answer that is
//! overdue is replaced by an abort, and nothing is believed until the abort is answered.
//!
//! Without faults a store of any size and any gaps takes six questions: count, last record, count below it, report,
//! count, gap behind the last; and a large one a question more for every part of its report (module `window`).

mod snapshot;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use super::glucose_sync::ask::{Ask, GapCount, GapPart, Operators, octets};
use super::glucose_sync::range::{clusters, gaps};
use super::glucose_sync::verified::Verified;
use super::glucose_sync::window::Window;
use super::glucose_sync::{Proof, SequenceRange};
use crate::codec::glucose::SequenceNumber;
use crate::codec::racp::{OpCode, Request, Response, ResponseCode};
pub(super) use snapshot::Numbering;
use snapshot::Snapshot;

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Write this to the control point and wait.
    Write(Vec<u8>),
    /// Every record in scope has arrived.
    Complete(Proof),
    /// The device refuses what is needed.
    Refused(u8),
    /// Rounds of asking bring nothing.
    Stuck,
    /// Nothing: the answer was not the one awaited.
    Wait,
}

/// What a record turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Not seen before.
    First,
    /// Octet for octet one seen before.
    Repeat,
    /// Its number was seen with other octets.
    Conflict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Resting,
    Asking(Ask),
    Aborting,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    print: u64,
    /// It came, first or again, after the snapshot was taken.
    since_snapshot: bool,
}

#[derive(Debug)]
pub(super) struct History {
    scope: SequenceRange,
    seen: BTreeMap<u16, Seen>,
    operators: Operators,
    state: State,
    count: Option<u16>,
    last_count: Option<u16>,
    fetch: VecDeque<SequenceRange>,
    window: Window,
    verified: Verified,
    snapshot: Snapshot,
    rounds: u32,
    arrived_in_round: bool,
    most_rounds: u32,
}

impl History {
    pub(super) fn new(scope: SequenceRange, most_rounds: u32) -> Self {
        Self {
            scope,
            seen: BTreeMap::new(),
            operators: Operators::Within,
            state: State::Resting,
            count: None,
            last_count: None,
            fetch: VecDeque::new(),
            window: Window::default(),
            verified: Verified::default(),
            snapshot: Snapshot::new(),
            rounds: 0,
            arrived_in_round: false,
            most_rounds,
        }
    }

    /// Takes a record in, stored or live.
    pub(super) fn record(&mut self, number: u16, raw: &[u8]) -> Arrival {
        let print = fingerprint(raw);
        match self.seen.get_mut(&number) {
            None => {
                self.seen.insert(number, Seen { print, since_snapshot: true });
                self.verified.refute(number);
                self.arrived_in_round = true;
                Arrival::First
            }
            Some(before) => {
                before.since_snapshot = true;
                if before.print == print { Arrival::Repeat } else { Arrival::Conflict }
            }
        }
    }

    /// Number of the newest record that arrived.
    pub(super) fn newest(&self) -> Option<u16> {
        self.seen.last_key_value().map(|(number, _)| *number)
    }

    /// How many records the device last counted.
    pub(super) const fn stored(&self) -> Option<u16> {
        self.last_count
    }

    /// Gaps that the device did not count empty.
    pub(super) fn holes(&self) -> Vec<SequenceRange> {
        let proved = self.snapshot.proved(|range| self.count_in(range, |seen| seen.since_snapshot));
        let covers = |gap| self.verified.covers(gap) || proved.is_some_and(|proved| proved.covers(gap));
        self.gaps().into_iter().filter(|gap| !covers(*gap)).collect()
    }

    /// Whether the device owes an answer.
    pub(super) const fn is_asking(&self) -> bool {
        !matches!(self.state, State::Resting)
    }

    /// Begins, or begins anew on another link: what was counted before may have changed.
    pub(super) fn begin(&mut self, numbering: Numbering) -> Step {
        self.state = State::Resting;
        self.snapshot.begin(numbering);
        self.forget_counts();
        self.next()
    }

    /// Another session of the device, with other numbers: nothing seen before counts.
    pub(super) fn forget(&mut self, scope: SequenceRange) {
        *self = Self::new(scope, self.most_rounds);
    }

    /// The answer is overdue.
    pub(super) fn silence(&mut self) -> Step {
        match self.state {
            State::Resting => return Step::Wait,
            State::Asking(Ask::Report(range)) => {
                if let Some(stored) = self.last_count {
                    self.window.silent(range, self.received(), stored);
                }
            }
            State::Asking(Ask::ReportLast | Ask::CountBelow(_)) => self.snapshot.failed(),
            State::Asking(_) | State::Aborting => {}
        }
        self.state = State::Aborting;
        Step::Write(octets(Request::Abort))
    }

    /// The control point answered.
    pub(super) fn response(&mut self, response: Response) -> Step {
        match (self.state, response) {
            (State::Aborting, Response::Code { request: OpCode::ABORT, .. }) => {
                self.count = None;
                self.next()
            }
            (State::Asking(ask), Response::Number(count)) if ask.counts() => self.counted(ask, count),
            (State::Asking(ask), Response::Code { request, code }) if request == ask.op_code() => {
                self.answered(ask, code)
            }
            // The answer to a question that was given up: believed by nobody.
            _ => Step::Wait,
        }
    }

    fn forget_counts(&mut self) {
        self.count = None;
        self.verified.clear();
        self.fetch.clear();
    }

    fn gaps(&self) -> Vec<SequenceRange> {
        gaps(self.scope, self.seen.keys().copied())
    }

    fn received(&self) -> usize {
        self.count_in(self.scope, |_| true)
    }

    fn count_in(&self, range: SequenceRange, counts: impl Fn(&Seen) -> bool) -> usize {
        let inside = self.seen.range(range.first().value()..=range.last().value());
        inside.filter(|(_, seen)| counts(seen)).count()
    }

    fn ask(&mut self, ask: Ask) -> Step {
        if matches!(ask, Ask::Report(_)) {
            self.count = None;
            self.window.asked(self.received());
        }
        self.state = State::Asking(ask);
        Step::Write(octets(ask.request(self.operators)))
    }

    fn next(&mut self) -> Step {
        if let Some(range) = self.fetch.pop_front() {
            let (range, rest) = self.window.cut(range, self.operators);
            rest.into_iter().for_each(|rest| self.fetch.push_front(rest));
            return self.ask(Ask::Report(range));
        }
        let Some(count) = self.count else { return self.ask(Ask::CountScope(self.scope)) };
        if self.operators == Operators::Within {
            self.snapshot.consider(count, self.received());
            if let Some(question) = self.snapshot.question() {
                return self.ask(question);
            }
        }
        if usize::from(count) > self.received() {
            self.verified.clear();
            let gaps = self.gaps();
            let whole = gaps.is_empty() || self.rounds >= ROUNDS_OF_GAPS;
            return if whole { self.round(&[self.scope]) } else { self.round(&gaps) };
        }
        let countable = self.operators.count_gaps(self.newest());
        let provable = count > 0 && countable;
        let unproved = if provable { self.holes() } else { Vec::new() };
        if self.operators == Operators::Within && self.snapshot.renew(unproved.len()) {
            return self.next();
        }
        if let Some(gap) = unproved.first() {
            return self.ask(Ask::CountGap { gap: *gap, part: GapPart::Start });
        }
        self.state = State::Resting;
        Step::Complete(if countable { Proof::EveryGapCounted } else { Proof::CountOnly })
    }

    fn round(&mut self, ranges: &[SequenceRange]) -> Step {
        self.rounds = if core::mem::take(&mut self.arrived_in_round) { 1 } else { self.rounds + 1 };
        if self.rounds > self.most_rounds {
            return Step::Stuck;
        }
        let distance = if self.operators == Operators::Within { CLUSTER } else { u16::MAX };
        self.fetch.extend(clusters(ranges, distance));
        self.next()
    }

    fn counted(&mut self, ask: Ask, count: u16) -> Step {
        match ask {
            Ask::CountGap { gap, part } => match self.operators.gap_counted(gap, part, count, self.newest()) {
                GapCount::Ask(ask) => return self.ask(ask),
                GapCount::Fetch(range) => return self.round(&[range]),
                GapCount::Empty(gap) => self.verified.insert(gap),
            },
            Ask::CountBelow(range) => {
                self.seen.values_mut().for_each(|seen| seen.since_snapshot = false);
                self.snapshot.counted(range, count);
                if self.snapshot.is_renewed() {
                    self.fetch.push_back(self.scope);
                }
            }
            _ => {
                (self.count, self.last_count) = (Some(count), Some(count));
                self.window.expect(count);
            }
        }
        self.next()
    }

    /// The numbers in scope below the largest one that arrived.
    fn below_newest(&self) -> Option<SequenceRange> {
        let below = self.newest()?.checked_sub(1)?;
        SequenceRange::new(self.scope.first(), SequenceNumber::new(below))
    }

    fn answered(&mut self, ask: Ask, code: ResponseCode) -> Step {
        match code {
            ResponseCode::NO_RECORDS if ask.counts() => self.counted(ask, 0),
            ResponseCode::SUCCESS | ResponseCode::NO_RECORDS if !ask.counts() => {
                match ask {
                    Ask::Report(range) => self.window.answered(range, self.count_in(range, |_| true)),
                    _ => self.snapshot.last_reported(self.below_newest()),
                }
                self.next()
            }
            // Whoever cannot send the last record alone may still know ranges.
            _ if ask == Ask::ReportLast => {
                self.snapshot.give_up();
                self.next()
            }
            ResponseCode::INVALID_OPERATOR
            | ResponseCode::OPERATOR_NOT_SUPPORTED
            | ResponseCode::INVALID_OPERAND
            | ResponseCode::OPERAND_NOT_SUPPORTED => match self.operators.fewer() {
                Some(fewer) => {
                    self.operators = fewer;
                    if fewer == Operators::AllOnly {
                        self.scope = SequenceRange::ALL;
                    }
                    self.forget_counts();
                    self.next()
                }
                None => Step::Refused(code.number()),
            },
            ResponseCode::OP_CODE_NOT_SUPPORTED => Step::Refused(code.number()),
            // Not done, for a reason that may pass: count again, as one more round.
            _ => {
                self.count = None;
                self.rounds += 1;
                if self.rounds > self.most_rounds { Step::Stuck } else { self.next() }
            }
        }
    }
}

/// FNV-1a, 64 bits: tells an honest device's repeat from changed content; no defence against a forger.
pub(super) fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, octet| (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01B3))
}

/// Rounds without a record after which the whole scope is asked for instead of its gaps.
const ROUNDS_OF_GAPS: u32 = 3;
/// Gaps as near as this are asked for together.
const CLUSTER: u16 = 24;

#[cfg(all(test, feature = "std"))]
mod tests;
