//! Agreements: all of an account, the whole log of one, and the index a visit goes by.

use super::{AccountRecords, AnswerError, complete};
use crate::{
    codec::Canonical,
    consent::{AgreementEntry, AgreementId, AgreementRecord, GrantRecord, RecordVersion, Standing},
    envelope::{AccountId, ChainId},
    hash::Digest,
    state::{
        CompleteList,
        tables::{AnchoredEntry, Places, Proved},
    },
    time::Moment,
};
use alloc::{collections::BTreeSet, vec::Vec};
use borsh::{BorshDeserialize, BorshSerialize};

/// All agreements of an account, ended ones included, in the order they were concluded.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccountAgreements {
    list: Proved<CompleteList>,
    agreements: Vec<Proved<AgreementRecord>>,
}

impl AccountAgreements {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, agreements: Vec<Proved<AgreementRecord>>) -> Self {
        Self { list, agreements }
    }

    /// The agreements, once shown to be all of `account` under `root`, each with the institution's signature verified.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(
        &self,
        root: &Digest,
        chain: ChainId,
        account: &AccountId,
    ) -> Result<Vec<&AgreementRecord>, AnswerError> {
        let places = Places::new(chain);
        let (mut names, mut agreements) = (Vec::new(), Vec::new());
        for proved in &self.agreements {
            let id = proved.value().ok_or(AnswerError::Missing)?.id();
            let record = proved.verify(root, &places.agreement(&id))?.ok_or(AnswerError::Missing)?;
            record.signed().verify(&chain, account).map_err(|_| AnswerError::OtherAccount)?;
            names.push(id.list_member());
            agreements.push(record);
        }
        complete(&self.list, root, &places.agreements(account), &names)?;
        Ok(agreements)
    }
}

impl Canonical for AccountAgreements {
    const MAX_BYTES: usize = 64 * 1024 * 1024;
}

/// The whole log of an agreement, in order.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AgreementLog {
    list: Proved<CompleteList>,
    entries: Vec<AgreementEntry>,
}

impl AgreementLog {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, entries: Vec<AgreementEntry>) -> Self {
        Self { list, entries }
    }

    /// The entries, once shown to be the whole log of `agreement` under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(
        &self,
        root: &Digest,
        chain: ChainId,
        agreement: &AgreementId,
    ) -> Result<&[AgreementEntry], AnswerError> {
        let members: Vec<_> = self.entries.iter().map(AgreementEntry::digest).collect();
        complete(&self.list, root, &Places::new(chain).agreement_log(agreement), &members)?;
        Ok(&self.entries)
    }
}

impl Canonical for AgreementLog {
    const MAX_BYTES: usize = 64 * 1024 * 1024;
}

/// What an institution needs for a visit: the agreement, the right it gives, and the account's records.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct VisitIndex {
    agreement: Proved<AgreementRecord>,
    grant: Proved<GrantRecord>,
    records: AccountRecords,
    versions: Vec<Proved<RecordVersion>>,
}

/// A visit's index, verified: what may be asked for, latest versions only, in order of registration.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a table, for its reader")]
pub struct Visit<'a> {
    /// The agreement.
    pub agreement: &'a AgreementRecord,
    /// Where the right it gives stands.
    pub standing: Standing,
    /// The records within it.
    pub records: Vec<&'a AnchoredEntry>,
}

impl VisitIndex {
    /// Puts an answer together: `versions` are the version rows of the records, in their order.
    #[must_use]
    pub const fn new(
        agreement: Proved<AgreementRecord>,
        grant: Proved<GrantRecord>,
        records: AccountRecords,
        versions: Vec<Proved<RecordVersion>>,
    ) -> Self {
        Self { agreement, grant, records, versions }
    }

    /// Resolves the agreement to the records within it, under `root`, the state of the header at `at`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(
        &self,
        root: &Digest,
        chain: ChainId,
        agreement: &AgreementId,
        at: Moment,
    ) -> Result<Visit<'_>, AnswerError> {
        let places = Places::new(chain);
        let agreement = self.agreement.verify(root, &places.agreement(agreement))?.ok_or(AnswerError::Missing)?;
        let account = agreement.account();
        let grant = self.grant.verify(root, &places.grant(&agreement.grant()))?.ok_or(AnswerError::Missing)?;
        let entries = self.records.verify(root, chain, &account)?;
        if entries.len() != self.versions.len() {
            return Err(AnswerError::Missing);
        }
        let mut versions = Vec::with_capacity(entries.len());
        for (entry, proved) in entries.iter().zip(&self.versions) {
            versions.push(proved.verify(root, &places.version(&entry.entry.facts().record))?);
        }
        let superseded: BTreeSet<_> = versions.iter().flatten().map(|version| version.supersedes).collect();
        let index = &agreement.agreement().index;
        let within = |(entry, version): &(&AnchoredEntry, Option<&RecordVersion>)| {
            let facts = entry.entry.facts();
            let original = version.map_or(facts.record, |version| version.original);
            grant.grant().data.covers(&facts.span)
                && !superseded.contains(&facts.record)
                && (index.is_empty() || index.contains(&original))
        };
        let records = entries.into_iter().zip(versions).filter(within).map(|(entry, _)| entry).collect();
        Ok(Visit { agreement, standing: grant.standing(at), records })
    }
}

impl Canonical for VisitIndex {
    const MAX_BYTES: usize = 256 * 1024 * 1024;
}
