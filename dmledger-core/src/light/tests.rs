//! Headers with real certificates, and everything that must not pass for one.

use super::*;
use crate::{
    codec,
    hash::tree::{Frontier, Tree},
    key::{SecretKey, Suite},
    quorum::{Address, Validator, Vote, VoteKind},
};
use alloc::vec::Vec;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const CHAIN: ChainId = ChainId::new(Digest::new([4; 32]));

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000 + seconds)
}

fn keys(seed: u64) -> Vec<SecretKey> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    (0..4).map(|_| SecretKey::generate(Suite::Bip340, &mut rng)).collect()
}

fn set<'a>(keys: impl IntoIterator<Item = &'a SecretKey>) -> ValidatorSet {
    ValidatorSet::new(keys.into_iter().map(|key| Validator::new(key.public(), 1)).collect()).unwrap()
}

fn certified<'a>(header: Header, keys: impl IntoIterator<Item = &'a SecretKey>) -> LightUpdate {
    let (height, block) = (header.height, header.id());
    let sign = |key: &SecretKey| {
        let voter = Address::of(&key.public());
        let vote = Vote { kind: VoteKind::Precommit, height, round: 0, block: Some(block), voter };
        (voter, key.sign(&vote.digest(&header.chain)).unwrap())
    };
    let signatures = keys.into_iter().map(sign).collect();
    let certificate = QuorumCertificate::new(height, 0, block, signatures).unwrap();
    LightUpdate::new(header, certificate, None, None)
}

/// A chain of ten headers, a second apart; from height 5 on `new` decides instead of `old`.
fn headers(old: &ValidatorSet, new: &ValidatorSet) -> Vec<Header> {
    let (mut parent, mut history) = (BlockId::new(Digest::ZERO), Frontier::default());
    history.push(parent.as_bytes());
    let mut all = Vec::new();
    for height in 1..=10_u8 {
        let decides = |height| if height < 5 { old } else { new };
        let header = Header {
            chain: CHAIN,
            height: Height::new(height.into()),
            parent,
            time: at(height.into()),
            actions_root: Digest::ZERO,
            history_root: history.root(),
            state_root: Digest::new([height; 32]),
            validators: decides(height).digest(),
            next_validators: decides(height + 1).digest(),
            proposer: Address::from_bytes([0; 20]),
        };
        parent = header.id();
        history.push(parent.as_bytes());
        all.push(header);
    }
    all
}

fn client(validators: &ValidatorSet) -> LightClient {
    LightClient::begin(CHAIN, at(0), validators.clone(), TrustPolicy::default())
}

#[test]
fn headers_are_followed_one_by_one_through_a_change_of_validators() {
    let (old, new) = (keys(1), keys(2));
    let (old_set, new_set) = (set(&old), set(&new));
    let mut light = client(&old_set);
    for header in headers(&old_set, &new_set) {
        let height = header.height.value();
        let mut update = certified(header.clone(), if height < 5 { &old } else { &new });
        if height == 4 {
            assert_eq!(light.advance(&update, at(60)), Err(LightError::MissingValidators { height: Height::new(5) }));
            update.next_validators = Some(new_set.clone());
        }
        light.advance(&update, at(60)).unwrap();
        assert_eq!(light.fresh(Duration::from_secs(60), at(60)), Ok(header.state_root));
    }
    assert_eq!((light.height(), light.validators()), (Height::new(10), &new_set));
}

#[test]
fn a_jump_needs_a_quorum_of_those_trusted_before() {
    let (old, new) = (keys(1), keys(2));
    let (old_set, new_set) = (set(&old), set(&new));
    let all = headers(&old_set, &new_set);
    // Same validators: one step from genesis to height 4.
    let mut light = client(&old_set);
    let mut update = certified(all[3].clone(), &old);
    update.next_validators = Some(new_set.clone());
    light.advance(&update, at(60)).unwrap();
    // All validators exchanged in between: the new ones alone convince nobody who has not seen the change.
    let mut update = certified(all[8].clone(), &new);
    let mut cold = client(&old_set);
    assert_eq!(cold.advance(&update, at(60)), Err(LightError::MissingValidators { height: Height::new(9) }));
    update.validators = Some(new_set.clone());
    assert_eq!(cold.advance(&update, at(60)), Err(LightError::TooFar { have: 0, need: 3 }));
    light.advance(&update, at(60)).unwrap();
}

#[test]
fn three_of_four_that_stay_carry_a_jump() {
    let (old, newcomer) = (keys(1), keys(2));
    let mixed: Vec<_> = old[..3].iter().chain(&newcomer[..1]).collect();
    let (old_set, mixed_set) = (set(&old), set(mixed.iter().copied()));
    let header = headers(&old_set, &mixed_set)[8].clone();
    let jump = |signers: &[&SecretKey]| {
        let mut update = certified(header.clone(), signers.iter().copied());
        update.validators = Some(mixed_set.clone());
        client(&old_set).advance(&update, at(60))
    };
    assert_eq!(jump(&mixed), Ok(()));
    assert_eq!(jump(&mixed[1..]), Err(LightError::TooFar { have: 2, need: 3 }));
}

#[test]
fn what_is_no_later_decided_header_of_this_chain_is_refused() {
    let old = keys(1);
    let old_set = set(&old);
    let all = headers(&old_set, &old_set);
    let mut light = client(&old_set);
    light.advance(&certified(all[1].clone(), &old), at(60)).unwrap();
    let trusted = light.clone();
    let mut refused = |update: LightUpdate, now, expected: LightError| {
        assert_eq!(light.advance(&update, now), Err(expected));
        assert_eq!(light, trusted, "an error changes nothing");
    };
    let next = || all[2].clone();
    refused(certified(all[0].clone(), &old), at(60), LightError::NotLater { height: Height::new(2) });
    refused(certified(all[1].clone(), &old), at(60), LightError::NotLater { height: Height::new(2) });
    let foreign = Header { chain: ChainId::new(Digest::ZERO), ..next() };
    refused(certified(foreign, &old), at(60), LightError::WrongChain);
    let orphan = Header { parent: BlockId::new(Digest::ZERO), ..next() };
    refused(certified(orphan, &old), at(60), LightError::Block(BlockError::WrongParent));
    let early = Header { time: all[1].time, ..next() };
    refused(certified(early, &old), at(60), LightError::Block(BlockError::TimeNotAfterParent));
    let usurped = Header { validators: set(&keys(2)).digest(), ..next() };
    refused(certified(usurped, &keys(2)), at(60), LightError::Block(BlockError::ValidatorSet));
    let few = certified(next(), &old[..2]);
    refused(few, at(60), LightError::Quorum(QuorumError::BelowQuorum { have: 2, need: 3 }));
    let mut mismatched = certified(next(), &old);
    mismatched.certificate = certified(all[3].clone(), &old).certificate;
    refused(mismatched, at(60), LightError::Block(BlockError::WrongCertificate));
    let skew = TrustPolicy::default().skew;
    let late = next().time.minus(skew).minus(Duration::from_millis(1));
    refused(certified(next(), &old), late, LightError::FromTheFuture { time: next().time });
    let expired = all[1].time.plus(TrustPolicy::default().period).plus(Duration::from_millis(1));
    let run_out = LightError::TrustExpired { height: Height::new(2), time: all[1].time };
    refused(certified(next(), &old), expired, run_out);
}

#[test]
fn a_stale_root_is_not_given() {
    let old = keys(1);
    let old_set = set(&old);
    let mut light = client(&old_set);
    assert_eq!(light.fresh(Duration::MAX, at(0)), Err(LightError::NoHeader));
    light.advance(&certified(headers(&old_set, &old_set)[0].clone(), &old), at(60)).unwrap();
    assert!(light.fresh(Duration::from_secs(10), at(11)).is_ok());
    let stale = LightError::Stale { height: Height::new(1), time: at(1) };
    assert_eq!(light.fresh(Duration::from_secs(10), at(12)), Err(stale));
}

#[test]
fn earlier_headers_are_proved_by_the_trusted_history() {
    let old = keys(1);
    let old_set = set(&old);
    let all = headers(&old_set, &old_set);
    let mut light = client(&old_set);
    light.advance(&certified(all[9].clone(), &old), at(60)).unwrap();
    let mut ids = alloc::vec![BlockId::new(Digest::ZERO)];
    ids.extend(all[..9].iter().map(Header::id));
    let leaves: Vec<_> = ids.iter().map(BlockId::digest).collect();
    let proof = Tree::new(&leaves).prove(4).unwrap();
    assert_eq!(light.includes(&all[3], &proof), Ok(()));
    assert_eq!(light.includes(&all[4], &proof), Err(LightError::NotInHistory));
    let forged = Header { state_root: Digest::ZERO, ..all[3].clone() };
    assert_eq!(light.includes(&forged, &proof), Err(LightError::NotInHistory));
}

#[test]
fn a_session_resumes_from_the_header_it_trusted() {
    let (old, new) = (keys(1), keys(2));
    let (old_set, new_set) = (set(&old), set(&new));
    let all = headers(&old_set, &new_set);
    let resume = |set: &ValidatorSet| LightClient::resume(CHAIN, all[3].clone(), set.clone(), TrustPolicy::default());
    assert_eq!(resume(&old_set), Err(LightError::MissingValidators { height: Height::new(5) }));
    let mut light = resume(&new_set).unwrap();
    light.advance(&certified(all[4].clone(), &new), at(60)).unwrap();
    assert_eq!(light.height(), Height::new(5));
}

#[test]
fn an_update_reads_back_and_every_truncation_and_flipped_bit_is_refused() {
    let old = keys(1);
    let old_set = set(&old);
    let update = certified(headers(&old_set, &old_set)[0].clone(), &old);
    let bytes = codec::encode(&update);
    assert_eq!(codec::decode::<LightUpdate>(&bytes), Ok(update));
    assert!((0..bytes.len()).all(|end| codec::decode::<LightUpdate>(&bytes[..end]).is_err()));
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let accepted =
            codec::decode::<LightUpdate>(&bytes).is_ok_and(|one| client(&old_set).advance(&one, at(60)).is_ok());
        assert!(!accepted, "bit {bit}");
    }
}
