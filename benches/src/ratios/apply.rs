//! Applying blocks, solo: signatures verified, rules run, state root computed, block and state committed in memory;
//! beside k256 verifying the same signatures one by one, and beside our own batches of them; everybody on all cores.

use crate::report::{self, Samples};
use dmledger_core::{
    action::{self, SignedAction},
    block::FinalizedBlock,
    codec::Bytes,
    consent::AccessRequest,
    decide::{Question, decide},
    key::batch::{self, Claim},
    ledger::{Ledger, StateMachine},
    scope::{Purpose, Verb},
    testing::{MemoryStore, World, WorldPlan},
    time::Moment,
    traits::BlockStore,
};
use k256::schnorr::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
use std::{hint::black_box, num::NonZero, sync::Arc, thread, time::Instant};

type Failed = Box<dyn std::error::Error>;

const BLOCKS: usize = 5;
pub const ACTIONS: usize = 1000;
const ACTION_BYTES: usize = 512;
pub const PATIENTS: usize = 100;
pub const INSTITUTIONS: usize = 10;

/// Prints the group.
///
/// # Errors
/// If the world of this bench cannot be made, or a block is refused.
pub fn run() -> Result<(), Failed> {
    let mut world = World::new(WorldPlan {
        patients: PATIENTS,
        institutions: INSTITUTIONS,
        residences: 10,
        ..WorldPlan::default()
    })
    .map_err(plain)?;
    let mut leader = world.populated().map_err(plain)?;
    let mut blocks = Vec::new();
    let mut claims = Vec::new();
    for _ in 0..BLOCKS {
        let actions = (0..ACTIONS).map(|i| grant(i, &mut world)).collect::<Result<Vec<_>, _>>()?;
        claims.push(actions.iter().flat_map(action::claims).collect::<Vec<_>>());
        blocks.push(decide_block(&mut world, &mut leader, &actions)?);
    }
    let apply = follow(&world, &leader, &blocks, Arc::new(MemoryStore::new()))?;
    let single = claims.iter().map(|claims| singly(claims)).collect::<Result<Vec<_>, _>>()?;
    let batch = claims.iter().map(|claims| report::time(|| on_all_cores(claims, |part| batch::verify(part).is_ok())));
    let batch = batch.collect();
    let count = f64::from(u32::try_from(ACTIONS)?);
    let unit = "actions/s,higher_is_better,two_signatures_each";
    report::line(
        "apply_1000_grants_beside_k256_single",
        count / apply.median(),
        count / Samples::new(single).median(),
        unit,
    );
    report::line("apply_1000_grants_beside_batch", count / apply.median(), count / Samples::new(batch).median(), unit);
    decisions(&mut world, &leader)
}

/// Applies the blocks to a ledger over `store` that has seen none of their actions.
pub fn follow(
    world: &World,
    leader: &Ledger,
    blocks: &[FinalizedBlock],
    store: Arc<dyn BlockStore>,
) -> Result<Samples, Failed> {
    let mut follower = Ledger::create(world.genesis(), store)?;
    for height in 1..=2 {
        let block = leader.finalized(dmledger_core::time::Height::new(height))?.ok_or("no block")?;
        follower.apply(block)?;
    }
    let mut times = Vec::new();
    for block in blocks {
        let block = block.clone();
        let start = Instant::now();
        follower.apply(block)?;
        times.push(start.elapsed());
    }
    if follower.tip() != leader.tip() {
        return Err("follower came to another state".into());
    }
    Ok(Samples::new(times))
}

fn singly(claims: &[Claim]) -> Result<std::time::Duration, Failed> {
    let mut parsed = Vec::with_capacity(claims.len());
    for claim in claims {
        let key = VerifyingKey::from_slice(&claim.key.as_bytes()[1..])?;
        let signature = Signature::from_slice(&claim.signature.as_bytes()[1..])?;
        parsed.push((key, claim.digest.to_bytes(), signature));
    }
    let holds = |part: &[(VerifyingKey, [u8; 32], Signature)]| {
        part.iter().all(|(key, digest, signature)| key.verify_prehash(digest, signature).is_ok())
    };
    Ok(report::time(|| on_all_cores(&parsed, holds)))
}

/// Spreads the work over all processors, as the ledger does with its signatures.
pub fn on_all_cores<T: Sync>(all: &[T], work: impl Fn(&[T]) -> bool + Sync) -> bool {
    let share = all.len().div_ceil(thread::available_parallelism().map_or(1, NonZero::get));
    thread::scope(|scope| {
        let parts: Vec<_> = all.chunks(share).map(|part| scope.spawn(|| work(part))).collect();
        parts.into_iter().all(|part| part.join().unwrap_or(false))
    })
}

/// A grant of exactly [`ACTION_BYTES`].
pub fn grant(number: usize, world: &mut World) -> Result<SignedAction, Failed> {
    let patient = number % PATIENTS;
    let mut grant = world.grant_to(number / PATIENTS % INSTITUTIONS, 0);
    let plain_size = action::encode(&world.grant(patient, grant.clone()).map_err(plain)?)?.as_slice().len();
    grant.delivery = Bytes::new(vec![7; ACTION_BYTES.saturating_sub(plain_size)])?;
    let action = world.grant(patient, grant).map_err(plain)?;
    debug_assert_eq!(action::encode(&action)?.as_slice().len(), ACTION_BYTES);
    Ok(action)
}

pub fn decide_block(
    world: &mut World,
    ledger: &mut Ledger,
    actions: &[SignedAction],
) -> Result<FinalizedBlock, Failed> {
    let block = world.propose(ledger, actions).map_err(plain)?;
    if block.actions().len() != actions.len() {
        return Err(format!("{} of {} actions taken", block.actions().len(), actions.len()).into());
    }
    let decided = world.certify(block).map_err(plain)?;
    ledger.apply(decided.clone())?;
    Ok(decided)
}

/// One decision among all these grants.
fn decisions(world: &mut World, ledger: &Ledger) -> Result<(), Failed> {
    let patient = world.patients().first().ok_or("no patient")?.account;
    let member = world.institutions().first().ok_or("no institution")?.id();
    let request =
        AccessRequest { verb: Verb::Query, purpose: Purpose::Treatment, ..world.request(vec![]).map_err(plain)? };
    let question = Question { chain: world.chain(), member, account: patient, request: &request };
    let at = Moment { height: ledger.tip().height.next(), time: world.clock() };
    let mut times = Vec::new();
    for _ in 0..2000 {
        let start = Instant::now();
        black_box(decide(&ledger.facts(), &question, at)?);
        times.push(start.elapsed());
    }
    let samples = Samples::new(times);
    // No peer decides with us; the goal of 20 us stands in its place.
    report::line("decide_p50_beside_goal", samples.median() * 1e6, 20.0, "us,lower_is_better");
    report::line("decide_p99_beside_goal", samples.percentile(99) * 1e6, 20.0, "us,lower_is_better");
    Ok(())
}

pub fn plain(error: Box<dyn std::error::Error + Send + Sync>) -> Failed {
    error
}
