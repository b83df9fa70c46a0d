//! Frames from peers: decoded, bounded, and passed to the part they concern.

use super::Core;
use crate::{
    transport::{Channel, Frame, PeerId},
    wire::{BodyMessage, ConsensusMessage, GossipMessage, LivenessMessage, Message, SyncMessage},
};
use dmledger_core::time::Height;

impl Core {
    /// Takes one frame. Consensus, liveness and bodies are taken from validators only.
    pub(super) fn frame(&mut self, frame: &Frame) {
        let from = frame.from;
        if from == self.local || frame.bytes.len() > frame.channel.max_bytes() {
            return;
        }
        let taken = match frame.channel {
            Channel::Consensus => self.on(frame, Self::consensus),
            Channel::Liveness => self.on(frame, Self::liveness),
            Channel::Body => self.on(frame, Self::bodies),
            Channel::Sync => self.on(frame, Self::sync),
            Channel::Gossip => self.on(frame, Self::gossip),
            // The gate stands before the engine; without one the frame is nobody's.
            Channel::Gate => true,
        };
        if !taken {
            tracing::debug!(node = %self.local, %from, channel = ?frame.channel, "unreadable frame");
        }
    }

    fn on<M: Message>(&mut self, frame: &Frame, take: impl FnOnce(&mut Self, PeerId, M)) -> bool {
        M::read(&frame.bytes).map(|message| take(self, frame.from, message)).is_ok()
    }

    fn consensus(&mut self, from: PeerId, message: ConsensusMessage) {
        match message {
            // A vote travels from its voter only, so nobody can fill the queues in another's name.
            ConsensusMessage::Vote(vote) if vote.vote.voter == from.address() => {
                if self.concerns(from, vote.vote.height) {
                    self.engine(|engine, out| engine.vote(&vote, out));
                }
            }
            ConsensusMessage::Vote(_) => {}
            ConsensusMessage::Proposal(proposal) => {
                if self.concerns(from, proposal.proposal.height) {
                    self.engine(|engine, out| engine.proposal(&proposal, out));
                }
            }
        }
    }

    fn liveness(&mut self, from: PeerId, message: LivenessMessage) {
        match message {
            LivenessMessage::Vote(vote) => self.consensus(from, ConsensusMessage::Vote(vote)),
            LivenessMessage::Polka(proof) => {
                if self.concerns(from, proof.height) && self.running && proof.height == self.tip.next() {
                    self.engine(|engine, out| engine.polka(&proof, out));
                }
            }
            LivenessMessage::Round(proof) => {
                if self.concerns(from, proof.height) && self.running && proof.height == self.tip.next() {
                    self.engine(|engine, out| engine.round(&proof, out));
                }
            }
        }
    }

    fn bodies(&mut self, from: PeerId, message: BodyMessage) {
        if !self.votes() || self.set.get(&from.address()).is_none() {
            return;
        }
        match message {
            BodyMessage::Body { round, block } => self.body(from, round, block),
            BodyMessage::Wanted { height, block } => self.wanted(from, height, block),
        }
    }

    fn sync(&mut self, from: PeerId, message: SyncMessage) {
        match message {
            SyncMessage::Status { tip } => self.status(from, tip),
            SyncMessage::Request { from: first } => self.serve(from, first),
            SyncMessage::Blocks(blocks) => self.blocks(from, blocks.into_vec()),
        }
    }

    fn gossip(&mut self, from: PeerId, message: GossipMessage) {
        match message {
            GossipMessage::Actions(actions) => self.gossiped(from, actions.into_vec()),
            GossipMessage::Final { action, height } => self.said_final(from, action, height),
            GossipMessage::Refused { action, tip, code, reason } => {
                self.refused(from, action, tip, code, reason.as_str());
            }
        }
    }

    /// Whether a message about `height` from this peer is for the engine: it votes, so does the sender, and the height
    /// is not past. A sender who is still at a past height learns where the chain stands.
    fn concerns(&mut self, from: PeerId, height: Height) -> bool {
        if !self.votes() || self.set.get(&from.address()).is_none() {
            return false;
        }
        if height <= self.tip {
            self.tell_status_if_behind(from, height);
            return false;
        }
        self.heard(from, height);
        true
    }

    /// A validator is at work on `height`: it has finalised everything before.
    pub(super) fn heard(&mut self, from: PeerId, height: Height) {
        if height == self.tip.next() {
            self.pacing.heard_work();
            self.consider_start();
        } else if let Some(before) = height.previous() {
            self.catch_up.heard(from, before);
        }
    }
}
