//! Validators that contradict themselves.

use super::{Done, Failed, assert_refused, newcomer, signed, twins};
use dmledger_core::{
    action::{Accuse, Action, Parameters, Reconfigure, Refusal, SignedAction, configure::Penalty},
    envelope::{Envelope, Meaning::Approved},
    hash::Digest,
    identity::{MemberStatus, Role},
    key::SecretKey,
    ledger::{Ledger, StateMachine},
    quorum::{
        Address, BlockId, Evidence, Proposal, Validator, ValidatorSet, Vote, VoteKind,
        evidence::{Offence, Signed, Twice},
    },
    state::tables::offender_member,
    testing::{World, WorldPlan},
    time::Height,
};

fn block(n: u8) -> Option<BlockId> {
    Some(BlockId::new(Digest::new([n; 32])))
}

fn vote(world: &World, key: &SecretKey, block: Option<BlockId>) -> Result<Signed<Vote>, Failed> {
    let voter = Address::of(&key.public());
    let message = Vote { kind: VoteKind::Precommit, height: Height::new(2), round: 1, block, voter };
    Ok(Signed { message, signature: key.sign(&message.digest(&world.chain()))? })
}

pub(super) fn two_votes(world: &World, key: &SecretKey) -> Result<Evidence, Failed> {
    Ok(Evidence::of_votes(key.public(), vote(world, key, block(1))?, vote(world, key, None)?)?)
}

fn two_proposals(world: &World, key: &SecretKey) -> Result<Evidence, Failed> {
    let propose = |n| -> Result<Signed<Proposal>, Failed> {
        let (block, proposer) = (BlockId::new(Digest::new([n; 32])), Address::of(&key.public()));
        let message = Proposal { height: Height::new(3), round: 0, block, valid_round: None, proposer };
        Ok(Signed { message, signature: key.sign(&message.digest(&world.chain()))? })
    };
    Ok(Evidence::of_proposals(key.public(), propose(1)?, propose(2)?)?)
}

pub(super) fn accusation(world: &World, evidence: Evidence) -> SignedAction {
    Envelope::new(world.chain(), None, Action::Accuse(Box::new(Accuse { evidence })))
}

fn network(penalty: Penalty) -> Result<(World, Ledger), Failed> {
    let parameters = Parameters { penalty, ..Parameters::default() };
    let mut world = World::new(WorldPlan { validators: 4, parameters, ..WorldPlan::default() })?;
    let ledger = world.populated()?;
    Ok((world, ledger))
}

#[test]
fn two_votes_or_two_proposals_convict_without_a_witness_and_once() -> Done {
    for proposals in [false, true] {
        let (mut world, mut ledger) = network(Penalty::Remove)?;
        let culprit = &world.validators()[1];
        let (address, key) = (Address::of(&culprit.public()), culprit.public());
        let evidence = if proposals { two_proposals(&world, culprit)? } else { two_votes(&world, culprit)? };
        let action = accusation(&world, evidence);
        world.advance(&mut ledger, std::slice::from_ref(&action))?;
        let offender = ledger.facts().offender(&address)?.ok_or("not written down")?;
        let offence = if proposals {
            Offence { twice: Twice::Proposal, height: Height::new(3), round: 0 }
        } else {
            Offence { twice: Twice::Precommit, height: Height::new(2), round: 1 }
        };
        assert_eq!((offender.key, offender.offence, offender.member), (key, offence, None));
        let listed = ledger.places();
        let listed = listed.offenders().members(ledger.facts().state())?;
        assert_eq!(listed, [offender_member(&address)]);
        let next = ledger.validators(ledger.tip().height.next())?;
        assert!(next.get(&address).is_none() && next.count() == 3);
        assert_refused(&mut world, &ledger, &action, Refusal::ConvictedAlready { height: ledger.tip().height });
        // The three others go on.
        let mut keys = world.replace_validators(Vec::new());
        keys.remove(1);
        world.replace_validators(keys);
        world.advance(&mut ledger, &[])?;
    }
    Ok(())
}

#[test]
fn what_is_no_contradiction_is_no_evidence() -> Done {
    let (world, _) = network(Penalty::Remove)?;
    let (a, b) = (&world.validators()[0], &world.validators()[1]);
    let same = Evidence::of_votes(a.public(), vote(&world, a, block(1))?, vote(&world, a, block(1))?);
    assert!(same.is_err());
    let two = Evidence::of_votes(a.public(), vote(&world, a, block(1))?, vote(&world, b, block(2))?);
    assert!(two.is_err());
    let mut other_round = vote(&world, a, block(2))?;
    other_round.message.round = 2;
    assert!(Evidence::of_votes(a.public(), vote(&world, a, block(1))?, other_round).is_err());
    let mut other_kind = vote(&world, a, block(2))?;
    other_kind.message.kind = VoteKind::Prevote;
    assert!(Evidence::of_votes(a.public(), vote(&world, a, block(1))?, other_kind).is_err());
    Ok(())
}

#[test]
fn forged_and_foreign_evidence_convicts_nobody() -> Done {
    let (mut world, ledger) = network(Penalty::Remove)?;
    let other = World::new(WorldPlan { seed: 2, ..WorldPlan::default() })?;
    let culprit = &world.validators()[0];
    // Signed for another network.
    let abroad = accusation(&world, two_votes(&other, culprit)?);
    // Signed by somebody else in the culprit's name.
    let forger = &world.validators()[1];
    let forge = |one: Signed<Vote>| -> Result<Signed<Vote>, Failed> {
        Ok(Signed { signature: forger.sign(&one.message.digest(&world.chain()))?, ..one })
    };
    let votes = (forge(vote(&world, culprit, block(1))?)?, vote(&world, culprit, None)?);
    let forged = accusation(&world, Evidence::of_votes(culprit.public(), votes.0, votes.1)?);
    let somebody = other.validators()[0].public();
    let stranger = accusation(&world, two_votes(&world, &other.validators()[0])?);
    assert_refused(&mut world, &ledger, &abroad, Refusal::BadSignature { count: 2 });
    assert_refused(&mut world, &ledger, &forged, Refusal::BadSignature { count: 1 });
    assert_refused(&mut world, &ledger, &stranger, Refusal::NotAValidator);
    assert!(ledger.facts().offender(&Address::of(&somebody))?.is_none());
    Ok(())
}

#[test]
fn genesis_says_what_becomes_of_the_convicted() -> Done {
    for penalty in [Penalty::Flag, Penalty::Remove, Penalty::Dismiss] {
        let (mut world, mut ledger) = network(penalty)?;
        let (key, copy) = twins(&mut world);
        let party = world.party(key, Role::Hospital, "Fifth")?;
        let admission = world.admission(&party, 2)?;
        world.advance(&mut ledger, &[admission])?;
        let mut set: Vec<_> = world.genesis().validators().iter().copied().collect();
        set.push(Validator::new(copy.public(), 1));
        let body = |number, set: &[Validator]| -> Result<Action, Failed> {
            Ok(Action::Reconfigure(Box::new(Reconfigure { number, validators: ValidatorSet::new(set.to_vec())? })))
        };
        let keys = |world: &World, body| {
            let two = [(&world.institutions()[0].key, Approved), (&world.institutions()[1].key, Approved)];
            signed(world, None, body, &two)
        };
        let change = keys(&world, body(1, &set)?);
        world.advance(&mut ledger, &[change])?;
        let mut voting = world.replace_validators(Vec::new());
        voting.push(copy);
        world.replace_validators(voting);
        let action = accusation(&world, two_votes(&world, &world.validators()[4])?);
        world.advance(&mut ledger, &[action])?;
        let (height, address) = (ledger.tip().height, Address::of(&party.key.public()));
        let row = ledger.facts().offender(&address)?.ok_or("not written down")?;
        assert_eq!(row.member, Some(party.id()));
        let votes = ledger.validators(height.next())?.get(&address).is_some();
        assert_eq!(votes, penalty == Penalty::Flag, "{penalty:?}");
        let member = ledger.facts().member(&party.id())?.ok_or("no member")?;
        let expected =
            if penalty == Penalty::Dismiss { MemberStatus::Revoked { height } } else { MemberStatus::Active };
        assert_eq!(member.status(), expected);
        // No change of validators brings it back.
        let back = keys(&world, body(2, &set)?);
        assert_refused(&mut world, &ledger, &back, Refusal::ConvictedAlready { height });
    }
    Ok(())
}

#[test]
fn a_lone_validator_is_written_down_and_stays_until_another_is_named() -> Done {
    let mut world = World::new(WorldPlan::default())?;
    let mut ledger = world.populated()?;
    let culprit = world.validators()[0].public();
    let action = accusation(&world, two_votes(&world, &world.validators()[0])?);
    world.advance(&mut ledger, &[action])?;
    let address = Address::of(&culprit);
    assert!(ledger.facts().offender(&address)?.is_some());
    assert!(ledger.validators(ledger.tip().height.next())?.get(&address).is_some());
    let _ = newcomer(&mut world, &mut ledger, Role::Hospital)?;
    Ok(())
}
