//! How patient a radio is and how it pairs.

use core::time::Duration;

use super::pairing::PairingPolicy;

/// How long a [`Radio`](super::Radio) waits for each kind of call, and when it pairs.
#[derive(Clone, Debug)]
pub struct RadioConfig {
    pub(super) call_timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) pairing_timeout: Duration,
    pub(super) pairing: PairingPolicy,
    pub(super) adapter: usize,
}

impl RadioConfig {
    /// 4 s for a read, write or subscription, 30 s to connect and discover, 60 s to pair, bond where the device offers
    /// it, first adapter.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            call_timeout: Duration::from_secs(4),
            connect_timeout: Duration::from_secs(30),
            pairing_timeout: Duration::from_secs(60),
            pairing: PairingPolicy::WhenOffered,
            adapter: 0,
        }
    }

    /// How long the device may take to confirm a read, a write or a subscription.
    #[must_use]
    pub const fn with_call_timeout(mut self, limit: Duration) -> Self {
        self.call_timeout = limit;
        self
    }

    /// How long finding a device, connecting to it and discovering its services may take, each.
    #[must_use]
    pub const fn with_connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long pairing may take, with a person reading a code off a display.
    #[must_use]
    pub const fn with_pairing_timeout(mut self, limit: Duration) -> Self {
        self.pairing_timeout = limit;
        self
    }

    /// When to pair.
    #[must_use]
    pub const fn with_pairing(mut self, policy: PairingPolicy) -> Self {
        self.pairing = policy;
        self
    }

    /// Which adapter of the machine, counted from zero.
    #[must_use]
    pub const fn with_adapter(mut self, number: usize) -> Self {
        self.adapter = number;
        self
    }
}

impl Default for RadioConfig {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_nobody_answers_ends_in_less_than_five_seconds() {
        assert!(RadioConfig::new().call_timeout + super::super::STILL_THERE < Duration::from_secs(5));
    }
}
