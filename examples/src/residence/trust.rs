//! Trust: whom the patient lets decide in an emergency, and what they can open then. Their capsule follows the key epochs:
//! it reaches into the latest ones, and into none that was erased.

use super::Residence;
use crate::{
    error::{During, HostError},
    people::Person,
    trustees,
};
use dmledger_core::{
    action::{Action, Appoint},
    codec,
    consent::GrantId,
    emergency::{Appointment, EmergencyId, EmergencyTerms},
    record::ContentId,
    scope::{Purpose, PurposeSet, Validity, VerbSet},
    time::{Height, Moment, TimeRange},
};
use dmledger_zk::seal::{CapsuleId, GrantTerms, KemPublicKey, TrusteeBundle, Wrapped};

/// Where a capsule lies, and the letters to the trustees.
#[derive(Clone, Debug)]
pub struct Entrusted {
    /// The capsule's address in the lake.
    pub capsule: ContentId,
    /// One letter a trustee, in their order.
    pub letters: Vec<Wrapped<TrusteeBundle>>,
}

/// Whom the patient trusts with the data of which hours, and what they were given last.
#[derive(Debug)]
pub(super) struct Trust {
    to: Vec<KemPublicKey>,
    data: TimeRange,
    last: Entrusted,
}

impl Residence {
    /// Seals the range keys of `data` into a capsule that trustees open together, for emergencies and nothing else. It takes
    /// the place of the one before; from now on every rotation makes another one ([`Self::entrusted`]).
    ///
    /// # Errors
    /// If the range lies outside the key epochs, or the lake fails; the capsule before counts on then.
    pub async fn entrust(&mut self, people: &[Person], data: &TimeRange) -> Result<Entrusted, HostError> {
        let to = people.iter().map(|person| person.kem().public().clone()).collect();
        self.seal_capsule(to, *data).await
    }

    /// The capsule that counts, and the letters that its trustees are to have. After a rotation or an erasure these are
    /// others than before: the host sends them, and the trustees delete what they had.
    #[must_use]
    pub fn entrusted(&self) -> Option<&Entrusted> {
        self.trust.as_ref().map(|trust| &trust.last)
    }

    /// Shuts the door behind an emergency that is over. Whoever broke the glass has the capsule's keys for good: from here
    /// on nothing is sealed under them, and the next emergency has a capsule of its own ([`Self::entrusted`]). What was
    /// sealed before stays shut by the gate alone, unless it is moved too ([`Self::move_records`]).
    ///
    /// # Errors
    /// If the emergency is not over, or as [`Self::rotate`].
    pub async fn after_emergency(&mut self, id: &EmergencyId) -> Result<(), HostError> {
        let tip = self.node.tip()?;
        let found = self.node.query_at(tip.height)?.facts().emergency(id).during("emergency")?;
        let found = found.filter(|one| one.account() == self.account);
        let emergency = found.ok_or_else(|| HostError::new("no such emergency"))?;
        if emergency.is_running(Moment { height: tip.height, time: tip.time }) {
            return Err(HostError::new("the emergency is not over"));
        }
        self.rotate().await
    }

    /// Where there is a capsule, makes one of the epochs there are, for the same people and hours.
    pub(super) async fn renew_capsule(&mut self) -> Result<(), HostError> {
        let Some(Trust { to, data, .. }) = &self.trust else { return Ok(()) };
        let (to, data) = (to.clone(), *data);
        self.seal_capsule(to, data).await.map(|_| ())
    }

    async fn seal_capsule(&mut self, to: Vec<KemPublicKey>, data: TimeRange) -> Result<Entrusted, HostError> {
        let terms = GrantTerms {
            grant: GrantId::new(self.draw()),
            account: self.account,
            kind: self.kind,
            verbs: VerbSet::QUERY,
            purposes: PurposeSet::new(&[Purpose::BreakTheGlass, Purpose::EmergencyTreatment]).during("capsule")?,
            validity: Validity::during(TimeRange::ALWAYS),
            quota: None,
        };
        let body = self.body(terms, &data)?;
        let id = CapsuleId::new(self.draw());
        let keys: Vec<_> = to.iter().collect();
        let place = (self.node.chain(), self.account);
        let (capsule, letters) = trustees::entrust(&body, place, id, &keys, &mut self.rng)?;
        let bytes = codec::encode(&capsule);
        let last = Entrusted { capsule: ContentId::of(&bytes), letters };
        self.lake.put(&last.capsule, &bytes).await.during("lake")?;
        // Whoever keeps enough shares opens it for good, also when an epoch in it is erased.
        if let Some(before) = &self.trust {
            self.lake.delete(&before.last.capsule).await.during("lake")?;
        }
        self.trust = Some(Trust { to, data, last: last.clone() });
        Ok(last)
    }

    /// Tells the ledger who decides in an emergency, and how.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn appoint(&self, terms: EmergencyTerms) -> Result<Height, HostError> {
        let appointment = Appointment::BreakGlass(Some(terms));
        self.decide(Action::Appoint(Box::new(Appoint { number: 0, appointment }))).await
    }
}
