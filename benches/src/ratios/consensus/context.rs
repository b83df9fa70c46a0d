//! The types the bare engine is spoken to in.

use arc_malachitebft_core_types::{
    self as bft, LinearTimeouts, NilOrVal, Round, SignedMessage, SigningScheme, ValueId, VoteType, VotingPower,
};
use dmledger_core::{
    key::{KeyError, PublicKey, SecretKey, Signature},
    quorum::{Address, BlockId, Vote, VoteKind},
    time::Height,
};
use dmledger_net::wire::Proposal;
use std::{fmt, sync::Arc};

#[derive(Clone, Debug)]
pub struct Ctx;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Voter(pub Address);

impl fmt::Display for Voter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl bft::Address for Voter {}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At(pub u64);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl bft::Height for At {
    const ZERO: Self = Self(0);
    const INITIAL: Self = Self(1);

    fn increment_by(&self, n: u64) -> Self {
        Self(self.0 + n)
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.checked_sub(n).map(Self)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Value(pub BlockId);

impl bft::Value for Value {
    type Id = BlockId;

    fn id(&self) -> BlockId {
        self.0
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoPart;

impl bft::ProposalPart<Ctx> for NoPart {
    fn is_first(&self) -> bool {
        true
    }

    fn is_last(&self) -> bool {
        true
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme;

#[derive(Clone)]
pub struct NoSecret;

impl SigningScheme for Scheme {
    type DecodingError = KeyError;
    type Signature = Signature;
    type PublicKey = PublicKey;
    type PrivateKey = NoSecret;

    fn decode_signature(bytes: &[u8]) -> Result<Signature, KeyError> {
        Signature::from_bytes(bytes.try_into().map_err(|_| KeyError::InvalidSecret)?)
    }

    fn encode_signature(signature: &Signature) -> Vec<u8> {
        signature.as_bytes().to_vec()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<PublicKey, KeyError> {
        PublicKey::from_bytes(bytes.try_into().map_err(|_| KeyError::InvalidSecret)?)
    }

    fn encode_public_key(key: &PublicKey) -> Vec<u8> {
        key.as_bytes().to_vec()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voted {
    pub vote: Vote,
    voter: Voter,
    value: NilOrVal<BlockId>,
}

impl Voted {
    fn new(kind: VoteKind, height: At, round: Round, value: NilOrVal<BlockId>, voter: Voter) -> Self {
        let block = match value {
            NilOrVal::Nil => None,
            NilOrVal::Val(block) => Some(block),
        };
        let (height, round) = (Height::new(height.0), round.as_u32().unwrap_or(0));
        Self { vote: Vote { kind, height, round, block, voter: voter.0 }, voter, value }
    }
}

impl bft::Vote<Ctx> for Voted {
    fn height(&self) -> At {
        At(self.vote.height.value())
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
        match self.vote.kind {
            VoteKind::Prevote => VoteType::Prevote,
            VoteKind::Precommit => VoteType::Precommit,
        }
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

    fn extend(self, _: SignedMessage<Ctx, ()>) -> Self {
        self
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    pub proposal: Proposal,
    proposer: Voter,
    value: Value,
}

impl bft::Proposal<Ctx> for Proposed {
    fn height(&self) -> At {
        At(self.proposal.height.value())
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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub voter: Voter,
    key: PublicKey,
}

impl Member {
    pub fn new(secret: &SecretKey) -> Self {
        let key = secret.public();
        Self { voter: Voter(Address::of(&key)), key }
    }
}

impl bft::Validator<Ctx> for Member {
    fn address(&self) -> &Voter {
        &self.voter
    }

    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    fn voting_power(&self) -> VotingPower {
        1
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members(pub Arc<[Member]>);

impl bft::ValidatorSet<Ctx> for Members {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn total_voting_power(&self) -> VotingPower {
        self.0.len() as u64
    }

    fn get_by_address(&self, address: &Voter) -> Option<&Member> {
        self.0.iter().find(|member| member.voter == *address)
    }

    fn get_by_index(&self, index: usize) -> Option<&Member> {
        self.0.get(index)
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

    fn select_proposer<'a>(&self, set: &'a Members, height: At, round: Round) -> &'a Member {
        let turn = height.0 + u64::from(round.as_u32().unwrap_or(0));
        &set.0[usize::try_from(turn % set.0.len() as u64).unwrap_or(0)]
    }

    fn new_proposal(&self, height: At, round: Round, value: Value, pol_round: Round, proposer: Voter) -> Proposed {
        let proposal = Proposal {
            height: Height::new(height.0),
            round: round.as_u32().unwrap_or(0),
            block: value.0,
            valid_round: pol_round.as_u32(),
            proposer: proposer.0,
        };
        Proposed { proposal, proposer, value }
    }

    fn new_prevote(&self, height: At, round: Round, value: NilOrVal<ValueId<Self>>, voter: Voter) -> Voted {
        Voted::new(VoteKind::Prevote, height, round, value, voter)
    }

    fn new_precommit(&self, height: At, round: Round, value: NilOrVal<ValueId<Self>>, voter: Voter) -> Voted {
        Voted::new(VoteKind::Precommit, height, round, value, voter)
    }
}
