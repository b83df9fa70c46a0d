//! Trust: whom the patient lets decide in an emergency, and what they can open then.

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
    emergency::{Appointment, EmergencyTerms},
    record::ContentId,
    scope::{Purpose, PurposeSet, Validity, VerbSet},
    time::{Height, TimeRange},
};
use dmledger_zk::seal::{CapsuleId, GrantTerms, TrusteeBundle, Wrapped};

/// Where a capsule lies, and the letters to the trustees.
#[derive(Debug)]
pub struct Entrusted {
    /// The capsule's address in the lake.
    pub capsule: ContentId,
    /// One letter a trustee, in their order.
    pub letters: Vec<Wrapped<TrusteeBundle>>,
}

impl Residence {
    /// Seals the range keys of `data` into a capsule that trustees open together, for emergencies and nothing else.
    ///
    /// # Errors
    /// If the range lies outside the key epochs, or the lake fails.
    pub async fn entrust(&mut self, people: &[Person], data: &TimeRange) -> Result<Entrusted, HostError> {
        let terms = GrantTerms {
            grant: GrantId::new(self.draw()),
            account: self.account,
            kind: self.kind,
            verbs: VerbSet::QUERY,
            purposes: PurposeSet::new(&[Purpose::BreakTheGlass, Purpose::EmergencyTreatment]).during("capsule")?,
            validity: Validity::during(TimeRange::ALWAYS),
            quota: None,
        };
        let body = self.body(terms, data)?;
        let id = CapsuleId::new(self.draw());
        let to: Vec<_> = people.iter().map(|person| person.kem().public()).collect();
        let place = (self.node.chain(), self.account);
        let (capsule, letters) = trustees::entrust(&body, place, id, &to, &mut self.rng)?;
        let bytes = codec::encode(&capsule);
        let address = ContentId::of(&bytes);
        self.lake.put(&address, &bytes).await.during("lake")?;
        Ok(Entrusted { capsule: address, letters })
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
