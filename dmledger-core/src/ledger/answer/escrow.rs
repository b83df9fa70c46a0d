//! What waits for a patient, what became of it, and everything that was asked about similar cases.

use super::{AnswerError, complete};
use crate::{
    account::escrow::{Escrow, EscrowEntry, EscrowStatus},
    action::matching::MatchEntry,
    codec::Canonical,
    envelope::{AccountId, ChainId},
    hash::Digest,
    state::{
        CompleteList,
        tables::{Places, Proved},
    },
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// All publications that wait for an account's patient, those that have run out unnoticed included.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccountEscrows {
    list: Proved<CompleteList>,
    escrows: Vec<(AccountId, Proved<Escrow>)>,
}

impl AccountEscrows {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, escrows: Vec<(AccountId, Proved<Escrow>)>) -> Self {
        Self { list, escrows }
    }

    /// The publications with their addresses, unverified.
    pub fn escrows(&self) -> impl Iterator<Item = (&AccountId, &Escrow)> {
        self.escrows.iter().filter_map(|(address, proved)| proved.value().map(|escrow| (address, escrow)))
    }

    /// The publications with their addresses, once shown to be all that wait for `account` under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(
        &self,
        root: &Digest,
        chain: ChainId,
        account: &AccountId,
    ) -> Result<Vec<(&AccountId, &Escrow)>, AnswerError> {
        let places = Places::new(chain);
        let (mut members, mut all) = (Vec::new(), Vec::new());
        for (address, proved) in &self.escrows {
            let escrow = proved.verify(root, &places.escrow(address))?.ok_or(AnswerError::Missing)?;
            if escrow.account() != *account || escrow.status() != EscrowStatus::Waiting {
                return Err(AnswerError::OtherAccount);
            }
            members.push(address.digest());
            all.push((address, escrow));
        }
        complete(&self.list, root, &places.escrows(account), &members)?;
        Ok(all)
    }
}

impl Canonical for AccountEscrows {
    const MAX_BYTES: usize = 16 * 1024 * 1024;
}

/// An account's escrow log: every publication that was submitted, and what became of it, in order.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct EscrowLog {
    list: Proved<CompleteList>,
    entries: Vec<EscrowEntry>,
}

impl EscrowLog {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, entries: Vec<EscrowEntry>) -> Self {
        Self { list, entries }
    }

    /// The entries, unverified.
    #[must_use]
    pub fn entries(&self) -> &[EscrowEntry] {
        &self.entries
    }

    /// The entries, once shown to be the whole log of `account` under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(&self, root: &Digest, chain: ChainId, account: &AccountId) -> Result<&[EscrowEntry], AnswerError> {
        if self.entries.iter().any(|entry| entry.account != *account) {
            return Err(AnswerError::OtherAccount);
        }
        let members: Vec<_> = self.entries.iter().map(EscrowEntry::digest).collect();
        complete(&self.list, root, &Places::new(chain).escrow_entries(account), &members)?;
        Ok(&self.entries)
    }
}

impl Canonical for EscrowLog {
    const MAX_BYTES: usize = 256 * 1024 * 1024;
}

/// Everything that was asked about similar cases, with the answers, in order.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MatchLog {
    list: Proved<CompleteList>,
    entries: Vec<MatchEntry>,
}

impl MatchLog {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, entries: Vec<MatchEntry>) -> Self {
        Self { list, entries }
    }

    /// The entries, unverified.
    #[must_use]
    pub fn entries(&self) -> &[MatchEntry] {
        &self.entries
    }

    /// The entries, once shown to be the whole log of the network under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(&self, root: &Digest, chain: ChainId) -> Result<&[MatchEntry], AnswerError> {
        let members: Vec<_> = self.entries.iter().map(MatchEntry::digest).collect();
        complete(&self.list, root, &Places::new(chain).match_entries(), &members)?;
        Ok(&self.entries)
    }
}

impl Canonical for MatchLog {
    const MAX_BYTES: usize = 256 * 1024 * 1024;
}
