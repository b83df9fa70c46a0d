//! Rights: granting with keys that reach exactly as far as the terms, and taking back.

use super::Residence;
use crate::{
    error::{During, HostError},
    people::Person,
};
use dmledger_core::{
    action::{Action, GrantAction, Revoke},
    codec::{self, Bytes},
    consent::grant::{Audience, Effect, Grant, GrantId},
    envelope::{Envelope, Meaning},
    identity::MemberId,
    record::ContentId,
    scope::{Conditions, Purpose, PurposeSet, Validity, VerbSet},
    time::{Height, TimeRange, Timestamp},
};
use dmledger_zk::seal::{
    EpochKey, EpochNumber, GrantBody, GrantTerms, Hours, KemPublicKey, grant::MAX_EPOCHS, wrap_grant,
};

/// A grant that stands.
#[derive(Clone, Debug)]
pub(super) struct Granted {
    pub(super) id: GrantId,
    pub(super) to: Grantee,
    pub(super) terms: Terms,
    /// The latest epoch it reaches into.
    pub(super) reach: EpochNumber,
    /// Another one stands in its place already: this one only has to be revoked.
    pub(super) is_followed: bool,
}

/// To whom something is granted: what the ledger and the grantee's certificate say of it.
#[derive(Clone, Debug)]
pub struct Grantee {
    /// Its name on the ledger.
    pub member: MemberId,
    /// The key that wraps to it; its digest stands in the certificate.
    pub kem: KemPublicKey,
}

impl From<&Person> for Grantee {
    fn from(person: &Person) -> Self {
        Self { member: person.id(), kem: person.kem().public().clone() }
    }
}

/// What a patient grants.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Data of which whole hours.
    pub data: TimeRange,
    /// Until when.
    pub until: Timestamp,
    /// What for.
    pub purpose: Purpose,
    /// How many requests, if limited.
    pub quota: Option<u32>,
}

impl Residence {
    /// Grants reading: the ledger gets the terms, the grantee the range keys of exactly these hours, wrapped to it and
    /// left in the lake.
    ///
    /// # Errors
    /// If the range lies outside the key epoch, or the ledger refuses.
    pub async fn grant(&mut self, to: &Grantee, terms: &Terms) -> Result<GrantId, HostError> {
        let reach = self.epoch()?.epoch().number();
        let grant = self.offer(to, terms, VerbSet::QUERY).await?;
        let id = grant.id;
        self.decide(Action::Grant(GrantAction { grant })).await?;
        self.granted.push(Granted { id, to: to.clone(), terms: *terms, reach, is_followed: false });
        Ok(id)
    }

    /// Everything of a grant but the ledger's word: its keys are wrapped to the grantee and lie in the lake.
    ///
    /// # Errors
    /// If the range lies outside the key epoch, or the lake fails.
    pub(super) async fn offer(&mut self, to: &Grantee, terms: &Terms, verbs: VerbSet) -> Result<Grant, HostError> {
        let id = GrantId::new(self.draw());
        let now = self.node.tip()?.time;
        let validity = Validity::during(TimeRange::new(now, terms.until).during("validity")?);
        let purposes = PurposeSet::only(terms.purpose);
        let (account, kind, quota) = (self.account, self.kind, terms.quota);
        let body = self.body(GrantTerms { grant: id, account, kind, verbs, purposes, validity, quota }, &terms.data)?;
        let wrapped = wrap_grant(&body, self.node.chain(), &to.kem, &mut self.rng).during("grant")?;
        let wrapped = codec::encode(&wrapped);
        let address = ContentId::of(&wrapped);
        self.lake.put(&address, &wrapped).await.during("lake")?;
        Ok(Grant {
            id,
            effect: Effect::Permit,
            audience: Audience::Member(to.member),
            data: terms.data,
            validity,
            verbs,
            purposes,
            quota,
            conditions: Conditions::NONE,
            body: body.digest(),
            delivery: Bytes::new(codec::encode(&address)).during("grant")?,
        })
    }

    /// The terms again, for the grantee's eyes, with the range keys of the hours inside `data` and no others.
    pub(super) fn body(&mut self, terms: GrantTerms, data: &TimeRange) -> Result<GrantBody, HostError> {
        let hours = Hours::inside(data).during("range")?;
        let cover = |key: &EpochKey| Ok(key.cover(key.epoch().buckets(&hours).during("range")?));
        // A grant reaches into the latest epochs; older records are moved into them.
        let latest = self.epochs.len().saturating_sub(MAX_EPOCHS);
        let covers = self.epochs.iter().skip(latest).map(cover).collect::<Result<_, HostError>>()?;
        GrantBody::new(terms, covers, &mut self.rng).during("grant")
    }

    /// Takes a grant back. One key of the patient is enough: it is never harder than granting.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn revoke(&mut self, grant: GrantId) -> Result<Height, HostError> {
        let action = Action::Revoke(Revoke { grant });
        let signed = Envelope::new(self.node.chain(), Some(self.account), action)
            .sign(&self.patient.phone, Meaning::Approved)
            .during("revoke")?;
        let height = self.node.submit(&signed).await?;
        self.granted.retain(|granted| granted.id != grant);
        Ok(height)
    }
}
