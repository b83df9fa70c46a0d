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
    pub(super) reordered_values: PerMille,
    pub(super) corrupted_values: PerMille,
    pub(super) slow_acknowledgements: PerMille,
    pub(super) refused_pairings: PerMille,
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
        reordered_values: PerMille::NEVER,
        corrupted_values: PerMille::NEVER,
        slow_acknowledgements: PerMille::NEVER,
        refused_pairings: PerMille::NEVER,
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

    /// Notifications that arrive after the next ones.
    #[must_use]
    pub const fn with_reordered_values(mut self, rate: PerMille) -> Self {
        self.reordered_values = rate;
        self
    }

    /// Notifications of which one bit arrives flipped: what a faulty device or stack does, not the air.
    #[must_use]
    pub const fn with_corrupted_values(mut self, rate: PerMille) -> Self {
        self.corrupted_values = rate;
        self
    }

    /// Writes and reads that are answered seconds late.
    #[must_use]
    pub const fn with_slow_acknowledgements(mut self, rate: PerMille) -> Self {
        self.slow_acknowledgements = rate;
        self
    }

    /// Links on which the device refuses the bond.
    #[must_use]
    pub const fn with_refused_pairings(mut self, rate: PerMille) -> Self {
        self.refused_pairings = rate;
        self
    }
}

/// How often each fault has struck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Struck {
    /// Values that never arrived.
    pub lost: u32,
    /// Values that arrived late or after the next ones.
    pub late: u32,
    /// Values that arrived twice.
    pub repeated: u32,
    /// Values that arrived with a flipped bit.
    pub corrupted: u32,
    /// Links that broke.
    pub dropped: u32,
    /// Answers to writes and reads that came seconds late.
    pub slow: u32,
    /// Links on which the bond was refused.
    pub refused: u32,
}

impl Struck {
    /// How many faults there were in all.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.lost + self.late + self.repeated + self.corrupted + self.dropped + self.slow + self.refused
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            lost: self.lost + other.lost,
            late: self.late + other.late,
            repeated: self.repeated + other.repeated,
            corrupted: self.corrupted + other.corrupted,
            dropped: self.dropped + other.dropped,
            slow: self.slow + other.slow,
            refused: self.refused + other.refused,
        }
    }
}

/// What happens to one value on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Arrives,
    Lost,
    Late(Duration),
    Repeated,
    Corrupted(u64),
    LinkBreaks,
}

/// Kind of value, since faults differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Traffic {
    /// A notified record.
    Record,
    /// A notified value that belongs to a record.
    Companion,
    /// An answer of a control point.
    Answer,
    /// A value the device keeps until it is confirmed: it is not lost without the link.
    Confirmed,
}

/// Draws fates from a seed.
#[derive(Debug)]
pub(super) struct Dice {
    faults: Faults,
    rng: ChaCha20Rng,
    struck: Struck,
}

impl Dice {
    pub(super) fn new(faults: Faults, seed: u64) -> Self {
        Self { faults, rng: ChaCha20Rng::seed_from_u64(seed), struck: Struck::default() }
    }

    pub(super) const fn struck(&self) -> Struck {
        self.struck
    }

    pub(super) fn fate(&mut self, traffic: Traffic) -> Fate {
        let fate = self.draw(traffic);
        let count = match fate {
            Fate::Arrives => return fate,
            Fate::Lost => &mut self.struck.lost,
            Fate::Late(_) => &mut self.struck.late,
            Fate::Repeated => &mut self.struck.repeated,
            Fate::Corrupted(_) => &mut self.struck.corrupted,
            Fate::LinkBreaks => &mut self.struck.dropped,
        };
        *count += 1;
        fate
    }

    fn draw(&mut self, traffic: Traffic) -> Fate {
        let faults = self.faults;
        if self.strikes(faults.dropped_links) {
            return Fate::LinkBreaks;
        }
        match traffic {
            Traffic::Answer if self.strikes(faults.lost_answers) => Fate::Lost,
            Traffic::Answer if self.strikes(faults.late_answers) => {
                Fate::Late(Duration::from_millis(self.below(12_000)))
            }
            Traffic::Answer => Fate::Arrives,
            // Without its confirmation the link is dead.
            Traffic::Confirmed if self.strikes(faults.lost_values) => Fate::LinkBreaks,
            Traffic::Confirmed if self.strikes(faults.repeated_values) => Fate::Repeated,
            Traffic::Confirmed => Fate::Arrives,
            _ if self.strikes(faults.lost_values) => Fate::Lost,
            Traffic::Companion if self.strikes(faults.late_contexts) => {
                Fate::Late(Duration::from_millis(self.below(40)))
            }
            _ if self.strikes(faults.repeated_values) => Fate::Repeated,
            _ if self.strikes(faults.reordered_values) => Fate::Late(Duration::from_millis(5 + self.below(60))),
            _ if self.strikes(faults.corrupted_values) => Fate::Corrupted(self.below(u64::MAX)),
            _ => Fate::Arrives,
        }
    }

    /// How long the answer to a write or read takes beyond the usual.
    pub(super) fn slowness(&mut self) -> Duration {
        if !self.strikes(self.faults.slow_acknowledgements) {
            return Duration::ZERO;
        }
        self.struck.slow += 1;
        Duration::from_millis(self.below(8000))
    }

    /// Whether the device refuses the bond on the link that is made.
    pub(super) fn refuses_bond(&mut self) -> bool {
        let refuses = self.strikes(self.faults.refused_pairings);
        self.struck.refused += u32::from(refuses);
        refuses
    }

    fn strikes(&mut self, rate: PerMille) -> bool {
        rate.0 > 0 && self.below(1000) < u64::from(rate.0)
    }

    /// A number below `bound`; the bias of a 64-bit remainder does not matter here.
    fn below(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound
    }
}
