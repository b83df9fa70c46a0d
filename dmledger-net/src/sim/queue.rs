//! What happens next: by virtual time, and within one moment in the order it was made.

use crate::{engine::TimerId, transport::Frame};
use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    time::Duration,
};

/// Something that will happen to a node.
#[derive(Debug)]
pub(super) enum What {
    Frame { to: usize, frame: Frame },
    Timer { node: usize, incarnation: u64, id: TimerId },
    GateTimer { node: usize, id: u64 },
}

/// Everything that will happen.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BinaryHeap<Reverse<Happening>>,
    last: u64,
}

#[derive(Debug)]
struct Happening {
    at: Duration,
    order: u64,
    what: What,
}

impl Queue {
    /// A number nobody has yet.
    pub(super) const fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub(super) fn push(&mut self, at: Duration, what: What) {
        let order = self.number();
        self.waiting.push(Reverse(Happening { at, order, what }));
    }

    /// Takes what happens next, unless it is later than `until`.
    pub(super) fn pop_until(&mut self, until: Duration) -> Option<(Duration, What)> {
        if self.waiting.peek()?.0.at > until {
            return None;
        }
        self.waiting.pop().map(|Reverse(happening)| (happening.at, happening.what))
    }
}

impl Happening {
    /// No two share a number.
    const fn key(&self) -> (Duration, u64) {
        (self.at, self.order)
    }
}

impl PartialEq for Happening {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Happening {}

impl PartialOrd for Happening {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Happening {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}
