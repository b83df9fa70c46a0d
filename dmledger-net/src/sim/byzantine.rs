//! A validator with two faces: whatever it says about a block, it says about another block to half of the others.

use crate::{
    engine::Output,
    transport::{Channel, PeerId},
    wire::{BodyMessage, ConsensusMessage, LivenessMessage, Message, SignedProposal, SignedVote},
};
use dmledger_core::{
    block::{Block, Header},
    codec,
    envelope::ChainId,
    quorum::BlockId,
    traits::Signer,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Turns an honest node's outputs into those of a liar that holds the same key.
pub(super) struct TwoFaced {
    signer: Arc<dyn Signer>,
    deceived: Vec<PeerId>,
    twins: BTreeMap<BlockId, (ChainId, BlockId)>,
}

impl TwoFaced {
    pub(super) fn new(signer: Arc<dyn Signer>, deceived: Vec<PeerId>) -> Self {
        Self { signer, deceived, twins: BTreeMap::new() }
    }

    pub(super) fn turn(&mut self, outputs: Vec<Output>) -> Vec<Output> {
        outputs.into_iter().map(|output| self.turn_one(output)).collect()
    }

    fn turn_one(&mut self, output: Output) -> Output {
        let Output::Send { to, channel, bytes } = output else { return output };
        let other = if self.deceived.contains(&to) { self.other_face(channel, &bytes) } else { None };
        Output::Send { to, channel, bytes: other.unwrap_or(bytes) }
    }

    fn other_face(&mut self, channel: Channel, bytes: &[u8]) -> Option<Arc<[u8]>> {
        match channel {
            Channel::Body => match BodyMessage::read(bytes).ok()? {
                BodyMessage::Body { round, block } => {
                    let block = codec::encode(&self.twin(block.as_slice())?);
                    Some(BodyMessage::Body { round, block: codec::Bytes::new(block).ok()? }.frame())
                }
                BodyMessage::Wanted { .. } => None,
            },
            Channel::Consensus => match ConsensusMessage::read(bytes).ok()? {
                ConsensusMessage::Vote(vote) => Some(ConsensusMessage::Vote(self.vote(vote)?).frame()),
                ConsensusMessage::Proposal(one) => Some(ConsensusMessage::Proposal(self.proposal(one)?).frame()),
            },
            Channel::Liveness => match LivenessMessage::read(bytes).ok()? {
                LivenessMessage::Vote(vote) => Some(LivenessMessage::Vote(self.vote(vote)?).frame()),
                _ => None,
            },
            Channel::Sync | Channel::Gossip | Channel::Gate => None,
        }
    }

    /// The same block a millisecond later: as valid as the first.
    fn twin(&mut self, block: &[u8]) -> Option<Block> {
        let block: Block = codec::decode(block).ok()?;
        let header = Header { time: block.header().time.plus(Duration::from_millis(1)), ..block.header().clone() };
        let twin = Block::new(header, block.actions().to_vec()).ok()?;
        self.twins.insert(block.id(), (block.header().chain, twin.id()));
        Some(twin)
    }

    fn vote(&self, mut signed: SignedVote) -> Option<SignedVote> {
        let (chain, twin) = self.twins.get(&signed.vote.block?)?;
        signed.vote.block = Some(*twin);
        signed.signature = self.signer.sign(&signed.vote.digest(chain)).ok()?;
        Some(signed)
    }

    fn proposal(&self, mut signed: SignedProposal) -> Option<SignedProposal> {
        let (chain, twin) = self.twins.get(&signed.proposal.block)?;
        signed.proposal.block = *twin;
        signed.signature = self.signer.sign(&signed.proposal.digest(chain)).ok()?;
        Some(signed)
    }
}
