//! Devices that cannot count: whole reports are compared instead.
//!
//! Some devices refuse "report number of stored records"; others answer it by sending their records. What such a device
//! holds is taken for complete when two whole reports in a row ended in success, the second brought nothing new, and
//! every gap inside the numbers received was reported empty. That is weaker than a count: records lost from both
//! reports before the first or behind the last number received are not noticed, and [`Proof::ReportsAgree`] says so.
//!
//! [`Proof::ReportsAgree`]: super::Proof::ReportsAgree

use alloc::vec::Vec;

use super::ask::Ask;
use super::range::SequenceRange;
use super::{Action, GlucoseSync};
use crate::procedure::Uptime;

/// What is known about a device's reports.
#[derive(Debug, Default)]
pub(super) struct Reports {
    /// The device does not count.
    uncounted: bool,
    /// Measurements since the last question.
    heard: u32,
    /// Counts in a row that were answered with a report.
    instead: u32,
    /// Records and companions when the running report began.
    before: u64,
    /// A whole report has ended in success.
    whole: bool,
    /// Records and companions when a further whole report had brought nothing new.
    agreed: Option<u64>,
}

impl Reports {
    /// A question is put.
    pub(super) const fn asked(&mut self, progress: u64) {
        self.heard = 0;
        self.before = progress;
    }

    /// A measurement arrives.
    pub(super) const fn heard(&mut self) {
        self.heard = self.heard.saturating_add(1);
    }

    /// A count was answered with a count.
    pub(super) const fn counted(&mut self) {
        self.instead = 0;
    }

    /// A report of everything in scope ended in success.
    pub(super) fn whole(&mut self, progress: u64) {
        self.agreed = (self.whole && progress == self.before).then_some(progress);
        self.whole = true;
    }

    /// The device says that it cannot count.
    pub(super) const fn refused(&mut self) {
        self.uncounted = true;
    }

    pub(super) const fn is_uncounted(&self) -> bool {
        self.uncounted
    }
}

impl GlucoseSync {
    /// A count was answered with the end of a report. Once may be a repeat of an older answer; twice in a row, each time
    /// after records, is how the device answers.
    pub(super) fn on_report_instead(&mut self, ask: Ask, now: Uptime, actions: &mut Vec<Action>) {
        if self.reports.heard == 0 {
            return;
        }
        self.reports.instead += 1;
        if matches!(ask, Ask::CountScope(_)) {
            self.reports.whole(self.collected.progress());
        }
        self.reports.uncounted |= self.reports.instead >= 2;
        if !self.silent_attempt(actions) {
            self.next(now, actions);
        }
    }

    /// Chooses the next question without a count; `false` when nothing is left to ask.
    pub(super) fn asks_without_count(&mut self, now: Uptime, actions: &mut Vec<Action>) -> bool {
        if self.reports.agreed != Some(self.collected.progress()) {
            self.verified.clear();
            self.fetch_round(&[self.scope], now, actions);
            return true;
        }
        let holes = self.collected.inner_gaps(self.scope);
        let holes: Vec<SequenceRange> = holes.into_iter().filter(|gap| !self.verified.covers(*gap)).collect();
        if holes.is_empty() {
            return false;
        }
        self.fetch_round(&holes, now, actions);
        true
    }
}
