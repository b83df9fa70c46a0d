//! The agreement engine alone: threads, channels, votes and signatures.

#[path = "context.rs"]
mod context;

use super::VALIDATORS;
use arc_malachitebft_core_consensus::{
    ConsensusMsg, Effect, Error, Input, LocallyProposedValue, Params, ProposedValue, Resumable, Resume,
    SignedConsensusMsg, State, process,
};
use arc_malachitebft_core_types::{
    CertificateError, Round, SignedMessage, ThresholdParams, ValidatorProof, Validity, ValueOrigin, ValuePayload,
    VoteExtensionPolicy, VoteExtensionScope,
};
use arc_malachitebft_signing::{Error as VerifyError, VerificationResult, Verifier, VerifierExt};
use context::{At, Ctx, Member, Members, Proposed, Value, Voted, Voter};
use dmledger_core::{
    envelope::ChainId,
    hash::{Digest, tag, tagged},
    key::{PublicKey, SecretKey, Signature},
    quorum::{Address, BlockId},
};
use dmledger_net::testing;
use futures::executor::block_on;
use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

const CHAIN: ChainId = ChainId::new(Digest::ZERO);

/// Makes four engines decide `blocks` blocks and says how far apart they were at the first.
pub fn run(blocks: u64) -> Result<Vec<Duration>, Box<dyn std::error::Error>> {
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..VALIDATORS).map(|_| channel()).unzip();
    let mut members: Vec<_> = (0..VALIDATORS).map(|n| Member::new(&testing::secret_key(n))).collect();
    members.sort_by_key(|member| member.voter);
    let members = Members(members.into());
    let nodes: Vec<_> = (0..VALIDATORS)
        .zip(receivers)
        .map(|(n, receiver)| {
            let (senders, members) = (senders.clone(), members.clone());
            thread::spawn(move || Node::new(n, senders, receiver, members).run(blocks))
        })
        .collect();
    drop(senders);
    let mut decided = Vec::new();
    for node in nodes {
        decided.push(node.join().map_err(|_| "an engine panicked")?);
    }
    let first = decided.first().ok_or("no engines")?;
    Ok(first.windows(2).filter_map(|pair| Some(pair.get(1)?.duration_since(*pair.first()?))).collect())
}

#[derive(Clone)]
enum Message {
    Signed(SignedConsensusMsg<Ctx>),
    Body(u64, Arc<Vec<u8>>),
}

struct Node {
    state: State<Ctx>,
    keys: Keys,
    members: Members,
    number: usize,
    senders: Vec<Sender<Message>>,
    receiver: Receiver<Message>,
}

struct Keys {
    secret: SecretKey,
}

/// What an engine wants done after an input.
#[derive(Default)]
struct Wishes {
    publish: Vec<SignedConsensusMsg<Ctx>>,
    propose: Option<Round>,
    decided: bool,
}

impl Node {
    fn new(n: u8, senders: Vec<Sender<Message>>, receiver: Receiver<Message>, members: Members) -> Self {
        let secret = testing::secret_key(n);
        let voter = Voter(Address::of(&secret.public()));
        let params = Params {
            address: voter,
            threshold_params: ThresholdParams::default(),
            value_payload: ValuePayload::ProposalAndParts,
            enabled: true,
        };
        let state = State::new(Ctx, At(1), members.clone(), params, 8, 1024);
        Self { state, keys: Keys { secret }, members, number: usize::from(n), senders, receiver }
    }

    fn run(mut self, blocks: u64) -> Vec<Instant> {
        let mut decided = Vec::new();
        let mut height = 1;
        let mut early: Vec<(u64, Arc<Vec<u8>>)> = Vec::new();
        while height <= blocks {
            let policy = VoteExtensionPolicy::Disabled;
            let mut done = self.feed(Input::StartHeight(At(height), self.members.clone(), false, None, policy));
            for (at, body) in std::mem::take(&mut early) {
                if at == height {
                    done |= self.body(&body);
                } else if at > height {
                    early.push((at, body));
                }
            }
            while !done {
                let Ok(message) = self.receiver.recv() else { return decided };
                done = match message {
                    Message::Signed(SignedConsensusMsg::Vote(vote)) => self.feed(Input::Vote(vote)),
                    Message::Signed(SignedConsensusMsg::Proposal(one)) => self.feed(Input::Proposal(one)),
                    Message::Body(at, body) if at == height => self.body(&body),
                    Message::Body(at, body) => {
                        early.push((at, body));
                        false
                    }
                };
            }
            decided.push(Instant::now());
            height += 1;
        }
        decided
    }

    fn body(&mut self, body: &[u8]) -> bool {
        let (height, round) = (self.state.height(), Round::new(0));
        let value = ProposedValue {
            height,
            round,
            valid_round: Round::Nil,
            proposer: *self.state.get_proposer(height, round),
            value: Value(identity(body)),
            validity: Validity::Valid,
        };
        self.feed(Input::ProposedValue(value, ValueOrigin::Consensus))
    }

    /// Feeds an input and does what follows from it; whether the height is decided.
    fn feed(&mut self, input: Input<Ctx>) -> bool {
        let mut wishes = Wishes::default();
        let keys = &self.keys;
        let result: Result<(), Error<Ctx>> = process!(
            input: input,
            state: &mut self.state,
            metrics: &(),
            with: effect => Ok::<_, Error<Ctx>>(keys.answer(effect, &mut wishes))
        );
        debug_assert!(result.is_ok());
        for message in wishes.publish {
            self.send(&Message::Signed(message));
        }
        let mut decided = wishes.decided;
        if let Some(round) = wishes.propose {
            let height = self.state.height();
            let body = Arc::new(super::actions(height.0).flatten().collect::<Vec<u8>>());
            self.send(&Message::Body(height.0, Arc::clone(&body)));
            decided |= self.feed(Input::Propose(LocallyProposedValue::new(height, round, Value(identity(&body)))));
        }
        decided
    }

    fn send(&self, message: &Message) {
        for (number, sender) in self.senders.iter().enumerate() {
            if number != self.number {
                // A peer that has all its blocks listens no more.
                let _: Result<(), _> = sender.send(message.clone());
            }
        }
    }
}

fn identity(body: &[u8]) -> BlockId {
    BlockId::new(tagged(tag::BLOCK, body))
}

impl Keys {
    fn answer(&self, effect: Effect<Ctx>, wishes: &mut Wishes) -> Resume<Ctx> {
        match effect {
            Effect::SignVote(vote, resume) => {
                if let Ok(signature) = self.secret.sign(&vote.vote.digest(&CHAIN)) {
                    return resume.resume_with(SignedMessage::new(vote, signature));
                }
            }
            Effect::SignProposal(proposal, resume) => {
                if let Ok(signature) = self.secret.sign(&proposal.proposal.digest(&CHAIN)) {
                    return resume.resume_with(SignedMessage::new(proposal, signature));
                }
            }
            Effect::VerifySignature(message, key, resume) => {
                let digest = match &message.message {
                    ConsensusMsg::Vote(vote) => vote.vote.digest(&CHAIN),
                    ConsensusMsg::Proposal(one) => one.proposal.digest(&CHAIN),
                };
                return resume.resume_with(key.verify(&digest, &message.signature).is_ok());
            }
            Effect::VerifyCommitCertificate(one, set, thresholds, resume) => {
                let verdict: Result<(), CertificateError<Ctx>> =
                    block_on(self.verify_commit_certificate(&Ctx, &one, &set, thresholds));
                return resume.resume_with(verdict);
            }
            Effect::PublishConsensusMsg(message, _) => wishes.publish.push(message),
            Effect::GetValue(_, round, ..) => wishes.propose = Some(round),
            Effect::Finalize(..) => wishes.decided = true,
            _ => {}
        }
        Resume::Continue
    }
}

#[async_trait::async_trait]
impl Verifier<Ctx> for Keys {
    async fn verify_signed_vote(
        &self,
        vote: &Voted,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, VerifyError> {
        Ok(VerificationResult::from_bool(key.verify(&vote.vote.digest(&CHAIN), signature).is_ok()))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposed,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, VerifyError> {
        Ok(VerificationResult::from_bool(key.verify(&proposal.proposal.digest(&CHAIN), signature).is_ok()))
    }

    async fn verify_signed_vote_extension(
        &self,
        _: &VoteExtensionScope<Ctx>,
        (): &(),
        _: &Signature,
        _: &PublicKey,
    ) -> Result<VerificationResult, VerifyError> {
        Ok(VerificationResult::Invalid)
    }

    async fn verify_validator_proof(&self, _: &ValidatorProof<Ctx>) -> Result<VerificationResult, VerifyError> {
        Ok(VerificationResult::Invalid)
    }
}
