//! Curves of the state tree: computing the next version by size of tree and of batch, proving, verifying, reading.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dmledger_core::{
    hash::{tag, tagged},
    state::{Batch, ReadState, StateError, StateKey, Tree},
    testing::MemoryRows,
    time::Height,
};
use std::{hint::black_box, sync::Arc};

fn key(n: u64) -> StateKey {
    StateKey::from_digest(tagged(tag::STATE_KEY, &n.to_le_bytes()))
}

fn batch(keys: impl Iterator<Item = u64>, value: u8) -> Batch {
    keys.map(|n| (key(n), Some(vec![value; 100]))).collect()
}

fn tree(keys: u64, cache: usize) -> Result<Tree, StateError> {
    let rows = Arc::new(MemoryRows::default());
    let mut tree = Tree::empty(rows.clone()).with_cache(cache);
    let update = tree.update(batch(0..keys, 1), Height::GENESIS)?;
    rows.apply(&update.changes)?;
    tree.advance(update.pending, rows)?;
    Ok(tree)
}

fn state(c: &mut Criterion) {
    for keys in [1_000, 10_000, 100_000] {
        let Ok(warm) = tree(keys, 1 << 20) else { return };
        let mut group = c.benchmark_group(format!("state/{keys}"));
        for size in [1, 10, 100, 1_000] {
            group.throughput(Throughput::Elements(size));
            group.bench_function(BenchmarkId::new("update", size), |b| {
                let make = || batch((0..size / 2).map(|i| i * 31 % keys).chain(keys..keys + size - size / 2), 2);
                b.iter_batched(make, |batch| warm.update(batch, Height::new(1)), BatchSize::LargeInput);
            });
        }
        group.throughput(Throughput::Elements(1));
        let root = warm.root().digest;
        for (name, n) in [("present", 7), ("absent", keys + 7)] {
            let key = key(n);
            let Ok(proof) = warm.prove(&key) else { return };
            group.bench_function(BenchmarkId::new("prove", name), |b| b.iter(|| warm.prove(black_box(&key))));
            group.bench_function(BenchmarkId::new("verify", name), |b| b.iter(|| proof.verify(&root, black_box(&key))));
        }
        group.bench_function("read", |b| b.iter(|| warm.raw(black_box(&key(7)))));
        let Ok(cold) = tree(keys, 16) else { return };
        group.bench_function("read_cold", |b| b.iter(|| cold.raw(black_box(&key(7)))));
        group.finish();
    }
}

criterion_group!(benches, state);
criterion_main!(benches);
