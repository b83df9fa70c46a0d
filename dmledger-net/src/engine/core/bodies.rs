//! Block bodies of the height in progress: who may send one, what the ledger says of it, and who asks for it.

use super::Core;
use crate::{
    engine::wal::{Record, Verdict},
    error::Halt,
    transport::PeerId,
    wire::{BodyMessage, EncodedBlock, Proposal},
};
use dmledger_core::{
    block::Block,
    codec,
    ledger::LedgerError,
    quorum::{Address, BlockId},
    time::Height,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Bodies judged for one peer in one round, and blocks that proposals of one round may name. An honest proposer has one.
const PER_ROUND: usize = 2;
/// How far ahead of the round in progress a body may be.
const ROUNDS_AHEAD: u32 = 10;
/// Bodies one peer may have waiting for their height.
const PARKED_PER_PEER: usize = 8;
/// Bytes of bodies that wait for their height, all peers together.
const PARKED_BYTES: usize = 64 * 1024 * 1024;
/// How often one peer gets one body on request.
const ANSWERS: u8 = 3;

/// What is known of bodies at one height.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    /// Bodies that the ledger accepts.
    known: HashMap<BlockId, Body>,
    refused: HashSet<BlockId>,
    /// Verdicts the engine has been given, by block and round.
    fed: HashSet<(BlockId, u32)>,
    /// Blocks that proposals name, in order of their identity so that requests are the same in every run.
    named: BTreeMap<BlockId, (u32, Address)>,
    parked: Vec<(PeerId, u32, Block, EncodedBlock)>,
    judged: HashMap<(PeerId, u32), usize>,
    answers: HashMap<(PeerId, BlockId), u8>,
}

#[derive(Debug)]
struct Body {
    block: Block,
    encoded: EncodedBlock,
    round: u32,
}

impl Bodies {
    /// Moves on to `height`.
    pub(super) fn enter(&mut self, height: Height) {
        let parked = std::mem::take(&mut self.parked);
        *self = Self::default();
        self.parked = parked.into_iter().filter(|(_, _, block, _)| block.header().height >= height).collect();
    }

    /// Keeps a body of this node's own, or one from its log.
    pub(super) fn keep(&mut self, id: BlockId, round: u32, block: Block, encoded: EncodedBlock) {
        self.known.insert(id, Body { block, encoded, round });
    }

    /// Gives a valid body away for good.
    pub(super) fn take(&mut self, id: &BlockId) -> Option<Block> {
        self.known.remove(id).map(|body| body.block)
    }

    /// A body that this node may propose again.
    pub(super) fn copy(&self, id: &BlockId) -> Option<Block> {
        self.known.get(id).map(|body| body.block.clone())
    }

    fn park(&mut self, from: PeerId, round: u32, block: Block, encoded: EncodedBlock) {
        let bytes: usize = self.parked.iter().map(|(_, _, _, encoded)| encoded.as_slice().len()).sum();
        let own = self.parked.iter().filter(|(peer, ..)| *peer == from).count();
        if bytes + encoded.as_slice().len() <= PARKED_BYTES && own < PARKED_PER_PEER {
            self.parked.push((from, round, block, encoded));
        }
    }

    /// Counts a body against its sender's share of a round; `false` if that is used up.
    fn admit(&mut self, from: PeerId, round: u32) -> bool {
        let count = self.judged.entry((from, round)).or_default();
        *count += 1;
        *count <= PER_ROUND
    }

    /// Notes that a proposal of `round` names a block; of a proposer's many only the first few are.
    fn name(&mut self, id: BlockId, round: u32, proposer: Address) {
        let of_round = self.named.values().filter(|(of, _)| *of == round).count();
        if of_round < PER_ROUND || self.named.contains_key(&id) {
            self.named.insert(id, (round, proposer));
        }
    }
}

impl Core {
    /// A peer sent a body.
    pub(super) fn body(&mut self, from: PeerId, round: u32, encoded: EncodedBlock) {
        let Ok(block) = codec::decode::<Block>(encoded.as_slice()) else { return };
        let height = block.header().height;
        if height <= self.tip {
            return;
        }
        self.heard(from, height);
        if self.running && height == self.tip.next() {
            self.take_body(from, round, block, encoded);
        } else {
            self.bodies.park(from, round, block, encoded);
        }
    }

    /// Judges the bodies that came before their height.
    pub(super) fn unpark_bodies(&mut self) {
        let height = self.tip.next();
        if !self.running {
            return;
        }
        let (now, later) = std::mem::take(&mut self.bodies.parked)
            .into_iter()
            .partition(|(_, _, block, _)| block.header().height == height);
        self.bodies.parked = later;
        for (from, round, block, encoded) in now {
            if self.running && self.tip.next() == height {
                self.take_body(from, round, block, encoded);
                self.carry_out();
            }
        }
    }

    /// A body is judged if a proposal names it or its sender is the proposer of its round: nobody else can make this
    /// node execute blocks.
    fn take_body(&mut self, from: PeerId, round: u32, block: Block, encoded: EncodedBlock) {
        let id = block.id();
        let named = self.bodies.named.contains_key(&id);
        let Some(engine) = &self.engine else { return };
        let far = round > engine.current_round().unwrap_or(0).saturating_add(ROUNDS_AHEAD);
        let expected = named || engine.proposer(round) == from.address();
        if far || !expected || self.bodies.fed.contains(&(id, round)) || !self.bodies.admit(from, round) {
            return;
        }
        // What was refused is judged anew: it may have been about the clock.
        let verdict = if self.bodies.known.contains_key(&id) { Verdict::Valid } else { self.judge(from, &block) };
        if self.halt.is_some() {
            return;
        }
        if verdict == Verdict::Invalid {
            self.bodies.refused.insert(id);
        } else if !self.bodies.known.contains_key(&id) {
            self.log(Record::Body(encoded.clone()));
            self.bodies.keep(id, round, block, encoded);
        }
        self.bodies.fed.insert((id, round));
        self.engine(|engine, out| engine.judged(round, id, verdict, out));
    }

    fn judge(&mut self, from: PeerId, block: &Block) -> Verdict {
        match self.machine.validate(block, self.now) {
            Ok(()) => return Verdict::Valid,
            Err(error @ (LedgerError::Store(_) | LedgerError::CorruptState { .. })) => {
                self.stop(Halt::Ledger { height: self.tip.next(), reason: error.to_string() });
            }
            Err(error) => tracing::warn!(node = %self.local, %from, %error, "proposed block refused"),
        }
        Verdict::Invalid
    }

    /// A proposal named a block. If its body is here, the engine learns of it for this round as well.
    pub(super) fn named(&mut self, proposal: &Proposal) {
        if !self.running || proposal.height != self.tip.next() {
            return;
        }
        let (id, round) = (proposal.block, proposal.round);
        self.bodies.name(id, round, proposal.proposer);
        let parked = self.bodies.parked.iter().any(|(_, _, block, _)| block.id() == id);
        if parked {
            self.unpark_bodies();
        }
    }

    /// Sends a body once more, because an earlier block is proposed again in `round`.
    pub(super) fn send_body_again(&mut self, round: u32, id: BlockId) {
        if let Some(body) = self.bodies.known.get(&id) {
            let message = BodyMessage::Body { round, block: body.encoded.clone() };
            self.tell_validators(&message);
        }
    }

    /// A peer asks for a body.
    pub(super) fn wanted(&mut self, from: PeerId, height: Height, id: BlockId) {
        if height != self.tip.next() {
            return self.tell_status_if_behind(from, height);
        }
        let Some(body) = self.bodies.known.get(&id) else { return };
        let answers = self.bodies.answers.entry((from, id)).or_default();
        *answers = answers.saturating_add(1);
        if *answers <= ANSWERS {
            let message = BodyMessage::Body { round: body.round, block: body.encoded.clone() };
            self.tell(from, &message);
        }
    }

    /// Asks for the bodies that proposals name and that have not come: the proposer, and one more validator a tick.
    pub(super) fn ask_for_bodies(&mut self, tick: u64) {
        let height = self.tip.next();
        let here = |id: &BlockId| self.bodies.known.contains_key(id) || self.bodies.refused.contains(id);
        let missing = self.bodies.named.iter().filter(|(id, _)| !here(id));
        let missing: Vec<_> = missing.map(|(id, (_, proposer))| (*id, *proposer)).collect();
        let turn = usize::try_from(tick).unwrap_or(0) % self.others.len().max(1);
        let another = self.others.get(turn).copied();
        for (block, proposer) in missing {
            let message = BodyMessage::Wanted { height, block };
            for peer in [Some(PeerId::new(proposer)), another].into_iter().flatten() {
                self.tell(peer, &message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use dmledger_core::hash::Digest;

    #[test]
    fn a_sender_has_a_share_of_every_round_and_no_more() {
        let (mut bodies, peer) = (Bodies::default(), PeerId::of(&testing::secret_key(0).public()));
        for round in 0..100 {
            assert!(bodies.admit(peer, round), "rounds do not run out");
        }
        assert!(bodies.admit(peer, 7) && !bodies.admit(peer, 7));
        bodies.enter(Height::new(2));
        assert!(bodies.admit(peer, 7));
    }

    #[test]
    fn a_proposer_names_few_blocks_a_round() {
        let (mut bodies, proposer) = (Bodies::default(), Address::from_bytes([1; 20]));
        for n in 0..10 {
            bodies.name(BlockId::new(Digest::new([n; 32])), 3, proposer);
        }
        assert_eq!(bodies.named.len(), PER_ROUND);
        bodies.name(BlockId::new(Digest::new([20; 32])), 4, proposer);
        assert_eq!(bodies.named.len(), PER_ROUND + 1);
    }
}
