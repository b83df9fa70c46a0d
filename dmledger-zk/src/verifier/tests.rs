use super::*;
use crate::{
    commit::commit_values,
    elgamal::DecryptionKey,
    glycemic::{
        Cadence, DayHistogram, Slot, Table, Tokens, Unit, VariationClaim,
        claim::{Bound, DaysClaim, Quantity, Ranges, Side},
        seal,
    },
    member::{AuthorisedSet, MemberSecret, Membership},
    range::{Bits, FitsBits, InInterval, Interval},
    statement::{
        Prove as _,
        encrypted::ReadingEncrypted,
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
use std::{collections::BTreeSet, fs, path::Path};

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
    let mut claims = vec![first, second, third, fourth, fifth, sixth];
    claims.extend(about_keys());
    claims
}

fn member(seed: u64) -> MemberSecret {
    MemberSecret::random(&mut testing::rng(seed))
}

/// A reading encrypted to two keys; members of a small and of a large set.
fn about_keys() -> Vec<ProofClaim> {
    let context = Context::try_from(&proof_context()).unwrap();
    let rng = &mut testing::rng(2);
    let (commitments, openings) = commit_values(&[701, 1_043, 1_799], &[9; 32]);
    let keys = [3, 4].map(|seed| DecryptionKey::random(&mut testing::rng(seed)).encryption_key());
    let encrypted = ReadingEncrypted::encrypt(value_root(&commitments), 3, 2, &openings[2], &keys).unwrap();
    let witness = ReadingWitness::new(&commitments, &openings, 2).unwrap();
    let proof = encrypted.prove(&context, &witness, rng).unwrap();
    let mut claims = vec![encrypted.claim(proof_context(), &proof).unwrap()];
    for count in [3, 9] {
        let set = AuthorisedSet::new(&(0..count).map(|seed| member(seed).key()).collect::<Vec<_>>()).unwrap();
        let statement = Membership::in_claim(&set, &proof_context(), b"case 17", &member(1)).unwrap();
        let proof = statement.prove(&context, &member(1), rng).unwrap();
        claims.push(statement.claim(proof_context(), b"case 17", &proof).unwrap());
    }
    claims
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

/// The last byte but one of every family's proof is in a scalar that its equations hold.
#[test]
fn any_number_of_bad_claims_of_any_families_is_named_wherever_they_stand() {
    let good = claims();
    let spoil = |claim: &ProofClaim| {
        let (mut proof, anchors) = (claim.proof().to_vec(), claim.anchors().to_vec());
        let place = proof.len() - 2;
        proof[place] ^= 1;
        ProofClaim::new(claim.family(), claim.context().clone(), anchors, claim.statement().to_vec(), proof).unwrap()
    };
    let bad: Vec<_> = good.iter().map(spoil).collect();
    for step in 0..2 * good.len() {
        // As 2 and the number of claims have no common divisor, sets of one, two and more, in turning order.
        let is_bad = |place: usize| (2 * place + step) % good.len() <= step / 3;
        let order: Vec<_> = (0..good.len()).map(|at| (at + 4 * step) % good.len()).collect();
        let block: Vec<_> =
            order.iter().map(|place| if is_bad(*place) { &bad[*place] } else { &good[*place] }.clone()).collect();
        let named = verifier().verify_all(&block).err().unwrap_or_default();
        let expected: Vec<_> = (0..order.len()).filter(|at| is_bad(order[*at])).collect();
        assert!(!expected.is_empty());
        assert_eq!(named.iter().map(|bad| bad.place).collect::<Vec<_>>(), expected, "step {step}");
    }
}

#[test]
fn an_unknown_family_is_named() {
    suite::an_unknown_family_is_named(&verifier(), &claims());
}

/// Adds every text in quotes in the sources below a folder that is a label of this crate, those of tests left out.
fn find_labels(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find_labels(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let is_label = |text: &&str| text.starts_with("dmledger/zk/") && text.ends_with("/v1");
            let own = source.split('"').filter(is_label).filter(|label| !label.contains("/test-"));
            found.extend(own.map(str::to_owned));
        }
    }
}

#[test]
fn every_label_in_the_sources_of_this_crate_stands_in_the_one_table_of_tags() {
    let mut found = BTreeSet::new();
    find_labels(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 30 && found.contains(crate::transcript::TRANSCRIPT_TAG), "{found:?}");
    found.retain(|label| !tag::ALL.iter().any(|tag| tag.as_str() == label));
    assert!(found.is_empty(), "missing: {found:?}");
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

#[test]
fn claims_about_keys_are_read_back_and_leave_a_mark_only_where_each_is_heard_once() {
    let claims = claims();
    let encrypted = ReadingEncrypted::try_from(&claims[6]).unwrap();
    assert_eq!((encrypted.count(), encrypted.index(), encrypted.recipients().len()), (3, 2, 2));
    for claim in &claims[7..] {
        let stated = Membership::try_from(claim).unwrap();
        assert_eq!(claim.mark(), Some(Digest::new(*stated.nullifier().as_bytes())));
        assert_eq!(claim.anchors(), [stated.set().anchor()]);
        assert!(ReadingEncrypted::try_from(claim).is_err());
    }
    for claim in &claims[..7] {
        assert_eq!(claim.mark(), None);
        assert!(Membership::try_from(claim).is_err());
    }
}

/// The same set in another order would be another claim of the same mark; it is not one at all.
#[test]
fn keys_of_a_claimed_set_ascend() {
    let claim = &claims()[7];
    let mut statement = claim.statement().to_vec();
    let keys = statement.len() - 3 * 32;
    let (first, second) = statement[keys..].split_at_mut(32);
    first.swap_with_slice(&mut second[..32]);
    let turned = ProofClaim::new(
        claim.family(),
        claim.context().clone(),
        claim.anchors().to_vec(),
        statement,
        claim.proof().to_vec(),
    );
    assert_eq!(verifier().verify(&turned.unwrap()), Err(ProofRefusal::Malformed { what: "statement" }));
}

#[test]
fn a_claim_in_another_scope_than_its_statement_cannot_be_made() {
    let context = Context::try_from(&proof_context()).unwrap();
    let set = AuthorisedSet::new(&[member(1).key(), member(2).key()]).unwrap();
    let statement = Membership::in_claim(&set, &proof_context(), b"case 17", &member(1)).unwrap();
    let proof = statement.prove(&context, &member(1), &mut testing::rng(1)).unwrap();
    assert!(statement.claim(proof_context(), b"case 18", &proof).is_err());
    assert!(statement.claim(proof_context(), &[b'x'; 65], &proof).is_err());
}
