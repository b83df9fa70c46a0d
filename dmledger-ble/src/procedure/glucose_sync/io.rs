//! What goes into and comes out of a synchronisation.

use alloc::vec::Vec;
use core::time::Duration;

use super::outcome::Outcome;
use super::record::{Record, RecordKey};
use crate::codec::uuid::Uuid;
use crate::error::DecodeError;
use crate::procedure::Uptime;

/// How patient a synchronisation is, and where it starts.
#[derive(Clone, Debug)]
pub struct SyncConfig {
    pub(super) resume: Option<RecordKey>,
    pub(super) response_timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) companion_timeout: Duration,
    pub(super) session_limit: Duration,
    pub(super) fruitless_attempts: u32,
    pub(super) cluster_distance: u16,
}

impl SyncConfig {
    /// Everything the device holds, with the patience of a home gateway: 5 s for an answer, 60 s for a connection, 1 s
    /// for a late context, 30 minutes in all, twelve attempts in a row that bring nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            resume: None,
            response_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(60),
            companion_timeout: Duration::from_secs(1),
            session_limit: Duration::from_secs(30 * 60),
            fruitless_attempts: 12,
            cluster_distance: 24,
        }
    }

    /// Only what is newer than `last`, the resume point of the last complete session. Name it only when everything up
    /// to it is stored durably.
    #[must_use]
    pub const fn resuming_after(mut self, last: RecordKey) -> Self {
        self.resume = Some(last);
        self
    }

    /// How long a device may stay silent while it owes an answer.
    #[must_use]
    pub const fn with_response_timeout(mut self, wait: Duration) -> Self {
        self.response_timeout = wait;
        self
    }

    /// How long to wait for a connection and its services. Many meters advertise only after a fresh measurement.
    #[must_use]
    pub const fn with_connect_timeout(mut self, wait: Duration) -> Self {
        self.connect_timeout = wait;
        self
    }

    /// How long after a report a late context or exact value is waited for before its record is asked for again.
    #[must_use]
    pub const fn with_companion_timeout(mut self, wait: Duration) -> Self {
        self.companion_timeout = wait;
        self
    }

    /// How long the whole session may take.
    #[must_use]
    pub const fn with_session_limit(mut self, limit: Duration) -> Self {
        self.session_limit = limit;
        self
    }

    /// How many attempts in a row may bring nothing new before the session ends incomplete.
    #[must_use]
    pub const fn with_fruitless_attempts(mut self, attempts: u32) -> Self {
        self.fruitless_attempts = attempts;
        self
    }
}

impl Default for SyncConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// An ATT error, by the number of the Bluetooth Core Specification, volume 3, part F, section 3.4.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AttError(u8);

impl AttError {
    /// Insufficient authentication: the device wants a bond.
    pub const INSUFFICIENT_AUTHENTICATION: Self = Self(0x05);
    /// Insufficient authorization.
    pub const INSUFFICIENT_AUTHORIZATION: Self = Self(0x08);
    /// The attribute is not there.
    pub const ATTRIBUTE_NOT_FOUND: Self = Self(0x0A);
    /// Insufficient encryption.
    pub const INSUFFICIENT_ENCRYPTION: Self = Self(0x0F);
    /// Client Characteristic Configuration descriptor improperly configured: not subscribed.
    pub const NOT_SUBSCRIBED: Self = Self(0xFD);
    /// Procedure already in progress.
    pub const PROCEDURE_IN_PROGRESS: Self = Self(0xFE);

    /// From the number as it travels.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        Self(number)
    }

    /// The number as it travels.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Whether pairing would help.
    #[must_use]
    pub const fn wants_bond(self) -> bool {
        matches!(
            self,
            Self::INSUFFICIENT_AUTHENTICATION | Self::INSUFFICIENT_AUTHORIZATION | Self::INSUFFICIENT_ENCRYPTION
        )
    }
}

/// What the radio reports.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The host wants the session to begin.
    Start,
    /// The link is up; services are not known yet.
    Connected,
    /// Service discovery is done; these characteristics exist.
    ServicesResolved(&'a [Uuid]),
    /// A subscription asked for is in place.
    Subscribed(Uuid),
    /// The device refused a subscription or a write.
    Refused {
        /// The characteristic it was about.
        characteristic: Uuid,
        /// The device's reason.
        error: AttError,
    },
    /// A notification or an indication arrived.
    Value {
        /// The characteristic it is a value of.
        characteristic: Uuid,
        /// The value.
        bytes: &'a [u8],
    },
    /// The link is down.
    Disconnected,
    /// There is no radio any more: no link will come.
    RadioGone,
    /// The device did not pair: no link will come.
    NotPaired,
    /// The time asked for with [`Action::SetTimer`] has come; an early or needless tick does no harm.
    Tick,
    /// The host wants the session to end.
    Stop,
}

/// What the host is asked to do, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Make the link and discover services.
    Connect,
    /// Drop the link.
    Disconnect,
    /// Enable notifications or indications.
    Subscribe(Uuid),
    /// Write with response.
    Write {
        /// The characteristic.
        characteristic: Uuid,
        /// The value.
        bytes: Vec<u8>,
    },
    /// Send [`Event::Tick`] at this time; replaces the time asked for before.
    SetTimer(Uptime),
    /// A record, handed over once. Store it idempotently by device and [`Record::key`].
    Deliver(Record),
    /// A value that no decoder accepts; its record stays a hole.
    Undecodable {
        /// The characteristic.
        characteristic: Uuid,
        /// The value as received.
        bytes: Vec<u8>,
        /// Why it was refused.
        error: DecodeError,
    },
    /// The session is over; further events are ignored.
    Done(Outcome),
}
