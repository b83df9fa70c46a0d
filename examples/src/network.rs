//! Nodes of one process: validators for institutions, followers for residences, joined by a hub in memory, each with a
//! folder of its own.
//!
//! ```text
//! DIR/genesis    what the network agreed on
//! DIR/A1/store   blocks and state      DIR/A1/wal   the validator's own votes      DIR/lake   ciphertext of everybody
//! DIR/A1/gate    the shares it was dealt, sealed to its key
//! ```

use crate::{
    error::{During, HostError},
    gate::{self, Roster},
};
use dmledger_core::{
    action::{Action, Genesis},
    block::{RawAction, Tip},
    codec,
    envelope::{ChainId, Envelope},
    key::SecretKey,
    ledger::{Ledger, Query},
    time::Height,
    traits::BlockStore,
};
use dmledger_net::{
    engine::{self, Config, Engine, FileWal, Parts, Ticket},
    node::{SystemClock, gate::GateDoor},
    transport::{PeerId, memory::MemoryHub},
};
use dmledger_store::{
    embedded::{Embedded, Options, Profile},
    lake::Lake,
};
use dmledger_zk::seal::KemKeyPair;
use dmledger_zk::verifier::Verifier;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Whether a node votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// An institution's node: decides blocks.
    Validator,
    /// A residence's node: verifies them.
    Follower,
}

/// A node to be started.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Its name, also of its folder.
    pub name: String,
    /// Its ledger key.
    pub key: Arc<SecretKey>,
    /// The key pair that letters to it are wrapped to.
    pub kem: Arc<KemKeyPair>,
    /// Whether it votes.
    pub part: Part,
}

impl Seat {
    /// Whether it votes.
    #[must_use]
    pub fn is_validator(&self) -> bool {
        self.part == Part::Validator
    }
}

/// A running node: its engine, and the store its ledger keeps.
pub struct Node {
    name: String,
    chain: ChainId,
    engine: Box<dyn Engine>,
    gate: GateDoor,
    roster: Roster,
    store: Arc<Embedded>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Node {
    /// Opens the node's folder and starts it on the hub.
    ///
    /// # Errors
    /// If the folder holds another network, is damaged, or the node cannot start.
    pub fn start(
        seat: &Seat,
        genesis: &Genesis,
        hub: &MemoryHub,
        roster: &Roster,
        dir: &Path,
    ) -> Result<Self, HostError> {
        let folder = dir.join(&seat.name);
        std::fs::create_dir_all(&folder).during(folder.display())?;
        let store = open_store(&folder, genesis.chain(), seat.part)?;
        let ledger =
            Ledger::open_or_create(genesis, Arc::clone(&store) as Arc<dyn BlockStore>).during(folder.display())?;
        let ledger = ledger.with_verifier(Arc::new(verifier().during(&seat.name)?));
        let peer = PeerId::of(&seat.key.public());
        // Only members of the committee are dealt shares; the others ask.
        let serves = roster.peers().contains(&peer);
        let shared = || Arc::clone(&store) as Arc<dyn BlockStore>;
        let service = serves.then(|| gate::service(seat, genesis.chain(), shared(), &folder)).transpose()?;
        let (transport, gate) = dmledger_net::node::gate::open(
            Arc::new(hub.join(peer)),
            service,
            Arc::new(SystemClock),
            random_seed().during(&seat.name)?,
        )
        .during(&seat.name)?;
        let parts = Parts {
            state_machine: Box::new(ledger),
            transport,
            signer: (seat.part == Part::Validator).then(|| Arc::clone(&seat.key) as _),
            wal: Box::new(FileWal::open(&folder.join("wal")).during(folder.display())?),
            clock: Arc::new(SystemClock),
            config: Config::default(),
        };
        let engine = match seat.part {
            Part::Validator => engine::validator(parts),
            Part::Follower => engine::follower(parts),
        };
        let engine = engine.during(&seat.name)?;
        let (name, chain) = (seat.name.clone(), genesis.chain());
        Ok(Self { name, chain, engine, gate, roster: roster.clone(), store })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The network.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        self.chain
    }

    /// The gate in front of its engine.
    #[must_use]
    pub const fn gate(&self) -> &GateDoor {
        &self.gate
    }

    /// The committee that guards the patients' epochs.
    #[must_use]
    pub const fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Hands an action in without waiting for it.
    ///
    /// # Errors
    /// If the node has stopped or the action is too long.
    pub async fn post(&self, action: &Envelope<Action>) -> Result<Ticket, HostError> {
        let raw = RawAction::new(codec::encode(action)).during(&self.name)?;
        self.engine.submit(raw).await.during(&self.name)
    }

    /// Hands an action in and waits until it is final here.
    ///
    /// # Errors
    /// The ledger's reason if it is refused.
    pub async fn submit(&self, action: &Envelope<Action>) -> Result<Height, HostError> {
        let receipt = self.post(action).await?.outcome().await.during(&self.name)?;
        Ok(receipt.height)
    }

    /// Waits until the node has applied the block at `height`.
    ///
    /// # Errors
    /// If the node has stopped.
    pub async fn reach(&self, height: Height) -> Result<(), HostError> {
        if let Some(before) = height.previous() {
            self.engine.next_finalized(before).await.during(&self.name)?;
        }
        Ok(())
    }

    /// Where the node stands.
    ///
    /// # Errors
    /// If its store cannot be read.
    pub fn tip(&self) -> Result<Tip, HostError> {
        self.store.tip().during(&self.name)?.ok_or_else(|| HostError::new("a running node has an empty store"))
    }

    /// The state after its last block, open to questions.
    ///
    /// # Errors
    /// If its store cannot be read.
    pub fn query(&self) -> Result<Query, HostError> {
        self.query_at(self.tip()?.height)
    }

    /// The state after the block at `height`.
    ///
    /// # Errors
    /// If its store cannot be read or does not have that height.
    pub fn query_at(&self, height: Height) -> Result<Query, HostError> {
        Query::at(self.chain, height, &*self.store).during(&self.name)
    }

    /// The store, for reading.
    #[must_use]
    pub fn store(&self) -> &dyn BlockStore {
        &*self.store
    }

    /// Stops the node; its folder is complete and closed on return.
    ///
    /// # Errors
    /// If the store's tables cannot be written out.
    pub async fn stop(self) -> Result<(), HostError> {
        self.gate.close();
        self.engine.shutdown().await;
        self.store.sync().during(&self.name)
    }
}

/// The nodes of this process and what they share.
#[derive(Debug)]
pub struct Network {
    genesis: Genesis,
    dir: PathBuf,
    seats: Vec<Seat>,
    nodes: Vec<Arc<Node>>,
    lake: Arc<Lake>,
}

impl Network {
    /// Starts every node over the folder `dir`.
    ///
    /// # Errors
    /// If `dir` holds another network, or a node cannot start.
    pub async fn start(genesis: Genesis, seats: Vec<Seat>, dir: &Path) -> Result<Self, HostError> {
        claim_folder(&genesis, dir)?;
        let hub = MemoryHub::new();
        let roster = Roster::of(seats.iter())?;
        let start = |seat| Node::start(seat, &genesis, &hub, &roster, dir).map(Arc::new);
        let nodes = seats.iter().map(start).collect::<Result<_, _>>()?;
        let lake = open_lake(dir).await?;
        Ok(Self { genesis, dir: dir.to_owned(), seats, nodes, lake })
    }

    /// The network's genesis.
    #[must_use]
    pub const fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The nodes, in the order of their seats.
    #[must_use]
    pub fn nodes(&self) -> &[Arc<Node>] {
        &self.nodes
    }

    /// The lake they share.
    #[must_use]
    pub fn lake(&self) -> Arc<Lake> {
        Arc::clone(&self.lake)
    }

    /// Waits until every node has applied the block at `height`.
    ///
    /// # Errors
    /// If a node has stopped.
    pub async fn settle(&self, height: Height) -> Result<(), HostError> {
        for node in &self.nodes {
            node.reach(height).await?;
        }
        Ok(())
    }

    /// Stops every node, opens its folder again and compares: the same height and state root, by name.
    ///
    /// # Errors
    /// If a node cannot be stopped or its folder not be opened; a difference is `Ok(false)`.
    pub async fn stop_and_reopen(self) -> Result<bool, HostError> {
        let Self { genesis, dir, seats, nodes, lake } = self;
        drop(lake);
        let mut before = Vec::new();
        for node in nodes {
            let node = Arc::into_inner(node).ok_or_else(|| HostError::new("a node is still in use"))?;
            before.push(node.tip()?);
            node.stop().await?;
        }
        let mut equal = true;
        for (seat, before) in seats.iter().zip(&before) {
            let folder = dir.join(&seat.name);
            let store = open_store(&folder, genesis.chain(), seat.part)?;
            let after = store.tip().during(folder.display())?;
            // Opening the ledger recomputes the root page's digest and holds it against the tip.
            Ledger::open(&genesis, Arc::clone(&store) as Arc<dyn BlockStore>).during(folder.display())?;
            equal &= after.as_ref() == Some(before);
        }
        Ok(equal)
    }
}

/// Makes an empty folder this network's by writing its genesis there; nothing else is touched before.
fn claim_folder(genesis: &Genesis, dir: &Path) -> Result<(), HostError> {
    std::fs::create_dir_all(dir).during(dir.display())?;
    let file = dir.join("genesis");
    if let Ok(bytes) = std::fs::read(&file) {
        let found: Genesis = codec::decode(&bytes).during(file.display())?;
        if found.chain() == genesis.chain() {
            return Ok(());
        }
        let (found, ours) = (found.chain(), genesis.chain());
        return Err(HostError::new(format!("{}: the folder of network {found:.12}, not {ours:.12}", dir.display())));
    }
    if std::fs::read_dir(dir).during(dir.display())?.next().is_some() {
        return Err(HostError::new(format!("{}: neither empty nor the folder of a network", dir.display())));
    }
    std::fs::write(&file, codec::encode(genesis)).during(file.display())
}

/// Thirty-two bytes of the operating system's generator.
fn random_seed() -> Result<[u8; 32], getrandom::Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(seed)
}

/// Checks proofs for a node, with weights that nobody else can foresee.
fn verifier() -> Result<Verifier, getrandom::Error> {
    Ok(Verifier::new(&mut ChaCha20Rng::from_seed(random_seed()?)))
}

/// Opens the shared lake of a folder.
///
/// # Errors
/// If the folder cannot be made or the file system ignores conditional writes.
pub async fn open_lake(dir: &Path) -> Result<Arc<Lake>, HostError> {
    let folder = dir.join("lake");
    Lake::local(&folder).await.map(Arc::new).during(folder.display())
}

fn open_store(folder: &Path, chain: ChainId, part: Part) -> Result<Arc<Embedded>, HostError> {
    let profile = if part == Part::Validator { Profile::Server } else { Profile::Home };
    Embedded::open(folder.join("store"), chain, Options::new(profile)).during(folder.display())
}
