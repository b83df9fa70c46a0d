//! The draft's vectors, and what a verifier must refuse.

use super::*;
use crate::{batch::BatchVerifier, context::Chain, testing};
use bls12_381_plus::G1Affine;
use serde_json::Value;

/// Vectors of the suite `BLS12-381-SHA-256`.
fn vectors() -> Value {
    serde_json::from_str(include_str!("../../tests/vectors/bbs-bls12-381-sha-256.json")).unwrap()
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn scalars(value: &Value) -> Vec<Scalar> {
    list(value).iter().map(|message| suite::message_to_scalar(&hex(message))).collect()
}

fn credential(value: &Value) -> Credential {
    Credential::from_bytes(&hex(value).try_into().unwrap()).unwrap()
}

fn issuer(value: &Value) -> IssuerKey {
    IssuerKey::from_bytes(&hex(value).try_into().unwrap()).unwrap()
}

#[test]
fn keys_scalars_and_generators_are_those_of_the_draft() {
    let vectors = vectors();
    let key = &vectors["keypair"];
    let secret = IssuerSecret::generate(&hex(&key["keyMaterial"]), &hex(&key["keyInfo"])).unwrap();
    assert_eq!(secret.to_bytes().to_vec(), hex(&key["keyPair"]["secretKey"]));
    assert_eq!(secret.public().as_bytes().to_vec(), hex(&key["keyPair"]["publicKey"]));
    let hashed = &vectors["h2s"];
    assert_eq!(suite::to_scalar(&hex(&hashed["message"])).to_be_bytes().to_vec(), hex(&hashed["scalar"]));
    for case in list(&vectors["messages"]["cases"]) {
        let scalar = suite::message_to_scalar(&hex(&case["message"]));
        assert_eq!(scalar.to_be_bytes().to_vec(), hex(&case["scalar"]));
    }
    let generators = &vectors["generators"];
    assert_eq!(G1Affine::from(suite::base().unwrap()).to_compressed().to_vec(), hex(&generators["P1"]));
    let all = [&generators["Q1"]].into_iter().chain(list(&generators["MsgGenerators"]));
    for (ours, theirs) in suite::generators(11).unwrap().iter().zip(all) {
        assert_eq!(G1Affine::from(*ours).to_compressed().to_vec(), hex(theirs));
    }
}

#[test]
fn signatures_are_those_of_the_draft_and_its_bad_ones_are_refused() {
    let vectors = vectors();
    let cases = list(&vectors["signatures"]);
    assert_eq!(cases.len(), 10);
    for case in cases {
        let (valid, name) = (case["result"]["valid"].as_bool().unwrap(), &case["caseName"]);
        let (key, header) = (issuer(&case["signerKeyPair"]["publicKey"]), hex(&case["header"]));
        let (messages, given) = (scalars(&case["messages"]), credential(&case["signature"]));
        let verdict = scheme::verify(key.point(), given.signature(), &header, &messages);
        assert_eq!(verdict, Some(valid), "{name}");
        if valid {
            let secret = hex(&case["signerKeyPair"]["secretKey"]).try_into().unwrap();
            let secret = scheme::read_scalar(&secret).unwrap();
            let signature = scheme::sign(&secret, key.point(), &header, &messages).unwrap();
            assert_eq!((signature.a, signature.e), (given.signature().a, given.signature().e), "{name}");
        }
    }
}

#[test]
fn proofs_are_those_of_the_draft_and_its_bad_ones_are_refused() {
    let vectors = vectors();
    let cases = list(&vectors["proofs"]);
    assert_eq!(cases.len(), 15);
    for case in cases {
        let (valid, name) = (case["result"]["valid"].as_bool().unwrap(), &case["caseName"]);
        let (header, presentation) = (hex(&case["header"]), hex(&case["presentationHeader"]));
        let messages = scalars(&case["messages"]);
        let places = list(&case["disclosedIndexes"]).iter().map(|place| place.as_u64().unwrap() as usize);
        let disclosed: Vec<_> = places.map(|place| (place, messages[place])).collect();
        let key = issuer(&case["signerPublicKey"]);
        let (count, presentation) = (messages.len(), presentation.as_slice());
        let shown = Shown { key: key.point(), header: &header, presentation, count, disclosed: &disclosed };
        let proof = scheme::Proof::from_bytes(&hex(&case["proof"]));
        assert_eq!(proof.and_then(|proof| scheme::verify_proof(&shown, &proof)), Some(valid), "{name}");
        if valid {
            let trace = &case["trace"]["random_scalars"];
            let fixed = ["r1", "r2", "e_tilde", "r1_tilde", "r3_tilde"].map(|name| &trace[name]);
            let all = fixed.into_iter().chain(list(&trace["m_tilde_scalars"]));
            let random = all.map(|one| scheme::read_scalar(&hex(one).try_into().unwrap()).unwrap()).collect();
            let signature = credential(&case["signature"]);
            let proof = scheme::prove(&shown, signature.signature(), &messages, &Zeroizing::new(random)).unwrap();
            assert_eq!(proof.to_bytes(), hex(&case["proof"]), "{name}");
        }
    }
}

fn secret(seed: u64) -> IssuerSecret {
    IssuerSecret::random(&mut testing::rng(seed))
}

fn header() -> Header {
    Header::for_ledger(Chain::new([1; 32]), "physician").unwrap()
}

const ATTRIBUTES: [&[u8]; 5] = [b"role=physician", b"hospital=A1", b"licence=4711", b"until=2027", b""];

fn held() -> Held {
    let attributes = Attributes::new(&ATTRIBUTES).unwrap();
    Held::new(secret(1).issue(&header(), &attributes).unwrap(), attributes)
}

fn case(places: &[usize]) -> (Presented, Presentation) {
    let held = held();
    let statement = Presented::of(&secret(1).public(), &header(), &held, places).unwrap();
    let proof = statement.prove(&testing::context(), &held, &mut testing::rng(places.len() as u64)).unwrap();
    (statement, proof)
}

#[test]
fn any_choice_of_attributes_can_be_shown() {
    for set in 0_usize..32 {
        let places: Vec<_> = (0..5).filter(|place| set >> place & 1 == 1).collect();
        let (statement, proof) = case(&places);
        assert_eq!(statement.verify(&testing::context(), &proof), Ok(()), "{places:?}");
        assert_eq!(proof.as_bytes().len(), 272 + 32 * (5 - places.len()));
        assert_eq!(Presentation::from_bytes(proof.as_bytes()).as_ref(), Ok(&proof));
    }
}

#[test]
fn a_hidden_attribute_does_not_stand_in_the_presentation_and_two_presentations_share_no_element() {
    let (statement, first) = case(&[0]);
    let second = statement.prove(&testing::context(), &held(), &mut testing::rng(99)).unwrap();
    let elements = |proof: &Presentation| proof.as_bytes().chunks(16).map(<[u8]>::to_vec).collect::<Vec<_>>();
    assert!(elements(&first).iter().all(|element| !elements(&second).contains(element)));
    let scalar = suite::message_to_scalar(ATTRIBUTES[2]).to_be_bytes();
    assert!(!first.as_bytes().windows(32).any(|window| window == scalar));
    assert!(!first.as_bytes().windows(48).any(|window| window == &held().credential().to_bytes()[..48]));
}

#[test]
fn what_was_not_certified_is_not_shown() {
    let context = testing::context();
    let lie = BTreeMap::from([(0, b"role=surgeon".to_vec())]);
    let statement = Presented::new(&secret(1).public(), &header(), 5, lie).unwrap();
    assert_eq!(statement.prove(&context, &held(), &mut testing::rng(1)), Err(ProveError::False));
    // Attributes exchanged by the holder, or a credential of another issuer: nothing to prove from.
    let own = Attributes::new(&[&b"role=surgeon"[..], ATTRIBUTES[1], ATTRIBUTES[2], ATTRIBUTES[3], b""]).unwrap();
    let altered = Held::new(Credential::from_bytes(&held().credential().to_bytes()).unwrap(), own);
    assert_eq!(statement.prove(&context, &altered, &mut testing::rng(1)), Err(ProveError::WrongOpening));
    let other = Presented::of(&secret(2).public(), &header(), &held(), &[0]).unwrap();
    assert_eq!(other.prove(&context, &held(), &mut testing::rng(1)), Err(ProveError::WrongOpening));
    assert!(Presented::of(&secret(1).public(), &header(), &held(), &[5]).is_err());
    assert!(Attributes::new::<&[u8]>(&[]).is_err() && Attributes::new(&[[0; 1_025]]).is_err());
    assert!(Attributes::new(&[b"a"; 33]).is_err() && Header::for_ledger(Chain::new([1; 32]), "").is_err());
}

#[test]
fn another_statement_is_rejected() {
    let (statement, proof) = case(&[0, 3]);
    let key = secret(1).public();
    let shown = |places: &[usize]| places.iter().map(|place| (*place, ATTRIBUTES[*place].to_vec())).collect();
    let elsewhere = Header::for_ledger(Chain::new([9; 32]), "physician").unwrap();
    let nurse = Header::for_ledger(Chain::new([1; 32]), "nurse").unwrap();
    let swapped = BTreeMap::from([(0, ATTRIBUTES[3].to_vec()), (3, ATTRIBUTES[0].to_vec())]);
    let later = BTreeMap::from([(0, ATTRIBUTES[0].to_vec()), (3, b"until=2037".to_vec())]);
    let others = [
        Presented::new(&secret(2).public(), &header(), 5, shown(&[0, 3])),
        Presented::new(&key, &elsewhere, 5, shown(&[0, 3])),
        Presented::new(&key, &nurse, 5, shown(&[0, 3])),
        Presented::new(&key, &header(), 6, shown(&[0, 3])),
        Presented::new(&key, &header(), 5, shown(&[0])),
        Presented::new(&key, &header(), 5, shown(&[0, 2])),
        Presented::new(&key, &header(), 5, shown(&[0, 2, 3])),
        Presented::new(&key, &header(), 5, swapped),
        Presented::new(&key, &header(), 5, later),
    ];
    for other in others {
        assert_eq!(other.unwrap().verify(&testing::context(), &proof), Err(Rejected));
    }
    for context in testing::every_other_context(&testing::context()) {
        assert_eq!(statement.verify(&context, &proof), Err(Rejected));
    }
}

#[test]
fn every_changed_byte_and_element_is_refused() {
    let (statement, proof) = case(&[0, 1, 3, 4]);
    let bytes = proof.as_bytes();
    let refused = |bytes: &[u8]| {
        Presentation::from_bytes(bytes).map_or(true, |proof| statement.verify(&testing::context(), &proof).is_err())
    };
    for at in 0..bytes.len() {
        let mut changed = bytes.to_vec();
        changed[at] ^= 1 << (at % 8);
        assert!(refused(&changed), "byte {at}");
        assert!(refused(&bytes[..at]), "{at} bytes");
    }
    // The identity, no point at all, zero, a scalar that is not canonical; bytes behind the end.
    let mut identity = [0; 48];
    identity[0] = 0xc0;
    for (start, end) in [(0, 48), (48, 96), (96, 144)] {
        for filling in [identity, [0; 48], [0xff; 48]] {
            let mut changed = bytes.to_vec();
            changed[start..end].copy_from_slice(&filling);
            assert!(Presentation::from_bytes(&changed).is_err());
        }
    }
    for start in (144..bytes.len()).step_by(32) {
        for filling in [[0; 32], [0xff; 32]] {
            let mut changed = bytes.to_vec();
            changed[start..start + 32].copy_from_slice(&filling);
            assert!(Presentation::from_bytes(&changed).is_err());
        }
    }
    assert!(refused(&[bytes, &[0]].concat()) && refused(&[bytes, &[1; 32]].concat()));
}

#[test]
fn in_a_batch_exactly_the_bad_presentation_is_named() {
    let cases = [case(&[0]), case(&[1, 2]), case(&[])];
    let mut batch = BatchVerifier::new();
    for (statement, proof) in &cases {
        batch.add(statement, &testing::context(), proof);
    }
    assert_eq!(batch.finish(&mut testing::rng(1)), Ok(()));
    let other = cases[0].0.prove(&testing::every_other_context(&testing::context())[4], &held(), &mut testing::rng(7));
    let other = other.unwrap();
    let mut batch = BatchVerifier::new();
    batch.add(&cases[1].0, &testing::context(), &cases[1].1);
    let bad = batch.add(&cases[0].0, &testing::context(), &other);
    batch.add(&cases[2].0, &testing::context(), &cases[2].1);
    assert_eq!(batch.finish(&mut testing::rng(1)), Err(vec![bad]));
}

#[test]
fn secrets_are_not_shown_and_bytes_read_back() {
    let held = held();
    let shown = format!("{:?} {held:?} {:?}", secret(1), held.attributes());
    assert!(!shown.contains("physician") && !shown.contains("4711"), "{shown}");
    let again = Credential::from_bytes(&held.credential().to_bytes()).unwrap();
    assert_eq!(again.to_bytes(), held.credential().to_bytes());
    assert_eq!(again.verify(&secret(1).public(), &header(), held.attributes()), Ok(()));
    assert_eq!(again.verify(&secret(2).public(), &header(), held.attributes()), Err(Rejected));
    assert!(IssuerKey::from_bytes(&[0; 96]).is_err() && IssuerSecret::from_bytes(&[0; 32]).is_err());
    assert!(IssuerSecret::from_bytes(&[0xff; 32]).is_err() && IssuerSecret::generate(&[1; 31], &[]).is_err());
}

#[test]
fn labels_stand_in_the_one_table_of_tags() {
    for label in [HEADER_TAG, Presented::DOMAIN] {
        assert!(dmledger_core::hash::tag::ALL.iter().any(|tag| tag.as_str() == label), "{label}");
    }
}
