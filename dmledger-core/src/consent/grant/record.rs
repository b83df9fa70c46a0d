//! A grant as the ledger holds it: where it came from, how often it served, and how it ended.

use super::{Grant, GrantId};
use crate::{
    codec::Canonical,
    consent::AgreementId,
    envelope::AccountId,
    identity::MemberId,
    time::{Height, Moment, Timestamp},
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// How a grant came about. Following it back tells the grant's whole history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum Origin {
    /// The account's holders granted it.
    Granted,
    /// The same terms for longer.
    Renewed {
        /// The grant before it.
        from: GrantId,
    },
    /// Less than before.
    Narrowed {
        /// The grant before it.
        from: GrantId,
    },
    /// Other terms for the same audience.
    Replaced {
        /// The grant before it.
        from: GrantId,
    },
    /// Passed by its grantee to another, who holds it instead.
    HandedOver {
        /// The grant before it.
        from: GrantId,
        /// Who held that.
        by: MemberId,
    },
    /// Given on by a grantee, who keeps its own: it serves only while that one does.
    Referred {
        /// The referrer's grant.
        from: GrantId,
        /// The referrer.
        by: MemberId,
    },
    /// The right an agreement gives.
    Agreed {
        /// The agreement.
        agreement: AgreementId,
    },
}

impl Origin {
    /// The grant it came from, if from one.
    #[must_use]
    pub const fn from(&self) -> Option<GrantId> {
        match self {
            Self::Renewed { from }
            | Self::Narrowed { from }
            | Self::Replaced { from }
            | Self::HandedOver { from, .. }
            | Self::Referred { from, .. } => Some(*from),
            Self::Granted | Self::Agreed { .. } => None,
        }
    }
}

/// Whether a grant was ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum GrantStatus {
    /// Not ended; it may still have expired or be used up.
    Standing,
    /// Taken back by the account, void since the block at this height, that block included; so for all below.
    Revoked {
        /// Height of the revocation.
        height: Height,
    },
    /// Given up by the grantee.
    Renounced {
        /// Height of the renunciation.
        height: Height,
    },
    /// Another grant took its place.
    Superseded {
        /// Height at which it did.
        height: Height,
        /// The other grant.
        by: GrantId,
    },
    /// Its agreement was ended by one of the parties.
    Terminated {
        /// Height at which it was.
        height: Height,
    },
}

impl GrantStatus {
    /// Since when it has been void, if it was ended before its time.
    #[must_use]
    pub const fn void_since(&self) -> Option<Height> {
        match self {
            Self::Standing => None,
            Self::Revoked { height }
            | Self::Renounced { height }
            | Self::Superseded { height, .. }
            | Self::Terminated { height } => Some(*height),
        }
    }
}

/// Where a grant stands at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// It serves.
    InForce,
    /// It begins later, in time.
    NotYetValid {
        /// When.
        from: Timestamp,
    },
    /// It begins later, in height.
    HeightNotReached {
        /// At which height.
        from: Height,
    },
    /// It ended in time.
    Expired {
        /// First instant it no longer held.
        at: Timestamp,
    },
    /// It ended in height.
    HeightExpired {
        /// First height at which it no longer held.
        until: Height,
    },
    /// All requests of its quota have been served.
    Exhausted {
        /// Requests granted.
        quota: u32,
    },
    /// Taken back.
    Revoked {
        /// Since when.
        height: Height,
    },
    /// Given up by the grantee.
    Renounced {
        /// Since when.
        height: Height,
    },
    /// Another grant took its place.
    Superseded {
        /// Since when.
        height: Height,
        /// The other grant.
        by: GrantId,
    },
    /// Its agreement was ended.
    Terminated {
        /// Since when.
        height: Height,
    },
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InForce => f.write_str("in force"),
            Self::NotYetValid { from } => write!(f, "valid from {from} only"),
            Self::HeightNotReached { from } => write!(f, "valid from height {from} only"),
            Self::Expired { at } => write!(f, "expired at {at}"),
            Self::HeightExpired { until } => write!(f, "expired at height {until}"),
            Self::Exhausted { quota } => write!(f, "quota of {quota} requests used up"),
            Self::Revoked { height } => write!(f, "revoked at height {height}"),
            Self::Renounced { height } => write!(f, "renounced by the grantee at height {height}"),
            Self::Superseded { height, by } => write!(f, "replaced at height {height} by grant {by}"),
            Self::Terminated { height } => write!(f, "ended with its agreement at height {height}"),
        }
    }
}

/// A grant as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct GrantRecord {
    account: AccountId,
    grant: Grant,
    number: u64,
    granted: Height,
    origin: Origin,
    status: GrantStatus,
    used: u32,
}

impl GrantRecord {
    /// The account's grant `number` (from 0), made by the block at `granted`.
    #[must_use]
    pub const fn new(account: AccountId, grant: Grant, number: u64, granted: Height, origin: Origin) -> Self {
        Self { account, grant, number, granted, origin, status: GrantStatus::Standing, used: 0 }
    }

    /// The same grant, ended as `status` says. The first end stands.
    #[must_use]
    pub fn end(mut self, status: GrantStatus) -> Self {
        if self.status == GrantStatus::Standing {
            self.status = status;
        }
        self
    }

    /// The same grant after one more request was served under it.
    #[must_use]
    pub const fn spend(mut self) -> Self {
        self.used = self.used.saturating_add(1);
        self
    }

    /// The account it is about.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// What was decided.
    #[must_use]
    pub const fn grant(&self) -> &Grant {
        &self.grant
    }

    /// Its place in the account's list of grants, from 0.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Height of the block that made it.
    #[must_use]
    pub const fn granted(&self) -> Height {
        self.granted
    }

    /// How it came about.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// Whether it was ended before its time.
    #[must_use]
    pub const fn status(&self) -> GrantStatus {
        self.status
    }

    /// Requests served under it, those of referrals from it included.
    #[must_use]
    pub const fn used(&self) -> u32 {
        self.used
    }

    /// Requests it still serves; `None` for any number.
    #[must_use]
    pub fn left(&self) -> Option<u32> {
        self.grant.quota.map(|quota| quota.saturating_sub(self.used))
    }

    /// Where it stands in the block at `at`: ended, out of its time, used up, or in force, in this order.
    #[must_use]
    pub fn standing(&self, at: Moment) -> Standing {
        self.ended().or_else(|| self.untimely(at)).or_else(|| self.exhausted()).unwrap_or(Standing::InForce)
    }

    /// Whether it can never serve again.
    #[must_use]
    pub fn is_over(&self, at: Moment) -> bool {
        self.ended().is_some() || self.grant.validity.is_over(at.height, at.time) || self.exhausted().is_some()
    }

    /// How it was ended before its time, if it was.
    #[must_use]
    pub const fn ended(&self) -> Option<Standing> {
        match self.status {
            GrantStatus::Standing => None,
            GrantStatus::Revoked { height } => Some(Standing::Revoked { height }),
            GrantStatus::Renounced { height } => Some(Standing::Renounced { height }),
            GrantStatus::Superseded { height, by } => Some(Standing::Superseded { height, by }),
            GrantStatus::Terminated { height } => Some(Standing::Terminated { height }),
        }
    }

    /// In what way the moment lies outside its validity, if it does: an end in time before one in height, ends before
    /// beginnings.
    #[must_use]
    pub fn untimely(&self, at: Moment) -> Option<Standing> {
        let validity = self.grant.validity;
        let (from, until, time) = (validity.from(), validity.until(), validity.time());
        if at.time >= time.end() {
            Some(Standing::Expired { at: time.end() })
        } else if at.height >= until {
            Some(Standing::HeightExpired { until })
        } else if at.time < time.start() {
            Some(Standing::NotYetValid { from: time.start() })
        } else if at.height < from {
            Some(Standing::HeightNotReached { from })
        } else {
            None
        }
    }

    /// Whether its quota is used up.
    #[must_use]
    pub fn exhausted(&self) -> Option<Standing> {
        match (self.left(), self.grant.quota) {
            (Some(0), Some(quota)) => Some(Standing::Exhausted { quota }),
            _ => None,
        }
    }
}

impl Canonical for GrantRecord {
    const MAX_BYTES: usize = Grant::MAX_BYTES + 192;
}
