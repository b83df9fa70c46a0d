//! What a block of a thousand grants costs as the state grows; the smallest state is the peer of the larger ones.

use super::{
    super::apply::{self, ACTIONS, INSTITUTIONS, PATIENTS, plain},
    Failed,
};
use crate::report::{self, Samples};
use dmledger_core::{
    action::SignedAction,
    ledger::{Ledger, StateMachine},
    testing::{MemoryStore, World, WorldPlan},
    traits::BlockStore,
};
use std::{sync::Arc, time::Instant};

/// Keys in the state.
const SIZES: [(&str, usize); 3] = [("1e4", 10_000), ("1e5", 100_000), ("1e6", 1_000_000)];
/// Records of one action, actions of one block while the state is filled.
const ENTRIES: u64 = 128;
const ANCHORS: usize = 40;
/// Keys that one anchored record adds: its entry and its place in the account's list.
const KEYS_A_RECORD: usize = 2;
const ROUNDS: usize = 3;

pub(super) fn run() -> Result<(), Failed> {
    let plan = WorldPlan { patients: PATIENTS, institutions: INSTITUTIONS, residences: 10, ..WorldPlan::default() };
    let mut world = World::new(plan).map_err(plain)?;
    let store = Arc::new(MemoryStore::new());
    let mut ledger = Ledger::create(world.genesis(), Arc::clone(&store) as Arc<dyn BlockStore>)?;
    world.populate(&mut ledger).map_err(plain)?;
    let (mut keys, mut smallest) = (0, None);
    for (name, size) in SIZES {
        while keys < size {
            let actions = (0..ANCHORS).map(|i| anchor(i, &mut world)).collect::<Result<Vec<_>, _>>()?;
            keys += actions.len() * usize::try_from(ENTRIES)? * KEYS_A_RECORD;
            apply::decide_block(&mut world, &mut ledger, &actions)?;
        }
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let actions = (0..ACTIONS).map(|i| apply::grant(i, &mut world)).collect::<Result<Vec<_>, _>>()?;
            // Somebody else proposes: this ledger has seen none of the actions.
            let proposer = Ledger::open(world.genesis(), Arc::clone(&store) as Arc<dyn BlockStore>)?;
            let block = world.propose(&proposer, &actions).map_err(plain)?;
            let block = world.certify(block).map_err(plain)?;
            let start = Instant::now();
            ledger.apply(block)?;
            times.push(start.elapsed());
        }
        let median = Samples::new(times).median() * 1e3;
        let peer = *smallest.get_or_insert(median);
        report::line(&format!("ledger_block_1000_at_{name}"), median, peer, "ms,lower_is_better,peer=at_1e4");
    }
    Ok(())
}

fn anchor(number: usize, world: &mut World) -> Result<SignedAction, Failed> {
    let patient = number % PATIENTS;
    let entries = world.entries(patient, ENTRIES).map_err(plain)?;
    world.anchor(patient, entries).map_err(plain)
}
