//! What a rule can speak of.

use crate::{
    account::device::DeviceKind,
    identity::{MemberId, Role},
    record::DataKind,
    scope::{PurposeSet, VerbSet},
    time::{TimeRange, Timestamp},
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// Somebody who proposes, or to whom something is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Party {
    /// A member.
    Member {
        /// Who.
        id: MemberId,
        /// Its role.
        role: Role,
    },
    /// Every member of a role.
    Role(Role),
    /// Every member.
    Everybody,
    /// A key that is no member's: the patient's own, or a gateway's.
    Home,
}

/// Something done in an account's name that leaves unchanged who may act for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deed {
    /// Registering records.
    Records {
        /// How many.
        count: u32,
        /// From the first hour of the first to the last hour of the last.
        span: TimeRange,
    },
    /// Granting the use of records.
    Grant {
        /// To whom.
        grantee: Party,
        /// To do what.
        verbs: VerbSet,
        /// Why.
        purposes: PurposeSet,
        /// Which data.
        data: TimeRange,
        /// First instant it holds no more.
        until: Timestamp,
        /// How many requests it serves.
        quota: Option<u32>,
    },
    /// Taking a grant back, or denying.
    Close,
    /// Letting a device author entries.
    Pair {
        /// What it is.
        kind: DeviceKind,
    },
    /// De-registering a device.
    Retire,
}

/// Which deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum DeedKind {
    /// [`Deed::Records`].
    Records = 1,
    /// [`Deed::Grant`].
    Grant = 2,
    /// [`Deed::Close`].
    Close = 3,
    /// [`Deed::Pair`].
    Pair = 4,
    /// [`Deed::Retire`].
    Retire = 5,
}

impl Deed {
    /// Which one it is.
    #[must_use]
    pub const fn kind(&self) -> DeedKind {
        match self {
            Self::Records { .. } => DeedKind::Records,
            Self::Grant { .. } => DeedKind::Grant,
            Self::Close => DeedKind::Close,
            Self::Pair { .. } => DeedKind::Pair,
            Self::Retire => DeedKind::Retire,
        }
    }
}

impl DeedKind {
    /// Every one of them.
    pub const ALL: [Self; 5] = [Self::Records, Self::Grant, Self::Close, Self::Pair, Self::Retire];
}

impl fmt::Display for DeedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Records => "registering records",
            Self::Grant => "granting",
            Self::Close => "closing",
            Self::Pair => "pairing a device",
            Self::Retire => "retiring a device",
        })
    }
}

/// A proposal as the rules see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain argument")]
pub struct Subject {
    /// The kind of data in the account.
    pub kind: DataKind,
    /// Who proposes.
    pub proposer: Party,
    /// What.
    pub deed: Deed,
}
