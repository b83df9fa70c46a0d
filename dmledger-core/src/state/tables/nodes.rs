//! The network's profile, chain nodes that end nodes have provisioned, and validators that were caught.

use super::{Facts, Places};
use crate::{
    codec::{Canonical, List},
    hash::Digest,
    identity::MemberId,
    key::PublicKey,
    quorum::{Address, evidence::Offence},
    state::{Namespace, StateError, StateKey, StoredList},
    time::{Height, Moment},
};
use borsh::{BorshDeserialize, BorshSerialize};

const PROFILE: Namespace = Namespace::new("profile");
const NODE: Namespace = Namespace::new("node");
const NODES_OF: Namespace = Namespace::new("nodes-of");
const OFFENDER: Namespace = Namespace::new("offender");
const OFFENDERS: Namespace = Namespace::new("offenders");

/// A chain node as the ledger holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct NodeRecord {
    /// Its own key.
    pub key: PublicKey,
    /// Whose node it is.
    pub member: MemberId,
    /// The end node that provisioned it.
    pub provisioner: MemberId,
    /// Number of the admission contract the end node acted on.
    pub contract: u64,
    /// Height of the block that registered it.
    pub provisioned: Height,
}

impl Canonical for NodeRecord {
    const MAX_BYTES: usize = 128;
}

/// The addresses of one member's nodes, in the order they were provisioned.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct NodeList(List<Address, 16>);

impl NodeList {
    /// Most nodes of one member.
    pub const MAX: usize = 16;

    /// Whether there is no room for another.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0.len() >= Self::MAX
    }

    /// The same with one more; `None` if it is full.
    #[must_use]
    pub fn with(mut self, address: Address) -> Option<Self> {
        self.0.push(address).ok().map(|()| self)
    }

    /// The addresses.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        &self.0
    }
}

impl Canonical for NodeList {
    const MAX_BYTES: usize = 8 + Self::MAX * 20;
}

/// A validator that was caught, as the ledger holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct Offender {
    /// The key that signed both.
    pub key: PublicKey,
    /// The member behind it, if the ledger knows one.
    pub member: Option<MemberId>,
    /// What it signed twice, and where.
    pub offence: Offence,
    /// The block that convicted it.
    pub at: Moment,
}

impl Canonical for Offender {
    const MAX_BYTES: usize = 128;
}

impl Places {
    /// The network's profile, apart from the settings: it is looked up far more often.
    #[must_use]
    pub fn profile(&self) -> StateKey {
        self.key(PROFILE, &[])
    }

    /// A provisioned node, by the address of its key.
    #[must_use]
    pub fn node(&self, address: &Address) -> StateKey {
        self.key(NODE, &[address.as_bytes()])
    }

    /// The nodes of a member.
    #[must_use]
    pub fn nodes_of(&self, member: &MemberId) -> StateKey {
        self.key(NODES_OF, &[member.as_bytes()])
    }

    /// A validator that was caught.
    #[must_use]
    pub fn offender(&self, address: &Address) -> StateKey {
        self.key(OFFENDER, &[address.as_bytes()])
    }

    /// Everybody who was ever caught, in order.
    #[must_use]
    pub const fn offenders(&self) -> StoredList<'_> {
        StoredList::new(&self.chain, OFFENDERS, &[])
    }
}

/// The address as the list of offenders holds it: its 20 bytes, then 12 of zero.
#[must_use]
pub fn offender_member(address: &Address) -> Digest {
    let mut wide = [0; 32];
    wide.iter_mut().zip(address.as_bytes()).for_each(|(to, from)| *to = *from);
    Digest::new(wide)
}

impl Facts<'_> {
    /// A provisioned node.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn node(&self, address: &Address) -> Result<Option<NodeRecord>, StateError> {
        self.get(&self.places.node(address))
    }

    /// The nodes of a member.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn nodes_of(&self, member: &MemberId) -> Result<NodeList, StateError> {
        Ok(self.get(&self.places.nodes_of(member))?.unwrap_or_default())
    }

    /// A validator that was caught.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn offender(&self, address: &Address) -> Result<Option<Offender>, StateError> {
        self.get(&self.places.offender(address))
    }
}
