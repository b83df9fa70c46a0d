//! Four validators over the real ledger: grants of 512 bytes, signatures verified, state root computed.

use super::{VALIDATORS, processor_seconds};
use crate::report;
use dmledger_core::{
    action,
    block::RawAction,
    codec::Bytes,
    hash::Digest,
    key::{PublicKey, Signature, batch::Claim},
    ledger::{Ledger, StateMachine},
    testing::{MemoryStore, World, WorldPlan},
    time::{Clock, Height, Timestamp},
    traits::{Signer, SignerError},
};
use dmledger_net::{
    engine::{self, Config, Engine, MemoryWal, Parts},
    transport::{MemoryHub, PeerId},
};
use futures::executor::block_on;
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

type Failed = Box<dyn std::error::Error>;

/// Grants of one run.
const GRANTS: usize = 6000;
const GRANT_BYTES: usize = 512;
const PATIENTS: usize = 100;
/// Blocks keep this distance, so that each holds enough for full batches of signatures.
const FLOOR: Duration = Duration::from_millis(20);

/// A validator's key, held by a world of the same seed as the one that makes the grants.
struct Held(Arc<World>, usize);

impl Signer for Held {
    fn public(&self) -> PublicKey {
        self.0.validators()[self.1].public()
    }

    fn sign(&self, digest: &Digest) -> Result<Signature, SignerError> {
        Signer::sign(&self.0.validators()[self.1], digest)
    }
}

/// The time of the world, moving on with the real one.
struct Moving(Timestamp, Instant);

impl Clock for Moving {
    fn now(&self) -> Timestamp {
        self.0.plus(self.1.elapsed())
    }
}

/// Prints how many grants a second become final, beside what the bare verification of their signatures on the same
/// processors would allow, and returns how far apart the blocks were.
pub fn run() -> Result<Vec<Duration>, Failed> {
    let plan = WorldPlan { validators: VALIDATORS.into(), patients: PATIENTS, residences: 10, ..WorldPlan::default() };
    let mut world = World::new(plan).map_err(plain)?;
    let first = world.populated().map_err(plain)?;
    let actions = (0..GRANTS).map(|i| grant(i % PATIENTS, &mut world)).collect::<Result<Vec<_>, _>>()?;
    let count = f64::from(u32::try_from(GRANTS)?);

    let start = (Instant::now(), processor_seconds().unwrap_or(f64::NAN));
    verify_on_all_processors(&actions)?;
    let verifying = (start.0.elapsed().as_secs_f64(), processor_seconds().unwrap_or(f64::NAN) - start.1);

    let nodes = nodes(plan, &world, &first)?;
    let start = (Instant::now(), processor_seconds().unwrap_or(f64::NAN));
    let intervals = finalise(&nodes, actions, first.tip().height)?;
    let took = (start.0.elapsed().as_secs_f64(), processor_seconds().unwrap_or(f64::NAN) - start.1);
    for node in &nodes {
        block_on(node.shutdown());
    }

    let unit = "actions/s,higher_is_better,two_signatures_each";
    let allowed = count / verifying.0 / f64::from(VALIDATORS);
    report::line("consensus.grants_beside_bare_verification", count / took.0, allowed, unit);
    let each = |seconds: f64| seconds * 1e3 / count;
    let ours = each(took.1) / f64::from(VALIDATORS);
    report::line("consensus.grant_cpu_per_validator_beside_verification", ours, each(verifying.1), "ms");
    Ok(intervals)
}

/// What every validator has to do at the least: each signature once, k256's way.
pub fn verify_on_all_processors(actions: &[RawAction]) -> Result<(), Failed> {
    let claims: Vec<Claim> = actions
        .iter()
        .map(|one| action::decode(one).map(|one| action::claims(&one)))
        .collect::<Result<Vec<_>, _>>()?
        .concat();
    let share = claims.len().div_ceil(thread::available_parallelism()?.get());
    let hold = thread::scope(|scope| {
        let parts: Vec<_> = claims.chunks(share).map(|part| scope.spawn(|| part.iter().all(Claim::holds))).collect();
        parts.into_iter().all(|part| part.join().unwrap_or(false))
    });
    if hold { Ok(()) } else { Err("a grant's signature does not hold".into()) }
}

/// A node for each validator, over ledgers that stand where `first` does.
pub fn nodes(plan: WorldPlan, world: &World, first: &Ledger) -> Result<Vec<Box<dyn Engine>>, Failed> {
    let keys = Arc::new(World::new(plan).map_err(plain)?);
    let (hub, clock) = (MemoryHub::new(), Arc::new(Moving(world.clock(), Instant::now())));
    let mut nodes = Vec::new();
    for n in 0..usize::from(VALIDATORS) {
        let mut ledger = Ledger::create(world.genesis(), Arc::new(MemoryStore::new()))?;
        for height in 1..=first.tip().height.value() {
            ledger.apply(first.finalized(Height::new(height))?.ok_or("no block")?)?;
        }
        let signer = Arc::new(Held(Arc::clone(&keys), n));
        nodes.push(engine::validator(Parts {
            state_machine: Box::new(ledger),
            transport: Arc::new(hub.join(PeerId::of(&signer.public()))),
            signer: Some(signer),
            wal: Box::new(MemoryWal::new()),
            clock: Arc::clone(&clock) as _,
            config: Config { min_block_interval: FLOOR, ..Config::default() },
        })?);
    }
    Ok(nodes)
}

/// Submits all actions, in turn to every node, and waits until all are final.
pub fn finalise(nodes: &[Box<dyn Engine>], actions: Vec<RawAction>, tip: Height) -> Result<Vec<Duration>, Failed> {
    let first = nodes.first().ok_or("no nodes")?;
    let mut left = actions.len();
    for (action, node) in actions.into_iter().zip(nodes.iter().cycle()) {
        block_on(node.submit(action))?;
    }
    let (mut intervals, mut height, mut start) = (Vec::new(), tip, Instant::now());
    while left > 0 {
        let block = block_on(first.next_finalized(height))?;
        height = block.block().header().height;
        left = left.saturating_sub(block.block().actions().len());
        intervals.push(start.elapsed());
        start = Instant::now();
    }
    Ok(intervals)
}

/// A grant of exactly [`GRANT_BYTES`].
fn grant(patient: usize, world: &mut World) -> Result<RawAction, Failed> {
    let mut grant = world.grant_to(patient % 3, 0);
    let plain_size = action::encode(&world.grant(patient, grant.clone()).map_err(plain)?)?.as_slice().len();
    grant.delivery = Bytes::new(vec![7; GRANT_BYTES.saturating_sub(plain_size)])?;
    Ok(action::encode(&world.grant(patient, grant).map_err(plain)?)?)
}

fn plain(error: Box<dyn std::error::Error + Send + Sync>) -> Failed {
    error
}
