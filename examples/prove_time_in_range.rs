//! "My time in range was at least 70 %", accepted by a ledger that never sees a reading.
//!
//! ```text
//! cargo run --release --example prove_time_in_range -- --readings FILE --subject ID --days 14 --at-least 70
//! ```
//!
//! Days are sealed (32 bytes each), anchored, and each is shown once to be what its digest says; then one claim is proved
//! over all of them. The exit status is 0 if the ledger accepted it, 2 if it is false.

use clap::Parser;
use dmledger_core::{record::DataKind, time::Clock};
use dmledger_examples::{
    claims::{Accepted, Diary, Metrics},
    error::{During, HostError},
    input::Input,
    network::Network,
    people::People,
    residence::{Residence, days::SealedDays},
    story,
};
use dmledger_net::node::SystemClock;
use dmledger_zk::{
    glycemic::{
        Metric, Unit,
        claim::{Bound, DaysClaim, Quantity, Ranges, Side},
    },
    range::RangeProof,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Instant,
};

const PURPOSE: &str = "time in range for the regulator";
const REGULATOR: usize = 3;

/// Proves a bound of the time in range of real or made-up days.
#[derive(Debug, Parser)]
#[command(name = "prove_time_in_range")]
struct Args {
    /// CSV `subject,timestamp,glucose_mg_dl`, Nightscout entries or another import format. Without it a series is made.
    #[arg(long, value_name = "FILE")]
    readings: Option<PathBuf>,
    /// Whose readings; the first by default.
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// How many days from the first reading, at most 90.
    #[arg(long, value_name = "N", default_value = "14")]
    days: NonZeroU32,
    /// Per cent of the readings in 70..180 mg/dL, in steps of 0.1.
    #[arg(long, value_name = "PERCENT", default_value = "70", value_parser = per_mille)]
    at_least: u32,
    /// Seed of everything that is drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn per_mille(text: &str) -> Result<u32, String> {
    let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let value = digits(whole).zip(digits(tenth).filter(|_| tenth.len() == 1)).map(|(whole, tenth)| whole * 10 + tenth);
    value
        .filter(|value| *value <= 1_000)
        .ok_or_else(|| "a percentage from 0 to 100, with one decimal at most".to_owned())
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<bool, HostError> {
    if args.days.get() > 90 {
        return Err(HostError::new("at most 90 days can be claimed at once"));
    }
    let input = match &args.readings {
        Some(file) => Input::from_file(file, args.subject.as_deref(), args.days)?,
        None => Input::synthetic(args.seed, args.days)?,
    };
    let scratch = tempfile::tempdir().during("temporary folder")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().during("runtime")?;
    runtime.block_on(play(args, &input, &scratch.path().join("data")))
}

#[expect(clippy::print_stdout, reason = "sizes, times and the answer are what the program is for")]
async fn play(args: &Args, input: &Input, dir: &Path) -> Result<bool, HostError> {
    let readings: Vec<_> = input.readings().cloned().collect();
    let diary = Diary::of(&readings);
    let begins = diary.begins().ok_or_else(|| HostError::new("no reading that could be sealed"))?;
    println!(
        "{} from {}: {} readings of {} days",
        input.subject,
        input.source,
        readings.len(),
        diary.calendar.days.len()
    );
    println!(
        "         {} rounded, {} beyond the table count as Low or High, {} without a value, {} without a slot",
        diary.rounded,
        diary.beyond,
        diary.without_value,
        diary.calendar.left_over.len()
    );
    let (mut rng, now) = (ChaCha20Rng::seed_from_u64(args.seed), SystemClock.now());
    let people = People::new(4, 1, now, &mut rng)?;
    let network = Network::start(people.genesis(now)?, people.seats(), dir).await?;
    story::found(&network, &people, &mut rng).await?;
    let home = Arc::clone(&network.nodes()[people.institutions.len()]);
    let (resident, lake) = (&people.residences[0], network.lake());
    let mut residence = Residence::open(resident, DataKind::HealthRecord, begins, home, lake, rng).await?;

    let start = Instant::now();
    let (sealed, height) = residence.seal_days(diary.table, diary.cadence, &diary.calendar).await?;
    let slots = diary.cadence.slots();
    println!(
        "sealed   {} days of {slots} slots, 32 bytes each; anchored at height {height}, {:?}",
        sealed.count(),
        start.elapsed()
    );
    let start = Instant::now();
    let (bytes, height) = residence.show_days(&sealed, PURPOSE).await?;
    println!(
        "shown    each digest is that of its day: {bytes} bytes a day; accepted at height {height}, {:?}",
        start.elapsed()
    );

    let answer = claim(args, &mut residence, &sealed, &network, &people).await?;
    let metrics = Metrics::of(sealed.opening(), diary.table.unit());
    let [below, within, above] = metrics.below_in_above;
    let unit = if diary.table.unit() == Unit::MgPerDl { "mg/dL" } else { "mmol/L" };
    println!(
        "exact    for the patient's eyes: {} readings, {below:.1} % below, {within:.2} % in range, {above:.1} % above,",
        metrics.readings
    );
    println!("         mean {:.1} {unit}, coefficient of variation {:.1} %", metrics.mean, metrics.variation);
    Ok(answer)
}

/// Claims the bound; if it is false, tries to cheat.
#[expect(clippy::print_stdout, reason = "sizes, times and the answer are what the program is for")]
async fn claim(
    args: &Args,
    residence: &mut Residence,
    sealed: &SealedDays,
    network: &Network,
    people: &People,
) -> Result<bool, HostError> {
    let regulator = &people.institutions[REGULATOR];
    let (audience, percent) = (regulator.id().digest(), f64::from(args.at_least) / 10.0);
    let wished = time_in_range(sealed, args.at_least)?;
    let start = Instant::now();
    let Some(proof) = residence.prove_days(sealed, &wished, PURPOSE, audience)? else {
        println!("refused  time in range was not at least {percent} %: there is no proof of what is false");
        return forge(residence, sealed, &wished, audience).await.map(|()| false);
    };
    let (proved, bytes) = (start.elapsed(), proof.proof().len());
    let height = residence.claim(sealed.records(), proof).await?;
    println!("proved   time in range at least {percent} %: {bytes} bytes in {proved:?}; accepted at height {height}");

    let node = &network.nodes()[REGULATOR];
    node.reach(height).await?;
    let start = Instant::now();
    let accepted = Accepted::latest(node, &residence.account())?;
    assert_eq!(accepted.statement.bounds(), wished.bounds(), "what was accepted is what was asked");
    assert_eq!(accepted.statement.days().len(), sealed.count());
    assert_eq!((accepted.audience, accepted.purpose.as_str()), (audience, PURPOSE));
    println!(
        "verifier {} read it from its own node in {:?}: no reading, no number but the bound",
        regulator.title(),
        start.elapsed()
    );
    Ok(true)
}

/// All readings of the sealed days, at least so many per mille of them in range.
fn time_in_range(sealed: &SealedDays, per_mille: u32) -> Result<DaysClaim, HostError> {
    let readings = u32::try_from(sealed.opening().readings()).during("readings")?;
    sealed.state(readings, &[Bound::new(Quantity::Share(Ranges::IN), Side::AtLeast, per_mille)])
}

/// Puts the proof of what is true in the place of a proof of what was wished.
#[expect(clippy::print_stdout, reason = "the refusal is the answer")]
async fn forge(
    residence: &mut Residence,
    sealed: &SealedDays,
    wished: &DaysClaim,
    audience: dmledger_core::hash::Digest,
) -> Result<(), HostError> {
    let opening = sealed.opening();
    let truth = opening.value(Metric::InRange) * 1_000 / opening.readings().max(1);
    let honest = time_in_range(sealed, u32::try_from(truth).during("share")?)?;
    let proof = residence.prove_days(sealed, &honest, PURPOSE, audience)?;
    let proof = proof.ok_or_else(|| HostError::new("what is true could not be proved"))?;
    let stolen = RangeProof::from_bytes(proof.proof()).during("claim")?;
    let forged = wished.claim(proof.context().clone(), &stolen).during("claim")?;
    match residence.claim(sealed.records(), forged).await {
        Err(refusal) => println!(
            "refused  a proof of {:.1} % in its place: {refusal}",
            f64::from(u32::try_from(truth).unwrap_or(0)) / 10.0
        ),
        Ok(height) => return Err(HostError::new(format!("a forged claim was accepted at height {height}"))),
    }
    Ok(())
}
