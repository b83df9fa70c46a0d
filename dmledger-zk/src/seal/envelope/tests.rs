use super::*;
use crate::seal::testing::{KIND, Stuck, World, record_id, rng};
use crate::seal::{Hedge, Keys, unlock};
use dmledger_core::traits::blob_store::MAX_PART_BYTES;

#[test]
fn a_sealed_record_reads_back_with_its_kind_length_and_value_key() {
    let world = World::new();
    for len in [0, 1, 300, 4096, 200_000] {
        let plaintext = vec![0xA5; len];
        let key = DataKey::generate(&record_id(1), &Hedge::Content(&plaintext), &mut rng(1));
        let values = *key.value_key().as_bytes();
        let sealed = world.seal_with(&World::meta(1, 30), key, &plaintext);
        let unlocked = unlock(sealed.part(), Keys::Owner(&world.epochs), &world.view(&sealed)).unwrap();
        assert_eq!((unlocked.kind(), unlocked.opener().len()), (KIND, len as u64));
        assert_eq!(unlocked.value_key().as_bytes(), &values);
        assert_eq!(world.read(&sealed, Keys::Owner(&world.epochs)).unwrap(), plaintext);
    }
}

#[test]
fn the_lake_sees_neither_kind_nor_length() {
    let world = World::new();
    let short = world.seal(1, 30, b"5.5");
    let long = world.seal(1, 30, &[b'x'; 256]);
    assert_eq!(short.ciphertext().len(), long.ciphertext().len());
    let header = short.part().header().body();
    assert_eq!(codec::encode(header).len(), RecordHeader::MAX_BYTES);
    let plain = [KIND.code().to_be_bytes().as_slice(), &3_u64.to_be_bytes()].concat();
    assert_ne!(header.veiled.as_slice(), plain);
    assert_ne!(header.veiled, long.part().header().body().veiled);
}

#[test]
fn a_veiled_length_that_does_not_fit_the_layout_is_refused() {
    let key = || DataKey::generate(&record_id(1), &Hedge::Sequence(1), &mut rng(1));
    let world = World::new();
    let mut header = header(&World::meta(1, 30), 257, &key(), &world.gateway).unwrap().body().clone();
    assert_eq!(header.unveil(&key()), Ok((KIND, 257)));
    header.padded = 256;
    assert_eq!(header.unveil(&key()), Err(OpenError::Tampered(Altered::Length)));
    header.padded = Layout::of_plaintext(257).unwrap().padded();
    header.veiled[0] ^= 1;
    assert_eq!(header.unveil(&key()), Err(OpenError::WrongKind), "a kind that does not exist");
}

#[test]
fn the_same_reading_sealed_twice_shares_no_digest_and_no_ciphertext() {
    let world = World::new();
    let seal = |seed| {
        let key = DataKey::generate(&record_id(1), &Hedge::Content(b"5.5"), &mut rng(seed));
        world.seal_with(&World::meta(1, 30), key, b"5.5")
    };
    let (a, b) = (seal(1), seal(2));
    assert_ne!(a.part().header_digest(), b.part().header_digest());
    assert_ne!(a.ciphertext()[..16], b.ciphertext()[..16]);
}

#[test]
fn a_stuck_generator_repeats_neither_key_stream_nor_slot_key() {
    let world = World::new();
    let seal = |plaintext: &[u8]| {
        let key = DataKey::generate(&record_id(1), &Hedge::Content(plaintext), &mut Stuck);
        world.seal_with(&World::meta(1, 30), key, plaintext)
    };
    // With a repeated key stream the xor of ciphertexts would be the xor of plaintexts: zero in the shared suffix.
    let (a, b) = (seal(b"5.5 mmol/L before breakfast"), seal(b"9.5 mmol/L before breakfast"));
    let equal = a.ciphertext().iter().zip(b.ciphertext()).filter(|(a, b)| a == b).count();
    assert!(equal < 16, "{equal} of 272 bytes equal");
    let slots = [&a, &b].map(|sealed| codec::encode(sealed.part().access().body())[54..].to_vec());
    assert!(slots[0].iter().zip(&slots[1]).filter(|(a, b)| a == b).count() < 12);
}

#[test]
fn header_and_part_read_back_and_every_truncation_is_refused() {
    let sealed = World::new().seal(1, 30, b"5.5");
    let bytes = sealed.part().to_bytes();
    assert_eq!(Part::from_bytes(&bytes).as_ref(), Ok(sealed.part()));
    for end in 0..bytes.len() {
        assert!(Part::from_bytes(&bytes[..end]).is_err(), "accepted {end} bytes");
    }
    const { assert!(Part::MAX_BYTES <= MAX_PART_BYTES) };
}

#[test]
fn the_format_is_fixed() {
    let world = World::new();
    let sealed = world.seal(1, 30, b"5.5");
    assert_eq!(sealed.part().header_digest().to_string(), FIXED_HEADER);
    let all = [sealed.part().to_bytes(), sealed.ciphertext().to_vec()].concat();
    assert_eq!(dmledger_core::hash::tagged(tag::SEAL_HEADER, &all).to_string(), FIXED_RECORD);
}
const FIXED_HEADER: &str = "7aa6edb0437feb5750b05846b830477e1be8856dafbbee08cfa4f3eea3ac2221";
const FIXED_RECORD: &str = "507355834fb2d04bef67abf352e070375cec800c285f91306b0b10b65cced418";
