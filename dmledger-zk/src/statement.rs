//! The three traits every family of proofs implements.
//!
//! A family says what it shows ([`Statement`]), how to show it ([`Prove`]) and which group equations hold if it is shown
//! ([`Verify`]). It never multiplies points itself to decide: single and batch verification share one path, the
//! [`Accumulator`].

pub mod anchored;
pub mod encrypted;
pub mod reading;

use crate::{
    accumulator::Accumulator,
    batch::BatchVerifier,
    context::Context,
    error::{ProveError, Rejected},
    transcript::Transcript,
};
use rand_core::CryptoRng;

/// Something that can be shown about committed values. Constructors hold its invariants.
pub trait Statement {
    /// Unique name of the family, `dmledger/zk/<family>/v1`.
    const DOMAIN: &'static str;
    /// What the prover knows.
    type Witness: ?Sized;
    /// The proof, kept as its canonical bytes.
    type Proof: AsRef<[u8]>;

    /// Adds every public value of the statement to the transcript.
    fn absorb(&self, transcript: &mut Transcript);

    /// Adds the public values that [`Self::absorb`] leaves to the messages of the protocol: the weights of a batch are
    /// drawn before those, and depend on every public value.
    fn absorb_rest(&self, _transcript: &mut Transcript) {}
}

/// A statement whose proof this crate can make.
pub trait Prove: Statement {
    /// Makes a proof on a transcript that already holds context and statement.
    ///
    /// # Errors
    /// [`ProveError`] if the witness does not satisfy the statement.
    fn prove_on<R: CryptoRng + ?Sized>(
        &self,
        transcript: Transcript,
        witness: &Self::Witness,
        rng: &mut R,
    ) -> Result<Self::Proof, ProveError>;

    /// Proves the statement in `context`.
    ///
    /// # Errors
    /// [`ProveError`] if the witness does not satisfy the statement.
    fn prove<R: CryptoRng + ?Sized>(
        &self,
        context: &Context,
        witness: &Self::Witness,
        rng: &mut R,
    ) -> Result<Self::Proof, ProveError> {
        self.prove_on(Transcript::bind(context, self), witness, rng)
    }
}

/// A statement whose proof this crate can check.
pub trait Verify: Statement {
    /// Emits the equations that hold if and only if (up to the soundness error) the proof is good.
    ///
    /// `transcript` already holds context and statement.
    ///
    /// # Errors
    /// [`Rejected`] if the proof is refused before any equation is needed: a malformed point, a forbidden identity.
    fn equations(
        &self,
        transcript: Transcript,
        proof: &Self::Proof,
        accumulator: &mut Accumulator<'_>,
    ) -> Result<(), Rejected>;

    /// Checks one proof: a batch of one, so that there is one path of verification.
    ///
    /// The weights of its equations come from a hash of statement, context and proof.
    ///
    /// # Errors
    /// [`Rejected`] if the proof does not hold.
    fn verify(&self, context: &Context, proof: &Self::Proof) -> Result<(), Rejected>
    where
        Self: Sized,
    {
        let mut batch = BatchVerifier::new();
        batch.add(self, context, proof);
        batch.finish_with([0; 32]).map_err(|_| Rejected)
    }
}
