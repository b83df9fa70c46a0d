//! How frames reach other nodes: the trait a network implements, and the in-memory network.
//!
//! A transport carries whole frames between authenticated peers and promises nothing else: frames may be lost, repeated
//! or overtaken. Everything above it (re-sending, catch-up, rounds) lives in [`crate::engine`]. A frame is shared bytes,
//! so a block body is encoded once however many peers get it.

pub mod memory;

pub use memory::{MemoryHub, MemoryTransport};

use crate::{error::TransportError, wire::limits};
use async_trait::async_trait;
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::{key::PublicKey, quorum::Address};
use std::{fmt, sync::Arc};

/// Who a frame comes from or goes to: the address of the peer's public key, 20 bytes.
///
/// A validator's peer id is its validator address. A transport hands up only ids it has authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct PeerId(Address);

impl PeerId {
    /// The peer that holds `key`.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        Self(Address::of(key))
    }

    /// The peer at a validator's address.
    #[must_use]
    pub const fn new(address: Address) -> Self {
        Self(address)
    }

    /// The address behind the id.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.0
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a frame is about; each channel has its own queue, priority and size limit.
///
/// In order of priority: a vote never waits behind a body, a body never behind gossip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum Channel {
    /// Votes and proposals.
    Consensus,
    /// Repeated votes and certificates that bring a round back in step.
    Liveness,
    /// Block bodies of proposals.
    Body,
    /// Heights, and ranges of finalised blocks.
    Sync,
    /// Actions on their way into a block.
    Gossip,
    /// Requests to gate nodes and their answers.
    Gate,
}

impl Channel {
    /// Every channel, the most urgent first.
    pub const ALL: [Self; 6] = [Self::Consensus, Self::Liveness, Self::Body, Self::Sync, Self::Gossip, Self::Gate];

    /// Longest frame the channel carries, in bytes.
    #[must_use]
    pub const fn max_bytes(self) -> usize {
        match self {
            Self::Consensus => limits::CONSENSUS_BYTES,
            Self::Liveness => limits::LIVENESS_BYTES,
            Self::Body => limits::BODY_BYTES,
            Self::Sync => limits::SYNC_BYTES,
            Self::Gossip => limits::GOSSIP_BYTES,
            Self::Gate => limits::GATE_BYTES,
        }
    }

    /// Place in [`Self::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// One received frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The authenticated sender.
    pub from: PeerId,
    /// The channel it came on.
    pub channel: Channel,
    /// The encoded message.
    pub bytes: Arc<[u8]>,
}

/// A network between authenticated peers. Hosts implement it.
#[async_trait]
pub trait Transport: Send + Sync {
    /// This node's own id.
    fn local(&self) -> PeerId;

    /// The peers that frames can be sent to now, without this node.
    fn peers(&self) -> Vec<PeerId>;

    /// Queues one frame for `to` and returns at once; delivery is not promised.
    ///
    /// # Errors
    /// [`TransportError::Unreachable`] for an unknown or absent peer, [`TransportError::TooLong`] above
    /// [`Self::max_frame`], [`TransportError::Full`] if the peer does not keep up, [`TransportError::Closed`].
    fn send(&self, to: PeerId, channel: Channel, bytes: Arc<[u8]>) -> Result<(), TransportError>;

    /// Queues one frame for every peer; peers that cannot take it are skipped.
    ///
    /// # Errors
    /// [`TransportError::TooLong`] or [`TransportError::Closed`]; a single peer's failure is none.
    fn broadcast(&self, channel: Channel, bytes: Arc<[u8]>) -> Result<(), TransportError> {
        for peer in self.peers() {
            if let Err(error @ (TransportError::TooLong { .. } | TransportError::Closed)) =
                self.send(peer, channel, Arc::clone(&bytes))
            {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Waits for the next frame, the most urgent channel first. Dropping the future loses no frame.
    ///
    /// # Errors
    /// [`TransportError::Closed`] once the transport is closed and drained.
    async fn recv(&self) -> Result<Frame, TransportError>;

    /// Longest frame in bytes on `channel`; at most the channel's own limit.
    fn max_frame(&self, channel: Channel) -> usize {
        channel.max_bytes()
    }
}
