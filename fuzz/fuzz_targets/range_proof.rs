//! Range proofs: no bytes make the verifier panic, and none that a prover did not make are accepted.
#![no_main]

use dmledger_zk::{
    commit::{Blinding, Opening},
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    range::{InInterval, Interval, RangeProof},
    statement::Verify,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(proof) = RangeProof::from_bytes(bytes) else { return };
    let (Ok(interval), Ok(purpose)) = (Interval::new(700, 1800), Purpose::new("fuzz")) else { return };
    let commitment = Opening::new(1000, Blinding::derive(&[1; 32], 0)).commitment();
    let Ok(statement) = InInterval::new(&[commitment], interval) else { return };
    let id = [2; 32];
    let context = Context::new(Chain::new(id), Pseudonym::new(id), Epoch::new(0), purpose, Audience::new(id));
    assert!(statement.verify(&context, &proof).is_err());
});
