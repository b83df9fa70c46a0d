use super::*;
use crate::{
    batch::BatchVerifier,
    commit::Blinding,
    context::Context,
    elgamal::DecryptionKey,
    error::{ProveError, Rejected},
    group::{self, IsIdentity as _},
    sigma::RelationProof,
    statement::{Prove as _, Verify as _},
    testing,
};

fn key(seed: u64) -> DecryptionKey {
    DecryptionKey::random(&mut testing::rng(seed))
}

fn holders(threshold: usize, count: u64) -> Holders {
    let keys: Vec<_> = (1..=count).map(|seed| key(seed).encryption_key()).collect();
    Holders::new(threshold, &keys).unwrap()
}

fn number(number: u8) -> HolderNumber {
    HolderNumber::new(number).unwrap()
}

fn copy(share: &Share) -> Share {
    Share::from_bytes(&share.to_bytes()).unwrap()
}

fn deal(threshold: usize, count: u64) -> (Dealing, SharedScalar, Vec<Share>) {
    let secret = Blinding::derive(&[1; 32], 7);
    Dealing::deal(&testing::context(), &holders(threshold, count), &secret, &mut testing::rng(count))
}

#[test]
fn every_share_checks_and_any_threshold_of_them_recovers_the_secret() {
    let (dealing, secret, shares) = deal(3, 5);
    assert_eq!(*secret.scalar(), *Blinding::derive(&[1; 32], 7).scalar());
    for (number, share) in dealing.holders().numbers().zip(&shares) {
        assert_eq!(dealing.share_of(number).unwrap().verify(&testing::context(), share), Ok(()));
    }
    for set in 0_u32..1 << 5 {
        let chosen = dealing.holders().numbers().zip(&shares).filter(|(number, _)| set >> number.place() & 1 == 1);
        let chosen: Vec<_> = chosen.map(|(number, share)| (number, copy(share))).collect();
        match dealing.recover(&testing::context(), &chosen) {
            Ok(again) => {
                assert!(set.count_ones() >= 3);
                assert_eq!(again.scalar(), secret.scalar());
            }
            Err(error) => assert_eq!(error, RecoverError::MissingShares { have: chosen.len(), need: 3 }),
        }
    }
}

#[test]
fn wrong_doubled_and_foreign_shares_are_passed_over() {
    let (dealing, secret, shares) = deal(2, 3);
    let (_, _, others) = deal(2, 4);
    let given = [
        (number(1), copy(&others[0])),
        (number(2), copy(&shares[0])),
        (number(1), copy(&shares[0])),
        (number(1), copy(&shares[0])),
        (number(4), copy(&others[3])),
    ];
    let missing = RecoverError::MissingShares { have: 1, need: 2 };
    assert_eq!(dealing.recover(&testing::context(), &given).err(), Some(missing));
    let [a, b, c, d, e] = given;
    let again = dealing.recover(&testing::context(), &[a, b, c, d, e, (number(3), copy(&shares[2]))]).unwrap();
    assert_eq!(again.scalar(), secret.scalar());
}

#[test]
fn a_share_altered_in_any_byte_is_refused_and_named_in_a_batch() {
    let (dealing, _, shares) = deal(3, 4);
    let bytes = shares[1].to_bytes();
    let statement = dealing.share_of(number(2)).unwrap();
    for at in 0..Share::BYTES {
        let mut changed = *bytes;
        changed[at] ^= 1 << (at % 8);
        let accepted =
            Share::from_bytes(&changed).is_ok_and(|share| statement.verify(&testing::context(), &share).is_ok());
        assert!(!accepted, "byte {at}");
    }
    for other in [1, 3, 4] {
        let statement = dealing.share_of(number(other)).unwrap();
        assert_eq!(statement.verify(&testing::context(), &shares[1]), Err(Rejected));
    }
    let cases: Vec<_> = dealing
        .holders()
        .numbers()
        .zip(shares)
        .map(|(number, share)| (dealing.share_of(number).unwrap(), share))
        .collect();
    testing::every_subset_is_named(&cases, |share| {
        let bytes = testing::shifted(share.as_ref(), 1, &Scalar::ONE);
        Share::from_bytes(bytes.first_chunk().unwrap()).unwrap()
    });
    let (statement, share) = &cases[0];
    let pair = [Scalar::ONE, -Scalar::ONE]
        .map(|by| Share::from_bytes(testing::shifted(share.as_ref(), 0, &by).first_chunk().unwrap()).unwrap());
    testing::a_cancelling_pair_is_found(statement, pair.each_ref());
}

#[test]
fn a_dealing_is_bound_to_its_context_holders_and_threshold() {
    let (dealing, secret, _) = deal(2, 3);
    let proof = dealing.prove(&testing::context(), &secret, &mut testing::rng(1)).unwrap();
    testing::every_change_is_refused(&dealing, &proof, |bytes| RelationProof::from_bytes(bytes).ok());
    let own = dealing.commitments();
    let mut keys = dealing.holders().keys().to_vec();
    keys.reverse();
    let (other, _, _) = deal(2, 5);
    let wrong = [
        Dealing::new(&holders(2, 4), own.to_vec()),
        Dealing::new(&Holders::new(2, &keys).unwrap(), own.to_vec()),
        Dealing::new(dealing.holders(), vec![own[0], other.commitments()[1]]),
        Dealing::new(dealing.holders(), vec![other.commitments()[0], own[1]]),
        Dealing::new(&holders(3, 3), vec![own[0], own[1], own[1]]),
    ];
    for statement in wrong {
        assert_eq!(statement.unwrap().verify(&testing::context(), &proof), Err(Rejected));
    }
    assert!(Dealing::new(dealing.holders(), own[..1].to_vec()).is_err());
}

/// Hiding: with the dealer's polynomials moved along `(b, -1)`, where `B~ = b B` in a group whose logarithms were known, the
/// commitments stay. Here the logarithm is not known, so the same is shown in the exponents: for one share and every other
/// secret there is exactly one line through both.
#[test]
fn one_share_of_two_fits_every_secret() {
    let (_, secret, shares) = deal(2, 3);
    let [f_1, _] = shares[0].scalars().unwrap();
    for other in [Scalar::ZERO, Scalar::ONE, *secret.scalar()] {
        let line = [other, f_1 - other];
        assert_eq!(polynomial::evaluate(&line, number(1)), f_1);
        assert_eq!(
            line[0] == *secret.scalar(),
            polynomial::evaluate(&line, number(2)) == shares[1].scalars().unwrap()[0]
        );
    }
}

#[test]
fn holders_doubled_none_or_too_many_are_refused() {
    let keys: Vec<_> = (1..=65).map(|seed| key(seed).encryption_key()).collect();
    assert!(Holders::new(64, &keys[..64]).is_ok());
    assert_eq!(Holders::new(1, &keys), Err(StatementError::Count { count: 65, max: 64 }));
    assert_eq!(Holders::new(1, &[]), Err(StatementError::Count { count: 0, max: 64 }));
    assert_eq!(Holders::new(0, &keys[..2]), Err(StatementError::Position { index: 0, count: 2 }));
    assert_eq!(Holders::new(3, &keys[..2]), Err(StatementError::Position { index: 3, count: 2 }));
    assert_eq!(Holders::new(1, &[keys[0], keys[1], keys[0]]), Err(StatementError::Twice { place: 2 }));
    assert!(HolderNumber::new(0).is_err() && HolderNumber::new(65).is_err() && HolderNumber::new(64).is_ok());
    let (dealing, ..) = deal(2, 3);
    assert!(dealing.share_of(number(4)).is_err());
}

#[test]
fn a_stuck_generator_gives_two_secrets_unrelated_polynomials() {
    let second = |index| {
        let secret = Blinding::derive(&[1; 32], index);
        Dealing::deal(&testing::context(), &holders(2, 2), &secret, &mut testing::StuckRng).0.commitments()[1]
    };
    assert_eq!(second(1), second(1));
    assert_ne!(second(1), second(2));
}

fn deal_publicly(threshold: usize, count: u64) -> (PublicDealing, PublicDealingProof, SharedElement) {
    PublicDealing::deal(&testing::context(), &holders(threshold, count), &mut testing::rng(count)).unwrap()
}

fn open_all(dealing: &PublicDealing) -> Vec<OpenedShare> {
    dealing.holders().numbers().map(|number| dealing.open(number, &key(number.number().into())).unwrap()).collect()
}

#[test]
fn anyone_checks_a_public_dealing_and_any_threshold_recovers_its_key() {
    for (threshold, count) in [(1, 1), (1, 3), (3, 5), (4, 4)] {
        let (dealing, proof, secret) = deal_publicly(threshold, count);
        let dealing = PublicDealing::from_bytes(dealing.holders(), &dealing.to_bytes()).unwrap();
        assert_eq!(dealing.verify(&testing::context(), &proof), Ok(()));
        assert_eq!(proof.as_bytes().len(), 32 * (2 * threshold + count as usize));
        let opened = open_all(&dealing);
        for start in 0..opened.len() {
            let chosen: Vec<_> = opened.iter().cycle().skip(start).take(threshold).cloned().collect();
            assert_eq!(*dealing.recover(&chosen).unwrap().key(), *secret.key());
            let missing = RecoverError::MissingShares { have: threshold - 1, need: threshold };
            assert_eq!(dealing.recover(&chosen[1..]).err(), Some(missing));
        }
        // Repetitions and shares of another dealing do not count.
        let (other, ..) = deal_publicly(threshold, count + 1);
        assert!(dealing.recover(&open_all(&other)).is_err());
        assert!(threshold == 1 || dealing.recover(&vec![opened[0].clone(); threshold]).is_err());
    }
}

#[test]
fn a_public_dealing_is_refused_when_anything_of_it_changes() {
    let (dealing, proof, _) = deal_publicly(2, 3);
    testing::every_change_is_refused(&dealing, &proof, |bytes| PublicDealingProof::from_bytes(bytes).ok());
    let bytes = dealing.to_bytes();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let other = PublicDealing::from_bytes(dealing.holders(), &changed);
        assert!(!other.is_ok_and(|other| other.verify(&testing::context(), &proof).is_ok()), "byte {at}");
        assert!(PublicDealing::from_bytes(dealing.holders(), &bytes[..at]).is_err());
    }
    assert!(PublicDealing::from_bytes(dealing.holders(), &[&bytes[..], &[0; 32]].concat()).is_err());
    let mut keys = dealing.holders().keys().to_vec();
    keys.swap(0, 1);
    let other = PublicDealing::from_bytes(&Holders::new(2, &keys).unwrap(), &bytes).unwrap();
    assert_eq!(other.verify(&testing::context(), &proof), Err(Rejected));
    // Two shares of the right holders in each other's place.
    let mut swapped = bytes.clone();
    swapped[64..96].copy_from_slice(&bytes[96..128]);
    swapped[96..128].copy_from_slice(&bytes[64..96]);
    let other = PublicDealing::from_bytes(dealing.holders(), &swapped).unwrap();
    assert_eq!(other.verify(&testing::context(), &proof), Err(Rejected));
}

/// A dealer whose shares lie on a polynomial of a higher degree than announced, so that different holders recover different
/// secrets.
#[test]
fn a_dealer_with_one_share_off_the_polynomial_is_refused() {
    let (honest, _, _) = deal_publicly(2, 3);
    let mut bytes = honest.to_bytes();
    let off = Scalar::from(9_u64) * honest.holders().keys()[2].point();
    bytes[128..160].copy_from_slice(&group::encode_point(&off));
    let dealing = PublicDealing::from_bytes(honest.holders(), &bytes).unwrap();
    let p = polynomial::Polynomial::new(vec![Scalar::from(3_u64), Scalar::from(4_u64)]);
    let proof = dealing.prove_for_test(&p);
    assert_eq!(dealing.verify(&testing::context(), &proof), Err(Rejected));
}

#[test]
fn a_holder_shows_that_its_share_is_opened_rightly() {
    let (dealing, _, _) = deal_publicly(2, 3);
    let opened = dealing.open(number(2), &key(2)).unwrap();
    let proof = opened.prove(&testing::context(), &key(2), &mut testing::rng(1)).unwrap();
    testing::every_change_is_refused(&opened, &proof, |bytes| RelationProof::from_bytes(bytes).ok());
    let again = dealing.opened(number(2), opened.as_bytes()).unwrap();
    assert_eq!(again.verify(&testing::context(), &proof), Ok(()));
    for (other, bytes) in [(1, opened.as_bytes()), (2, dealing.open(number(3), &key(3)).unwrap().as_bytes())] {
        let wrong = dealing.opened(number(other), bytes).unwrap();
        assert_eq!(wrong.verify(&testing::context(), &proof), Err(Rejected));
    }
    // With somebody else's key it is another element, which cannot be shown.
    let wrong = dealing.open(number(2), &key(3)).unwrap();
    assert_eq!(wrong.prove(&testing::context(), &key(2), &mut testing::rng(1)), Err(ProveError::False));
    assert!(dealing.open(number(4), &key(3)).is_err());
    assert!(dealing.opened(number(1), &[0; 32]).is_err());
}

#[test]
fn dealings_shares_and_openings_verify_in_one_batch() {
    let context: Context = testing::context();
    let (pedersen, secret, shares) = deal(2, 3);
    let known = pedersen.prove(&context, &secret, &mut testing::rng(1)).unwrap();
    let (public, dealt, _) = deal_publicly(2, 3);
    let opened = public.open(number(1), &key(1)).unwrap();
    let shown = opened.prove(&context, &key(1), &mut testing::rng(2)).unwrap();
    let (first, second) = (pedersen.share_of(number(1)).unwrap(), pedersen.share_of(number(2)).unwrap());
    let mut batch = BatchVerifier::new();
    batch.add(&pedersen, &context, &known);
    batch.add(&first, &context, &shares[0]);
    let bad = batch.add(&second, &context, &shares[0]);
    batch.add(&public, &context, &dealt);
    batch.add(&opened, &context, &shown);
    assert_eq!(batch.finish(&mut testing::rng(3)), Err(vec![bad]));
}

#[test]
fn a_simulator_without_the_polynomial_makes_accepting_runs() {
    let (dealing, _, _) = deal_publicly(2, 3);
    assert!(dealing.simulated_sum(&mut testing::rng(4)).is_identity());
}
