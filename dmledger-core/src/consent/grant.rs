//! A grant: who may do what with which of an account's data, why, and until when.
//!
//! A grant changes nothing but what it says, and what it said stays readable: revoking, using up, expiring and being
//! replaced leave the grant in the account's list for ever ([`record`]).

pub mod record;

pub use record::{GrantRecord, GrantStatus, Origin, Standing};

use crate::{
    codec::{Bytes, Canonical},
    envelope::AccountId,
    hash::{Digest, Hasher, tag},
    identity::{MemberId, Role},
    scope::{Conditions, PurposeSet, Validity, VerbSet},
    time::TimeRange,
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

/// Shared by the 16-byte names that stand in complete lists.
macro_rules! wide_name {
    ($name:ident) => {
        impl $name {
            /// The name as a complete list holds it: its 16 bytes, then 16 of zero.
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
    };
}
pub(crate) use wide_name;
wide_name!(GrantId);

/// For whom a grant is: the scope of publication.
///
/// Private is what no grant is given for. Several named grantees are several grants: consent is given recipient by
/// recipient, and each is sealed its own keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum Audience {
    /// One named member.
    Member(MemberId),
    /// Every member of a role.
    Role(Role),
    /// Every member of the network.
    Consortium,
    /// Everybody, through any member that passes it on: records declared de-identified only, to read only, for research
    /// and public health only, whatever else the grant names.
    Public,
}

impl Audience {
    /// Every audience a member of this role belongs to.
    #[must_use]
    pub const fn of(member: MemberId, role: Role) -> [Self; 4] {
        [Self::Member(member), Self::Role(role), Self::Consortium, Self::Public]
    }

    /// The one member it names; none if it is for many.
    #[must_use]
    pub const fn member(&self) -> Option<MemberId> {
        match self {
            Self::Member(member) => Some(*member),
            _ => None,
        }
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
    /// What the asker has to undertake.
    pub conditions: Conditions,
    /// Salted digest of the sealed grant body, which carries the keys and never stands on the ledger.
    pub body: Digest,
    /// Where the grantee finds the sealed body, itself sealed for the grantee; may be empty.
    pub delivery: Bytes<MAX_DELIVERY_BYTES>,
}

/// A dimension in which one grant can go beyond another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dimension {
    /// Permits where the other denies, or the reverse.
    Effect,
    /// Other hours of data.
    Data,
    /// Other times or heights.
    Validity,
    /// More verbs.
    Verbs,
    /// More purposes.
    Purposes,
    /// More requests.
    Quota,
    /// Fewer conditions, or another disease.
    Conditions,
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Effect => "effect",
            Self::Data => "hours of data",
            Self::Validity => "validity",
            Self::Verbs => "verbs",
            Self::Purposes => "purposes",
            Self::Quota => "quota",
            Self::Conditions => "conditions",
        })
    }
}

impl Grant {
    /// The first dimension in which this goes beyond `outer`, of whose quota `left` requests are left; the audience is
    /// not compared.
    #[must_use]
    pub fn beyond(&self, outer: &Self, left: Option<u32>) -> Option<Dimension> {
        let quota = left.is_none_or(|left| self.quota.is_some_and(|quota| quota <= left));
        let disease = outer.conditions.disease().is_none_or(|disease| self.conditions.disease() == Some(disease));
        let kept = [
            (Dimension::Effect, self.effect == outer.effect),
            (Dimension::Data, outer.data.covers(&self.data)),
            (Dimension::Validity, outer.validity.covers(&self.validity)),
            (Dimension::Verbs, outer.verbs.covers(self.verbs)),
            (Dimension::Purposes, outer.purposes.covers(self.purposes)),
            (Dimension::Quota, quota),
            (Dimension::Conditions, self.conditions.covers(&outer.conditions) && disease),
        ];
        kept.into_iter().find(|(_, kept)| !kept).map(|(dimension, _)| dimension)
    }
}

impl Canonical for Grant {
    const MAX_BYTES: usize = 256 + Conditions::MAX_BYTES + MAX_DELIVERY_BYTES;
}

/// Name under which the account's grants for one audience are found.
#[must_use]
pub fn audience_key(account: &AccountId, audience: &Audience) -> Digest {
    Hasher::new(tag::AUDIENCE).chain(account.as_bytes()).field(borsh::to_vec(audience).unwrap_or_default()).finish()
}
