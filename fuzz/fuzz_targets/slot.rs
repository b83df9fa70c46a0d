//! A slot of 48 arbitrary bytes in an otherwise right access part never opens, and never panics.
#![no_main]

#[path = "good/fixed.rs"]
mod fixed;

use dmledger_core::{
    codec,
    envelope::{AccountId, ChainId, Envelope},
    hash::Digest,
    key::{SecretKey, Suite},
    record::{RecordId, kind::DataKind},
};
use dmledger_zk::seal::{
    AccessPart, DataKey, Epoch, EpochKey, EpochNumber, Hedge, Hour, Hours, Part, RecordMeta, reslot, seal_record,
    slot::SLOT_BYTES,
};
use fixed::Fixed;

libfuzzer_sys::fuzz_target!(|slot: [u8; SLOT_BYTES]| {
    let key = SecretKey::from_bytes(Suite::Bip340, [7; 32]).expect("a key");
    let epoch = EpochKey::generate(Epoch::new(EpochNumber::new(0), Hour::new(1)), &mut Fixed);
    let (record, digest) = (RecordId::new([1; 32]), Digest::new([2; 32]));
    let meta = RecordMeta::new(
        ChainId::new(digest),
        AccountId::new(digest),
        record,
        DataKind::ContinuousGlucose,
        Hours::one(Hour::new(2)),
        digest,
    );
    let data = DataKey::generate(&record, &Hedge::Content(b"5.5"), &mut Fixed);
    let sealed = seal_record(b"5.5", &meta, data, &epoch, &key, &key).expect("sealed");
    let access = sealed.part().access();
    let mut bytes = codec::encode(access.body());
    let from = bytes.len() - SLOT_BYTES;
    if bytes[from..] == slot {
        return;
    }
    bytes[from..].copy_from_slice(&slot);
    let body: AccessPart = codec::decode(&bytes).expect("any slot reads back");
    let part = Part::new(sealed.part().header().clone(), Envelope::new(access.chain(), access.account(), body));
    assert!(reslot(&part, &epoch, &epoch, &key).is_err());
});
