//! Who must sign: one account for each patient and data kind, under a policy of keys.
//!
//! An account's address is a hash over a random salt, and its patient keys belong to it alone, so nobody can tell that
//! two accounts are one person's. What lies in an account is told by its list of index entries; who may use it by its
//! list of grants.

pub mod policy;

pub use policy::{Group, KeyClass, Missing, Policy, PolicyError};

use crate::{
    codec::{Canonical, List},
    envelope::{AccountId, ChainId},
    hash::{Hasher, tag},
    identity::MemberId,
    key::PublicKey,
    record::DataKind,
    time::Height,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Most gateways and devices that may author an account's entries.
pub const MAX_GATEWAYS: usize = 16;

/// The address of an account opened on `chain` with this kind, policy and salt (32 random bytes).
#[must_use]
pub fn address(chain: &ChainId, kind: DataKind, policy: &Policy, salt: &[u8; 32]) -> AccountId {
    let digest = Hasher::new(tag::ACCOUNT)
        .chain(chain.as_bytes())
        .field(borsh::to_vec(&kind).unwrap_or_default())
        .field(crate::codec::encode(policy))
        .chain(salt)
        .finish();
    AccountId::new(digest)
}

/// An account as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Account {
    id: AccountId,
    kind: DataKind,
    policy: Policy,
    gateways: List<PublicKey, MAX_GATEWAYS>,
    certifier: MemberId,
    opened: Height,
}

impl Account {
    /// An account opened by the block at `opened`; `certifier` vouched for the patient's keys.
    #[must_use]
    pub const fn new(
        id: AccountId,
        kind: DataKind,
        policy: Policy,
        gateways: List<PublicKey, MAX_GATEWAYS>,
        certifier: MemberId,
        opened: Height,
    ) -> Self {
        Self { id, kind, policy, gateways, certifier, opened }
    }

    /// Its address.
    #[must_use]
    pub const fn id(&self) -> AccountId {
        self.id
    }

    /// The kind of data it holds.
    #[must_use]
    pub const fn kind(&self) -> DataKind {
        self.kind
    }

    /// Who must sign.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Keys that may author entries: the home gateway's and devices'.
    #[must_use]
    pub fn gateways(&self) -> &[PublicKey] {
        &self.gateways
    }

    /// The residence or end node that certified the patient's keys.
    #[must_use]
    pub const fn certifier(&self) -> MemberId {
        self.certifier
    }

    /// Height of the block that opened it.
    #[must_use]
    pub const fn opened(&self) -> Height {
        self.opened
    }
}

impl Canonical for Account {
    const MAX_BYTES: usize = Policy::MAX_BYTES + MAX_GATEWAYS * 33 + 128;
}
