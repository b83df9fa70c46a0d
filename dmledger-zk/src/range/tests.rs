use super::*;
use crate::{batch::BatchVerifier, commit::commit_values, testing};
use rand_core::Rng as _;

fn interval(low: u64, high: u64) -> Interval {
    Interval::new(low, high).unwrap()
}

struct Case {
    statement: InInterval,
    openings: Vec<Opening>,
    proof: RangeProof,
}

/// The glucose range 70 to 180 mg/dL in tenths, proved for these values.
fn case(values: &[u64], seed: u64) -> Case {
    let mut key = [0; 32];
    testing::rng(seed).fill_bytes(&mut key);
    let (commitments, openings) = commit_values(values, &key);
    let statement = InInterval::new(&commitments, interval(700, 1_800)).unwrap();
    let proof = statement.prove(&testing::context(), &openings, &mut testing::rng(seed)).unwrap();
    Case { statement, openings, proof }
}

#[test]
fn both_verifiers_accept_every_width_and_every_number_of_values() {
    for bits in Bits::ALL {
        for count in [1, 2, 3, 4] {
            let values: Vec<_> = (0..count).map(|place| if place % 2 == 0 { bits.max() } else { place }).collect();
            let (commitments, openings) = commit_values(&values, &[bits.number() as u8; 32]);
            let statement = FitsBits::new(&commitments, bits).unwrap();
            let proof = statement.prove(&testing::context(), &openings, &mut testing::rng(count)).unwrap();
            assert_eq!(statement.verify(&testing::context(), &proof), Ok(()), "{bits:?} {count}");
            assert_eq!(statement.verify_with_bulletproofs(&testing::context(), &proof), Ok(()), "{bits:?} {count}");
        }
    }
}

#[test]
fn the_largest_aggregate_holds_and_one_more_value_is_refused() {
    let (commitments, openings) = commit_values(&[1_000; InInterval::MAX_VALUES + 1], &[3; 32]);
    let statement = InInterval::new(&commitments[..32], interval(900, 1_100)).unwrap();
    let proof = statement.prove(&testing::context(), &openings[..32], &mut testing::rng(1)).unwrap();
    assert_eq!(statement.verify(&testing::context(), &proof), Ok(()));
    let one_more = InInterval::new(&commitments, interval(900, 1_100));
    assert_eq!(one_more.err(), Some(StatementError::Count { count: 33, max: 32 }));
    assert_eq!(FitsBits::new(&[], Bits::Eight).err(), Some(StatementError::Count { count: 0, max: 64 }));
}

#[test]
fn the_bounds_are_inside_and_their_neighbours_are_not() {
    let all = interval(700, 1_800);
    for value in [699, 700, 701, 1_799, 1_800, 1_801] {
        let (commitments, openings) = commit_values(&[value], &[1; 32]);
        let statement = InInterval::new(&commitments, all).unwrap();
        match statement.prove(&testing::context(), &openings, &mut testing::rng(value)) {
            Ok(proof) => {
                assert!(all.contains(value), "{value}");
                assert_eq!(statement.verify(&testing::context(), &proof), Ok(()), "{value}");
            }
            Err(error) => {
                assert!(!all.contains(value), "{value}");
                assert_eq!(error, ProveError::False);
            }
        }
    }
}

/// A prover that goes on although the value is outside: it can only cut `value - low` or `high - value` to `n` bits.
#[test]
fn a_forger_who_skips_the_checks_is_rejected_by_both_verifiers() {
    for value in [699, 1_801, 0, u64::MAX] {
        let (commitments, openings) = commit_values(&[value], &[1; 32]);
        let statement = InInterval::new(&commitments, interval(700, 1_800)).unwrap();
        let blinding = openings[0].blinding().scalar();
        let mask = Bits::Sixteen.max();
        let sides = [
            shifted(value.wrapping_sub(700) & mask, blinding),
            shifted(1_800_u64.wrapping_sub(value) & mask, &-blinding),
        ];
        let transcript = Transcript::bind(&testing::context(), &statement);
        let bytes = older::prove(transcript, &[&sides[0], &sides[1]], 16, &mut testing::rng(1)).unwrap();
        let forged = RangeProof::from_bytes(&bytes).unwrap();
        assert_eq!(statement.verify(&testing::context(), &forged), Err(Rejected), "{value}");
        assert_eq!(statement.verify_with_bulletproofs(&testing::context(), &forged), Err(Rejected), "{value}");
    }
}

#[test]
fn every_value_of_a_small_interval_is_provable_and_none_outside() {
    let all = interval(54, 69);
    let (commitments, openings) = commit_values(&(40..90).collect::<Vec<_>>(), &[4; 32]);
    for (commitment, opening) in commitments.iter().zip(&openings) {
        let statement = InInterval::new(&[*commitment], all).unwrap();
        let one = [Opening::new(opening.value(), Blinding::from_scalar(*opening.blinding().scalar()))];
        let proof = statement.prove(&testing::context(), &one, &mut testing::rng(1));
        assert_eq!(proof.is_ok(), all.contains(opening.value()));
        assert!(proof.is_err() || statement.verify(&testing::context(), &proof.unwrap()).is_ok());
    }
}

#[test]
fn another_statement_or_context_is_rejected() {
    let Case { statement, proof, .. } = case(&[1_043], 5);
    for context in testing::every_other_context(&testing::context()) {
        assert_eq!(statement.verify(&context, &proof), Err(Rejected));
    }
    let own = statement.commitments();
    let (other, _) = commit_values(&[1_043], &[99; 32]);
    let wrong = [
        InInterval::new(&other, interval(700, 1_800)),
        InInterval::new(own, interval(699, 1_800)),
        InInterval::new(own, interval(700, 1_801)),
        InInterval::with_bits(own, interval(700, 1_800), Bits::ThirtyTwo),
        InInterval::new(&[own[0], other[0]], interval(700, 1_800)),
    ];
    for statement in wrong {
        assert_eq!(statement.unwrap().verify(&testing::context(), &proof), Err(Rejected));
    }
    // The same pair of shifted commitments under the one-sided statement.
    let low = Commitment::from_point(own[0].point() - group::times_value_base(&Scalar::from(700_u64)));
    let high = Commitment::from_point(group::times_value_base(&Scalar::from(1_800_u64)) - own[0].point());
    let one_sided = FitsBits::new(&[low, high], Bits::Sixteen).unwrap();
    assert_eq!(one_sided.verify(&testing::context(), &proof), Err(Rejected));
}

#[test]
fn an_interval_wider_than_its_bits_and_an_empty_one_cannot_be_stated() {
    let (commitments, _) = commit_values(&[1], &[1; 32]);
    let stated = InInterval::with_bits(&commitments, interval(10, 266), Bits::Eight);
    assert_eq!(stated.err(), Some(StatementError::TooWide { width: 256, bits: 8 }));
    assert!(InInterval::with_bits(&commitments, interval(10, 265), Bits::Eight).is_ok());
    assert_eq!(Interval::new(2, 1), Err(StatementError::EmptyInterval { low: 2, high: 1 }));
    assert_eq!(interval(0, 255).bits(), Bits::Eight);
    assert_eq!(interval(0, 256).bits(), Bits::Sixteen);
    assert_eq!(interval(1, 65_537).bits(), Bits::ThirtyTwo);
    assert_eq!(interval(0, u64::MAX).bits(), Bits::SixtyFour);
}

#[test]
fn a_wrong_opening_is_said_before_anything_is_proved() {
    let Case { statement, openings, .. } = case(&[1_043], 6);
    let wrong = [Opening::new(1_044, Blinding::from_scalar(*openings[0].blinding().scalar()))];
    let prove = |openings: &[Opening]| statement.prove(&testing::context(), openings, &mut testing::rng(1)).err();
    assert_eq!(prove(&wrong), Some(ProveError::WrongOpening));
    assert_eq!(prove(&[]), Some(ProveError::Openings { have: 0, need: 1 }));
}

#[test]
fn every_flipped_byte_and_every_truncation_is_refused_by_both_verifiers() {
    let Case { statement, proof, .. } = case(&[1_043], 7);
    let bytes = proof.as_bytes().to_vec();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let Ok(changed) = RangeProof::from_bytes(&changed) else { continue };
        assert_eq!(statement.verify(&testing::context(), &changed), Err(Rejected), "byte {at}");
        assert_eq!(statement.verify_with_bulletproofs(&testing::context(), &changed), Err(Rejected), "byte {at}");
    }
    for end in 0..bytes.len() {
        let Ok(short) = RangeProof::from_bytes(&bytes[..end]) else { continue };
        assert_eq!(statement.verify(&testing::context(), &short), Err(Rejected), "{end} bytes");
    }
    assert!(RangeProof::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
    // One round too many, its scalars zero: a proof in form, but not of this statement.
    let longer = RangeProof::from_bytes(&[&bytes[..], &[0; 64]].concat()).unwrap();
    assert_eq!(statement.verify(&testing::context(), &longer), Err(Rejected));
}

#[test]
fn identity_points_and_non_canonical_scalars_are_refused() {
    let Case { statement, proof, .. } = case(&[1_043], 8);
    let elements = proof.as_bytes().len() / 32;
    for element in 0..elements {
        let is_scalar = [4, 5, 6, elements - 2, elements - 1].contains(&element);
        let mut changed = proof.as_bytes().to_vec();
        changed[32 * element..32 * (element + 1)].fill(if is_scalar { 0xff } else { 0 });
        match RangeProof::from_bytes(&changed) {
            Err(error) => {
                assert!(is_scalar);
                assert_eq!(error, crate::error::DecodeError::Scalar { at: 32 * element });
            }
            Ok(changed) => {
                assert!(!is_scalar);
                assert_eq!(statement.verify(&testing::context(), &changed), Err(Rejected), "element {element}");
            }
        }
    }
}

#[test]
fn a_batch_names_exactly_its_bad_members_wherever_they_stand() {
    let cases: Vec<_> = (0..7).map(|seed| case(&[700 + 150 * seed], seed)).collect();
    let good: Vec<_> = cases.iter().map(|case| case.proof.clone()).collect();
    let spoiled = |place: usize| {
        let mut bytes = good[place].as_bytes().to_vec();
        // An altered first scalar passes every check but the equations.
        bytes[4 * 32] ^= 1;
        RangeProof::from_bytes(&bytes).unwrap()
    };
    let bad: Vec<_> = (0..cases.len()).map(spoiled).collect();
    for set in 0_u32..1 << cases.len() {
        let mut batch = BatchVerifier::new();
        for (place, case) in cases.iter().enumerate() {
            let proof = if set >> place & 1 == 1 { &bad[place] } else { &good[place] };
            batch.add(&case.statement, &testing::context(), proof);
        }
        let found = batch.finish(&mut testing::rng(set.into())).err().unwrap_or_default();
        let expected: Vec<_> = (0..cases.len()).filter(|place| set >> place & 1 == 1).collect();
        assert_eq!(found.iter().map(|ticket| ticket.place()).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_batch_mixes_widths_families_and_malformed_members() {
    let narrow = case(&[1_043], 1);
    let many = case(&[701, 1_799, 1_000], 2);
    let (commitments, openings) = commit_values(&[u64::MAX, 5], &[8; 32]);
    let wide = FitsBits::new(&commitments, Bits::SixtyFour).unwrap();
    let proof = wide.prove(&testing::context(), &openings, &mut testing::rng(3)).unwrap();
    let mut malformed = many.proof.as_bytes().to_vec();
    malformed[..32].fill(0xff);
    let malformed = RangeProof::from_bytes(&malformed).unwrap();

    let mut batch = BatchVerifier::new();
    batch.add(&narrow.statement, &testing::context(), &narrow.proof);
    batch.add(&wide, &testing::context(), &proof);
    let third = batch.add(&many.statement, &testing::context(), &malformed);
    batch.add(&many.statement, &testing::context(), &many.proof);
    let fifth = batch.add(&narrow.statement, &testing::context(), &many.proof);
    assert_eq!(batch.len(), 5);
    assert_eq!(batch.finish(&mut testing::rng(4)), Err(vec![third, fifth]));
    assert_eq!(BatchVerifier::new().finish(&mut testing::rng(4)), Ok(()));
}

/// Two proofs whose errors are equal and opposite: under equal weights their sum would be accepted.
#[test]
fn a_pair_of_forgeries_that_cancel_is_found() {
    let first = case(&[1_043], 9);
    let bytes = first.proof.as_bytes().to_vec();
    let altered = |change: Scalar| {
        // `a` and `b` are not in the transcript: changing `tau` would change later challenges, changing `a` does not.
        let at = bytes.len() - 64;
        let a = group::decode_scalar(bytes[at..at + 32].try_into().unwrap()).unwrap();
        let mut copy = bytes.clone();
        copy[at..at + 32].copy_from_slice((a + change).as_bytes());
        RangeProof::from_bytes(&copy).unwrap()
    };
    let (plus, minus) = (altered(Scalar::ONE), altered(-Scalar::ONE));
    let sum_under = |weights: [u64; 2]| {
        // The product equation is linear in `a`, so the two errors are e and -e.
        let mut sum = group::Point::default();
        for (weight, proof) in weights.into_iter().zip([&plus, &minus]) {
            let mut same = testing::rng(1);
            let mut accumulator = Accumulator::new(&mut same);
            let transcript = Transcript::bind(&testing::context(), &first.statement);
            first.statement.equations(transcript, proof, &mut accumulator).unwrap();
            let error = crate::accumulator::Terms::sum([&accumulator.into_terms()].into_iter());
            sum += Scalar::from(weight) * error;
        }
        sum
    };
    use crate::group::IsIdentity as _;
    assert!(sum_under([1, 1]).is_identity(), "the forgery has teeth");
    assert!(!sum_under([1, 2]).is_identity());
    let mut batch = BatchVerifier::new();
    batch.add(&first.statement, &testing::context(), &plus);
    batch.add(&first.statement, &testing::context(), &minus);
    assert_eq!(batch.finish(&mut testing::rng(1)).map_err(|bad| bad.len()), Err(2));
}

#[test]
fn a_proof_is_fixed_by_its_statement_witness_and_randomness() {
    let proof = case(&[1_043], 10).proof;
    assert_eq!(proof.as_bytes().len(), 608);
    let digest = <sha3::Sha3_256 as sha3::Digest>::digest(proof.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, PROOF_OF_SEED_10);
}
const PROOF_OF_SEED_10: &str = "bbbd43f53582238ce87f41187976a575a4fd9dd595266dea97908527caaf45ad";
