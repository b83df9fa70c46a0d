//! What goes into a step and what comes out of it.

use super::timers::TimerId;
use crate::{
    engine::{Config, wal::Wal},
    error::{Halt, Misbehaviour, Outcome},
    transport::{Channel, Frame, PeerId},
};
use dmledger_core::{block::RawAction, ledger::StateMachine, time::Height, traits::Signer};
use std::{fmt, sync::Arc, time::Duration};

/// What happens to a node.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The node begins: the log is read, interrupted work is taken up. Once, before anything else.
    Start,
    /// A frame arrived.
    Frame(Frame),
    /// A timer set by [`Output::SetTimer`] is due. Firing one that no longer matters is harmless.
    Timer(TimerId),
    /// The host submits actions, each with a number of its choice for [`Output::Settled`].
    Submit(Vec<(u64, RawAction)>),
}

/// What a node wants done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Output {
    /// Send a frame to one peer.
    Send {
        /// The peer.
        to: PeerId,
        /// The channel.
        channel: Channel,
        /// The frame, shared between all its receivers.
        bytes: Arc<[u8]>,
    },
    /// Fire [`Event::Timer`] after this time.
    SetTimer {
        /// The timer's name.
        id: TimerId,
        /// From now.
        after: Duration,
    },
    /// A block was applied and is durable.
    Applied {
        /// Its height.
        height: Height,
    },
    /// The outcome of a submitted action.
    Settled {
        /// The number it was submitted with.
        ticket: u64,
        /// Where it is final, or why it is not.
        outcome: Outcome,
    },
    /// A validator contradicted itself; this node holds both signatures.
    Caught(Misbehaviour),
    /// The node stopped itself; further events do nothing.
    Halted(Halt),
}

/// What a node is made of.
pub struct CoreParts {
    /// The ledger.
    pub machine: Box<dyn StateMachine>,
    /// The write-ahead log.
    pub wal: Box<dyn Wal>,
    /// The validator's key; `None` for a follower.
    pub signer: Option<Arc<dyn Signer>>,
    /// This node on the network. A validator's is its address.
    pub local: PeerId,
    /// Times and limits.
    pub config: Config,
}

impl fmt::Debug for CoreParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoreParts").field("local", &self.local).finish_non_exhaustive()
    }
}

/// What a node tells about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// Last finalised height.
    pub height: Height,
    /// Round in progress at the next height, if it has begun.
    pub round: Option<u32>,
    /// Whether this node votes on the next height.
    pub role: Role,
    /// Actions waiting here.
    pub waiting: usize,
    /// Validators that decide the next height.
    pub validators: usize,
}

/// What a node does at a height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a node votes or it does not")]
pub enum Role {
    /// Proposes and votes.
    Validator,
    /// Follows what validators decide.
    Follower,
}
