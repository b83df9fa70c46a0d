//! Co-signing: what others propose for the account waits until a key of the patient has signed, by hand or by rule.

use super::Residence;
use crate::error::{During, HostError};
use dmledger_core::{
    account::{ProposalId, ProposalStatus},
    action::{Action, Endorse, Instruct},
    envelope::{Envelope, Meaning},
    hash::Digest,
    ledger::{Agent, Considered},
    time::{Height, Moment},
};

impl Residence {
    /// What waits for the patient, shown to be all: what is proposed, and what lacks.
    ///
    /// # Errors
    /// If the state cannot be read or does not verify.
    pub fn pending(&self) -> Result<Vec<String>, HostError> {
        let query = self.node.query()?;
        let answer = query.pending(&self.account).during("proposals")?;
        let (root, chain) = (query.root().digest, self.node.chain());
        let pending = answer.verify(&root, chain, &self.account, self.next()?).during("proposals")?;
        let lines = pending.iter().map(|one| {
            let missing = one.missing.map_or_else(|| "nothing".to_owned(), |missing| missing.to_string());
            format!("{} ({missing})", one.action.name())
        });
        Ok(lines.collect())
    }

    /// Signs a proposal on the phone.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn sign_by_hand(&self, proposal: ProposalId) -> Result<Height, HostError> {
        let signed = Envelope::new(self.node.chain(), Some(self.account), Action::Endorse(Endorse { proposal }))
            .sign(&self.patient.phone, Meaning::CoSigned)
            .during("co-signing")?;
        self.node.submit(&signed).await
    }

    /// Gives the agent at home a mandate to sign by rules with this digest.
    ///
    /// # Errors
    /// The ledger's reason if it refuses.
    pub async fn mandate(&self, rules: Digest) -> Result<Height, HostError> {
        let before = self.node.query()?.facts().mandate(&self.account).during("mandate")?;
        let number = before.map_or(1, |mandate| mandate.number + 1);
        self.decide(Action::Instruct(Instruct { number, rules: Some(rules) })).await
    }

    /// Lets the agent at home look at a proposal, and sends what it signs with the patient's home key.
    ///
    /// # Errors
    /// If its rules are not in force or do not reach so far, or the ledger refuses.
    pub async fn consult(&self, agent: &mut Agent, proposal: &ProposalId) -> Result<Considered, HostError> {
        let query = self.node.query()?;
        let considered =
            agent.consider(proposal, &self.patient.home, &query.facts(), self.next()?).during("the agent at home")?;
        if let Some(reply) = &considered.reply {
            self.node.submit(reply).await?;
        }
        Ok(considered)
    }

    /// Where a proposal stands.
    ///
    /// # Errors
    /// If the state cannot be read or there is none.
    pub fn proposal(&self, proposal: &ProposalId) -> Result<ProposalStatus, HostError> {
        let found = self.node.query()?.facts().proposal(proposal).during("proposal")?;
        found.map(|one| one.status()).ok_or_else(|| HostError::new("no such proposal"))
    }

    /// The block after the last one, at the latest time the ledger knows.
    pub(super) fn next(&self) -> Result<Moment, HostError> {
        let tip = self.node.tip()?;
        Ok(Moment { height: tip.height.next(), time: tip.time })
    }
}
