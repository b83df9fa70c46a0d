use std::fs;
use std::path::{Path, PathBuf};

use dmledger_core::testing::Outcome;
use dmledger_core::testing::blob_store::{object, record};
use dmledger_core::testing::chain::{Chain, Content};
use dmledger_core::traits::BlockCommit;
use futures::executor::block_on;
use tempfile::TempDir;

use super::*;
use crate::embedded::{Embedded, Options};
use crate::memory::{Memory, MemoryLake};

fn content() -> Content {
    Content { actions: 2, action_bytes: 60, ..Content::default() }
}

/// Six blocks in a folder with two segments; the store is closed.
fn folder() -> (TempDir, Chain, Vec<BlockCommit>) {
    let folder = TempDir::new().unwrap();
    let mut chain = Chain::new(1).unwrap();
    let options = Options::default().with_segment_bytes(3_000);
    let store = Embedded::open(folder.path(), chain.network(), options).unwrap();
    let commits: Vec<_> = (0..6).map(|_| chain.next(content()).unwrap()).collect();
    commits.iter().for_each(|commit| assert!(store.commit(commit).is_ok()));
    (folder, chain, commits)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder.join("segments")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn memory(seed: u64, alter: impl Fn(u64, &mut BlockCommit)) -> (Memory, Chain) {
    let mut chain = Chain::new(seed).unwrap();
    let store = Memory::new(chain.network());
    for height in 0..6 {
        let mut commit = chain.next(content()).unwrap();
        alter(height, &mut commit);
        store.commit(&commit).unwrap();
    }
    (store, chain)
}

#[test]
fn a_sound_chain_has_no_findings() -> Outcome {
    let (store, made) = memory(1, |_, _| {});
    let report = chain(&store, &made.network(), &mut |_| Some(made.validators().clone()))?;
    assert_eq!((report.examined(), report.findings()), (6, &[][..]));
    assert!(report.is_sound());
    Ok(())
}

#[test]
fn a_certificate_of_other_validators_is_found() -> Outcome {
    let (store, made) = memory(1, |_, _| {});
    let others = Chain::new(2)?.validators().clone();
    let report = chain(&store, &made.network(), &mut |height| {
        Some(if height == Height::new(3) { others.clone() } else { made.validators().clone() })
    })?;
    let cause = BlockError::ValidatorSet;
    assert_eq!(report.findings(), [Finding::BlockInvalid { height: Height::new(3), cause }]);
    Ok(())
}

#[test]
fn unknown_validators_are_said_and_are_no_damage() -> Outcome {
    let (store, made) = memory(1, |_, _| {});
    let report = chain(&store, &made.network(), &mut |_| None)?;
    assert_eq!(report.findings().len(), 5);
    assert!(report.is_sound());
    Ok(())
}

#[test]
fn a_block_with_other_actions_is_found() -> Outcome {
    let (store, made) = memory(1, |height, commit| {
        if height == 4 {
            let header = commit.block.block().header().clone();
            let block = dmledger_core::block::Block::new(header, Vec::new()).unwrap();
            let certificate = commit.block.certificate().unwrap().clone();
            commit.block = FinalizedBlock::new(block, certificate).unwrap();
        }
    });
    let report = chain(&store, &made.network(), &mut |_| Some(made.validators().clone()))?;
    let cause = BlockError::ActionsRoot;
    assert_eq!(report.findings(), [Finding::BlockInvalid { height: Height::new(4), cause }]);
    Ok(())
}

#[test]
fn sound_files_have_no_findings_and_are_not_touched() -> Outcome {
    let (folder, chain, _) = folder();
    let before: Vec<_> = files(folder.path()).iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(before.len() > 1);
    let report = segments(folder.path(), chain.network())?;
    assert_eq!((report.examined(), report.findings()), (6, &[][..]));
    let after: Vec<_> = files(folder.path()).iter().map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(before, after);
    Ok(())
}

#[test]
fn every_flipped_byte_of_the_files_is_one_finding_at_its_height() -> Outcome {
    let (folder, chain, _) = folder();
    for (segment, path) in (0_u32..).zip(files(folder.path())) {
        let bytes = fs::read(&path)?;
        for index in (0..bytes.len()).step_by(3) {
            let mut damaged = bytes.clone();
            damaged[index] ^= 0x20;
            fs::write(&path, damaged)?;
            let report = segments(folder.path(), chain.network())?;
            assert!(!report.is_sound(), "byte {index} of segment {segment}");
            match report.findings() {
                [Finding::SegmentHeader { segment: found }] => assert_eq!(*found, segment),
                [Finding::RecordDamaged { segment: found, offset, .. }] => {
                    assert!(*found == segment && *offset <= index as u64, "byte {index} of segment {segment}");
                }
                other => panic!("byte {index} of segment {segment}: {other:?}"),
            }
        }
        fs::write(&path, bytes)?;
    }
    Ok(())
}

#[test]
fn a_damaged_block_is_found_by_both_audits() -> Outcome {
    let (folder, made, commits) = folder();
    let path = &files(folder.path())[0];
    let mut bytes = fs::read(path)?;
    let id = commits[2].tip.id;
    let start = bytes.windows(32).position(|window| window == id.as_bytes()).unwrap();
    bytes[start + 150] ^= 1;
    fs::write(path, bytes)?;
    let raw = segments(folder.path(), made.network())?;
    assert!(matches!(raw.findings(), [Finding::RecordDamaged { height, .. }] if *height == Height::new(2)));
    let store = Embedded::open(folder.path(), made.network(), Options::default())?;
    let asked = chain(&*store, &made.network(), &mut |_| Some(made.validators().clone()))?;
    assert_eq!(asked.findings(), [Finding::BlockDamaged { height: Height::new(2) }]);
    Ok(())
}

#[test]
fn a_missing_segment_and_an_unfinished_tail_are_told_apart() -> Outcome {
    let (folder, chain, _) = folder();
    let paths = files(folder.path());
    let last = paths.last().unwrap();
    let bytes = fs::read(last)?;
    fs::write(last, &bytes[..bytes.len() - 10])?;
    let report = segments(folder.path(), chain.network())?;
    assert!(report.is_sound() && matches!(report.findings(), [Finding::UnfinishedTail { .. }]));
    fs::write(last, &bytes)?;
    fs::remove_file(&paths[0])?;
    let report = segments(folder.path(), chain.network())?;
    assert_eq!(report.findings().first(), Some(&Finding::SegmentMissing { segment: 0 }));
    Ok(())
}

#[test]
fn missing_damaged_and_unexpected_objects_are_told_apart() -> Outcome {
    let store = MemoryLake::new();
    let [sound, damaged, missing, unexpected] = [1, 2, 3, 4].map(|seed| object(300, seed));
    for (id, bytes) in [&sound, &damaged, &unexpected] {
        block_on(store.put(id, bytes))?;
    }
    store.damage(&damaged.0, vec![0; 300]);
    let report = block_on(lake(&store, &[sound.0, damaged.0, missing.0]))?;
    assert_eq!(report.examined(), 4);
    let found = report.findings();
    assert_eq!(found.len(), 3);
    assert!(found.contains(&Finding::ObjectDamaged { id: damaged.0 }));
    assert!(found.contains(&Finding::ObjectMissing { id: missing.0 }));
    assert!(found.contains(&Finding::ObjectUnexpected { id: unexpected.0 }));
    Ok(())
}

#[test]
fn a_record_without_part_is_found() -> Outcome {
    let store = MemoryLake::new();
    block_on(store.put_part(&record(1), 0, b"part"))?;
    let report = block_on(parts(&store, &[record(1), record(2)]))?;
    assert_eq!(report.findings(), [Finding::PartMissing { record: record(2) }]);
    Ok(())
}
