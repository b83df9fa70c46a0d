//! The only place that names the generation of crates `bulletproofs` 5 is built on. Scalars and points cross as bytes.

use crate::{
    commit::{Commitment, Opening},
    error::Rejected,
    transcript::Transcript,
};
use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use curve25519_dalek_4::{ristretto::CompressedRistretto, scalar::Scalar};
use rand_core::CryptoRng;
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// Generators for `2^i` values at place `i`.
static GENERATORS: [OnceLock<BulletproofGens>; 7] = [const { OnceLock::new() }; 7];

fn generators(count: usize) -> Option<&'static BulletproofGens> {
    let place = GENERATORS.get(count.checked_ilog2()? as usize)?;
    Some(place.get_or_init(|| BulletproofGens::new(64, count)))
}

/// Proves that the values fit into `bits`; their number is a power of two. `None` if `bulletproofs` refuses.
pub(super) fn prove<R: CryptoRng + ?Sized>(
    mut transcript: Transcript,
    openings: &[&Opening],
    bits: u32,
    rng: &mut R,
) -> Option<Vec<u8>> {
    let values: Zeroizing<Vec<u64>> = Zeroizing::new(openings.iter().map(|opening| opening.value()).collect());
    let old = |opening: &&Opening| Scalar::from_bytes_mod_order(opening.blinding().scalar().to_bytes());
    let blindings: Zeroizing<Vec<Scalar>> = Zeroizing::new(openings.iter().map(old).collect());
    let mut secrets = Zeroizing::new(Vec::with_capacity(40 * openings.len()));
    for opening in openings {
        secrets.extend_from_slice(&opening.value().to_le_bytes());
        secrets.extend_from_slice(opening.blinding().scalar().as_bytes());
    }
    let mut nonces = transcript.prover_rng(&[&secrets], rng);
    let (proof, _) = RangeProof::prove_multiple_with_rng(
        generators(openings.len())?,
        &PedersenGens::default(),
        transcript.inner(),
        &values,
        &blindings,
        bits as usize,
        nonces.inner(),
    )
    .ok()?;
    Some(proof.to_bytes())
}

/// Checks a proof with `bulletproofs` itself.
pub(super) fn verify(
    mut transcript: Transcript,
    commitments: &[Commitment],
    bits: u32,
    proof: &[u8],
) -> Result<(), Rejected> {
    let proof = RangeProof::from_bytes(proof).map_err(|_| Rejected)?;
    let commitments: Vec<_> = commitments.iter().map(|one| CompressedRistretto(*one.as_bytes())).collect();
    // The two checks inside are joined by one random weight; the transcript and the proof determine it here.
    let mut weights = transcript.prover_rng(&[&proof.to_bytes()], &mut NoRandomness);
    proof
        .verify_multiple_with_rng(
            generators(commitments.len()).ok_or(Rejected)?,
            &PedersenGens::default(),
            transcript.inner(),
            &commitments,
            bits as usize,
            weights.inner(),
        )
        .map_err(|_| Rejected)
}

/// Adds nothing: the weight of a single verification comes from the hash of what is verified.
struct NoRandomness;

impl rand_core::TryRng for NoRandomness {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        bytes.fill(0);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for NoRandomness {}
