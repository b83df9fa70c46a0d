//! The ledger complete: blocks applied over files, what grows with the state, decisions and revocations among a hundred
//! thousand grants of one account, proofs, and a light client. Where nobody else does the same, the goal stands in the
//! peer's place and the name says so.

#[path = "ledger/growth.rs"]
mod growth;
#[path = "ledger/light.rs"]
mod light;
#[path = "ledger/neighbourhood.rs"]
mod neighbourhood;

use super::apply::{self, ACTIONS, INSTITUTIONS, PATIENTS, plain};
use crate::report::{self, Samples};
use dmledger_core::{
    action,
    key::batch,
    testing::{World, WorldPlan},
};
use dmledger_store::embedded::{Embedded, Options, Profile};

type Failed = Box<dyn std::error::Error>;

const BLOCKS: usize = 5;

/// Prints the group. Filling the state takes some minutes.
///
/// # Errors
/// If a world of this bench cannot be made, or the ledger refuses what it must take.
pub fn run() -> Result<(), Failed> {
    stored()?;
    light::run()?;
    neighbourhood::run()?;
    growth::run()
}

/// A solo node over files: signatures, rules, state root and the durable commit of each block.
fn stored() -> Result<(), Failed> {
    let plan = WorldPlan { patients: PATIENTS, institutions: INSTITUTIONS, residences: 10, ..WorldPlan::default() };
    let mut world = World::new(plan).map_err(plain)?;
    let mut leader = world.populated().map_err(plain)?;
    let (mut blocks, mut claims) = (Vec::new(), Vec::new());
    for _ in 0..BLOCKS {
        let actions = (0..ACTIONS).map(|i| apply::grant(i, &mut world)).collect::<Result<Vec<_>, _>>()?;
        claims.push(actions.iter().flat_map(action::claims).collect::<Vec<_>>());
        blocks.push(apply::decide_block(&mut world, &mut leader, &actions)?);
    }
    let folder = tempfile::tempdir()?;
    let store = Embedded::open(folder.path().join("store"), world.chain(), Options::new(Profile::Server))?;
    let applied = apply::follow(&world, &leader, &blocks, store)?;
    let bare =
        claims.iter().map(|claims| report::time(|| apply::on_all_cores(claims, |part| batch::verify(part).is_ok())));
    let (count, bare) = (f64::from(u32::try_from(ACTIONS)?), Samples::new(bare.collect()));
    let unit = "actions/s,higher_is_better,two_signatures_each,peer=bare_batch_verification";
    report::line("ledger_apply_1000_stored", count / applied.median(), count / bare.median(), unit);
    Ok(())
}
