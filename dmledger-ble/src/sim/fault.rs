//! What goes wrong between a simulated device and its collector, drawn from a seed.

use core::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// A probability in thousandths, 0 to 1,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PerMille(u16);

impl PerMille {
    /// Never.
    pub const NEVER: Self = Self(0);

    /// From thousandths; more than 1,000 is always.
    #[must_use]
    pub const fn new(thousandths: u16) -> Self {
        Self(if thousandths > 1000 { 1000 } else { thousandths })
    }

    /// The thousandths.
    #[must_use]
    pub const fn thousandths(self) -> u16 {
        self.0
    }
}

/// How often each fault happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    pub(super) lost_values: PerMille,
    pub(super) late_contexts: PerMille,
    pub(super) repeated_values: PerMille,
    pub(super) lost_answers: PerMille,
    pub(super) late_answers: PerMille,
    pub(super) dropped_links: PerMille,
}

impl Faults {
    /// A perfect radio.
    pub const NONE: Self = Self {
        lost_values: PerMille::NEVER,
        late_contexts: PerMille::NEVER,
        repeated_values: PerMille::NEVER,
        lost_answers: PerMille::NEVER,
        late_answers: PerMille::NEVER,
        dropped_links: PerMille::NEVER,
    };

    /// Notifications that never arrive, as under load on a real stack.
    #[must_use]
    pub const fn with_lost_values(mut self, rate: PerMille) -> Self {
        self.lost_values = rate;
        self
    }

    /// Contexts and exact values that arrive after the next measurements.
    #[must_use]
    pub const fn with_late_contexts(mut self, rate: PerMille) -> Self {
        self.late_contexts = rate;
        self
    }

    /// Notifications that arrive twice.
    #[must_use]
    pub const fn with_repeated_values(mut self, rate: PerMille) -> Self {
        self.repeated_values = rate;
        self
    }

    /// Answers of the control point that never arrive.
    #[must_use]
    pub const fn with_lost_answers(mut self, rate: PerMille) -> Self {
        self.lost_answers = rate;
        self
    }

    /// Answers of the control point that arrive seconds late, perhaps after the collector gave up.
    #[must_use]
    pub const fn with_late_answers(mut self, rate: PerMille) -> Self {
        self.late_answers = rate;
        self
    }

    /// Links that break, drawn at every value sent.
    #[must_use]
    pub const fn with_dropped_links(mut self, rate: PerMille) -> Self {
        self.dropped_links = rate;
        self
    }
}

/// What happens to one value on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Arrives,
    Lost,
    Late(Duration),
    Repeated,
    LinkBreaks,
}

/// Kind of value, since faults differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Traffic {
    Record,
    Companion,
    Answer,
}

/// Draws fates from a seed.
#[derive(Debug)]
pub(super) struct Dice {
    faults: Faults,
    rng: ChaCha20Rng,
}

impl Dice {
    pub(super) fn new(faults: Faults, seed: u64) -> Self {
        Self { faults, rng: ChaCha20Rng::seed_from_u64(seed) }
    }

    pub(super) fn fate(&mut self, traffic: Traffic) -> Fate {
        let Faults { lost_values, late_contexts, repeated_values, lost_answers, late_answers, dropped_links } =
            self.faults;
        if self.strikes(dropped_links) {
            return Fate::LinkBreaks;
        }
        match traffic {
            Traffic::Answer if self.strikes(lost_answers) => Fate::Lost,
            Traffic::Answer if self.strikes(late_answers) => Fate::Late(Duration::from_millis(self.below(12_000))),
            Traffic::Answer => Fate::Arrives,
            _ if self.strikes(lost_values) => Fate::Lost,
            Traffic::Companion if self.strikes(late_contexts) => Fate::Late(Duration::from_millis(self.below(40))),
            _ if self.strikes(repeated_values) => Fate::Repeated,
            _ => Fate::Arrives,
        }
    }

    fn strikes(&mut self, rate: PerMille) -> bool {
        rate.0 > 0 && self.below(1000) < u64::from(rate.0)
    }

    /// A number below `bound`; the bias of a 64-bit remainder does not matter here.
    fn below(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound
    }
}
