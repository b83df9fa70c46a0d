use super::*;
use crate::seal::testing::{Stuck, account, chain, rng};
use crate::seal::{Address, KemKeyPair, unwrap, wrap};
use dmledger_core::codec;

const CONTENTS: &[u8] = b"a grant for the emergency room";

fn head(purpose: CapsulePurpose, nodes: u8, threshold: u8) -> CapsuleHead {
    CapsuleHead::new(purpose, account(2), CapsuleId::new([4; 16]), Shape::new(nodes, threshold).unwrap()).unwrap()
}

fn sealed(nodes: u8, threshold: u8) -> (Capsule, Vec<TrusteeBundle>) {
    Capsule::seal(head(CapsulePurpose::BreakGlass, nodes, threshold), CONTENTS, &mut rng(1)).unwrap()
}

fn some(bundles: Vec<TrusteeBundle>, coalition: u32) -> Vec<TrusteeBundle> {
    bundles.into_iter().filter(|bundle| coalition & (1 << bundle.trustee.number()) != 0).collect()
}

#[test]
fn every_t_trustees_open_it_and_fewer_do_not() {
    for (nodes, threshold) in [(1, 1), (3, 2), (5, 3), (4, 4)] {
        for coalition in 0..1_u32 << nodes {
            let (capsule, bundles) = sealed(nodes, threshold);
            let opened = capsule.open(&some(bundles, coalition));
            if coalition.count_ones() >= threshold.into() {
                assert_eq!(opened.unwrap().contents(), CONTENTS);
            } else {
                assert!(matches!(opened, Err(CapsuleError::MissingShares { .. })), "{coalition:b}");
            }
        }
    }
}

#[test]
fn three_of_five_needs_ten_shares_of_which_a_trustee_holds_six() {
    let (capsule, bundles) = sealed(5, 3);
    assert_eq!((capsule.commitments.len(), bundles[0].shares.len()), (10, 6));
    let missing = CapsuleError::MissingShares { have: 9, need: 10, liars: Vec::new() };
    assert_eq!(capsule.open(&bundles[..2]).unwrap_err(), missing);
    assert_eq!(missing.to_string(), "cannot open: 9 of 10 shares present");
}

#[test]
fn a_trustee_with_wrong_shares_is_named_and_passed_over() {
    let (capsule, mut bundles) = sealed(5, 3);
    bundles[1].shares[0] = Secret::from_bytes([0; 32]);
    let opened = capsule.open(&bundles[..4]).unwrap();
    assert_eq!((opened.contents(), opened.liars()), (CONTENTS, &[NodeNumber::new(1)][..]));
    let CapsuleError::MissingShares { liars, .. } = capsule.open(&bundles[..3]).unwrap_err() else { panic!() };
    assert_eq!(liars, [NodeNumber::new(1)]);
}

#[test]
fn a_recovery_capsule_does_not_open_with_break_glass_shares() {
    let (_, bundles) = sealed(5, 3);
    let (capsule, _) = Capsule::seal(head(CapsulePurpose::Recovery, 5, 3), CONTENTS, &mut rng(1)).unwrap();
    let missing = CapsuleError::MissingShares { have: 0, need: 10, liars: Vec::new() };
    assert_eq!(capsule.open(&bundles).unwrap_err(), missing);
}

#[test]
fn every_flipped_byte_and_every_truncation_of_a_capsule_is_refused() {
    let (capsule, bundles) = sealed(3, 2);
    let bytes = codec::encode(&capsule);
    assert_eq!(codec::decode::<Capsule>(&bytes), Ok(capsule));
    for i in 0..bytes.len() {
        assert!(codec::decode::<Capsule>(&bytes[..i]).is_err(), "accepted {i} bytes");
        let mut bytes = bytes.clone();
        bytes[i] ^= 1;
        let opened = codec::decode::<Capsule>(&bytes).is_ok_and(|capsule| capsule.open(&bundles).is_ok());
        assert!(!opened, "byte {i}");
    }
}

#[test]
fn a_bundle_travels_wrapped_to_its_trustee() {
    let (capsule, bundles) = sealed(5, 3);
    let trustee = KemKeyPair::generate(SealSuite::default(), &mut rng(2));
    let letter = wrap(&bundles[3], chain(1), trustee.public(), &mut rng(3)).unwrap();
    let address = Address::new(account(2), (capsule.head().id(), NodeNumber::new(3)));
    let back: TrusteeBundle = unwrap(&letter, &trustee, chain(1), address).unwrap();
    assert_eq!(codec::encode(&back), codec::encode(&bundles[3]));
}

#[test]
fn a_stuck_generator_never_seals_two_contents_under_one_key() {
    let seal = |contents: &[u8]| Capsule::seal(head(CapsulePurpose::Recovery, 3, 2), contents, &mut Stuck).unwrap().0;
    assert_ne!(seal(b"one").commitments, seal(b"two").commitments);
}

#[test]
fn too_many_trustees_and_too_long_contents_are_refused() {
    let shape = Shape::new(12, 5).unwrap();
    let refused = CapsuleHead::new(CapsulePurpose::Recovery, account(2), CapsuleId::new([0; 16]), shape);
    assert_eq!(refused, Err(CapsuleError::TooManyShares { shares: 495 }));
    let long = vec![0; MAX_CAPSULE_CONTENTS + 1];
    let refused = Capsule::seal(head(CapsulePurpose::Recovery, 3, 2), &long, &mut rng(1)).unwrap_err();
    assert!(matches!(refused, CapsuleError::Codec(_)));
}
