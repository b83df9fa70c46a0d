//! What the people of a world sign.

use super::{Failed, Party, Patient, WORLD_BEGINS, World};
use crate::{
    action::{Action, Admit, Anchor, GrantAction, Revoke, SignedAction},
    codec::{Bytes, List},
    consent::{AccessRequest, Audience, Effect, Grant, GrantId, RequestId},
    envelope::{Envelope, Meaning},
    hash::Digest,
    record::{ContentId, IndexEntry, RecordId, index::IndexFacts},
    scope::{Conditions, Purpose, PurposeSet, Validity, Verb, VerbSet},
    time::TimeRange,
};
use core::time::Duration;

impl World {
    /// The admission of one party, approved by the first `approvals` institutions.
    ///
    /// # Errors
    /// None that a seed is known for.
    pub fn admission(&self, party: &Party, approvals: usize) -> Result<SignedAction, Failed> {
        let certificate = Bytes::new(party.certificate.clone())?;
        let mut action = Envelope::new(self.chain(), None, Action::Admit(Admit { certificate }));
        for institution in self.institutions.iter().take(approvals) {
            action = action.sign(&institution.key, Meaning::Approved)?;
        }
        Ok(action)
    }

    /// The admissions of all founding members.
    ///
    /// # Errors
    /// None that a seed is known for.
    pub fn admissions(&self) -> Result<Vec<SignedAction>, Failed> {
        self.institutions.iter().chain(&self.residences).map(|party| self.admission(party, 0)).collect()
    }

    /// The opening of a patient's account, signed by both keys and the residence.
    ///
    /// # Errors
    /// If there is no such residence.
    pub fn opening(&self, patient: &Patient) -> Result<SignedAction, Failed> {
        let residence = self.residences.get(patient.residence).ok_or("no such residence")?;
        let action = Envelope::new(self.chain(), Some(patient.account), Action::Open(patient.opening.clone()));
        let action = action.sign(&patient.phone, Meaning::Authored)?.sign(&patient.home, Meaning::CoSigned)?;
        Ok(action.sign(&residence.key, Meaning::Witnessed)?)
    }

    /// Index entries for the next `count` hours of a patient's records, made up.
    ///
    /// # Errors
    /// If there is no such patient.
    pub fn entries(&mut self, patient: usize, count: u64) -> Result<Vec<IndexEntry>, Failed> {
        let chain = self.chain();
        let next = self.patients.get(patient).ok_or("no such patient")?.next;
        let mut entries = Vec::new();
        for sequence in next..next + count {
            let (record, content, header, commitments) = (self.bytes(), self.bytes(), self.bytes(), self.bytes());
            let facts = IndexFacts {
                record: RecordId::new(record),
                sequence,
                content: ContentId::new(Digest::new(content), 4096),
                header: Digest::new(header),
                commitments: Digest::new(commitments),
                count: 12,
                span: Self::hour(sequence)?,
                epoch: 0,
            };
            let patient = self.patients.get(patient).ok_or("no such patient")?;
            entries.push(IndexEntry::sign(facts, &patient.gateway, &chain, &patient.account)?);
        }
        Ok(entries)
    }

    /// The hour that record `sequence` of a world covers: counted from the world's beginning.
    ///
    /// # Errors
    /// For a sequence beyond the calendar.
    pub fn hour(sequence: u64) -> Result<TimeRange, Failed> {
        let start = WORLD_BEGINS.plus(Duration::from_secs(3600 * sequence));
        Ok(TimeRange::new(start, start.plus(Duration::from_secs(3600)))?)
    }

    /// Registers entries, as the home does it: the patient's gateway-held key and the gateway's.
    ///
    /// # Errors
    /// If there is no such patient, or too many entries.
    pub fn anchor(&mut self, patient: usize, entries: Vec<IndexEntry>) -> Result<SignedAction, Failed> {
        let chain = self.chain();
        let patient = self.patients.get_mut(patient).ok_or("no such patient")?;
        patient.next += entries.len() as u64;
        let body = Action::Anchor(Anchor { entries: List::new(entries)? });
        let action = Envelope::new(chain, Some(patient.account), body);
        Ok(action.sign(&patient.gateway, Meaning::Authored)?.sign(&patient.home, Meaning::CoSigned)?)
    }

    /// A grant for one institution: query, treatment, the first thirty days of data, valid for ninety days.
    pub fn grant_to(&mut self, institution: usize, quota: u32) -> Grant {
        let audience = match self.institutions.get(institution) {
            Some(party) => Audience::Member(party.id()),
            None => Audience::Consortium,
        };
        let days = |n: u64| WORLD_BEGINS.plus(Duration::from_secs(86_400 * n));
        let span = |end| TimeRange::new(WORLD_BEGINS, end).unwrap_or(TimeRange::ALWAYS);
        Grant {
            id: GrantId::new(self.bytes()),
            effect: Effect::Permit,
            audience,
            data: span(days(30)),
            validity: Validity::during(span(days(90))),
            verbs: VerbSet::QUERY,
            purposes: PurposeSet::only(Purpose::Treatment),
            quota: (quota > 0).then_some(quota),
            conditions: Conditions::NONE,
            body: Digest::new(self.bytes()),
            delivery: Bytes::default(),
        }
    }

    /// A grant signed by both keys of the patient.
    ///
    /// # Errors
    /// If there is no such patient.
    pub fn grant(&self, patient: usize, grant: Grant) -> Result<SignedAction, Failed> {
        self.by_patient(patient, Action::Grant(GrantAction { grant }))
    }

    /// A revocation signed by the patient's phone alone.
    ///
    /// # Errors
    /// If there is no such patient.
    pub fn revoke(&self, patient: usize, grant: GrantId) -> Result<SignedAction, Failed> {
        let patient = self.patients.get(patient).ok_or("no such patient")?;
        let action = Envelope::new(self.chain(), Some(patient.account), Action::Revoke(Revoke { grant }));
        Ok(action.sign(&patient.phone, Meaning::Authored)?)
    }

    /// A request for records: to query, for treatment, relying on any grant.
    ///
    /// # Errors
    /// If there are too many records.
    pub fn request(&mut self, records: Vec<RecordId>) -> Result<AccessRequest, Failed> {
        let id = RequestId::new(self.bytes());
        let (verb, purpose, records) = (Verb::Query, Purpose::Treatment, List::new(records)?);
        Ok(AccessRequest { id, records, verb, purpose, undertaking: Conditions::NONE, grant: None })
    }

    /// A request signed by an institution.
    ///
    /// # Errors
    /// If there is no such institution or patient.
    pub fn access(&self, institution: usize, patient: usize, request: AccessRequest) -> Result<SignedAction, Failed> {
        self.by_institution(institution, patient, Action::Access(request))
    }
}
