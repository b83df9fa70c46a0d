//! Agreements: what an institution and the patient have agreed on gives it a right, and ends with it.

use super::{Grantee, Residence, Terms};
use crate::{
    error::{During, HostError},
    people::Person,
};
use dmledger_core::{
    action::{Action, Conclude, Terminate},
    codec::List,
    consent::{Agreement, AgreementId, GrantId, SignedAgreement, agreement::AgreementText},
    record::RecordId,
    scope::VerbSet,
    time::Height,
};

/// An agreement in force, with the text that stays with its parties.
#[derive(Clone, Debug)]
pub struct Concluded {
    /// Its name.
    pub id: AgreementId,
    /// The right it gives.
    pub grant: GrantId,
    /// What makes the digest of the text tell nothing.
    pub salt: [u8; 32],
}

impl Residence {
    /// Concludes an agreement on `records`: the institution signs it, both of the patient's keys accept it. It may read
    /// these records, and write a later version of each.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn agree(
        &mut self,
        with: &Person,
        records: Vec<RecordId>,
        terms: &Terms,
        text: &[u8],
    ) -> Result<Concluded, HostError> {
        let (id, salt) = (AgreementId::new(self.draw()), self.draw());
        let right = self.offer(&Grantee::from(with), terms, VerbSet::QUERY_AND_UPDATE).await?;
        let grant = right.id;
        let agreement = Agreement {
            id,
            institution: with.id(),
            text: AgreementText::of("text/plain", &salt, text).during("agreement")?,
            index: List::new(records).during("agreement")?,
            referrals: 0,
            terms: right,
            supersedes: None,
        };
        let signed =
            SignedAgreement::sign(agreement, with.key(), &self.node.chain(), &self.account).during("agreement")?;
        self.decide(Action::Conclude(Box::new(Conclude { signed }))).await?;
        Ok(Concluded { id, grant, salt })
    }

    /// Ends an agreement and the right it gave.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn terminate(&self, agreement: AgreementId) -> Result<Height, HostError> {
        self.decide(Action::Terminate(Terminate { agreement })).await
    }
}
