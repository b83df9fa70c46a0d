use super::*;
use crate::{
    batch::BatchVerifier,
    context::{Chain, Epoch, Purpose},
    group::{self, IsIdentity as _, Scalar},
    testing,
};
use std::collections::HashSet;

fn secret(seed: u64) -> MemberSecret {
    MemberSecret::random(&mut testing::rng(seed))
}

fn set(seeds: core::ops::Range<u64>) -> AuthorisedSet {
    AuthorisedSet::new(&seeds.map(|seed| secret(seed).key()).collect::<Vec<_>>()).unwrap()
}

fn scope(name: &[u8]) -> Scope {
    Scope::new(Chain::new([1; 32]), Epoch::new(3), &Purpose::new("poll").unwrap(), name)
}

/// Member `seed` among `0..count`.
fn case(count: u64, seed: u64) -> (Membership, MembershipProof) {
    let statement = Membership::of(&set(0..count), scope(b"a"), &secret(seed)).unwrap();
    let proof = statement.prove(&testing::context(), &secret(seed), &mut testing::rng(seed)).unwrap();
    (statement, proof)
}

fn read(bytes: &[u8]) -> Option<MembershipProof> {
    MembershipProof::from_bytes(bytes).ok()
}

#[test]
fn every_member_of_every_size_of_set_is_shown() {
    for count in 2..=9 {
        for seed in 0..count {
            let (statement, proof) = case(count, seed);
            assert_eq!(statement.verify(&testing::context(), &proof), Ok(()), "{seed} of {count}");
            let bits = (count as usize).next_power_of_two().ilog2() as usize;
            let bytes = if count <= 4 { 128 * count as usize } else { 32 * (4 + 3 * bits) };
            assert_eq!(proof.as_bytes().len(), bytes);
        }
    }
    for (count, seed) in [(16, 15), (33, 32), (64, 0)] {
        let (statement, proof) = case(count, seed);
        assert_eq!(statement.verify(&testing::context(), &proof), Ok(()), "{seed} of {count}");
    }
}

#[test]
fn a_stranger_and_a_member_with_anothers_nullifier_are_not_shown() {
    for count in [3, 8] {
        let set = set(0..count);
        let stranger = Membership::of(&set, scope(b"a"), &secret(99)).unwrap();
        let prove =
            |statement: &Membership, seed| statement.prove(&testing::context(), &secret(seed), &mut testing::rng(1));
        assert_eq!(prove(&stranger, 99), Err(ProveError::False));
        let foreign = Membership::new(&set, scope(b"a"), secret(1).nullifier(&scope(b"a")).unwrap());
        assert_eq!(prove(&foreign, 0), Err(ProveError::False));
        let other_scope = Membership::new(&set, scope(b"a"), secret(0).nullifier(&scope(b"b")).unwrap());
        assert_eq!(prove(&other_scope, 0), Err(ProveError::False));
    }
}

/// A member who goes on although the nullifier is not its own: the equations of the second base refuse it.
#[test]
fn a_forged_nullifier_is_refused_by_the_verifier() {
    let set = set(0..8);
    let honest = Membership::of(&set, scope(b"a"), &secret(2)).unwrap();
    let forged = Membership::new(&set, scope(b"a"), secret(3).nullifier(&scope(b"a")).unwrap());
    let place = set.place_of(&secret(2).key()).unwrap();
    for (statement, accepted) in [(&honest, true), (&forged, false)] {
        let transcript = Transcript::bind(&testing::context(), statement);
        let bytes = one_of_many::prove(statement, transcript, place, &secret(2), &mut testing::rng(1));
        let proof = MembershipProof::from_bytes(&bytes).unwrap();
        assert_eq!(statement.verify(&testing::context(), &proof).is_ok(), accepted);
    }
}

/// Nor does a stranger get in by claiming a place whose key is another's, or places beyond the set.
#[test]
fn a_forged_place_is_refused_by_the_verifier() {
    let set = set(0..6);
    let place = set.place_of(&secret(2).key()).unwrap();
    for (seed, claimed) in (0..8).map(|claimed| (2, claimed)).chain([(99, 0), (99, 7)]) {
        let statement = Membership::of(&set, scope(b"a"), &secret(seed)).unwrap();
        let transcript = Transcript::bind(&testing::context(), &statement);
        let bytes = one_of_many::prove(&statement, transcript, claimed, &secret(seed), &mut testing::rng(1));
        let proof = MembershipProof::from_bytes(&bytes).unwrap();
        // Places 6 and 7 stand for the last key.
        let right = seed == 2 && claimed.min(5) == place;
        assert_eq!(statement.verify(&testing::context(), &proof).is_ok(), right, "{seed} at {claimed}");
    }
}

#[test]
fn every_changed_byte_element_and_context_is_refused() {
    for count in [2, 4, 5] {
        let (statement, proof) = case(count, 1);
        testing::every_change_is_refused(&statement, &proof, read);
    }
}

#[test]
fn every_swapped_public_value_is_refused() {
    for count in [4, 8] {
        let (statement, proof) = case(count, 1);
        let nullifier = *statement.nullifier();
        let wrong = [
            Membership::new(&set(1..count + 1), scope(b"a"), nullifier),
            Membership::new(&set(0..count - 1), scope(b"a"), nullifier),
            Membership::new(&set(0..count), scope(b"b"), nullifier),
            Membership::new(&set(0..count), scope(b"a"), secret(2).nullifier(&scope(b"a")).unwrap()),
            Membership::new(&set(0..count), scope(b"a"), secret(1).nullifier(&scope(b"b")).unwrap()),
        ];
        for statement in wrong {
            assert_eq!(statement.verify(&testing::context(), &proof), Err(Rejected));
        }
    }
}

#[test]
fn a_nullifier_is_one_a_key_and_scope_and_links_nothing_else() {
    let mut seen = HashSet::new();
    for seed in 0..6 {
        for name in [b"a", b"b"] {
            assert!(seen.insert(*secret(seed).nullifier(&scope(name)).unwrap().as_bytes()));
            assert_eq!(secret(seed).nullifier(&scope(name)), secret(seed).nullifier(&scope(name)));
        }
    }
    // Two proofs of one member in one scope carry the same mark.
    let first = Membership::of(&set(0..5), scope(b"a"), &secret(1)).unwrap();
    let second = Membership::of(&set(0..9), scope(b"a"), &secret(1)).unwrap();
    assert_eq!(first.nullifier(), second.nullifier());
}

#[test]
fn every_part_of_a_scope_changes_it() {
    let purpose = |text: &str| Purpose::new(text).unwrap();
    let all = [
        scope(b"a"),
        scope(b"b"),
        Scope::new(Chain::new([2; 32]), Epoch::new(3), &purpose("poll"), b"a"),
        Scope::new(Chain::new([1; 32]), Epoch::new(4), &purpose("poll"), b"a"),
        Scope::new(Chain::new([1; 32]), Epoch::new(3), &purpose("pol"), b"la"),
    ];
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 5);
}

#[test]
fn sets_are_the_same_in_any_order_and_hold_no_key_twice() {
    let keys: Vec<_> = (0..5).map(|seed| secret(seed).key()).collect();
    let turned: Vec<_> = keys.iter().rev().copied().collect();
    assert_eq!(AuthorisedSet::new(&keys).unwrap(), AuthorisedSet::new(&turned).unwrap());
    assert_ne!(AuthorisedSet::new(&keys).unwrap(), AuthorisedSet::new(&keys[1..]).unwrap());
    assert!(matches!(AuthorisedSet::new(&[keys[0], keys[1], keys[0]]), Err(StatementError::Twice { .. })));
    assert_eq!(AuthorisedSet::new(&keys[..1]), Err(StatementError::Count { count: 1, max: 4_096 }));
    assert!(MemberKey::from_bytes(&[0; 32]).is_err());
    assert!(Nullifier::from_bytes(&[0; 32]).is_err());
    assert!(MemberSecret::from_bytes(&[0; 32]).is_err());
}

#[test]
fn a_batch_names_exactly_its_bad_members_and_a_cancelling_pair() {
    let cases: Vec<_> = [(3, 0), (5, 4), (8, 1), (8, 7), (4, 3)].map(|(count, seed)| case(count, seed)).to_vec();
    let last = |proof: &MembershipProof| proof.as_bytes().len() / 32 - 1;
    testing::every_subset_is_named(&cases, |proof| {
        read(&testing::shifted(proof.as_bytes(), last(proof), &Scalar::ONE)).unwrap()
    });
    for (statement, proof) in &cases[..2] {
        let pair =
            [Scalar::ONE, -Scalar::ONE].map(|by| read(&testing::shifted(proof.as_bytes(), last(proof), &by)).unwrap());
        testing::a_cancelling_pair_is_found(statement, pair.each_ref());
    }
}

#[test]
fn sets_that_differ_share_nothing_in_a_batch() {
    let cases = [case(8, 1), case(9, 1), case(8, 2)];
    let mut batch = BatchVerifier::new();
    for (statement, proof) in &cases {
        batch.add(statement, &testing::context(), proof);
    }
    assert_eq!(batch.finish(&mut testing::rng(1)), Ok(()));
    let mut batch = BatchVerifier::new();
    batch.add(&cases[0].0, &testing::context(), &cases[0].1);
    let bad = batch.add(&cases[2].0, &testing::context(), &cases[0].1);
    assert_eq!(batch.finish(&mut testing::rng(1)), Err(vec![bad]));
}

#[test]
fn a_stuck_generator_gives_two_members_unrelated_messages() {
    let first = |count: u64, seed: u64| {
        let statement = Membership::of(&set(0..count), scope(b"a"), &secret(seed)).unwrap();
        let proof = statement.prove(&testing::context(), &secret(seed), &mut testing::StuckRng).unwrap();
        proof.as_bytes()[..32].to_vec()
    };
    assert_ne!(first(8, 1), first(8, 2));
    assert_eq!(first(8, 1), first(8, 1));
}

#[test]
fn a_simulator_without_a_secret_makes_accepting_runs() {
    let (statement, _) = case(8, 1);
    let mut rng = testing::rng(5);
    let mut draw = || *crate::commit::Blinding::random(&mut rng).scalar();
    let (x, f, z_b, z) = (draw(), [(); 3].map(|()| draw()), draw(), draw());
    // P_1, and D_k and E_k but the first, at random; P_0, D_0 and E_0 as the equations want them.
    let mut random = || group::times_value_base(&draw());
    let p_1 = random();
    let (d, e) = ([(); 2].map(|()| random()), [(); 2].map(|()| random()));
    let (g, h) = (group::generators(group::Chain::MemberG, 3), group::generators(group::Chain::MemberH, 3));
    let mut p_0 = group::times_blinding_base(&z_b) - x * p_1;
    for (j, f) in f.iter().enumerate() {
        p_0 += f * g[j] + f * (x - f) * h[j];
    }
    let mut d_0 = -group::times_value_base(&z) - x * d[0] - x * x * d[1];
    for (i, key) in statement.set().keys().iter().enumerate() {
        let factors = f.iter().enumerate().map(|(j, f)| if i >> j & 1 == 1 { *f } else { x - f });
        d_0 += factors.product::<Scalar>() * key.point();
    }
    let e_0 = x * x * x * statement.nullifier().point() - z * statement.scope().base() - x * e[0] - x * x * e[1];
    let points = [p_0, p_1, d_0, d[0], d[1], e_0, e[0], e[1]].map(|point| group::encode_point(&point));
    let scalars = f.iter().chain([&z_b, &z]).map(Scalar::to_bytes);
    let bytes: Vec<u8> = points.into_iter().chain(scalars).flatten().collect();
    let run = one_of_many::Run::read(3, &bytes).unwrap();
    let sum = testing::sum_of(1, |accumulator| one_of_many::emit(&statement, &run, &x, accumulator));
    assert!(sum.is_identity());
}

/// Bits of the proofs of the first and of the last member of a set are equally often set, position by position.
#[test]
fn proofs_of_two_members_cannot_be_told_apart_by_their_bits() {
    const RUNS: u64 = 120;
    let set = set(0..5);
    let ends = [set.keys()[0], set.keys()[4]];
    let counts = ends.map(|key| {
        let seed = (0..5).find(|seed| secret(*seed).key() == key).unwrap();
        let statement = Membership::of(&set, scope(b"a"), &secret(seed)).unwrap();
        let mut counts = vec![0_i64; 8 * 32 * 13];
        for run in 0..RUNS {
            let proof = statement.prove(&testing::context(), &secret(seed), &mut testing::rng(1_000 + run)).unwrap();
            for (place, count) in counts.iter_mut().enumerate() {
                *count += i64::from(proof.as_bytes()[place / 8] >> (place % 8) & 1);
            }
        }
        counts
    });
    let [first, last] = counts;
    // The difference of two binomial counts has variance RUNS / 2; six deviations over 3,328 places.
    let bound = 6.0 * (RUNS as f64 / 2.0).sqrt();
    for (place, (first, last)) in first.iter().zip(&last).enumerate() {
        assert!(((first - last).abs() as f64) < bound, "bit {place}: {first} against {last}");
    }
}
