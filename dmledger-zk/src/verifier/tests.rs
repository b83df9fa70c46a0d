use super::*;
use crate::{
    commit::commit_values,
    glycemic::{
        Cadence, DayHistogram, Slot, Table, Tokens, Unit, VariationClaim,
        claim::{Bound, DaysClaim, Quantity, Ranges, Side},
        seal,
    },
    range::{Bits, FitsBits, InInterval, Interval},
    statement::{
        Prove as _, Statement,
        reading::{ReadingInRange, ReadingWitness, value_root},
    },
    testing,
};
use dmledger_core::{
    codec,
    envelope::{AccountId, ChainId},
    hash::{Digest, tag},
    testing::proof_verifier as suite,
};

fn proof_context() -> ProofContext {
    let digest = |byte| Digest::new([byte; 32]);
    ProofContext::new(ChainId::new(digest(1)), AccountId::new(digest(2)), 3, "test", digest(4)).unwrap()
}

/// One good claim of every family.
fn claims() -> Vec<ProofClaim> {
    let context = Context::try_from(&proof_context()).unwrap();
    assert_eq!(context, testing::context());
    let rng = &mut testing::rng(1);
    let (commitments, openings) = commit_values(&[701, 1_043, 1_799], &[9; 32]);
    let interval = Interval::new(700, 1_800).unwrap();

    let reading = ReadingInRange::new(value_root(&commitments), 3, 1, interval).unwrap();
    let witness = ReadingWitness::new(&commitments, &openings, 1).unwrap();
    let first = reading.claim(proof_context(), &reading.prove(&context, &witness, rng).unwrap()).unwrap();
    let all = InInterval::new(&commitments, interval).unwrap();
    let second = all.claim(proof_context(), &all.prove(&context, &openings, rng).unwrap()).unwrap();
    let fits = FitsBits::new(&commitments, Bits::Sixteen).unwrap();
    let third = fits.claim(proof_context(), &fits.prove(&context, &openings, rng).unwrap()).unwrap();
    let (day, digest, secret) =
        seal(Table::new(Unit::MgPerDl, Tokens::Counted), Cadence::Minutes15, &[Slot::Value(120); 96], &[5; 32])
            .unwrap();
    let day = DayHistogram::new(day, digest);
    let fourth = day.claim(proof_context(), &day.prove(&context, &secret, rng).unwrap()).unwrap();
    let bounds = [
        Bound::new(Quantity::Share(Ranges::IN), Side::AtLeast, 700),
        Bound::new(Quantity::Mean, Side::AtMost, 12_000),
        Bound::new(Quantity::Gri, Side::AtMost, 0),
    ];
    let days = DaysClaim::new(&[day], 96, &bounds).unwrap();
    let fifth = days.claim(proof_context(), &days.prove(&context, secret.opening(), rng).unwrap()).unwrap();
    let steady = VariationClaim::new(&[day], 90, Side::AtMost, 0).unwrap();
    let sixth = steady.claim(proof_context(), &steady.prove(&context, secret.opening(), rng).unwrap()).unwrap();
    vec![first, second, third, fourth, fifth, sixth]
}

fn verifier() -> Verifier {
    Verifier::new(&mut testing::rng(7))
}

#[test]
fn good_claims_are_accepted_also_after_a_journey() {
    let claims = claims();
    suite::good_claims_are_accepted(&verifier(), &claims);
    for claim in &claims {
        let travelled: ProofClaim = codec::decode(&codec::encode(claim)).unwrap();
        assert_eq!(verifier().verify(&travelled), Ok(()));
    }
}

#[test]
fn altered_claims_are_refused() {
    suite::altered_claims_are_refused(&verifier(), &claims());
}

#[test]
fn bad_claims_are_named() {
    suite::bad_claims_are_named(&verifier(), &claims());
}

#[test]
fn an_unknown_family_is_named() {
    suite::an_unknown_family_is_named(&verifier(), &claims());
}

#[test]
fn every_label_of_this_crate_stands_in_the_one_table_of_tags() {
    let own = [
        crate::transcript::TRANSCRIPT_TAG,
        crate::batch::WEIGHTS_TAG,
        crate::commit::BLINDING_TAG,
        crate::sigma::Relation::DOMAIN,
        crate::sigma::AnyOf::DOMAIN,
        crate::glycemic::DIGEST_TAG,
        DayHistogram::DOMAIN,
        DaysClaim::DOMAIN,
        VariationClaim::DOMAIN,
        FitsBits::DOMAIN,
        InInterval::DOMAIN,
        ReadingInRange::DOMAIN,
    ];
    for label in own {
        assert!(tag::ALL.iter().any(|tag| tag.as_str() == label), "{label}");
    }
}

#[test]
fn what_a_claim_states_is_read_back_and_other_families_state_something_else() {
    let claims = claims();
    let (commitments, _) = commit_values(&[701, 1_043, 1_799], &[9; 32]);
    let asked = ReadingInRange::new(value_root(&commitments), 3, 1, Interval::new(700, 1_800).unwrap()).unwrap();
    assert_eq!(ReadingInRange::try_from(&claims[0]), Ok(asked));
    for claim in &claims[1..] {
        assert_eq!(ReadingInRange::try_from(claim), Err(ProofRefusal::UnknownFamily(claim.family())));
    }
}
