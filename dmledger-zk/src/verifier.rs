//! The ledger's proof verifier: every family of this crate behind [`dmledger_core::traits::ProofVerifier`].
//!
//! A claim names its family by number; [`verifier::claim`](claim) says for each family what stands in its anchors and
//! statement. All claims of a block are checked in one batch.

pub mod claim;
mod days;
pub mod keys;

use crate::{
    batch::BatchVerifier,
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    error::StatementError,
};
use claim::Decoded;
use core::fmt;
use dmledger_core::traits::proof_verifier::{
    BadClaim, ProofClaim, ProofContext, ProofCost, ProofRefusal, ProofVerifier,
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Checks claims of every family in [`claim`].
pub struct Verifier {
    /// Mixed into the weights of every batch, so that nobody outside can foresee them.
    fresh: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}

impl Verifier {
    /// A verifier whose weights nobody else can foresee.
    pub fn new<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut fresh = Zeroizing::new([0; 32]);
        rng.fill_bytes(fresh.as_mut());
        Self { fresh }
    }
}

impl TryFrom<&ProofContext> for Context {
    type Error = StatementError;

    fn try_from(context: &ProofContext) -> Result<Self, StatementError> {
        Ok(Self::new(
            Chain::new(*context.chain().as_bytes()),
            Pseudonym::new(*context.subject().as_bytes()),
            Epoch::new(context.epoch()),
            Purpose::new(context.purpose())?,
            Audience::new(context.audience().to_bytes()),
        ))
    }
}

impl ProofVerifier for Verifier {
    fn cost(&self, claim: &ProofClaim) -> Result<ProofCost, ProofRefusal> {
        claim::cost(claim)
    }

    fn verify_all(&self, claims: &[ProofClaim]) -> Result<(), Vec<BadClaim>> {
        let mut bad = Vec::new();
        let mut decoded = Vec::with_capacity(claims.len());
        for (place, claim) in claims.iter().enumerate() {
            match decode(claim) {
                Ok((context, claim)) => decoded.push((place, context, claim)),
                Err(refusal) => bad.push(BadClaim { place, refusal }),
            }
        }
        let mut batch = BatchVerifier::new();
        for (_, context, claim) in &decoded {
            claim.add_to(&mut batch, context);
        }
        for ticket in batch.finish_with(*self.fresh).err().unwrap_or_default() {
            if let Some((place, ..)) = decoded.get(ticket.place()) {
                bad.push(BadClaim { place: *place, refusal: ProofRefusal::Rejected });
            }
        }
        bad.sort_unstable_by_key(|bad| bad.place);
        if bad.is_empty() { Ok(()) } else { Err(bad) }
    }
}

fn decode(claim: &ProofClaim) -> Result<(Context, Decoded), ProofRefusal> {
    let context = Context::try_from(claim.context()).map_err(|_| ProofRefusal::Malformed { what: "context" })?;
    Ok((context, Decoded::from_claim(claim)?))
}

#[cfg(test)]
mod tests;
