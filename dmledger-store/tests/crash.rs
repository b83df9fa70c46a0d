//! Power losses, full disks, torn tails and flipped bits under the embedded store: the tip is the last acknowledged
//! block or the one in flight, and every row is right.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a failure is the test's")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dmledger_core::testing::Outcome;
use dmledger_core::testing::block_store::model::Model;
use dmledger_core::testing::chain::{Chain, Content};
use dmledger_core::time::Height;
use dmledger_core::traits::{BlockCommit, BlockStore, StateStore, StoreError};
use dmledger_store::embedded::{Embedded, Options};
use dmledger_store::fault::FaultyDisk;
use tempfile::TempDir;

/// A chain of blocks with rows, made once, and the disk and folder of a run.
struct World {
    chain: Chain,
    commits: Vec<BlockCommit>,
}

struct Run {
    disk: FaultyDisk,
    folder: TempDir,
}

impl World {
    fn new(seed: u64, blocks: usize) -> Self {
        let mut chain = Chain::new(seed).unwrap();
        let mut model = Model::default();
        for _ in 0..blocks {
            let commit = model.next(&mut chain).unwrap();
            model.commit(&commit);
        }
        Self { chain, commits: model.commits().to_vec() }
    }

    fn open(&self, run: &Run) -> Result<Arc<Embedded>, StoreError> {
        let options = Options::default().with_segment_bytes(4_000).with_index_synced_every(2);
        Embedded::open_on(Arc::new(run.disk.clone()), run.folder.path(), self.chain.network(), options)
    }

    fn model(&self, blocks: usize) -> Model {
        let mut model = Model::default();
        self.commits[..blocks].iter().for_each(|commit| model.commit(commit));
        model
    }

    /// The store must hold the acknowledged blocks, or one more; then it takes all the others.
    fn assert_recovers(&self, run: &Run, acknowledged: usize) -> Outcome {
        let store = self.open(run)?;
        let blocks = store.tip()?.map_or(0, |tip| tip.height.value() as usize + 1);
        assert!(blocks == acknowledged || blocks == acknowledged + 1, "{blocks} blocks of {acknowledged}");
        self.model(blocks).assert_equals(&*store)?;
        for commit in &self.commits[blocks..] {
            store.commit(commit)?;
        }
        drop(store);
        self.model(self.commits.len()).assert_equals(&*self.open(run)?)
    }
}

impl Run {
    fn new() -> Self {
        Self { disk: FaultyDisk::new(), folder: TempDir::new().unwrap() }
    }

    /// The same segments under another folder, without an index.
    fn twin(&self) -> Self {
        let twin = Self::new();
        for path in self.disk.paths() {
            let target = twin.folder.path().join(path.strip_prefix(self.folder.path()).unwrap());
            twin.disk.set_bytes(&target, self.disk.bytes(&path).unwrap());
        }
        twin
    }

    fn index(&self) -> PathBuf {
        self.folder.path().join("index")
    }

    fn lose_index(&self) {
        if self.index().exists() {
            fs::remove_dir_all(self.index()).unwrap();
        }
    }

    fn last_segment(&self) -> PathBuf {
        self.disk.paths().pop().unwrap()
    }
}

/// Commits until the disk stops, and says how many blocks were acknowledged.
fn commit_until_failure(world: &World, run: &Run) -> usize {
    let Ok(store) = world.open(run) else { return 0 };
    world.commits.iter().take_while(|commit| store.commit(commit).is_ok()).count()
}

fn operations(world: &World) -> u64 {
    let run = Run::new();
    assert_eq!(commit_until_failure(world, &run), world.commits.len());
    run.disk.operations()
}

#[test]
fn a_power_loss_at_any_operation_loses_nothing_acknowledged() -> Outcome {
    let world = World::new(100, 7);
    for stop in 0..operations(&world) {
        for seed in 0..4 {
            let run = Run::new();
            run.disk.stop_after(stop);
            let acknowledged = commit_until_failure(&world, &run);
            run.disk.power_loss(seed * 1000 + stop);
            if seed % 2 == 0 {
                run.lose_index();
            }
            let recovered = world.assert_recovers(&run, acknowledged);
            assert!(recovered.is_ok(), "stop at {stop}, seed {seed}: {recovered:?}");
        }
    }
    Ok(())
}

#[test]
fn a_second_power_loss_during_recovery_loses_nothing_either() -> Outcome {
    let world = World::new(101, 5);
    for stop in 0..operations(&world) {
        for again in 0..5 {
            let run = Run::new();
            run.disk.stop_after(stop);
            let acknowledged = commit_until_failure(&world, &run);
            run.disk.power_loss(stop);
            run.lose_index();
            run.disk.stop_after(again);
            let _ = world.open(&run);
            run.disk.power_loss(again);
            let recovered = world.assert_recovers(&run, acknowledged);
            assert!(recovered.is_ok(), "stop at {stop}, then at {again}: {recovered:?}");
        }
    }
    Ok(())
}

#[test]
fn a_full_disk_refuses_the_block_and_takes_it_when_there_is_room() -> Outcome {
    let world = World::new(102, 8);
    let run = Run::new();
    let store = world.open(&run)?;
    for (blocks, commit) in world.commits.iter().enumerate() {
        let used =
            run.disk.paths().iter().filter_map(|path| run.disk.bytes(path)).map(|bytes| bytes.len()).sum::<usize>();
        run.disk.fill_up_at(used + 90);
        let refused = store.commit(commit);
        assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
        world.model(blocks).assert_equals(&*store)?;
        run.disk.make_room();
        store.commit(commit)?;
    }
    drop(store);
    world.model(world.commits.len()).assert_equals(&*world.open(&run)?)
}

#[test]
fn after_a_failed_sync_nothing_is_acknowledged_until_the_store_is_opened_again() -> Outcome {
    let world = World::new(103, 4);
    let run = Run::new();
    let store = world.open(&run)?;
    store.commit(&world.commits[0])?;
    run.disk.fail_syncs(1);
    assert!(store.commit(&world.commits[1]).is_err());
    assert!(matches!(store.commit(&world.commits[1]), Err(StoreError::Unavailable(_))));
    assert_eq!(store.tip()?.map(|tip| tip.height), Some(Height::GENESIS));
    drop(store);
    run.disk.power_loss(1);
    world.assert_recovers(&run, 1)
}

#[test]
fn a_tail_torn_anywhere_is_cut_unless_the_index_knows_better() -> Outcome {
    let world = World::new(104, 4);
    let run = Run::new();
    assert_eq!(commit_until_failure(&world, &run), 4);
    let path = run.last_segment();
    let whole = run.disk.bytes(&path).unwrap();
    let start = whole.windows(4).rposition(|window| window == b"DMR1").unwrap();
    for cut in (start..whole.len()).step_by((whole.len() - start) / 40 + 1) {
        run.disk.set_bytes(&path, whole[..cut].to_vec());
        let refused = world.open(&run).map(|_| ());
        assert!(matches!(refused, Err(StoreError::Corrupt { .. })), "cut at {cut} with an index: {refused:?}");
        assert_eq!(run.disk.bytes(&path).unwrap().len(), cut, "refused and not touched");
        world.assert_recovers(&run.twin(), 3)?;
    }
    Ok(())
}

#[test]
fn a_flipped_bit_is_refused_or_harmless_with_and_without_index() -> Outcome {
    let world = World::new(105, 3);
    let run = Run::new();
    assert_eq!(commit_until_failure(&world, &run), 3);
    let model = world.model(3);
    for file in 0..run.disk.paths().len() {
        let length = run.disk.bytes(&run.disk.paths()[file]).unwrap().len();
        // Headers byte by byte, bodies in strides: `segment::recover` flips every bit without an index around it.
        for index in (0..120).step_by(5).chain((120..).step_by(length / 30 + 1)) {
            let damaged = run.twin();
            let path = &damaged.disk.paths()[file];
            let mut bytes = damaged.disk.bytes(path).unwrap();
            let Some(byte) = bytes.get_mut(index) else { break };
            *byte ^= 1 << (index % 8);
            damaged.disk.set_bytes(path, bytes);
            if index % 2 == 0 {
                copy(&run.index(), &damaged.index());
            }
            match world.open(&damaged) {
                Ok(store) => assert_right_or_corrupt(&model, &*store, index),
                Err(StoreError::Corrupt { .. } | StoreError::UnknownLayout { .. }) => {}
                Err(other) => panic!("byte {index}: {other}"),
            }
        }
    }
    Ok(())
}

fn assert_right_or_corrupt(model: &Model, store: &dyn BlockStore, index: usize) {
    assert_eq!(store.tip().unwrap(), model.commits().last().map(|commit| commit.tip.clone()), "byte {index}");
    for commit in model.commits() {
        match store.block(commit.tip.height) {
            Ok(block) => assert_eq!(block.as_ref(), Some(&commit.block), "byte {index}"),
            Err(error) => assert!(matches!(error, StoreError::Corrupt { .. }), "byte {index}: {error}"),
        }
    }
}

#[test]
fn an_index_that_is_lost_or_garbage_is_built_again() -> Outcome {
    let mut world = World::new(106, 10);
    let run = Run::new();
    let mut model = world.model(10);
    let store = world.open(&run)?;
    for commit in &world.commits {
        store.commit(commit)?;
    }
    assert_eq!(store.prune(Height::new(6))?.rows, model.prune(6));
    drop(store);
    for damage in [lose, garble, cut, empty] {
        damage(&run.index());
        let store = world.open(&run)?;
        model.assert_equals(&*store)?;
        let commit = model.next(&mut world.chain)?;
        store.commit(&commit)?;
        model.commit(&commit);
    }
    model.assert_equals(&*world.open(&run)?)
}

#[test]
fn an_index_that_fell_behind_is_brought_up() -> Outcome {
    let world = World::new(107, 12);
    let run = Run::new();
    let store = world.open(&run)?;
    for commit in &world.commits[..4] {
        store.commit(commit)?;
    }
    drop(store);
    let behind = TempDir::new()?;
    copy(&run.index(), behind.path());
    assert_eq!(commit_until_failure(&world, &run), 12);
    run.lose_index();
    copy(behind.path(), &run.index());
    world.model(12).assert_equals(&*world.open(&run)?)
}

#[test]
fn a_checkpoint_is_a_store_of_its_own() -> Outcome {
    let mut world = World::new(108, 9);
    let run = Run::new();
    let mut model = world.model(9);
    let store = world.open(&run)?;
    world.commits.iter().try_for_each(|commit| store.commit(commit).map(|_| ()))?;
    store.prune(Height::new(4))?;
    model.prune(4);
    let target = TempDir::new()?;
    store.checkpoint(target.path())?;
    assert!(store.checkpoint(target.path()).is_err(), "a checkpoint is not written over");
    let later = world.chain.next(Content::default())?;
    store.commit(&later)?;
    let copy = Embedded::open(target.path(), world.chain.network(), Options::default())?;
    model.assert_equals(&*copy)?;
    copy.commit(&later)?;
    Ok(())
}

fn lose(index: &Path) {
    fs::remove_dir_all(index).unwrap();
}

fn empty(index: &Path) {
    lose(index);
    fs::create_dir(index).unwrap();
}

fn garble(index: &Path) {
    each_file(index, &|path| {
        let mut bytes = fs::read(path).unwrap();
        bytes.iter_mut().step_by(40).for_each(|byte| *byte ^= 0x55);
        fs::write(path, bytes).unwrap();
    });
}

fn cut(index: &Path) {
    each_file(index, &|path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    });
}

fn each_file(folder: &Path, act: &dyn Fn(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { each_file(&path, act) } else { act(&path) }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(|_| ()).unwrap() }
    }
}
