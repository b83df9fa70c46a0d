//! Sealing and opening of records, and the wrap of a grant to a grantee.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use dmledger_core::consent::GrantId;
use dmledger_core::envelope::{AccountId, ChainId};
use dmledger_core::hash::Digest;
use dmledger_core::key::{SecretKey, Suite};
use dmledger_core::record::index::{ContentId, IndexEntry, IndexFacts, RecordId};
use dmledger_core::record::kind::DataKind;
use dmledger_core::scope::{Purpose, PurposeSet, Validity, VerbSet};
use dmledger_core::time::{Height, TimeRange, Timestamp};
use dmledger_zk::seal::{
    AnchoredGrant, Bucket, BucketRange, DataKey, Epoch, EpochKey, EpochNumber, GrantBody, GrantTerms, Hedge, Hour,
    Hours, KemKeyPair, Keys, LedgerView, RecordMeta, SealSuite, Sealed, Standing, open, seal_record, unlock,
    unwrap_grant, wrap_grant,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{error::Error, hint::black_box, time::Duration};

const RECORD: RecordId = RecordId::new([1; 32]);
const FIRST: Hour = Hour::new(490_896);
const CHAIN: ChainId = ChainId::new(Digest::new([1; 32]));
const ACCOUNT: AccountId = AccountId::new(Digest::new([2; 32]));

struct Parties {
    gateway: SecretKey,
    patient: SecretKey,
    epochs: [EpochKey; 1],
    hospital: KemKeyPair,
}

impl Parties {
    fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        Self {
            gateway: SecretKey::generate(Suite::Bip340, &mut rng),
            patient: SecretKey::generate(Suite::Bip340, &mut rng),
            epochs: [EpochKey::generate(Epoch::new(EpochNumber::new(0), FIRST), &mut rng)],
            hospital: KemKeyPair::generate(SealSuite::default(), &mut rng),
        }
    }

    fn data_key(plaintext: &[u8], rng: &mut ChaCha20Rng) -> DataKey {
        DataKey::generate(&RECORD, &Hedge::Content(plaintext), rng)
    }

    fn seal(&self, plaintext: &[u8], key: DataKey) -> Result<Sealed, Box<dyn Error>> {
        let meta =
            RecordMeta::new(CHAIN, ACCOUNT, RECORD, DataKind::ContinuousGlucose, Hours::one(FIRST), Digest::ZERO);
        Ok(seal_record(plaintext, &meta, key, &self.epochs[0], &self.gateway, &self.patient)?)
    }

    fn grant(&self, range: BucketRange) -> Result<GrantBody, Box<dyn Error>> {
        let terms = GrantTerms {
            grant: GrantId::new([3; 16]),
            account: ACCOUNT,
            kind: DataKind::ContinuousGlucose,
            verbs: VerbSet::QUERY,
            purposes: PurposeSet::only(Purpose::Treatment),
            validity: Validity::during(TimeRange::new(Timestamp::EPOCH, Timestamp::from_seconds(100))?),
            quota: None,
        };
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        Ok(GrantBody::new(terms, vec![self.epochs[0].cover(range)], &mut rng)?)
    }
}

fn records(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let parties = Parties::new();
    let custodians = [parties.patient.public()];
    let grant = parties.grant(BucketRange::ALL)?;
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    for (name, len) in [("256 B", 256), ("4 KiB", 4096), ("1 MiB", 1 << 20)] {
        let plaintext = vec![0x5A; len];
        let sealed = parties.seal(&plaintext, Parties::data_key(&plaintext, &mut rng))?;
        let start = Timestamp::from_seconds(i64::from(FIRST.number()) * 3600);
        let facts = IndexFacts {
            record: RECORD,
            sequence: 0,
            content: ContentId::of(sealed.ciphertext()),
            header: sealed.part().header_digest(),
            commitments: Digest::ZERO,
            count: 0,
            span: TimeRange::new(start, start.plus(Duration::from_secs(3600)))?,
            epoch: 0,
        };
        let entry = IndexEntry::sign(facts, &parties.gateway, &CHAIN, &ACCOUNT)?;
        let view = LedgerView {
            chain: CHAIN,
            account: ACCOUNT,
            entry: &entry,
            custodians: &custodians,
            least_version: 1,
            height: Height::new(1),
            time: Timestamp::from_seconds(1),
            standing: Standing::Active,
        };
        let mut group = criterion.benchmark_group(format!("seal/{name}"));
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function("data key", |bench| bench.iter(|| Parties::data_key(black_box(&plaintext), &mut rng)));
        group.bench_function("seal", |bench| {
            let key = || Parties::data_key(&plaintext, &mut ChaCha20Rng::seed_from_u64(4));
            bench.iter_batched(key, |key| parties.seal(black_box(&plaintext), key).ok(), BatchSize::SmallInput);
        });
        group.bench_function("open", |bench| {
            bench.iter(|| open(sealed.part(), black_box(sealed.ciphertext()), Keys::Grant(&grant), &view).ok());
        });
        group.bench_function("unlock", |bench| {
            bench.iter(|| unlock(black_box(sealed.part()), Keys::Grant(&grant), &view).ok());
        });
        let unlocked = unlock(sealed.part(), Keys::Grant(&grant), &view)?;
        group.bench_function("decrypt only", |bench| {
            bench.iter(|| unlocked.opener().all(black_box(sealed.ciphertext())).ok());
        });
        group.finish();
    }
    Ok(())
}

fn grants(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let parties = Parties::new();
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let day = BucketRange::new(Bucket::new(24), Bucket::new(47))?;
    let worst = BucketRange::new(Bucket::new(1), Bucket::new(u16::MAX - 1))?;
    let mut group = criterion.benchmark_group("seal/grant");
    for (name, range) in [("a day", day), ("worst range", worst)] {
        let body = parties.grant(range)?;
        let message = wrap_grant(&body, CHAIN, parties.hospital.public(), &mut rng)?;
        let expected =
            AnchoredGrant { chain: CHAIN, account: ACCOUNT, grant: body.terms().grant, digest: body.digest() };
        group.bench_function(format!("make, {name}"), |bench| bench.iter(|| parties.grant(black_box(range)).ok()));
        group.bench_function(format!("wrap, {name}"), |bench| {
            bench.iter(|| wrap_grant(black_box(&body), CHAIN, parties.hospital.public(), &mut rng).ok());
        });
        group.bench_function(format!("unwrap, {name}"), |bench| {
            bench.iter(|| unwrap_grant(black_box(&message), &parties.hospital, &expected).ok());
        });
    }
    group.finish();
    Ok(())
}

fn all(criterion: &mut Criterion) {
    for result in [records(criterion), grants(criterion)] {
        if let Err(error) = result {
            eprintln!("not measured: {error}");
        }
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
