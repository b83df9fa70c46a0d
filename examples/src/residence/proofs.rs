//! Proving a fact about a reading without showing the reading.

use super::{Residence, sealing::committed};
use crate::error::{During, HostError};
use dmledger_core::{
    hash::Digest,
    record::RecordId,
    traits::proof_verifier::{ProofClaim, ProofContext},
};
use dmledger_zk::{
    commit::commit_values,
    context::Context,
    range::Interval,
    statement::{
        Prove,
        reading::{ReadingInRange, ReadingWitness},
    },
};

impl Residence {
    /// Proves to `audience` that one of the patient's readings lies in `interval` (millionths of mg/dL), without showing
    /// it: the first one that does. `None` if none does.
    ///
    /// # Errors
    /// If the proof cannot be made.
    pub fn prove_in_range(
        &mut self,
        interval: Interval,
        purpose: &str,
        audience: Digest,
    ) -> Result<Option<(RecordId, ProofClaim)>, HostError> {
        let found = self.kept.iter().find_map(|kept| {
            let values = committed(kept.batch.as_ref()?);
            let index = values.iter().position(|value| interval.contains(*value))?;
            Some((kept, values, index as u64))
        });
        let Some((kept, values, index)) = found else { return Ok(None) };
        let (commitments, openings) = commit_values(&values, &kept.value_key);
        let (root, count) = (kept.facts.commitments, u64::from(kept.facts.count));
        let statement = ReadingInRange::new(root, count, index, interval).during("claim")?;
        let witness = ReadingWitness::new(&commitments, &openings, index).during("claim")?;
        let epoch = u64::from(kept.facts.epoch);
        let context = ProofContext::new(self.node.chain(), self.account, epoch, purpose, audience).during("claim")?;
        let proof =
            statement.prove(&Context::try_from(&context).during("claim")?, &witness, &mut self.rng).during("claim")?;
        let claim = statement.claim(context, &proof).during("claim")?;
        Ok(Some((kept.facts.record, claim)))
    }
}
