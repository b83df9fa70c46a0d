//! Proposals: something to be done in an account's name, waiting on the ledger for the signatures it lacks.
//!
//! A proposal is pending until its signers suffice (executed, or failed with the ledger's reason), its proposer takes it
//! back, one of the patient's keys rejects it, or it lapses. Lapsing needs no action: whoever looks compares the moment
//! with [`Proposal::until`]. Whatever became of it, its row stays.

use super::policy::{KeyClass, Policy};
use crate::{
    codec::{Canonical, CodecError, List},
    envelope::{AccountId, Meaning, digest_newtype},
    hash::Digest,
    key::PublicKey,
    time::{Height, Moment},
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};
use core::{fmt, time::Duration};

/// Longest action a proposal can hold, in bytes of its canonical encoding.
pub const MAX_PROPOSED_BYTES: usize = 16 * 1024;
/// Most proposals pending in one account.
pub const MAX_PENDING: usize = 32;
/// Most proposals one key can have pending in one account, so that nobody crowds out the others.
pub const MAX_PENDING_OF_ONE: usize = 8;
/// Longest time a proposal can wait.
pub const LONGEST_WAIT: Duration = Duration::from_secs(90 * 86_400);
/// Most signers a proposal keeps: every key a policy can have.
pub const MAX_SIGNERS: usize = super::policy::MAX_GROUPS * super::policy::MAX_GROUP_KEYS;

/// A proposal's name: the identity of the action that made it, and so bound to network, account and content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct ProposalId(Digest);
digest_newtype!(ProposalId);

/// Somebody who signed, and in what sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a plain part of a row")]
pub struct Signer {
    /// The key.
    pub key: PublicKey,
    /// In what sense; a witness does not count and is not kept.
    pub meaning: Meaning,
    /// Height of the block that carried the signature.
    pub height: Height,
    /// Height of the block in which it was taken back; it does not come again.
    pub retracted: Option<Height>,
}

/// What became of a proposal, as far as the ledger has written it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum ProposalStatus {
    /// It waits for signatures.
    Pending = 1,
    /// Its signers sufficed and it was done.
    Executed {
        /// In the block at this height.
        height: Height,
    } = 2,
    /// Its signers sufficed and the rules said no; nothing was done.
    Failed {
        /// In the block at this height.
        height: Height,
        /// Stable number of the refusal.
        code: u16,
    } = 3,
    /// Its proposer took it back.
    Withdrawn {
        /// In the block at this height.
        height: Height,
    } = 4,
    /// The patient rejected it.
    Rejected {
        /// In the block at this height.
        height: Height,
        /// With this key.
        by: PublicKey,
    } = 5,
    /// Nobody completed it in time.
    Lapsed = 6,
}

impl fmt::Display for ProposalStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("pending"),
            Self::Executed { height } => write!(f, "executed at height {height}"),
            Self::Failed { height, code } => write!(f, "failed at height {height} with refusal {code}"),
            Self::Withdrawn { height } => write!(f, "withdrawn at height {height}"),
            Self::Rejected { height, .. } => write!(f, "rejected at height {height}"),
            Self::Lapsed => f.write_str("lapsed"),
        }
    }
}

/// A proposal as the ledger holds it. What is proposed stands beside it while it is pending; afterwards its identity is
/// left here, and the action itself in the block that proposed it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Proposal {
    id: ProposalId,
    account: AccountId,
    number: u64,
    content: Digest,
    kind: u8,
    proposer: PublicKey,
    proposed: Moment,
    until: Moment,
    signers: List<Signer, MAX_SIGNERS>,
    status: ProposalStatus,
}

/// The parts of a new [`Proposal`], by name.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain argument")]
pub struct NewProposal {
    /// Its name.
    pub id: ProposalId,
    /// Whose account.
    pub account: AccountId,
    /// Its place in the account's list of proposals, from 0.
    pub number: u64,
    /// Identity of the action it holds.
    pub content: Digest,
    /// Wire number of that action.
    pub kind: u8,
    /// Who proposes.
    pub proposer: PublicKey,
    /// In which block.
    pub proposed: Moment,
    /// First moment it no longer holds, in height and time.
    pub until: Moment,
}

impl Proposal {
    /// A proposal nobody has signed yet.
    #[must_use]
    pub fn new(parts: NewProposal) -> Self {
        let NewProposal { id, account, number, content, kind, proposer, proposed, until } = parts;
        let (signers, status) = (List::empty(), ProposalStatus::Pending);
        Self { id, account, number, content, kind, proposer, proposed, until, signers, status }
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> ProposalId {
        self.id
    }

    /// Whose account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// Its place in the account's list of proposals, from 0.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Identity of the action it holds, as an envelope of its own would have it.
    #[must_use]
    pub const fn content(&self) -> Digest {
        self.content
    }

    /// Wire number of the action it holds.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        self.kind
    }

    /// Who proposed it.
    #[must_use]
    pub const fn proposer(&self) -> PublicKey {
        self.proposer
    }

    /// The block that proposed it.
    #[must_use]
    pub const fn proposed(&self) -> Moment {
        self.proposed
    }

    /// First height, and first instant, at which it no longer holds; it ends with whichever comes first.
    #[must_use]
    pub const fn until(&self) -> Moment {
        self.until
    }

    /// Everybody who signed, in that order, also those who took it back.
    #[must_use]
    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }

    /// Those who signed and have not taken it back.
    pub fn standing(&self) -> impl Iterator<Item = &Signer> {
        self.signers.iter().filter(|signer| signer.retracted.is_none())
    }

    /// What has been written down of it; tells nothing of lapsing.
    #[must_use]
    pub const fn status(&self) -> ProposalStatus {
        self.status
    }

    /// How it stands at a moment: a pending proposal whose time is over has lapsed.
    #[must_use]
    pub fn status_at(&self, at: Moment) -> ProposalStatus {
        match self.status {
            ProposalStatus::Pending if is_over(self.until, at) => ProposalStatus::Lapsed,
            status => status,
        }
    }

    /// Whether this key has ever signed it.
    #[must_use]
    pub fn has_signed(&self, key: &PublicKey) -> bool {
        self.signers.iter().any(|signer| signer.key == *key)
    }

    /// The keys of `policy` that have not signed, with their classes: who can still be asked.
    #[must_use]
    pub fn unsigned<'a>(&self, policy: &'a Policy) -> Vec<(KeyClass, &'a PublicKey)> {
        let groups = policy.groups().iter();
        let keys = groups.flat_map(|group| group.keys().iter().map(|key| (group.class(), key)));
        keys.filter(|(_, key)| !self.has_signed(key)).collect()
    }

    /// The same proposal with one more signature.
    ///
    /// # Errors
    /// [`CodecError::TooMany`] above [`MAX_SIGNERS`].
    pub fn sign(mut self, key: PublicKey, meaning: Meaning, height: Height) -> Result<Self, CodecError> {
        self.signers.push(Signer { key, meaning, height, retracted: None })?;
        Ok(self)
    }

    /// The same proposal after this key took its signature back.
    #[must_use]
    pub fn retract(mut self, key: &PublicKey, height: Height) -> Self {
        let mut signers = self.signers.into_vec();
        for signer in signers.iter_mut().filter(|signer| signer.key == *key && signer.retracted.is_none()) {
            signer.retracted = Some(height);
        }
        self.signers = List::new(signers).unwrap_or_default();
        self
    }

    /// The same proposal with its end written down; the first end stands.
    #[must_use]
    pub fn end(mut self, status: ProposalStatus) -> Self {
        if self.status == ProposalStatus::Pending {
            self.status = status;
        }
        self
    }
}

impl Canonical for Proposal {
    // A signer takes at most 51 bytes.
    const MAX_BYTES: usize = 256 + MAX_SIGNERS * 51;
}

/// Whether something that holds until `until` is over at `at`, in height or in time.
#[must_use]
pub fn is_over(until: Moment, at: Moment) -> bool {
    at.height >= until.height || at.time >= until.time
}

/// One of the proposals that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a plain part of a row")]
pub struct Waiting {
    /// Its name.
    pub proposal: ProposalId,
    /// Who proposed it.
    pub proposer: PublicKey,
    /// First moment it no longer holds.
    pub until: Moment,
}

/// The proposals of an account that wait, oldest first, in one row: whoever is shown it has been shown all. Those that
/// have lapsed may still stand in it, until the next proposal clears them away.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct WaitingList(List<Waiting, MAX_PENDING>);

impl WaitingList {
    /// All of them, lapsed ones included.
    #[must_use]
    pub fn all(&self) -> &[Waiting] {
        &self.0
    }

    /// Takes out those that are over at `at` and returns their names.
    pub fn clear_lapsed(&mut self, at: Moment) -> Vec<ProposalId> {
        let (over, left): (Vec<_>, Vec<_>) = self.0.iter().copied().partition(|waiting| is_over(waiting.until, at));
        self.0 = List::new(left).unwrap_or_default();
        over.into_iter().map(|waiting| waiting.proposal).collect()
    }

    /// Takes one out.
    pub fn remove(&mut self, proposal: &ProposalId) {
        let left = self.0.iter().copied().filter(|waiting| waiting.proposal != *proposal).collect();
        self.0 = List::new(left).unwrap_or_default();
    }

    /// How many more `proposer` may put in: of the account's room and of its own share, what is less.
    #[must_use]
    pub fn room_for(&self, proposer: &PublicKey) -> usize {
        let own = self.0.iter().filter(|waiting| waiting.proposer == *proposer).count();
        MAX_PENDING_OF_ONE.saturating_sub(own).min(MAX_PENDING.saturating_sub(self.0.len()))
    }

    /// Appends one.
    ///
    /// # Errors
    /// [`CodecError::TooMany`] above [`MAX_PENDING`].
    pub fn push(&mut self, waiting: Waiting) -> Result<(), CodecError> {
        self.0.push(waiting)
    }
}

impl Canonical for WaitingList {
    const MAX_BYTES: usize = 8 + MAX_PENDING * 81;
}

#[cfg(test)]
mod tests;
