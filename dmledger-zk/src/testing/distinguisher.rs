//! Can what an observer sees be told apart by its bits, if the secret is one thing or the very opposite?
//!
//! For each family as many runs are made of either of two secrets under one and the same public statement, or under
//! commitments to them, and every bit of everything public is counted. Two statistics: the largest difference of any bit's
//! counts, and the sum over all bits of the squared difference over its variance. Each raises an alarm beyond six
//! deviations: for honest proofs by chance about once in 10^9 sums, and once in 10^9 for each of some 10^4 bits. Seeds are
//! fixed, so what holds once holds always.
//!
//! In `n` runs of either kind the first alarm needs a bit whose frequencies differ by more than `6 / sqrt(2 n)`: 0.61 for
//! 48 runs, 0.43 for 96. That so many runs can raise it at all is asserted. What the bits do not show but the group does is
//! beyond both; that is what the simulators are for. In each family the test is shown to fail for two provers: one whose
//! randomness repeats, and one that keeps of its proofs those in which one bit is the secret.

use super::{StuckRng, context, rng};
use crate::{
    commit::{Blinding, Commitment, Opening},
    context::{Chain, Epoch, Purpose},
    elgamal::{DecryptionKey, EncryptedTo},
    glycemic::{
        Cadence, DayHistogram, DaySecret, Slot, Table, Tokens, Unit, VariationClaim,
        claim::{Bound, DaysClaim, Quantity, Side},
        seal,
    },
    group::{ELEMENT_BYTES, Scalar},
    member::{AuthorisedSet, MemberSecret, Membership, Scope},
    range::{Bits, FitsBits, InInterval, Interval},
    share::{Dealing, Holders, PublicDealing},
    sigma::{AnyOf, Relation, Witness},
    statement::{Prove, Verify},
};
use rand_core::CryptoRng;

/// Deviations beyond which there is an alarm.
const DEVIATIONS: f64 = 6.0;

/// Everything public of one run with the first or the second secret. It ends in a scalar of the proof.
type Run<'a> = &'a dyn Fn(usize, &mut dyn CryptoRng) -> Vec<u8>;

/// What is public of equally many runs with the first and with the second secret.
type Seen = [Vec<Vec<u8>>; 2];

/// Runs with either secret, each of a seed of its own.
fn watch(runs: usize, observe: impl Fn(usize, u64) -> Vec<u8>) -> Seen {
    [0, 1].map(|secret| (0..runs).map(|run| observe(secret, (2 * run + secret) as u64)).collect())
}

/// How often each bit is set.
fn counts(runs: &[Vec<u8>]) -> Vec<f64> {
    let mut counts = vec![0.0_f64; 8 * runs[0].len()];
    for seen in runs {
        assert_eq!(8 * seen.len(), counts.len(), "lengths tell nothing");
        for (bit, count) in counts.iter_mut().enumerate() {
            *count += f64::from(seen[bit / 8] >> (bit % 8) & 1);
        }
    }
    counts
}

/// Whether the bits of runs with one secret differ from those with the other.
fn told_apart(seen: &Seen) -> bool {
    let [first, second] = seen.each_ref().map(|runs| counts(runs));
    assert_eq!(first.len(), second.len(), "lengths tell nothing");
    assert_eq!(seen[0].len(), seen[1].len());
    let runs = seen[0].len() as f64;
    let alarm = DEVIATIONS * (runs / 2.0).sqrt();
    assert!(runs > alarm, "no bit can raise an alarm in {runs} runs");
    let worst = first.iter().zip(&second).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    // Given how often a bit is set in both together, the difference has variance n^2 q (1 - q) 4 / (2 n - 1).
    let squares = first.iter().zip(&second).filter_map(|(a, b)| {
        let both = (a + b) / (2.0 * runs);
        let variance = 4.0 * runs * runs * both * (1.0 - both) / (2.0 * runs - 1.0);
        (variance > 0.0).then(|| (a - b) * (a - b) / variance)
    });
    let (sum, bits) = squares.fold((0.0, 0.0), |(sum, bits), square| (sum + square, bits + 1.0));
    worst > alarm || sum > bits + DEVIATIONS * (2.0_f64 * bits).sqrt()
}

/// What a prover shows that keeps only those of its proofs in which the lowest bit of a byte of the last scalar is the
/// secret: about half of the runs with either.
fn kept_for_a_bit(seen: &Seen) -> Seen {
    let follows = |run: &[u8], secret| usize::from(run[run.len() - ELEMENT_BYTES] & 1) == secret;
    let mut kept =
        [0, 1].map(|secret| seen[secret].iter().filter(|run| follows(run, secret)).cloned().collect::<Vec<Vec<u8>>>());
    let least = kept.each_ref().map(Vec::len).into_iter().min().unwrap();
    kept.iter_mut().for_each(|runs| runs.truncate(least));
    kept
}

/// Honest runs are not told apart; those of a prover that lets a bit of the secret out by the choice of its proof are, and
/// those of a generator that repeats itself.
fn only_broken_provers_are_told_apart(runs: usize, observe: Run<'_>) {
    let honest = watch(runs, |secret, seed| observe(secret, &mut rng(seed)));
    assert!(!told_apart(&honest), "honest");
    assert!(told_apart(&kept_for_a_bit(&honest)), "proofs kept for a bit");
    // One run is all of them.
    let stuck = [0, 1].map(|secret| vec![observe(secret, &mut StuckRng); runs]);
    assert!(told_apart(&stuck), "randomness that repeats");
}

fn with_proof<S: Prove + Verify>(
    mut seen: Vec<u8>,
    statement: &S,
    witness: &S::Witness,
    rng: &mut dyn CryptoRng,
) -> Vec<u8> {
    let proof = statement.prove(&context(), witness, rng).unwrap();
    seen.extend(proof.as_ref());
    seen
}

fn open(value: u64, rng: &mut dyn CryptoRng) -> Opening {
    Opening::new(value, Blinding::random(rng))
}

fn bytes<'a>(commitments: impl IntoIterator<Item = &'a Commitment>) -> Vec<u8> {
    commitments.into_iter().flat_map(|commitment| *commitment.as_bytes()).collect()
}

fn range_of(value: u64, blinding: Blinding, rng: &mut dyn CryptoRng) -> Vec<u8> {
    let opening = Opening::new(value, blinding);
    let statement = FitsBits::new(&[opening.commitment()], Bits::SixtyFour).unwrap();
    with_proof(bytes([&opening.commitment()]), &statement, &[opening], rng)
}

#[test]
fn the_smallest_and_the_largest_value_of_64_bits() {
    only_broken_provers_are_told_apart(48, &|secret, rng| {
        let blinding = Blinding::random(rng);
        range_of([0, u64::MAX][secret], blinding, rng)
    });
}

/// A control of the statistic itself: the proofs are honest, the commitment is not blinded.
#[test]
fn a_missing_blinding_is_seen() {
    let unblinded = |secret: usize, seed| {
        let zero = Blinding::from_scalar(Scalar::ZERO);
        range_of([0, 255][secret], zero, &mut rng(seed))
    };
    assert!(told_apart(&watch(24, unblinded)));
}

#[test]
fn both_ends_of_an_interval() {
    only_broken_provers_are_told_apart(64, &|secret, rng| {
        let opening = open([700, 900][secret], rng);
        let statement = InInterval::new(&[opening.commitment()], Interval::new(700, 900).unwrap()).unwrap();
        with_proof(bytes([&opening.commitment()]), &statement, &[opening], rng)
    });
}

#[test]
fn products_of_small_and_of_large_numbers() {
    only_broken_provers_are_told_apart(96, &|secret, rng| {
        let [a, b] = [[0, 0], [u64::from(u32::MAX), u64::from(u32::MAX) - 1]][secret];
        let openings = [open(a, rng), open(b, rng), open(a * b, rng)];
        let commitments = openings.each_ref().map(Opening::commitment);
        let [first, second, product] = &commitments;
        let witness = Witness::product(&openings[0], &openings[1], &openings[2]);
        with_proof(bytes(&commitments), &Relation::product(first, second, product), &witness, rng)
    });
}

#[test]
fn the_first_and_the_last_of_several_alternatives() {
    only_broken_provers_are_told_apart(96, &|secret, rng| {
        let opening = open([5, 12][secret], rng);
        let commitment = opening.commitment();
        let all = [5, 9, 12].map(|value| Relation::value(&commitment, value));
        let witness = (2 * secret, Witness::value(&opening));
        with_proof(bytes([&commitment]), &AnyOf::new(all.to_vec()).unwrap(), &witness, rng)
    });
}

#[test]
fn two_values_encrypted_to_the_same_recipients() {
    let keys = [1, 2].map(|seed| DecryptionKey::random(&mut rng(seed)).encryption_key());
    only_broken_provers_are_told_apart(96, &|secret, rng| {
        let opening = open([0, 1_023][secret], rng);
        let statement = EncryptedTo::encrypt(&opening, &keys).unwrap();
        let mut seen = bytes([statement.commitment()]);
        seen.extend(statement.recipients().iter().flat_map(|(_, handle)| *handle.as_bytes()));
        with_proof(seen, &statement, &opening, rng)
    });
}

/// Key and mark differ from member to member; what is compared is the proof.
#[test]
fn the_first_and_the_last_member_of_a_small_and_of_a_large_set() {
    for count in [4, 16] {
        let mut members: Vec<_> = (0..count).map(|seed| MemberSecret::random(&mut rng(seed))).collect();
        members.sort_by_key(|member| *member.key().as_bytes());
        let keys: Vec<_> = members.iter().map(MemberSecret::key).collect();
        let set = AuthorisedSet::new(&keys).unwrap();
        only_broken_provers_are_told_apart(64, &|secret, rng| {
            let member = [members.first(), members.last()][secret].unwrap();
            let statement = Membership::of(
                &set,
                Scope::new(Chain::new([1; 32]), Epoch::new(3), &Purpose::new("poll").unwrap(), b"scope"),
                member,
            )
            .unwrap();
            with_proof(Vec::new(), &statement, member, rng)
        });
    }
}

fn holders() -> Holders {
    let keys = [1, 2, 3].map(|seed| DecryptionKey::random(&mut rng(seed)).encryption_key());
    Holders::new(2, &keys).unwrap()
}

#[test]
fn what_one_holder_sees_of_two_secrets_in_shares() {
    let holders = holders();
    only_broken_provers_are_told_apart(96, &|secret, rng| {
        let secret = Blinding::from_scalar([Scalar::ZERO, -Scalar::ONE][secret]);
        let (dealing, _, shares) = Dealing::deal(&context(), &holders, &secret, rng);
        [bytes(dealing.commitments()), shares[0].to_bytes().to_vec()].concat()
    });
}

/// The first commitment is a one-way image of what is dealt, the same in every run, and tells two secrets apart that
/// someone has already; a dealer draws the secret. Everything else is compared.
#[test]
fn what_the_public_sees_of_two_secrets_dealt_in_public() {
    let holders = holders();
    let seen = |secret: usize, rng: &mut dyn CryptoRng| {
        let secret = [Scalar::ONE, -Scalar::ONE][secret];
        let (dealing, proof) = PublicDealing::deal_for_test(&holders, secret, rng).unwrap();
        [dealing.to_bytes(), proof.as_bytes().to_vec()].concat()
    };
    assert!(told_apart(&watch(24, |secret, seed| seen(secret, &mut rng(seed)))), "the image");
    only_broken_provers_are_told_apart(96, &|secret, rng| seen(secret, rng).split_off(ELEMENT_BYTES));
}

/// A day of a 15-minute sensor in which every reading is this.
fn day(unit: Unit, reading: u16, rng: &mut dyn CryptoRng) -> (DayHistogram, DaySecret) {
    let table = Table::new(unit, Tokens::Counted);
    let (day, digest, secret) =
        seal(table, Cadence::Minutes15, &[Slot::Value(reading); 96], Blinding::random(rng).scalar().as_bytes())
            .unwrap();
    (DayHistogram::new(day, digest), secret)
}

fn public(day: &DayHistogram) -> Vec<u8> {
    bytes(core::iter::once(day.day().commitment()).chain(day.digest().commitments()))
}

#[test]
fn a_day_all_in_range_and_a_day_all_high() {
    // The shorter of the tables: 56 and 222 tenths of mmol/L are 100 and 400 mg/dL.
    only_broken_provers_are_told_apart(48, &|secret, rng| {
        let (statement, secret) = day(Unit::TenthMmolPerL, [56, 222][secret], rng);
        with_proof(public(&statement), &statement, &secret, rng)
    });
}

#[test]
fn claims_that_hold_by_far_and_only_just() {
    only_broken_provers_are_told_apart(48, &|secret, rng| {
        let (statement, secret) = day(Unit::MgPerDl, [180, 70][secret], rng);
        let mean = Bound::new(Quantity::Mean, Side::AtMost, 18_000);
        let claim = DaysClaim::new(&[statement], 96, &[mean]).unwrap();
        with_proof(public(&statement), &claim, secret.opening(), rng)
    });
}

#[test]
fn variation_claims_about_high_and_about_low_days() {
    only_broken_provers_are_told_apart(48, &|secret, rng| {
        let (statement, secret) = day(Unit::MgPerDl, [180, 70][secret], rng);
        let claim = VariationClaim::new(&[statement], 90, Side::AtMost, 360).unwrap();
        with_proof(public(&statement), &claim, secret.opening(), rng)
    });
}

#[cfg(feature = "bbs")]
#[test]
fn two_credentials_that_agree_in_what_is_shown() {
    use crate::bbs::{Attributes, Header, Held, IssuerSecret, Presented};
    let (issuer, header) =
        (IssuerSecret::random(&mut rng(1)), Header::for_ledger(Chain::new([1; 32]), "test").unwrap());
    let held = ["hospital=A1", "hospital=B2"].map(|hidden| {
        let attributes = Attributes::new(&["role=physician", hidden]).unwrap();
        Held::new(issuer.issue(&header, &attributes).unwrap(), attributes)
    });
    only_broken_provers_are_told_apart(48, &|secret, rng| {
        let statement = Presented::of(&issuer.public(), &header, &held[secret], &[0]).unwrap();
        with_proof(Vec::new(), &statement, &held[secret], rng)
    });
}
