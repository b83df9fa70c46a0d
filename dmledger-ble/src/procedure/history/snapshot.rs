//! A proof that a store with many gaps is whole, without a question for every gap.
//!
//! A device gives its records growing numbers. Let `n` be the number of a record that is stored, and let the device count
//! the records below `n`: they are `c`. None is ever added below `n` again. So whatever arrives from below `n` after that
//! count was among the `c`, and once `c` different numbers of it have arrived, they are all of it: no gap below `n` holds
//! a record, whatever the device deletes meanwhile. A count that equals what was received at any other time shows less,
//! because a record deleted and another one lost make up for each other.
//!
//! Three questions (last record, count below it, gap behind it) take the place of one for every gap. If the numbers do
//! not meet, because the device deleted records before it sent them, the snapshot is taken anew and everything asked for
//! again, [`RENEWALS`] times at most; after that every gap is counted by itself, as it is for devices without ranges.

use crate::procedure::glucose_sync::SequenceRange;
use crate::procedure::glucose_sync::ask::Ask;

/// Whether the numbers of records may have begun anew since they were last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::procedure) enum Numbering {
    /// The device said that it still counts from the same start.
    Same,
    /// Nobody knows.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing shows that it would pay.
    Later,
    /// To be taken; the records to be counted, once the last one is known.
    Wanted(Option<SequenceRange>),
    /// The device counted so many in this range; none was added to it since.
    Taken(SequenceRange, u16),
    /// The device does not answer what is needed.
    Never,
}

#[derive(Debug)]
pub(super) struct Snapshot {
    state: State,
    failures: u32,
    renewals: u32,
}

impl Snapshot {
    pub(super) const fn new() -> Self {
        Self { state: State::Later, failures: 0, renewals: 0 }
    }

    /// The device has counted `stored` records in scope, of which `received` are here.
    pub(super) fn consider(&mut self, stored: u16, received: usize) {
        if self.state == State::Later && usize::from(stored) > received.max(FEW) {
            self.state = State::Wanted(None);
        }
    }

    /// What is to be asked for it, if anything is.
    pub(super) const fn question(&self) -> Option<Ask> {
        match self.state {
            State::Wanted(None) => Some(Ask::ReportLast),
            State::Wanted(Some(range)) => Some(Ask::CountBelow(range)),
            State::Later | State::Taken(..) | State::Never => None,
        }
    }

    /// The last record was asked for; `below` are the numbers below the largest one that has arrived.
    pub(super) fn last_reported(&mut self, below: Option<SequenceRange>) {
        match below {
            Some(_) => self.state = State::Wanted(below),
            None => self.failed(),
        }
    }

    /// A question for it was not answered.
    pub(super) fn failed(&mut self) {
        self.failures += 1;
        self.state = if self.failures > FAILURES { State::Never } else { State::Wanted(None) };
    }

    /// The device cannot answer.
    pub(super) fn give_up(&mut self) {
        self.state = State::Never;
    }

    pub(super) fn counted(&mut self, range: SequenceRange, count: u16) {
        self.state = State::Taken(range, count);
    }

    /// A conversation begins.
    pub(super) fn begin(&mut self, numbering: Numbering) {
        if numbering == Numbering::Unknown && self.state != State::Never {
            self.state = State::Later;
        }
    }

    /// Another one is to be taken, since this one leaves so many gaps unproved; `false` when it has to do.
    pub(super) fn renew(&mut self, unproved: usize) -> bool {
        let renews = unproved > FEW && self.renewals < RENEWALS && !matches!(self.state, State::Never);
        if renews {
            self.renewals += 1;
            self.state = State::Wanted(None);
        }
        renews
    }

    /// Whether everything must be sent again after it was taken.
    pub(super) const fn is_renewed(&self) -> bool {
        self.renewals > 0
    }

    /// The range in which no gap holds a record; `since` counts the numbers of a range that arrived since it was taken.
    pub(super) fn proved(&self, since: impl FnOnce(SequenceRange) -> usize) -> Option<SequenceRange> {
        match self.state {
            State::Taken(range, count) if since(range) == usize::from(count) => Some(range),
            _ => None,
        }
    }
}

/// So few gaps are rather counted one by one.
const FEW: usize = 16;
/// Questions that may go unanswered, in all.
const FAILURES: u32 = 4;
/// How often everything is asked for again.
const RENEWALS: u32 = 2;
