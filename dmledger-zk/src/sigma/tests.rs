use super::*;
use crate::{batch::BatchVerifier, commit::Blinding, testing};

fn opening(value: u64, index: u64) -> Opening {
    Opening::new(value, Blinding::derive(&[3; 32], index))
}

/// A true relation of every kind, with its witness.
fn all() -> Vec<(Relation, Witness)> {
    let (a, b, c) = (opening(12, 0), opening(11, 1), opening(132, 2));
    let again = opening(12, 3);
    let [first, second, product, same] = [&a, &b, &c, &again].map(Opening::commitment);
    let x = *Blinding::derive(&[4; 32], 0).scalar();
    let base = group::generators(group::Chain::TableG, 1)[0];
    let pairs = [(Base::Value, group::times_value_base(&x)), (Base::Point(base), x * base)];
    vec![
        (Relation::opening(&first), Witness::opening(&a)),
        (Relation::value(&first, 12), Witness::value(&a)),
        (Relation::same_value(&first, &same), Witness::same_value(&a, &again)),
        (Relation::product(&first, &second, &product), Witness::product(&a, &b, &c)),
        (Relation::same_logarithm(&pairs).unwrap(), Witness::new(vec![x])),
    ]
}

#[test]
fn every_kind_of_relation_is_shown_alone_and_in_a_batch() {
    let all = all();
    let prove = |(relation, witness): &(Relation, Witness)| {
        relation.prove(&testing::context(), witness, &mut testing::rng(1)).unwrap()
    };
    let proofs: Vec<_> = all.iter().map(prove).collect();
    let mut batch = BatchVerifier::new();
    for ((relation, _), proof) in all.iter().zip(&proofs) {
        assert_eq!(relation.verify(&testing::context(), proof), Ok(()));
        assert_eq!(RelationProof::from_bytes(proof.as_bytes()).as_ref(), Ok(proof));
        batch.add(relation, &testing::context(), proof);
    }
    assert_eq!(batch.finish(&mut testing::rng(2)), Ok(()));
    assert_eq!(proofs.iter().map(|proof| proof.as_bytes().len()).collect::<Vec<_>>(), [96, 64, 160, 256, 96]);
}

#[test]
fn false_relations_are_not_proved() {
    let (a, b, wrong) = (opening(12, 0), opening(11, 1), opening(133, 2));
    let [first, second, third] = [&a, &b, &wrong].map(Opening::commitment);
    let x = *Blinding::derive(&[4; 32], 0).scalar();
    let base = group::generators(group::Chain::TableG, 1)[0];
    let unequal = [(Base::Value, group::times_value_base(&x)), (Base::Point(base), (x + Scalar::ONE) * base)];
    let cases = [
        (Relation::value(&first, 13), Witness::value(&a)),
        (Relation::same_value(&first, &second), Witness::same_value(&a, &b)),
        (Relation::product(&first, &second, &third), Witness::product(&a, &b, &wrong)),
        (Relation::same_logarithm(&unequal).unwrap(), Witness::new(vec![x])),
        (Relation::opening(&first), Witness::new(vec![])),
    ];
    for (relation, witness) in cases {
        assert_eq!(relation.prove(&testing::context(), &witness, &mut testing::rng(1)), Err(ProveError::False));
    }
}

#[test]
fn every_flipped_byte_truncation_and_other_statement_or_context_is_refused() {
    let all = all();
    for (number, (relation, witness)) in all.iter().enumerate() {
        let proof = relation.prove(&testing::context(), witness, &mut testing::rng(1)).unwrap();
        let refused = |relation: &Relation, bytes: &[u8]| {
            RelationProof::from_bytes(bytes).map_or(true, |proof| relation.verify(&testing::context(), &proof).is_err())
        };
        for at in 0..proof.as_bytes().len() {
            let mut changed = proof.as_bytes().to_vec();
            changed[at] ^= 1 << (at % 8);
            assert!(refused(relation, &changed), "kind {number}, byte {at}");
            assert!(refused(relation, &proof.as_bytes()[..at]), "kind {number}, {at} bytes");
        }
        assert!(refused(relation, &[proof.as_bytes(), &[0; 32]].concat()));
        for (other, (statement, _)) in all.iter().enumerate() {
            assert!(other == number || refused(statement, proof.as_bytes()));
        }
        for context in testing::every_other_context(&testing::context()) {
            assert_eq!(relation.verify(&context, &proof), Err(Rejected));
        }
    }
}

#[test]
fn a_response_under_another_challenge_needs_the_secret() {
    // The simulator's run: a challenge chosen first. It satisfies the equations but not the transcript.
    let relation = Relation::opening(&opening(12, 0).commitment());
    let (challenge, responses) = (Scalar::from(5_u64), [Scalar::from(6_u64), Scalar::from(7_u64)]);
    let nonce = relation.rows[0].apply(&responses) - challenge * relation.rows[0].image;
    let bytes: Vec<_> = [group::encode_point(&nonce), responses[0].to_bytes(), responses[1].to_bytes()].concat();
    let proof = RelationProof::from_bytes(&bytes).unwrap();
    assert_eq!(relation.verify(&testing::context(), &proof), Err(Rejected));
}

#[test]
fn a_stuck_generator_gives_two_statements_unrelated_nonces() {
    let nonce = |number: usize| {
        let (relation, witness) = all().swap_remove(number);
        relation.prove(&testing::context(), &witness, &mut testing::StuckRng).unwrap().as_bytes()[..32].to_vec()
    };
    assert_ne!(nonce(0), nonce(2));
}

/// A commitment to 12 opens to one of these.
fn any_of(values: &[u64]) -> AnyOf {
    let commitment = opening(12, 0).commitment();
    AnyOf::new(values.iter().map(|value| Relation::value(&commitment, *value)).collect()).unwrap()
}

#[test]
fn one_true_branch_suffices_at_any_place_and_none_does_not() {
    for (place, values) in [[12, 5, 6], [5, 12, 6], [5, 6, 12]].iter().enumerate() {
        let statement = any_of(values);
        let witness = (place, Witness::value(&opening(12, 0)));
        let proof = statement.prove(&testing::context(), &witness, &mut testing::rng(1)).unwrap();
        assert_eq!(proof.as_bytes().len(), 288);
        assert_eq!(statement.verify(&testing::context(), &proof), Ok(()));
        assert_eq!(any_of(&[5, 6, 7]).verify(&testing::context(), &proof), Err(Rejected));
    }
    for place in 0..4 {
        let witness = (place, Witness::value(&opening(12, 0)));
        let proof = any_of(&[5, 6, 7]).prove(&testing::context(), &witness, &mut testing::rng(1));
        assert_eq!(proof, Err(ProveError::False));
    }
    assert!(AnyOf::new(vec![Relation::value(&opening(1, 0).commitment(), 1)]).is_err());
}

#[test]
fn a_proof_of_alternatives_altered_in_any_byte_is_refused() {
    let statement = any_of(&[5, 12]);
    let witness = (1, Witness::value(&opening(12, 0)));
    let proof = statement.prove(&testing::context(), &witness, &mut testing::rng(1)).unwrap();
    let refused = |bytes: &[u8]| {
        AnyOfProof::from_bytes(bytes).map_or(true, |proof| statement.verify(&testing::context(), &proof).is_err())
    };
    for at in 0..proof.as_bytes().len() {
        let mut changed = proof.as_bytes().to_vec();
        changed[at] ^= 1 << (at % 8);
        assert!(refused(&changed), "byte {at}");
        assert!(refused(&proof.as_bytes()[..at]), "{at} bytes");
    }
    assert!(refused(&[proof.as_bytes(), &[0; 32]].concat()));
}

#[test]
fn relations_out_of_bounds_cannot_be_made() {
    let row = || Row::new(group::value_base(), vec![(0, Base::Value)]);
    assert!(Relation::new(1, vec![row()]).is_ok());
    assert!(Relation::new(0, vec![row()]).is_err());
    assert!(Relation::new(1, Vec::new()).is_err());
    assert!(Relation::new(1, vec![row(); 17]).is_err());
    assert!(Relation::new(1, vec![Row::new(group::value_base(), Vec::new())]).is_err());
    let beyond = Relation::new(1, vec![Row::new(group::value_base(), vec![(1, Base::Value)])]);
    assert_eq!(beyond, Err(StatementError::Position { index: 1, count: 1 }));
}
