//! The agreement engine behind our own types: inputs in, commands out.
//!
//! This room and its neighbours [`signing`](super::signing) and [`wal`](super::wal) are the only ones that name the
//! engine's crates. An input runs to completion and yields commands in order; the one who asked carries them out
//! afterwards. The answers the engine needs at once, signatures and their checks, are given here.

pub(crate) mod context;
mod convert;

use self::context::{At, Ctx, Members, Value, Voter};
use super::{
    signing::Keyring,
    wal::{Record, Step, Verdict},
};
use crate::{
    error::{Halt, Misbehaviour},
    wire::{ConsensusMessage, LivenessMessage, PolkaProof, Proposal, RoundProof, SignedProposal, SignedVote},
};
use arc_malachitebft_core_consensus::{
    ConsensusMsg, Effect, Error, Input, LivenessMsg, LocallyProposedValue, MisbehaviorEvidence, Params, ProposedValue,
    Resumable, Resume, SignedConsensusMsg, State, process,
};
use arc_malachitebft_core_types::{
    CertificateError, Round, ThresholdParams, Timeout, TimeoutKind, Validity, ValueOrigin, ValuePayload,
    VoteExtensionPolicy,
};
use arc_malachitebft_signing::VerifierExt;
use dmledger_core::{
    envelope::ChainId,
    quorum::{Address, BlockId, Evidence, QuorumCertificate, Validator, ValidatorSet},
    time::Height,
    traits::Signer,
};
use futures::executor::block_on;
use std::sync::Arc;

/// Future heights the engine keeps messages for.
const FUTURE_HEIGHTS: usize = 4;
/// Messages it keeps for each of them.
const FUTURE_MESSAGES: usize = 4096;

/// What the engine wants done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    /// Append to the write-ahead log.
    Log(Record),
    /// Send to every other validator; what was logged before must be durable first.
    Publish(ConsensusMessage),
    /// Send to every other validator on the liveness channel, under the same condition.
    Repeat(LivenessMessage),
    /// Send the body of a block once more, for this round.
    Restream { round: u32, block: BlockId },
    /// Have a timer fire for this step of this round.
    Timer { step: Step, round: u32 },
    /// Forget the timer of this step of this round.
    Cancel { step: Step, round: u32 },
    /// Forget all timers of steps.
    CancelAll,
    /// A round begins.
    Round { round: u32, proposer: Address },
    /// This node is to propose a block for this round.
    Ask { round: u32 },
    /// A proposal by the right proposer, with a good signature, names a block.
    Named(Proposal),
    /// A block is final.
    Decided(QuorumCertificate),
    /// A validator contradicted itself, and here is what it signed.
    Caught(Misbehaviour, Option<Box<Evidence>>),
    /// The node must stop.
    Stop(Halt),
}

/// One validator's engine.
pub(crate) struct Bft {
    state: State<Ctx>,
    keyring: Keyring,
    /// Whose votes the height in progress counts: evidence names keys, votes only addresses.
    set: ValidatorSet,
}

impl Bft {
    /// An engine that waits for [`Self::start`] at `next`.
    pub(crate) fn new(chain: ChainId, signer: Arc<dyn Signer>, next: Height, set: &ValidatorSet) -> Self {
        let keyring = Keyring::new(chain, signer);
        let params = Params {
            address: Voter(keyring.address()),
            threshold_params: ThresholdParams::default(),
            // With proposals alone the engine would take every proposed block for valid without asking.
            value_payload: ValuePayload::ProposalAndParts,
            enabled: true,
        };
        let state = State::new(Ctx, At::new(next), Members::new(set), params, FUTURE_HEIGHTS, FUTURE_MESSAGES);
        Self { state, keyring, set: set.clone() }
    }

    /// Begins `height`. Messages received early for it are taken up.
    pub(crate) fn start(&mut self, height: Height, set: &ValidatorSet, out: &mut Vec<Command>) {
        self.keyring.enter(height);
        self.set = set.clone();
        let policy = VoteExtensionPolicy::Disabled;
        self.run(Input::StartHeight(At::new(height), Members::new(set), false, None, policy), out);
    }

    /// Announces the log's records before they are fed: what this node said is then repeated, not said anew.
    pub(crate) fn begin_replay(&mut self, records: &[Record]) {
        let own = Voter(self.keyring.address());
        let inputs: Vec<_> = records.iter().filter_map(|record| self.input(record)).collect();
        for input in &inputs {
            match input {
                Input::Vote(vote) if vote.message.wire().voter == own.0 => self.keyring.recall_vote(&vote.message),
                Input::Proposal(one) if one.message.wire().proposer == own.0 => {
                    self.keyring.recall_proposal(&one.message);
                }
                _ => {}
            }
        }
        self.state.index_wal_entries(inputs.iter());
    }

    /// Feeds one record of the log.
    pub(crate) fn replay(&mut self, record: &Record, out: &mut Vec<Command>) {
        if let Some(input) = self.input(record) {
            self.run(input, out);
        }
    }

    /// Ends the replay; only now may a block be proposed.
    pub(crate) fn end_replay(&mut self) {
        self.state.reset_entries_index();
    }

    pub(crate) fn vote(&mut self, vote: &SignedVote, out: &mut Vec<Command>) {
        self.run(Input::Vote(convert::vote_in(vote)), out);
    }

    pub(crate) fn proposal(&mut self, proposal: &SignedProposal, out: &mut Vec<Command>) {
        self.run(Input::Proposal(convert::proposal_in(proposal)), out);
    }

    pub(crate) fn polka(&mut self, proof: &PolkaProof, out: &mut Vec<Command>) {
        self.run(Input::PolkaCertificate(convert::polka_in(proof)), out);
    }

    pub(crate) fn round(&mut self, proof: &RoundProof, out: &mut Vec<Command>) {
        self.run(Input::RoundCertificate(convert::round_in(proof)), out);
    }

    /// A step's timer fired.
    pub(crate) fn elapsed(&mut self, step: Step, round: u32, out: &mut Vec<Command>) {
        self.run(Input::TimeoutElapsed(timeout(step, round)), out);
    }

    /// Proposes a block for `round`, in answer to [`Command::Ask`].
    pub(crate) fn propose(&mut self, round: u32, block: BlockId, out: &mut Vec<Command>) {
        let value = LocallyProposedValue::new(self.state.height(), Round::new(round), Value(block));
        self.run(Input::Propose(value), out);
    }

    /// Gives this node's verdict on a body proposed in `round`.
    pub(crate) fn judged(&mut self, round: u32, block: BlockId, verdict: Verdict, out: &mut Vec<Command>) {
        let record = Record::Verdict { round, valid_round: None, proposer: self.proposer(round), block, verdict };
        if let Some(input) = self.input(&record) {
            self.run(input, out);
        }
    }

    /// Whose turn it is in `round` of the engine's height.
    pub(crate) fn proposer(&self, round: u32) -> Address {
        self.state.get_proposer(self.state.height(), Round::new(round)).0
    }

    /// The round in progress, if the height has begun.
    pub(crate) fn current_round(&self) -> Option<u32> {
        self.state.round().as_u32()
    }

    fn input(&self, record: &Record) -> Option<Input<Ctx>> {
        Some(match record {
            Record::Vote(vote) => Input::Vote(convert::vote_in(vote)),
            Record::Proposal(proposal) => Input::Proposal(convert::proposal_in(proposal)),
            Record::Timeout { step, round } => Input::TimeoutElapsed(timeout(*step, *round)),
            Record::Polka(proof) => Input::PolkaCertificate(convert::polka_in(proof)),
            Record::Verdict { round, valid_round, proposer, block, verdict } => {
                let value = ProposedValue {
                    height: self.state.height(),
                    round: Round::new(*round),
                    valid_round: Round::from(*valid_round),
                    proposer: Voter(*proposer),
                    value: Value(*block),
                    validity: Validity::from_bool(*verdict == Verdict::Valid),
                };
                Input::ProposedValue(value, ValueOrigin::Consensus)
            }
            Record::Body(_) | Record::Queued(_) | Record::Settled(_) => return None,
        })
    }

    fn run(&mut self, input: Input<Ctx>, out: &mut Vec<Command>) {
        let (state, keyring, set) = (&mut self.state, &mut self.keyring, &self.set);
        let result: Result<(), Error<Ctx>> = process!(
            input: input,
            state: &mut *state,
            metrics: &(),
            with: effect => Ok::<_, Error<Ctx>>(answer(effect, keyring, set, out))
        );
        match result {
            // Without a signature the engine is resumed with nothing, and says so; the stop is already among the
            // commands.
            Ok(()) | Err(Error::UnexpectedResume(..)) => {}
            Err(Error::ReplayDivergence(_, height, round)) => {
                let round = round.as_u32().unwrap_or(0);
                out.push(Command::Stop(Halt::WouldSignTwice { height: height.height(), round }));
            }
            Err(error) => out.push(Command::Stop(Halt::Engine(error.to_string()))),
        }
    }
}

/// Answers one effect; whatever need not be answered at once becomes a command.
fn answer(effect: Effect<Ctx>, keyring: &mut Keyring, set: &ValidatorSet, out: &mut Vec<Command>) -> Resume<Ctx> {
    match effect {
        Effect::SignVote(vote, resume) => match keyring.sign_vote(vote) {
            Ok(signed) => return resume.resume_with(signed),
            Err(halt) => out.push(Command::Stop(halt)),
        },
        Effect::SignProposal(proposal, resume) => match keyring.sign_proposal(proposal) {
            Ok(signed) => return resume.resume_with(signed),
            Err(halt) => out.push(Command::Stop(halt)),
        },
        Effect::VerifySignature(message, key, resume) => {
            let holds = match &message.message {
                ConsensusMsg::Vote(vote) => keyring.verify_vote(vote, &message.signature, &key),
                ConsensusMsg::Proposal(one) => {
                    let holds = keyring.verify_proposal(one, &message.signature, &key);
                    if holds {
                        out.push(Command::Named(*one.wire()));
                    }
                    holds
                }
            };
            return resume.resume_with(holds);
        }
        effect @ (Effect::VerifyCommitCertificate(..)
        | Effect::VerifyExtendedCommitCertificate(..)
        | Effect::VerifyPolkaCertificate(..)
        | Effect::VerifyRoundCertificate(..)) => return Resume::CertificateValidity(verify(effect, keyring)),
        Effect::ExtendVote(.., resume) => return resume.resume_with(None),
        Effect::VerifyVoteExtension(.., resume) => return resume.resume_with(Ok(())),
        Effect::Finalize(certificate, _, evidence, _) => {
            out.extend(caught(&evidence, certificate.height.height(), set));
        }
        effect => out.extend(command(effect)),
    }
    Resume::Continue
}

fn verify(effect: Effect<Ctx>, keyring: &Keyring) -> Result<(), CertificateError<Ctx>> {
    match effect {
        Effect::VerifyCommitCertificate(one, set, thresholds, _) => {
            block_on(keyring.verify_commit_certificate(&Ctx, &one, &set, thresholds))
        }
        Effect::VerifyExtendedCommitCertificate(one, set, thresholds, policy, _) => {
            block_on(keyring.verify_extended_commit_certificate(&Ctx, &one, &set, thresholds, policy))
        }
        Effect::VerifyPolkaCertificate(one, set, thresholds, _) => {
            block_on(keyring.verify_polka_certificate(&Ctx, &one, &set, thresholds))
        }
        Effect::VerifyRoundCertificate(one, set, thresholds, _) => {
            block_on(keyring.verify_round_certificate(&Ctx, &one, &set, thresholds))
        }
        _ => Err(CertificateError::VerificationError(None)),
    }
}

/// Effects that are carried out later, as commands.
fn command(effect: Effect<Ctx>) -> Option<Command> {
    match effect {
        Effect::CancelAllTimeouts(_) => Some(Command::CancelAll),
        Effect::CancelTimeout(timeout, _) => timer(timeout).map(|(step, round)| Command::Cancel { step, round }),
        Effect::ScheduleTimeout(timeout, _) => timer(timeout).map(|(step, round)| Command::Timer { step, round }),
        Effect::StartRound(_, round, proposer, ..) => {
            round.as_u32().map(|round| Command::Round { round, proposer: proposer.0 })
        }
        Effect::PublishConsensusMsg(SignedConsensusMsg::Vote(vote), _) => {
            Some(Command::Publish(ConsensusMessage::Vote(convert::vote_out(&vote))))
        }
        Effect::PublishConsensusMsg(SignedConsensusMsg::Proposal(one), _) => {
            Some(Command::Publish(ConsensusMessage::Proposal(convert::proposal_out(&one))))
        }
        Effect::PublishLivenessMsg(LivenessMsg::Vote(vote), _) | Effect::RepublishVote(vote, _) => {
            Some(Command::Repeat(LivenessMessage::Vote(convert::vote_out(&vote))))
        }
        Effect::PublishLivenessMsg(LivenessMsg::PolkaCertificate(one), _) => {
            convert::polka_out(&one).map(|proof| Command::Repeat(LivenessMessage::Polka(proof)))
        }
        Effect::PublishLivenessMsg(LivenessMsg::SkipRoundCertificate(one), _)
        | Effect::RepublishRoundCertificate(one, _) => {
            convert::round_out(&one).map(|proof| Command::Repeat(LivenessMessage::Round(proof)))
        }
        Effect::GetValue(_, round, ..) => round.as_u32().map(|round| Command::Ask { round }),
        Effect::RestreamProposal(_, round, _, _, block, _) => {
            round.as_u32().map(|round| Command::Restream { round, block })
        }
        Effect::Decide(certificate, ..) => Some(match convert::certificate_out(&certificate) {
            Ok(certificate) => Command::Decided(certificate),
            Err(error) => Command::Stop(Halt::Engine(error.to_string())),
        }),
        Effect::WalAppend(_, input, _) => record(input).map(Command::Log),
        // Catch-up goes past the engine: the core verifies certificates, and `start` moves the engine on.
        _ => None,
    }
}

fn record(input: Input<Ctx>) -> Option<Record> {
    match input {
        Input::Vote(vote) => Some(Record::Vote(convert::vote_out(&vote))),
        Input::Proposal(one) => Some(Record::Proposal(convert::proposal_out(&one))),
        Input::PolkaCertificate(one) => convert::polka_out(&one).map(Record::Polka),
        Input::TimeoutElapsed(timeout) => timer(timeout).map(|(step, round)| Record::Timeout { step, round }),
        Input::ProposedValue(value, _) => Some(Record::Verdict {
            round: value.round.as_u32()?,
            valid_round: value.valid_round.as_u32(),
            proposer: value.proposer.0,
            block: value.value.0,
            verdict: if value.validity.is_valid() { Verdict::Valid } else { Verdict::Invalid },
        }),
        _ => None,
    }
}

/// Who was caught at this height, each with the first two messages that convict it.
fn caught(evidence: &MisbehaviorEvidence<Ctx>, height: Height, set: &ValidatorSet) -> Vec<Command> {
    let key = |offender: &Voter| set.get(&offender.0).map(Validator::key);
    let votes = evidence.votes.iter().map(|(offender, pairs)| {
        let proof = key(offender).zip(pairs.first()).and_then(|(key, pair)| convert::votes_evidence(key, pair));
        Command::Caught(Misbehaviour { offender: offender.0, height, what: "votes" }, proof.map(Box::new))
    });
    let proposals = evidence.proposals.iter().map(|(offender, pairs)| {
        let proof = key(offender).zip(pairs.first()).and_then(|(key, pair)| convert::proposals_evidence(key, pair));
        Command::Caught(Misbehaviour { offender: offender.0, height, what: "proposals" }, proof.map(Box::new))
    });
    votes.chain(proposals).collect()
}

fn timeout(step: Step, round: u32) -> Timeout {
    let kind = match step {
        Step::Propose => TimeoutKind::Propose,
        Step::Prevote => TimeoutKind::Prevote,
        Step::Precommit => TimeoutKind::Precommit,
        Step::Rebroadcast => TimeoutKind::Rebroadcast,
    };
    Timeout::new(Round::new(round), kind)
}

fn timer(timeout: Timeout) -> Option<(Step, u32)> {
    let step = match timeout.kind {
        TimeoutKind::Propose => Step::Propose,
        TimeoutKind::Prevote => Step::Prevote,
        TimeoutKind::Precommit => Step::Precommit,
        TimeoutKind::Rebroadcast => Step::Rebroadcast,
        // Never scheduled: no height has a target time here, which would read the real clock.
        TimeoutKind::FinalizeHeight(_) => return None,
    };
    Some((step, timeout.round.as_u32()?))
}
