//! Committing a block to each back end, reading rows, and keeping objects in the lake.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use dmledger_core::record::index::ContentId;
use dmledger_core::testing::chain::{Chain, Content, row_key};
use dmledger_core::traits::{BlobStore, BlockCommit, BlockStore, RowKey, StateStore};
use dmledger_store::embedded::{Embedded, Options, Profile};
use dmledger_store::lake::Lake;
use dmledger_store::memory::Memory;
use std::{error::Error, hint::black_box, sync::Arc};

type Failed = Box<dyn Error + Send + Sync>;

const ACTIONS: usize = 100;

fn next(chain: &mut Chain) -> Result<BlockCommit, Failed> {
    let version = chain.height();
    let mut put = Vec::new();
    for index in 0..120_u32 {
        put.push((row_key(version, &index.to_be_bytes())?, chain.random_bytes(200)));
    }
    chain.next(Content { actions: ACTIONS, action_bytes: 450, put, ..Content::default() })
}

fn commit(c: &mut Criterion) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let mut group = c.benchmark_group("commit_100_actions");
    group.throughput(Throughput::Elements(ACTIONS as u64)).sample_size(20);
    for name in ["memory", "embedded"] {
        let mut chain = Chain::new(1)?;
        let store: Arc<dyn BlockStore> = match name {
            "memory" => Arc::new(Memory::new(chain.network())),
            _ => Embedded::open(folder.path().join(name), chain.network(), Options::new(Profile::Server))?,
        };
        group.bench_function(name, |b| {
            b.iter_batched(
                || next(&mut chain),
                |commit| black_box(commit.map(|commit| store.commit(&commit).is_ok()).is_ok()),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
    Ok(())
}

fn read(c: &mut Criterion) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let mut chain = Chain::new(2)?;
    let store = Embedded::open(folder.path(), chain.network(), Options::new(Profile::Server))?;
    let mut keys: Vec<RowKey> = Vec::new();
    for _ in 0..100 {
        let commit = next(&mut chain)?;
        keys.extend(commit.changes.put.iter().step_by(12).map(|(key, _)| key.clone()));
        store.commit(&commit)?;
    }
    store.sync()?;
    let tip = store.tip()?.ok_or("no tip")?;
    let state = store.at(tip.height)?;
    c.bench_function("read_1000_rows", |b| b.iter(|| black_box(state.rows(&keys).is_ok())));
    c.bench_function("read_block", |b| b.iter(|| black_box(store.block(tip.height).is_ok())));
    Ok(())
}

fn lake(c: &mut Criterion) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let lake = runtime.block_on(Lake::local(folder.path()))?;
    let mut chain = Chain::new(3)?;
    let mut object = move |length| {
        let bytes = chain.random_bytes(length);
        (ContentId::of(&bytes), bytes)
    };
    c.bench_function("lake_put_100_objects", |b| {
        b.iter_batched(
            || (0..100).map(|_| object(1500)).collect::<Vec<_>>(),
            |objects| runtime.block_on(async { lake.put_all(&objects).await.is_ok() }),
            BatchSize::PerIteration,
        );
    });
    let bytes = vec![7; 4 << 20];
    let id = ContentId::of(&bytes);
    runtime.block_on(lake.put(&id, &bytes))?;
    c.bench_function("lake_verified_range_64k_of_4m", |b| {
        b.iter(|| runtime.block_on(async { black_box(lake.get_range(&id, 1_000_000..1_065_536).await.is_ok()) }));
    });
    Ok(())
}

fn all(c: &mut Criterion) {
    for group in [commit, read, lake] {
        if let Err(error) = group(c) {
            eprintln!("bench not run: {error}");
        }
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
