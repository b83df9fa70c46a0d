//! Claims of any family: no bytes make the verifier panic, its cost is told before its work, and none are accepted.
#![no_main]

use dmledger_core::{
    codec,
    traits::proof_verifier::{ProofClaim, ProofVerifier},
};
use dmledger_zk::{
    glycemic::{DayProof, VariationProof},
    sigma::{AnyOfProof, RelationProof},
    statement::reading::ReadingProof,
    verifier::Verifier,
};

/// The fuzzer's own bytes as randomness: the verdict does not depend on it.
struct Fixed;

impl rand_core::TryRng for Fixed {
    type Error = core::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(1)
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(1)
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        bytes.fill(1);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Fixed {}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = DayProof::from_bytes(bytes);
    let _ = VariationProof::from_bytes(bytes);
    let _ = RelationProof::from_bytes(bytes);
    let _ = AnyOfProof::from_bytes(bytes);
    let _ = ReadingProof::from_bytes(bytes);
    let Ok(claim) = codec::decode::<ProofClaim>(bytes) else { return };
    let verifier = Verifier::new(&mut Fixed);
    if verifier.cost(&claim).is_ok_and(|cost| cost.number() < 10_000) {
        assert!(verifier.verify(&claim).is_err());
    }
});
