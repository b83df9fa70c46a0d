//! When the next height may begin: no sooner than the floor after the last block, and only if there is work.
//!
//! Without work nothing is proposed and no timer of a round runs. Work is an action waiting here, or a validator heard
//! at work on the next height: whoever has an action tells every validator, and whoever hears a vote joins in, so a
//! lost frame delays the others by one timeout at most.

use dmledger_core::time::{Height, Timestamp};
use std::time::Duration;

/// Fewest actions a proposer offers to its ledger, and what it begins with, and the most.
const LEAST: usize = 64;
const FIRST: usize = 512;
const MOST: usize = 16_384;

/// How many actions this node offers for one block: fewer if its blocks take longer to become final than the target,
/// more as long as they do not. So blocks fill up under load and votes still come in time on a slow machine.
#[derive(Debug)]
pub(crate) struct Appetite {
    target: Duration,
    actions: usize,
    proposed: Option<(Height, Timestamp)>,
}

impl Appetite {
    pub(crate) const fn new(target: Duration) -> Self {
        Self { target, actions: FIRST, proposed: None }
    }

    /// Actions to offer for the block at `height`, which is proposed now.
    pub(crate) fn propose(&mut self, height: Height, now: Timestamp) -> usize {
        self.proposed = Some((height, now));
        self.actions
    }

    /// The block at `height` is final.
    pub(crate) fn applied(&mut self, height: Height, now: Timestamp) {
        let Some((_, proposed)) = self.proposed.take().filter(|(of, _)| *of == height) else { return };
        self.actions = if now.since(proposed) > self.target { self.actions / 2 } else { self.actions * 5 / 4 };
        self.actions = self.actions.clamp(LEAST, MOST);
    }
}

/// Keeps blocks apart and idle nodes quiet.
#[derive(Debug, Default)]
pub(crate) struct Pacing {
    /// The floor after the last block has not passed yet.
    resting: bool,
    /// A validator is at work on the next height.
    peers_work: bool,
    /// The start is on its way.
    due: bool,
}

impl Pacing {
    /// A block was applied; the floor is now to be waited for.
    pub(crate) fn applied(&mut self) {
        *self = Self { resting: true, peers_work: false, due: false };
    }

    /// The floor has passed.
    pub(crate) fn rested(&mut self) {
        self.resting = false;
    }

    /// A validator was heard at work on the next height.
    pub(crate) fn heard_work(&mut self) {
        self.peers_work = true;
    }

    /// Whether the start is to be set in motion now, given whether actions wait here.
    pub(crate) fn schedule(&mut self, actions_wait: bool) -> bool {
        let now = !self.resting && !self.due && (actions_wait || self.peers_work);
        self.due |= now;
        now
    }

    /// The start has come; whether there is still work.
    pub(crate) fn start(&mut self, actions_wait: bool) -> bool {
        self.due = false;
        actions_wait || self.peers_work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_starts_without_work_or_before_the_floor() {
        let mut pacing = Pacing::default();
        assert!(!pacing.schedule(false));
        assert!(pacing.schedule(true) && !pacing.schedule(true), "once");
        pacing.applied();
        assert!(!pacing.schedule(true));
        pacing.rested();
        assert!(pacing.schedule(true));
        assert!(!pacing.start(false), "the work was done by others meanwhile");
    }

    #[test]
    fn slow_blocks_shrink_and_quick_ones_grow_within_bounds() {
        let mut appetite = Appetite::new(Duration::from_millis(100));
        let mut block = |n: u64, millis| {
            let start = Timestamp::from_seconds(60);
            let actions = appetite.propose(Height::new(n), start);
            appetite.applied(Height::new(n), start.plus(Duration::from_millis(millis)));
            actions
        };
        assert_eq!([block(1, 101), block(2, 100), block(3, 0)], [FIRST, FIRST / 2, FIRST / 2 * 5 / 4]);
        for n in 4..40 {
            block(n, 500);
        }
        assert_eq!(block(40, 0), LEAST);
        for n in 41..100 {
            block(n, 0);
        }
        assert_eq!(block(100, 0), MOST);
    }

    #[test]
    fn blocks_of_others_say_nothing_about_the_appetite() {
        let mut appetite = Appetite::new(Duration::ZERO);
        appetite.propose(Height::new(1), Timestamp::EPOCH);
        appetite.applied(Height::new(2), Timestamp::from_seconds(9));
        assert_eq!(appetite.propose(Height::new(3), Timestamp::EPOCH), FIRST);
    }

    #[test]
    fn work_of_peers_starts_an_idle_node_and_is_forgotten_with_the_height() {
        let mut pacing = Pacing::default();
        pacing.heard_work();
        assert!(pacing.schedule(false) && pacing.start(false));
        pacing.applied();
        pacing.rested();
        assert!(!pacing.schedule(false));
    }
}
