//! What the tests of this crate share.

mod distinguisher;

use crate::{
    accumulator::{Accumulator, Terms},
    batch::BatchVerifier,
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    error::Rejected,
    group::{self, IsIdentity as _, Point, Scalar},
    statement::Verify,
    transcript::Transcript,
};
use core::convert::Infallible;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use rand_core::{TryCryptoRng, TryRng};

/// A seeded generator.
pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A context like any other.
pub(crate) fn context() -> Context {
    Context::new(
        Chain::new([1; 32]),
        Pseudonym::new([2; 32]),
        Epoch::new(3),
        Purpose::new("test").unwrap(),
        Audience::new([4; 32]),
    )
}

/// The five contexts that differ from `from` in one field.
pub(crate) fn every_other_context(from: &Context) -> Vec<Context> {
    let (chain, subject, epoch) = (from.chain(), from.subject(), from.epoch());
    let (purpose, verifier) = (from.purpose().clone(), from.verifier());
    vec![
        Context::new(Chain::new([9; 32]), subject, epoch, purpose.clone(), verifier),
        Context::new(chain, Pseudonym::new([9; 32]), epoch, purpose.clone(), verifier),
        Context::new(chain, subject, Epoch::new(9), purpose.clone(), verifier),
        Context::new(chain, subject, epoch, Purpose::new("tesu").unwrap(), verifier),
        Context::new(chain, subject, epoch, purpose, Audience::new([9; 32])),
    ]
}

/// A broken generator: always the same byte.
pub(crate) struct StuckRng;

impl TryRng for StuckRng {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0x0707_0707)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0x0707_0707_0707_0707)
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(7);
        Ok(())
    }
}

impl TryCryptoRng for StuckRng {}

/// The sum of a proof's equations under weights from this seed, whatever the verdict.
pub(crate) fn error_of<S: Verify>(statement: &S, proof: &S::Proof, seed: u64) -> Point {
    let transcript = Transcript::bind(&context(), statement);
    sum_of(seed, |accumulator| statement.equations(transcript, proof, accumulator).ok())
}

/// The sum of what is emitted under weights from this seed.
pub(crate) fn sum_of(seed: u64, emit: impl FnOnce(&mut Accumulator<'_>) -> Option<()>) -> Point {
    let mut weights = rng(seed);
    let mut accumulator = Accumulator::new(&mut weights);
    emit(&mut accumulator).expect("a proof in form");
    Terms::sum([&accumulator.into_terms()].into_iter())
}

/// The proof holds; changed in any byte, cut short, made longer, with an element that is no scalar or point or is the
/// identity, or in any other context, it does not.
pub(crate) fn every_change_is_refused<S: Verify>(
    statement: &S,
    proof: &S::Proof,
    read: impl Fn(&[u8]) -> Option<S::Proof>,
) {
    assert_eq!(statement.verify(&context(), proof), Ok(()));
    let bytes = proof.as_ref();
    let refused = |bytes: &[u8]| read(bytes).is_none_or(|proof| statement.verify(&context(), &proof).is_err());
    assert!(read(bytes).is_some_and(|again| again.as_ref() == bytes), "the bytes read back");
    for at in 0..bytes.len() {
        let mut changed = bytes.to_vec();
        changed[at] ^= 1 << (at % 8);
        assert!(refused(&changed), "byte {at}");
        assert!(refused(&bytes[..at]), "{at} bytes");
    }
    for extra in [&[0][..], &[0; 32], &[0; 64]] {
        assert!(refused(&[bytes, extra].concat()), "{} bytes more", extra.len());
    }
    for start in (0..bytes.len()).step_by(32) {
        for filling in [0, 0xff] {
            let mut changed = bytes.to_vec();
            changed[start..start + 32].fill(filling);
            assert!(refused(&changed), "element at {start} filled with {filling}");
        }
    }
    for other in every_other_context(&context()) {
        assert_eq!(statement.verify(&other, proof), Err(Rejected));
    }
}

/// In a batch of these, whichever of them are replaced by their spoiled form are named, and no other; in whatever order.
pub(crate) fn every_subset_is_named<S: Verify>(cases: &[(S, S::Proof)], spoil: impl Fn(&S::Proof) -> S::Proof) {
    let spoiled: Vec<_> = cases.iter().map(|(_, proof)| spoil(proof)).collect();
    for set in 0_u64..1 << cases.len() {
        let mut batch = BatchVerifier::new();
        // The order turns with the set.
        let order: Vec<_> = (0..cases.len()).map(|place| (place + set as usize) % cases.len()).collect();
        for place in &order {
            let (statement, proof) = &cases[*place];
            batch.add(statement, &context(), if set >> place & 1 == 1 { &spoiled[*place] } else { proof });
        }
        let found = batch.finish(&mut rng(set)).err().unwrap_or_default();
        let expected: Vec<_> = (0..order.len()).filter(|at| set >> order[*at] & 1 == 1).collect();
        assert_eq!(found.iter().map(|ticket| ticket.place()).collect::<Vec<_>>(), expected);
    }
}

/// Two bad proofs whose errors cancel under equal weights are both named.
pub(crate) fn a_cancelling_pair_is_found<S: Verify>(statement: &S, pair: [&S::Proof; 2]) {
    let [plus, minus] = pair.map(|proof| error_of(statement, proof, 1));
    assert!(!plus.is_identity() && (plus + minus).is_identity(), "the forgery has teeth");
    let mut batch = BatchVerifier::new();
    let tickets = pair.map(|proof| batch.add(statement, &context(), proof));
    assert_eq!(batch.finish(&mut rng(1)), Err(tickets.to_vec()));
}

/// The bytes with the scalar at this element changed by a number.
pub(crate) fn shifted(bytes: &[u8], element: usize, by: &Scalar) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let place = 32 * element..32 * (element + 1);
    let scalar = group::decode_scalar(bytes[place.clone()].try_into().unwrap()).unwrap();
    out[place].copy_from_slice((scalar + by).as_bytes());
    out
}
