//! Questions about grants, agreements and versions.

use super::{Query, damaged};
use crate::{
    consent::{AgreementId, AgreementRecord, RecordVersion},
    envelope::AccountId,
    identity::MemberId,
    ledger::answer::{
        AccountAgreements, AccountOverview, AgreementLog, AllMembers, Overview, RecordVersions, VisitIndex,
    },
    record::RecordId,
    state::{CompleteList, StateError, tables::Proved},
};

impl Query {
    /// Who has access to what of these accounts.
    ///
    /// # Errors
    /// [`StateError`]; so for all questions below.
    pub fn overview(&self, accounts: &[AccountId]) -> Result<Overview, StateError> {
        let mut parts = Vec::with_capacity(accounts.len());
        for account in accounts {
            parts.push(AccountOverview::new(self.account(account)?, self.grants(account)?));
        }
        Ok(Overview::new(parts, self.members()?))
    }

    /// All members ever admitted.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn members(&self) -> Result<AllMembers, StateError> {
        let list = self.places.members();
        let mut members = Vec::new();
        for name in list.members(&self.view)? {
            members.push(self.member(&MemberId::new(name))?);
        }
        Ok(AllMembers::new(self.list(&list)?, members))
    }

    /// All versions of a record: of its original, whichever version is named.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn versions(&self, record: &RecordId) -> Result<RecordVersions, StateError> {
        let original = self.facts().original(record)?;
        let list = self.places.versions(&original);
        let proved = self.versions_list(&original)?;
        let mut names: Vec<_> = list.members(&self.view)?.iter().map(|name| RecordId::new(name.to_bytes())).collect();
        if names.is_empty() {
            names.push(original);
        }
        let mut versions = Vec::with_capacity(names.len());
        for name in &names {
            versions.push((self.record(name)?, self.version(name)?));
        }
        Ok(RecordVersions::new(proved, versions))
    }

    /// The complete list of an original's versions alone.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn versions_list(&self, original: &RecordId) -> Result<Proved<CompleteList>, StateError> {
        self.list(&self.places.versions(original))
    }

    /// What makes a record a version, or the proof that it is an original.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn version(&self, record: &RecordId) -> Result<Proved<RecordVersion>, StateError> {
        self.proved(&self.places.version(record))
    }

    /// An agreement, or the proof that there is none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn agreement(&self, id: &AgreementId) -> Result<Proved<AgreementRecord>, StateError> {
        self.proved(&self.places.agreement(id))
    }

    /// All agreements of an account.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn agreements(&self, account: &AccountId) -> Result<AccountAgreements, StateError> {
        let list = self.places.agreements(account);
        let mut agreements = Vec::new();
        for member in list.members(&self.view)? {
            let id = AgreementId::from_list_member(&member).ok_or_else(|| damaged("list of agreements"))?;
            agreements.push(self.agreement(&id)?);
        }
        Ok(AccountAgreements::new(self.list(&list)?, agreements))
    }

    /// The whole log of an agreement.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn agreement_log(&self, id: &AgreementId) -> Result<AgreementLog, StateError> {
        let list = self.places.agreement_log(id);
        let count = list.leaf(&self.view)?.count();
        let mut entries = Vec::new();
        for number in 0..count {
            let entry = self.facts().agreement_entry(id, number)?;
            entries.push(entry.ok_or_else(|| damaged("agreement log"))?);
        }
        Ok(AgreementLog::new(self.list(&list)?, entries))
    }

    /// Resolves an agreement to the records that a visit under it may ask for; nothing if there is no such agreement.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn visit(&self, id: &AgreementId) -> Result<Option<VisitIndex>, StateError> {
        let agreement = self.agreement(id)?;
        let Some((account, grant)) = agreement.value().map(|record| (record.account(), record.grant())) else {
            return Ok(None);
        };
        let records = self.records(&account)?;
        let mut versions = Vec::new();
        for entry in records.entries() {
            versions.push(self.version(&entry.entry.facts().record)?);
        }
        Ok(Some(VisitIndex::new(agreement, self.grant(&grant)?, records, versions)))
    }
}
