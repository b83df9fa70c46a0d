//! Catch-up: where peers stand, and pulling the finalised blocks this node lacks.
//!
//! Votes for a decided height are never sent again, so agreement alone brings no lagging node forward. Every node says
//! where it stands on a tick; whoever is behind pulls ranges of (block, certificate). Validators and followers take
//! them in the same way: link, body, validator set and certificate are checked by the core before the ledger executes,
//! and a validator's engine is simply started at the next height. A peer can withhold or garble, never forge.

use super::core::Core;
use crate::{
    transport::PeerId,
    wire::{SyncMessage, limits},
};
use dmledger_core::{
    block::FinalizedBlock,
    codec::{self, List},
    time::Height,
};
use std::collections::BTreeMap;

/// Peers whose standing is remembered.
const PEERS: usize = 1024;
/// Ticks without a word after which a follower is no longer told of new blocks.
const FOLLOWER_TICKS: u64 = 50;

/// What is known of others, and what has been asked of them.
#[derive(Debug)]
pub(crate) struct CatchUp {
    tips: BTreeMap<PeerId, Height>,
    followers: BTreeMap<PeerId, u64>,
    asked: Option<Asked>,
    /// Whoever failed last is asked last.
    last_failed: Option<PeerId>,
    patience: u64,
    tick: u64,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    peer: PeerId,
    until: u64,
}

impl CatchUp {
    /// Waits `patience` ticks for an answer before it asks someone else.
    pub(crate) const fn new(patience: u64) -> Self {
        Self { tips: BTreeMap::new(), followers: BTreeMap::new(), asked: None, last_failed: None, patience, tick: 0 }
    }

    /// A peer has finalised `tip`, by its own word.
    pub(crate) fn heard(&mut self, peer: PeerId, tip: Height) {
        if self.tips.len() < PEERS || self.tips.contains_key(&peer) {
            let known = self.tips.entry(peer).or_insert(tip);
            *known = tip.max(*known);
        }
    }

    /// A peer wants to hear of new blocks.
    fn follow(&mut self, peer: PeerId) {
        if self.followers.len() < PEERS || self.followers.contains_key(&peer) {
            self.followers.insert(peer, self.tick);
        }
    }

    fn followers(&self) -> impl Iterator<Item = PeerId> + '_ {
        self.followers.keys().copied()
    }

    fn tick(&mut self) -> u64 {
        self.tick += 1;
        let now = self.tick;
        self.followers.retain(|_, heard| *heard + FOLLOWER_TICKS > now);
        if let Some(asked) = self.asked.filter(|asked| asked.until < now) {
            self.failed(asked.peer);
        }
        now
    }

    /// Ticks so far.
    pub(super) const fn now(&self) -> u64 {
        self.tick
    }

    /// Whom to ask, if this node at `own` lacks blocks and waits for no answer.
    fn request(&mut self, own: Height) -> Option<PeerId> {
        if self.asked.is_some() {
            return None;
        }
        let ahead = |peer: &PeerId| self.tips.get(peer).is_some_and(|tip| *tip > own);
        let start = self.last_failed;
        let after = self.tips.keys().filter(|peer| start.is_some_and(|failed| **peer > failed));
        let before = self.tips.keys().filter(|peer| start.is_none_or(|failed| **peer <= failed));
        let peer = after.chain(before).copied().find(ahead)?;
        self.asked = Some(Asked { peer, until: self.tick + self.patience });
        Some(peer)
    }

    /// Whether blocks from this peer were asked for; they are not, from now on.
    fn answered(&mut self, peer: PeerId) -> bool {
        let expected = self.asked.is_some_and(|asked| asked.peer == peer);
        if expected {
            self.asked = None;
        }
        expected
    }

    /// A peer did not answer, or answered with what does not fit. What it said of its height is worth nothing.
    fn failed(&mut self, peer: PeerId) {
        self.asked = None;
        self.last_failed = Some(peer);
        self.tips.remove(&peer);
    }
}

impl Core {
    /// A peer says where it stands.
    pub(super) fn status(&mut self, from: PeerId, tip: Height) {
        if self.set.get(&from.address()).is_none() {
            self.catch_up.follow(from);
        }
        self.tell_status_if_behind(from, tip);
        if tip > self.tip {
            self.catch_up.heard(from, tip);
            self.pull();
        }
    }

    /// Tells a peer that lags behind `at` where the chain stands.
    pub(super) fn tell_status_if_behind(&mut self, to: PeerId, at: Height) {
        let tip = self.tip;
        if at < tip {
            self.tell(to, &SyncMessage::Status { tip });
        }
    }

    /// Tells every validator, and once a block the followers, where this node stands.
    pub(super) fn tell_status(&mut self) {
        let tip = self.tip;
        self.tell_validators(&SyncMessage::Status { tip });
    }

    pub(super) fn tell_followers(&mut self) {
        let (tip, followers) = (self.tip, self.catch_up.followers().collect::<Vec<_>>());
        for follower in followers {
            self.tell(follower, &SyncMessage::Status { tip });
        }
    }

    /// One tick of catch-up; its number.
    pub(super) fn catch_up_tick(&mut self) -> u64 {
        let tick = self.catch_up.tick();
        self.pull();
        tick
    }

    /// Asks for the next blocks, if someone has more and no answer is awaited.
    pub(super) fn pull(&mut self) {
        let own = self.tip;
        if let Some(peer) = self.catch_up.request(own) {
            self.tell(peer, &SyncMessage::Request { from: own.next() });
        }
    }

    /// Answers a request with as many blocks as one frame reasonably holds.
    pub(super) fn serve(&mut self, to: PeerId, from: Height) {
        let (mut blocks, mut bytes, mut height) = (List::empty(), 0, from);
        while height <= self.tip && height > Height::GENESIS && bytes < limits::SYNC_FILL_BYTES {
            let Ok(Some(block)) = self.finalized(height) else { break };
            let size = codec::encode(&block).len();
            if bytes > 0 && bytes + size > limits::SYNC_FILL_BYTES {
                break;
            }
            bytes += size;
            if blocks.push(block).is_err() {
                break;
            }
            height = height.next();
        }
        self.tell(to, &SyncMessage::Blocks(blocks));
    }

    /// Takes finalised blocks in, as far as they follow the tip and their certificates hold.
    pub(super) fn blocks(&mut self, from: PeerId, blocks: Vec<FinalizedBlock>) {
        if !self.catch_up.answered(from) {
            return;
        }
        let before = self.tip;
        for block in blocks {
            if block.block().header().height <= self.tip {
                continue;
            }
            if let Err(error) = self.verify_finalized(&block) {
                tracing::warn!(node = %self.local, %from, %error, "finalised block refused");
                self.catch_up.failed(from);
                break;
            }
            self.apply(block);
            if self.halt.is_some() {
                return;
            }
        }
        if self.tip == before {
            self.catch_up.failed(from);
        }
        self.pull();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn peer(n: u8) -> PeerId {
        PeerId::of(&testing::secret_key(n).public())
    }

    #[test]
    fn one_request_at_a_time_and_the_silent_are_asked_last() {
        let mut catch_up = CatchUp::new(2);
        assert_eq!(catch_up.request(Height::new(1)), None);
        let mut peers = [peer(0), peer(1)];
        peers.sort();
        for peer in peers {
            catch_up.heard(peer, Height::new(9));
        }
        assert_eq!(catch_up.request(Height::new(1)), Some(peers[0]));
        assert_eq!(catch_up.request(Height::new(1)), None, "an answer is awaited");
        for _ in 0..3 {
            catch_up.tick();
        }
        assert_eq!(catch_up.request(Height::new(1)), Some(peers[1]));
        assert!(!catch_up.answered(peers[0]) && catch_up.answered(peers[1]));
        assert_eq!(catch_up.request(Height::new(9)), None, "nobody has more");
    }

    #[test]
    fn followers_that_fall_silent_are_no_longer_told() {
        let mut catch_up = CatchUp::new(1);
        catch_up.follow(peer(0));
        for _ in 0..FOLLOWER_TICKS {
            assert_eq!(catch_up.followers().count(), 1);
            catch_up.tick();
        }
        assert_eq!(catch_up.followers().count(), 0);
    }
}
