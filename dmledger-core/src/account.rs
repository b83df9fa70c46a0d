//! Who must sign: one account for each patient and data kind, under a policy of keys.
//!
//! An account's address is a hash over a random salt, and its patient keys belong to it alone, so nobody can tell that
//! two accounts are one person's. What lies in an account is told by its list of index entries; who may use it by its
//! list of grants.
//!
//! What needs more than one signature can wait on the ledger as a [`Proposal`]; [`auto_sign`] has the rules by which the
//! patient's agent signs at home. Who may act is changed by the patient alone ([`Authority::Patient`]), and every policy
//! and device an account ever had stays in its lists.
#![doc = include_str!("../docs/accounts.md")]

pub mod authority;
pub mod auto_sign;
pub mod device;
pub mod escrow;
pub mod policy;
pub mod proposal;
pub mod version;

pub use authority::Authority;
pub use device::{Device, DeviceKind, DeviceStatus};
pub use policy::{Group, KeyClass, Missing, Policy, PolicyError};
pub use proposal::{Proposal, ProposalId, ProposalStatus};
pub use version::{Mandate, PolicyCause, PolicyVersion};

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
    version: u64,
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
        Self { id, kind, policy, version: 0, gateways, certifier, opened }
    }

    /// The same account under another policy, the next in number.
    #[must_use]
    pub fn amend(self, policy: Policy) -> Self {
        Self { policy, version: self.version.saturating_add(1), ..self }
    }

    /// The same account with other keys that may author entries.
    #[must_use]
    pub fn equip(self, gateways: List<PublicKey, MAX_GATEWAYS>) -> Self {
        Self { gateways, ..self }
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

    /// Number of the policy; the one it was opened with is 0.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
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
