//! The promises of a network, held against faults.

use super::{fault::Storm, network::Quality, *};
use crate::{
    error::SubmitError,
    testing::{self, Shelf, Tally},
};
use dmledger_core::{ledger::LedgerError, quorum::ValidatorSet};

const SECOND: Duration = Duration::from_secs(1);
const LAN: Quality = Quality {
    delay: Duration::from_millis(2),
    jitter: Duration::from_millis(3),
    lost_permille: 0,
    doubled_permille: 0,
};

/// Opens the ledger of node `number` over its shelf.
type Open = fn(usize, ValidatorSet, Shelf) -> Result<Tally, LedgerError>;

fn plain(_: usize, set: ValidatorSet, shelf: Shelf) -> Result<Tally, LedgerError> {
    Tally::open(set, shelf)
}

fn world_with(seed: u64, voting: u8, keys: u8, followers: u8, open: Open) -> World {
    let set = testing::validators(voting).unwrap();
    let shelves: Vec<_> = (0..keys + followers).map(|_| Shelf::default()).collect();
    World::new(Setup {
        seed,
        validators: (0..keys).map(|n| Arc::new(testing::secret_key(n)) as Arc<dyn Signer>).collect(),
        followers: (keys..keys + followers).map(|n| testing::secret_key(n).public()).collect(),
        config: Config::default(),
        open: Box::new(move |n| Ok(Box::new(open(n, set.clone(), shelves[n].clone())?))),
    })
    .unwrap()
}

fn world(seed: u64, validators: u8, followers: u8) -> World {
    let mut world = world_with(seed, validators, validators, followers, plain);
    world.network().set_quality(LAN);
    world
}

/// Submits one action and waits until it is final where it was submitted.
fn finalise(world: &mut World, node: usize, n: u64) -> Height {
    let ticket = world.submit(node, testing::count(n, 64).unwrap());
    assert!(world.run_until(60 * SECOND, |world| world.outcome(ticket).is_some()), "no outcome of {n} in a minute");
    world.outcome(ticket).unwrap().as_ref().unwrap().height
}

fn finalise_many(world: &mut World, node: usize, numbers: std::ops::Range<u64>) {
    for n in numbers {
        finalise(world, node, n);
    }
}

/// Everyone reaches the greatest height, and no promise was broken.
fn settles(world: &mut World) {
    let height = world.height();
    assert!(world.run_until(120 * SECOND, |world| world.all_reached(height)), "someone stays behind {height}");
    assert_eq!(world.violations(), []);
}

#[test]
fn networks_of_one_four_and_seven_agree() {
    for validators in [1, 4, 7] {
        let mut world = world(u64::from(validators), validators, 1);
        for n in 0..10 {
            finalise(&mut world, usize::try_from(n).unwrap() % usize::from(validators), n);
        }
        settles(&mut world);
        assert!(world.height() >= Height::new(10) && world.caught().is_empty());
    }
}

#[test]
fn a_block_takes_four_delays_and_a_wakening() {
    let mut world = world(1, 4, 0);
    let delay = Duration::from_millis(20);
    world.network().set_quality(Quality { delay, ..Quality::default() });
    world.run_for(SECOND);
    let before = world.clock().now();
    finalise(&mut world, 0, 1);
    // Gossip, then body, prevotes and precommits.
    assert!(world.clock().now() - before <= 4 * delay + Duration::from_millis(1), "{:?}", world.clock().now() - before);
}

#[test]
fn the_same_seed_gives_the_same_chain_at_the_same_times() {
    let run = |seed| {
        let mut world = world(seed, 4, 1);
        world.network().set_quality(Quality { lost_permille: 30, doubled_permille: 20, ..LAN });
        finalise_many(&mut world, 4, 0..8);
        world.history()
    };
    assert_eq!(run(11), run(11));
    assert_ne!(run(11), run(12));
}

#[test]
fn loss_and_repetition_delay_but_do_not_stop() {
    for seed in 0..6 {
        let mut world = world(seed, 4, 1);
        world.network().set_quality(Quality { lost_permille: 100, doubled_permille: 100, ..LAN });
        finalise_many(&mut world, 4, 0..10);
        settles(&mut world);
    }
}

#[test]
fn an_idle_hour_makes_no_block() {
    let mut world = world(1, 4, 1);
    finalise(&mut world, 0, 1);
    world.run_for(SECOND);
    let height = world.height();
    world.run_for(600 * SECOND);
    assert_eq!(world.height(), height);
}

#[test]
fn an_action_that_has_to_wait_for_another_keeps_nobody_busy() {
    let mut world = world(2, 4, 1);
    finalise(&mut world, 0, 1);
    let ticket = world.submit(4, testing::count_after(8).unwrap());
    let before = world.height();
    world.run_for(60 * SECOND);
    let blocks = world.height().value() - before.value();
    assert!(blocks <= 60, "{blocks} blocks in a minute for nothing");
    assert_eq!(world.outcome(ticket), None);
    finalise(&mut world, 1, 7);
    assert!(world.run_until(SECOND, |world| matches!(world.outcome(ticket), Some(Ok(_)))));
    settles(&mut world);
}

#[test]
fn halves_do_not_decide_and_meet_again() {
    let mut world = world(3, 4, 0);
    finalise(&mut world, 0, 1);
    world.run_for(SECOND);
    let height = world.height();
    world.network().cut_off(&[0, 1]);
    let tickets = [world.submit(0, testing::count(2, 64).unwrap()), world.submit(3, testing::count(3, 64).unwrap())];
    world.run_for(60 * SECOND);
    assert_eq!(world.height(), height);
    world.network().heal();
    assert!(world.run_until(60 * SECOND, |world| tickets.iter().all(|one| world.outcome(*one).is_some())));
    settles(&mut world);
}

#[test]
fn one_of_four_may_be_down_and_catches_up() {
    let mut world = world(4, 4, 0);
    world.crash(2, CrashPoint::Now);
    finalise_many(&mut world, 0, 0..60);
    world.restart(2);
    let before = world.clock().now();
    settles(&mut world);
    assert!(world.clock().now() - before < 3 * SECOND);
    finalise(&mut world, 2, 100);
}

#[test]
fn a_crash_at_any_operation_of_the_log_is_survived_without_contradiction() {
    for operations in 0..70 {
        let mut world = world(operations, 4, 0);
        let node = usize::try_from(operations % 4).unwrap();
        world.crash(node, CrashPoint::LogOperation(operations));
        finalise_many(&mut world, (node + 1) % 4, 0..4);
        world.crash(node, CrashPoint::Now);
        world.restart(node);
        finalise_many(&mut world, node, 4..6);
        settles(&mut world);
        assert!(world.caught().is_empty());
    }
}

#[test]
fn a_crash_in_the_middle_of_a_broadcast_is_survived_without_contradiction() {
    for outputs in 0..8 {
        for node in 0..4 {
            let mut world = world(7, 4, 0);
            world.run_for(SECOND);
            world.submit((node + 1) % 4, testing::count(0, 64).unwrap());
            world.run_for(Duration::from_millis(3));
            world.crash(node, CrashPoint::Outputs(outputs));
            world.run_for(SECOND / 2);
            world.crash(node, CrashPoint::Now);
            world.restart(node);
            finalise_many(&mut world, node, 1..3);
            settles(&mut world);
            assert!(world.caught().is_empty());
        }
    }
}

/// How often a validator is caught contradicting itself, if it crashes and comes back in the middle of a height, at
/// many moments, with its log or without.
fn contradictions(keeps_log: bool) -> usize {
    let mut caught = 0;
    for moment in (0..60).step_by(3) {
        for node in 0..4 {
            let mut world = world(moment, 4, 0);
            world.network().set_quality(Quality { delay: Duration::from_millis(10), ..Quality::default() });
            world.run_for(SECOND);
            world.submit(node, testing::count(0, 64).unwrap());
            world.run_for(Duration::from_millis(moment));
            world.crash(node, CrashPoint::Now);
            if !keeps_log {
                world.lose_log(node);
            }
            world.restart(node);
            finalise_many(&mut world, (node + 1) % 4, 1..3);
            caught += world.caught().len();
        }
    }
    caught
}

#[test]
fn the_log_is_what_keeps_a_restarted_validator_honest() {
    assert_eq!(contradictions(true), 0);
    assert!(contradictions(false) > 0, "if losing the log did no harm, this test would show nothing");
}

#[test]
fn a_power_cut_at_all_validators_loses_nothing_that_was_locked() {
    for cut in 1..40 {
        let mut world = world(cut, 4, 0);
        world.run_for(SECOND);
        let action = testing::count(0, 64).unwrap();
        world.submit(0, action.clone());
        world.run_for(Duration::from_millis(cut));
        for node in 0..4 {
            world.crash(node, CrashPoint::Now);
        }
        for node in 0..4 {
            world.restart(node);
        }
        // Its queue was in memory only, so it may have to be submitted again; if it was final, that is said.
        let ticket = world.submit(1, action);
        assert!(world.run_until(60 * SECOND, |world| world.outcome(ticket).is_some()), "stalls after {cut} ms");
        settles(&mut world);
    }
}

#[test]
fn a_lone_validator_survives_a_crash_at_any_operation_of_its_log() {
    for operations in 0..30 {
        let mut world = world(1, 1, 0);
        world.crash(0, CrashPoint::LogOperation(operations));
        for n in 0..6 {
            world.submit(0, testing::count(n, 64).unwrap());
            world.run_for(SECOND);
        }
        world.crash(0, CrashPoint::Now);
        world.restart(0);
        finalise(&mut world, 0, 100);
        settles(&mut world);
    }
}

#[test]
fn a_follower_keeps_what_was_submitted_while_it_was_cut_off_and_crashed() {
    let mut world = world(5, 4, 1);
    world.network().cut_off(&[4]);
    world.submit(4, testing::count(1, 64).unwrap());
    finalise_many(&mut world, 0, 2..40);
    world.crash(4, CrashPoint::Now);
    world.restart(4);
    world.network().heal();
    settles(&mut world);
    assert!(world.run_until(20 * SECOND, |world| world.height() > Height::new(38)), "the queued action comes through");
    let ticket = world.submit(4, testing::count(1, 64).unwrap());
    world.run_for(10 * SECOND);
    assert!(matches!(world.outcome(ticket), Some(Ok(_))), "{:?}", world.outcome(ticket));
}

#[test]
fn a_follower_learns_of_a_refusal_by_the_validators() {
    let mut world = world(6, 4, 1);
    finalise(&mut world, 0, 1);
    let ticket = world.submit(4, RawAction::new(vec![b'?']).unwrap());
    world.run_for(5 * SECOND);
    assert!(matches!(world.outcome(ticket), Some(Err(SubmitError::Refused(one))) if one.code() == 2));
}

#[test]
fn two_faces_of_a_validator_do_not_fork_the_chain() {
    let mut caught = 0;
    for seed in 0..8 {
        let mut world = world(seed, 4, 1);
        world.make_two_faced(usize::try_from(seed % 4).unwrap());
        let honest = usize::try_from((seed + 1) % 4).unwrap();
        finalise_many(&mut world, honest, 0..12);
        settles(&mut world);
        caught += world.caught().len();
    }
    assert!(caught > 0, "nobody ever saw both faces");
}

#[test]
fn blocks_that_the_ledger_finds_invalid_cost_a_round_each() {
    let refusing: Open = |_, set, shelf| {
        let liar = Address::of(&testing::secret_key(0).public());
        Ok(Tally::open(set, shelf)?.refusing(liar))
    };
    let mut world = world_with(1, 4, 4, 0, refusing);
    finalise_many(&mut world, 1, 0..8);
    settles(&mut world);
}

#[test]
fn a_validator_whose_clock_runs_ahead_does_not_decide_block_times() {
    let mut world = world(1, 4, 0);
    world.clock().skew(0, 60_000);
    finalise_many(&mut world, 1, 0..8);
    settles(&mut world);
}

#[test]
fn the_validator_set_changes_under_way() {
    let mut world = world_with(1, 4, 5, 0, plain);
    world.network().set_quality(LAN);
    finalise(&mut world, 0, 1);
    let ticket = world.submit(1, testing::set_power(&testing::secret_key(4).public(), 1).unwrap());
    assert!(world.run_until(10 * SECOND, |world| world.outcome(ticket).is_some()));
    settles(&mut world);
    finalise_many(&mut world, 4, 2..12);
    assert_eq!(world.standing(4).unwrap().role, crate::engine::Role::Validator);
    let ticket = world.submit(4, testing::set_power(&testing::secret_key(0).public(), 0).unwrap());
    assert!(world.run_until(10 * SECOND, |world| world.outcome(ticket).is_some()));
    finalise_many(&mut world, 0, 12..16);
    assert_eq!(world.standing(0).unwrap().role, crate::engine::Role::Follower);
    settles(&mut world);
}

#[test]
fn storms_of_faults_break_no_promise() {
    for seed in 0..10 {
        let mut world = world(seed, 4, 1);
        let quality = Quality { lost_permille: 30, doubled_permille: 30, ..LAN };
        let storm = Storm { faults: 25, pause: SECOND, quality, validators: 4 };
        storm.rage(&mut world, |world, fault| {
            for k in 0..4 {
                world.submit(k, testing::count(u64::from(fault) * 10 + k as u64, 64).unwrap());
            }
        });
        assert_eq!(world.violations(), [], "seed {seed}");
        finalise_many(&mut world, 4, 10_000..10_003);
        settles(&mut world);
    }
}
