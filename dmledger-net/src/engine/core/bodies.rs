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

/// Bodies one peer may have judged or parked at one height: enough for every round of an honest proposer that matters.
const BODIES_PER_PEER: u32 = 8;
/// Bytes of bodies that wait for their height, all peers together.
const PARKED_BYTES: usize = 64 * 1024 * 1024;
/// How often one peer gets one body on request.
const ANSWERS: u8 = 3;

/// What is known of bodies at one height.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    known: HashMap<BlockId, Body>,
    /// Verdicts the engine has been given, by block and round.
    fed: HashSet<(BlockId, u32)>,
    /// Blocks that proposals name, in order of their identity so that requests are the same in every run.
    named: BTreeMap<BlockId, (u32, Address)>,
    parked: Vec<(PeerId, u32, Block, EncodedBlock)>,
    from: HashMap<PeerId, u32>,
    answers: HashMap<(PeerId, BlockId), u8>,
}

#[derive(Debug)]
struct Body {
    block: Block,
    encoded: EncodedBlock,
    round: u32,
    verdict: Verdict,
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
        self.known.insert(id, Body { block, encoded, round, verdict: Verdict::Valid });
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
        if bytes + encoded.as_slice().len() <= PARKED_BYTES && own < BODIES_PER_PEER as usize {
            self.parked.push((from, round, block, encoded));
        }
    }

    /// Counts a body against its sender; `false` if the sender has used up its share.
    fn admit(&mut self, from: PeerId) -> bool {
        let count = self.from.entry(from).or_default();
        *count += 1;
        *count <= BODIES_PER_PEER
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
        let turn = self.engine.as_ref().is_some_and(|engine| engine.proposer(round) == from.address());
        if self.bodies.fed.contains(&(id, round)) || !(named || turn) || !self.bodies.admit(from) {
            return;
        }
        let earlier = self.bodies.known.get(&id).map(|body| body.verdict);
        let verdict = match earlier {
            Some(Verdict::Valid) => Verdict::Valid,
            // A refusal may have been about the clock, so it is judged anew.
            Some(Verdict::Invalid) | None => match self.machine.validate(&block, self.now) {
                Ok(()) => Verdict::Valid,
                Err(error @ (LedgerError::Store(_) | LedgerError::CorruptState { .. })) => {
                    return self.stop(Halt::Ledger { height: self.tip.next(), reason: error.to_string() });
                }
                Err(error) => {
                    tracing::warn!(node = %self.local, %from, %round, %error, "proposed block refused");
                    Verdict::Invalid
                }
            },
        };
        if verdict == Verdict::Valid && earlier != Some(Verdict::Valid) {
            self.log(Record::Body(encoded.clone()));
        }
        self.bodies.known.insert(id, Body { block, encoded, round, verdict });
        self.bodies.fed.insert((id, round));
        self.engine(|engine, out| engine.judged(round, id, verdict, out));
    }

    /// A proposal named a block. If its body is here, the engine learns of it for this round as well.
    pub(super) fn named(&mut self, proposal: &Proposal) {
        if !self.running || proposal.height != self.tip.next() {
            return;
        }
        let (id, round) = (proposal.block, proposal.round);
        self.bodies.named.insert(id, (round, proposal.proposer));
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
        let answers = self.bodies.answers.entry((from, id)).or_default();
        if *answers >= ANSWERS {
            return;
        }
        *answers += 1;
        if let Some(body) = self.bodies.known.get(&id).filter(|body| body.verdict == Verdict::Valid) {
            let message = BodyMessage::Body { round: body.round, block: body.encoded.clone() };
            self.tell(from, &message);
        }
    }

    /// Asks for the bodies that proposals name and that have not come: the proposer, and one more validator a tick.
    pub(super) fn ask_for_bodies(&mut self, tick: u64) {
        let height = self.tip.next();
        let missing = self.bodies.named.iter().filter(|(id, _)| !self.bodies.known.contains_key(*id));
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
