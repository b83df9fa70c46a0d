use super::*;
use crate::{
    commit::commit_values,
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
    traits::proof_verifier::ProofFamily,
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
    vec![first, second, third]
}

fn verifier() -> Verifier {
    Verifier::new(&mut testing::rng(7))
}

#[test]
fn a_good_claim_of_every_family_is_accepted_alone_together_and_after_a_journey() {
    let claims = claims();
    assert_eq!(verifier().verify_all(&claims), Ok(()));
    for claim in &claims {
        assert_eq!(verifier().verify(claim), Ok(()));
        let travelled: ProofClaim = codec::decode(&codec::encode(claim)).unwrap();
        assert_eq!(verifier().verify(&travelled), Ok(()));
        assert!(verifier().cost(claim).unwrap().number() > 70);
    }
    assert_eq!(verifier().verify_all(&[]), Ok(()));
}

/// Every claim that differs from `claim` in one part.
fn spoiled(claim: &ProofClaim) -> Vec<ProofClaim> {
    let digest = |byte| Digest::new([byte; 32]);
    let parts = |family, context: ProofContext, anchors: &[Digest], statement: &[u8], proof: &[u8]| {
        ProofClaim::new(family, context, anchors.to_vec(), statement.to_vec(), proof.to_vec()).unwrap()
    };
    let (family, context) = (claim.family(), claim.context().clone());
    let (anchors, statement, proof) = (claim.anchors(), claim.statement(), claim.proof());
    let context_of = |chain, subject, epoch, purpose, audience| {
        ProofContext::new(
            ChainId::new(digest(chain)),
            AccountId::new(digest(subject)),
            epoch,
            purpose,
            digest(audience),
        )
    };
    let contexts = [
        context_of(9, 2, 3, "test", 4),
        context_of(1, 9, 3, "test", 4),
        context_of(1, 2, 9, "test", 4),
        context_of(1, 2, 3, "tesu", 4),
        context_of(1, 2, 3, "test", 9),
    ];
    let mut out: Vec<_> =
        contexts.into_iter().map(|other| parts(family, other.unwrap(), anchors, statement, proof)).collect();
    for number in 0..5 {
        let other = ProofFamily::new(number);
        if other != family {
            out.push(parts(other, context.clone(), anchors, statement, proof));
        }
    }
    out.push(parts(family, context.clone(), &[digest(9)], statement, proof));
    out.push(parts(family, context.clone(), &[], statement, proof));
    out.push(parts(family, context.clone(), &[anchors, anchors].concat(), statement, proof));
    for at in 0..statement.len() {
        let mut changed = statement.to_vec();
        changed[at] ^= 1;
        out.push(parts(family, context.clone(), anchors, &changed, proof));
        out.push(parts(family, context.clone(), anchors, &statement[..at], proof));
    }
    for at in (0..proof.len()).step_by(7) {
        let mut changed = proof.to_vec();
        changed[at] ^= 1;
        out.push(parts(family, context.clone(), anchors, statement, &changed));
        out.push(parts(family, context.clone(), anchors, statement, &proof[..at]));
    }
    out
}

#[test]
fn a_claim_altered_in_any_part_is_refused() {
    for claim in claims() {
        let spoiled = spoiled(&claim);
        let refused = verifier().verify_all(&spoiled).unwrap_err();
        assert_eq!(refused.iter().map(|bad| bad.place).collect::<Vec<_>>(), (0..spoiled.len()).collect::<Vec<_>>());
        // Alone as in the batch.
        for bad in refused.iter().step_by(17) {
            assert_eq!(verifier().verify(&spoiled[bad.place]), Err(bad.refusal));
        }
    }
}

#[test]
fn bad_claims_among_good_ones_are_named() {
    let good = claims();
    let bad = spoiled(&good[0]);
    let mixed = [good[0].clone(), bad[0].clone(), good[1].clone(), good[2].clone(), bad[5].clone()];
    let refused = verifier().verify_all(&mixed).unwrap_err();
    assert_eq!(refused.iter().map(|bad| bad.place).collect::<Vec<_>>(), [1, 4]);
    assert_eq!(refused[0].refusal, ProofRefusal::Rejected);
    assert_eq!(refused[1].refusal, ProofRefusal::UnknownFamily(ProofFamily::new(0)));
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
        crate::glycemic::DayHistogram::DOMAIN,
        crate::glycemic::claim::DaysClaim::DOMAIN,
        FitsBits::DOMAIN,
        InInterval::DOMAIN,
        ReadingInRange::DOMAIN,
    ];
    for label in own {
        assert!(tag::ALL.iter().any(|tag| tag.as_str() == label), "{label}");
    }
}
