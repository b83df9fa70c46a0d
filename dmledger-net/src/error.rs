//! What can go wrong between a host, its engine and its peers.

use dmledger_core::{hash::Digest, ledger::Rejection, quorum::Address, time::Height};
use thiserror::Error;

/// Why a frame was not taken or none can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No such peer, or it is not connected now.
    #[error("peer not reachable")]
    Unreachable,
    /// Longer than the channel carries.
    #[error("frame of {len} bytes where {max} are allowed")]
    TooLong {
        /// Bytes given.
        len: usize,
        /// Limit of the channel.
        max: usize,
    },
    /// The peer's queue is full; the frame was dropped.
    #[error("peer does not keep up")]
    Full,
    /// The transport was closed.
    #[error("transport closed")]
    Closed,
}

/// Why the write-ahead log failed. Each of these stops the node: going on could sign twice.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WalError {
    /// The medium failed.
    #[error("write-ahead log: {0}")]
    Io(#[from] std::io::Error),
    /// An entry does not read back as what was written.
    #[error("write-ahead log: entry {position} is damaged")]
    Corrupt {
        /// Its place in the log, from 0.
        position: usize,
    },
    /// Longer than an entry may be.
    #[error("write-ahead log: entry of {len} bytes")]
    TooLong {
        /// Bytes given.
        len: usize,
    },
    /// A fault the simulator injected at this point.
    #[error("write-ahead log: injected crash")]
    Injected,
}

/// Why an action did not become final.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The rules refuse it; the action is back with the caller.
    #[error("refused: {0}")]
    Refused(Rejection),
    /// The node's queue has no room; try again later.
    #[error("{waiting} actions are waiting already")]
    Full {
        /// Actions waiting.
        waiting: usize,
    },
    /// It had to make room for another submitter's fair share, or never fitted into a block.
    #[error("displaced from the queue")]
    Displaced,
    /// The engine has stopped; whether the action becomes final is open.
    #[error("engine stopped: {reason}")]
    Stopped {
        /// Why, in plain words.
        reason: String,
    },
}

/// Why the engine cannot answer or could not be built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The engine has stopped.
    #[error("engine stopped: {reason}")]
    Stopped {
        /// Why, in plain words.
        reason: String,
    },
    /// A constructor for validators was given no signer, or one for followers was given one.
    #[error("{role} {problem}")]
    WrongParts {
        /// Which constructor.
        role: &'static str,
        /// What does not fit.
        problem: &'static str,
    },
    /// The operating system gave no thread.
    #[error("no thread for the engine: {0}")]
    NoThread(String),
    /// The ledger could not be read.
    #[error("ledger: {0}")]
    Ledger(String),
}

/// Why a node stopped by itself. It recovers by restart, once the cause is gone.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Halt {
    /// The write-ahead log failed: going on could sign twice.
    #[error("{0}")]
    Log(String),
    /// The ledger refused a decided block, or its store failed.
    #[error("ledger at height {height}: {reason}")]
    Ledger {
        /// Height of the block.
        height: Height,
        /// The ledger's words.
        reason: String,
    },
    /// The key's holder did not sign.
    #[error("signer: {0}")]
    Signer(String),
    /// Replay or a fault led to a second, different signature for one height and round; it was not given.
    #[error("refused to sign twice at height {height}, round {round}")]
    WouldSignTwice {
        /// The height.
        height: Height,
        /// The round.
        round: u32,
    },
    /// The agreement engine reported a broken invariant.
    #[error("engine: {0}")]
    Engine(String),
}

/// A validator caught contradicting itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
#[error("validator {offender} signed two different {what} at height {height}")]
#[non_exhaustive]
pub struct Misbehaviour {
    /// Who signed both.
    pub offender: Address,
    /// The height.
    pub height: Height,
    /// `"votes"` or `"proposals"`.
    pub what: &'static str,
}

/// The outcome of one submitted action: the height it became final at, or why it did not.
pub type Outcome = Result<Receipt, SubmitError>;

/// Where an action became final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// Digest of the submitted bytes ([`dmledger_core::block::RawAction::digest`]).
    pub action: Digest,
    /// Height of its block.
    pub height: Height,
}
