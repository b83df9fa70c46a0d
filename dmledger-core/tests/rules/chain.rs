//! Blocks: proposed, validated, applied, refused.

use super::{Done, anchored, assert_refused, world};
use core::time::Duration;
use dmledger_core::{
    action::{self, Refusal},
    block::{Block, Header, RawAction},
    hash::Digest,
    ledger::{BlockContext, Ledger, LedgerError, StateMachine},
    quorum::{Address, Validator},
    testing::{MemoryStore, World, WorldPlan},
    time::Height,
};
use std::sync::Arc;

#[test]
fn every_node_comes_to_the_same_state_however_it_learns_of_the_blocks() -> Done {
    let (mut world, mut ledger) = world()?;
    anchored(&mut world, &mut ledger, 0, 4)?;
    let grant = world.grant_to(0, 0);
    let action = world.grant(0, grant)?;
    world.advance(&mut ledger, &[action])?;
    // A follower that never saw a proposal.
    let mut follower = world.ledger()?;
    for height in 1..=ledger.tip().height.value() {
        let block = ledger.finalized(Height::new(height))?.ok_or("no block")?;
        let applied = follower.apply(block.clone())?;
        assert_eq!(applied.actions.len(), block.block().actions().len());
    }
    assert_eq!(follower.tip(), ledger.tip());
    Ok(())
}

#[test]
fn proposing_and_validating_change_nothing() -> Done {
    let (mut world, ledger) = world()?;
    let before = ledger.tip();
    let grant = world.grant_to(0, 0);
    let (one, two) = (world.grant(0, grant.clone())?, world.revoke(0, grant.id)?);
    let block = world.propose(&ledger, &[one.clone(), two])?;
    assert_eq!(block.actions().len(), 2, "the second builds on the first");
    ledger.validate(&block, world.clock())?;
    assert_eq!(ledger.tip(), before);
    assert_eq!(super::refusal(&ledger, &one), None);
    Ok(())
}

#[test]
fn a_header_that_says_anything_else_is_refused() -> Done {
    let (mut world, ledger) = world()?;
    let grant = world.grant_to(0, 0);
    let action = world.grant(0, grant)?;
    let block = world.propose(&ledger, &[action])?;
    let fresh = reopened(&world, &ledger)?;
    fresh.validate(&block, world.clock())?;
    let wrong = Digest::new([9; 32]);
    let changes: [fn(&mut Header, Digest); 8] = [
        |header, wrong| header.state_root = wrong,
        |header, wrong| header.actions_root = wrong,
        |header, wrong| header.history_root = wrong,
        |header, wrong| header.validators = wrong,
        |header, wrong| header.next_validators = wrong,
        |header, _| header.height = header.height.next(),
        |header, _| header.proposer = Address::from_bytes([1; 20]),
        |header, wrong| header.chain = dmledger_core::envelope::ChainId::new(wrong),
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut header = block.header().clone();
        change(&mut header, wrong);
        let altered = Block::new(header, block.actions().to_vec())?;
        assert!(fresh.validate(&altered, world.clock()).is_err(), "change {i}");
    }
    let fewer = Block::new(block.header().clone(), vec![])?;
    assert!(ledger.validate(&fewer, world.clock()).is_err(), "a remembered header with another body");
    Ok(())
}

#[test]
fn an_action_that_is_refused_spoils_the_block() -> Done {
    let (mut world, ledger) = world()?;
    let grant = world.grant_to(0, 0);
    let action = world.grant(0, grant)?;
    let block = world.propose(&ledger, std::slice::from_ref(&action))?;
    let raw = action::encode(&action)?;
    let mut header = block.header().clone();
    let twice = vec![raw.clone(), raw];
    header.actions_root = dmledger_core::hash::tree::root(&twice);
    let refused = ledger.validate(&Block::new(header.clone(), twice)?, world.clock());
    let expected = Refusal::GrantExists.code();
    assert!(matches!(refused, Err(LedgerError::Action { position: 1, rejection }) if rejection.code() == expected));
    let junk = vec![RawAction::new(vec![1, 2, 3])?];
    header.actions_root = dmledger_core::hash::tree::root(&junk);
    let refused = ledger.validate(&Block::new(header, junk)?, world.clock());
    assert!(matches!(refused, Err(LedgerError::Action { position: 0, .. })));
    Ok(())
}

#[test]
fn block_time_moves_on_and_stays_near_the_clock() -> Done {
    let (mut world, mut ledger) = world()?;
    let proposer = Validator::new(world.validators()[0].public(), 1).address();
    let allowed = ledger.settings().parameters().max_skew_ms;
    let behind =
        BlockContext { height: ledger.tip().height.next(), time: dmledger_core::time::Timestamp::EPOCH, proposer };
    let block = ledger.propose(&behind, &mut std::iter::empty())?;
    assert_eq!(block.header().time.millis(), ledger.tip().time.millis() + 1);
    let fresh = reopened(&world, &ledger)?;
    let time = block.header().time;
    fresh.validate(&block, time.plus(Duration::from_millis(allowed)))?;
    let fresh = reopened(&world, &ledger)?;
    for clock in [time.plus(Duration::from_millis(allowed + 1)), time.minus(Duration::from_millis(allowed + 1))] {
        let refused = fresh.validate(&block, clock);
        assert!(matches!(refused, Err(LedgerError::ClockSkew { millis, .. }) if millis == allowed + 1));
    }
    let decided = world.certify(block)?;
    world.wait(Duration::from_secs(1));
    assert_eq!(ledger.apply(decided.clone())?, ledger.apply(decided)?, "repeating the tip is harmless");
    Ok(())
}

#[test]
fn without_a_quorum_nothing_is_applied() -> Done {
    let mut world = World::new(WorldPlan { validators: 4, ..WorldPlan::default() })?;
    let mut ledger = world.populated()?;
    let other = World::new(WorldPlan { seed: 5, validators: 4, ..WorldPlan::default() })?;
    let before = ledger.tip();
    let block = world.propose(&ledger, &[])?;
    assert!(ledger.apply(other.certify(block.clone())?).is_err());
    assert_eq!(ledger.tip(), before);
    ledger.apply(world.certify(block)?)?;
    // Another decided block at a height that is taken.
    let fork = world.propose(&reopened(&world, &world.ledger()?)?, &[])?;
    assert!(ledger.apply(world.certify(fork)?).is_err());
    Ok(())
}

#[test]
fn a_ledger_reopens_where_it_stood_and_only_on_its_own_store() -> Done {
    let (mut world, mut ledger) = world()?;
    anchored(&mut world, &mut ledger, 1, 3)?;
    let again = reopened(&world, &ledger)?;
    assert_eq!(again.tip(), ledger.tip());
    let stranger = World::new(WorldPlan { seed: 77, ..WorldPlan::default() })?;
    let refused = Ledger::open(stranger.genesis(), Arc::clone(ledger.store()));
    assert!(matches!(refused, Err(LedgerError::WrongGenesis)));
    let refused = Ledger::create(world.genesis(), Arc::clone(ledger.store()));
    assert!(matches!(refused, Err(LedgerError::WrongGenesis)));
    let refused = Ledger::open(world.genesis(), Arc::new(MemoryStore::new()));
    assert!(matches!(refused, Err(LedgerError::WrongGenesis)));
    Ok(())
}

#[test]
fn validators_are_known_up_to_the_next_height() -> Done {
    let (world, ledger) = world()?;
    for height in 0..=3 {
        assert_eq!(&ledger.validators(Height::new(height))?, world.genesis().validators());
    }
    assert!(matches!(ledger.validators(Height::new(4)), Err(LedgerError::UnknownHeight { .. })));
    Ok(())
}

#[test]
fn an_action_of_another_network_is_refused() -> Done {
    let (mut world, ledger) = world()?;
    let mut other = World::new(WorldPlan { seed: 9, patients: 2, ..WorldPlan::default() })?;
    let grant = other.grant_to(0, 0);
    let foreign = other.grant(0, grant)?;
    assert_refused(&mut world, &ledger, &foreign, Refusal::WrongChain);
    let configure = ledger.finalized(Height::GENESIS)?.ok_or("no genesis")?.block().actions()[0].clone();
    let configure = action::decode(&configure)?;
    assert_refused(&mut world, &ledger, &configure, Refusal::NotGenesis);
    Ok(())
}

#[test]
fn blocks_stop_at_their_limits() -> Done {
    let mut plan = WorldPlan { patients: 1, ..WorldPlan::default() };
    plan.parameters.max_block_actions = 5;
    let mut world = World::new(plan)?;
    let ledger = world.populated()?;
    let mut actions = Vec::new();
    for _ in 0..9 {
        let grant = world.grant_to(1, 0);
        actions.push(world.grant(0, grant)?);
    }
    assert_eq!(world.propose(&ledger, &actions)?.actions().len(), 5);
    Ok(())
}

/// A second ledger over the same store.
fn reopened(world: &World, ledger: &Ledger) -> Result<Ledger, LedgerError> {
    Ledger::open(world.genesis(), Arc::clone(ledger.store()))
}
