//! Where proposals, policies, devices and mandates of accounts stand.

use super::{Facts, Places};
use crate::{
    account::{
        Mandate, PolicyVersion, Proposal, ProposalId,
        device::{Device, list_member},
        proposal::{MAX_PROPOSED_BYTES, WaitingList},
    },
    codec::{Bytes, Canonical},
    envelope::AccountId,
    hash::Digest,
    key::PublicKey,
    state::{Namespace, StateError, StateKey, StoredList},
};
use borsh::{BorshDeserialize, BorshSerialize};

const PROPOSAL: Namespace = Namespace::new("proposal");
const PROPOSALS: Namespace = Namespace::new("proposals");
const PROPOSED: Namespace = Namespace::new("proposed");
const WAITING: Namespace = Namespace::new("waiting-proposals");
const POLICY: Namespace = Namespace::new("policy");
const POLICIES: Namespace = Namespace::new("policies");
const DEVICE: Namespace = Namespace::new("device");
const DEVICES: Namespace = Namespace::new("devices");
const MANDATE: Namespace = Namespace::new("mandate");
const MANDATES: Namespace = Namespace::new("mandates");

impl Places {
    /// A proposal.
    #[must_use]
    pub fn proposal(&self, id: &ProposalId) -> StateKey {
        self.key(PROPOSAL, &[id.as_bytes()])
    }

    /// What a pending proposal holds.
    #[must_use]
    pub fn proposed(&self, id: &ProposalId) -> StateKey {
        self.key(PROPOSED, &[id.as_bytes()])
    }

    /// The names of all proposals ever made in an account, in order.
    #[must_use]
    pub const fn proposals<'a>(&'a self, account: &'a AccountId) -> StoredList<'a> {
        StoredList::new(&self.chain, PROPOSALS, account.as_bytes())
    }

    /// The proposals of an account that wait.
    #[must_use]
    pub fn waiting(&self, account: &AccountId) -> StateKey {
        self.key(WAITING, &[account.as_bytes()])
    }

    /// Policy `number` (from 0) of an account.
    #[must_use]
    pub fn policy(&self, account: &AccountId, number: u64) -> StateKey {
        self.key(POLICY, &[account.as_bytes(), &number.to_be_bytes()])
    }

    /// The digests of all policies an account ever had, in order.
    #[must_use]
    pub const fn policies<'a>(&'a self, account: &'a AccountId) -> StoredList<'a> {
        StoredList::new(&self.chain, POLICIES, account.as_bytes())
    }

    /// A device of an account, by its entry in the account's list of devices.
    #[must_use]
    pub fn device(&self, account: &AccountId, member: &Digest) -> StateKey {
        self.key(DEVICE, &[account.as_bytes(), member.as_bytes()])
    }

    /// All devices an account ever had, in order.
    #[must_use]
    pub const fn devices<'a>(&'a self, account: &'a AccountId) -> StoredList<'a> {
        StoredList::new(&self.chain, DEVICES, account.as_bytes())
    }

    /// Mandate `number` (from 1) of an account's agent.
    #[must_use]
    pub fn mandate(&self, account: &AccountId, number: u64) -> StateKey {
        self.key(MANDATE, &[account.as_bytes(), &number.to_be_bytes()])
    }

    /// The digests of all mandates an account's agent ever had, in order.
    #[must_use]
    pub const fn mandates<'a>(&'a self, account: &'a AccountId) -> StoredList<'a> {
        StoredList::new(&self.chain, MANDATES, account.as_bytes())
    }
}

/// What a pending proposal holds: the canonical bytes of an action.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Proposed(pub Bytes<MAX_PROPOSED_BYTES>);

impl Canonical for Proposed {
    const MAX_BYTES: usize = MAX_PROPOSED_BYTES + 8;
}

impl Facts<'_> {
    /// A proposal, pending or ended.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn proposal(&self, id: &ProposalId) -> Result<Option<Proposal>, StateError> {
        self.get(&self.places.proposal(id))
    }

    /// What a proposal holds; `None` once it has ended, or was cleared away after it had lapsed.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn proposed(&self, id: &ProposalId) -> Result<Option<Proposed>, StateError> {
        self.get(&self.places.proposed(id))
    }

    /// The proposals of an account that wait; lapsed ones may stand in it.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn waiting(&self, account: &AccountId) -> Result<WaitingList, StateError> {
        Ok(self.get(&self.places.waiting(account))?.unwrap_or_default())
    }

    /// Policy `number` (from 0) of an account.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn policy(&self, account: &AccountId, number: u64) -> Result<Option<PolicyVersion>, StateError> {
        self.get(&self.places.policy(account, number))
    }

    /// A device of an account, paired or retired.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn device(&self, account: &AccountId, key: &PublicKey) -> Result<Option<Device>, StateError> {
        Ok(self.known(&self.places.device(account, &list_member(key)))?.as_ref().clone())
    }

    /// The mandate of an account's agent, if there ever was one.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn mandate(&self, account: &AccountId) -> Result<Option<Mandate>, StateError> {
        let count = self.places.mandates(account).leaf(self.state)?.count();
        if count == 0 { Ok(None) } else { self.get(&self.places.mandate(account, count)) }
    }
}
