mod forgery;
mod simulated;

use super::*;
use crate::{
    glycemic::{Cadence, Metric, Slot, Table, Tokens, Unit, seal},
    testing,
};
use rand_core::Rng as _;

const TABLE: Table = Table::new(Unit::MgPerDl, Tokens::Counted);

/// A day of a 15-minute sensor with everything in it: gaps, tokens, every range.
fn slots(seed: u64) -> Vec<Slot> {
    let mut rng = testing::rng(seed);
    let slot = |_| match rng.next_u32() % 20 {
        0 => Slot::Empty,
        1 => Slot::Low,
        2 => Slot::High,
        _ => Slot::Value(40 + (rng.next_u32() % 361) as u16),
    };
    (0..96).map(slot).collect()
}

fn sealed(seed: u64) -> (DayHistogram, DaySecret) {
    let (day, digest, secret) = seal(TABLE, Cadence::Minutes15, &slots(seed), &[seed as u8; 32]).unwrap();
    (DayHistogram::new(day, digest), secret)
}

fn proved(seed: u64) -> (DayHistogram, DayProof) {
    let (statement, secret) = sealed(seed);
    let proof = statement.prove(&testing::context(), &secret, &mut testing::rng(seed)).unwrap();
    (statement, proof)
}

fn verify(statement: &DayHistogram, proof: &DayProof) -> bool {
    statement.verify(&testing::context(), proof).is_ok()
}

#[test]
fn the_digest_of_a_day_is_shown_for_every_table_and_sensor() {
    let tables = [TABLE, Table::new(Unit::TenthMmolPerL, Tokens::Missing)];
    let cases = [
        (tables[0], Cadence::Minutes15, 896),
        (tables[1], Cadence::Minutes15, 896),
        (tables[0], Cadence::Minutes5, 960),
        (tables[1], Cadence::Minutes5, 896),
        (tables[0], Cadence::Minutes1, 1_024),
    ];
    for (table, cadence, bytes) in cases {
        let mut day: Vec<_> = (0..cadence.slots()).map(|place| Slot::Value(40 + (place % 150) as u16)).collect();
        day[3] = Slot::Empty;
        day[4] = Slot::Low;
        let (day, digest, secret) = seal(table, cadence, &day, &[1; 32]).unwrap();
        let statement = DayHistogram::new(day, digest);
        let proof = statement.prove(&testing::context(), &secret, &mut testing::rng(1)).unwrap();
        assert_eq!(proof.as_bytes().len(), bytes);
        assert_eq!(statement.verify(&testing::context(), &proof), Ok(()));
        assert_eq!(DayProof::from_bytes(proof.as_bytes()), Ok(proof));
    }
}

#[test]
fn the_digest_holds_what_counting_the_readings_gives() {
    let (_, secret) = sealed(3);
    let mut expected = [0_u64; 7];
    for slot in slots(3) {
        let value = match slot {
            Slot::Empty => continue,
            Slot::Low => 39,
            Slot::High => 401,
            Slot::Value(value) => u64::from(value),
        };
        let range = [54, 70, 181, 251].iter().filter(|bound| value >= **bound).count();
        expected[range] += 1;
        expected[5] += value;
        expected[6] += value * value;
    }
    assert_eq!(Metric::ALL.map(|metric| secret.opening().value(metric)), expected);
    assert_eq!(secret.opening().readings(), expected[..5].iter().sum::<u64>());
}

#[test]
fn another_day_digest_metric_or_context_is_rejected() {
    let (statement, proof) = proved(1);
    let (other, _) = sealed(2);
    assert!(!verify(&DayHistogram::new(*other.day(), *statement.digest()), &proof));
    assert!(!verify(&DayHistogram::new(*statement.day(), *other.digest()), &proof));
    for metric in 0..7 {
        let mut commitments = *statement.digest().commitments();
        commitments[metric] = other.digest().commitments()[metric];
        assert!(!verify(&DayHistogram::new(*statement.day(), DayDigest::new(commitments)), &proof), "{metric}");
    }
    let mut swapped = *statement.digest().commitments();
    swapped.swap(0, 1);
    assert!(!verify(&DayHistogram::new(*statement.day(), DayDigest::new(swapped)), &proof));
    for table in [Table::new(Unit::TenthMmolPerL, Tokens::Counted), Table::new(Unit::MgPerDl, Tokens::Missing)] {
        let day = SealedDay::new(table, Cadence::Minutes15, *statement.day().commitment());
        assert!(!verify(&DayHistogram::new(day, *statement.digest()), &proof));
    }
    let longer = SealedDay::new(TABLE, Cadence::Minutes5, *statement.day().commitment());
    assert!(!verify(&DayHistogram::new(longer, *statement.digest()), &proof));
    for context in testing::every_other_context(&testing::context()) {
        assert_eq!(statement.verify(&context, &proof), Err(Rejected));
    }
}

#[test]
fn a_false_digest_or_a_foreign_secret_is_not_proved() {
    let (statement, _) = sealed(1);
    let (other, secret) = sealed(2);
    let mixed = DayHistogram::new(*other.day(), *statement.digest());
    for statement in [statement, mixed] {
        let proof = statement.prove(&testing::context(), &secret, &mut testing::rng(1));
        assert_eq!(proof, Err(ProveError::WrongOpening));
    }
}

#[test]
fn every_flipped_byte_and_every_truncation_is_refused() {
    let (statement, proof) = proved(1);
    let bytes = proof.as_bytes();
    for at in 0..bytes.len() {
        let mut changed = bytes.to_vec();
        changed[at] ^= 1 << (at % 8);
        assert!(DayProof::from_bytes(&changed).map_or(true, |proof| !verify(&statement, &proof)), "byte {at}");
    }
    for end in (0..bytes.len()).rev().step_by(16) {
        assert!(DayProof::from_bytes(&bytes[..end]).map_or(true, |proof| !verify(&statement, &proof)), "{end} bytes");
    }
    let longer = [bytes, &[0; 64]].concat();
    assert!(DayProof::from_bytes(&longer).map_or(true, |proof| !verify(&statement, &proof)));
}

#[test]
fn only_lengths_of_days_are_read_and_every_scalar_at_the_end_is_canonical() {
    let (_, proof) = proved(1);
    let lengths = (0..=2_000).filter(|len| DayProof::from_bytes(&vec![0; *len]).is_ok());
    assert_eq!(lengths.collect::<Vec<_>>(), [896, 960, DayProof::MAX_BYTES]);
    let elements = proof.as_bytes().len() / 32;
    for element in 0..elements {
        let mut changed = proof.as_bytes().to_vec();
        changed[32 * element..32 * (element + 1)].fill(0xff);
        let is_scalar = (5..8).contains(&element) || element >= elements - 4;
        let expected = if is_scalar { Err(DecodeError::Scalar { at: 32 * element }) } else { Ok(()) };
        assert_eq!(DayProof::from_bytes(&changed).map(|_| ()), expected, "element {element}");
    }
    // Of 5-minute days in mg/dL three scalars a side are left, and no other day has as long a proof.
    let mut longer = vec![0; 960];
    let at = longer.len() - 6 * 32;
    longer[at..at + 32].fill(0xff);
    assert_eq!(DayProof::from_bytes(&longer).map(|_| ()), Err(DecodeError::Scalar { at }));
}

#[test]
fn identity_points_are_refused() {
    let (statement, proof) = proved(1);
    let elements = proof.as_bytes().len() / 32;
    for element in (0..5).chain(8..elements - 4) {
        let mut changed = proof.as_bytes().to_vec();
        changed[32 * element..32 * (element + 1)].fill(0);
        assert!(!verify(&statement, &DayProof::from_bytes(&changed).unwrap()), "element {element}");
    }
}

/// The proof with its last scalar, which no challenge depends on, changed by a number.
fn shifted(proof: &DayProof, by: &Scalar) -> DayProof {
    let last = proof.as_bytes().len() / 32 - 1;
    DayProof::from_bytes(&testing::shifted(proof.as_bytes(), last, by)).unwrap()
}

/// Days of three shapes, so that what is added up over a batch differs in length and in step.
#[test]
fn a_batch_of_days_of_every_shape_names_exactly_its_bad_ones_and_a_cancelling_pair() {
    let shapes = [
        (TABLE, Cadence::Minutes15),
        (TABLE, Cadence::Minutes5),
        (Table::new(Unit::TenthMmolPerL, Tokens::Missing), Cadence::Minutes15),
        (TABLE, Cadence::Minutes15),
    ];
    let cases: Vec<_> = (1..)
        .zip(shapes)
        .map(|(seed, (table, cadence))| {
            let slots = vec![Slot::Value(99 + u16::from(seed)); cadence.slots()];
            let (day, digest, secret) = seal(table, cadence, &slots, &[seed; 32]).unwrap();
            let statement = DayHistogram::new(day, digest);
            let proof = statement.prove(&testing::context(), &secret, &mut testing::rng(seed.into())).unwrap();
            (statement, proof)
        })
        .collect();
    testing::every_subset_is_named(&cases, |proof| shifted(proof, &Scalar::ONE));
    let (statement, proof) = &cases[0];
    let pair = [Scalar::ONE, -Scalar::ONE].map(|by| shifted(proof, &by));
    testing::a_cancelling_pair_is_found(statement, pair.each_ref());
}

#[test]
fn scalars_that_are_not_canonical_are_refused() {
    let (statement, proof) = proved(1);
    let elements = proof.as_bytes().len() / 32;
    for element in (5..8).chain(elements - 4..elements) {
        let mut changed = proof.as_bytes().to_vec();
        // The order added: the same residue in another encoding.
        let order = (-Scalar::ONE).to_bytes();
        let mut carry = 1;
        for (byte, more) in changed[32 * element..32 * (element + 1)].iter_mut().zip(order) {
            carry += u16::from(*byte) + u16::from(more);
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        assert!(DayProof::from_bytes(&changed).map_or(true, |proof| !verify(&statement, &proof)), "element {element}");
    }
}

#[test]
fn a_stuck_generator_still_gives_each_day_its_own_nonces() {
    let first = |seed| {
        let (statement, secret) = sealed(seed);
        let proof = statement.prove(&testing::context(), &secret, &mut testing::StuckRng).unwrap();
        proof.as_bytes()[..32].to_vec()
    };
    // The same histogram under other blindings of the day: C_m would repeat if its nonce did.
    assert_ne!(first(1), first(2));
}

#[test]
fn a_proof_is_fixed_by_its_statement_witness_and_randomness() {
    let (_, proof) = proved(1);
    let digest = <sha3::Sha3_256 as sha3::Digest>::digest(proof.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, PROOF_OF_SEED_1);
}
const PROOF_OF_SEED_1: &str = "29d5a9793a55f8a23176f39b255cac26fe6c9a0355235faaffd09fdc0d1190d4";
