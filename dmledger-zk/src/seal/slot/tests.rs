use super::*;
use crate::seal::testing::{FIRST, World, epoch, range, record_id, rng};
use crate::seal::{Epoch, Hedge, Hour, Keys, OutsideRange, SubKey, unlock};
use dmledger_core::codec;

fn key(record: u8) -> DataKey {
    DataKey::generate(&record_id(record), &Hedge::Sequence(0), &mut rng(record.into()))
}

#[test]
fn a_slot_gives_back_the_data_key() {
    let world = World::new();
    let sealed = world.seal_with(&World::meta(1, 30), key(1), b"5.5");
    let (header, access) = (sealed.part().header().body(), sealed.part().access().body());
    let leaf = world.epochs[0].hour_keys(range(30, 30));
    let opened = access.data_key(header, &leaf, &GateMask::None).unwrap();
    assert_eq!(opened.secret(), key(1).secret());
    assert_eq!(borsh::to_vec(&access.slot).unwrap().len(), 48);
}

#[test]
fn every_field_of_the_access_part_is_bound_into_the_slot() {
    let world = World::new();
    let sealed = world.seal(1, 30, b"5.5");
    let (header, access) = (sealed.part().header().body(), sealed.part().access().body());
    let leaf = world.epochs[0].hour_keys(range(30, 30));
    let alterations: [fn(&mut AccessPart); 7] = [
        |part| part.header = Digest::ZERO,
        |part| part.version += 1,
        |part| part.epoch = EpochNumber::new(1),
        |part| part.buckets = range(30, 31),
        |part| part.committee = CommitteeId::new(1),
        |part| part.check_tags = List::new(vec![[0; 8]]).unwrap(),
        |part| part.slot.0[0] ^= 1,
    ];
    for (i, alter) in alterations.iter().enumerate() {
        let mut altered = access.clone();
        alter(&mut altered);
        let refused = altered.data_key(header, &leaf, &GateMask::None).unwrap_err();
        assert_eq!(refused, OpenError::Inauthentic(Inauthentic), "alteration {i}");
    }
    let other_hour = world.epochs[0].hour_keys(range(31, 31));
    let refused = access.data_key(header, &other_hour, &GateMask::None).unwrap_err();
    assert_eq!(refused, OpenError::Inauthentic(Inauthentic));
}

#[test]
fn a_slot_that_holds_another_key_than_the_header_commits_to_is_refused() {
    let world = World::new();
    let sealed = world.seal_with(&World::meta(1, 30), key(1), b"5.5");
    let header = sealed.part().header();
    let access = AccessPart::issue(header, &key(2), &world.epochs[0], 2, &world.patient).unwrap();
    let part = Part::new(header.clone(), access);
    let refused = unlock(&part, Keys::Owner(&world.epochs), &world.view(&sealed)).unwrap_err();
    assert_eq!(refused, OpenError::Tampered(Altered::DataKey));
}

#[test]
fn two_versions_never_share_a_slot_key() {
    let world = World::new();
    let sealed = world.seal_with(&World::meta(1, 30), key(1), b"5.5");
    let header = sealed.part().header();
    let issue = |version| {
        let access = AccessPart::issue(header, &key(1), &world.epochs[0], version, &world.patient).unwrap();
        access.body().slot.clone()
    };
    assert_eq!(issue(1), issue(1));
    let (first, second) = (issue(1), issue(2));
    assert!(first.0.iter().zip(&second.0).filter(|(a, b)| a == b).count() < 12, "unrelated bytes");
}

#[test]
fn moving_a_record_to_a_new_epoch_leaves_its_ciphertext_and_shuts_out_the_old_keys() {
    let world = World::new();
    let sealed = world.seal(1, 30, b"5.5 mmol/L");
    assert_eq!(world.read(&sealed, Keys::Grant(&world.grant)).unwrap(), b"5.5 mmol/L");
    let [old, new] = &world.epochs;
    let moved = reslot(sealed.part(), old, new, &world.patient).unwrap();
    assert_eq!((moved.header(), moved.access().body().version()), (sealed.part().header(), 2));
    let view = world.view(&sealed);
    let read = |keys| crate::seal::open(&moved, sealed.ciphertext(), keys, &view);
    assert_eq!(read(Keys::Owner(&world.epochs)).unwrap().as_bytes(), b"5.5 mmol/L");
    let which = vec![SubKey::RangeNodes(EpochNumber::new(1))];
    let missing = OpenError::MissingSubKey { have: 0, need: 1, which };
    assert_eq!(read(Keys::Grant(&world.grant)).unwrap_err(), missing);
    assert_eq!(reslot(&moved, old, new, &world.patient), Err(SealError::OldSlot(missing)));
}

#[test]
fn an_hour_outside_the_epoch_has_no_slot() {
    let world = World::new();
    let late = EpochKey::generate(Epoch::new(EpochNumber::new(1), late_hour()), &mut rng(1));
    let sealed = world.seal(1, 30, b"5.5");
    let refused = reslot(sealed.part(), &world.epochs[0], &late, &world.patient).unwrap_err();
    assert_eq!(refused, SealError::OutsideRange(OutsideRange));
    assert_eq!(epoch(0).bucket(late_hour()).unwrap().number(), 31);
}

fn late_hour() -> Hour {
    Hour::new(FIRST.number() + 31)
}

#[test]
fn an_access_part_reads_back_and_every_truncation_is_refused() {
    let world = World::new();
    let sealed = world.seal(1, 30, b"5.5");
    let bytes = codec::encode(sealed.part().access());
    assert_eq!(codec::decode::<Envelope<AccessPart>>(&bytes).as_ref(), Ok(sealed.part().access()));
    for end in 0..bytes.len() {
        assert!(codec::decode::<Envelope<AccessPart>>(&bytes[..end]).is_err(), "accepted {end} bytes");
    }
}
