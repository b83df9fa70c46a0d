//! Signatures of many actions are verified together, signer by signer and on several threads; who signed badly is named
//! all the same.

use super::{Done, Failed};
use dmledger_core::{
    action::{self, Refusal, SignedAction},
    block::RawAction,
    envelope::{Endorsement, Envelope},
    testing::{World, WorldPlan},
};

/// Two signatures each: more than two threads' worth.
const ACTIONS: usize = 150;
const BAD: [usize; 4] = [0, 7, 70, ACTIONS - 1];

/// The action with the signatures of another one.
fn with_signatures_of(action: &SignedAction, other: &SignedAction) -> Result<SignedAction, Failed> {
    let copy = Envelope::new(action.chain(), action.account(), action.body().clone());
    let pairs = action.endorsements().iter().zip(other.endorsements());
    pairs.clone().try_fold(copy, |copy, (one, other)| {
        Ok(copy.with(Endorsement::new(one.signer(), one.meaning(), other.signature()))?)
    })
}

#[test]
fn a_proposer_leaves_out_exactly_the_actions_whose_signatures_do_not_verify() -> Done {
    let mut world = World::new(WorldPlan { patients: 7, ..WorldPlan::default() })?;
    let ledger = world.populated()?;
    let mut actions = Vec::new();
    for i in 0..ACTIONS {
        let grant = world.grant_to(i % 3, 0);
        actions.push(world.grant(i % 7, grant)?);
    }
    let good = actions.clone();
    for position in BAD {
        actions[position] = with_signatures_of(&good[position], &good[(position + 7) % ACTIONS])?;
        assert_eq!(super::refusal(&ledger, &actions[position]), Some(Refusal::BadSignature { count: 2 }));
    }
    let taken = world.propose(&ledger, &actions)?;
    let rest = good.iter().enumerate().filter(|(position, _)| !BAD.contains(position));
    let expected = rest.map(|(_, action)| action::encode(action)).collect::<Result<Vec<RawAction>, _>>()?;
    assert_eq!(taken.actions(), expected);
    Ok(())
}
