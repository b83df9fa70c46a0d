//! What a collector says to a device and when: state machines without a radio, a clock or a thread.
//!
//! A procedure takes an event with the time it happened and answers with actions. The same machine is driven by a real
//! radio, by a simulated device in virtual time and by a fuzzer.
//!
//! - [`glucose_sync`] fetches the stored records of a glucose meter.
//! - [`cgm_session`] starts, follows, completes and stops a session of a continuous glucose sensor.
//! - [`blood_pressure`] takes what a cuff, a scale, a thermometer or an oximeter has stored and indicates.
//! - [`stream`] listens to what a device sends and does not keep: an oximeter's continuous saturations.
//! - [`heart_rate`] listens to a stream of heart rates with intervals between beats.
//! - [`sleep`] fetches nights from a wearable behind [`SleepSource`](sleep::SleepSource).
//! - [`clip_transfer`] fetches pictures and clips of the table camera (feature `ingest`, for its hashes).
//!
//! All but the first speak the [`Event`](conversation::Event)s and [`Action`](conversation::Action)s of
//! [`conversation`] and are driven by [`crate::link::drive()`].

pub mod blood_pressure;
pub mod cgm_session;
#[cfg(feature = "ingest")]
pub mod clip_transfer;
pub mod conversation;
pub mod glucose_sync;
pub mod heart_rate;
mod history;
mod line;
pub mod sleep;
pub mod stream;

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

#[cfg(all(test, feature = "ingest", feature = "sim"))]
mod faulty;
#[cfg(all(test, feature = "sim"))]
mod flooded;
