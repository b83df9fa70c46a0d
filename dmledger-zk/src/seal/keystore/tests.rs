use super::*;
use crate::seal::testing::{Stuck, account, epoch, rng};
use crate::seal::{Committee, CommitteeId, EpochNumber, GateSeed, Guard, Shape};
use hex_literal::hex;

/// Far below what [`Effort::new`] accepts: keeps the tests short.
const QUICK: Effort = Effort { memory_kib: 64, passes: 1, lanes: 1 };

fn contents() -> KeystoreContents {
    let mut contents = KeystoreContents::default();
    contents.keep_signing("P2", Suite::Bip340, &[7; 32]).unwrap();
    contents.keep_unwrapping("patient", &KemKeyPair::generate(SealSuite::default(), &mut rng(1))).unwrap();
    contents.keep_unwrapping("clinic", &KemKeyPair::generate(SealSuite::P256Aes256, &mut rng(2))).unwrap();
    let guard = Guard::new(account(2), EpochNumber::new(0), Committee::new(CommitteeId::new(1), Shape::DEFAULT));
    let guarded = EpochKey::generate(epoch(0), &mut rng(3)).guarded_by(GateSeed::generate(guard, &mut rng(4))).unwrap();
    contents.keep_epoch("glucose", guarded).unwrap();
    contents.keep_epoch("glucose", EpochKey::generate(epoch(1), &mut rng(5))).unwrap();
    contents
}

fn sealed(passphrase: &[u8]) -> Keystore {
    Keystore::seal(&contents(), 3, passphrase, QUICK, &mut rng(6)).unwrap()
}

/// From the reference implementation's `src/test.c`: version 0x13, two passes, 2^16 KiB, one lane.
#[test]
fn the_passphrase_function_is_argon2id() {
    let params = Params::new(1 << 16, 2, 1, Some(32)).unwrap();
    let mut out = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(b"password", b"somesalt", &mut out)
        .unwrap();
    assert_eq!(out, hex!("09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"));
}

#[test]
fn every_key_comes_back_as_it_was_kept() {
    let file = codec::encode(&sealed(b"correct horse"));
    let opened = codec::decode::<Keystore>(&file).unwrap().open(b"correct horse").unwrap();
    assert_eq!(opened.signing("P2").unwrap().public(), SecretKey::from_bytes(Suite::Bip340, [7; 32]).unwrap().public());
    for name in ["patient", "clinic"] {
        assert_eq!(opened.unwrapping(name).unwrap().public(), contents().unwrapping(name).unwrap().public());
    }
    let bytes = |contents: &KeystoreContents| secret_bytes(contents).to_vec();
    assert_eq!(bytes(&opened), bytes(&contents()));
    let epochs: Vec<_> =
        opened.epochs("glucose").map(|key| (key.epoch().number().number(), key.gate().is_some())).collect();
    assert_eq!(epochs, [(0, true), (1, false)]);
    assert_eq!(opened.signing("P1").unwrap_err(), KeystoreError::NoSuchKey);
}

#[test]
fn a_wrong_passphrase_and_an_altered_file_are_told_apart_and_refused() {
    let good = sealed(b"correct horse");
    assert_eq!(good.open(b"correct horsf").unwrap_err(), KeystoreError::WrongPassphrase);
    let bytes = codec::encode(&good);
    for i in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[i] ^= 1;
        let opened = codec::decode::<Keystore>(&bytes).is_ok_and(|file| file.open(b"correct horse").is_ok());
        assert!(!opened, "byte {i}");
    }
    for end in 0..bytes.len() {
        assert!(codec::decode::<Keystore>(&bytes[..end]).is_err(), "accepted {end} bytes");
    }
}

#[test]
fn a_file_that_asks_for_too_much_work_is_refused_before_any_work() {
    for (memory, passes, lanes) in
        [((1 << 20) + 1, 3, 4), (65_536, 0, 4), (65_536, 65, 4), (65_536, 3, 0), (65_536, 3, 17)]
    {
        assert_eq!(Effort::new(memory, passes, lanes), Err(KeystoreError::BadEffort));
        assert!(borsh::from_slice::<Effort>(&borsh::to_vec(&(memory, passes, lanes)).unwrap()).is_err());
    }
    assert_eq!(Effort::new(19_455, 3, 4), Err(KeystoreError::BadEffort), "too little for a new file");
    for effort in [Effort::DEFAULT, Effort::SMALL] {
        assert_eq!(Effort::new(effort.memory_kib, effort.passes, effort.lanes), Ok(effort));
    }
}

#[test]
fn a_stuck_generator_never_seals_two_contents_under_one_key() {
    let seal = |contents: &KeystoreContents| Keystore::seal(contents, 1, b"p", QUICK, &mut Stuck).unwrap();
    let mut more = contents();
    more.keep_signing("P1", Suite::Bip340, &[8; 32]).unwrap();
    assert_ne!(seal(&contents()).salt, seal(&more).salt);
}

#[test]
fn a_forgotten_epoch_is_gone_from_the_next_file() {
    let mut kept = contents();
    kept.forget_epochs(|name, key| name == "glucose" && key.epoch().number() == EpochNumber::new(0)).unwrap();
    let file = Keystore::seal(&kept, 4, b"p", QUICK, &mut rng(7)).unwrap();
    let left: Vec<_> = file.open(b"p").unwrap().epochs("glucose").map(|key| key.epoch().number().number()).collect();
    assert_eq!(left, [1]);
}

#[test]
fn nothing_secret_is_printed() {
    let shown = format!("{:?} {:?}", contents(), sealed(b"p"));
    assert!(shown.contains("1 signing, 2 unwrapping, 2 epoch keys") && !shown.contains("07070707"), "{shown}");
}
