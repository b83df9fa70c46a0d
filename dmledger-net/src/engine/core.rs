//! One node as a pure step: an event and the time go in, outputs come out.
//!
//! No thread, socket or clock is touched here. The runner in [`crate::node`] and the simulator in [`crate::sim`] drive
//! the same [`Core`], so what the simulator shows about loss, crashes and partitions is shown about the shipped code.
//!
//! Order inside one step: the log is appended to as the engine asks, and flushed once before any message of this node
//! is handed out; a decided block is applied before the log of its height is let go.

mod actions;
mod bodies;
mod height;
mod intake;
mod io;
mod replay;
mod timers;

use self::{actions::Outbox, bodies::Bodies, timers::Purpose, timers::Timers};
use super::{
    Config,
    bft::{Bft, Command},
    catch_up::CatchUp,
    pacing::{Appetite, Pacing},
    wal::{Entry, Record, Wal},
};
use crate::{
    error::{EngineError, Halt, Receipt},
    node::mempool::Mempool,
    transport::PeerId,
    wire::Message,
};
use dmledger_core::{
    block::FinalizedBlock,
    codec,
    envelope::ChainId,
    hash::Digest,
    ledger::StateMachine,
    quorum::{Address, ValidatorSet},
    time::{Height, Timestamp},
};
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::Arc,
    time::Duration,
};

pub use io::{CoreParts, Event, Output, Role, Standing};
pub use timers::TimerId;

/// One node.
pub struct Core {
    chain: ChainId,
    pub(super) local: PeerId,
    config: Config,
    machine: Box<dyn StateMachine>,
    wal: Box<dyn Wal>,
    engine: Option<Bft>,
    /// Last finalised height; the next one is in progress or not yet begun.
    pub(super) tip: Height,
    /// Who decides the next height, and everyone of them but this node.
    pub(super) set: ValidatorSet,
    others: Vec<PeerId>,
    /// The engine has begun the height after the tip.
    running: bool,
    /// A proposal for this round is due from this node.
    asked: Option<u32>,
    commands: VecDeque<Command>,
    timers: Timers,
    pacing: Pacing,
    appetite: Appetite,
    bodies: Bodies,
    pool: Mempool,
    outbox: Outbox,
    tickets: HashMap<Digest, Vec<u64>>,
    pub(super) catch_up: CatchUp,
    replaying: Option<replay::Replay>,
    /// The log holds something, and something of it is not yet durable.
    logged: bool,
    dirty: bool,
    /// Something this node said awaits a durable log.
    spoken: bool,
    now: Timestamp,
    out: Vec<Output>,
    pub(super) halt: Option<Halt>,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("local", &self.local).field("tip", &self.tip).finish_non_exhaustive()
    }
}

impl Core {
    /// A node that waits for [`Event::Start`].
    ///
    /// # Errors
    /// [`EngineError::Ledger`] if the ledger cannot say who decides its next height; [`EngineError::WrongParts`] if the
    /// signer's key is not the local peer's.
    pub fn new(parts: CoreParts) -> Result<Self, EngineError> {
        let CoreParts { machine, wal, signer, local, config } = parts;
        if signer.as_ref().is_some_and(|signer| Address::of(&signer.public()) != local.address()) {
            return Err(EngineError::WrongParts {
                role: "a validator",
                problem: "must have its key's address as peer id",
            });
        }
        let chain = machine.chain();
        let tip = machine.tip().height;
        let set = machine.validators(tip.next()).map_err(|error| EngineError::Ledger(error.to_string()))?;
        let engine = signer.map(|signer| Bft::new(chain, signer, tip.next(), &set));
        let mut core = Self {
            chain,
            local,
            machine,
            wal,
            engine,
            tip,
            others: Vec::new(),
            set,
            running: false,
            asked: None,
            commands: VecDeque::new(),
            timers: Timers::default(),
            pacing: Pacing::default(),
            appetite: Appetite::new(config.block_target),
            bodies: Bodies::default(),
            pool: Mempool::new(config.pool),
            outbox: Outbox::new(config.pool.actions),
            tickets: HashMap::new(),
            catch_up: CatchUp::new(config.patience()),
            replaying: None,
            logged: false,
            dirty: false,
            spoken: false,
            now: Timestamp::MIN,
            out: Vec::new(),
            halt: None,
            config,
        };
        core.list_others();
        Ok(core)
    }

    /// Lets one event happen at time `now`, and says what is to be done about it, in order.
    pub fn step(&mut self, event: Event, now: Timestamp) -> Vec<Output> {
        if self.halt.is_some() {
            return Vec::new();
        }
        self.now = now;
        match event {
            Event::Start => self.begin(),
            Event::Frame(frame) => self.frame(&frame),
            Event::Timer(id) => self.timer(id),
            Event::Submit(actions) => self.submit(actions),
        }
        self.carry_out();
        self.release()
    }

    /// What the node is doing.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            height: self.tip,
            round: self.engine.as_ref().filter(|_| self.running).and_then(Bft::current_round),
            role: if self.votes() { Role::Validator } else { Role::Follower },
            waiting: self.pool.len() + self.outbox.len(),
            validators: self.set.count(),
        }
    }

    /// Why the node stopped, if it did.
    #[must_use]
    pub const fn halted(&self) -> Option<&Halt> {
        self.halt.as_ref()
    }

    /// A decided block, `None` above the tip.
    ///
    /// # Errors
    /// [`EngineError::Ledger`] if the store fails.
    pub fn finalized(&self, height: Height) -> Result<Option<FinalizedBlock>, EngineError> {
        self.machine.finalized(height).map_err(|error| EngineError::Ledger(error.to_string()))
    }

    /// Whether this node proposes and votes on the height after the tip.
    pub(super) fn votes(&self) -> bool {
        self.engine.is_some() && self.set.get(&self.local.address()).is_some()
    }

    fn list_others(&mut self) {
        let peers = self.set.addresses().iter().copied().map(PeerId::new);
        self.others = peers.filter(|peer| *peer != self.local).collect();
    }

    /// Repeats itself: where everyone stands, and what was lost on the way.
    fn tick(&mut self) {
        let tick = self.catch_up_tick();
        self.tell_status();
        self.pool.tick();
        self.resend(tick);
        if self.running {
            self.ask_for_bodies(tick);
        }
        if self.dirty && !self.votes() {
            self.spoken = true;
        }
        self.set_timer(Purpose::Tick, self.config.tick);
    }

    fn timer(&mut self, id: TimerId) {
        match self.timers.take(id) {
            Some(Purpose::Tick) => self.tick(),
            Some(Purpose::Rest) => {
                self.pacing.rested();
                self.consider_start();
            }
            Some(Purpose::Start) => self.start_height(),
            Some(Purpose::Propose { height, round }) if self.at_work_on(height) && self.asked == Some(round) => {
                self.propose(round);
            }
            Some(Purpose::Step { height, step, round }) if self.at_work_on(height) => {
                self.engine(|engine, out| engine.elapsed(step, round, out));
            }
            Some(Purpose::Propose { .. } | Purpose::Step { .. }) | None => {}
        }
    }

    fn at_work_on(&self, height: Height) -> bool {
        self.running && height == self.tip.next()
    }

    /// Lets the engine take one input and queues what it wants done.
    fn engine(&mut self, input: impl FnOnce(&mut Bft, &mut Vec<Command>)) {
        let Some(engine) = &mut self.engine else { return };
        let mut out = Vec::new();
        input(engine, &mut out);
        self.commands.extend(out);
    }

    fn carry_out(&mut self) {
        while let Some(command) = self.commands.pop_front() {
            if self.halt.is_some() {
                self.commands.clear();
                return;
            }
            self.command(command);
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Log(record) => self.log(record),
            Command::Publish(message) => self.speak(&message),
            Command::Repeat(message) => self.speak(&message),
            Command::Restream { round, block } => self.send_body_again(round, block),
            Command::Timer { step, round } if self.running => {
                let after = self.config.timeout(step, round);
                self.set_timer(Purpose::Step { height: self.tip.next(), step, round }, after);
            }
            Command::Timer { .. } => {}
            Command::Cancel { step, round } => {
                self.timers.cancel(Purpose::Step { height: self.tip.next(), step, round });
            }
            Command::CancelAll => self.timers.cancel_steps(),
            Command::Round { .. } => self.asked = None,
            Command::Ask { round } => self.ask(round),
            Command::Named(proposal) => self.named(&proposal),
            Command::Decided(certificate) => self.decided(certificate),
            Command::Caught(misbehaviour, evidence) => {
                self.out.push(Output::Caught(misbehaviour));
                if let Some(evidence) = evidence {
                    self.accuse(&evidence);
                }
            }
            Command::Stop(halt) => self.stop(halt),
        }
    }

    /// Appends to the log what belongs to the height in progress.
    fn log(&mut self, record: Record) {
        if self.running {
            self.append(&Entry { height: self.tip.next(), record });
        }
    }

    fn append(&mut self, entry: &Entry) {
        let bytes = codec::encode(entry);
        if self.replaying.as_ref().is_some_and(|replay| replay.holds(&bytes)) {
            return;
        }
        match self.wal.append(&bytes) {
            Ok(()) => (self.logged, self.dirty) = (true, true),
            Err(error) => self.stop(Halt::Log(error.to_string())),
        }
    }

    /// Sends something this node stands for to every other validator, once the log is durable.
    fn speak(&mut self, message: &impl Message) {
        self.spoken = true;
        self.tell_validators(message);
    }

    pub(super) fn tell_validators<M: Message>(&mut self, message: &M) {
        if self.others.is_empty() {
            return;
        }
        let bytes = message.frame();
        for to in &self.others {
            self.out.push(Output::Send { to: *to, channel: M::CHANNEL, bytes: Arc::clone(&bytes) });
        }
    }

    pub(super) fn tell<M: Message>(&mut self, to: PeerId, message: &M) {
        self.out.push(Output::Send { to, channel: M::CHANNEL, bytes: message.frame() });
    }

    fn set_timer(&mut self, purpose: Purpose, after: Duration) {
        let id = self.timers.set(purpose);
        self.out.push(Output::SetTimer { id, after });
    }

    /// Lets go of the log if nothing in it matters any more.
    fn forget_log(&mut self) {
        if !self.logged || (!self.votes() && !self.outbox.is_empty()) {
            return;
        }
        match self.wal.reset() {
            Ok(()) => (self.logged, self.dirty) = (false, false),
            Err(error) => self.stop(Halt::Log(error.to_string())),
        }
    }

    /// Checks everything about a block but its execution: link, body, validators, certificate.
    pub(super) fn verify_finalized(&self, block: &FinalizedBlock) -> Result<(), dmledger_core::block::BlockError> {
        block.verify(&self.machine.tip(), &self.chain, &self.set)
    }

    fn settle(&mut self, action: Digest, outcome: &Result<Height, crate::error::SubmitError>) {
        for ticket in self.tickets.remove(&action).unwrap_or_default() {
            let outcome = outcome.clone().map(|height| Receipt { action, height });
            self.out.push(Output::Settled { ticket, outcome });
        }
    }

    pub(super) fn stop(&mut self, halt: Halt) {
        tracing::error!(node = %self.local, reason = %halt, "node stops");
        self.halt.get_or_insert(halt);
    }

    /// Hands the outputs out: nothing this node said before the log that remembers it is durable, nothing at all of
    /// what a node that must stop wanted to say.
    fn release(&mut self) -> Vec<Output> {
        if self.halt.is_none() && self.dirty && self.spoken && !self.others.is_empty() {
            match self.wal.flush() {
                Ok(()) => self.dirty = false,
                Err(error) => self.stop(Halt::Log(error.to_string())),
            }
        }
        self.spoken = false;
        let mut out = std::mem::take(&mut self.out);
        if let Some(halt) = &self.halt {
            out.retain(|output| !matches!(output, Output::Send { .. }));
            out.push(Output::Halted(halt.clone()));
        }
        out
    }
}
