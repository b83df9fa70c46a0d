//! Answers about an account at one height, complete and provable: whoever has a trusted state root checks that nothing
//! was changed and nothing left out. Needs no storage and no rules.

pub mod accounts;
pub mod agreements;
mod claims;
mod emergency;
mod escrow;
pub mod overview;
pub mod versions;

pub use agreements::{AccountAgreements, AgreementLog, Visit, VisitIndex};
pub use claims::AccountClaims;
pub use emergency::{Emergencies, ErasureAnswer, Recoveries};
pub use escrow::{AccountEscrows, EscrowLog, MatchLog};
pub use overview::{AccountOverview, AllMembers, Holding, Overview};
pub use versions::{RecordVersions, VersionLine};

use crate::{
    codec::Canonical,
    consent::{GrantId, GrantRecord},
    decide::AccessEntry,
    envelope::{AccountId, ChainId},
    hash::Digest,
    record::RecordId,
    state::{
        CompleteList, ProofError, StoredList,
        list::ListError,
        tables::{AnchoredEntry, Places, Proved},
    },
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

/// Why an answer shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// A proof does not lead to the state root.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The list is not complete, or not in its order.
    #[error(transparent)]
    List(#[from] ListError),
    /// An answer about another account.
    #[error("answer about another account")]
    OtherAccount,
    /// A receipt is missing its signature, or answers something else.
    #[error("receipt {position} does not answer this order")]
    Receipt {
        /// Place of its custodian in the order.
        position: u64,
    },
    /// The list names something that is not there.
    #[error("listed thing is missing")]
    Missing,
    /// What is shown as the content of a proposal is something else.
    #[error("content does not belong to its proposal")]
    OtherContent,
}

/// All grants of an account, ended ones included, in the order they were made.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccountGrants {
    list: Proved<CompleteList>,
    grants: Vec<Proved<GrantRecord>>,
}

impl AccountGrants {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, grants: Vec<Proved<GrantRecord>>) -> Self {
        Self { list, grants }
    }

    /// The grants, unverified.
    pub fn grants(&self) -> impl Iterator<Item = &GrantRecord> {
        self.grants.iter().filter_map(Proved::value)
    }

    /// The grants, once shown to be all the grants of `account` under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(&self, root: &Digest, chain: ChainId, account: &AccountId) -> Result<Vec<&GrantRecord>, AnswerError> {
        let places = Places::new(chain);
        let mut members = Vec::with_capacity(self.grants.len());
        let mut grants = Vec::with_capacity(self.grants.len());
        for proved in &self.grants {
            let id: GrantId = proved.value().ok_or(AnswerError::Missing)?.grant().id;
            let record = proved.verify(root, &places.grant(&id))?.ok_or(AnswerError::Missing)?;
            if record.account() != *account {
                return Err(AnswerError::OtherAccount);
            }
            members.push(id.list_member());
            grants.push(record);
        }
        complete(&self.list, root, &places.grants(account), &members)?;
        Ok(grants)
    }

    /// A grant and those it came from, latest first; means nothing before [`Self::verify`] to whoever does not trust
    /// the source.
    #[must_use]
    pub fn lineage(&self, grant: &GrantId) -> Vec<&GrantRecord> {
        let mut lineage: Vec<&GrantRecord> = Vec::new();
        let mut next = Some(*grant);
        while let Some(record) = next.and_then(|name| self.grants().find(|record| record.grant().id == name)) {
            // Grants come from earlier ones only; a list that says otherwise is not followed for ever.
            if lineage.last().is_some_and(|later| later.number() <= record.number()) {
                break;
            }
            lineage.push(record);
            next = record.origin().from();
        }
        lineage
    }
}

impl Canonical for AccountGrants {
    const MAX_BYTES: usize = 256 * 1024 * 1024;
}

/// All records of an account, in order.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccountRecords {
    list: Proved<CompleteList>,
    records: Vec<Proved<AnchoredEntry>>,
}

impl AccountRecords {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, records: Vec<Proved<AnchoredEntry>>) -> Self {
        Self { list, records }
    }

    /// The entries, unverified.
    pub fn entries(&self) -> impl Iterator<Item = &AnchoredEntry> {
        self.records.iter().filter_map(Proved::value)
    }

    /// The entries, once shown to be all the records of `account` under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(
        &self,
        root: &Digest,
        chain: ChainId,
        account: &AccountId,
    ) -> Result<Vec<&AnchoredEntry>, AnswerError> {
        let places = Places::new(chain);
        let mut members = Vec::with_capacity(self.records.len());
        let mut entries = Vec::with_capacity(self.records.len());
        for proved in &self.records {
            let id: RecordId = proved.value().ok_or(AnswerError::Missing)?.entry.facts().record;
            let anchored = proved.verify(root, &places.record(&id))?.ok_or(AnswerError::Missing)?;
            if anchored.account != *account {
                return Err(AnswerError::OtherAccount);
            }
            members.push(Digest::new(*id.as_bytes()));
            entries.push(anchored);
        }
        complete(&self.list, root, &places.records(account), &members)?;
        Ok(entries)
    }
}

impl Canonical for AccountRecords {
    const MAX_BYTES: usize = 256 * 1024 * 1024;
}

/// Everything that was ever asked of an account, with the answers, in order. One proof covers the whole log: the list
/// in the state commits to every entry's digest.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccessLog {
    list: Proved<CompleteList>,
    entries: Vec<AccessEntry>,
}

impl AccessLog {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, entries: Vec<AccessEntry>) -> Self {
        Self { list, entries }
    }

    /// The entries, unverified.
    #[must_use]
    pub fn entries(&self) -> &[AccessEntry] {
        &self.entries
    }

    /// The entries, once shown to be the whole log of `account` under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(&self, root: &Digest, chain: ChainId, account: &AccountId) -> Result<&[AccessEntry], AnswerError> {
        let places = Places::new(chain);
        if self.entries.iter().any(|entry| entry.account != *account) {
            return Err(AnswerError::OtherAccount);
        }
        let members: Vec<_> = self.entries.iter().map(AccessEntry::digest).collect();
        complete(&self.list, root, &places.accesses(account), &members)?;
        Ok(&self.entries)
    }
}

impl Canonical for AccessLog {
    const MAX_BYTES: usize = 256 * 1024 * 1024;
}

/// Checks that `members` are all that stands in the list at `place`.
fn complete(
    list: &Proved<CompleteList>,
    root: &Digest,
    place: &StoredList<'_>,
    members: &[Digest],
) -> Result<(), AnswerError> {
    match list.verify(root, &place.key())? {
        Some(list) => Ok(list.verify(members)?),
        None => Ok(CompleteList::new().verify(members)?),
    }
}
