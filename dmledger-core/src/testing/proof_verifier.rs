//! What every [`ProofVerifier`] must do: judge a claim by the claim alone, and refuse it altered in any part.

use crate::{
    envelope::{AccountId, ChainId},
    hash::Digest,
    traits::proof_verifier::{ProofClaim, ProofContext, ProofFamily, ProofRefusal, ProofVerifier},
};

/// Good claims are accepted alone, all together, twice, and none at all.
///
/// # Panics
/// If the property does not hold.
pub fn good_claims_are_accepted(verifier: &dyn ProofVerifier, good: &[ProofClaim]) {
    assert_eq!(verifier.verify_all(&[]), Ok(()), "no claim");
    assert_eq!(verifier.verify_all(good), Ok(()), "all together");
    for (place, claim) in good.iter().enumerate() {
        assert_eq!(verifier.verify(claim), Ok(()), "claim {place} alone");
        assert_eq!(verifier.verify_all(&[claim.clone(), claim.clone()]), Ok(()), "claim {place} twice");
        assert!(verifier.cost(claim).is_ok_and(|cost| cost.number() > 0), "claim {place} has a cost");
    }
}

/// A claim altered in context, family, anchors, statement or proof is refused, alone as in a batch.
///
/// # Panics
/// If the property does not hold.
pub fn altered_claims_are_refused(verifier: &dyn ProofVerifier, good: &[ProofClaim]) {
    for claim in good {
        let altered = altered(claim);
        let refused = verifier.verify_all(&altered).err().unwrap_or_default();
        let places: Vec<_> = refused.iter().map(|bad| bad.place).collect();
        assert_eq!(places, (0..altered.len()).collect::<Vec<_>>(), "{:?}", claim.family());
        for (bad, claim) in refused.iter().zip(&altered).step_by(17) {
            assert_eq!(verifier.verify(claim), Err(bad.refusal), "alone as in the batch");
        }
    }
}

/// Bad claims among good ones are named, whatever their place, and the good ones are not.
///
/// # Panics
/// If the property does not hold.
pub fn bad_claims_are_named(verifier: &dyn ProofVerifier, good: &[ProofClaim]) {
    for (place, claim) in good.iter().enumerate() {
        let mut mixed = good.to_vec();
        let Some(bad) = altered(claim).into_iter().next() else { continue };
        if let Some(slot) = mixed.get_mut(place) {
            *slot = bad;
        }
        let refused = verifier.verify_all(&mixed).err().unwrap_or_default();
        assert_eq!(refused.iter().map(|bad| bad.place).collect::<Vec<_>>(), [place]);
    }
}

/// A family nobody knows is named as such, before any work.
///
/// # Panics
/// If the property does not hold.
pub fn an_unknown_family_is_named(verifier: &dyn ProofVerifier, good: &[ProofClaim]) {
    let family = ProofFamily::new(u16::MAX);
    for claim in good {
        let unknown = Parts { family, ..Parts::of(claim) }.claim();
        assert_eq!(verifier.verify(&unknown), Err(ProofRefusal::UnknownFamily(family)));
        assert_eq!(verifier.cost(&unknown), Err(ProofRefusal::UnknownFamily(family)));
    }
}

/// A claim in the open.
#[derive(Clone)]
struct Parts {
    family: ProofFamily,
    context: ProofContext,
    anchors: Vec<Digest>,
    statement: Vec<u8>,
    proof: Vec<u8>,
}

impl Parts {
    fn of(claim: &ProofClaim) -> Self {
        Self {
            family: claim.family(),
            context: claim.context().clone(),
            anchors: claim.anchors().to_vec(),
            statement: claim.statement().to_vec(),
            proof: claim.proof().to_vec(),
        }
    }

    #[expect(clippy::expect_used, reason = "parts of a claim, none of them longer")]
    fn claim(self) -> ProofClaim {
        ProofClaim::new(self.family, self.context, self.anchors, self.statement, self.proof).expect("a claim")
    }
}

/// Claims that differ from a good one in one part.
///
/// # Panics
/// If the claim has no room for one more anchor.
#[must_use]
pub fn altered(claim: &ProofClaim) -> Vec<ProofClaim> {
    let original = Parts::of(claim);
    let mut out: Vec<_> =
        other_contexts(claim.context()).into_iter().map(|context| Parts { context, ..original.clone() }).collect();
    let families = (0..8).map(ProofFamily::new).filter(|family| *family != original.family);
    out.extend(families.map(|family| Parts { family, ..original.clone() }));
    let more = [original.anchors.clone(), vec![Digest::ZERO]].concat();
    let other = original.anchors.iter().map(|_| Digest::ZERO).collect();
    for anchors in [more, other, Vec::new()] {
        if anchors != original.anchors {
            out.push(Parts { anchors, ..original.clone() });
        }
    }
    for at in places(original.statement.len()) {
        out.push(Parts { statement: flipped(&original.statement, at), ..original.clone() });
        out.push(Parts { statement: cut(&original.statement, at), ..original.clone() });
    }
    for at in places(original.proof.len()) {
        out.push(Parts { proof: flipped(&original.proof, at), ..original.clone() });
        out.push(Parts { proof: cut(&original.proof, at), ..original.clone() });
    }
    out.into_iter().map(Parts::claim).collect()
}

/// About forty places spread over a byte string.
fn places(len: usize) -> impl Iterator<Item = usize> {
    (0..len).step_by(1 + len / 40)
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    bytes.iter().enumerate().map(|(place, byte)| if place == at { byte ^ 1 << (at % 8) } else { *byte }).collect()
}

fn cut(bytes: &[u8], at: usize) -> Vec<u8> {
    bytes.iter().take(at).copied().collect()
}

/// The five contexts that differ in one field.
fn other_contexts(from: &ProofContext) -> Vec<ProofContext> {
    let other = Digest::new([0xa5; 32]);
    let (chain, subject, epoch) = (from.chain(), from.subject(), from.epoch());
    let (purpose, audience) = (from.purpose(), from.audience());
    let different = if purpose == "other" { "another" } else { "other" };
    [
        ProofContext::new(ChainId::new(other), subject, epoch, purpose, audience),
        ProofContext::new(chain, AccountId::new(other), epoch, purpose, audience),
        ProofContext::new(chain, subject, epoch ^ 1, purpose, audience),
        ProofContext::new(chain, subject, epoch, different, audience),
        ProofContext::new(chain, subject, epoch, purpose, other),
    ]
    .into_iter()
    .flatten()
    .collect()
}
