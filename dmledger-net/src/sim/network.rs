//! The links between nodes: how long frames take, which are lost or come twice, who cannot reach whom.

use rand_chacha::{ChaCha20Rng, rand_core::Rng};
use std::time::Duration;

/// Quality of every link. A frame takes `delay` and up to `jitter` more, so frames overtake each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "configuration of tests")]
pub struct Quality {
    /// Least time a frame takes.
    pub delay: Duration,
    /// Random addition, at most this much.
    pub jitter: Duration,
    /// Frames lost, of a thousand.
    pub lost_permille: u32,
    /// Frames that arrive twice, of a thousand.
    pub doubled_permille: u32,
}

/// All links of a world.
#[derive(Debug)]
pub struct Network {
    quality: Quality,
    sides: Vec<usize>,
}

impl Network {
    pub(super) fn new(nodes: usize) -> Self {
        Self { quality: Quality::default(), sides: vec![0; nodes] }
    }

    /// Gives every link this quality.
    pub fn set_quality(&mut self, quality: Quality) {
        self.quality = quality;
    }

    /// Cuts these nodes off from all others; among themselves they stay connected.
    pub fn cut_off(&mut self, nodes: &[usize]) {
        for (node, side) in self.sides.iter_mut().enumerate() {
            *side = usize::from(nodes.contains(&node));
        }
    }

    /// Connects everyone with everyone.
    pub fn heal(&mut self) {
        self.sides.fill(0);
    }

    /// After what time a frame arrives, once for every copy of it.
    pub(super) fn deliver(&self, from: usize, to: usize, rng: &mut ChaCha20Rng) -> Vec<Duration> {
        let Quality { lost_permille, doubled_permille, .. } = self.quality;
        let cut = self.sides.get(from) != self.sides.get(to);
        if cut || below(rng, 1000) < u64::from(lost_permille) {
            return Vec::new();
        }
        let copies = if below(rng, 1000) < u64::from(doubled_permille) { 2 } else { 1 };
        (0..copies).map(|_| self.delay(rng)).collect()
    }

    fn delay(&self, rng: &mut ChaCha20Rng) -> Duration {
        let jitter = u64::try_from(self.quality.jitter.as_micros()).unwrap_or(u64::MAX);
        self.quality.delay + Duration::from_micros(below(rng, jitter.saturating_add(1)))
    }
}

/// A number below `bound`; 0 if there is none. The bias of the remainder does not matter to faults.
pub(super) fn below(rng: &mut ChaCha20Rng, bound: u64) -> u64 {
    rng.next_u64() % bound.max(1)
}
