//! The scenes of proofs: a fact about a reading is shown without the reading, and no byte can be changed unnoticed.

use super::Story;
use crate::{
    error::HostError,
    institution::Question,
    network::Network,
    outcome::{Learned, Row},
    tamper,
};
use std::path::Path;

/// What the proof is for.
const PURPOSE: &str = "time in range";

impl Story<'_> {
    pub(super) async fn a_fact_is_proved(&mut self) -> Result<(), HostError> {
        let verifier = self.verifier();
        let (who, audience) = (self.person(verifier)?.title(), self.person(verifier)?.id().digest());
        let what = "whether a reading lies in 70..180 mg/dL";
        let Some((record, claim)) = self.residence.prove_in_range(self.interval, PURPOSE, audience)? else {
            self.row(&who, what, "no proof", "no reading of this series lies there");
            return Ok(());
        };
        let verifier = &mut self.institutions[verifier];
        let shown = verifier.show(&record)?;
        let question = Question { record: &record, shown: &shown, interval: self.interval, purpose: PURPOSE };
        verifier.verify(&question, &claim)?;
        self.outcome.proofs_verified += 1;
        self.outcome.proofs.push(Learned {
            verifier: who.clone(),
            at_least_mg_dl: self.interval.low() / 1_000_000,
            at_most_mg_dl: self.interval.high() / 1_000_000,
        });
        self.outcome.inclusions_verified += 1;
        self.row(
            &who,
            what,
            "a proof that holds, no value",
            format!("{} bytes, bound to {}", claim.proof().len(), self.person(self.verifier())?.name()),
        );
        self.proved = Some((record, shown, claim));
        Ok(())
    }

    /// Who checks the proof: the pharmacy, or the last of a smaller network.
    fn verifier(&self) -> usize {
        self.institutions.len().min(3) - 1
    }

    /// Flips bytes in copies of what A1's node and the lake keep, and in proofs.
    ///
    /// # Errors
    /// If a change goes unnoticed.
    pub async fn tamper(&mut self, network: &Network, scratch: &Path) -> Result<(), HostError> {
        let record = *self.some_records(0, 1)?.first().ok_or_else(|| HostError::new("no record"))?;
        let shown = self.institutions[0].show(&record)?;
        let content = self.institutions[0].check(&record, &shown)?.entry.facts().content;
        let mut found = vec![tamper::lake(&network.lake(), &content, scratch).await?];
        let store = network.dir().join(self.institutions[0].node().name()).join("store");
        found.push(tamper::block_file(&store, network.genesis().chain(), &record, scratch)?);
        if let Some((record, shown, claim)) = &self.proved {
            let question = Question { record, shown, interval: self.interval, purpose: PURPOSE };
            let verifier = self.verifier();
            found.push(tamper::claim(&mut self.institutions[verifier], &question, claim)?);
        }
        found.push(tamper::inclusion(&self.institutions[0], &record, &shown)?);
        found.push(tamper::certificate(&self.institutions[0], &shown)?);
        for what in &found {
            let (thing, how) = what.split_once(": ").unwrap_or((what, ""));
            self.outcome.table.push(Row::new("anybody", format!("one byte changed: {thing}"), "noticed", how));
        }
        self.outcome.tampering_detected = found;
        Ok(())
    }
}
