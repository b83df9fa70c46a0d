//! What a collector says to a device and when: state machines without a radio, a clock or a thread.
//!
//! A procedure takes an [`Event`](glucose_sync::Event) with the time it happened and answers with
//! [`Action`](glucose_sync::Action)s. The same machine is driven by a real radio, by the simulated meter in virtual
//! time and by a fuzzer. [`glucose_sync`] fetches the stored records of a glucose meter.

pub mod glucose_sync;

use core::time::Duration;

/// Milliseconds of a clock that never goes back, counted from any start; not a date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uptime(u64);

impl Uptime {
    /// From milliseconds since the start.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the start.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// This much later; saturates at the end of 64 bits.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)))
    }

    /// Time from `earlier` to here, zero if that is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}
