//! What institutions and patients sign about agreements and later versions of records.

use super::{Failed, World};
use crate::{
    action::{Action, Conclude, SignedAction, Update},
    codec::List,
    consent::{Agreement, AgreementId, Grant, RequestId, SignedAgreement, UpdateReason, agreement::AgreementText},
    envelope::{Envelope, Meaning},
    hash::Digest,
    record::{ContentId, IndexEntry, RecordId, index::IndexFacts},
    scope::VerbSet,
};

impl World {
    /// Any action about a patient's account, authored by an institution alone.
    ///
    /// # Errors
    /// If there is no such institution or patient.
    pub fn by_institution(&self, institution: usize, patient: usize, body: Action) -> Result<SignedAction, Failed> {
        let party = self.institutions.get(institution).ok_or("no such institution")?;
        let patient = self.patients.get(patient).ok_or("no such patient")?;
        let action = Envelope::new(self.chain(), Some(patient.account), body);
        Ok(action.sign(&party.key, Meaning::Authored)?)
    }

    /// An agreement of an institution and a patient on the terms of [`Self::grant_to`]: query and update, one referral.
    ///
    /// # Errors
    /// If there is no such institution or patient.
    pub fn agreement(&mut self, institution: usize, patient: usize) -> Result<Agreement, Failed> {
        let terms = Grant { verbs: VerbSet::QUERY_AND_UPDATE, ..self.grant_to(institution, 0) };
        let (id, salt) = (AgreementId::new(self.bytes()), self.bytes());
        let party = self.institutions.get(institution).ok_or("no such institution")?;
        self.patients.get(patient).ok_or("no such patient")?;
        let text = AgreementText::of("text/plain", &salt, b"to treat, and to report back")?;
        let (institution, index) = (party.id(), List::empty());
        Ok(Agreement { id, institution, text, index, referrals: 1, terms, supersedes: None })
    }

    /// An agreement, signed by the institution and by both keys of the patient.
    ///
    /// # Errors
    /// If there is no such institution or patient.
    pub fn conclude(&self, institution: usize, patient: usize, agreement: Agreement) -> Result<SignedAction, Failed> {
        let party = self.institutions.get(institution).ok_or("no such institution")?;
        let account = self.patients.get(patient).ok_or("no such patient")?.account;
        let signed = SignedAgreement::sign(agreement, &party.key, &self.chain(), &account)?;
        self.by_patient(patient, Action::Conclude(Box::new(Conclude { signed })))
    }

    /// A later version of record number `of` of a patient, a correction: by an institution under an access that it was
    /// allowed, or by the home.
    ///
    /// # Errors
    /// If there is no such institution or patient.
    pub fn update(
        &mut self,
        patient: usize,
        (supersedes, of): (RecordId, u64),
        under: Option<(usize, RequestId)>,
    ) -> Result<SignedAction, Failed> {
        let (chain, record, header) = (self.chain(), RecordId::new(self.bytes()), Digest::new(self.bytes()));
        let content = ContentId::of(record.as_bytes());
        let span = Self::hour(of)?;
        let owner = self.patients.get_mut(patient).ok_or("no such patient")?;
        let (sequence, account) = (owner.next, owner.account);
        owner.next += 1;
        let facts =
            IndexFacts { record, sequence, content, header, commitments: Digest::ZERO, count: 0, span, epoch: 0 };
        let owner = self.patients.get(patient).ok_or("no such patient")?;
        let author = match under {
            Some((institution, _)) => &self.institutions.get(institution).ok_or("no such institution")?.key,
            None => &owner.gateway,
        };
        let entry = IndexEntry::sign(facts, author, &chain, &account)?;
        let (reason, under) = (UpdateReason::Correction, under.map(|(_, request)| request));
        let body = Action::Update(Box::new(Update { entry, supersedes, reason, note: Digest::ZERO, under }));
        let action = Envelope::new(chain, Some(account), body).sign(author, Meaning::Authored)?;
        Ok(if under.is_some() { action } else { action.sign(&owner.home, Meaning::CoSigned)? })
    }
}
