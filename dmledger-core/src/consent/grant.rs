//! A grant: who may do what with which of an account's data, why, and until when.
//!
//! A grant changes nothing but what it says, and what it said stays readable: revoking, using up and expiring leave the
//! grant in the account's list for ever.

use crate::{
    codec::{Bytes, Canonical},
    envelope::AccountId,
    hash::{Digest, Hasher, tag},
    identity::{MemberId, Role},
    scope::{PurposeSet, Validity, VerbSet},
    time::{Height, TimeRange},
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// Longest delivery note in bytes.
pub const MAX_DELIVERY_BYTES: usize = 1024;

/// A grant's name: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct GrantId([u8; 16]);

/// Shared by the 16-byte names: constructor, bytes, hex.
macro_rules! random_name {
    ($name:ident) => {
        impl $name {
            /// Wraps 16 bytes that were drawn at random.
            #[must_use]
            pub const fn new(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}
pub(crate) use random_name;
random_name!(GrantId);

impl GrantId {
    /// The name as the account's complete list of grants holds it: its 16 bytes, then 16 of zero.
    #[must_use]
    pub fn list_member(&self) -> Digest {
        let mut wide = [0; 32];
        wide.iter_mut().zip(self.0).for_each(|(to, from)| *to = from);
        Digest::new(wide)
    }

    /// The name that a list holds; `None` if it is none.
    #[must_use]
    pub fn from_list_member(member: &Digest) -> Option<Self> {
        let (name, rest) = member.as_bytes().split_first_chunk()?;
        rest.iter().all(|byte| *byte == 0).then_some(Self(*name))
    }
}

/// For whom a grant is: the scope of publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum Audience {
    /// One named member.
    Member(MemberId),
    /// Every member of a role.
    Role(Role),
    /// Every member of the network.
    Consortium,
}

impl Audience {
    /// Every audience a member of this role belongs to.
    #[must_use]
    pub const fn of(member: MemberId, role: Role) -> [Self; 3] {
        [Self::Member(member), Self::Role(role), Self::Consortium]
    }
}

/// Whether a grant opens or closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "a provision permits or denies, as in FHIR Consent")]
pub enum Effect {
    /// Opens what it names.
    Permit = 1,
    /// Closes what it names, whatever else is permitted: "everybody but".
    Deny = 2,
}

/// What the account's holders decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Grant {
    /// Its name.
    pub id: GrantId,
    /// Opens or closes.
    pub effect: Effect,
    /// For whom.
    pub audience: Audience,
    /// Which data: the span of time the records cover.
    pub data: TimeRange,
    /// When it holds, in ledger time and heights.
    pub validity: Validity,
    /// To do what.
    pub verbs: VerbSet,
    /// For which purposes.
    pub purposes: PurposeSet,
    /// How many requests it serves; `None` for any number. A request counts once, however many records it names.
    pub quota: Option<u32>,
    /// Salted digest of the sealed grant body, which carries the keys and never stands on the ledger.
    pub body: Digest,
    /// Where the grantee finds the sealed body, itself sealed for the grantee; may be empty.
    pub delivery: Bytes<MAX_DELIVERY_BYTES>,
}

impl Canonical for Grant {
    const MAX_BYTES: usize = 256 + MAX_DELIVERY_BYTES;
}

/// Whether a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum GrantStatus {
    /// Not revoked; it may still have expired or be used up.
    Standing,
    /// Void since the block at this height, that block included.
    Revoked {
        /// Height of the revocation.
        height: Height,
    },
}

/// A grant as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct GrantRecord {
    account: AccountId,
    grant: Grant,
    number: u64,
    granted: Height,
    status: GrantStatus,
    used: u32,
}

impl GrantRecord {
    /// The account's grant `number` (from 0), made by the block at `granted`.
    #[must_use]
    pub const fn new(account: AccountId, grant: Grant, number: u64, granted: Height) -> Self {
        Self { account, grant, number, granted, status: GrantStatus::Standing, used: 0 }
    }

    /// The same grant, void since `height`. The first revocation stands.
    #[must_use]
    pub fn revoke(mut self, height: Height) -> Self {
        if self.status == GrantStatus::Standing {
            self.status = GrantStatus::Revoked { height };
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

    /// Whether it stands.
    #[must_use]
    pub const fn status(&self) -> GrantStatus {
        self.status
    }

    /// Requests served under it.
    #[must_use]
    pub const fn used(&self) -> u32 {
        self.used
    }

    /// Requests it still serves; `None` for any number.
    #[must_use]
    pub fn left(&self) -> Option<u32> {
        self.grant.quota.map(|quota| quota.saturating_sub(self.used))
    }
}

impl Canonical for GrantRecord {
    const MAX_BYTES: usize = Grant::MAX_BYTES + 96;
}

/// Name under which the account's grants for one audience are found.
#[must_use]
pub fn audience_key(account: &AccountId, audience: &Audience) -> Digest {
    Hasher::new(tag::AUDIENCE).chain(account.as_bytes()).field(borsh::to_vec(audience).unwrap_or_default()).finish()
}
