//! Answers about how an account is governed: its proposals, its policies, its devices, its agent's mandates.

use super::{AnswerError, complete};
use crate::{
    account::{
        Account, Device, KeyClass, Mandate, Missing, PolicyVersion, Proposal, ProposalId, ProposalStatus,
        device::list_member, proposal::WaitingList,
    },
    action::{Action, Propose},
    codec::Canonical,
    envelope::{AccountId, ChainId, Envelope},
    hash::Digest,
    key::PublicKey,
    state::{
        CompleteList,
        tables::{Places, Proved, accounts::Proposed},
    },
    time::Moment,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// Longest of these answers in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// All proposals ever made in an account, with what became of each, in order.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccountProposals {
    list: Proved<CompleteList>,
    proposals: Vec<Proved<Proposal>>,
}

impl AccountProposals {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, proposals: Vec<Proved<Proposal>>) -> Self {
        Self { list, proposals }
    }

    /// The proposals, once shown to be all that were ever made in `account` under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(&self, root: &Digest, chain: ChainId, account: &AccountId) -> Result<Vec<&Proposal>, AnswerError> {
        let places = Places::new(chain);
        let (mut members, mut proposals) = (Vec::new(), Vec::new());
        for proved in &self.proposals {
            let id = proved.value().ok_or(AnswerError::Missing)?.id();
            let proposal = proved.verify(root, &places.proposal(&id))?.ok_or(AnswerError::Missing)?;
            if proposal.account() != *account {
                return Err(AnswerError::OtherAccount);
            }
            members.push(id.digest());
            proposals.push(proposal);
        }
        complete(&self.list, root, &places.proposals(account), &members)?;
        Ok(proposals)
    }
}

impl Canonical for AccountProposals {
    const MAX_BYTES: usize = MAX_ANSWER_BYTES;
}

/// One of the proposals in a [`PendingProposals`].
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PendingProposal {
    pub(in crate::ledger) proposal: Proved<Proposal>,
    pub(in crate::ledger) proposed: Option<Proposed>,
}

/// The proposals of an account that wait, with its policy: what is proposed, who has signed, what lacks, until when.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PendingProposals {
    account: Proved<Account>,
    waiting: Proved<WaitingList>,
    proposals: Vec<PendingProposal>,
}

/// A pending proposal, as whoever may sign it wants to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pending<'a> {
    /// The row: proposer, expiry, signers.
    pub proposal: &'a Proposal,
    /// What is proposed.
    pub action: Action,
    /// What the signers lack under the policy; `None` if only the standing of a signer keeps it from being done.
    pub missing: Option<Missing>,
    /// Who has not signed, with the class of each key.
    pub unsigned: Vec<(KeyClass, &'a PublicKey)>,
}

impl PendingProposals {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(account: Proved<Account>, waiting: Proved<WaitingList>, proposals: Vec<PendingProposal>) -> Self {
        Self { account, waiting, proposals }
    }

    /// The proposals that wait at `at`, oldest first, once shown to be all of `account` under `root`. Lapsed ones are
    /// left out. What lacks is told from keys alone: a signer whose membership has ended since counts here still.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(
        &self,
        root: &Digest,
        chain: ChainId,
        account: &AccountId,
        at: Moment,
    ) -> Result<Vec<Pending<'_>>, AnswerError> {
        let places = Places::new(chain);
        let holder = self.account.verify(root, &places.account(account))?.ok_or(AnswerError::Missing)?;
        let waiting = self.waiting.verify(root, &places.waiting(account))?;
        let names: Vec<ProposalId> =
            waiting.map(|list| list.all().iter().map(|one| one.proposal).collect()).unwrap_or_default();
        if names.len() != self.proposals.len() {
            return Err(AnswerError::Missing);
        }
        let mut pending = Vec::new();
        for (name, one) in names.iter().zip(&self.proposals) {
            let proposal = one.proposal.verify(root, &places.proposal(name))?.ok_or(AnswerError::Missing)?;
            if proposal.status_at(at) != ProposalStatus::Pending {
                continue;
            }
            let action = content(one.proposed.as_ref(), proposal, chain)?;
            let authority = action.handler().authority().ok_or(AnswerError::OtherContent)?;
            let signers = proposal.standing().map(|signer| signer.key);
            let missing = authority.satisfied_by(holder.policy(), signers).err();
            pending.push(Pending { proposal, action, missing, unsigned: proposal.unsigned(holder.policy()) });
        }
        Ok(pending)
    }
}

/// What a proposal holds, checked against the identity in its row.
fn content(proposed: Option<&Proposed>, proposal: &Proposal, chain: ChainId) -> Result<Action, AnswerError> {
    let Proposed(bytes) = proposed.ok_or(AnswerError::Missing)?;
    let propose = Propose { action: bytes.clone(), until: proposal.until(), salt: [0; 16] };
    let action = propose.content().map_err(|_| AnswerError::OtherContent)?;
    let id = Envelope::new(chain, Some(proposal.account()), action.clone()).id();
    if id == proposal.content() { Ok(action) } else { Err(AnswerError::OtherContent) }
}

impl Canonical for PendingProposals {
    const MAX_BYTES: usize = MAX_ANSWER_BYTES;
}

/// Every policy an account ever had, in order; the last is in force.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PolicyHistory {
    list: Proved<CompleteList>,
    versions: Vec<PolicyVersion>,
}

impl PolicyHistory {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, versions: Vec<PolicyVersion>) -> Self {
        Self { list, versions }
    }

    /// The policies, once shown to be all that `account` ever had under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(&self, root: &Digest, chain: ChainId, account: &AccountId) -> Result<&[PolicyVersion], AnswerError> {
        if self.versions.iter().any(|version| version.account != *account) {
            return Err(AnswerError::OtherAccount);
        }
        let members: Vec<_> = self.versions.iter().map(PolicyVersion::digest).collect();
        complete(&self.list, root, &Places::new(chain).policies(account), &members)?;
        Ok(&self.versions)
    }
}

impl Canonical for PolicyHistory {
    const MAX_BYTES: usize = MAX_ANSWER_BYTES;
}

/// Every device an account ever had, in order, retired ones included.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccountDevices {
    list: Proved<CompleteList>,
    devices: Vec<Proved<Device>>,
}

impl AccountDevices {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, devices: Vec<Proved<Device>>) -> Self {
        Self { list, devices }
    }

    /// The devices, once shown to be all that `account` ever had under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(&self, root: &Digest, chain: ChainId, account: &AccountId) -> Result<Vec<&Device>, AnswerError> {
        let places = Places::new(chain);
        let (mut members, mut devices) = (Vec::new(), Vec::new());
        for proved in &self.devices {
            let member = list_member(&proved.value().ok_or(AnswerError::Missing)?.key());
            let device = proved.verify(root, &places.device(account, &member))?.ok_or(AnswerError::Missing)?;
            members.push(member);
            devices.push(device);
        }
        complete(&self.list, root, &places.devices(account), &members)?;
        Ok(devices)
    }
}

impl Canonical for AccountDevices {
    const MAX_BYTES: usize = MAX_ANSWER_BYTES;
}

/// Every mandate an account's agent ever had, in order; the last is in force.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccountMandates {
    list: Proved<CompleteList>,
    mandates: Vec<Mandate>,
}

impl AccountMandates {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, mandates: Vec<Mandate>) -> Self {
        Self { list, mandates }
    }

    /// The mandates, once shown to be all that `account` ever had under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(&self, root: &Digest, chain: ChainId, account: &AccountId) -> Result<&[Mandate], AnswerError> {
        if self.mandates.iter().any(|mandate| mandate.account != *account) {
            return Err(AnswerError::OtherAccount);
        }
        let members: Vec<_> = self.mandates.iter().map(Mandate::digest).collect();
        complete(&self.list, root, &Places::new(chain).mandates(account), &members)?;
        Ok(&self.mandates)
    }
}

impl Canonical for AccountMandates {
    const MAX_BYTES: usize = MAX_ANSWER_BYTES;
}
