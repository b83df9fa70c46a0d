//! A seeded world: any number of nodes, one thread, virtual time, faults on demand.
//!
//! The world drives the same [`Core`] that runs in production, over a [`network`] that loses, delays, repeats and
//! reorders frames, with nodes that [`crash`] at any point of their log and come back. Everything random comes from
//! one seed, so a run that shows a defect shows it again. Hosts bring their own ledger and hold the world to the same
//! promises: no two blocks at one height, no honest node caught contradicting itself, progress once faults end.
//!
//! ```text
//! network   quality of links, partitions        clock   virtual time, skewed clocks
//! fault     seeded storms of faults             crash   where a node stops
//! byzantine a validator with two faces        gate    partials asked for and served
//! queue     what happens next
//! ```

pub mod byzantine;
pub mod clock;
pub mod crash;
pub mod fault;
mod gate;
pub mod network;
mod promise;
mod queue;
mod setup;

pub use self::{
    promise::Violation,
    setup::{OpenLedger, Setup},
};

use self::{
    byzantine::TwoFaced,
    clock::VirtualClock,
    crash::CrashPoint,
    network::Network,
    queue::{Queue, What},
};
use crate::{
    engine::{Config, Core, CoreParts, Event, MemoryWal, Output, Standing},
    error::{EngineError, Halt, Misbehaviour, Outcome},
    node::gate::DeskEvent,
    transport::{Channel, Frame, PeerId},
};
use dmledger_core::{
    block::RawAction,
    quorum::{Address, BlockId},
    time::Height,
    traits::Signer,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

/// The world.
pub struct World {
    rng: ChaCha20Rng,
    clock: VirtualClock,
    network: Network,
    queue: Queue,
    nodes: Vec<SimNode>,
    numbers: BTreeMap<PeerId, usize>,
    open: OpenLedger,
    config: Config,
    chain: BTreeMap<Height, (BlockId, Duration)>,
    outcomes: BTreeMap<u64, Outcome>,
    caught: Vec<(usize, Misbehaviour)>,
    violations: Vec<Violation>,
    gates: gate::Gates,
}

struct SimNode {
    peer: PeerId,
    signer: Option<Arc<dyn Signer>>,
    wal: MemoryWal,
    core: Option<Core>,
    incarnation: u64,
    crash: Option<CrashPoint>,
    two_faced: Option<TwoFaced>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("now", &self.clock.now()).field("height", &self.height()).finish_non_exhaustive()
    }
}

impl World {
    /// A world in which every node has just started, over a perfect network without delay.
    ///
    /// # Errors
    /// [`EngineError`] if a ledger cannot be opened or does not fit its key.
    pub fn new(setup: Setup) -> Result<Self, EngineError> {
        let Setup { seed, validators, followers, config, open } = setup;
        let node = |peer, signer| SimNode {
            peer,
            signer,
            wal: MemoryWal::new(),
            core: None,
            incarnation: 0,
            crash: None,
            two_faced: None,
        };
        let voting = validators.into_iter().map(|signer| node(PeerId::of(&signer.public()), Some(signer)));
        let nodes: Vec<_> = voting.chain(followers.iter().map(|key| node(PeerId::of(key), None))).collect();
        let numbers = nodes.iter().enumerate().map(|(number, node)| (node.peer, number)).collect();
        let mut world = Self {
            rng: ChaCha20Rng::seed_from_u64(seed),
            clock: VirtualClock::default(),
            network: Network::new(nodes.len()),
            queue: Queue::default(),
            nodes,
            numbers,
            open,
            config,
            chain: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            caught: Vec::new(),
            violations: Vec::new(),
            gates: gate::Gates::default(),
        };
        for number in 0..world.nodes.len() {
            world.start(number)?;
        }
        Ok(world)
    }

    /// The links between the nodes.
    pub fn network(&mut self) -> &mut Network {
        &mut self.network
    }

    /// The nodes' clocks.
    pub fn clock(&mut self) -> &mut VirtualClock {
        &mut self.clock
    }

    /// Submits an action at a node that is up. The number names it in [`Self::outcome`].
    pub fn submit(&mut self, node: usize, action: RawAction) -> u64 {
        let ticket = self.queue.number();
        self.happen(node, Event::Submit(vec![(ticket, action)]));
        ticket
    }

    /// What became of a submitted action, if its node has learnt it without crashing in between.
    #[must_use]
    pub fn outcome(&self, ticket: u64) -> Option<&Outcome> {
        self.outcomes.get(&ticket)
    }

    /// Lets virtual time pass.
    pub fn run_for(&mut self, time: Duration) {
        let until = self.clock.now() + time;
        self.run(until, |_| false);
    }

    /// Lets virtual time pass until something holds, at most this long; whether it does.
    pub fn run_until(&mut self, most: Duration, holds: impl FnMut(&Self) -> bool) -> bool {
        let until = self.clock.now() + most;
        self.run(until, holds)
    }

    fn run(&mut self, until: Duration, mut holds: impl FnMut(&Self) -> bool) -> bool {
        if holds(self) {
            return true;
        }
        while let Some((at, what)) = self.queue.pop_until(until) {
            self.clock.advance(at);
            match what {
                What::Frame { to, frame } if frame.channel == Channel::Gate => {
                    self.gate(to, DeskEvent::Frame { from: frame.from, bytes: frame.bytes });
                }
                What::Frame { to, frame } => self.happen(to, Event::Frame(frame)),
                What::GateTimer { node, id } => self.gate(node, DeskEvent::Timer(id)),
                What::Timer { node, incarnation, id } => {
                    if self.nodes.get(node).is_some_and(|node| node.incarnation == incarnation) {
                        self.happen(node, Event::Timer(id));
                    }
                }
            }
            if holds(self) {
                return true;
            }
        }
        self.clock.advance(until);
        false
    }

    /// Stops a node at this point: at once, or when it gets there.
    pub fn crash(&mut self, node: usize, point: CrashPoint) {
        let Some(one) = self.nodes.get_mut(node) else { return };
        match point {
            CrashPoint::Now => self.stop(node),
            CrashPoint::LogOperation(operations) => one.wal.fail_after(operations),
            CrashPoint::Outputs(_) => one.crash = Some(point),
        }
    }

    /// Starts a node again over what survived. A node that is up is left alone.
    pub fn restart(&mut self, node: usize) {
        if self.is_up(node) {
            return;
        }
        if let Err(error) = self.start(node) {
            self.violations.push(Violation::NotReopened { node, reason: error.to_string() });
        }
    }

    /// Destroys the log of a node that is down, as a careless operator might. What it said is then known to the others
    /// only, and after a restart it may contradict itself.
    pub fn lose_log(&mut self, node: usize) {
        if let Some(node) = self.nodes.get_mut(node).filter(|node| node.core.is_none()) {
            node.wal = MemoryWal::new();
        }
    }

    /// Whether a node is up.
    #[must_use]
    pub fn is_up(&self, node: usize) -> bool {
        self.nodes.get(node).is_some_and(|node| node.core.is_some())
    }

    /// Gives a validator two faces: from now on it shows one block to some and another to the rest.
    pub fn make_two_faced(&mut self, node: usize) {
        let peers: Vec<_> = self.nodes.iter().map(|node| node.peer).collect();
        if let Some(node) = self.nodes.get_mut(node) {
            let other_half = peers.into_iter().enumerate().filter(|(number, _)| number % 2 == 1);
            let face = |signer| TwoFaced::new(signer, other_half.map(|(_, peer)| peer).collect());
            node.two_faced = node.signer.clone().map(face);
        }
    }

    /// What a node is doing, if it is up.
    #[must_use]
    pub fn standing(&self, node: usize) -> Option<Standing> {
        Some(self.nodes.get(node)?.core.as_ref()?.standing())
    }

    /// The last height a node has finalised; `None` while it is down.
    #[must_use]
    pub fn height_of(&self, node: usize) -> Option<Height> {
        self.standing(node).map(|standing| standing.height)
    }

    /// The greatest height anyone has finalised.
    #[must_use]
    pub fn height(&self) -> Height {
        self.chain.keys().next_back().copied().unwrap_or_default()
    }

    /// Whether every node that is up has finalised `height`.
    #[must_use]
    pub fn all_reached(&self, height: Height) -> bool {
        (0..self.nodes.len()).filter_map(|node| self.height_of(node)).all(|reached| reached >= height)
    }

    /// Every finalised block and when it was final at the first node.
    #[must_use]
    pub fn history(&self) -> Vec<(Height, BlockId, Duration)> {
        self.chain.iter().map(|(height, (id, at))| (*height, *id, *at)).collect()
    }

    /// Who was caught by whom.
    #[must_use]
    pub fn caught(&self) -> &[(usize, Misbehaviour)] {
        &self.caught
    }

    /// Promises broken so far.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    fn start(&mut self, number: usize) -> Result<(), EngineError> {
        let machine = (self.open)(number).map_err(|error| EngineError::Ledger(error.to_string()))?;
        let Some(node) = self.nodes.get_mut(number) else { return Ok(()) };
        let core = Core::new(CoreParts {
            machine,
            wal: Box::new(node.wal.clone()),
            signer: node.signer.clone(),
            local: node.peer,
            config: self.config,
        })?;
        node.core = Some(core);
        self.happen(number, Event::Start);
        Ok(())
    }

    fn stop(&mut self, number: usize) {
        if let Some(node) = self.nodes.get_mut(number) {
            node.core = None;
            node.crash = None;
            node.incarnation += 1;
            node.wal.crash();
        }
    }

    fn happen(&mut self, number: usize, event: Event) {
        let now = self.clock.at(number);
        let Some(node) = self.nodes.get_mut(number) else { return };
        let Some(core) = &mut node.core else { return };
        let mut outputs = core.step(event, now);
        if let Some(two_faced) = &mut node.two_faced {
            outputs = two_faced.turn(outputs);
        }
        let mut crashes = false;
        if let Some(CrashPoint::Outputs(count)) = node.crash {
            crashes = outputs.len() > count;
            outputs.truncate(count);
        }
        for output in outputs {
            self.carry_out(number, output);
        }
        if crashes {
            self.stop(number);
        }
    }

    fn carry_out(&mut self, number: usize, output: Output) {
        match output {
            Output::Send { to, channel, bytes } => {
                let Some(from) = self.nodes.get(number).map(|node| node.peer) else { return };
                let Some(to) = self.numbers.get(&to).copied() else { return };
                for delay in self.network.deliver(number, to, &mut self.rng) {
                    let frame = Frame { from, channel, bytes: Arc::clone(&bytes) };
                    self.schedule(delay, What::Frame { to, frame });
                }
            }
            Output::SetTimer { id, after } => {
                let incarnation = self.nodes.get(number).map_or(0, |node| node.incarnation);
                self.schedule(after, What::Timer { node: number, incarnation, id });
            }
            Output::Applied { height } => self.applied(number, height),
            Output::Settled { ticket, outcome } => {
                self.outcomes.insert(ticket, outcome);
            }
            Output::Caught(misbehaviour) => self.note(number, misbehaviour),
            Output::Halted(halt) => {
                if !matches!(&halt, Halt::Log(reason) if reason.contains("injected")) {
                    self.violations.push(Violation::Stopped { node: number, halt });
                }
                self.stop(number);
            }
        }
    }

    fn applied(&mut self, number: usize, height: Height) {
        let core = self.nodes.get(number).and_then(|node| node.core.as_ref());
        let Some(block) = core.and_then(|core| core.finalized(height).ok().flatten()) else { return };
        let id = block.block().id();
        let (first, _) = *self.chain.entry(height).or_insert((id, self.clock.now()));
        if first != id {
            self.violations.push(Violation::Fork { height, node: number });
        }
    }

    fn note(&mut self, number: usize, misbehaviour: Misbehaviour) {
        let offender = |address: Address| self.nodes.iter().find(|node| node.peer.address() == address);
        if offender(misbehaviour.offender).is_none_or(|node| node.two_faced.is_none()) {
            self.violations.push(Violation::HonestCaught(misbehaviour));
        }
        self.caught.push((number, misbehaviour));
    }

    fn schedule(&mut self, after: Duration, what: What) {
        self.queue.push(self.clock.now() + after, what);
    }
}

#[cfg(test)]
mod tests;
