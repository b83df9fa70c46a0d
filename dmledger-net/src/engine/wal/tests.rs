use super::*;
use crate::testing;
use dmledger_core::{
    codec,
    quorum::{Vote, VoteKind},
};
use std::fs;

fn vote(round: u32) -> Entry {
    let key = testing::secret_key(0);
    let voter = Address::of(&key.public());
    let vote = Vote { kind: VoteKind::Prevote, height: Height::new(3), round, block: None, voter };
    let signature = key.sign(&vote.digest(&testing::Tally::chain_id())).unwrap();
    Entry { height: Height::new(3), record: Record::Vote(SignedVote { vote, signature }) }
}

fn entries() -> Vec<Entry> {
    let record = |record| Entry { height: Height::new(3), record };
    vec![
        vote(0),
        record(Record::Timeout { step: Step::Prevote, round: 1 }),
        record(Record::Queued(testing::count(1, 40).unwrap())),
        record(Record::Settled(testing::count(1, 40).unwrap().digest())),
    ]
}

/// What any log must keep; run on both of ours.
fn keeps_what_was_flushed(wal: &mut dyn Wal) {
    for entry in entries() {
        wal.append(&codec::encode(&entry)).unwrap();
    }
    wal.flush().unwrap();
    assert_eq!(read(wal).unwrap(), entries());
    wal.reset().unwrap();
    wal.append(&codec::encode(&vote(9))).unwrap();
    wal.flush().unwrap();
    assert_eq!(read(wal).unwrap().last(), Some(&vote(9)), "appended after reading and resetting");
}

#[test]
fn both_logs_keep_what_was_flushed() {
    keeps_what_was_flushed(&mut MemoryWal::new());
    let folder = tempfile::tempdir().unwrap();
    keeps_what_was_flushed(&mut FileWal::open(&folder.path().join("wal")).unwrap());
}

#[test]
fn a_log_in_memory_loses_what_was_not_flushed_and_fails_when_told() {
    let wal = MemoryWal::new();
    let mut held = wal.clone();
    held.append(b"a").unwrap();
    held.flush().unwrap();
    held.append(b"b").unwrap();
    wal.crash();
    assert_eq!(held.entries().unwrap(), [b"a"]);
    wal.fail_after(1);
    assert!(held.append(b"c").is_ok() && matches!(held.flush(), Err(WalError::Injected)));
    wal.crash();
    assert_eq!(held.entries().unwrap(), [b"a"]);
}

fn written(path: &std::path::Path) -> Vec<u8> {
    let mut wal = FileWal::open(path).unwrap();
    for entry in entries() {
        wal.append(&codec::encode(&entry)).unwrap();
    }
    wal.flush().unwrap();
    drop(wal);
    fs::read(path).unwrap()
}

#[test]
fn a_torn_tail_is_cut_off_and_the_entries_before_it_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wal");
    let bytes = written(&path);
    let last = codec::encode(entries().last().unwrap()).len();
    for cut in 1..last {
        fs::write(&path, &bytes[..bytes.len() - cut]).unwrap();
        let mut wal = FileWal::open(&path).unwrap();
        assert_eq!(read(&mut wal).unwrap(), entries()[..3]);
    }
}

#[test]
fn a_flipped_bit_in_any_entry_condemns_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wal");
    let bytes = written(&path);
    let first = codec::encode(&entries()[0]).len();
    // Behind the file's header (12 bytes) and the entry's own (13 bytes) lies its payload.
    for at in 25..25 + first {
        let mut damaged = bytes.clone();
        damaged[at] ^= 4;
        fs::write(&path, damaged).unwrap();
        let mut wal = FileWal::open(&path).unwrap();
        assert!(matches!(read(&mut wal), Err(WalError::Corrupt { position: 0 })), "byte {at}");
    }
}

#[test]
fn zeros_behind_the_last_entry_are_no_entries() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wal");
    let mut bytes = written(&path);
    bytes.extend([0; 100]);
    fs::write(&path, bytes).unwrap();
    assert_eq!(read(&mut FileWal::open(&path).unwrap()).unwrap(), entries());
}

#[test]
fn a_second_process_is_kept_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wal");
    let _held = FileWal::open(&path).unwrap();
    assert!(matches!(FileWal::open(&path), Err(WalError::Io(_))));
}
