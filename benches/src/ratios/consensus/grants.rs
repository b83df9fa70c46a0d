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
    engine::{self, Config, MemoryWal, Parts},
    transport::{MemoryHub, PeerId},
};
use futures::executor::block_on;
use std::{sync::Arc, thread, time::Instant};

type Failed = Box<dyn std::error::Error>;

/// Grants of one run.
const GRANTS: usize = 6000;
const GRANT_BYTES: usize = 512;
const PATIENTS: usize = 100;

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

/// Prints how many grants a second become final, beside what the bare verification of their signatures allows.
pub fn run() -> Result<(), Failed> {
    let plan = WorldPlan { validators: VALIDATORS.into(), patients: PATIENTS, residences: 10, ..WorldPlan::default() };
    let mut world = World::new(plan).map_err(plain)?;
    let first = world.populated().map_err(plain)?;
    let keys = Arc::new(World::new(plan).map_err(plain)?);
    let actions = (0..GRANTS).map(|i| grant(i % PATIENTS, &mut world)).collect::<Result<Vec<_>, _>>()?;
    let claims: Vec<_> = actions
        .iter()
        .take(500)
        .flat_map(|one| action::decode(one).map(|one| action::claims(&one)).unwrap_or_default())
        .collect();
    let single = report::time(|| claims.iter().all(Claim::holds)).as_secs_f64() / 500.0;
    let cores = f64::from(u32::try_from(thread::available_parallelism()?.get())?).min(f64::from(VALIDATORS));
    let allowed = cores / single / f64::from(VALIDATORS);

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
            config: Config::default(),
        })?);
    }
    let (start, processor) = (Instant::now(), processor_seconds().unwrap_or(f64::NAN));
    let tickets = block_on(async {
        let mut tickets = Vec::new();
        for (action, node) in actions.into_iter().zip(nodes.iter().cycle()) {
            tickets.push(node.submit(action).await?);
        }
        Ok::<_, Failed>(tickets)
    })?;
    for ticket in tickets {
        block_on(ticket.outcome())?;
    }
    let (took, cpu) = (start.elapsed(), processor_seconds().unwrap_or(f64::NAN) - processor);
    let count = f64::from(u32::try_from(GRANTS)?);
    let unit = "actions/s,higher_is_better,two_signatures_each";
    report::line("consensus.grants_beside_bare_verification", count / took.as_secs_f64(), allowed, unit);
    let ours = cpu / count / f64::from(VALIDATORS) * 1e3;
    report::line("consensus.grant_cpu_per_validator_beside_verification", ours, single * 1e3, "ms");
    for node in &nodes {
        block_on(node.shutdown());
    }
    Ok(())
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
