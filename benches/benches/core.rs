//! Curves of the core: canonical bytes, hashes, signatures one by one and in batches, and whole blocks.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dmledger_core::{
    action::SignedAction,
    codec,
    hash::{tag, tagged, tree},
    key::{
        SecretKey, Suite,
        batch::{self, Claim},
    },
    testing::{World, WorldPlan},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::hint::black_box;

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A world with its people admitted, and `count` signed grants it would accept next.
fn grants(count: usize) -> Result<(World, Vec<SignedAction>), Failed> {
    let mut world = World::new(WorldPlan { patients: 50, ..WorldPlan::default() })?;
    let actions = (0..count)
        .map(|i| {
            let grant = world.grant_to(i % 50, 0);
            world.grant(i % 50, grant)
        })
        .collect::<Result<_, _>>()?;
    Ok((world, actions))
}

fn bytes(c: &mut Criterion) -> Result<(), Failed> {
    let (_, actions) = grants(1)?;
    let action = actions.first().ok_or("no action")?;
    let encoded = codec::encode(action);
    let mut group = c.benchmark_group("codec");
    group.throughput(Throughput::Bytes(encoded.len() as u64));
    group.bench_function("encode_grant", |b| b.iter(|| codec::encode(black_box(action))));
    group.bench_function("decode_grant", |b| b.iter(|| codec::decode::<SignedAction>(black_box(&encoded)).is_ok()));
    group.finish();

    let mut group = c.benchmark_group("hash");
    for size in [64, 512, 65_536] {
        let message = vec![7_u8; size];
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_with_input(BenchmarkId::new("tagged", size), &message, |b, message| {
            b.iter(|| tagged(tag::RAW_ACTION, black_box(message)));
        });
    }
    let leaves = vec![[3_u8; 400]; 1000];
    group.throughput(Throughput::Elements(1000));
    group.bench_function("tree_of_1000_actions", |b| b.iter(|| tree::root(black_box(&leaves))));
    group.finish();
    Ok(())
}

fn signatures(c: &mut Criterion) -> Result<(), Failed> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let claims = (0..256_u64)
        .map(|i| {
            let key = SecretKey::generate(Suite::Bip340, &mut rng);
            let digest = tagged(tag::ENVELOPE, &i.to_le_bytes());
            Ok(Claim { key: key.public(), digest, signature: key.sign(&digest)? })
        })
        .collect::<Result<Vec<_>, Failed>>()?;
    let mut group = c.benchmark_group("signature");
    let key = SecretKey::generate(Suite::Bip340, &mut rng);
    let digest = tagged(tag::ENVELOPE, b"sign");
    group.bench_function("sign", |b| b.iter(|| key.sign(black_box(&digest)).is_ok()));
    group.bench_function("verify", |b| b.iter(|| claims.first().is_some_and(Claim::holds)));
    for size in [2, 8, 32, 64, 256] {
        group.throughput(Throughput::Elements(size as u64));
        group.bench_with_input(BenchmarkId::new("verify_batch", size), &claims[..size], |b, claims| {
            b.iter(|| batch::verify(black_box(claims)).is_ok());
        });
    }
    group.finish();
    Ok(())
}

fn blocks(c: &mut Criterion) -> Result<(), Failed> {
    let mut group = c.benchmark_group("block");
    group.sample_size(10);
    for size in [10, 100, 1000] {
        group.throughput(Throughput::Elements(size as u64));
        group.bench_with_input(BenchmarkId::new("apply_grants", size), &size, |b, &size| {
            b.iter_batched(
                || block_of(size),
                |made| {
                    made.map(|(mut ledger, block)| {
                        dmledger_core::ledger::StateMachine::apply(&mut ledger, block).is_ok()
                    })
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
    Ok(())
}

type Made = (dmledger_core::ledger::Ledger, dmledger_core::block::FinalizedBlock);

/// A ledger that has not seen any of the actions of the block that comes next.
fn block_of(size: usize) -> Result<Made, Failed> {
    let mut world = World::new(WorldPlan { patients: 50, ..WorldPlan::default() })?;
    let mut leader = world.populated()?;
    let actions = (0..size)
        .map(|i| {
            let grant = world.grant_to(i % 50, 0);
            world.grant(i % 50, grant)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut follower = world.ledger()?;
    for height in 1..=dmledger_core::ledger::StateMachine::tip(&leader).height.value() {
        let at = dmledger_core::time::Height::new(height);
        let block = dmledger_core::ledger::StateMachine::finalized(&leader, at)?.ok_or("no block")?;
        dmledger_core::ledger::StateMachine::apply(&mut follower, block)?;
    }
    let block = world.propose(&leader, &actions)?;
    let decided = world.certify(block)?;
    dmledger_core::ledger::StateMachine::apply(&mut leader, decided.clone())?;
    Ok((follower, decided))
}

/// A world that cannot be made stops the benches with its reason.
fn run(bench: fn(&mut Criterion) -> Result<(), Failed>, c: &mut Criterion) {
    if let Err(error) = bench(c) {
        eprintln!("bench left out: {error}");
    }
}

fn all(c: &mut Criterion) {
    for bench in [bytes, signatures, blocks] {
        run(bench, c);
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
