//! Virtual time, and nodes whose clocks are wrong.

use dmledger_core::time::Timestamp;
use std::{collections::BTreeMap, time::Duration};

/// When every world begins: 2026-01-01 00:00 UTC.
pub const BEGINNING: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// The world's time and each node's opinion of it.
#[derive(Debug, Default)]
pub struct VirtualClock {
    now: Duration,
    skews: BTreeMap<usize, i64>,
}

impl VirtualClock {
    /// Time since the beginning.
    #[must_use]
    pub const fn now(&self) -> Duration {
        self.now
    }

    /// Sets a node's clock ahead of the world's, or behind it, by this many milliseconds.
    pub fn skew(&mut self, node: usize, millis: i64) {
        self.skews.insert(node, millis);
    }

    /// What a node's clock says.
    #[must_use]
    pub fn at(&self, node: usize) -> Timestamp {
        let skew = self.skews.get(&node).copied().unwrap_or(0);
        let true_time = BEGINNING.plus(self.now);
        Timestamp::from_millis(true_time.millis().saturating_add(skew))
    }

    pub(super) fn advance(&mut self, to: Duration) {
        self.now = self.now.max(to);
    }
}
