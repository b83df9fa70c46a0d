//! What somebody wants to be told about an account: typed rules, kept on the ledger as data.
//!
//! The ledger evaluates none of them; a host does, with `ledger::notice`, from finalised blocks.
//! A rule about measured values is a salted digest: home and institution know what it says, the ledger does not.

use crate::{
    codec::{Canonical, List},
    envelope::AccountId,
    hash::Digest,
    identity::MemberId,
    time::Height,
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::time::Duration;

/// Most rules of one subscriber for one account.
pub const MAX_ALERTS: usize = 32;

/// Whom a notice is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_enums, reason = "an account's holders, or somebody else")]
pub enum Subscriber {
    /// The account's holders: everything about the account.
    Account,
    /// A member: what concerns the member itself.
    Member(MemberId),
}

/// What a rule looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Alert {
    /// Access was allowed.
    AccessAllowed = 1,
    /// Access was denied.
    AccessDenied = 2,
    /// A grant was made.
    GrantMade = 3,
    /// A grant ended, in whatever way.
    GrantEnded = 4,
    /// A grant ends within so many milliseconds.
    GrantEnding(u64) = 5,
    /// A certificate that counts for the account ends within so many milliseconds.
    CertificateEnding(u64) = 6,
    /// Records were registered.
    RecordAdded = 7,
    /// A record got another version.
    RecordUpdated = 8,
    /// No record was registered for so many milliseconds.
    Silence(u64) = 9,
    /// An agreement was concluded, ended or renewed, or an institution noted or referred under it.
    Agreement = 10,
    /// Any other action about the account: proposals, changes of policy, trustees, devices.
    Other = 11,
    /// A measured value crosses a bound that stands in a sealed rule with this salted digest.
    Reading(Digest) = 12,
    /// An emergency was asked for, approved, opened, used, ended or reviewed. An account's holders are told without a rule.
    Emergency = 13,
    /// A recovery was asked for, fell due, was carried out or stopped. An account's holders are told without a rule.
    Recovery = 14,
    /// An erasure was ordered, or a custodian stated that it has erased.
    Erasure = 15,
    /// A publication waits for the account, or was released, rejected, taken back or not decided in time. An account's
    /// holders are told of one that waits without a rule.
    Publication = 16,
}

impl Alert {
    /// How far ahead the rule looks, or back.
    #[must_use]
    pub const fn within(&self) -> Option<Duration> {
        match self {
            Self::GrantEnding(ms) | Self::CertificateEnding(ms) | Self::Silence(ms) => Some(Duration::from_millis(*ms)),
            _ => None,
        }
    }
}

/// A subscriber's rules for one account, as the ledger holds them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct Alerts {
    /// The account.
    pub account: AccountId,
    /// Whose rules.
    pub subscriber: Subscriber,
    /// How often they have been set.
    pub number: u64,
    /// The rules.
    pub rules: List<Alert, MAX_ALERTS>,
    /// The block that set them.
    pub set: Height,
}

impl Canonical for Alerts {
    const MAX_BYTES: usize = 128 + MAX_ALERTS * 33;
}
