//! Bytes of the actions by which members stay, leave and decide, and of a claim.

use super::super::{Done, Failed, anchored, fixed_bytes, signed};
use core::time::Duration;
use dmledger_core::{
    action::{Action, ClaimAction, Dismiss, Reconfigure, Renew, SignedAction},
    codec::{Bytes, List},
    envelope::Meaning::{Approved, Authored, CoSigned},
    hash::{Digest, tag, tagged},
    identity::Role,
    ledger::Ledger,
    quorum::ValidatorSet,
    testing::{
        World, WorldPlan,
        world::{WORLD_BEGINS, WORLD_LASTS},
    },
    time::TimeRange,
    traits::proof_verifier::{BadClaim, ProofClaim, ProofContext, ProofCost, ProofFamily, ProofRefusal, ProofVerifier},
};
use std::sync::Arc;

/// A family of its own, whose proof is the digest of context and statement: enough to see that the ledger asks.
struct Digests;

impl Digests {
    fn proof(context: &ProofContext, statement: &[u8]) -> Digest {
        let context = borsh::to_vec(context).expect("a context fits");
        tagged(tag::PROOF_CLAIM, &[&context[..], statement].concat())
    }
}

impl ProofVerifier for Digests {
    fn cost(&self, claim: &ProofClaim) -> Result<ProofCost, ProofRefusal> {
        if claim.family() == FAMILY {
            Ok(ProofCost::elements(1))
        } else {
            Err(ProofRefusal::UnknownFamily(claim.family()))
        }
    }

    fn verify_all(&self, claims: &[ProofClaim]) -> Result<(), Vec<BadClaim>> {
        let shows = |claim: &ProofClaim| claim.proof() == Self::proof(claim.context(), claim.statement()).as_bytes();
        let bad = claims.iter().enumerate().filter(|(_, claim)| !shows(claim));
        let bad: Vec<_> = bad.map(|(place, _)| BadClaim { place, refusal: ProofRefusal::Rejected }).collect();
        if bad.is_empty() { Ok(()) } else { Err(bad) }
    }
}

const FAMILY: ProofFamily = ProofFamily::new(1000);

/// The validators are to be these, by approval of two institutions.
pub(in super::super) fn change(world: &World, number: u64, validators: ValidatorSet) -> SignedAction {
    let institutions = world.institutions();
    let body = Action::Reconfigure(Box::new(Reconfigure { number, validators }));
    signed(world, None, body, &[(&institutions[0].key, Approved), (&institutions[1].key, Approved)])
}

/// One action of each kind, all of which the ledger takes.
pub(in super::super) fn golden() -> Result<(World, Ledger, Vec<SignedAction>), Failed> {
    let plan = WorldPlan { validators: 4, residences: 2, patients: 2, ..WorldPlan::default() };
    let mut world = World::new(plan)?;
    let mut ledger = world.populated()?.with_verifier(Arc::new(Digests));
    let record = anchored(&mut world, &mut ledger, 0, 1)?[0];
    let anchor = ledger.facts().record(&record)?.ok_or("no record")?.entry.facts().commitments;
    let own = World::new(plan)?.into_institutions().remove(0).key;
    let later = WORLD_BEGINS.plus(WORLD_LASTS).plus(Duration::from_secs(86_400));
    let (_, der) = world.certificate(&own, Role::Hospital, "Hospital A1", TimeRange::new(WORLD_BEGINS, later)?)?;
    let renew = Action::Renew(Renew { certificate: Bytes::new(der)? });
    let institutions = world.institutions();
    let dismiss = Action::Dismiss(Dismiss { member: institutions[0].id() });
    let set = ValidatorSet::new(world.genesis().validators().iter().skip(1).copied().collect())?;
    let account = world.patients()[0].account;
    let context = ProofContext::new(world.chain(), account, 0, "study", Digest::new([5; 32]))?;
    let proof = Digests::proof(&context, b"more than seven").as_bytes().to_vec();
    let claim = ProofClaim::new(FAMILY, context, vec![anchor], b"more than seven".to_vec(), proof)?;
    let claim = Action::Claim(Box::new(ClaimAction { records: List::new(vec![record])?, claim }));
    let patient = &world.patients()[0];
    let actions = vec![
        signed(&world, None, dismiss, &[(&institutions[1].key, Approved), (&institutions[2].key, Approved)]),
        signed(&world, None, renew, &[(&own, Authored)]),
        change(&world, 1, set),
        signed(&world, Some(account), claim, &[(&patient.phone, Authored), (&patient.home, CoSigned)]),
    ];
    Ok((world, ledger, actions))
}

#[test]
fn the_bytes_of_each_are_fixed() -> Done {
    let (_, ledger, actions) = golden()?;
    assert_eq!(fixed_bytes(&ledger, &actions)?, FIXED);
    Ok(())
}
const FIXED: [&str; 4] = [
    "7 dismiss ffdc007ad833f258",
    "8 renew fa28a432aa9aa15c",
    "9 reconfigure 48c8271dd83c1630",
    "60 claim a2d345c3b6a14ace",
];
