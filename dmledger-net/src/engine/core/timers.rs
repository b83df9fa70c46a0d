//! Names for timers, so that one that no longer matters can be left to fire.

use crate::engine::wal::Step;
use dmledger_core::time::Height;
use std::collections::HashMap;

/// Names one timer of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId(u64);

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    /// Repeats: status, re-sending, catch-up.
    Tick,
    /// The floor between two blocks.
    Rest,
    /// Begin the next height.
    Start,
    /// Propose, even if nothing is waiting.
    Propose { height: Height, round: u32 },
    /// A step of a round took too long.
    Step { height: Height, step: Step, round: u32 },
}

/// The timers that still matter; at most one for each purpose.
#[derive(Debug, Default)]
pub(super) struct Timers {
    next: u64,
    purposes: HashMap<u64, Purpose>,
    ids: HashMap<Purpose, u64>,
}

impl Timers {
    /// Names a new timer; an earlier one for the same purpose no longer matters.
    pub(super) fn set(&mut self, purpose: Purpose) -> TimerId {
        self.cancel(purpose);
        let id = self.next;
        self.next += 1;
        self.purposes.insert(id, purpose);
        self.ids.insert(purpose, id);
        TimerId(id)
    }

    /// What a firing timer was for, if it still matters.
    pub(super) fn take(&mut self, id: TimerId) -> Option<Purpose> {
        let purpose = self.purposes.remove(&id.0)?;
        self.ids.remove(&purpose);
        Some(purpose)
    }

    pub(super) fn cancel(&mut self, purpose: Purpose) {
        if let Some(id) = self.ids.remove(&purpose) {
            self.purposes.remove(&id);
        }
    }

    /// Forgets every timer that belongs to a height.
    pub(super) fn cancel_steps(&mut self) {
        let keep = |purpose: &Purpose| matches!(purpose, Purpose::Tick | Purpose::Rest | Purpose::Start);
        self.purposes.retain(|_, purpose| keep(purpose));
        self.ids.retain(|purpose, _| keep(purpose));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_set_again_fires_once() {
        let mut timers = Timers::default();
        let (first, second) = (timers.set(Purpose::Tick), timers.set(Purpose::Tick));
        assert_eq!((timers.take(first), timers.take(second), timers.take(second)), (None, Some(Purpose::Tick), None));
    }

    #[test]
    fn leaving_a_height_forgets_its_timers_only() {
        let mut timers = Timers::default();
        let (height, round) = (Height::new(3), 0);
        let step = timers.set(Purpose::Step { height, step: Step::Prevote, round });
        let (propose, tick) = (timers.set(Purpose::Propose { height, round }), timers.set(Purpose::Tick));
        timers.cancel_steps();
        assert_eq!((timers.take(step), timers.take(propose), timers.take(tick)), (None, None, Some(Purpose::Tick)));
    }
}
