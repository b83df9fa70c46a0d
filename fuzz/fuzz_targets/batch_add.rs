//! A batch: whatever is added beside two good proofs, in whatever place, exactly what is bad is named.
#![no_main]

use dmledger_zk::{
    batch::BatchVerifier,
    commit::{Blinding, Commitment, Opening},
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    range::{Bits, FitsBits, RangeProof},
    sigma::{Relation, RelationProof, Witness},
    statement::Prove,
};
use std::sync::OnceLock;

/// The fuzzer's batches need no secrets.
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

/// A context, a commitment to 100, and a good proof of either family.
fn good() -> Option<&'static (Context, Commitment, RangeProof, RelationProof)> {
    static GOOD: OnceLock<Option<(Context, Commitment, RangeProof, RelationProof)>> = OnceLock::new();
    let make = || {
        let id = [2; 32];
        let purpose = Purpose::new("fuzz").ok()?;
        let context = Context::new(Chain::new(id), Pseudonym::new(id), Epoch::new(0), purpose, Audience::new(id));
        let opening = Opening::new(100, Blinding::derive(&[1; 32], 0));
        let commitment = opening.commitment();
        let known = Relation::opening(&commitment).prove(&context, &Witness::opening(&opening), &mut Fixed).ok()?;
        let fits = FitsBits::new(&[commitment], Bits::Eight).ok()?.prove(&context, &[opening], &mut Fixed).ok()?;
        Some((context, commitment, fits, known))
    };
    GOOD.get_or_init(make).as_ref()
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((context, commitment, fits, known)) = good() else { return };
    let (Some((place, bytes)), Ok(range)) = (bytes.split_first(), FitsBits::new(&[*commitment], Bits::Eight)) else {
        return;
    };
    let relation = Relation::opening(commitment);
    let (other_range, other_known) = (RangeProof::from_bytes(bytes).ok(), RelationProof::from_bytes(bytes).ok());
    let (mut batch, mut bad) = (BatchVerifier::new(), Vec::new());
    for at in 0..4 {
        if at == place % 4 {
            let range =
                other_range.as_ref().filter(|other| *other != fits).map(|other| batch.add(&range, context, other));
            let known =
                other_known.as_ref().filter(|other| *other != known).map(|other| batch.add(&relation, context, other));
            bad.extend(range.into_iter().chain(known));
        } else if at % 2 == 0 {
            batch.add(&range, context, fits);
        } else {
            batch.add(&relation, context, known);
        }
    }
    assert_eq!(batch.finish(&mut Fixed).err().unwrap_or_default(), bad);
});
