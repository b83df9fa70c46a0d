//! An institution in an emergency: it asks for one, reads with the keys that trustees give it, and may review another's.

use super::{Institution, Partials, ReadError};
use crate::{
    error::{During, HostError},
    trustees,
};
use dmledger_core::{
    action::{Action, ReviewEmergency},
    codec,
    emergency::{Emergency, EmergencyId, EmergencyRequest, PatientState, Verdict},
    envelope::AccountId,
    hash::Digest,
    record::{ContentId, RecordId, reading::ReadingBatch},
    scope::Purpose,
    time::{Height, Moment, TimeRange},
};
use dmledger_zk::seal::{Capsule, GrantBody, Keys, TrusteeBundle, Wrapped};
use rand_core::Rng as _;

impl Institution<'_> {
    /// Asks to read `data` of an unresponsive patient.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn call_emergency(&mut self, account: AccountId, data: TimeRange) -> Result<EmergencyId, HostError> {
        let (mut name, mut statement) = ([0; 16], [0; 32]);
        self.rng.fill_bytes(&mut name);
        self.rng.fill_bytes(&mut statement);
        let id = EmergencyId::new(name);
        let appointed = self.node.query()?.facts().emergency_trustees(&account).during("trustees")?;
        let terms = appointed.ok_or_else(|| HostError::new("nobody is trusted in an emergency"))?.number;
        let (reason, patient) = (Purpose::BreakTheGlass, PatientState::Unresponsive);
        let request = EmergencyRequest { id, terms, reason, patient, data, statement: Digest::new(statement) };
        self.act(account, Action::RequestEmergency(request)).await?;
        Ok(id)
    }

    /// What the ledger knows of an emergency.
    ///
    /// # Errors
    /// If there is none, or the state cannot be read.
    pub fn emergency(&self, id: &EmergencyId) -> Result<Emergency, HostError> {
        let found = self.node.query()?.facts().emergency(id).during("emergency")?;
        found.ok_or_else(|| HostError::new("no such emergency"))
    }

    /// Opens a capsule of the lake with the shares that trustees have sent.
    ///
    /// # Errors
    /// If they are too few or do not fit.
    pub async fn open_capsule(
        &self,
        account: AccountId,
        capsule: &ContentId,
        shares: &[Wrapped<TrusteeBundle>],
    ) -> Result<GrantBody, HostError> {
        let bytes = self.lake.get(capsule).await.during("lake")?;
        let capsule: Capsule = codec::decode(&bytes).during("capsule")?;
        let place = (self.node.chain(), account);
        trustees::open_capsule(&capsule, shares, self.person.kem(), place).during("capsule")
    }

    /// Opens records with the keys of a capsule and the gate's partials, while the emergency is open.
    ///
    /// # Errors
    /// [`ReadError::Host`] if it is not; [`ReadError::Sealed`] if a record does not open.
    pub async fn read_in_emergency(
        &self,
        id: &EmergencyId,
        body: &GrantBody,
        records: &[RecordId],
        partials: &mut Partials,
    ) -> Result<Vec<ReadingBatch>, ReadError> {
        let tip = self.node.tip()?;
        if !self.emergency(id)?.is_running(Moment { height: tip.height, time: tip.time }) {
            return Err(HostError::new("the emergency is over").into());
        }
        let mut batches = Vec::with_capacity(records.len());
        for record in records {
            let shown = self.show(record)?;
            let replies = partials.remove(record).unwrap_or_default();
            // No grant stands behind these keys: the ledger's word is that the emergency is open.
            batches.push(self.open_regardless(self.check(record, &shown)?, Keys::Gated(body, &replies)).await?);
        }
        Ok(batches)
    }

    /// Puts a verdict on an emergency that is over on record.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn review(&mut self, account: AccountId, id: EmergencyId, verdict: Verdict) -> Result<Height, HostError> {
        let mut findings = [0; 32];
        self.rng.fill_bytes(&mut findings);
        let review = ReviewEmergency { id, verdict, findings: Digest::new(findings) };
        self.act(account, Action::ReviewEmergency(review)).await
    }

    /// Emergencies of the whole network that wait for a review, shown to be all.
    ///
    /// # Errors
    /// If the state cannot be read or does not verify.
    pub fn unreviewed(&self) -> Result<Vec<EmergencyId>, HostError> {
        let (query, tip) = (self.node.query()?, self.node.tip()?);
        let all = query.emergencies_opened().during("emergencies")?;
        let at = Moment { height: tip.height.next(), time: tip.time };
        let waiting = all.unreviewed(&query.root().digest, self.node.chain(), at).during("emergencies")?;
        Ok(waiting.into_iter().map(Emergency::id).collect())
    }
}
