//! An imaging study of two gibibytes through the lake: sealed, kept, interrupted, carried on with, and read again, in the
//! memory of a few chunks.
//!
//! ```text
//! cargo run --release --example large_object
//! cargo run --release --example large_object -- --bytes 67108864 --dir /mnt/lake
//! ```

use clap::Parser;
use dmledger_core::{
    envelope::{AccountId, ChainId},
    hash::Digest,
    key::{SecretKey, Suite},
    record::{ContentId, DataKind, IndexEntry, RecordId, index::IndexFacts},
    time::{Clock, Height, TimeRange},
    traits::BlobStore,
};
use dmledger_examples::{
    error::{During, HostError},
    outcome::peak_memory_kib,
    stage::{ensure, run},
};
use dmledger_net::node::SystemClock;
use dmledger_store::lake::{Lake, resume::PIECE_BYTES};
use dmledger_zk::seal::{
    DataKey, Epoch, EpochKey, EpochNumber, Hedge, Hour, Hours, Keys, LedgerView, Part, RecordMeta, Sealer, Standing,
    begin_record, resume_record,
    stream::{CHUNK_BYTES, CHUNK_PLAINTEXT},
    unlock,
};
use indicatif::{ProgressBar, ProgressStyle};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rand_core::Rng;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

const CHAIN: ChainId = ChainId::new(Digest::new([1; 32]));
const ACCOUNT: AccountId = AccountId::new(Digest::new([2; 32]));
/// What the source is asked for at a time.
const BLOCK: usize = 1 << 20;
/// Most memory that sealing and reading may take beyond what the program held before, whatever the object's length.
const MOST_KIB: u64 = 32 * 1024;

/// A large object through the lake, in constant memory.
#[derive(Debug, Parser)]
#[command(name = "large_object")]
struct Args {
    /// Length of the object in bytes.
    #[arg(long, default_value_t = 2 << 30, value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    bytes: u64,
    /// Folder of the lake; a temporary one by default.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    run(play(args))
}

/// The patient, the imaging device, and the record between them.
struct Study {
    patient: SecretKey,
    device: SecretKey,
    epoch: EpochKey,
    record: RecordId,
    hours: Hours,
    span: TimeRange,
    length: u64,
}

#[expect(clippy::print_stdout, reason = "the figures are what the program is for")]
async fn play(args: Args) -> Result<(), HostError> {
    let scratch = tempfile::tempdir().during("temporary folder")?;
    let folder = args.dir.unwrap_or_else(|| scratch.path().to_owned());
    let study = Study::new(args.bytes)?;
    let before = peak_memory_kib().unwrap_or(0);

    // The part, with header and slot, is kept first: it holds the key to carry on with.
    let part = study.begin(&folder).await?;
    let begun = Instant::now();
    let half = args.bytes / 2;
    study.seal_until(&folder, &part, half).await?;
    println!("interrupted after {} of {}", size(half), size(args.bytes));
    let content = study.seal_to_the_end(&folder, &part).await?;
    let sealing = begun.elapsed();
    println!(
        "sealed and kept: {} in {:.1} s, {}/s",
        size(args.bytes),
        sealing.as_secs_f64(),
        rate(args.bytes, sealing)
    );

    let begun = Instant::now();
    study.read_all(&folder, &part, content).await?;
    let reading = begun.elapsed();
    println!("read and compared: {:.1} s, {}/s", reading.as_secs_f64(), rate(args.bytes, reading));
    let peak = peak_memory_kib().unwrap_or(0);
    println!("peak memory: {} KiB in all, {} KiB for the object", peak, peak.saturating_sub(before));
    ensure(peak.saturating_sub(before) <= MOST_KIB, "the object took more than 32 MiB of memory")
}

impl Study {
    fn new(length: u64) -> Result<Self, HostError> {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let now = SystemClock.now().floor_hour();
        let span = TimeRange::new(now, now.plus(Duration::from_secs(3600))).during("hour")?;
        let mut name = [0; 32];
        rng.fill_bytes(&mut name);
        let first = Hour::of(now).during("hour")?;
        Ok(Self {
            patient: SecretKey::generate(Suite::Bip340, &mut rng),
            device: SecretKey::generate(Suite::Bip340, &mut rng),
            epoch: EpochKey::generate(Epoch::new(EpochNumber::new(0), first), &mut rng),
            record: RecordId::new(name),
            hours: Hours::one(first),
            span,
            length,
        })
    }

    async fn begin(&self, folder: &Path) -> Result<Part, HostError> {
        let lake = Lake::local(folder).await.during("lake")?;
        // Nobody has the whole object in memory to make its key depend on it: a number that is given out once.
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let key = DataKey::generate(&self.record, &Hedge::Sequence(1), &mut rng);
        let kind = DataKind::Imaging;
        let meta = RecordMeta::new(CHAIN, ACCOUNT, self.record, kind, self.hours, Digest::ZERO);
        let begun = begin_record(&meta, self.length, key, &self.epoch, &self.device, &self.patient);
        let (part, _) = begun.during("sealing")?;
        lake.put_part(&self.record, 1, &part.to_bytes()).await.during("lake")?;
        Ok(part)
    }

    /// Seals as a process would that is killed once it has taken `until` bytes of the source.
    async fn seal_until(&self, folder: &Path, part: &Part, until: u64) -> Result<(), HostError> {
        let lake = Lake::local(folder).await.during("lake")?;
        let mut upload = lake.upload(&self.record).await.during("lake")?;
        let sealer = resume_record(part, &self.epoch, 0).during("sealing")?;
        self.feed(sealer, &mut upload, until).await.map(drop)
    }

    /// Seals what is left: the lake says how many bytes it has, the part has the key.
    async fn seal_to_the_end(&self, folder: &Path, part: &Part) -> Result<ContentId, HostError> {
        let lake = Lake::local(folder).await.during("lake")?;
        let mut upload = lake.upload(&self.record).await.during("lake")?;
        let done = u32::try_from(upload.length() / CHUNK_BYTES as u64).during("chunks")?;
        ensure(upload.length() % PIECE_BYTES as u64 == 0, "whole pieces are what is left of an interruption")?;
        let sealer = resume_record(part, &self.epoch, done).during("sealing")?;
        let sealer = self.feed(sealer, &mut upload, self.length).await?;
        let mut tail = Vec::new();
        sealer.finish(&mut tail).during("sealing")?;
        upload.write(&tail).await.during("lake")?;
        upload.finish().await.during("lake")
    }

    async fn feed(
        &self,
        mut sealer: Sealer,
        upload: &mut dmledger_store::lake::resume::Upload<'_>,
        until: u64,
    ) -> Result<Sealer, HostError> {
        let bar = progress("sealing", self.length, sealer.given());
        let (mut source, mut sealed) = (Source::default(), Vec::new());
        while sealer.given() < until {
            let block = source.at(sealer.given(), until);
            sealer.update(block, &mut sealed).during("sealing")?;
            bar.inc(block.len() as u64);
            upload.write(&sealed).await.during("lake")?;
            sealed.clear();
        }
        bar.finish_and_clear();
        Ok(sealer)
    }

    /// Reads every chunk, and one out of order first.
    async fn read_all(&self, folder: &Path, part: &Part, content: ContentId) -> Result<(), HostError> {
        let facts = IndexFacts {
            record: self.record,
            sequence: 0,
            content,
            header: part.header_digest(),
            commitments: Digest::ZERO,
            count: 0,
            span: self.span,
            epoch: 0,
        };
        let entry = IndexEntry::sign(facts, &self.device, &CHAIN, &ACCOUNT).during("index")?;
        let view = LedgerView {
            chain: CHAIN,
            account: ACCOUNT,
            entry: &entry,
            custodians: &[self.patient.public()],
            least_version: 1,
            height: Height::new(1),
            time: self.span.start(),
            standing: Standing::Active,
        };
        let unlocked = unlock(part, Keys::Owner(std::slice::from_ref(&self.epoch)), &view).during("opening")?;
        let lake = Lake::local(folder).await.during("lake")?;
        let object = lake.reading(&content).await.during("lake")?;
        let opener = unlocked.opener();
        ensure(opener.len() == self.length, "the length is what was sealed")?;
        let bar = progress("reading", self.length, 0);
        let (mut source, mut plaintext) = (Source::default(), Vec::with_capacity(CHUNK_PLAINTEXT));
        let middle = opener.layout().chunk_of(self.length / 2);
        for index in [middle].into_iter().chain(0..opener.layout().chunks()) {
            let range = opener.layout().sealed_range(index).during("chunk")?;
            plaintext.clear();
            opener.chunk(index, &object.range(range).await.during("lake")?, &mut plaintext).during("opening")?;
            let start = u64::from(index) * CHUNK_PLAINTEXT as u64;
            ensure(source.is(start, &plaintext), "every byte is what was sealed")?;
            bar.inc(plaintext.len() as u64);
        }
        bar.finish_and_clear();
        Ok(())
    }
}

/// A made-up study: block `n` is the output of a generator seeded with `n`, so that any part of it can be had again.
#[derive(Default)]
struct Source {
    block: Vec<u8>,
    number: Option<u64>,
}

impl Source {
    /// The bytes from `from` on, up to the end of its block and not beyond `until`.
    fn at(&mut self, from: u64, until: u64) -> &[u8] {
        let number = from / BLOCK as u64;
        if self.number != Some(number) {
            self.block.resize(BLOCK, 0);
            ChaCha20Rng::seed_from_u64(number).fill_bytes(&mut self.block);
            self.number = Some(number);
        }
        let place = |at: u64| usize::try_from(at - number * BLOCK as u64).unwrap_or(BLOCK).min(BLOCK);
        self.block.get(place(from)..place(until)).unwrap_or_default()
    }

    fn is(&mut self, mut from: u64, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let expected = self.at(from, from + bytes.len() as u64);
            let Some((now, rest)) = bytes.split_at_checked(expected.len()) else { return false };
            if now != expected {
                return false;
            }
            from += now.len() as u64;
            bytes = rest;
        }
        true
    }
}

fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

fn rate(bytes: u64, time: Duration) -> String {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    size(bytes.saturating_mul(1000) / millis)
}

/// A line that shows what is going on; silent where nobody watches.
fn progress(what: &'static str, length: u64, from: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let style = ProgressStyle::with_template("{msg} [{bar:40}] {binary_bytes} of {binary_total_bytes}, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what);
    bar.set_position(from);
    bar
}
