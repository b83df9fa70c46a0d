use super::*;
use crate::{
    codec,
    key::{SecretKey, Suite},
    quorum::{Validator, Vote, VoteKind},
};
use alloc::{string::ToString, vec};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const CHAIN: ChainId = ChainId::new(Digest::new([3; 32]));

struct Fixture {
    keys: Vec<SecretKey>,
    set: ValidatorSet,
    tip: Tip,
}

fn fixture() -> Fixture {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let keys: Vec<_> = (0..4).map(|_| SecretKey::generate(Suite::Bip340, &mut rng)).collect();
    let set = ValidatorSet::new(keys.iter().map(|key| Validator::new(key.public(), 1)).collect()).unwrap();
    let tip = Tip::after(&header(&set, Height::GENESIS, None, &[]), None);
    Fixture { keys, set, tip }
}

fn header(set: &ValidatorSet, height: Height, tip: Option<&Tip>, actions: &[RawAction]) -> Header {
    Header {
        chain: CHAIN,
        height,
        parent: tip.map_or(BlockId::new(Digest::ZERO), |tip| tip.id),
        time: Timestamp::from_millis(1000 + i64::try_from(height.value()).unwrap()),
        actions_root: tree::root(actions),
        history_root: tip.map_or_else(|| Frontier::default().root(), |tip| tip.history.root()),
        state_root: Digest::new([9; 32]),
        validators: set.digest(),
        next_validators: set.digest(),
        proposer: set.addresses()[0],
    }
}

impl Fixture {
    fn block(&self, change: impl FnOnce(&mut Header)) -> Block {
        let actions = vec![RawAction::new(vec![1, 2, 3]).unwrap(), RawAction::new(vec![]).unwrap()];
        let mut header = header(&self.set, self.tip.height.next(), Some(&self.tip), &actions);
        change(&mut header);
        Block::new(header, actions).unwrap()
    }

    fn certify(&self, block: &Block) -> QuorumCertificate {
        let (height, id) = (block.header().height, block.id());
        let sign = |key: &SecretKey| {
            let voter = Address::of(&key.public());
            let vote = Vote { kind: VoteKind::Precommit, height, round: 0, block: Some(id), voter };
            (voter, key.sign(&vote.digest(&CHAIN)).unwrap())
        };
        QuorumCertificate::new(height, 0, id, self.keys.iter().take(3).map(sign).collect()).unwrap()
    }

    fn check(&self, block: Block) -> Result<(), BlockError> {
        let certificate = self.certify(&block);
        FinalizedBlock::new(block, certificate).unwrap().verify(&self.tip, &CHAIN, &self.set)
    }
}

#[test]
fn a_block_that_follows_the_tip_verifies() {
    let fixture = fixture();
    assert_eq!(fixture.check(fixture.block(|_| {})), Ok(()));
}

#[test]
fn each_broken_link_is_named() {
    let f = fixture();
    let other = Digest::new([1; 32]);
    assert_eq!(f.check(f.block(|h| h.chain = ChainId::new(other))), Err(BlockError::WrongChain));
    assert_eq!(f.check(f.block(|h| h.parent = BlockId::new(other))), Err(BlockError::WrongParent));
    assert_eq!(f.check(f.block(|h| h.time = f.tip.time)), Err(BlockError::TimeNotAfterParent));
    assert_eq!(f.check(f.block(|h| h.history_root = other)), Err(BlockError::HistoryRoot));
    assert_eq!(f.check(f.block(|h| h.validators = other)), Err(BlockError::ValidatorSet));
    assert_eq!(f.check(f.block(|h| h.actions_root = other)), Err(BlockError::ActionsRoot));
    let (found, expected) = (Height::new(7), Height::new(1));
    assert_eq!(f.check(f.block(|h| h.height = found)), Err(BlockError::WrongHeight { found, expected }));
}

#[test]
fn only_genesis_stands_without_a_certificate_and_only_its_own_fits_a_block() {
    let f = fixture();
    let (one, other) = (f.block(|_| {}), f.block(|h| h.state_root = Digest::ZERO));
    assert_eq!(FinalizedBlock::genesis(one.clone()).unwrap_err(), BlockError::MissingCertificate);
    assert_eq!(FinalizedBlock::new(one, f.certify(&other)).unwrap_err(), BlockError::WrongCertificate);
}

#[test]
fn the_history_commits_to_every_earlier_block_in_order() {
    let f = fixture();
    let mut tip = f.tip.clone();
    let mut ids = vec![f.tip.id.digest()];
    for _ in 0..20 {
        let next = header(&f.set, tip.height.next(), Some(&tip), &[]);
        assert_eq!(next.history_root, tree::root(&ids));
        ids.push(next.id().digest());
        tip = Tip::after(&next, Some(&tip));
    }
}

#[test]
fn every_truncation_and_flipped_bit_of_a_decided_block_is_refused() {
    let f = fixture();
    let block = f.block(|_| {});
    let decided = FinalizedBlock::new(block.clone(), f.certify(&block)).unwrap();
    let bytes = codec::encode(&decided);
    assert_eq!(codec::decode::<FinalizedBlock>(&bytes), Ok(decided));
    for end in 0..bytes.len() {
        assert!(codec::decode::<FinalizedBlock>(&bytes[..end]).is_err(), "{end} bytes");
    }
    for i in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[i] ^= 1 << (i % 8);
        let accepted =
            codec::decode::<FinalizedBlock>(&bytes).is_ok_and(|one| one.verify(&f.tip, &CHAIN, &f.set).is_ok());
        assert!(!accepted, "byte {i}");
    }
}

#[test]
fn the_encoding_of_a_header_is_fixed() {
    let header = Header {
        chain: CHAIN,
        height: Height::new(1),
        parent: BlockId::new(Digest::new([4; 32])),
        time: Timestamp::from_millis(5),
        actions_root: Digest::new([6; 32]),
        history_root: Digest::new([7; 32]),
        state_root: Digest::new([8; 32]),
        validators: Digest::new([9; 32]),
        next_validators: Digest::new([10; 32]),
        proposer: Address::from_bytes([11; 20]),
    };
    // Recomputed from the layout with Python's hashlib and struct.
    assert_eq!(header.id().to_string(), "a7769e7614b0c7f1773d243dbdb3d34e0eb5fed36bb33fbee917a342ba4cf74f");
}
