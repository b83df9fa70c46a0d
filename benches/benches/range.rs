//! Range proofs: proving, checking alone, checking in a batch.

#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot set up has nothing to measure")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dmledger_zk::{
    batch::BatchVerifier,
    commit::commit_values,
    context::{Audience, Chain, Context, Epoch, Pseudonym, Purpose},
    range::{InInterval, Interval},
    statement::{Prove as _, Verify as _},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

fn range(criterion: &mut Criterion) {
    let context = Context::new(
        Chain::new([1; 32]),
        Pseudonym::new([2; 32]),
        Epoch::new(3),
        Purpose::new("bench").unwrap(),
        Audience::new([4; 32]),
    );
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let interval = Interval::new(700, 1_800).unwrap();
    let mut group = criterion.benchmark_group("range");
    for count in [1_usize, 4, 16] {
        let (commitments, openings) = commit_values(&vec![1_043; count], &[7; 32]);
        let statement = InInterval::new(&commitments, interval).unwrap();
        let proof = statement.prove(&context, &openings, rng).unwrap();
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("prove", count), |bencher| {
            bencher.iter(|| statement.prove(&context, &openings, rng).unwrap());
        });
        group.bench_function(BenchmarkId::new("verify", count), |bencher| {
            bencher.iter(|| statement.verify(&context, &proof).unwrap());
        });
        group.bench_function(BenchmarkId::new("batch_of_64", count), |bencher| {
            bencher.iter(|| {
                let mut batch = BatchVerifier::new();
                for _ in 0..64 {
                    batch.add(&statement, &context, &proof);
                }
                batch.finish(rng).unwrap();
            });
        });
    }
    group.finish();
}

criterion_group!(benches, range);
criterion_main!(benches);
