use super::*;
use crate::{
    codec,
    key::{SecretKey, Suite},
};
use alloc::vec;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const CHAIN: ChainId = ChainId::new(Digest::new([7; 32]));
const BLOCK: BlockId = BlockId::new(Digest::new([8; 32]));

fn keys(count: usize) -> Vec<SecretKey> {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    (0..count).map(|_| SecretKey::generate(Suite::Bip340, &mut rng)).collect()
}

fn set(keys: &[SecretKey]) -> ValidatorSet {
    ValidatorSet::new(keys.iter().map(|key| Validator::new(key.public(), 1)).collect()).unwrap()
}

fn certificate(signers: &[SecretKey], kind: VoteKind, chain: &ChainId) -> QuorumCertificate {
    let height = Height::new(5);
    let sign = |key: &SecretKey| {
        let voter = Address::of(&key.public());
        let vote = Vote { kind, height, round: 2, block: Some(BLOCK), voter };
        (voter, key.sign(&vote.digest(chain)).unwrap())
    };
    QuorumCertificate::new(height, 2, BLOCK, signers.iter().map(sign).collect()).unwrap()
}

#[test]
fn three_of_four_are_a_quorum_and_two_are_not() {
    let keys = keys(4);
    let set = set(&keys);
    assert_eq!(certificate(&keys[..3], VoteKind::Precommit, &CHAIN).verify(&CHAIN, &set), Ok(()));
    assert_eq!(
        certificate(&keys[..2], VoteKind::Precommit, &CHAIN).verify(&CHAIN, &set),
        Err(QuorumError::BelowQuorum { have: 2, need: 3 })
    );
}

#[test]
fn a_quorum_is_always_more_than_two_thirds() {
    for n in 1..=100 {
        let validators = keys(1).iter().map(|key| Validator::new(key.public(), n)).collect();
        let quorum = ValidatorSet::new(validators).unwrap().quorum_power();
        assert!(3 * quorum > 2 * n && 3 * (quorum - 1) <= 2 * n, "{n}");
    }
}

#[test]
fn prevotes_foreign_chains_and_foreign_signers_prove_nothing() {
    let keys = keys(5);
    let set = set(&keys[..4]);
    let other = ChainId::new(Digest::new([9; 32]));
    let refused = |result| assert!(matches!(result, Err(QuorumError::BadSignature { .. })), "{result:?}");
    refused(certificate(&keys[..3], VoteKind::Prevote, &CHAIN).verify(&CHAIN, &set));
    refused(certificate(&keys[..3], VoteKind::Precommit, &other).verify(&CHAIN, &set));
    assert_eq!(
        certificate(&keys[2..], VoteKind::Precommit, &CHAIN).verify(&CHAIN, &set),
        Err(QuorumError::UnknownSigner { signer: Address::of(&keys[4].public()) })
    );
}

#[test]
fn every_flipped_byte_of_a_certificate_is_refused() {
    let keys = keys(4);
    let set = set(&keys);
    let bytes = codec::encode(&certificate(&keys[..3], VoteKind::Precommit, &CHAIN));
    for i in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[i] ^= 1;
        let accepted = codec::decode::<QuorumCertificate>(&bytes).is_ok_and(|one| one.verify(&CHAIN, &set).is_ok());
        assert!(!accepted, "byte {i}");
    }
}

#[test]
fn sets_hold_each_validator_once_with_power() {
    let keys = keys(2);
    let one = Validator::new(keys[0].public(), 1);
    assert_eq!(ValidatorSet::new(vec![]), Err(QuorumError::NoValidators));
    assert_eq!(ValidatorSet::new(vec![one, one]), Err(QuorumError::DuplicateValidator));
    assert_eq!(ValidatorSet::new(vec![Validator::new(keys[0].public(), 0)]), Err(QuorumError::BadPower));
    let huge = Validator::new(keys[0].public(), MAX_TOTAL_POWER);
    assert_eq!(ValidatorSet::new(vec![huge, Validator::new(keys[1].public(), 1)]), Err(QuorumError::BadPower));
    let set = set(&keys);
    assert_eq!(codec::decode::<ValidatorSet>(&codec::encode(&set)), Ok(set));
}
