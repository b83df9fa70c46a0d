//! Checking the proofs of many actions at once, within a cost that is told before any of the work is done.

use super::signatures::Memory;
use crate::{
    action::{Refusal, SignedAction},
    hash::Digest,
    traits::proof_verifier::{ProofClaim, ProofVerifier},
};
use std::sync::Arc;

/// The proofs of actions, and which actions' proofs have been checked.
#[derive(Default)]
pub(super) struct Proofs {
    verifier: Option<Arc<dyn ProofVerifier>>,
    known: Memory,
}

impl Proofs {
    pub(super) fn by(verifier: Arc<dyn ProofVerifier>) -> Self {
        Self { verifier: Some(verifier), known: Memory::default() }
    }

    /// For each action, why its proof is not accepted, if it has one that is not. Every proof takes its cost from
    /// `left`, known from before or not, so that a block's limit is the same on every node.
    pub(super) fn check(&self, actions: &[(Digest, &SignedAction)], left: &mut u64) -> Vec<Option<Refusal>> {
        let mut refused = vec![None; actions.len()];
        let (mut claims, mut owners) = (Vec::new(), Vec::new());
        for (position, (digest, action)) in actions.iter().enumerate() {
            let Some(claim) = action.body().handler().proof() else { continue };
            match self.admit(claim, left) {
                Err(refusal) => set(&mut refused, position, refusal),
                Ok(()) if self.known.has(digest) => {}
                Ok(()) => {
                    claims.push(claim.clone());
                    owners.push(position);
                }
            }
        }
        let Some(verifier) = &self.verifier else { return refused };
        for bad in verifier.verify_all(&claims).err().unwrap_or_default() {
            if let Some(position) = owners.get(bad.place) {
                set(&mut refused, *position, Refusal::Proof { refusal: bad.refusal });
            }
        }
        let sound = owners.iter().filter_map(|position| Some((refused.get(*position)?, actions.get(*position)?)));
        self.known.keep(sound.filter(|(refusal, _)| refusal.is_none()).map(|(_, (digest, _))| *digest));
        refused
    }

    fn admit(&self, claim: &ProofClaim, left: &mut u64) -> Result<(), Refusal> {
        let verifier = self.verifier.as_ref().ok_or(Refusal::NoVerifier)?;
        let cost = verifier.cost(claim).map_err(|refusal| Refusal::Proof { refusal })?.number();
        *left = left.checked_sub(cost).ok_or(Refusal::ProofTooCostly { cost, left: *left })?;
        Ok(())
    }
}

fn set(refused: &mut [Option<Refusal>], position: usize, refusal: Refusal) {
    if let Some(place) = refused.get_mut(position) {
        *place = Some(refusal);
    }
}
