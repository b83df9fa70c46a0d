//! What every procedure but the glucose one takes and answers: events in, actions out.

use alloc::vec::Vec;
use core::time::Duration;

use super::Uptime;
use super::glucose_sync::AttError;
use crate::codec::uuid::Uuid;
use crate::error::DecodeError;

/// What happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Begin.
    Start,
    /// The link is up and its characteristics are known.
    ServicesResolved(&'a [Uuid]),
    /// Notifications or indications are enabled.
    Subscribed(Uuid),
    /// The device answered a read.
    Read {
        /// The characteristic.
        characteristic: Uuid,
        /// Its value.
        bytes: &'a [u8],
    },
    /// The device refused to read, write or subscribe.
    Refused {
        /// The characteristic.
        characteristic: Uuid,
        /// Its reason.
        error: AttError,
    },
    /// A notification or an indication.
    Value {
        /// The characteristic.
        characteristic: Uuid,
        /// Its value.
        bytes: &'a [u8],
    },
    /// The link is down.
    Disconnected,
    /// There is no radio any more: trying again is useless.
    RadioGone,
    /// The timer that was asked for, or any other moment.
    Tick,
    /// The host wants an end.
    Stop,
}

/// What to do, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action<T, O> {
    /// Make a link; answer with [`Event::ServicesResolved`] or [`Event::Disconnected`].
    Connect,
    /// End the link; answer with [`Event::Disconnected`].
    Disconnect,
    /// Enable notifications or indications; answer with [`Event::Subscribed`] or [`Event::Refused`].
    Subscribe(Uuid),
    /// Read; answer with [`Event::Read`] or [`Event::Refused`].
    Read(Uuid),
    /// Write with response; answer with [`Event::Refused`] if the device refuses.
    Write {
        /// The characteristic.
        characteristic: Uuid,
        /// The octets.
        bytes: Vec<u8>,
    },
    /// Send [`Event::Tick`] at this time; replaces the timer before.
    SetTimer(Uptime),
    /// Take this, once.
    Deliver(T),
    /// Octets that no decoder accepts, for a person to look at.
    Undecodable {
        /// The characteristic.
        characteristic: Uuid,
        /// Its value.
        bytes: Vec<u8>,
        /// Why.
        error: DecodeError,
    },
    /// The end.
    Done(O),
}

impl<T, O> Action<T, O> {
    /// The same with another way to put the end.
    pub(super) fn map_outcome<P>(self, put: impl FnOnce(O) -> P) -> Action<T, P> {
        match self {
            Self::Connect => Action::Connect,
            Self::Disconnect => Action::Disconnect,
            Self::Subscribe(characteristic) => Action::Subscribe(characteristic),
            Self::Read(characteristic) => Action::Read(characteristic),
            Self::Write { characteristic, bytes } => Action::Write { characteristic, bytes },
            Self::SetTimer(at) => Action::SetTimer(at),
            Self::Deliver(item) => Action::Deliver(item),
            Self::Undecodable { characteristic, bytes, error } => Action::Undecodable { characteristic, bytes, error },
            Self::Done(outcome) => Action::Done(put(outcome)),
        }
    }
}

/// A conversation with one device, without a radio and without a clock.
pub trait Procedure {
    /// What it delivers.
    type Item;
    /// How it ends.
    type Outcome;

    /// Takes what happened at `now`, which never goes back, and answers with what to do. After [`Action::Done`] every
    /// answer is empty. Work and memory of a call are bounded by the length of the value it takes and by what the
    /// procedure has kept so far, which is bounded itself.
    fn handle(&mut self, event: Event<'_>, now: Uptime) -> Vec<Action<Self::Item, Self::Outcome>>;

    /// Whether it is over.
    fn is_finished(&self) -> bool;
}

/// How long to wait and how often to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub(super) response: Duration,
    pub(super) connect: Duration,
    pub(super) session: Duration,
    pub(super) attempts: u32,
}

impl Limits {
    /// An answer within 5 s, a link within 60 s, half an hour in all, 12 attempts in a row that bring nothing.
    #[must_use]
    pub const fn new() -> Self {
        let (response, connect) = (Duration::from_secs(5), Duration::from_secs(60));
        Self { response, connect, session: Duration::from_secs(30 * 60), attempts: 12 }
    }

    /// How long an answer may take.
    #[must_use]
    pub const fn with_response(mut self, wait: Duration) -> Self {
        self.response = wait;
        self
    }

    /// How long a link may take.
    #[must_use]
    pub const fn with_connect(mut self, wait: Duration) -> Self {
        self.connect = wait;
        self
    }

    /// How long the whole may take.
    #[must_use]
    pub const fn with_session(mut self, limit: Duration) -> Self {
        self.session = limit;
        self
    }

    /// How many attempts in a row may bring nothing.
    #[must_use]
    pub const fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a procedure could not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The device lacks this characteristic: it is not of the kind asked for.
    Missing(Uuid),
    /// The device wants a bond first.
    NotPaired,
    /// The device refused the procedure with this answer of its control point.
    Refused(u8),
    /// Too many attempts in a row brought nothing.
    NoProgress,
    /// What the device holds is more than is taken.
    TooMuch,
    /// The device's data contradict themselves, again after being asked for anew.
    Corrupt,
    /// There is no radio any more.
    RadioGone,
    /// The time allowed is over.
    OutOfTime,
    /// The host wanted an end.
    Stopped,
}
