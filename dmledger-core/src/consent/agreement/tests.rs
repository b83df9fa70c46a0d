use super::*;
use crate::{
    codec::{self, Bytes},
    consent::{Audience, Effect},
    key::Suite,
    scope::{Conditions, Purpose, PurposeSet, Validity, VerbSet},
    time::TimeRange,
};

fn signed() -> (SignedAgreement, ChainId, AccountId) {
    let (chain, account) = (ChainId::new(Digest::new([1; 32])), AccountId::new(Digest::new([2; 32])));
    let key = SecretKey::from_bytes(Suite::Bip340, [7; 32]).unwrap();
    let institution = MemberId::of(&key.public());
    let terms = Grant {
        id: GrantId::new([3; 16]),
        effect: Effect::Permit,
        audience: Audience::Member(institution),
        data: TimeRange::ALWAYS,
        validity: Validity::during(TimeRange::ALWAYS),
        verbs: VerbSet::QUERY_AND_UPDATE,
        purposes: PurposeSet::only(Purpose::Treatment),
        quota: None,
        conditions: Conditions::NONE,
        body: Digest::new([4; 32]),
        delivery: Bytes::default(),
    };
    let agreement = Agreement {
        id: AgreementId::new([5; 16]),
        institution,
        text: AgreementText::of("text/plain", &[6; 32], b"we agree").unwrap(),
        index: List::empty(),
        referrals: 1,
        terms,
        supersedes: None,
    };
    (SignedAgreement::sign(agreement, &key, &chain, &account).unwrap(), chain, account)
}

#[test]
fn an_agreement_verifies_for_its_own_chain_account_and_institution_only() {
    let (signed, chain, account) = signed();
    assert_eq!(signed.verify(&chain, &account), Ok(()));
    assert!(signed.verify(&ChainId::new(Digest::ZERO), &account).is_err());
    assert!(signed.verify(&chain, &AccountId::new(Digest::ZERO)).is_err());
    let stranger = SecretKey::from_bytes(Suite::Bip340, [8; 32]).unwrap();
    let strange = SignedAgreement::sign(signed.agreement.clone(), &stranger, &chain, &account).unwrap();
    assert!(strange.verify(&chain, &account).is_err());
}

#[test]
fn every_flipped_bit_and_every_truncation_is_refused() {
    let (signed, chain, account) = signed();
    let bytes = codec::encode(&signed);
    assert_eq!(codec::decode::<SignedAgreement>(&bytes), Ok(signed));
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let accepted = codec::decode::<SignedAgreement>(&bytes).is_ok_and(|one| one.verify(&chain, &account).is_ok());
        assert!(!accepted, "bit {bit}");
    }
    assert!((0..bytes.len()).all(|end| codec::decode::<SignedAgreement>(&bytes[..end]).is_err()));
}

#[test]
fn a_text_is_recognised_by_whoever_has_it_and_its_salt() {
    let (signed, ..) = signed();
    let text = &signed.agreement().text;
    assert!(text.is(&[6; 32], b"we agree"));
    assert!(!text.is(&[6; 32], b"we agree.") && !text.is(&[0; 32], b"we agree"));
    assert!(AgreementText::of(&"x".repeat(65), &[0; 32], b"").is_err());
}

#[test]
fn the_first_end_of_an_agreement_stands() {
    let (signed, _, account) = signed();
    let at = Moment { height: Height::new(4), time: crate::time::Timestamp::EPOCH };
    let record = AgreementRecord::new(account, signed, 0, at, List::empty());
    assert_eq!((record.referrals_left(), record.clone().refer().refer().referrals_left()), (1, 0));
    let record = record.end(Height::new(5), EndedBy::Account).end(Height::new(6), EndedBy::Institution);
    assert_eq!(record.ended(), Some((Height::new(5), EndedBy::Account)));
}
