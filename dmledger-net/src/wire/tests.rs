use super::*;
use crate::testing::{self, Tally};
use dmledger_core::{
    consent::{GateTask, RequestId},
    decide::Reason,
    envelope::{AccountId, ChainId, Meaning},
    hash::{tag, tagged},
    quorum::VoteKind,
    record::RecordId,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

fn signature(n: u8) -> Signature {
    testing::secret_key(n).sign(&Digest::new([n; 32])).unwrap()
}

fn voter(n: u8) -> Address {
    Address::of(&testing::secret_key(n).public())
}

fn block() -> BlockId {
    BlockId::new(Digest::new([5; 32]))
}

fn vote() -> SignedVote {
    let vote =
        Vote { kind: VoteKind::Precommit, height: Height::new(7), round: 1, block: Some(block()), voter: voter(0) };
    SignedVote { vote, signature: signature(0) }
}

fn proposal() -> SignedProposal {
    let proposal =
        Proposal { height: Height::new(7), round: 2, block: block(), valid_round: Some(1), proposer: voter(1) };
    SignedProposal { proposal, signature: signature(1) }
}

fn polka() -> PolkaProof {
    let signatures = List::new((0..4).map(|n| (voter(n), signature(n))).collect()).unwrap();
    PolkaProof { height: Height::new(7), round: 1, block: block(), signatures }
}

fn round() -> RoundProof {
    let vote = |n| RoundVote { kind: VoteKind::Prevote, block: None, voter: voter(n), signature: signature(n) };
    RoundProof {
        height: Height::new(7),
        round: 3,
        rule: RoundRule::Skip,
        votes: List::new((0..2).map(vote).collect()).unwrap(),
    }
}

fn refusal() -> GossipMessage {
    let rejection = Rejection::new(9, "no grant covers this range".to_owned());
    GossipMessage::refusal(Digest::new([3; 32]), Height::new(6), &rejection).unwrap()
}

fn gate_request() -> Envelope<GateRequest> {
    let (records, recipient) = (List::new(vec![RecordId::new([4; 32])]).unwrap(), Bytes::new(vec![5; 9]).unwrap());
    let body = GateRequest { request: RequestId::new([6; 16]), epoch: 2, committee: 1, records, recipient };
    let envelope = Envelope::new(Tally::chain_id(), Some(AccountId::new(Digest::new([8; 32]))), body);
    envelope.sign(&testing::secret_key(0), Meaning::Authored).unwrap()
}

fn gate_order() -> Envelope<GateOrder> {
    let body = GateOrder { epoch: 2, committee: 1, task: GateTask::Keep(Bytes::new(vec![5; 9]).unwrap()) };
    let envelope = Envelope::new(Tally::chain_id(), Some(AccountId::new(Digest::new([8; 32]))), body);
    envelope.sign(&testing::secret_key(0), Meaning::Approved).unwrap()
}

fn gate_answer(said: GateSaid) -> GateMessage {
    GateMessage::Answer { to: Digest::new([3; 32]), height: Height::new(6), said }
}

/// Round trip, every truncation and a trailing byte refused, every flipped bit another message or none.
fn holds<M: Message + PartialEq + fmt::Debug>(message: &M) -> Digest {
    let frame = message.frame();
    assert_eq!(M::read(&frame).as_ref(), Ok(message));
    for end in 0..frame.len() {
        assert!(M::read(&frame[..end]).is_err(), "{end} of {} bytes accepted", frame.len());
    }
    assert!(M::read(&[&frame[..], &[0]].concat()).is_err());
    for at in 0..frame.len() {
        let mut bytes = frame.to_vec();
        bytes[at] ^= 1;
        assert_ne!(M::read(&bytes).as_ref(), Ok(message), "byte {at}");
    }
    tagged(tag::RAW_ACTION, &frame)
}

#[test]
fn every_message_reads_back_and_nothing_else_does() {
    let actions = List::new(vec![testing::count(1, 20).unwrap(), testing::count(2, 30).unwrap()]).unwrap();
    let digests = [
        holds(&ConsensusMessage::Vote(vote())),
        holds(&ConsensusMessage::Proposal(proposal())),
        holds(&LivenessMessage::Vote(vote())),
        holds(&LivenessMessage::Polka(polka())),
        holds(&LivenessMessage::Round(round())),
        holds(&BodyMessage::Body { round: 4, block: EncodedBlock::new(vec![1, 2, 3]).unwrap() }),
        holds(&BodyMessage::Wanted { height: Height::new(7), block: block() }),
        holds(&SyncMessage::Status { tip: Height::new(8) }),
        holds(&SyncMessage::Request { from: Height::new(9) }),
        holds(&SyncMessage::Blocks(List::empty())),
        holds(&GossipMessage::Actions(actions)),
        holds(&GossipMessage::Final { action: Digest::new([3; 32]), height: Height::new(6) }),
        holds(&refusal()),
        holds(&GateMessage::Ask(gate_request())),
        holds(&GateMessage::Order(gate_order())),
        holds(&gate_answer(GateSaid::Sealed(Bytes::new(vec![7; 40]).unwrap()))),
        holds(&gate_answer(GateSaid::Withheld(Withheld::Denied { reason: Reason::NoGrant }))),
        holds(&gate_answer(GateSaid::Fault(GateFault::Erased))),
        holds(&gate_answer(GateSaid::Busy)),
    ];
    let all: Vec<u8> = digests.iter().flat_map(|digest| digest.to_bytes()).collect();
    // Guards the layout: a change of any message changes it, and needs a new version.
    assert_eq!(tagged(tag::RAW_ACTION, &all).to_string(), LAYOUT);
}
const LAYOUT: &str = "baeb6a71319329ddf00892c6c783242de33034d8d3266ca7003e43badc83c6f2";

/// Reads `bytes` as a message, and checks that only canonical bytes are one.
fn reads<M: Message>(bytes: &[u8]) -> bool {
    M::read(bytes).is_ok_and(|message| {
        assert_eq!(message.frame()[..], *bytes, "two encodings of one message");
        true
    })
}

#[test]
fn damaged_frames_are_refused_or_mean_exactly_what_they_say() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let actions = List::new((0..4).map(|n| testing::count(n, 30).unwrap()).collect()).unwrap();
    let frames = [
        ConsensusMessage::Proposal(proposal()).frame(),
        LivenessMessage::Polka(polka()).frame(),
        LivenessMessage::Round(round()).frame(),
        BodyMessage::Wanted { height: Height::new(7), block: block() }.frame(),
        GossipMessage::Actions(actions).frame(),
        refusal().frame(),
        GateMessage::Ask(gate_request()).frame(),
        gate_answer(GateSaid::Sealed(Bytes::new(vec![7; 40]).unwrap())).frame(),
    ];
    let mut read = 0;
    for _ in 0..4000 {
        for frame in &frames {
            let mut bytes = frame.to_vec();
            for _ in 0..=rng.next_u32() % 3 {
                let at = rng.next_u32() as usize % bytes.len();
                bytes[at] = rng.next_u32().to_le_bytes()[0];
            }
            let length = rng.next_u32() as usize % (4 * bytes.len());
            bytes.truncate(length.max(1));
            let as_any = [reads::<ConsensusMessage>, reads::<LivenessMessage>, reads::<BodyMessage>];
            read += as_any.into_iter().filter(|read| read(&bytes)).count();
            read += usize::from(reads::<SyncMessage>(&bytes)) + usize::from(reads::<GossipMessage>(&bytes));
            read += usize::from(reads::<GateMessage>(&bytes));
        }
    }
    assert!(read > 100, "hardly anything was readable, so little was shown");
}

#[test]
fn the_largest_messages_fit_their_channels() {
    let signatures = List::new((0..MAX_VALIDATORS).map(|_| (voter(0), signature(0))).collect()).unwrap();
    let polka = LivenessMessage::Polka(PolkaProof { signatures, ..polka() });
    assert!(polka.frame().len() <= Channel::Liveness.max_bytes());
    let one = RoundVote { kind: VoteKind::Precommit, block: Some(block()), voter: voter(0), signature: signature(0) };
    let votes = List::new(vec![one; 2 * MAX_VALIDATORS]).unwrap();
    let round = LivenessMessage::Round(RoundProof { votes, ..round() });
    assert!(round.frame().len() <= Channel::Liveness.max_bytes());
    let sealed = Bytes::new(vec![0; limits::GATE_ANSWER_BYTES]).unwrap();
    assert!(gate_answer(GateSaid::Sealed(sealed)).frame().len() <= Channel::Gate.max_bytes());
    let body = EncodedBlock::new(vec![0; Block::MAX_BYTES]).unwrap();
    assert!(BodyMessage::Body { round: 0, block: body }.frame().len() <= Channel::Body.max_bytes());
}

#[test]
fn actions_are_packed_within_both_limits() {
    let small: Vec<_> = (0..100).map(|n| testing::count(n, 20).unwrap()).collect();
    let frames = GossipMessage::pack(small.clone());
    assert_eq!(frames.len(), 100_usize.div_ceil(limits::GOSSIP_ACTIONS));
    let large = (0..8).map(|n| testing::count(n, dmledger_core::block::MAX_ACTION_BYTES).unwrap());
    for frame in GossipMessage::pack(large) {
        assert!(frame.frame().len() <= Channel::Gossip.max_bytes());
    }
    let unpacked: Vec<_> = frames
        .into_iter()
        .flat_map(|frame| match frame {
            GossipMessage::Actions(actions) => actions.into_vec(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(unpacked, small);
}

#[test]
fn a_long_reason_is_cut_at_a_character() {
    let rejection = Rejection::new(1, "é".repeat(200));
    let Some(GossipMessage::Refused { reason, .. }) = GossipMessage::refusal(Digest::ZERO, Height::GENESIS, &rejection)
    else {
        panic!("not a refusal")
    };
    assert_eq!(reason.as_str(), "é".repeat(limits::REASON_BYTES / 2));
}

#[test]
fn a_proposal_is_bound_to_its_chain_and_to_every_field() {
    let one = proposal().proposal;
    let other_chain = ChainId::new(Digest::new([1; 32]));
    let digest = one.digest(&Tally::chain_id());
    assert_ne!(digest, one.digest(&other_chain));
    let changed = [
        Proposal { height: Height::new(8), ..one },
        Proposal { round: 3, ..one },
        Proposal { block: BlockId::new(Digest::ZERO), ..one },
        Proposal { valid_round: None, ..one },
        Proposal { proposer: voter(2), ..one },
    ];
    for changed in changed {
        assert_ne!(digest, changed.digest(&Tally::chain_id()));
    }
}
