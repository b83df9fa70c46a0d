//! Agreements and their logs, versions of records, declarations, alerts.

use super::{Facts, Places};
use crate::{
    codec::Canonical,
    consent::{
        AgreementId, AgreementRecord, Alerts, GrantRecord, RecordVersion, RequestId, Subscriber,
        agreement::AgreementEntry, grant::Origin, version::Deidentified,
    },
    envelope::AccountId,
    hash::Digest,
    record::RecordId,
    state::{Namespace, StateError, StateKey, StoredList},
};
use borsh::{BorshDeserialize, BorshSerialize};

const AGREEMENT: Namespace = Namespace::new("agreement");
const AGREEMENTS: Namespace = Namespace::new("agreements");
const AGREEMENT_ENTRY: Namespace = Namespace::new("agreement-entry");
const AGREEMENT_LOG: Namespace = Namespace::new("agreement-log");
const AGREEMENT_NOTE: Namespace = Namespace::new("agreement-note");
const VERSION: Namespace = Namespace::new("version");
const VERSIONS: Namespace = Namespace::new("versions");
const UPDATED_UNDER: Namespace = Namespace::new("updated-under");
const DEIDENTIFIED: Namespace = Namespace::new("deidentified");
const ALERTS: Namespace = Namespace::new("alerts");

impl Places {
    /// An agreement.
    #[must_use]
    pub fn agreement(&self, id: &AgreementId) -> StateKey {
        self.key(AGREEMENT, &[id.as_bytes()])
    }

    /// The names of all agreements of an account, in order, ended ones included.
    #[must_use]
    pub const fn agreements<'a>(&'a self, account: &'a AccountId) -> StoredList<'a> {
        StoredList::new(&self.chain, AGREEMENTS, account.as_bytes())
    }

    /// Entry `number` (from 0) of an agreement's log.
    #[must_use]
    pub fn agreement_entry(&self, id: &AgreementId, number: u64) -> StateKey {
        self.key(AGREEMENT_ENTRY, &[id.as_bytes(), &number.to_be_bytes()])
    }

    /// The digests of all entries of an agreement's log, in order.
    #[must_use]
    pub const fn agreement_log<'a>(&'a self, id: &'a AgreementId) -> StoredList<'a> {
        StoredList::new(&self.chain, AGREEMENT_LOG, id.as_bytes())
    }

    /// Whether a note is on file.
    #[must_use]
    pub fn agreement_note(&self, id: &AgreementId, digest: &Digest) -> StateKey {
        self.key(AGREEMENT_NOTE, &[id.as_bytes(), digest.as_bytes()])
    }

    /// What makes a record a version of another; nothing for an original.
    #[must_use]
    pub fn version(&self, record: &RecordId) -> StateKey {
        self.key(VERSION, &[record.as_bytes()])
    }

    /// The names of all versions of an original, itself first; empty while there is no other.
    #[must_use]
    pub const fn versions<'a>(&'a self, original: &'a RecordId) -> StoredList<'a> {
        StoredList::new(&self.chain, VERSIONS, original.as_bytes())
    }

    /// Whether a record was updated under an access.
    #[must_use]
    pub fn updated_under(&self, request: &RequestId, record: &RecordId) -> StateKey {
        self.key(UPDATED_UNDER, &[request.as_bytes(), record.as_bytes()])
    }

    /// The declaration that a record is de-identified.
    #[must_use]
    pub fn deidentified(&self, record: &RecordId) -> StateKey {
        self.key(DEIDENTIFIED, &[record.as_bytes()])
    }

    /// A subscriber's alert rules for an account.
    #[must_use]
    pub fn alerts(&self, account: &AccountId, subscriber: &Subscriber) -> StateKey {
        match subscriber {
            Subscriber::Account => self.key(ALERTS, &[account.as_bytes()]),
            Subscriber::Member(member) => self.key(ALERTS, &[account.as_bytes(), member.as_bytes()]),
        }
    }
}

/// Shows by being there that something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct Present;

impl Canonical for Present {
    const MAX_BYTES: usize = 1;
}

impl Facts<'_> {
    /// An agreement, ended or not.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read; so for all below.
    pub fn agreement(&self, id: &AgreementId) -> Result<Option<AgreementRecord>, StateError> {
        self.get(&self.places.agreement(id))
    }

    /// The agreement that a grant stands in, itself or through the grant it was referred under.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn agreement_of(&self, grant: &GrantRecord) -> Result<Option<AgreementRecord>, StateError> {
        let agreed = match grant.origin() {
            Origin::Agreed { agreement } => Some(agreement),
            Origin::Referred { from, .. } => match self.grant(&from)?.map(|parent| parent.origin()) {
                Some(Origin::Agreed { agreement }) => Some(agreement),
                _ => None,
            },
            _ => None,
        };
        agreed.map_or(Ok(None), |id| self.agreement(&id))
    }

    /// Entry `number` of an agreement's log.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn agreement_entry(&self, id: &AgreementId, number: u64) -> Result<Option<AgreementEntry>, StateError> {
        self.get(&self.places.agreement_entry(id, number))
    }

    /// What makes a record a version of another; `None` for an original.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn version(&self, record: &RecordId) -> Result<Option<RecordVersion>, StateError> {
        self.get(&self.places.version(record))
    }

    /// The first version of a record: itself if it is one.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn original(&self, record: &RecordId) -> Result<RecordId, StateError> {
        Ok(self.version(record)?.map_or(*record, |version| version.original))
    }

    /// The latest version of a record and its number: the record itself and 0 if nothing followed an original.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn latest(&self, record: &RecordId) -> Result<(RecordId, u32), StateError> {
        let original = self.original(record)?;
        let list = self.places.versions(&original);
        let Some(last) = list.leaf(self.state)?.count().checked_sub(1) else { return Ok((original, 0)) };
        let latest = list.member(last, self.state)?.map_or(original, |name| RecordId::new(name.to_bytes()));
        Ok((latest, u32::try_from(last).unwrap_or(u32::MAX)))
    }

    /// The declaration that a record is de-identified.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn deidentified(&self, record: &RecordId) -> Result<Option<Deidentified>, StateError> {
        self.get(&self.places.deidentified(record))
    }

    /// A subscriber's alert rules for an account.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn alerts(&self, account: &AccountId, subscriber: &Subscriber) -> Result<Option<Alerts>, StateError> {
        self.get(&self.places.alerts(account, subscriber))
    }
}
