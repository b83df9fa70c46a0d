//! Certificates from issue to verdict.
#![cfg(feature = "issue")]

use super::{
    issue::{CertificateAuthority, CertificateRequest, IssueError, LocalCa, TlsKey},
    *,
};
use crate::{
    codec,
    envelope::ChainId,
    key::{SecretKey, Suite},
};
use alloc::vec::Vec;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const CHAIN: ChainId = ChainId::new(Digest::new([7; 32]));
const START: i64 = 1_700_000_000;
const END: i64 = 1_800_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn span(start: i64, end: i64) -> TimeRange {
    TimeRange::new(at(start), at(end)).unwrap()
}

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn authority(seed: u64, label: &str) -> LocalCa {
    LocalCa::create(&name(label), span(START - 1000, END + 1000), &mut rng(seed)).unwrap()
}

fn request(seed: u64, chain: ChainId, valid: TimeRange) -> CertificateRequest {
    let mut rng = rng(seed);
    let (key, tls) = (SecretKey::generate(Suite::Bip340, &mut rng), TlsKey::generate(&mut rng));
    let tls = tls.public().unwrap();
    let binding = Binding::prove(Role::Hospital, chain, Digest::new([9; 32]), &tls, &key).unwrap();
    CertificateRequest::new(name("General Hospital"), name("North"), valid, [1; 16], tls, binding).unwrap()
}

fn issued() -> (AuthoritySet, Vec<u8>) {
    let ca = authority(1, "Health CA");
    let der = ca.issue(&request(2, CHAIN, span(START, END))).unwrap();
    (AuthoritySet::new([ca.certificate()]).unwrap(), der)
}

fn verdict(set: &AuthoritySet, der: &[u8], seconds: i64) -> Result<Credential, CertificateError> {
    Certificate::from_der(der)?.verify(set, CHAIN, at(seconds))
}

#[test]
fn an_issued_certificate_is_a_credential() {
    let (set, der) = issued();
    let credential = verdict(&set, &der, START + 5).unwrap();
    assert_eq!((credential.name().as_str(), credential.region().as_str()), ("General Hospital", "North"));
    assert_eq!((credential.role(), credential.valid()), (Role::Hospital, span(START, END)));
    assert_eq!(credential.kem(), Digest::new([9; 32]));
    assert!(der.len() < 900, "{} bytes", der.len());
}

#[test]
fn it_holds_from_its_first_second_to_its_last_and_not_beyond() {
    let (set, der) = issued();
    assert!(verdict(&set, &der, START).is_ok() && verdict(&set, &der, END - 1).is_ok());
    assert_eq!(verdict(&set, &der, START - 1), Err(CertificateError::NotYetValid { from: at(START) }));
    assert_eq!(verdict(&set, &der, END), Err(CertificateError::Expired { at: at(END) }));
}

#[test]
fn another_authority_is_refused_even_under_the_same_name() {
    let (_, der) = issued();
    let set = |ca: &LocalCa| AuthoritySet::new([ca.certificate()]).unwrap();
    let stranger = verdict(&set(&authority(3, "Other CA")), &der, START);
    assert_eq!(stranger, Err(CertificateError::UnknownAuthority));
    let namesake = verdict(&set(&authority(3, "Health CA")), &der, START);
    assert_eq!(namesake, Err(CertificateError::BadSignature));
}

#[test]
fn an_authority_whose_time_is_over_vouches_for_nobody() {
    let ca = LocalCa::create(&name("Old CA"), span(START, START + 10), &mut rng(4)).unwrap();
    let der = ca.issue(&request(5, CHAIN, span(START, END))).unwrap();
    let set = AuthoritySet::new([ca.certificate()]).unwrap();
    assert!(verdict(&set, &der, START + 9).is_ok());
    assert_eq!(verdict(&set, &der, START + 10), Err(CertificateError::AuthorityNotValid));
}

#[test]
fn a_certificate_for_another_network_is_refused() {
    let ca = authority(1, "Health CA");
    let other = ChainId::new(Digest::new([8; 32]));
    let der = ca.issue(&request(2, other, span(START, END))).unwrap();
    let set = AuthoritySet::new([ca.certificate()]).unwrap();
    assert_eq!(verdict(&set, &der, START), Err(CertificateError::WrongChain));
}

#[test]
fn a_binding_made_for_another_tls_key_is_refused() {
    let mut rng = rng(6);
    let (mine, theirs) = (TlsKey::generate(&mut rng).public().unwrap(), TlsKey::generate(&mut rng).public().unwrap());
    let key = SecretKey::generate(Suite::EcdsaLowS, &mut rng);
    let binding = Binding::prove(Role::Pharmacy, CHAIN, Digest::ZERO, &mine, &key).unwrap();
    let request = CertificateRequest::new(name("x"), name(""), span(START, END), [1; 16], theirs, binding);
    assert_eq!(request.err(), Some(IssueError::BadPossession));
}

#[test]
fn a_leaf_is_no_authority_and_an_authority_no_member() {
    let (set, der) = issued();
    assert_eq!(AuthoritySet::new([der.as_slice()]).err(), Some(CertificateError::NotAnAuthority));
    let ca = authority(1, "Health CA");
    assert_eq!(verdict(&set, ca.certificate(), START), Err(CertificateError::PathTooLong));
}

#[test]
fn every_truncation_and_every_flipped_bit_is_refused() {
    let (set, der) = issued();
    for end in 0..der.len() {
        assert!(verdict(&set, &der[..end], START).is_err(), "{end} bytes");
    }
    for bit in 0..der.len() * 8 {
        let mut der = der.clone();
        der[bit / 8] ^= 1 << (bit % 8);
        assert!(verdict(&set, &der, START).is_err(), "bit {bit}");
    }
}

#[test]
fn an_over_long_certificate_is_not_read() {
    let refused = Certificate::from_der(&[0x30; 5000]);
    assert_eq!(refused, Err(CertificateError::TooLong { len: 5000, max: 4096 }));
}

#[test]
fn a_revoked_member_no_longer_acts_and_the_first_revocation_stands() {
    let (set, der) = issued();
    let member = Member::admit(verdict(&set, &der, START).unwrap(), Height::new(3));
    assert!(member.acts_at(at(START)) && !member.acts_at(at(START - 1)) && !member.acts_at(at(END)));
    assert_eq!(codec::decode::<Member>(&codec::encode(&member)), Ok(member.clone()));
    let revoked = member.revoke(Height::new(9)).revoke(Height::new(12));
    assert_eq!(revoked.status(), MemberStatus::Revoked { height: Height::new(9) });
    assert!(!revoked.acts_at(at(START)));
}
