//! The state machine a BFT engine drives: check, propose, validate, apply.
//!
//! [`StateMachine`] is the contract, [`machine::Ledger`] keeps it with the rules of [`action`](crate::action),
//! [`query::Query`] answers questions about one height with proofs, and [`answer`] checks the answers. [`agent::Agent`]
//! co-signs at home what the patient's rules allow; [`notice`] tells those concerned what a block means for them.

pub mod agent;
pub mod answer;
#[cfg(feature = "std")]
pub mod execution;
#[cfg(feature = "std")]
pub mod machine;
pub mod notice;
#[cfg(feature = "std")]
mod proofs;
#[cfg(feature = "std")]
pub mod query;
#[cfg(feature = "std")]
mod signatures;

pub use agent::{Agent, AgentError, Considered};
pub use answer::{
    AccessLog, AccountAgreements, AccountClaims, AccountEscrows, AccountGrants, AccountRecords, AgreementLog,
    AllMembers, AnswerError, Emergencies, ErasureAnswer, EscrowLog, Holding, MatchLog, Overview, RecordVersions,
    Recoveries, Visit, VisitIndex,
};
#[cfg(feature = "std")]
pub use machine::Ledger;
pub use notice::{Event, Notice, Watch};
#[cfg(feature = "std")]
pub use query::Query;

use crate::{
    action::Refusal,
    block::{Block, BlockError, FinalizedBlock, RawAction, Tip},
    envelope::ChainId,
    hash::Digest,
    quorum::{Address, ValidatorSet},
    time::{Height, Timestamp},
    traits::StoreError,
};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use thiserror::Error;

/// What a proposer brings to a new block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain argument, built by the engine")]
pub struct BlockContext {
    /// Height to be proposed: the one after the tip.
    pub height: Height,
    /// The proposer's clock. The block's time is this or one millisecond after the parent's, whichever is later.
    pub time: Timestamp,
    /// Who proposes.
    pub proposer: Address,
}

/// Deterministic rules under an engine: the same blocks give every node the same state.
///
/// `propose` and `validate` are speculative and change nothing; only `apply` does.
pub trait StateMachine: Send {
    /// The network.
    fn chain(&self) -> ChainId;

    /// Where the chain stands.
    fn tip(&self) -> Tip;

    /// The validators that decide `height`: any height up to the one after the tip.
    ///
    /// # Errors
    /// [`LedgerError::UnknownHeight`], [`LedgerError::Store`].
    fn validators(&self, height: Height) -> Result<ValidatorSet, LedgerError>;

    /// Whether an action would be accepted on top of the tip; its identity if so.
    ///
    /// # Errors
    /// [`Rejection`] with the reason. A rejected action may be acceptable later (a grant that is not yet valid).
    fn check(&self, action: &RawAction) -> Result<Digest, Rejection>;

    /// Builds the next block from `pool`, in order, leaving out what does not execute and stopping when the block is
    /// full.
    ///
    /// # Errors
    /// [`LedgerError::UnknownHeight`] unless `context.height` follows the tip; [`LedgerError::Store`].
    fn propose(&self, context: &BlockContext, pool: &mut dyn Iterator<Item = RawAction>) -> Result<Block, LedgerError>;

    /// Whether this block is right in everything but its certificate, judged by a node whose clock says `now`.
    ///
    /// # Errors
    /// [`LedgerError::Block`], [`LedgerError::Action`], [`LedgerError::StateRoot`], [`LedgerError::ClockSkew`].
    fn validate(&self, block: &Block, now: Timestamp) -> Result<(), LedgerError>;

    /// Checks the certificate, executes the block and commits it durably. Repeating the tip is harmless.
    ///
    /// # Errors
    /// As [`Self::validate`] without the clock; after any error the tip is what it was.
    fn apply(&mut self, block: FinalizedBlock) -> Result<Applied, LedgerError>;

    /// A decided block, or `None` above the tip.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    fn finalized(&self, height: Height) -> Result<Option<FinalizedBlock>, LedgerError>;
}

/// What a block did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// Its height.
    pub height: Height,
    /// State root after it.
    pub state_root: Digest,
    /// Identities of its actions, in order.
    pub actions: Vec<Digest>,
}

impl Applied {
    /// What a block did.
    #[must_use]
    pub const fn new(height: Height, state_root: Digest, actions: Vec<Digest>) -> Self {
        Self { height, state_root, actions }
    }
}

/// Why an action is not accepted now, in words for the one who submitted it: the ledger's typed reason, printed.
///
/// The typed reason is `action::Refusal`; engines and nodes that know no rules carry this.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct Rejection {
    code: u16,
    reason: String,
}

impl Rejection {
    /// A stable number and a plain sentence without patient data.
    #[must_use]
    pub const fn new(code: u16, reason: String) -> Self {
        Self { code, reason }
    }

    /// Stable number of the reason.
    #[must_use]
    pub const fn code(&self) -> u16 {
        self.code
    }

    /// The reason in plain words.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code(), refusal.to_string())
    }
}

/// Why a block was not built, accepted or applied.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The block does not fit the chain.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// An action in the block is refused.
    #[error("action {position} refused: {rejection}")]
    Action {
        /// Its place in the block.
        position: usize,
        /// Why.
        rejection: Rejection,
    },
    /// The header commits to another state than the actions lead to.
    #[error("state root does not match the header")]
    StateRoot,
    /// The block's time is too far from this node's clock.
    #[error("block time is {millis} ms away from this node's clock, {allowed} ms are allowed")]
    ClockSkew {
        /// Distance in milliseconds.
        millis: u64,
        /// Allowed distance in milliseconds.
        allowed: u64,
    },
    /// No validator set or block can be told for that height.
    #[error("height {height} is not known here")]
    UnknownHeight {
        /// Height asked for.
        height: Height,
    },
    /// The store belongs to another network, or genesis is not what the store began with.
    #[error("genesis does not match what is stored")]
    WrongGenesis,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// State bytes do not read back as what was written.
    #[error("state is damaged: {what}")]
    CorruptState {
        /// What does not read back.
        what: &'static str,
    },
}
