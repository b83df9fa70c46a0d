//! What nodes say to each other: versioned, bounded messages in the canonical encoding of [`dmledger_core::codec`].
//!
//! One enum a channel. The layout is the project's own, so the agreement engine can change without changing a byte on
//! the wire. Every decoder is total: any input gives a message or a [`CodecError`], within the limits of [`limits`].

pub mod limits;

use crate::transport::Channel;
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::{
    block::{Block, FinalizedBlock, RawAction},
    codec::{self, Bytes, Canonical, CodecError, List, Text},
    consent::{GateOrder, GateRequest},
    decide::Withheld,
    envelope::Envelope,
    hash::Digest,
    key::Signature,
    ledger::Rejection,
    quorum::{Address, BlockId, MAX_VALIDATORS, Vote, VoteKind},
    time::Height,
    traits::GateFault,
};
use std::{fmt, sync::Arc};

pub use dmledger_core::quorum::Proposal;

/// A vote and its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct SignedVote {
    /// The vote.
    pub vote: Vote,
    /// By the voter's key over [`Vote::digest`].
    pub signature: Signature,
}

/// A proposal and its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct SignedProposal {
    /// The proposal.
    pub proposal: Proposal,
    /// By the proposer's key over [`Proposal::digest`].
    pub signature: Signature,
}

/// Prevotes of a quorum for one block in one round.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PolkaProof {
    /// Height voted on.
    pub height: Height,
    /// Round voted in.
    pub round: u32,
    /// Block voted for.
    pub block: BlockId,
    /// The prevotes' signatures.
    pub signatures: List<(Address, Signature), MAX_VALIDATORS>,
}

/// Votes that justify entering a round.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RoundProof {
    /// Height voted on.
    pub height: Height,
    /// Round of the votes.
    pub round: u32,
    /// Which rule they satisfy.
    pub rule: RoundRule,
    /// The votes.
    pub votes: List<RoundVote, { 2 * MAX_VALIDATORS }>,
}

/// Why a round may be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has two rules")]
pub enum RoundRule {
    /// More than a third is in that round already.
    Skip,
    /// More than two thirds precommitted in the round before, not all for one block.
    Precommit,
}

/// One vote of a [`RoundProof`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RoundVote {
    /// Which round of voting.
    pub kind: VoteKind,
    /// What was voted for.
    pub block: Option<BlockId>,
    /// Who voted.
    pub voter: Address,
    /// The vote's signature.
    pub signature: Signature,
}

/// The canonical bytes of a block: encoded once, then sent, logged and sent again as they are.
pub type EncodedBlock = Bytes<{ Block::MAX_BYTES }>;

/// [`Channel::Consensus`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum ConsensusMessage {
    /// The sender's own vote.
    Vote(SignedVote),
    /// A proposal; mostly the sender's own.
    Proposal(SignedProposal),
}

/// [`Channel::Liveness`].
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum LivenessMessage {
    /// The sender's own vote once more.
    Vote(SignedVote),
    /// A quorum of prevotes.
    Polka(PolkaProof),
    /// Leave to enter a round.
    Round(RoundProof),
}

/// [`Channel::Body`].
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum BodyMessage {
    /// The body of a proposed block.
    Body {
        /// Round it is proposed in.
        round: u32,
        /// The block's canonical bytes.
        block: EncodedBlock,
    },
    /// "Send me the body of this block."
    Wanted {
        /// Height it is proposed for.
        height: Height,
        /// The block.
        block: BlockId,
    },
}

/// [`Channel::Sync`].
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum SyncMessage {
    /// Where the sender stands.
    Status {
        /// Its last finalised height.
        tip: Height,
    },
    /// "Send me finalised blocks from this height on."
    Request {
        /// First height wanted.
        from: Height,
    },
    /// Finalised blocks, ascending without a gap.
    Blocks(List<FinalizedBlock, { limits::SYNC_BLOCKS }>),
}

/// [`Channel::Gossip`].
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum GossipMessage {
    /// Actions that want to become final.
    Actions(List<RawAction, { limits::GOSSIP_ACTIONS }>),
    /// "This action is final already."
    Final {
        /// Digest of the action's bytes.
        action: Digest,
        /// Height of its block.
        height: Height,
    },
    /// "The rules refuse this action, as seen from this height."
    Refused {
        /// Digest of the action's bytes.
        action: Digest,
        /// The sender's last finalised height.
        tip: Height,
        /// [`Rejection::code`].
        code: u16,
        /// [`Rejection::reason`], cut to its limit.
        reason: Text<{ limits::REASON_BYTES }>,
    },
}

/// [`Channel::Gate`].
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum GateMessage {
    /// "Send me your partials."
    Ask(Envelope<GateRequest>),
    /// An account deals or destroys keys.
    Order(Envelope<GateOrder>),
    /// The answer to either.
    Answer {
        /// Identity of the request or order.
        to: Digest,
        /// Finalised height at which it was decided.
        height: Height,
        /// The answer.
        said: GateSaid,
    },
}

/// What a gate node says.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum GateSaid {
    /// Partials, sealed to the requester.
    Sealed(Bytes<{ limits::GATE_ANSWER_BYTES }>) = 1,
    /// The bundle is kept.
    Kept = 2,
    /// Erased; the signed receipt.
    Erased(Bytes<{ limits::RECEIPT_BYTES }>) = 3,
    /// The ledger's rules do not permit it.
    Withheld(Withheld) = 4,
    /// The node's keys do not serve it.
    Fault(GateFault) = 5,
    /// This peer has asked too much in this second.
    Busy = 6,
}

impl fmt::Display for GateSaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sealed(sealed) => write!(f, "{} sealed bytes", sealed.as_slice().len()),
            Self::Kept => f.write_str("kept"),
            Self::Erased(_) => f.write_str("erased, with a receipt"),
            Self::Withheld(why) => why.fmt(f),
            Self::Fault(fault) => fault.fmt(f),
            Self::Busy => f.write_str("asked too often"),
        }
    }
}

macro_rules! on_channel {
    ($($message:ty = $channel:ident;)*) => {
        $(impl Canonical for $message {
            const MAX_BYTES: usize = Channel::$channel.max_bytes();
        }
        impl Message for $message {
            const CHANNEL: Channel = Channel::$channel;
        })*
    };
}

/// A message and the channel it belongs to.
pub trait Message: Canonical {
    /// Where it travels.
    const CHANNEL: Channel;

    /// Its frame, ready to be shared between peers.
    fn frame(&self) -> Arc<[u8]> {
        codec::encode(self).into()
    }

    /// Reads a frame of [`Self::CHANNEL`].
    ///
    /// # Errors
    /// [`CodecError`] for anything but one canonical message.
    fn read(frame: &[u8]) -> Result<Self, CodecError> {
        codec::decode(frame)
    }
}

on_channel! {
    ConsensusMessage = Consensus;
    LivenessMessage = Liveness;
    BodyMessage = Body;
    SyncMessage = Sync;
    GossipMessage = Gossip;
    GateMessage = Gate;
}

impl GossipMessage {
    /// Tells the submitter of `action` that the rules refuse it; the reason is cut to its limit.
    #[must_use]
    pub fn refusal(action: Digest, tip: Height, rejection: &Rejection) -> Option<Self> {
        let mut end = rejection.reason().len().min(limits::REASON_BYTES);
        while !rejection.reason().is_char_boundary(end) {
            end -= 1;
        }
        let reason = Text::new(rejection.reason().get(..end)?).ok()?;
        Some(Self::Refused { action, tip, code: rejection.code(), reason })
    }

    /// Packs actions into as few frames as the limits allow.
    #[must_use]
    pub fn pack(actions: impl IntoIterator<Item = RawAction>) -> Vec<Self> {
        let (mut frames, mut list, mut bytes) = (Vec::new(), List::empty(), 0);
        for action in actions {
            if list.len() == limits::GOSSIP_ACTIONS || bytes >= limits::GOSSIP_FILL_BYTES {
                frames.push(Self::Actions(std::mem::take(&mut list)));
                bytes = 0;
            }
            bytes += action.as_slice().len();
            // The list was emptied at its cap above.
            let _: Result<(), CodecError> = list.push(action);
        }
        if !list.is_empty() {
            frames.push(Self::Actions(list));
        }
        frames
    }
}

#[cfg(test)]
mod tests;
