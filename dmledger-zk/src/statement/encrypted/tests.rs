use super::*;
use crate::{
    batch::BatchVerifier,
    commit::{Blinding, commit_values},
    elgamal::{DecryptionKey, ValueTable},
    error::{ProveError, Rejected},
    statement::{
        Prove as _, Statement as _, Verify as _,
        reading::{ReadingWitness, value_root},
    },
    testing,
    transcript::Transcript,
};

const VALUES: [u64; 5] = [612, 700, 1_043, 1_288, 1_800];

fn key(seed: u64) -> DecryptionKey {
    DecryptionKey::random(&mut testing::rng(seed))
}

fn case(index: u64, recipients: u64) -> (ReadingEncrypted, ReadingEncryptedProof) {
    let (commitments, openings) = commit_values(&VALUES, &[6; 32]);
    let keys: Vec<_> = (0..recipients).map(|seed| key(seed).encryption_key()).collect();
    let opening = &openings[index as usize];
    let statement = ReadingEncrypted::encrypt(value_root(&commitments), 5, index, opening, &keys).unwrap();
    let witness = ReadingWitness::new(&commitments, &openings, index).unwrap();
    let proof = statement.prove(&testing::context(), &witness, &mut testing::rng(index)).unwrap();
    (statement, proof)
}

#[test]
fn every_recipient_reads_the_anchored_reading_and_nobody_else() {
    let table = ValueTable::up_to(2_000);
    let cases: Vec<_> = (0..5).map(|index| case(index, 3)).collect();
    let mut batch = BatchVerifier::new();
    for ((statement, proof), value) in cases.iter().zip(VALUES) {
        assert_eq!(ReadingEncryptedProof::from_bytes(proof.as_bytes()).as_ref(), Ok(proof));
        batch.add(statement, &testing::context(), proof);
        for seed in 0..3 {
            let handle = statement.handle_for(&key(seed).encryption_key()).unwrap();
            assert_eq!(key(seed).decrypt(proof.commitment(), handle, &table), Some(value));
            assert_eq!(key(9).decrypt(proof.commitment(), handle, &table), None);
        }
    }
    assert_eq!(batch.finish(&mut testing::rng(1)), Ok(()));
}

#[test]
fn what_cannot_be_stated_or_shown_is_said_before() {
    let (commitments, openings) = commit_values(&VALUES, &[6; 32]);
    let (root, keys) = (value_root(&commitments), [key(1).encryption_key()]);
    let beyond = ReadingEncrypted::encrypt(root, 5, 5, &openings[0], &keys);
    assert_eq!(beyond, Err(StatementError::Position { index: 5, count: 5 }));
    assert!(ReadingEncrypted::encrypt(root, 5, 0, &openings[0], &[]).is_err());
    assert!(ReadingEncrypted::encrypt(root, 5, 0, &openings[0], &[keys[0]; 16]).is_err());
    // The handles of one reading beside another reading.
    let crossed = ReadingEncrypted::encrypt(root, 5, 0, &openings[1], &keys).unwrap();
    let witness = ReadingWitness::new(&commitments, &openings, 0).unwrap();
    assert_eq!(crossed.prove(&testing::context(), &witness, &mut testing::rng(1)), Err(ProveError::False));
    let witness = ReadingWitness::new(&commitments, &openings, 1).unwrap();
    assert_eq!(crossed.prove(&testing::context(), &witness, &mut testing::rng(1)), Err(ProveError::WrongOpening));
}

#[test]
fn another_root_place_recipient_or_handle_is_rejected() {
    let (statement, proof) = case(2, 2);
    let (root, own) = (statement.root(), statement.recipients());
    let other = Handle::from_bytes(case(3, 2).0.recipients()[0].1.as_bytes()).unwrap();
    let changed = [
        ReadingEncrypted::new(value_root(&[]), 5, 2, own),
        ReadingEncrypted::new(root, 6, 2, own),
        ReadingEncrypted::new(root, 5, 3, own),
        ReadingEncrypted::new(root, 5, 2, &own[..1]),
        ReadingEncrypted::new(root, 5, 2, &[own[1], own[0]]),
        ReadingEncrypted::new(root, 5, 2, &[(own[0].0, other), own[1]]),
        ReadingEncrypted::new(root, 5, 2, &[(key(7).encryption_key(), own[0].1), own[1]]),
    ];
    for statement in changed {
        assert_eq!(statement.unwrap().verify(&testing::context(), &proof), Err(Rejected));
    }
}

/// A sender who encrypts another value: the commitment is not in the record.
#[test]
fn a_value_that_is_not_in_the_record_is_rejected_although_its_encryption_is_sound() {
    let (statement, proof) = case(2, 1);
    let foreign = Opening::new(999, Blinding::derive(&[8; 32], 0));
    let encrypted = EncryptedTo::encrypt(&foreign, &[key(0).encryption_key()]).unwrap();
    let lie = ReadingEncrypted::new(statement.root(), 5, 2, encrypted.recipients()).unwrap();
    let mut transcript = Transcript::bind(&testing::context(), &lie);
    encrypted.absorb(&mut transcript);
    let relation = encrypted.prove_on(transcript, &foreign, &mut testing::rng(1)).unwrap();
    let forged = ReadingEncryptedProof::new(foreign.commitment(), proof.path(), relation).unwrap();
    assert_eq!(lie.verify(&testing::context(), &forged), Err(Rejected));
}

#[test]
fn every_flipped_byte_truncation_and_other_context_is_refused() {
    let (statement, proof) = case(2, 2);
    let bytes = proof.as_bytes();
    let refused = |bytes: &[u8]| {
        ReadingEncryptedProof::from_bytes(bytes)
            .map_or(true, |proof| statement.verify(&testing::context(), &proof).is_err())
    };
    for at in 0..bytes.len() {
        let mut changed = bytes.to_vec();
        changed[at] ^= 1 << (at % 8);
        assert!(refused(&changed), "byte {at}");
        assert!(ReadingEncryptedProof::from_bytes(&bytes[..at]).is_err(), "{at} bytes");
    }
    assert!(ReadingEncryptedProof::from_bytes(&[bytes, &[0]].concat()).is_err());
    for context in testing::every_other_context(&testing::context()) {
        assert_eq!(statement.verify(&context, &proof), Err(Rejected));
    }
}
