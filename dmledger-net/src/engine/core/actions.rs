//! Actions on their way into a block: submitted here, passed on, refused, or seen final.
//!
//! A validator checks an action, lets it wait, and tells every other validator. A follower keeps what is submitted
//! through it in its log and its outbox, hands it to as many validators as there must be an honest one among, and hands
//! it to others again and again until it sees the action final or as many validators refuse it.

use super::Core;
use crate::{
    engine::wal::{Entry, Record},
    error::SubmitError,
    node::mempool::{Admission, Chances},
    transport::PeerId,
    wire::GossipMessage,
};
use dmledger_core::{
    action::{self, Accuse, Action},
    block::RawAction,
    envelope::Envelope,
    hash::Digest,
    ledger::Rejection,
    quorum::{Evidence, Validator},
    time::Height,
};
use std::collections::{BTreeMap, HashMap};

/// Ticks before an action is handed over again; doubled each time up to [`MAX_RESEND_TICKS`].
const RESEND_TICKS: u64 = 4;
const MAX_RESEND_TICKS: u64 = 128;
/// Most actions handed over again in one tick.
const RESENDS: usize = 1024;
/// Most actions the ledger is asked about again at one occasion.
const RECHECKS: usize = 64;

/// Actions submitted through this node that are not final yet, in order of submission.
#[derive(Debug)]
pub(super) struct Outbox {
    limit: usize,
    next: u64,
    waiting: BTreeMap<u64, Waiting>,
    places: HashMap<Digest, u64>,
}

#[derive(Debug)]
struct Waiting {
    action: RawAction,
    digest: Digest,
    due: u64,
    wait: u64,
    refusals: BTreeMap<PeerId, (Height, Rejection)>,
}

impl Outbox {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, next: 0, waiting: BTreeMap::new(), places: HashMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes up an action found in the log.
    pub(super) fn restore(&mut self, action: RawAction) {
        let digest = action.digest();
        self.add(action, digest, 0);
    }

    /// Forgets an action that the log says is settled.
    pub(super) fn drop_restored(&mut self, digest: &Digest) {
        self.remove(digest);
    }

    fn add(&mut self, action: RawAction, digest: Digest, due: u64) {
        if self.places.contains_key(&digest) {
            return;
        }
        self.places.insert(digest, self.next);
        let waiting = Waiting { action, digest, due, wait: RESEND_TICKS, refusals: BTreeMap::new() };
        self.waiting.insert(self.next, waiting);
        self.next += 1;
    }

    fn remove(&mut self, digest: &Digest) -> bool {
        self.places.remove(digest).and_then(|place| self.waiting.remove(&place)).is_some()
    }

    /// What is to be handed over again at this tick.
    fn due(&mut self, tick: u64) -> Vec<RawAction> {
        let mut out = Vec::new();
        for waiting in self.waiting.values_mut().filter(|waiting| waiting.due <= tick).take(RESENDS) {
            waiting.due = tick + waiting.wait;
            waiting.wait = (2 * waiting.wait).min(MAX_RESEND_TICKS);
            out.push(waiting.action.clone());
        }
        out
    }
}

impl Core {
    /// The host submits actions.
    pub(super) fn submit(&mut self, actions: Vec<(u64, RawAction)>) {
        let mut fresh = Vec::new();
        for (ticket, action) in actions {
            let digest = action.digest();
            self.tickets.entry(digest).or_default().push(ticket);
            if let Some(Admission::Final(height)) = self.pool.knows(&digest) {
                self.settle(digest, &Ok(height));
            } else if self.votes() {
                self.submit_here(digest, action, &mut fresh);
            } else {
                self.submit_elsewhere(digest, action, &mut fresh);
            }
        }
        self.pass_on(fresh);
        self.work_arrived();
    }

    /// Puts what convicts a validator before the ledger. Whoever else caught it does the same: the ledger takes one.
    pub(super) fn accuse(&mut self, evidence: &Evidence) {
        let body = Action::Accuse(Box::new(Accuse { evidence: *evidence }));
        let Ok(action) = action::encode(&Envelope::new(self.chain, None, body)) else { return };
        let digest = action.digest();
        // The ledger may know already, or know nothing of evidence.
        if self.pool.knows(&digest).is_some() || self.machine.check(&action).is_err() {
            return;
        }
        if matches!(self.wait(action.clone(), digest, self.local), Admission::Added | Admission::Displaced(_)) {
            self.pass_on(vec![action]);
            self.work_arrived();
        }
    }

    fn submit_here(&mut self, digest: Digest, action: RawAction, fresh: &mut Vec<RawAction>) {
        if let Err(rejection) = self.machine.check(&action) {
            return self.settle(digest, &Err(SubmitError::Refused(rejection)));
        }
        match self.wait(action.clone(), digest, self.local) {
            Admission::Full => {
                let waiting = self.pool.len();
                self.settle(digest, &Err(SubmitError::Full { waiting }));
            }
            Admission::Final(height) => self.settle(digest, &Ok(height)),
            Admission::Added | Admission::Displaced(_) => {
                let again = self.catch_up.now() + RESEND_TICKS;
                self.outbox.add(action.clone(), digest, again);
                fresh.push(action);
            }
            Admission::Waiting => {}
        }
    }

    /// Queues an action for the validators. It is durable before it is sent, hence before its submitter can believe it
    /// on its way.
    fn submit_elsewhere(&mut self, digest: Digest, action: RawAction, fresh: &mut Vec<RawAction>) {
        let waiting = self.outbox.len();
        if self.outbox.places.contains_key(&digest) {
            return;
        }
        if waiting >= self.outbox.limit {
            return self.settle(digest, &Err(SubmitError::Full { waiting }));
        }
        self.append(&Entry { height: self.tip.next(), record: Record::Queued(action.clone()) });
        self.spoken = true;
        let again = self.catch_up.now() + RESEND_TICKS;
        self.outbox.add(action.clone(), digest, again);
        fresh.push(action);
    }

    /// Lets an action wait here for a block; whoever must make room is told.
    fn wait(&mut self, action: RawAction, digest: Digest, source: PeerId) -> Admission {
        let admission = self.pool.add(action, digest, source);
        if let Admission::Displaced(other) = admission {
            self.outbox.remove(&other);
            self.settle(other, &Err(SubmitError::Displaced));
        }
        admission
    }

    /// Peers pass actions on.
    pub(super) fn gossiped(&mut self, from: PeerId, actions: Vec<RawAction>) {
        if !self.votes() {
            return;
        }
        let from_validator = self.set.get(&from.address()).is_some();
        let mut fresh = Vec::new();
        for action in actions {
            let digest = action.digest();
            match self.pool.knows(&digest) {
                Some(Admission::Final(height)) if !from_validator => {
                    self.tell(from, &GossipMessage::Final { action: digest, height });
                    continue;
                }
                Some(_) => continue,
                None => {}
            }
            // What a fellow validator passes on, it has checked. If it has not, the next proposal passes it over, and
            // it is given up; so signatures are verified in the ledger's batches by all but the first who see them.
            let checked = if from_validator { Ok(digest) } else { self.machine.check(&action) };
            match checked {
                Ok(_) => {
                    let added = self.wait(action.clone(), digest, from);
                    if !from_validator && matches!(added, Admission::Added | Admission::Displaced(_)) {
                        fresh.push(action);
                    }
                }
                Err(rejection) => {
                    if let Some(message) = GossipMessage::refusal(digest, self.tip, &rejection) {
                        self.tell(from, &message);
                    }
                }
            }
        }
        self.pass_on(fresh);
        self.work_arrived();
    }

    /// Hands actions to the validators: a validator to all others, a follower to a few whose turn it is.
    fn pass_on(&mut self, actions: Vec<RawAction>) {
        if actions.is_empty() {
            return;
        }
        let to = if self.votes() { self.others.clone() } else { self.contacts() };
        for message in GossipMessage::pack(actions) {
            let bytes = crate::wire::Message::frame(&message);
            for to in &to {
                let (channel, bytes) = (crate::transport::Channel::Gossip, bytes.clone());
                self.out.push(super::Output::Send { to: *to, channel, bytes });
            }
        }
    }

    /// As many validators as there is an honest one among; others at every tick.
    fn contacts(&self) -> Vec<PeerId> {
        let enough = self.others.len() / 3 + 1;
        let turn = usize::try_from(self.catch_up.now()).unwrap_or(0) % self.others.len().max(1);
        self.others.iter().cycle().skip(turn).take(enough.min(self.others.len())).copied().collect()
    }

    /// Something waits here now: an idle height begins, a proposal that waited for it is made.
    fn work_arrived(&mut self) {
        if !self.pool.has_work() {
            return;
        }
        self.consider_start();
        if let Some(round) = self.asked.filter(|_| self.running && self.replaying.is_none()) {
            self.propose(round);
        }
    }

    /// Hands over again what should have become final by now.
    pub(super) fn resend(&mut self, tick: u64) {
        let due = self.outbox.due(tick);
        if self.votes() {
            // Everyone may have lost it, this node included (a restart, a place given up).
            for action in &due {
                let digest = action.digest();
                if self.pool.knows(&digest).is_none() && self.machine.check(action).is_ok() {
                    let _: Admission = self.wait(action.clone(), digest, self.local);
                }
            }
        }
        self.pass_on(due);
        self.work_arrived();
    }

    /// A validator refuses an action that was submitted here.
    pub(super) fn refused(&mut self, from: PeerId, action: Digest, tip: Height, code: u16, reason: &str) {
        if self.set.get(&from.address()).is_none() || self.votes() {
            return;
        }
        let place = self.outbox.places.get(&action).copied();
        if let Some(waiting) = place.and_then(|place| self.outbox.waiting.get_mut(&place)) {
            waiting.refusals.insert(from, (tip, Rejection::new(code, reason.to_owned())));
            self.catch_up.heard(from, tip);
            self.pull();
            self.settle_refused();
        }
    }

    /// A peer says that an action submitted here is final; this node's own chain has the last word.
    pub(super) fn said_final(&mut self, from: PeerId, action: Digest, height: Height) {
        if !self.outbox.places.contains_key(&action) {
            return;
        }
        if height > self.tip {
            self.catch_up.heard(from, height);
            return self.pull();
        }
        let block = self.finalized(height).ok().flatten();
        if block.is_some_and(|block| block.block().actions().iter().any(|one| one.digest() == action)) {
            self.outbox_done(&action);
            self.settle(action, &Ok(height));
        }
    }

    /// Gives back what more than a third of the voting power refuses, once this node has seen every block the refusals
    /// were based on: an action that is final already is refused too.
    pub(super) fn settle_refused(&mut self) {
        let mut back = Vec::new();
        for waiting in self.outbox.waiting.values().filter(|waiting| !waiting.refusals.is_empty()) {
            let seen = waiting.refusals.iter().filter(|(_, (tip, _))| *tip <= self.tip);
            let power: u64 = seen.filter_map(|(peer, _)| self.set.get(&peer.address())).map(Validator::power).sum();
            if 3 * power > self.set.total_power() {
                let words = waiting.refusals.values().next().map(|(_, rejection)| rejection.clone());
                back.extend(words.map(|rejection| (waiting.digest, rejection)));
            }
        }
        for (action, rejection) in back {
            self.outbox_done(&action);
            self.settle(action, &Err(SubmitError::Refused(rejection)));
        }
    }

    /// An action submitted here needs no more care.
    pub(super) fn outbox_done(&mut self, digest: &Digest) {
        if self.outbox.remove(digest) && !self.votes() {
            self.append(&Entry { height: self.tip.next(), record: Record::Settled(*digest) });
            self.forget_log();
        }
    }

    /// Asks the ledger about actions again, and gives back those it refuses or that have had their chances.
    pub(super) fn recheck(&mut self, actions: Vec<(Digest, RawAction, Chances)>) {
        for (digest, action, chances) in actions.into_iter().take(RECHECKS) {
            let error = match (self.machine.check(&action), chances) {
                (Err(rejection), _) => SubmitError::Refused(rejection),
                (Ok(_), Chances::Used) => SubmitError::Displaced,
                (Ok(_), Chances::Left) => continue,
            };
            self.pool.give_up(&digest);
            self.outbox.remove(&digest);
            self.settle(digest, &Err(error));
        }
    }
}
