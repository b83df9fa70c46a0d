//! The real ledger under the real engine: nodes on threads, and a simulated world with crashes.

use dmledger_core::{
    action::{self, SignedAction},
    block::RawAction,
    hash::Digest,
    key::{PublicKey, Signature},
    ledger::{Ledger, StateMachine},
    quorum::Address,
    testing::{MemoryStore, World, WorldPlan},
    time::{Clock, Height, Timestamp},
    traits::{Signer, SignerError},
};
use dmledger_net::{
    engine::{self, Config, Engine, MemoryWal, Parts},
    sim::{self, Setup, clock::BEGINNING, crash::CrashPoint, network::Quality},
    transport::{MemoryHub, PeerId},
};
use futures::executor::block_on;
use std::{sync::Arc, time::Duration};

type Failed = Box<dyn std::error::Error + Send + Sync>;

const PATIENTS: usize = 4;

fn plan() -> WorldPlan {
    WorldPlan { validators: 4, patients: PATIENTS, ..WorldPlan::default() }
}

/// A validator's key, held by a world of the same seed as the one that makes the actions.
struct Held(Arc<World>, usize);

impl Signer for Held {
    fn public(&self) -> PublicKey {
        self.0.validators()[self.1].public()
    }

    fn sign(&self, digest: &Digest) -> Result<Signature, SignerError> {
        Signer::sign(&self.0.validators()[self.1], digest)
    }
}

/// The world, and a populated ledger of two blocks that every node begins with.
fn beginning() -> Result<(World, Ledger), Failed> {
    let mut world = World::new(plan())?;
    let ledger = world.populated()?;
    Ok((world, ledger))
}

fn copy(of: &Ledger, world: &World, store: Arc<MemoryStore>) -> Result<Ledger, Failed> {
    let mut ledger = Ledger::create(world.genesis(), store)?;
    for height in 1..=of.tip().height.value() {
        ledger.apply(of.finalized(Height::new(height))?.ok_or("no block")?)?;
    }
    Ok(ledger)
}

fn grants(world: &mut World, count: usize) -> Result<Vec<RawAction>, Failed> {
    let grant = |i: usize| {
        let grant = world.grant_to(i % 3, 0);
        let signed: SignedAction = world.grant(i % PATIENTS, grant)?;
        Ok(action::encode(&signed)?)
    };
    (0..count).map(grant).collect()
}

/// The world's time, standing still: block times then follow each other by a millisecond.
struct Still(Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }
}

#[test]
fn validators_and_a_follower_come_to_the_same_state() -> Result<(), Failed> {
    let (mut world, first) = beginning()?;
    let keys = Arc::new(World::new(plan())?);
    let (hub, clock) = (MemoryHub::new(), Arc::new(Still(world.clock())));
    let mut nodes: Vec<Box<dyn Engine>> = Vec::new();
    for n in 0..5 {
        let signer = (n < 4).then(|| Arc::new(Held(Arc::clone(&keys), n)) as Arc<dyn Signer>);
        let public = signer.as_ref().map_or_else(|| keys.residences()[0].key.public(), |signer| signer.public());
        let parts = Parts {
            state_machine: Box::new(copy(&first, &world, Arc::new(MemoryStore::new()))?),
            transport: Arc::new(hub.join(PeerId::of(&public))),
            signer,
            wal: Box::new(MemoryWal::new()),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            config: Config::default(),
        };
        nodes.push(if n < 4 { engine::validator(parts)? } else { engine::follower(parts)? });
    }
    let actions = grants(&mut world, 40)?;
    block_on(async {
        let mut tickets = Vec::new();
        for (i, action) in actions.iter().enumerate() {
            tickets.push(nodes[i % 5].submit(action.clone()).await?);
        }
        let mut last = Height::GENESIS;
        for ticket in tickets {
            last = last.max(ticket.outcome().await?.height);
        }
        let before = last.previous().ok_or("final at genesis")?;
        let mut roots = Vec::new();
        for node in &nodes {
            roots.push(node.next_finalized(before).await?.block().header().state_root);
        }
        assert!(roots.windows(2).all(|pair| pair[0] == pair[1]), "{roots:?}");
        Ok(())
    })
}

#[test]
fn a_two_faced_validator_is_convicted_on_the_ledger_and_leaves_the_set() -> Result<(), Failed> {
    let mut convicted = 0;
    for seed in 0..4 {
        let (mut world, first) = beginning()?;
        let keys = Arc::new(World::new(plan())?);
        let stores: Vec<_> = (0..4).map(|_| Arc::new(MemoryStore::new())).collect();
        for store in &stores {
            drop(copy(&first, &world, Arc::clone(store))?);
        }
        let (genesis, kept) = (world.genesis().clone(), stores.clone());
        let mut network = sim::World::new(Setup {
            seed,
            validators: (0..4).map(|n| Arc::new(Held(Arc::clone(&keys), n)) as Arc<dyn Signer>).collect(),
            followers: Vec::new(),
            config: Config::default(),
            open: Box::new(move |n| Ok(Box::new(Ledger::open(&genesis, Arc::clone(&stores[n]) as _)?))),
        })?;
        let delay = Duration::from_millis(3);
        network.network().set_quality(Quality { delay, jitter: delay, ..Quality::default() });
        let liar = usize::try_from(seed % 4)?;
        network.make_two_faced(liar);
        let honest = (liar + 1) % 4;
        for action in grants(&mut world, 12)? {
            let ticket = network.submit(honest, action);
            assert!(network.run_until(Duration::from_secs(60), |network| network.outcome(ticket).is_some()));
        }
        network.run_for(Duration::from_secs(5));
        assert_eq!(network.violations(), []);
        let ledger = Ledger::open(world.genesis(), Arc::clone(&kept[honest]) as _)?;
        let address = Address::of(&keys.validators()[liar].public());
        let (caught, row) = (!network.caught().is_empty(), ledger.facts().offender(&address)?);
        assert_eq!(row.is_some(), caught, "seed {seed}: caught and convicted go together");
        if let Some(row) = row {
            convicted += 1;
            assert_eq!(row.key, keys.validators()[liar].public());
            let set = ledger.validators(ledger.tip().height.next())?;
            assert!(set.get(&address).is_none() && set.count() == 3, "seed {seed}");
            assert_eq!(network.standing(honest).map(|one| one.validators), Some(3));
        }
        for other in (0..4).filter(|other| *other != liar) {
            let honest = Address::of(&keys.validators()[other].public());
            assert!(ledger.facts().offender(&honest)?.is_none(), "an honest validator was convicted");
        }
    }
    assert!(convicted > 0, "nobody ever saw both faces");
    Ok(())
}

#[test]
fn crashes_of_validators_lose_no_grant() -> Result<(), Failed> {
    for seed in 0..4 {
        let (mut world, first) = beginning()?;
        let keys = Arc::new(World::new(plan())?);
        let stores: Vec<_> = (0..5).map(|_| Arc::new(MemoryStore::new())).collect();
        for store in &stores {
            drop(copy(&first, &world, Arc::clone(store))?);
        }
        let genesis = world.genesis().clone();
        let mut network = sim::World::new(Setup {
            seed,
            validators: (0..4).map(|n| Arc::new(Held(Arc::clone(&keys), n)) as Arc<dyn Signer>).collect(),
            followers: vec![keys.residences()[0].key.public()],
            config: Config::default(),
            open: Box::new(move |n| Ok(Box::new(Ledger::open(&genesis, Arc::clone(&stores[n]) as _)?))),
        })?;
        assert!(BEGINNING <= world.clock());
        let delay = Duration::from_millis(3);
        network.network().set_quality(Quality { delay, jitter: delay, lost_permille: 20, doubled_permille: 20 });
        for (i, action) in grants(&mut world, 24)?.into_iter().enumerate() {
            let ticket = network.submit(4, action);
            network.crash(i % 4, CrashPoint::LogOperation(3 + i as u64));
            assert!(network.run_until(Duration::from_secs(60), |network| network.outcome(ticket).is_some()));
            assert!(matches!(network.outcome(ticket), Some(Ok(_))), "{:?}", network.outcome(ticket));
            network.crash(i % 4, CrashPoint::Now);
            network.restart(i % 4);
        }
        let height = network.height();
        assert!(network.run_until(Duration::from_secs(60), |network| network.all_reached(height)));
        assert_eq!(network.violations(), []);
    }
    Ok(())
}
