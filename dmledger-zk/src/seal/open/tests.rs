use super::*;
use crate::seal::stream::CHUNK_BYTES;
use crate::seal::testing::{Anchored, KIND, OTHER_KIND, World, account, chain, hours, range, record_id, rng};
use crate::seal::{
    EpochNumber, GrantTerms, Hedge, Inauthentic, OutsideRange, SealError, SealSuite, begin_record, resume_record,
};
use dmledger_core::hash::Digest;
use dmledger_core::key::{SecretKey, Suite};
use dmledger_core::record::index::IndexFacts;

fn record(world: &World) -> Anchored {
    world.seal(1, 30, b"5.5 mmol/L")
}

fn refusal(sealed: &Anchored, keys: Keys<'_>, view: &LedgerView<'_>) -> OpenError {
    open(sealed.part(), sealed.ciphertext(), keys, view).unwrap_err()
}

fn granted(world: &World, change: impl FnOnce(&mut GrantTerms)) -> GrantBody {
    let mut terms = world.grant.terms().clone();
    change(&mut terms);
    let cover = world.epochs[0].cover(range(24, 47));
    GrantBody::new(terms, vec![cover], &mut rng(1)).unwrap()
}

#[test]
fn patient_and_grantee_read_what_was_sealed() {
    let world = World::new();
    let sealed = record(&world);
    for keys in [Keys::Owner(&world.epochs), Keys::Grant(&world.grant)] {
        let plaintext = open(sealed.part(), sealed.ciphertext(), keys, &world.view(&sealed)).unwrap();
        assert_eq!((plaintext.as_bytes(), plaintext.kind()), (&b"5.5 mmol/L"[..], KIND));
    }
}

#[test]
fn a_record_of_the_second_suite_reads_back() {
    let world = World::new();
    let meta = World::meta(1, 30).with_suite(SealSuite::P256Aes256);
    let text = vec![7; 100_000];
    let key = DataKey::generate(&record_id(1), &Hedge::Content(&text), &mut rng(1));
    let sealed = world.seal_with(&meta, key, &text);
    assert_eq!(world.read(&sealed, Keys::Grant(&world.grant)).unwrap(), text);
    let default = world.seal(1, 30, &text);
    assert_ne!(sealed.ciphertext()[..64], default.ciphertext()[..64]);
    assert_eq!(sealed.part().header().body().suite(), SealSuite::P256Aes256);
}

#[test]
fn who_was_never_granted_anything_lacks_the_patients_sub_key() {
    let world = World::new();
    let sealed = record(&world);
    let refused = refusal(&sealed, Keys::None, &world.view(&sealed));
    let which = vec![SubKey::RangeNodes(EpochNumber::new(0))];
    assert_eq!(refused, OpenError::MissingSubKey { have: 0, need: 1, which });
    let text = "cannot decrypt: 0 of 1 sub-keys present; missing: the patient's grant for epoch 0";
    assert_eq!(refused.to_string(), text);
}

#[test]
fn hours_before_and_after_the_grant_are_refused_and_its_first_and_last_hour_open() {
    let world = World::new();
    for (bucket, inside) in [(23, false), (24, true), (47, true), (48, false)] {
        let sealed = world.seal(1, bucket, b"5.5");
        let answer = world.read(&sealed, Keys::Grant(&world.grant));
        let expected = if inside { Ok(b"5.5".to_vec()) } else { Err(OpenError::OutsideRange(OutsideRange)) };
        assert_eq!(answer, expected, "hour {bucket}");
    }
}

#[test]
fn a_grant_counts_from_its_first_height_and_instant_until_its_last() {
    let world = World::new();
    let sealed = record(&world);
    let at = |height, seconds| {
        let (height, time) = (Height::new(height), Timestamp::from_seconds(seconds));
        let view = LedgerView { height, time, ..world.view(&sealed) };
        open(sealed.part(), sealed.ciphertext(), Keys::Grant(&world.grant), &view)
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    let early = Err("the grant begins at height 10 and 1970-01-01T00:16:40.000Z".to_owned());
    let late = Err("the grant ended at height 100 or 1970-01-01T02:30:00.000Z, whichever came first".to_owned());
    for (height, seconds, expected) in [
        (9, 5_000, &early),
        (50, 999, &early),
        (10, 1_000, &Ok(())),
        (99, 8_999, &Ok(())),
        (100, 5_000, &late),
        (50, 9_000, &late),
    ] {
        assert_eq!(&at(height, seconds), expected, "height {height}, {seconds} s");
    }
}

#[test]
fn a_revoked_grant_is_refused_with_its_height_and_the_owner_is_not() {
    let world = World::new();
    let sealed = record(&world);
    let height = Height::new(42);
    let view = LedgerView { standing: Standing::Revoked { height }, ..world.view(&sealed) };
    let refused = refusal(&sealed, Keys::Grant(&world.grant), &view);
    assert_eq!((refused.to_string().as_str(), &refused), (REVOKED, &OpenError::Revoked { height }));
    assert!(open(sealed.part(), sealed.ciphertext(), Keys::Owner(&world.epochs), &view).is_ok());
}
const REVOKED: &str = "the grant was revoked at height 42";

#[test]
fn another_chain_and_another_account_are_refused_by_name() {
    let world = World::new();
    let sealed = record(&world);
    let keys = Keys::Grant(&world.grant);
    let view = LedgerView { chain: chain(9), ..world.view(&sealed) };
    assert_eq!(refusal(&sealed, keys, &view), OpenError::WrongChain);
    let view = LedgerView { account: account(9), ..world.view(&sealed) };
    assert_eq!(refusal(&sealed, keys, &view), OpenError::WrongAccount);
    let foreign = granted(&world, |terms| terms.account = account(9));
    assert_eq!(refusal(&sealed, Keys::Grant(&foreign), &world.view(&sealed)), OpenError::WrongAccount);
}

#[test]
fn a_grant_for_another_kind_is_refused() {
    let world = World::new();
    let sealed = record(&world);
    let foreign = granted(&world, |terms| terms.kind = OTHER_KIND);
    assert_eq!(refusal(&sealed, Keys::Grant(&foreign), &world.view(&sealed)), OpenError::WrongKind);
}

#[test]
fn a_swapped_header_ciphertext_or_access_part_is_named() {
    let world = World::new();
    let (sealed, other) = (record(&world), world.seal(2, 30, b"9.9 mmol/L"));
    let keys = Keys::Grant(&world.grant);
    let view = world.view(&sealed);
    let header = Part::new(other.part().header().clone(), sealed.part().access().clone());
    let refused = open(&header, sealed.ciphertext(), keys, &view).unwrap_err();
    assert_eq!(refused, OpenError::Tampered(Altered::Header));
    let refused = open(sealed.part(), other.ciphertext(), keys, &view).unwrap_err();
    assert_eq!(refused, OpenError::Tampered(Altered::Content));
    let access = Part::new(sealed.part().header().clone(), other.part().access().clone());
    let refused = open(&access, sealed.ciphertext(), keys, &view).unwrap_err();
    assert_eq!(refused, OpenError::Tampered(Altered::AccessPart));
}

#[test]
fn a_ciphertext_that_the_index_was_lied_to_about_does_not_open() {
    let world = World::new();
    let (sealed, other) = (record(&world), world.seal(2, 30, b"9.9 mmol/L"));
    let entry = world.entry(sealed.part().header(), ContentId::of(other.ciphertext()));
    let view = LedgerView { entry: &entry, ..world.view(&sealed) };
    let refused = open(sealed.part(), other.ciphertext(), Keys::Grant(&world.grant), &view).unwrap_err();
    assert_eq!(refused, OpenError::Inauthentic(Inauthentic));
}

#[test]
fn a_record_of_several_hours_needs_a_grant_for_all_of_them() {
    let world = World::new();
    for (first, last, inside) in [(24, 47, true), (30, 31, true), (23, 24, false), (47, 48, false), (0, 71, false)] {
        let key = DataKey::generate(&record_id(1), &Hedge::Content(b"a day"), &mut rng(1));
        let sealed = world.seal_with(&World::meta_of(1, hours(first, last)), key, b"a day");
        let answer = world.read(&sealed, Keys::Grant(&world.grant));
        let expected = if inside { Ok(b"a day".to_vec()) } else { Err(OpenError::OutsideRange(OutsideRange)) };
        assert_eq!(answer, expected, "hours {first} to {last}");
        assert!(world.read(&sealed, Keys::Owner(&world.epochs)).is_ok());
    }
}

/// The ledger's decision goes by the entry's hours, the keys go by the header's.
#[test]
fn an_entry_that_contradicts_its_header_is_refused() {
    let world = World::new();
    let sealed = record(&world);
    let (facts, other) = (sealed.entry.facts(), world.seal(2, 31, b"9.9"));
    let contradictions = [
        IndexFacts { span: other.entry.facts().span, ..facts.clone() },
        IndexFacts { commitments: Digest::ZERO, ..facts.clone() },
        IndexFacts { record: record_id(2), ..facts.clone() },
    ];
    let mut entries: Vec<_> = contradictions.into_iter().map(|facts| world.anchor(facts)).collect();
    entries.push(IndexEntry::sign(facts.clone(), &world.patient, &chain(1), &account(2)).unwrap());
    for (i, entry) in entries.iter().enumerate() {
        let view = LedgerView { entry, ..world.view(&sealed) };
        let refused = refusal(&sealed, Keys::Owner(&world.epochs), &view);
        assert_eq!(refused, OpenError::Tampered(Altered::Entry), "contradiction {i}");
    }
}

#[test]
fn an_access_part_that_nobody_of_the_account_signed_is_refused() {
    let world = World::new();
    let sealed = record(&world);
    let stranger = [SecretKey::generate(Suite::Bip340, &mut rng(99)).public()];
    let view = LedgerView { custodians: &stranger, ..world.view(&sealed) };
    let refused = refusal(&sealed, Keys::Grant(&world.grant), &view);
    assert_eq!(refused, OpenError::Tampered(Altered::Custodian));
}

#[test]
fn a_rolled_back_access_part_is_refused() {
    let world = World::new();
    let sealed = record(&world);
    let view = LedgerView { least_version: 2, ..world.view(&sealed) };
    let refused = refusal(&sealed, Keys::Grant(&world.grant), &view);
    assert_eq!(refused, OpenError::Tampered(Altered::RolledBack));
}

#[test]
fn a_header_that_its_author_did_not_sign_is_refused() {
    let world = World::new();
    let sealed = record(&world);
    let body = sealed.part().header().body().clone();
    let bare = Envelope::new(chain(1), Some(account(2)), body);
    let other = SecretKey::generate(Suite::Bip340, &mut rng(99));
    for header in [bare.clone(), bare.clone().sign(&other, Meaning::Authored).unwrap()] {
        let part = Part::new(header, sealed.part().access().clone());
        let refused = open(&part, sealed.ciphertext(), Keys::Owner(&world.epochs), &world.view(&sealed)).unwrap_err();
        assert_eq!(refused, OpenError::Tampered(Altered::Author));
    }
    let witnessed = bare.sign(&world.gateway, Meaning::Witnessed).unwrap();
    let part = Part::new(witnessed, sealed.part().access().clone());
    let refused = open(&part, sealed.ciphertext(), Keys::Owner(&world.epochs), &world.view(&sealed)).unwrap_err();
    assert_eq!(refused, OpenError::Tampered(Altered::Author), "a witness is not the author");
}

/// The patient's key is stolen and moves a record of hour 60 under the keys of hour 30, which a hospital holds.
#[test]
fn a_record_cannot_be_moved_under_the_keys_of_another_hour() {
    let world = World::new();
    let sealed = world.seal(1, 60, b"5.5");
    let key = DataKey::generate(&record_id(1), &Hedge::Content(b"5.5"), &mut rng(1));
    let shifted = world.epochs[0].shifted(30);
    let access = AccessPart::issue(sealed.part().header(), &key, &shifted, 1, &world.patient).unwrap();
    assert_eq!(access.body().buckets(), range(30, 30));
    let part = Part::new(sealed.part().header().clone(), access);
    let refused = open(&part, sealed.ciphertext(), Keys::Grant(&world.grant), &world.view(&sealed)).unwrap_err();
    assert_eq!(refused, OpenError::Tampered(Altered::AccessPart));
}

#[test]
fn every_flipped_byte_of_the_part_is_refused() {
    let world = World::new();
    let sealed = record(&world);
    let (bytes, view) = (sealed.part().to_bytes(), world.view(&sealed));
    for i in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[i] ^= 1;
        let opened = Part::from_bytes(&bytes)
            .is_ok_and(|part| open(&part, sealed.ciphertext(), Keys::Owner(&world.epochs), &view).is_ok());
        assert!(!opened, "byte {i}");
    }
}

#[test]
fn a_stranger_learns_nothing_from_any_refusal() {
    let world = World::new();
    let sealed = record(&world);
    let revoked = LedgerView { standing: Standing::Revoked { height: Height::new(1) }, ..world.view(&sealed) };
    let reasons = [
        refusal(&sealed, Keys::None, &world.view(&sealed)),
        refusal(&sealed, Keys::Grant(&world.grant), &revoked),
        OpenError::OutsideRange(OutsideRange),
        OpenError::Tampered(Altered::DataKey),
    ];
    for reason in reasons {
        assert_eq!(reason.for_stranger().to_string(), "refused");
    }
}

#[test]
fn a_large_record_opens_chunk_by_chunk_with_one_unlocking() {
    let world = World::new();
    let plaintext: Vec<u8> = (0..200_000_u32).map(|i| i as u8).collect();
    let sealed = world.seal(1, 30, &plaintext);
    let unlocked = unlock(sealed.part(), Keys::Grant(&world.grant), &world.view(&sealed)).unwrap();
    let mut out = Vec::new();
    for (index, chunk) in sealed.ciphertext().chunks(CHUNK_BYTES).enumerate() {
        unlocked.opener().chunk(index as u32, chunk, &mut out).unwrap();
    }
    assert_eq!(out, plaintext);
    assert_eq!(sealed.part().header().body().layout().unwrap(), unlocked.opener().layout());
}

/// Interrupted after any chunk, the padding's included: the same ciphertext comes out.
#[test]
fn an_interrupted_record_is_sealed_on_to_the_same_ciphertext() {
    let world = World::new();
    let plaintext: Vec<u8> = (0..400_001_u32).map(|i| i as u8).collect();
    let sealed = world.seal(1, 30, &plaintext);
    let chunks = sealed.ciphertext().chunks(CHUNK_BYTES).len();
    for done in 0..chunks {
        let mut out = sealed.ciphertext()[..done * CHUNK_BYTES].to_vec();
        let mut sealer = resume_record(sealed.part(), &world.epochs[0], done as u32).unwrap();
        let from = usize::try_from(sealer.given()).unwrap();
        sealer.update(&plaintext[from..], &mut out).unwrap();
        sealer.finish(&mut out).unwrap();
        assert!(out == sealed.ciphertext(), "after {done} of {chunks} chunks");
    }
    assert!(matches!(resume_record(sealed.part(), &world.epochs[0], chunks as u32), Err(SealError::Stream(_))));
    assert!(matches!(resume_record(sealed.part(), &world.epochs[1], 0), Err(SealError::OldSlot(_))));
}

#[test]
fn no_debug_text_shows_what_is_sealed() {
    let world = World::new();
    let text = [b'q'; 300];
    let key = DataKey::generate(&record_id(1), &Hedge::Content(&text), &mut rng(1));
    let (hedge, shown_key) = (format!("{:?}", Hedge::Content(&text)), format!("{key:?}"));
    let (part, mut sealer) =
        begin_record(&World::meta(1, 30), 300, key, &world.epochs[0], &world.gateway, &world.patient).unwrap();
    let mut ciphertext = Vec::new();
    sealer.update(&text, &mut ciphertext).unwrap();
    let sealer_text = format!("{sealer:?}");
    sealer.finish(&mut ciphertext).unwrap();
    let entry = world.entry(part.header(), ContentId::of(&ciphertext));
    let sealed = world.seal(2, 30, b"");
    let view = LedgerView { entry: &entry, ..world.view(&sealed) };
    let plaintext = open(&part, &ciphertext, Keys::Grant(&world.grant), &view).unwrap();
    let unlocked = unlock(&part, Keys::Owner(&world.epochs), &view).unwrap();
    let all = format!("{hedge} {shown_key} {sealer_text} {plaintext:?} {unlocked:?} {:?}", unlocked.opener());
    // 'q' is 113, hexadecimal 71.
    for trace in ["qqq", "113, 113", "7171"] {
        assert!(!all.contains(trace), "{all}");
    }
    assert!(all.contains("Plaintext(300 bytes)"), "{all}");
}
