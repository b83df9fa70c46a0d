//! What a gate node answers: a signed request is decided on the node's own finalised state, then handed to its keys.

use crate::{
    transport::PeerId,
    wire::{GateMessage, GateSaid},
};
use dmledger_core::{
    codec::{Bytes, CodecError},
    consent::{GateOrder, GateRequest},
    decide::{Ordered, ReleaseError, Watch, ordered, release, release::FRESH_FOR},
    envelope::{ChainId, Envelope},
    hash::Digest,
    ledger::Query,
    time::{Height, Moment, Timestamp},
    traits::{BlockStore, GateFault, KeyGate},
};
use rand_core::CryptoRng;
use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

/// How much a gate does for whom.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "configuration")]
pub struct ServiceLimits {
    /// Greatest age of a log entry that is relied on.
    pub fresh_for: Duration,
    /// Requests and orders of one peer in a second; more are answered [`GateSaid::Busy`] without being looked at.
    pub each_peer_a_second: u32,
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self { fresh_for: FRESH_FOR, each_peer_a_second: 256 }
    }
}

/// The gate of one node over its ledger's store.
pub struct GateService {
    chain: ChainId,
    store: Arc<dyn BlockStore>,
    gate: Arc<dyn KeyGate>,
    limits: ServiceLimits,
    /// The state at the tip, with what was read of it: the requests of one block's time share it.
    state: Option<Query>,
    second: i64,
    spent: BTreeMap<PeerId, u32>,
}

impl fmt::Debug for GateService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateService").field("chain", &self.chain).field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// The first thing that keeps a request from being served.
enum Failed {
    Said(GateSaid),
    Unreadable,
}

impl From<ReleaseError> for Failed {
    fn from(error: ReleaseError) -> Self {
        match error {
            ReleaseError::Withheld(why) => Self::Said(GateSaid::Withheld(why)),
            _ => Self::Unreadable,
        }
    }
}

impl From<GateFault> for Failed {
    fn from(fault: GateFault) -> Self {
        Self::Said(GateSaid::Fault(fault))
    }
}

impl From<CodecError> for Failed {
    fn from(_: CodecError) -> Self {
        Self::Said(GateSaid::Fault(GateFault::Unavailable))
    }
}

impl GateService {
    /// Serves `gate` by the rules of the ledger of `chain` whose finalised state `store` keeps.
    #[must_use]
    pub fn new(chain: ChainId, store: Arc<dyn BlockStore>, gate: Arc<dyn KeyGate>, limits: ServiceLimits) -> Self {
        Self { chain, store, gate, limits, state: None, second: 0, spent: BTreeMap::new() }
    }

    /// The answer to a message of `from`, by a clock that says `now`; `None` if it is no request.
    pub fn answer(
        &mut self,
        from: PeerId,
        message: &GateMessage,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Option<GateMessage> {
        let to = message.asked()?;
        if !self.afford(from, now) {
            return Some(GateMessage::Answer { to, height: Height::GENESIS, said: GateSaid::Busy });
        }
        let mut height = Height::GENESIS;
        let said = match self.serve(message, now, rng, &mut height) {
            Ok(said) | Err(Failed::Said(said)) => said,
            Err(Failed::Unreadable) => GateSaid::Fault(GateFault::Unavailable),
        };
        Some(GateMessage::Answer { to, height, said })
    }

    fn serve(
        &mut self,
        message: &GateMessage,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
        height: &mut Height,
    ) -> Result<GateSaid, Failed> {
        let tip = self.store.tip().map_err(|_| Failed::Unreadable)?.ok_or(Failed::Unreadable)?;
        *height = tip.height;
        if self.state.as_ref().is_none_or(|known| known.root().version != tip.height) {
            self.state = Some(Query::at(self.chain, tip.height, &*self.store).map_err(|_| Failed::Unreadable)?);
        }
        let query = self.state.as_ref().ok_or(Failed::Unreadable)?;
        let at = Moment { height: tip.height, time: tip.time };
        match message {
            GateMessage::Ask(asked) => {
                self.release(query, asked, Watch { at, now, fresh_for: self.limits.fresh_for }, rng)
            }
            GateMessage::Order(order) => self.obey(query, order, tip.height),
            GateMessage::Answer { .. } => Err(Failed::Unreadable),
        }
    }

    fn release(
        &self,
        query: &Query,
        asked: &Envelope<GateRequest>,
        watch: Watch,
        rng: &mut dyn CryptoRng,
    ) -> Result<GateSaid, Failed> {
        let permit = release(&query.facts(), asked, watch)?;
        let sealed = self.gate.release(&permit, asked.body().recipient.as_slice(), rng)?;
        Ok(GateSaid::Sealed(Bytes::new(sealed)?))
    }

    fn obey(&self, query: &Query, order: &Envelope<GateOrder>, height: Height) -> Result<GateSaid, Failed> {
        match ordered(&query.facts(), order, height)? {
            Ordered::Keep(place, letter) => {
                self.gate.keep(&place, letter)?;
                Ok(GateSaid::Kept)
            }
            Ordered::Destroy(order) => Ok(GateSaid::Erased(Bytes::new(self.gate.destroy(&order)?)?)),
        }
    }

    fn afford(&mut self, from: PeerId, now: Timestamp) -> bool {
        let second = now.millis().div_euclid(1000);
        if second != self.second {
            self.second = second;
            self.spent.clear();
        }
        let spent = self.spent.entry(from).or_default();
        *spent = spent.saturating_add(1);
        *spent <= self.limits.each_peer_a_second
    }
}

impl GateMessage {
    /// Identity of the request or order, which its answer repeats; `None` for an answer.
    #[must_use]
    pub fn asked(&self) -> Option<Digest> {
        match self {
            Self::Ask(asked) => Some(asked.id()),
            Self::Order(order) => Some(order.id()),
            Self::Answer { .. } => None,
        }
    }
}
