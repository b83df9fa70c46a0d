//! The store: a durable acknowledgement beside a plain append and `fdatasync` of the same bytes, a burst of blocks beside
//! synced fjall batches, the lake beside plain files.

use crate::report::{self, Samples};
use dmledger_core::{
    testing::chain::{Chain, Content, row_key},
    traits::{BlobStore, BlockCommit, BlockStore},
};
use dmledger_store::{
    embedded::{Embedded, Options, Profile},
    lake::Lake,
};
use std::{
    error::Error,
    fs::{self, File},
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

const BLOCKS: usize = 300;
const WARM_UP: usize = 10;
const BURST: usize = 100;
const ACTIONS: usize = 1000;
const ACTION_BYTES: usize = 450;

/// Prints the group.
///
/// # Errors
/// If the temporary folder cannot be used.
pub fn run() -> Result<(), Box<dyn Error>> {
    acknowledgement()?;
    burst()?;
    lake()
}

/// One block at a time, as consensus delivers them: the index has caught up before anything is timed again. Store and
/// peer take turns in being first, so that neither always meets the other's after-effects.
fn acknowledgement() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut chain = Chain::new(1).map_err(|error| error.to_string())?;
    let store = Embedded::open(folder.path().join("store"), chain.network(), Options::new(Profile::Server))?;
    let mut plain = File::create_new(folder.path().join("plain"))?;
    let (mut ours, mut append) = (Vec::new(), Vec::new());
    let mut bytes = Vec::new();
    let mut before = 0;
    for round in 0..BLOCKS + WARM_UP {
        let commit = next(&mut chain)?;
        let mut raw = |bytes: &[u8]| timed(|| Ok(plain.write_all(bytes).and_then(|()| plain.sync_data())?));
        let mut took = (Duration::ZERO, Duration::ZERO);
        if round % 2 == 1 {
            took.1 = raw(&bytes)?;
        }
        took.0 = timed(|| store.commit(&commit).map(|_| ()).map_err(Into::into))?;
        store.sync()?;
        // Every record of this bench has the same length, to within a few bytes.
        let written = size(&folder.path().join("store/segments"))?;
        bytes = vec![round as u8 | 1; usize::try_from(written - before)?];
        before = written;
        if round % 2 == 0 {
            took.1 = raw(&bytes)?;
        }
        // The first rounds create files and fill caches.
        if round >= WARM_UP {
            ours.push(took.0);
            append.push(took.1);
        }
    }
    let [ours, append] = [ours, append].map(Samples::new);
    for (name, percent) in [("p50", 50), ("p99", 99)] {
        let [ours, append] = [&ours, &append].map(|samples| samples.percentile(percent) * 1e3);
        report::line(&format!("ack_1000tx_{name}_vs_append_fdatasync"), ours, append, "ms");
    }
    Ok(())
}

/// As many blocks as the store takes, the index brought up and synced at the end.
fn burst() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut chain = Chain::new(2).map_err(|error| error.to_string())?;
    let store = Embedded::open(folder.path().join("store"), chain.network(), Options::new(Profile::Server))?;
    let peer = Fjall::open(&folder.path().join("fjall"))?;
    let commits = (0..BURST).map(|_| next(&mut chain)).collect::<Result<Vec<_>, _>>()?;
    let ours = timed(|| {
        commits.iter().try_for_each(|commit| store.commit(commit).map(|_| ()))?;
        Ok(store.sync()?)
    })?;
    let theirs = timed(|| commits.iter().try_for_each(|commit| peer.commit(commit)))?;
    let rate = |took: Duration| (BURST * ACTIONS) as f64 / took.as_secs_f64();
    report::line("burst_index_included_vs_fjall_batch", rate(ours), rate(theirs), "tx/s");
    drop(store);
    fs::remove_dir_all(folder.path().join("store/index"))?;
    let rebuilt = timed(|| {
        Embedded::open(folder.path().join("store"), chain.network(), Options::new(Profile::Server))?;
        Ok(())
    })?;
    report::line("rebuild_of_a_lost_index_vs_fjall_batch", rate(rebuilt), rate(theirs), "tx/s");
    Ok(())
}

/// Fourteen days of hourly records: 336 objects of 1.5 KB and their parts, durable.
fn lake() -> Result<(), Box<dyn Error>> {
    use dmledger_core::record::index::{ContentId, RecordId};
    let folder = tempfile::tempdir()?;
    let mut chain = Chain::new(3).map_err(|error| error.to_string())?;
    let objects: Vec<_> = (0..336)
        .map(|_| {
            let bytes = chain.random_bytes(1500);
            (ContentId::of(&bytes), bytes)
        })
        .collect();
    let parts: Vec<_> =
        objects.iter().map(|(id, bytes)| (RecordId::new(id.root().to_bytes()), 0, bytes.clone())).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let ours = timed(|| {
        runtime.block_on(async {
            let lake = Lake::local(&folder.path().join("lake")).await?;
            lake.put_all(&objects).await?;
            Ok(lake.put_parts(&parts).await?)
        })
    })?;
    let plain = folder.path().join("plain");
    fs::create_dir(&plain)?;
    let theirs = timed(|| {
        for (index, (_, bytes)) in objects.iter().chain(&objects).enumerate() {
            let mut file = File::create_new(plain.join(index.to_string()))?;
            file.write_all(bytes)?;
            file.sync_all()?;
        }
        Ok(File::open(&plain)?.sync_all()?)
    })?;
    report::line(
        "lake_336_objects_and_parts_vs_synced_files",
        ours.as_secs_f64() * 1e3,
        theirs.as_secs_f64() * 1e3,
        "ms",
    );
    Ok(())
}

/// The raw engine given the same keys and values, one synced batch a block.
struct Fjall {
    database: fjall::Database,
    tables: fjall::Keyspace,
}

impl Fjall {
    fn open(path: &Path) -> Result<Self, Box<dyn Error>> {
        let database = fjall::Database::builder(path).cache_size(128 << 20).open()?;
        let tables = database.keyspace("tables", fjall::KeyspaceCreateOptions::default)?;
        Ok(Self { database, tables })
    }

    fn commit(&self, commit: &BlockCommit) -> Result<(), Box<dyn Error>> {
        let height = commit.tip.height.value().to_be_bytes();
        let mut batch = self.database.batch().durability(Some(fjall::PersistMode::SyncData));
        for (index, action) in (0_u32..).zip(commit.block.block().actions()) {
            batch.insert(&self.tables, [&b"a"[..], &height, &index.to_be_bytes()].concat(), action.as_slice());
        }
        for (key, value) in &commit.changes.put {
            batch.insert(&self.tables, [b"r", key.as_slice()].concat(), value.as_slice());
        }
        for key in &commit.changes.stale {
            batch.insert(&self.tables, [&b"s"[..], &height, key.as_slice()].concat(), &[][..]);
        }
        batch.insert(&self.tables, "tip", &height[..]);
        Ok(batch.commit()?)
    }
}

/// A block as the ledger commits it: a value row of 100 B an action, and the pages of the state tree that lead to them.
fn next(chain: &mut Chain) -> Result<BlockCommit, Box<dyn Error>> {
    let version = chain.height();
    let mut put = Vec::with_capacity(1200);
    let mut stale = Vec::with_capacity(700);
    for index in 0..1200_u32 {
        let value = chain.random_bytes(if index < 1000 { 100 } else { 1024 });
        let name = [&index.to_be_bytes()[..], &value[..28]].concat();
        if index >= 500
            && let Some(before) = version.previous()
        {
            stale.push(row_key(before, &name).map_err(|error| error.to_string())?);
        }
        put.push((row_key(version, &name).map_err(|error| error.to_string())?, value));
    }
    let content = Content { actions: ACTIONS, action_bytes: ACTION_BYTES, put, stale };
    Ok(chain.next(content).map_err(|error| error.to_string())?)
}

fn timed(task: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    task()?;
    Ok(start.elapsed())
}

fn size(folder: &Path) -> Result<u64, Box<dyn Error>> {
    let lengths = fs::read_dir(folder)?.map(|entry| entry?.metadata().map(|meta| meta.len()));
    Ok(lengths.sum::<std::io::Result<u64>>()?)
}
