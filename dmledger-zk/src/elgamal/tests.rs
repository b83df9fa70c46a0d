use super::*;
use crate::{
    commit::{Blinding, commit_values},
    group::{self, IsIdentity as _, Scalar},
    testing,
};

fn key(seed: u64) -> DecryptionKey {
    DecryptionKey::random(&mut testing::rng(seed))
}

fn opening(value: u64) -> Opening {
    Opening::new(value, Blinding::derive(&[5; 32], value))
}

/// A value encrypted to some recipients, with its proof.
fn case(value: u64, recipients: u64) -> (EncryptedTo, RelationProof) {
    let keys: Vec<_> = (0..recipients).map(|seed| key(seed).encryption_key()).collect();
    let statement = EncryptedTo::encrypt(&opening(value), &keys).unwrap();
    let proof = statement.prove(&testing::context(), &opening(value), &mut testing::rng(value)).unwrap();
    (statement, proof)
}

fn read(bytes: &[u8]) -> Option<RelationProof> {
    RelationProof::from_bytes(bytes).ok()
}

#[test]
fn every_recipient_reads_the_committed_value_and_nobody_else() {
    let table = ValueTable::up_to(1_023);
    for value in [0, 1, 103, 1_023] {
        let (statement, proof) = case(value, 3);
        assert_eq!(proof.as_bytes().len(), 192);
        assert_eq!(statement.verify(&testing::context(), &proof), Ok(()));
        for seed in 0..3 {
            let handle = statement.handle_for(&key(seed).encryption_key()).unwrap();
            assert_eq!(key(seed).decrypt(statement.commitment(), handle, &table), Some(value));
            assert_eq!(key(seed + 1).decrypt(statement.commitment(), handle, &table), None);
        }
        assert_eq!(statement.handle_for(&key(9).encryption_key()), None);
    }
    let (beyond, _) = case(1_024, 1);
    assert_eq!(key(0).decrypt(beyond.commitment(), &beyond.recipients()[0].1, &table), None);
}

#[test]
fn a_table_finds_every_value_to_its_end_and_none_beyond() {
    let table = ValueTable::up_to(3_000);
    let mut point = group::times_value_base(&Scalar::ZERO);
    for value in 0..=3_100 {
        assert_eq!(table.find(point), Some(value).filter(|value| *value <= 3_000), "{value}");
        point += group::value_base();
    }
    assert_eq!(ValueTable::up_to(u64::MAX).largest(), ValueTable::MAX);
}

#[test]
fn every_changed_byte_element_and_context_is_refused() {
    for recipients in [1, 3] {
        let (statement, proof) = case(103, recipients);
        testing::every_change_is_refused(&statement, &proof, read);
    }
}

#[test]
fn every_swapped_public_value_is_refused() {
    let (statement, proof) = case(103, 2);
    let (other, _) = case(104, 3);
    let [first, second] = [statement.recipients()[0], statement.recipients()[1]];
    let third = other.recipients()[2];
    let wrong: [(Commitment, Vec<(EncryptionKey, Handle)>); 7] = [
        (*other.commitment(), vec![first, second]),
        (*statement.commitment(), vec![(third.0, first.1), second]),
        (*statement.commitment(), vec![(first.0, third.1), second]),
        (*statement.commitment(), vec![(first.0, second.1), (second.0, first.1)]),
        (*statement.commitment(), vec![second, first]),
        (*statement.commitment(), vec![first]),
        (*statement.commitment(), vec![first, second, third]),
    ];
    for (commitment, recipients) in wrong {
        let statement = EncryptedTo::new(commitment, &recipients).unwrap();
        assert_eq!(statement.verify(&testing::context(), &proof), Err(Rejected));
    }
}

#[test]
fn a_handle_under_another_blinding_is_not_proved() {
    let honest = EncryptedTo::encrypt(&opening(103), &[key(1).encryption_key()]).unwrap();
    let foreign = Handle::of(&Blinding::derive(&[6; 32], 0), &key(1).encryption_key()).unwrap();
    let false_one = EncryptedTo::new(*honest.commitment(), &[(key(1).encryption_key(), foreign)]).unwrap();
    let prove = |opening: &Opening| false_one.prove(&testing::context(), opening, &mut testing::rng(1));
    assert_eq!(prove(&opening(103)), Err(ProveError::False));
    assert_eq!(prove(&opening(104)), Err(ProveError::WrongOpening));
}

#[test]
fn degenerate_keys_handles_and_counts_are_refused() {
    assert!(EncryptionKey::from_bytes(&[0; 32]).is_err());
    assert!(EncryptionKey::from_bytes(&[0xff; 32]).is_err());
    assert!(Handle::from_bytes(&[0; 32]).is_err());
    assert!(DecryptionKey::from_bytes(&[0; 32]).is_err());
    assert!(DecryptionKey::from_bytes(&[0xff; 32]).is_err());
    assert_eq!(*DecryptionKey::from_bytes(&key(1).to_bytes()).unwrap().to_bytes(), *key(1).to_bytes());
    let keys: Vec<_> = (0..16).map(|seed| key(seed).encryption_key()).collect();
    assert!(EncryptedTo::encrypt(&opening(1), &keys[..15]).is_ok());
    assert_eq!(EncryptedTo::encrypt(&opening(1), &keys), Err(StatementError::Count { count: 16, max: 15 }));
    assert_eq!(EncryptedTo::encrypt(&opening(1), &[]), Err(StatementError::Count { count: 0, max: 15 }));
    let bare = Opening::new(1, Blinding::from_scalar(Scalar::ZERO));
    assert_eq!(EncryptedTo::encrypt(&bare, &keys[..1]), Err(StatementError::Identity));
}

#[test]
fn a_batch_names_exactly_its_bad_members_and_a_cancelling_pair() {
    let cases: Vec<_> = (0..4).map(|value| case(value, 1 + value % 2)).collect();
    let spoil = |proof: &RelationProof| {
        read(&testing::shifted(proof.as_bytes(), proof.as_bytes().len() / 32 - 1, &Scalar::ONE))
    };
    testing::every_subset_is_named(&cases, |proof| spoil(proof).unwrap());
    let (statement, proof) = &cases[0];
    let pair = [Scalar::ONE, -Scalar::ONE].map(|by| read(&testing::shifted(proof.as_bytes(), 2, &by)).unwrap());
    testing::a_cancelling_pair_is_found(statement, pair.each_ref());
}

#[test]
fn a_stuck_generator_gives_two_values_unrelated_nonces() {
    let nonce = |value| {
        let statement = EncryptedTo::encrypt(&opening(value), &[key(1).encryption_key()]).unwrap();
        statement.prove(&testing::context(), &opening(value), &mut testing::StuckRng).unwrap().as_bytes()[..32].to_vec()
    };
    assert_eq!(nonce(1), nonce(1));
    assert_ne!(nonce(1), nonce(2));
}

#[test]
fn the_holder_of_a_key_shows_it_and_another_cannot() {
    let relation = key(1).encryption_key().held();
    let proof = relation.prove(&testing::context(), &key(1).witness(), &mut testing::rng(1)).unwrap();
    assert_eq!(relation.verify(&testing::context(), &proof), Ok(()));
    assert_eq!(key(2).encryption_key().held().verify(&testing::context(), &proof), Err(Rejected));
    let stolen = relation.prove(&testing::context(), &key(2).witness(), &mut testing::rng(1));
    assert_eq!(stolen, Err(ProveError::False));
}

const DAY: [u64; 4] = [103, 250, 0, u64::MAX];

/// What is to be delivered to the holder of key 1, and the openings.
fn delivery() -> (Delivery, Vec<Opening>) {
    let (commitments, openings) = commit_values(&DAY, &[8; 32]);
    (Delivery::new(testing::context(), key(1).encryption_key(), &commitments).unwrap(), openings)
}

#[test]
fn a_parcel_opens_for_its_recipient_and_nobody_else() {
    let (delivery, openings) = delivery();
    let parcel = Parcel::seal(&delivery, &openings, &mut testing::rng(1)).unwrap();
    let parcel = Parcel::from_bytes(&parcel.to_bytes()).unwrap();
    let opened = parcel.open(&delivery, &key(1)).unwrap();
    assert_eq!(opened.iter().map(Opening::value).collect::<Vec<_>>(), DAY);
    assert_eq!(parcel.open(&delivery, &key(2)).err(), Some(Fault::WrongKey));
    assert_eq!(
        Parcel::seal(&delivery, &openings[..3], &mut testing::rng(1)).err(),
        Some(ProveError::Openings { have: 3, need: 4 })
    );
    let (_, others) = commit_values(&DAY, &[9; 32]);
    assert_eq!(Parcel::seal(&delivery, &others, &mut testing::rng(1)).err(), Some(ProveError::WrongOpening));
}

#[test]
fn a_parcel_altered_in_any_byte_or_taken_for_another_delivery_does_not_open() {
    let (delivery, openings) = delivery();
    let bytes = Parcel::seal(&delivery, &openings, &mut testing::rng(1)).unwrap().to_bytes();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let opened = Parcel::from_bytes(&changed).ok().and_then(|parcel| parcel.open(&delivery, &key(1)).ok());
        assert!(opened.is_none(), "byte {at}");
        let short = Parcel::from_bytes(&bytes[..at]).ok().and_then(|parcel| parcel.open(&delivery, &key(1)).ok());
        assert!(short.is_none(), "{at} bytes");
    }
    let parcel = Parcel::from_bytes(&bytes).unwrap();
    for context in testing::every_other_context(&testing::context()) {
        let other = Delivery::new(context, *delivery.to(), delivery.commitments()).unwrap();
        assert_eq!(parcel.open(&other, &key(1)).err(), Some(Fault::WrongKey));
    }
    let fewer = Delivery::new(testing::context(), *delivery.to(), &delivery.commitments()[..3]).unwrap();
    assert_eq!(parcel.open(&fewer, &key(1)).err(), Some(Fault::WrongKey));
    assert!(Parcel::from_bytes(&vec![0; Parcel::MAX_BYTES + 1]).is_err());
}

/// Parcels whose sender cheated, and what is wrong with each.
fn cheats() -> Vec<(Parcel, Fault)> {
    let (delivery, openings) = delivery();
    let contents: Vec<u8> = openings
        .iter()
        .flat_map(|opening| [&opening.value().to_le_bytes()[..], opening.blinding().scalar().as_bytes()].concat())
        .collect();
    let seal = |contents: &[u8]| Parcel::seal_contents(&delivery, contents, &mut testing::rng(1)).unwrap();
    let mut other_value = contents.clone();
    other_value[40] ^= 1;
    let mut no_scalar = contents.clone();
    no_scalar[48..80].fill(0xff);
    let mut broken_seal = seal(&contents).to_bytes();
    *broken_seal.last_mut().unwrap() ^= 1;
    let mut other_key = seal(&contents).to_bytes();
    other_key[32] ^= 1;
    vec![
        (seal(&other_value), Fault::Opening { place: 1 }),
        (seal(&no_scalar), Fault::Contents),
        (seal(&contents[..120]), Fault::Contents),
        (seal(&[]), Fault::Contents),
        (Parcel::from_bytes(&broken_seal).unwrap(), Fault::Seal),
        (Parcel::from_bytes(&other_key).unwrap(), Fault::WrongKey),
    ]
}

#[test]
fn every_cheat_of_a_sender_is_seen_and_can_be_shown_to_anyone() {
    let (delivery, _) = delivery();
    for (parcel, fault) in cheats() {
        assert_eq!(parcel.open(&delivery, &key(1)).err(), Some(fault));
        let complaint = Complaint::of(&delivery, &parcel, &key(1)).unwrap();
        assert_eq!(complaint.fault(), fault);
        let proof = complaint.prove(&testing::context(), &key(1), &mut testing::rng(2)).unwrap();
        // The judge has delivery, parcel, the point and the proof.
        let shared = SharedPoint::from_bytes(complaint.shared().as_bytes()).unwrap();
        let judged = Complaint::new(&delivery, &parcel, shared).unwrap();
        assert_eq!(judged.verify(&testing::context(), &proof), Ok(()));
    }
    let (parcel, _) = &cheats()[0];
    let complaint = Complaint::of(&delivery, parcel, &key(1)).unwrap();
    let proof = complaint.prove(&testing::context(), &key(1), &mut testing::rng(2)).unwrap();
    testing::every_change_is_refused(&complaint, &proof, read);
}

#[test]
fn nobody_can_complain_of_a_good_parcel() {
    let (delivery, openings) = delivery();
    let parcel = Parcel::seal(&delivery, &openings, &mut testing::rng(1)).unwrap();
    assert_eq!(Complaint::of(&delivery, &parcel, &key(1)), Err(StatementError::NoFault));
    // With a made-up point the parcel seems sealed under another key, but the point cannot be shown to be shared.
    let (invented, _) = &cheats()[0];
    let wrong = Complaint::of(&delivery, invented, &key(1)).unwrap();
    let claimed = Complaint::new(&delivery, &parcel, SharedPoint::from_point(group::value_base()).unwrap()).unwrap();
    assert_eq!(claimed.fault(), Fault::WrongKey);
    assert_eq!(claimed.prove(&testing::context(), &key(1), &mut testing::rng(1)), Err(ProveError::False));
    let borrowed = wrong.prove(&testing::context(), &key(1), &mut testing::rng(1)).unwrap();
    assert_eq!(claimed.verify(&testing::context(), &borrowed), Err(Rejected));
    // Nor by somebody who is not the recipient.
    let stranger = Complaint::of(&delivery, &parcel, &key(2)).unwrap();
    assert_eq!(stranger.prove(&testing::context(), &key(2), &mut testing::rng(1)), Err(ProveError::False));
}

#[test]
fn a_stuck_generator_gives_two_deliveries_their_own_keys() {
    let parcel = |values: &[u64]| {
        let (commitments, openings) = commit_values(values, &[8; 32]);
        let delivery = Delivery::new(testing::context(), key(1).encryption_key(), &commitments).unwrap();
        *Parcel::seal(&delivery, &openings, &mut testing::StuckRng).unwrap().ephemeral()
    };
    assert_ne!(parcel(&[1]), parcel(&[2]));
}

#[test]
fn a_simulator_without_the_witness_makes_accepting_runs() {
    // Challenge and responses first, then the first messages that fit: distributed as in a real run.
    let (statement, _) = case(103, 2);
    let mut rng = testing::rng(3);
    let [challenge, value, blinding] = [(); 3].map(|()| *Blinding::random(&mut rng).scalar());
    let mut nonces = vec![group::commit(&value, &blinding) - challenge * statement.commitment().point()];
    for (key, handle) in statement.recipients() {
        nonces.push(blinding * key.point() - challenge * handle.point());
    }
    let nonces: Vec<_> = nonces.iter().map(group::encode_point).collect();
    let sum = testing::sum_of(1, |accumulator| {
        statement.relation.emit_run(&nonces, &[value, blinding], &challenge, accumulator)
    });
    assert!(sum.is_identity());
}
