use super::{
    proofs::{Good, Proofs},
    *,
};
use dmledger_zk::{
    accumulator::Accumulator,
    error::Rejected,
    sigma::RelationProof,
    statement::{Statement, Verify},
    transcript::Transcript,
};

#[test]
fn a_run_is_the_same_on_any_number_of_threads_and_accepts_nothing() {
    let run = |threads| run(2 * SHARE / 50, 3, NonZeroUsize::new(threads).unwrap()).unwrap();
    let score = run(1);
    assert_eq!(score, run(2));
    assert!(score.mutants >= 200 && score.accepted.is_empty(), "{:?}", score.accepted);
}

/// A statement whose verifier looks at nothing.
struct Believed;

impl Statement for Believed {
    const DOMAIN: &'static str = "test/believed";
    type Witness = ();
    type Proof = RelationProof;

    fn absorb(&self, _: &mut Transcript) {}
}

impl Verify for Believed {
    fn equations(&self, _: Transcript, _: &RelationProof, _: &mut Accumulator<'_>) -> Result<(), Rejected> {
        Ok(())
    }
}

#[test]
fn a_verifier_that_believes_everything_is_found_out_by_every_way_of_spoiling() {
    let good = || Good { statement: Believed, proof: RelationProof::from_bytes(&[1; 96]).unwrap() };
    let read = |bytes: &[u8]| RelationProof::from_bytes(bytes).ok();
    let family = Proofs::new(("believed", 1), vec![good(), good()], read, |_, _, _| Some(Believed)).unwrap();
    let (mut rng, mut score) = (ChaCha20Rng::seed_from_u64(1), Score::default());
    for _ in 0..2_000 {
        if let Some(tried) = family.attempt(&mut rng) {
            score.count("believed", tried);
        }
    }
    for kind in ["bit flipped", "another context", "another statement", "proof of another statement"] {
        assert!(score.accepted.iter().any(|what| what.contains(kind)), "{kind}");
    }
    assert!(score.accepted.iter().any(|what| what.contains("in a batch")));
}
