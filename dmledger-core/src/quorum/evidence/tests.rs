//! Bytes of evidence.

use super::*;
use crate::{
    hash::{Digest, tag, tagged},
    key::{SecretKey, Suite},
    quorum::BlockId,
};
use alloc::format;

const CHAIN: ChainId = ChainId::new(Digest::new([7; 32]));

fn key() -> SecretKey {
    SecretKey::from_bytes(Suite::Bip340, [3; 32]).unwrap()
}

fn votes() -> Evidence {
    let (key, voter) = (key(), Address::of(&key().public()));
    let vote = |block| {
        let message = Vote { kind: VoteKind::Prevote, height: Height::new(9), round: 2, block, voter };
        Signed { message, signature: key.sign(&message.digest(&CHAIN)).unwrap() }
    };
    Evidence::of_votes(key.public(), vote(Some(BlockId::new(Digest::new([1; 32])))), vote(None)).unwrap()
}

fn proposals() -> Evidence {
    let (key, proposer) = (key(), Address::of(&key().public()));
    let proposal = |n| {
        let block = BlockId::new(Digest::new([n; 32]));
        let message = Proposal { height: Height::new(9), round: 2, block, valid_round: Some(1), proposer };
        Signed { message, signature: key.sign(&message.digest(&CHAIN)).unwrap() }
    };
    Evidence::of_proposals(key.public(), proposal(2), proposal(1)).unwrap()
}

#[test]
fn two_signed_messages_convict_and_on_one_network_only() {
    for evidence in [votes(), proposals()] {
        assert_eq!(evidence.verify(&CHAIN), Ok(()));
        assert_eq!(evidence.verify(&ChainId::new(Digest::ZERO)), Err(EvidenceError::BadSignature));
    }
    assert_eq!(votes().offence(), Offence { twice: Twice::Prevote, height: Height::new(9), round: 2 });
    assert_eq!(proposals().offence(), Offence { twice: Twice::Proposal, height: Height::new(9), round: 2 });
}

#[test]
fn the_order_in_which_the_messages_were_seen_does_not_matter() {
    let Pair::Proposals(a, b) = proposals().pair else { panic!("proposals") };
    assert_eq!(Evidence::of_proposals(key().public(), b, a), Ok(proposals()));
    let other = SecretKey::from_bytes(Suite::Bip340, [4; 32]).unwrap().public();
    assert_eq!(Evidence::of_proposals(other, a, b), Err(EvidenceError::OtherSigner));
    assert_eq!(Evidence::of_proposals(key().public(), a, a), Err(EvidenceError::NoContradiction));
}

#[test]
fn every_truncation_and_every_flipped_bit_is_refused() {
    for evidence in [votes(), proposals()] {
        let bytes = codec::encode(&evidence);
        assert_eq!(codec::decode::<Evidence>(&bytes), Ok(evidence));
        assert!((0..bytes.len()).all(|end| codec::decode::<Evidence>(&bytes[..end]).is_err()));
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let accepted = codec::decode::<Evidence>(&bytes).is_ok_and(|one| one.verify(&CHAIN).is_ok());
            assert!(!accepted, "bit {bit}");
        }
    }
}

#[test]
fn the_bytes_are_fixed() {
    let digest = |one: &Evidence| format!("{:.16}", tagged(tag::RAW_ACTION, &codec::encode(one)));
    assert_eq!([digest(&votes()), digest(&proposals())], FIXED);
}
const FIXED: [&str; 2] = ["1bd0e47a594beb2c", "8975587e9659911f"];
