//! A gate node's answer on its way to a requester, and what a requester makes of several of them.

use super::{Committee, GateReply, MAX_SUBSETS, NodeNumber};
use crate::seal::envelope::Part;
use crate::seal::grant::GrantBody;
use crate::seal::slot::AccessPart;
use crate::seal::wrap::{Address, Unwrapper, Wrapped, unwrap};
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;
use dmledger_core::codec::{self, Canonical, CodecError, List};
use dmledger_core::consent::release::MAX_GATE_RECORDS;
use dmledger_core::envelope::{AccountId, ChainId};
use dmledger_core::hash::Digest;
use dmledger_core::record::index::RecordId;
use dmledger_core::traits::key_gate::{GateAnswers, WrongAnswer};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One node's partials for the records of one request. Travels wrapped to the requester.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub struct GateAnswer {
    account: AccountId,
    asked: Digest,
    replies: List<GateReply, MAX_GATE_RECORDS>,
}

impl Canonical for GateAnswer {
    // Of at most 1,024 subset keys a node holds at most 715 (14 nodes, threshold 5).
    const MAX_BYTES: usize = 80 + MAX_GATE_RECORDS * (64 + 32 * (MAX_SUBSETS * 3 / 4));
}

impl GateAnswer {
    pub(super) fn new(account: AccountId, asked: Digest, replies: Vec<GateReply>) -> Result<Self, CodecError> {
        Ok(Self { account, asked, replies: List::new(replies)? })
    }

    /// The account it is about.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// Identity of the request it answers.
    #[must_use]
    pub const fn asked(&self) -> Digest {
        self.asked
    }

    /// The partials, record by record.
    #[must_use]
    pub fn replies(&self) -> &[GateReply] {
        &self.replies
    }
}

/// The answers to one request, each held against the check tags of the records before it counts.
pub struct Answers {
    chain: ChainId,
    account: AccountId,
    asked: Digest,
    committee: Committee,
    wanted: Vec<(RecordId, AccessPart)>,
    key: Arc<dyn Unwrapper>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    nodes: Vec<NodeNumber>,
    replies: BTreeMap<RecordId, Vec<GateReply>>,
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answers({} records, from {:?})", self.wanted.len(), self.taken().nodes)
    }
}

impl Answers {
    /// Ready to take the answers to the request with identity `asked` about the records of `parts`, in their order, of
    /// which `grant` opens the hours. `key` is the requester's. `None` if the parts are not all of one epoch and
    /// committee that the grant names.
    #[must_use]
    pub fn new(
        asked: Digest,
        chain: ChainId,
        parts: &[Part],
        grant: &GrantBody,
        key: Arc<dyn Unwrapper>,
    ) -> Option<Self> {
        let first = parts.first()?.access().body();
        let same = |part: &&Part| {
            let access = part.access().body();
            (access.epoch(), access.committee()) == (first.epoch(), first.committee())
        };
        let committee = grant.committee(first)?;
        if parts.iter().filter(same).count() != parts.len() {
            return None;
        }
        let wanted = parts.iter().map(|part| (*part.header().body().record(), part.access().body().clone())).collect();
        let account = grant.terms().account;
        Some(Self { chain, account, asked, committee, wanted, key, taken: Mutex::default() })
    }

    /// Takes the right partials out, by record: what [`Keys::Gated`](crate::seal::Keys::Gated) asks for.
    #[must_use]
    pub fn take_replies(&self) -> BTreeMap<RecordId, Vec<GateReply>> {
        core::mem::take(&mut *self.taken()).replies
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self, sealed: &[u8]) -> Option<GateAnswer> {
        let letter: Wrapped<GateAnswer> = codec::decode(sealed).ok()?;
        unwrap(&letter, &*self.key, self.chain, Address::new(self.account, self.asked)).ok()
    }
}

impl GateAnswers for Answers {
    fn take(&self, sealed: &[u8]) -> Result<(), WrongAnswer> {
        let answer = self.opened(sealed).ok_or(WrongAnswer)?;
        let replies = answer.replies.into_vec();
        let node = replies.first().map(GateReply::node).ok_or(WrongAnswer)?;
        let right = |(reply, (record, access)): (&GateReply, &(RecordId, AccessPart))| {
            reply.node == node && reply.committee == self.committee && reply.matches(record, access)
        };
        if replies.len() != self.wanted.len() || !replies.iter().zip(&self.wanted).all(right) {
            return Err(WrongAnswer);
        }
        let mut taken = self.taken();
        if !taken.nodes.contains(&node) {
            taken.nodes.push(node);
            for reply in replies {
                taken.replies.entry(reply.record).or_default().push(reply);
            }
        }
        Ok(())
    }

    fn are_enough(&self) -> bool {
        let taken = self.taken();
        self.committee.shape.subsets().all(|subset| taken.nodes.iter().any(|node| subset.is_held_by(*node)))
    }
}
