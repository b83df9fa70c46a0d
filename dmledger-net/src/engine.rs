//! The engine a host starts: a ledger, a transport, a log and perhaps a key in; finalised blocks out.
//!
//! [`solo`], [`validator`] and [`follower`] take the same [`Parts`] and give the same [`Engine`]. A solo node is a
//! validator in a set of one, not a second code path. Everything a node decides happens in [`Core::step`], which is
//! pure; the constructors put it on a thread of its own.
//!
//! ```text
//! bft, signing, wal    the only rooms that name the agreement engine's crates
//! core                 one node as a pure step          core/{height,bodies,intake,actions,replay,timers}
//! catch_up, pacing     pulling finalised blocks; when the next height begins
//! ```

mod bft;
mod catch_up;
mod core;
mod pacing;
mod signing;
pub mod wal;

pub use self::core::{Core, CoreParts, Event, Output, Role, Standing, TimerId};
pub use wal::{FileWal, MemoryWal, Wal};

use crate::{
    error::{EngineError, Outcome, SubmitError},
    node::{Node, mempool::PoolLimits},
    transport::Transport,
};
use async_trait::async_trait;
use dmledger_core::{
    block::{FinalizedBlock, RawAction},
    hash::Digest,
    ledger::StateMachine,
    time::{Clock, Height},
    traits::Signer,
};
use futures::channel::oneshot;
use std::{fmt, sync::Arc, time::Duration};

/// A running node.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Submits an action and returns at once. The ticket tells whether and where it became final.
    ///
    /// A validator's ticket is refused if its ledger refuses the action, a follower's if validators with more than a
    /// third of the voting power do. A follower keeps the action in its log until then; resubmitting is harmless.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    async fn submit(&self, action: RawAction) -> Result<Ticket, EngineError>;

    /// What the node is doing.
    ///
    /// # Errors
    /// [`EngineError::Stopped`], with the reason if it stopped itself.
    async fn status(&self) -> Result<Status, EngineError>;

    /// Waits for the block after `after` and returns it. Asking again gives the same block, so a host that remembers
    /// the last height it has dealt with misses none.
    ///
    /// # Errors
    /// [`EngineError::Stopped`], [`EngineError::Ledger`].
    async fn next_finalized(&self, after: Height) -> Result<FinalizedBlock, EngineError>;

    /// The block at a height, `None` if it is not final here yet.
    ///
    /// # Errors
    /// [`EngineError::Stopped`], [`EngineError::Ledger`].
    async fn finalized_at(&self, height: Height) -> Result<Option<FinalizedBlock>, EngineError>;

    /// Stops the node and waits until it has let go of its ledger and log. Doing so twice is harmless.
    async fn shutdown(&self);
}

/// What a node tells about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Height, round, role and queue.
    pub standing: Standing,
    /// Peers that the transport reaches now.
    pub peers: usize,
    /// Time since the last block was applied here, or since the start.
    pub since_last_block: Duration,
    /// Validators caught contradicting themselves since the start.
    pub caught: Vec<crate::error::Misbehaviour>,
}

/// A submitted action on its way.
#[derive(Debug)]
pub struct Ticket {
    action: Digest,
    outcome: oneshot::Receiver<Outcome>,
}

impl Ticket {
    pub(crate) fn new(action: Digest) -> (oneshot::Sender<Outcome>, Self) {
        let (sender, outcome) = oneshot::channel();
        (sender, Self { action, outcome })
    }

    /// Digest of the submitted bytes.
    #[must_use]
    pub const fn action(&self) -> Digest {
        self.action
    }

    /// Waits until the action is final or given back.
    ///
    /// # Errors
    /// [`SubmitError`] with the reason it will not become final, or that the node stopped and nobody knows.
    pub async fn outcome(self) -> Outcome {
        let stopped = || SubmitError::Stopped { reason: "the node was shut down".to_owned() };
        self.outcome.await.unwrap_or_else(|_| Err(stopped()))
    }
}

/// What a host composes a node of.
pub struct Parts {
    /// The ledger, over the host's store.
    pub state_machine: Box<dyn StateMachine>,
    /// The network.
    pub transport: Arc<dyn Transport>,
    /// A validator's key, in memory or in a device; `None` for a follower.
    pub signer: Option<Arc<dyn Signer>>,
    /// The log. [`FileWal`] unless losing power is no concern.
    pub wal: Box<dyn Wal>,
    /// The clock that block times are proposed and judged by.
    pub clock: Arc<dyn Clock>,
    /// Times and limits.
    pub config: Config,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Times and limits of a node. The defaults suit validators in one process or one data centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "configuration")]
pub struct Config {
    /// How long a round waits for its proposal; a silent proposer costs this much.
    pub propose_timeout: Duration,
    /// How long a round waits for stragglers once a quorum has voted, for different things.
    pub vote_timeout: Duration,
    /// What every further round adds to both.
    pub timeout_step: Duration,
    /// Silence after which votes are repeated.
    pub rebroadcast: Duration,
    /// No timeout grows beyond this.
    pub max_timeout: Duration,
    /// Least time between two blocks.
    pub min_block_interval: Duration,
    /// How long a proposer's blocks may take to become final before it puts fewer actions into them.
    pub block_target: Duration,
    /// How long a proposer without actions waits for one that set the others to work.
    pub empty_wait: Duration,
    /// How often a node says where it stands and sends again what was lost.
    pub tick: Duration,
    /// How long an answer of catch-up is waited for.
    pub sync_timeout: Duration,
    /// How much may wait for a block.
    pub pool: PoolLimits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            propose_timeout: Duration::from_millis(500),
            vote_timeout: Duration::from_millis(250),
            timeout_step: Duration::from_millis(250),
            rebroadcast: Duration::from_secs(1),
            max_timeout: Duration::from_secs(10),
            min_block_interval: Duration::ZERO,
            block_target: Duration::from_millis(250),
            empty_wait: Duration::from_millis(50),
            tick: Duration::from_millis(250),
            sync_timeout: Duration::from_secs(1),
            pool: PoolLimits::default(),
        }
    }
}

impl Config {
    pub(crate) fn timeout(&self, step: wal::Step, round: u32) -> Duration {
        let base = match step {
            wal::Step::Propose => self.propose_timeout,
            wal::Step::Prevote | wal::Step::Precommit => self.vote_timeout,
            wal::Step::Rebroadcast => self.rebroadcast,
        };
        base.saturating_add(self.timeout_step.saturating_mul(round)).min(self.max_timeout)
    }

    /// [`Self::sync_timeout`] in ticks.
    pub(crate) fn patience(&self) -> u64 {
        let ticks = self.sync_timeout.as_millis().div_ceil(self.tick.as_millis().max(1));
        u64::try_from(ticks).unwrap_or(u64::MAX).max(1)
    }
}

/// Starts the only validator of a network.
///
/// # Errors
/// [`EngineError::WrongParts`] without a signer or if the ledger names other validators; as [`validator`].
pub fn solo(parts: Parts) -> Result<Box<dyn Engine>, EngineError> {
    let next = parts.state_machine.tip().height.next();
    let set = parts.state_machine.validators(next).map_err(|error| EngineError::Ledger(error.to_string()))?;
    if set.count() != 1 {
        return Err(EngineError::WrongParts { role: "a solo node", problem: "must be the only validator" });
    }
    validator(parts)
}

/// Starts a node that votes whenever the ledger's validator set holds its key, and follows otherwise.
///
/// # Errors
/// [`EngineError::WrongParts`] without a signer or if the transport's id is not the key's address;
/// [`EngineError::Ledger`], [`EngineError::NoThread`].
pub fn validator(parts: Parts) -> Result<Box<dyn Engine>, EngineError> {
    if parts.signer.is_none() {
        return Err(EngineError::WrongParts { role: "a validator", problem: "needs a signer" });
    }
    Ok(Box::new(Node::start(parts)?))
}

/// Starts a node that follows: it verifies what validators decide, and hands them what is submitted to it.
///
/// # Errors
/// [`EngineError::WrongParts`] with a signer; [`EngineError::Ledger`], [`EngineError::NoThread`].
pub fn follower(parts: Parts) -> Result<Box<dyn Engine>, EngineError> {
    if parts.signer.is_some() {
        return Err(EngineError::WrongParts { role: "a follower", problem: "has no signer" });
    }
    Ok(Box::new(Node::start(parts)?))
}
