//! The core's types in the shapes the engine's `Context` asks for.

use crate::{engine::signing::Scheme, wire};
use arc_malachitebft_core_types::{
    self as bft, LinearTimeouts, NilOrVal, Round, SignedMessage, ValueId, VoteType, VotingPower,
};
use dmledger_core::{
    envelope::ChainId,
    hash::Digest,
    key::PublicKey,
    quorum::{Address, BlockId, ValidatorSet, Vote, VoteKind},
    time::Height,
};
use std::{fmt, sync::Arc};

/// The engine, spoken over the core's types.
#[derive(Clone, Debug)]
pub(crate) struct Ctx;

/// A validator's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Voter(pub(crate) Address);

impl fmt::Display for Voter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl bft::Address for Voter {}

/// A height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct At(u64);

impl At {
    pub(crate) const fn new(height: Height) -> Self {
        Self(height.value())
    }

    pub(crate) const fn height(self) -> Height {
        Height::new(self.0)
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl bft::Height for At {
    const ZERO: Self = Self(0);
    const INITIAL: Self = Self(1);

    fn increment_by(&self, n: u64) -> Self {
        Self(self.0.saturating_add(n))
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.checked_sub(n).map(Self)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

/// What is agreed on: the identity of a block, whose body travels apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Value(pub(crate) BlockId);

impl bft::Value for Value {
    type Id = BlockId;

    fn id(&self) -> BlockId {
        self.0
    }
}

/// Bodies are not streamed through the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoPart;

impl bft::ProposalPart<Ctx> for NoPart {
    fn is_first(&self) -> bool {
        true
    }

    fn is_last(&self) -> bool {
        true
    }
}

/// A vote, with its block in the engine's shape beside the core's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Voted {
    vote: Vote,
    voter: Voter,
    value: NilOrVal<BlockId>,
}

impl Voted {
    pub(crate) fn new(kind: VoteKind, height: Height, round: u32, value: NilOrVal<BlockId>, voter: Address) -> Self {
        Self::from_wire(Vote { kind, height, round, block: block(&value), voter })
    }

    pub(crate) fn from_wire(vote: Vote) -> Self {
        let value = vote.block.map_or(NilOrVal::Nil, NilOrVal::Val);
        Self { vote, voter: Voter(vote.voter), value }
    }

    pub(crate) const fn wire(&self) -> &Vote {
        &self.vote
    }

    pub(crate) const fn height(&self) -> Height {
        self.vote.height
    }

    pub(crate) fn digest(&self, chain: &ChainId) -> Digest {
        self.vote.digest(chain)
    }
}

impl bft::Vote<Ctx> for Voted {
    fn height(&self) -> At {
        At::new(self.vote.height)
    }

    fn round(&self) -> Round {
        Round::new(self.vote.round)
    }

    fn value(&self) -> &NilOrVal<BlockId> {
        &self.value
    }

    fn take_value(self) -> NilOrVal<BlockId> {
        self.value
    }

    fn vote_type(&self) -> VoteType {
        vote_type(self.vote.kind)
    }

    fn validator_address(&self) -> &Voter {
        &self.voter
    }

    fn extension(&self) -> Option<&SignedMessage<Ctx, ()>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedMessage<Ctx, ()>> {
        None
    }

    fn extend(self, _extension: SignedMessage<Ctx, ()>) -> Self {
        self
    }
}

/// A proposal, with its block in the engine's shape beside ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposed {
    proposal: wire::Proposal,
    proposer: Voter,
    value: Value,
}

impl Proposed {
    pub(crate) fn from_wire(proposal: wire::Proposal) -> Self {
        Self { proposal, proposer: Voter(proposal.proposer), value: Value(proposal.block) }
    }

    pub(crate) const fn wire(&self) -> &wire::Proposal {
        &self.proposal
    }
}

impl bft::Proposal<Ctx> for Proposed {
    fn height(&self) -> At {
        At::new(self.proposal.height)
    }

    fn round(&self) -> Round {
        Round::new(self.proposal.round)
    }

    fn value(&self) -> &Value {
        &self.value
    }

    fn take_value(self) -> Value {
        self.value
    }

    fn pol_round(&self) -> Round {
        Round::from(self.proposal.valid_round)
    }

    fn validator_address(&self) -> &Voter {
        &self.proposer
    }
}

/// A validator of the set in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    voter: Voter,
    key: PublicKey,
    power: u64,
}

impl bft::Validator<Ctx> for Member {
    fn address(&self) -> &Voter {
        &self.voter
    }

    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    fn voting_power(&self) -> VotingPower {
        self.power
    }
}

/// The set in force, in the core's order (ascending by address); cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Members {
    members: Arc<[Member]>,
    total: u64,
}

impl Members {
    pub(crate) fn new(set: &ValidatorSet) -> Self {
        let member = |one: &dmledger_core::quorum::Validator| Member {
            voter: Voter(one.address()),
            key: one.key(),
            power: one.power(),
        };
        Self { members: set.iter().map(member).collect(), total: set.total_power() }
    }
}

impl bft::ValidatorSet<Ctx> for Members {
    fn count(&self) -> usize {
        self.members.len()
    }

    fn total_voting_power(&self) -> VotingPower {
        self.total
    }

    fn get_by_address(&self, address: &Voter) -> Option<&Member> {
        self.members.get(self.members.binary_search_by_key(address, |member| member.voter).ok()?)
    }

    fn get_by_index(&self, index: usize) -> Option<&Member> {
        self.members.get(index)
    }
}

impl bft::Context for Ctx {
    type Address = Voter;
    type Height = At;
    type ProposalPart = NoPart;
    type Proposal = Proposed;
    type Validator = Member;
    type ValidatorSet = Members;
    type Timeouts = LinearTimeouts;
    type Value = Value;
    type Vote = Voted;
    type Extension = ();
    type SigningScheme = Scheme;

    /// Round robin over the set: every height and every round moves on by one.
    #[expect(clippy::indexing_slicing, reason = "the remainder is below the length of a set that is never empty")]
    fn select_proposer<'a>(&self, set: &'a Members, height: At, round: Round) -> &'a Member {
        let turn = height.0.wrapping_add(u64::from(round.as_u32().unwrap_or(0)));
        let index = usize::try_from(turn % set.members.len() as u64).unwrap_or(0);
        &set.members[index]
    }

    fn new_proposal(&self, height: At, round: Round, value: Value, pol_round: Round, proposer: Voter) -> Proposed {
        Proposed::from_wire(wire::Proposal {
            height: height.height(),
            round: round.as_u32().unwrap_or(0),
            block: value.0,
            valid_round: pol_round.as_u32(),
            proposer: proposer.0,
        })
    }

    fn new_prevote(&self, height: At, round: Round, value: NilOrVal<ValueId<Self>>, voter: Voter) -> Voted {
        Voted::new(VoteKind::Prevote, height.height(), round.as_u32().unwrap_or(0), value, voter.0)
    }

    fn new_precommit(&self, height: At, round: Round, value: NilOrVal<ValueId<Self>>, voter: Voter) -> Voted {
        Voted::new(VoteKind::Precommit, height.height(), round.as_u32().unwrap_or(0), value, voter.0)
    }
}

pub(crate) const fn vote_type(kind: VoteKind) -> VoteType {
    match kind {
        VoteKind::Prevote => VoteType::Prevote,
        VoteKind::Precommit => VoteType::Precommit,
    }
}

pub(crate) const fn vote_kind(kind: VoteType) -> VoteKind {
    match kind {
        VoteType::Prevote => VoteKind::Prevote,
        VoteType::Precommit => VoteKind::Precommit,
    }
}

pub(crate) fn block(value: &NilOrVal<BlockId>) -> Option<BlockId> {
    match value {
        NilOrVal::Nil => None,
        NilOrVal::Val(block) => Some(*block),
    }
}
