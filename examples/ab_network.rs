//! The whole network in one process: institutions A1..An decide blocks, homes B1..Bm follow, one patient's readings go
//! all the way in and come out again for whom they were granted to, and for nobody else.
//!
//! ```text
//! cargo run --release --example ab_network
//! cargo run --release --example ab_network -- --readings FILE --subject ID --days 14 --report report.html --json out.json
//! ```

use clap::Parser;
use dmledger_core::time::Clock;
use dmledger_examples::{
    devices::made_up_clip,
    error::{During, HostError},
    input::Input,
    network::Network,
    outcome::{Outcome, check_writable, peak_memory_kib, write_whole},
    page,
    people::People,
    report::{self, ReportData},
    residence::Residence,
    story::{self, Story},
};
use dmledger_net::node::SystemClock;
use indicatif::{ProgressBar, ProgressStyle};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

/// How long the patient's grants hold.
const GRANTED_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// Hospitals and homes on one ledger, end to end, in one process.
#[derive(Debug, Parser)]
#[command(name = "ab_network")]
struct Args {
    /// Readings of a person: CSV `subject,timestamp,glucose_mg_dl` or Nightscout v1 entries. Without it a series is made.
    #[arg(long, value_name = "FILE")]
    readings: Option<PathBuf>,
    /// Whose readings, if the file has several people; the first by default.
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// How many days from the subject's first reading.
    #[arg(long, value_name = "N", default_value = "14")]
    days: NonZeroU32,
    /// Institutions: two hospitals, a pharmacy, a regulator, then hospitals.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(2..=32))]
    institutions: u8,
    /// Residences; the patient lives in the first.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=32))]
    residences: u8,
    /// Where the nodes keep their files: a new or empty folder. A temporary one by default.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Motion JPEG that the table camera sees at a meal; without it, frames are made up.
    #[arg(long, value_name = "FILE")]
    clip: Option<PathBuf>,
    /// Seed of everything that is drawn: keys, names, the synthetic series, the meter's faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Writes the outcome as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes the patient's page.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(failures) if failures.is_empty() => ExitCode::SUCCESS,
        Ok(failures) => {
            eprintln!("not as it must be: {}", failures.join("; "));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
fn run(args: &Args) -> Result<Vec<&'static str>, HostError> {
    let started = Instant::now();
    for path in [&args.json, &args.report].into_iter().flatten() {
        check_writable(path).during(path.display())?;
    }
    let input = match &args.readings {
        Some(file) => Input::from_file(file, args.subject.as_deref(), args.days)?,
        None => Input::synthetic(args.seed, args.days)?,
    };
    let scratch = tempfile::tempdir().during("temporary folder")?;
    let dir = args.data_dir.clone().unwrap_or_else(|| scratch.path().join("data"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().during("runtime")?;
    let (mut outcome, page) = runtime.block_on(play(args, &input, &dir, scratch.path()))?;
    // What has to be cleared away belongs to the time it took.
    drop(runtime);
    scratch.close().during("temporary folder")?;
    outcome.elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    outcome.peak_memory_kib = peak_memory_kib().unwrap_or(0);
    println!("{outcome}");
    if let Some(path) = &args.json {
        outcome.write_json(path).during(path.display())?;
    }
    if let Some(path) = &args.report {
        write_whole(path, &report::render(&page)).during(path.display())?;
    }
    Ok(outcome.failures())
}

/// Everything between start and end, in the order it happens.
async fn play(args: &Args, input: &Input, dir: &Path, scratch: &Path) -> Result<(Outcome, ReportData), HostError> {
    let mut rng = ChaCha20Rng::seed_from_u64(args.seed);
    let now = SystemClock.now();
    let mut outcome = Outcome::default();

    let bar = progress("reading the meter", 0);
    let taken = input.through_the_meter(args.seed, now)?;
    let first = taken.readings.first().ok_or_else(|| HostError::new("no reading could be taken in"))?;
    (outcome.subject, outcome.input_rows) = (input.subject.clone(), input.rows);
    (outcome.rows_outside_days, outcome.rows_of_others) = (input.outside, input.others);
    (outcome.readings_ingested, outcome.readings_rejected) = (taken.readings.len(), taken.rejected);

    bar.set_message("founding the network");
    let people = People::new(args.institutions, args.residences, now, &mut rng)?;
    let genesis = people.genesis(now)?;
    outcome.network = genesis.chain().to_string();
    (outcome.validators, outcome.followers) = (people.institutions.len(), people.residences.len());
    let network = Network::start(genesis, people.seats(), dir).await?;
    story::found(&network, &people, &mut rng).await?;
    bar.finish_and_clear();

    let home = Arc::clone(&network.nodes()[people.institutions.len()]);
    let mut residence =
        Residence::open(&people.residences[0], first.kind(), first.at(), home, network.lake(), rng).await?;
    let bar = progress("sealing and anchoring, hours", 0);
    residence.take_in(taken.readings.clone(), &|records| bar.inc(records as u64)).await?;
    bar.finish_and_clear();
    outcome.records_anchored = residence.records();

    let bar = progress("granting, reading, refusing, proving", 0);
    let clip = match &args.clip {
        Some(file) => std::fs::read(file).during(file.display())?,
        None => made_up_clip(),
    };
    let seen = (args.seed, clip);
    let mut story = Story::new(&network, &people, residence, &taken.readings, seen, &mut outcome)?;
    story.play(now.plus(GRANTED_FOR)).await?;
    bar.set_message("tampering");
    story.tamper(&network, scratch).await?;

    bar.set_message("stopping and opening again");
    let mut page = page::of(input, &taken.readings, story.accounts(), story.notices(), &people)?;
    let tip = story.residence().node().tip()?;
    network.settle(tip.height).await?;
    story::leave_dossier(&network, story.residence())?;
    drop(story);
    (outcome.height, outcome.state_root) = (tip.height.value(), tip.state_root.to_string());
    outcome.reopened_equal = network.stop_and_reopen().await?;
    bar.finish_and_clear();
    page::finish(&mut page, &outcome);
    Ok((outcome, page))
}

/// A line that shows what is going on; silent where nobody watches.
fn progress(what: &'static str, length: u64) -> ProgressBar {
    let bar = if length == 0 { ProgressBar::new_spinner() } else { ProgressBar::new(length) };
    let style =
        ProgressStyle::with_template("{spinner} {msg} {pos}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    bar.set_style(style);
    bar.set_message(what);
    bar.enable_steady_tick(Duration::from_millis(80));
    bar
}
