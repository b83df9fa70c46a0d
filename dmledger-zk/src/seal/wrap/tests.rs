use super::*;
use crate::seal::range_tree::BucketRange;
use crate::seal::testing::{OTHER_KIND, Stuck, World, account, chain, epoch, range, rng, terms};
use crate::seal::{
    Bucket, Committee, CommitteeId, EpochKey, EpochNumber, GateSeed, GrantTerms, Guard, NodeNumber, Shape,
};
use dmledger_core::codec;

fn anchored(body: &GrantBody) -> AnchoredGrant {
    let GrantTerms { account, grant, .. } = *body.terms();
    AnchoredGrant { chain: chain(1), account, grant, digest: body.digest() }
}

fn wrapped(world: &World) -> WrappedGrant {
    wrap_grant(&world.grant, chain(1), world.hospital.public(), &mut rng(1)).unwrap()
}

fn grant(terms: GrantTerms, range: BucketRange, seed: u64) -> GrantBody {
    let cover = EpochKey::generate(epoch(0), &mut rng(5)).cover(range);
    GrantBody::new(terms, vec![cover], &mut rng(seed)).unwrap()
}

#[test]
fn a_grantee_unwraps_what_was_granted() {
    let world = World::new();
    let body = unwrap_grant(&wrapped(&world), &world.hospital, &anchored(&world.grant)).unwrap();
    assert_eq!((body.terms(), body.digest()), (world.grant.terms(), world.grant.digest()));
    let (message, key) =
        (wrapped(&world), KemKeyPair::from_seed(SealSuite::default(), &world.hospital.to_seed()).unwrap());
    assert!(unwrap_grant(&message, &key, &anchored(&world.grant)).is_ok(), "the key survives its keystore");
}

#[test]
fn another_recipient_cannot_unwrap() {
    let world = World::new();
    let other = KemKeyPair::generate(SealSuite::default(), &mut rng(2));
    let mut message = wrapped(&world);
    let expected = anchored(&world.grant);
    assert_eq!(unwrap_grant(&message, &other, &expected).unwrap_err(), WrapError::WrongRecipient);
    message.recipient = other.public().id();
    assert_eq!(unwrap_grant(&message, &other, &expected).unwrap_err(), WrapError::Inauthentic(Inauthentic));
}

#[test]
fn one_grant_reaches_several_recipients() {
    let world = World::new();
    for seed in 2..4 {
        let member = KemKeyPair::generate(SealSuite::default(), &mut rng(seed));
        let message = wrap_grant(&world.grant, chain(1), member.public(), &mut rng(1)).unwrap();
        assert!(unwrap_grant(&message, &member, &anchored(&world.grant)).is_ok());
        assert!(unwrap_grant(&message, &world.hospital, &anchored(&world.grant)).is_err());
    }
}

#[test]
fn a_wrap_for_another_chain_is_refused() {
    let world = World::new();
    let mut message = wrapped(&world);
    let expected = AnchoredGrant { chain: chain(9), ..anchored(&world.grant) };
    assert_eq!(unwrap_grant(&message, &world.hospital, &expected).unwrap_err(), WrapError::WrongChain);
    message.chain = chain(9);
    let refused = unwrap_grant(&message, &world.hospital, &expected).unwrap_err();
    assert_eq!(refused, WrapError::Inauthentic(Inauthentic));
}

#[test]
fn a_wrap_for_another_account_is_refused() {
    let world = World::new();
    let mut message = wrapped(&world);
    let expected = AnchoredGrant { account: account(9), ..anchored(&world.grant) };
    assert_eq!(unwrap_grant(&message, &world.hospital, &expected).unwrap_err(), WrapError::WrongAccount);
    message.address.account = account(9);
    let refused = unwrap_grant(&message, &world.hospital, &expected).unwrap_err();
    assert_eq!(refused, WrapError::Inauthentic(Inauthentic));
}

#[test]
fn a_swapped_grant_id_is_refused() {
    let world = World::new();
    let mut message = wrapped(&world);
    let expected = AnchoredGrant { grant: GrantId::new([8; 16]), ..anchored(&world.grant) };
    assert_eq!(unwrap_grant(&message, &world.hospital, &expected).unwrap_err(), WrapError::WrongSubject);
    message.address.subject = GrantId::new([8; 16]);
    let refused = unwrap_grant(&message, &world.hospital, &expected).unwrap_err();
    assert_eq!(refused, WrapError::Inauthentic(Inauthentic));
}

#[test]
fn a_replayed_wrap_of_a_renewed_grant_is_refused() {
    let world = World::new();
    let narrowed = grant(terms(), range(24, 30), 6);
    let expected = anchored(&narrowed);
    assert_eq!(unwrap_grant(&wrapped(&world), &world.hospital, &expected).unwrap_err(), WrapError::NotAnchored);
    let same_terms = grant(terms(), range(24, 30), 7);
    assert_ne!(same_terms.digest(), narrowed.digest(), "salted");
}

/// HPKE's base mode lets anybody wrap: what counts is the ledger's digest.
#[test]
fn a_wrap_made_by_somebody_else_is_refused() {
    let world = World::new();
    let forged = GrantTerms { kind: OTHER_KIND, ..terms() };
    let forged = grant(forged, BucketRange::ALL, 1);
    let message = wrap_grant(&forged, chain(1), world.hospital.public(), &mut rng(1)).unwrap();
    let refused = unwrap_grant(&message, &world.hospital, &anchored(&world.grant)).unwrap_err();
    assert_eq!(refused, WrapError::NotAnchored);
    assert_eq!(refused.for_stranger().to_string(), "refused");
}

#[test]
fn every_truncation_and_every_flipped_byte_is_refused() {
    let world = World::new();
    let (bytes, expected) = (codec::encode(&wrapped(&world)), anchored(&world.grant));
    assert_eq!(codec::decode::<WrappedGrant>(&bytes), Ok(wrapped(&world)));
    for end in 0..bytes.len() {
        assert!(codec::decode::<WrappedGrant>(&bytes[..end]).is_err(), "accepted {end} bytes");
    }
    for i in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[i] ^= 1;
        let accepted = codec::decode::<WrappedGrant>(&bytes)
            .is_ok_and(|message| unwrap_grant(&message, &world.hospital, &expected).is_ok());
        assert!(!accepted, "byte {i}");
    }
}

#[test]
fn a_stuck_generator_does_not_wrap_two_grants_under_one_key() {
    let world = World::new();
    let wrap = |body: &GrantBody| wrap_grant(body, chain(1), world.hospital.public(), &mut Stuck).unwrap();
    let narrowed = grant(terms(), range(24, 30), 6);
    let (a, b) = (wrap(&world.grant), wrap(&narrowed));
    assert_ne!(a.encapsulation, b.encapsulation);
    // Terms are equal in both: a repeated key stream would leave most of the first 200 bytes equal.
    let equal = a.ciphertext.as_slice().iter().zip(b.ciphertext.as_slice()).take(200).filter(|(a, b)| a == b).count();
    assert!(equal < 16, "{equal} of 200 bytes equal");
}

#[test]
fn the_size_of_a_wrap_tells_little_about_the_range_and_stays_bounded() {
    let world = World::new();
    let wrap = |range| {
        let body = grant(terms(), range, 1);
        let message = wrap_grant(&body, chain(1), world.hospital.public(), &mut rng(1)).unwrap();
        codec::encode(&message).len()
    };
    let day = |n: u16| range(24 * n, 24 * n + 23);
    assert_eq!(wrap(day(1)), wrap(day(17)));
    let worst = BucketRange::new(Bucket::new(1), Bucket::new(u16::MAX - 1)).unwrap();
    assert!(wrap(worst) <= 2600, "{}", wrap(worst));
}

#[test]
fn the_largest_grant_fits() {
    let world = World::new();
    let worst = BucketRange::new(Bucket::new(1), Bucket::new(u16::MAX - 1)).unwrap();
    let covers = (0..8).map(|n| EpochKey::generate(epoch(n), &mut rng(1)).cover(worst)).collect();
    let terms = GrantTerms { quota: Some(u32::MAX), ..terms() };
    let body = GrantBody::new(terms, covers, &mut rng(1)).unwrap();
    let message = wrap_grant(&body, chain(1), world.hospital.public(), &mut rng(1)).unwrap();
    let body = unwrap_grant(&message, &world.hospital, &anchored(&body)).unwrap();
    assert_eq!(body.epochs().count(), 8);
}

#[test]
fn a_public_key_of_either_suite_reads_back_and_an_invalid_one_is_refused() {
    for (suite, len) in [(SealSuite::XWingChaCha20, 1218), (SealSuite::P256Aes256, 1251)] {
        let pair = KemKeyPair::generate(suite, &mut rng(1));
        let bytes = codec::encode(pair.public());
        assert_eq!(bytes.len(), len);
        assert_eq!(codec::decode::<KemPublicKey>(&bytes).as_ref(), Ok(pair.public()));
        assert_eq!(KemKeyPair::from_seed(suite, &pair.to_seed()).unwrap().public(), pair.public());
        for end in 0..len {
            assert!(codec::decode::<KemPublicKey>(&bytes[..end]).is_err(), "accepted {end} bytes");
        }
        let mut unreduced = bytes.clone();
        unreduced[2..5].fill(0xFF);
        let mut unknown = bytes.clone();
        unknown[1] = 3;
        assert!([unreduced, unknown].iter().all(|bytes| codec::decode::<KemPublicKey>(bytes).is_err()));
        if suite == SealSuite::P256Aes256 {
            let mut off_the_curve = bytes;
            off_the_curve[len - 1] ^= 1;
            assert!(codec::decode::<KemPublicKey>(&off_the_curve).is_err());
        }
    }
}

#[test]
fn a_grant_travels_under_the_second_suite_and_not_from_one_to_the_other() {
    let world = World::new();
    let clinic = KemKeyPair::generate(SealSuite::P256Aes256, &mut rng(1));
    let mut message = wrap_grant(&world.grant, chain(1), clinic.public(), &mut rng(1)).unwrap();
    let expected = anchored(&world.grant);
    assert_eq!(unwrap_grant(&message, &clinic, &expected).unwrap().digest(), world.grant.digest());
    assert_eq!(unwrap_grant(&message, &world.hospital, &expected).unwrap_err(), WrapError::WrongSuite);
    message.suite = SealSuite::XWingChaCha20;
    message.recipient = world.hospital.public().id();
    let refused = unwrap_grant(&message, &world.hospital, &expected).unwrap_err();
    assert_eq!(refused, WrapError::Inauthentic(Inauthentic));
}

#[test]
fn a_gate_bundle_reaches_its_node_and_no_other() {
    let node = KemKeyPair::generate(SealSuite::default(), &mut rng(1));
    let committee = Committee::new(CommitteeId::new(1), Shape::DEFAULT);
    let seed = GateSeed::generate(Guard::new(account(2), EpochNumber::new(0), committee), &mut rng(2));
    let bundle = seed.bundle(NodeNumber::new(2)).unwrap();
    let message = wrap(&bundle, chain(1), node.public(), &mut rng(3)).unwrap();
    let address = |n| Address::new(account(2), (EpochNumber::new(0), CommitteeId::new(1), NodeNumber::new(n)));
    let back = unwrap(&message, &node, chain(1), address(2)).unwrap();
    assert_eq!(codec::encode(&back), codec::encode(&bundle));
    assert_eq!(unwrap(&message, &node, chain(1), address(3)).unwrap_err(), WrapError::WrongSubject);
    let other = KemKeyPair::generate(SealSuite::default(), &mut rng(4));
    assert_eq!(unwrap(&message, &other, chain(1), address(2)).unwrap_err(), WrapError::WrongRecipient);
}

#[test]
fn nothing_secret_is_printed() {
    let world = World::new();
    let shown = format!("{:?} {:?}", world.hospital, world.grant);
    let seed = Digest::new(*world.hospital.to_seed()).to_string();
    assert!(!shown.contains(&seed[..8]) && shown.contains("2 nodes"), "{shown}");
}
