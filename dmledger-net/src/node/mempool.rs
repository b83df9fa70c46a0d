//! Actions that wait for a block: each once, in order of arrival, with a fair share of the room for every source.
//!
//! An action that the ledger accepts may still have to wait for another (a record for the one before it). One that a
//! proposal passed over therefore rests: it is offered with the others, but no height is begun for it alone until
//! something changes or its rest, longer every time, is over. An idle network stays idle.

use crate::transport::PeerId;
use dmledger_core::{block::RawAction, hash::Digest, time::Height};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

/// Finalised actions that are remembered, so that a late copy is not taken for a new one.
const REMEMBERED: usize = 64 * 1024;
/// How often an action may be passed over by this node's own proposals before it is given back,
const CHANCES: u8 = 4;
/// and how many ticks it has at the least.
const LIFETIME: u64 = 400;
/// Longest rest in ticks.
const LONGEST_REST: u64 = 128;

/// How much may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "configuration")]
pub struct PoolLimits {
    /// Actions of all sources together.
    pub actions: usize,
    /// Their bytes.
    pub bytes: usize,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self { actions: 50_000, bytes: 128 * 1024 * 1024 }
    }
}

/// What became of an action offered to the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Admission {
    /// It waits now.
    Added,
    /// It waits now, and the youngest action of the source with the largest share had to go.
    Displaced(Digest),
    /// It waits already.
    Waiting,
    /// It is final already, at this height.
    Final(Height),
    /// No room, and no source has a larger share than its own.
    Full,
}

/// The pool.
#[derive(Debug)]
pub struct Mempool {
    limits: PoolLimits,
    waiting: BTreeMap<u64, Pending>,
    places: HashMap<Digest, u64>,
    shares: BTreeMap<PeerId, usize>,
    bytes: usize,
    next: u64,
    /// Who rests, by the tick at which the rest is over.
    resting: BTreeSet<(u64, u64)>,
    tick: u64,
    past: HashMap<Digest, Height>,
    past_order: VecDeque<Digest>,
}

#[derive(Clone, Debug)]
struct Pending {
    action: RawAction,
    digest: Digest,
    source: PeerId,
    added: u64,
    passed: u8,
    rest: Option<u64>,
}

/// Whether an action may be offered once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chances {
    Left,
    Used,
}

/// The waiting actions on offer, and which of them were looked at.
pub(crate) struct Offer<'a> {
    waiting: Box<dyn Iterator<Item = &'a Pending> + 'a>,
    looked_at: Vec<Digest>,
}

impl Offer<'_> {
    pub(crate) fn looked_at(self) -> Vec<Digest> {
        self.looked_at
    }
}

impl Iterator for Offer<'_> {
    type Item = RawAction;

    fn next(&mut self) -> Option<RawAction> {
        let pending = self.waiting.next()?;
        self.looked_at.push(pending.digest);
        Some(pending.action.clone())
    }
}

impl Mempool {
    /// An empty pool.
    #[must_use]
    pub fn new(limits: PoolLimits) -> Self {
        Self {
            limits,
            waiting: BTreeMap::new(),
            places: HashMap::new(),
            shares: BTreeMap::new(),
            bytes: 0,
            next: 0,
            resting: BTreeSet::new(),
            tick: 0,
            past: HashMap::new(),
            past_order: VecDeque::new(),
        }
    }

    /// Actions waiting.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether a height is to be begun for what waits here.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.waiting.len() > self.resting.len()
    }

    /// Whether this action is known here: waiting, or final not long ago.
    #[must_use]
    pub fn knows(&self, digest: &Digest) -> Option<Admission> {
        if self.places.contains_key(digest) {
            return Some(Admission::Waiting);
        }
        self.past.get(digest).map(|height| Admission::Final(*height))
    }

    /// Lets an action wait.
    pub fn add(&mut self, action: RawAction, digest: Digest, source: PeerId) -> Admission {
        if let Some(known) = self.knows(&digest) {
            return known;
        }
        let mut displaced = None;
        if self.waiting.len() >= self.limits.actions || self.bytes + action.as_slice().len() > self.limits.bytes {
            let Some(youngest) = self.youngest_of_the_largest(source) else { return Admission::Full };
            displaced = self.remove(&youngest).map(|pending| pending.digest);
            if self.bytes + action.as_slice().len() > self.limits.bytes {
                return Admission::Full;
            }
        }
        self.bytes += action.as_slice().len();
        *self.shares.entry(source).or_default() += 1;
        self.places.insert(digest, self.next);
        let pending = Pending { action, digest, source, added: self.tick, passed: 0, rest: None };
        self.waiting.insert(self.next, pending);
        self.next += 1;
        self.wake_all();
        displaced.map_or(Admission::Added, Admission::Displaced)
    }

    /// An action became final at `height`.
    pub fn finalized(&mut self, digest: &Digest, height: Height) {
        self.remove(digest);
        if self.past.insert(*digest, height).is_none() {
            self.past_order.push_back(*digest);
        }
        if self.past_order.len() > REMEMBERED
            && let Some(oldest) = self.past_order.pop_front()
        {
            self.past.remove(&oldest);
        }
    }

    /// Gives an action up.
    pub fn give_up(&mut self, digest: &Digest) {
        self.remove(digest);
    }

    /// The first `most` waiting actions, for a proposal: in order, those that rest behind the others.
    pub(crate) fn offer(&self, most: usize) -> Offer<'_> {
        let awake = self.waiting.values().filter(|pending| pending.rest.is_none());
        let resting = self.waiting.values().filter(|pending| pending.rest.is_some());
        Offer { waiting: Box::new(awake.chain(resting).take(most)), looked_at: Vec::new() }
    }

    /// The offered actions that were looked at and not put into the block, each with whether it has had its chances.
    /// The last one looked at does not count: it may only have been one too many.
    pub(crate) fn passed_over(
        &mut self,
        looked_at: &[Digest],
        included: &[RawAction],
    ) -> Vec<(Digest, RawAction, Chances)> {
        if looked_at.len() <= included.len() + 1 {
            return Vec::new();
        }
        let included: HashSet<_> = included.iter().map(RawAction::digest).collect();
        let mut out = Vec::new();
        for digest in looked_at.split_last().map_or(looked_at, |(_, rest)| rest) {
            let place = self.places.get(digest).copied().filter(|_| !included.contains(digest));
            let Some(place) = place else { continue };
            self.rest(place);
            let Some(pending) = self.waiting.get(&place) else { continue };
            let used = pending.passed >= CHANCES && self.tick.saturating_sub(pending.added) >= LIFETIME;
            let chances = if used { Chances::Used } else { Chances::Left };
            out.push((pending.digest, pending.action.clone(), chances));
        }
        out
    }

    /// A block was applied. One with actions may have made way for those that rest; an empty one shows that its
    /// proposer could do nothing with what waits here, or had not heard of it.
    pub(crate) fn block_applied(&mut self, actions: usize) {
        if actions > 0 {
            self.wake_all();
        } else {
            let awake: Vec<_> = self.waiting.iter().filter(|(_, one)| one.rest.is_none()).map(|(at, _)| *at).collect();
            for place in awake {
                self.rest(place);
            }
        }
    }

    /// Time passes; some have rested.
    pub(crate) fn tick(&mut self) {
        self.tick += 1;
        while let Some((until, place)) = self.resting.first().copied().filter(|(until, _)| *until <= self.tick) {
            self.resting.remove(&(until, place));
            if let Some(pending) = self.waiting.get_mut(&place) {
                pending.rest = None;
            }
        }
    }

    fn rest(&mut self, place: u64) {
        let Some(pending) = self.waiting.get_mut(&place) else { return };
        let length = 1_u64.checked_shl(u32::from(pending.passed)).unwrap_or(LONGEST_REST).min(LONGEST_REST);
        pending.passed = pending.passed.saturating_add(1);
        let until = self.tick + 1 + length;
        if let Some(earlier) = pending.rest.replace(until) {
            self.resting.remove(&(earlier, place));
        }
        self.resting.insert((until, place));
    }

    fn wake_all(&mut self) {
        for (_, place) in std::mem::take(&mut self.resting) {
            if let Some(pending) = self.waiting.get_mut(&place) {
                pending.rest = None;
            }
        }
    }

    fn remove(&mut self, digest: &Digest) -> Option<Pending> {
        let place = self.places.remove(digest)?;
        let pending = self.waiting.remove(&place)?;
        if let Some(until) = pending.rest {
            self.resting.remove(&(until, place));
        }
        self.bytes -= pending.action.as_slice().len();
        if let Some(share) = self.shares.get_mut(&pending.source) {
            *share -= 1;
            if *share == 0 {
                self.shares.remove(&pending.source);
            }
        }
        Some(pending)
    }

    fn youngest_of_the_largest(&self, newcomer: PeerId) -> Option<Digest> {
        let own = self.shares.get(&newcomer).copied().unwrap_or(0);
        let (largest, share) = self.shares.iter().max_by_key(|(_, share)| **share)?;
        if *share <= own + 1 {
            return None;
        }
        self.waiting.values().rev().find(|pending| pending.source == *largest).map(|pending| pending.digest)
    }
}

#[cfg(test)]
mod tests;
