//! A real device in front of a person: finding it, answering what it asks while it pairs, and saying how it went.

pub mod any;

use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clap::{Args, ValueEnum};
use dmledger_ble::codec::uuid::Uuid;
use dmledger_ble::link::{BondState, DeviceId, LinkError, RecordSink, sync_glucose};
use dmledger_ble::procedure::glucose_sync::{GlucoseSync, Outcome, Proof, Reason, Record, SequenceRange, SyncConfig};
use dmledger_ble::radio::{
    PairingAnswer, PairingHost, PairingPolicy, PairingQuestion, Passkey, Radio, RadioConfig, Sighting,
};
use serde_json::{Value, json};

use crate::error::{During, HostError};

/// How a conversation with a device ended, and the exit status that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything the device holds is here. Status 0.
    Complete,
    /// Something may be missing, and the holes are named. Status 3.
    Incomplete,
    /// There was no conversation. Status 1.
    Failed,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Complete => Self::SUCCESS,
            Ending::Incomplete => Self::from(3),
            Ending::Failed => Self::FAILURE,
        }
    }
}

/// Which device, and how to treat it.
#[derive(Debug, Args)]
pub struct DeviceArgs {
    /// Name, address or identifier of the device; the first suitable one by default
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// Seconds to look for it
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub scan: u64,
    /// When to pair
    #[arg(long, value_enum, default_value_t = Pair::Offered)]
    pub pair: Pair,
    /// Say yes to a comparison of codes without a person. Only for devices that nobody else can reach
    #[arg(long)]
    pub accept: bool,
    /// The code printed on the device, where it asks for one
    #[arg(long, value_name = "CODE", value_parser = passkey)]
    pub passkey: Option<Passkey>,
    /// One JSON object instead of sentences
    #[arg(long)]
    pub json: bool,
}

/// When to pair.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Pair {
    /// Never.
    Never,
    /// Where the device can.
    Offered,
    /// Always; a device that cannot is not read.
    Required,
}

fn passkey(text: &str) -> Result<Passkey, String> {
    text.parse().ok().and_then(Passkey::new).ok_or_else(|| "a code has six digits".into())
}

impl DeviceArgs {
    /// Opens the first adapter.
    ///
    /// # Errors
    /// There is no adapter, or no Bluetooth service.
    pub async fn open(&self) -> Result<Radio, LinkError> {
        let policy = match self.pair {
            Pair::Never => PairingPolicy::Never,
            Pair::Offered => PairingPolicy::WhenOffered,
            Pair::Required => PairingPolicy::Required,
        };
        let person = Person { accept: self.accept, passkey: self.passkey };
        Radio::open_with(RadioConfig::new().with_pairing(policy), Arc::new(person)).await
    }

    /// Scans for the device asked for, or for the first that offers one of `services`.
    ///
    /// # Errors
    /// None was in reach.
    pub async fn find(&self, radio: &Radio, services: &[Uuid]) -> Result<Sighting, LinkError> {
        let named = |seen: &Sighting, wanted: &str| {
            seen.name() == Some(wanted)
                || seen.address().eq_ignore_ascii_case(wanted)
                || seen.device().as_str() == wanted
        };
        let wanted = |seen: &Sighting| match &self.device {
            Some(name) => named(seen, name),
            None => services.iter().any(|service| seen.offers(*service)),
        };
        radio.find(Duration::from_secs(self.scan), wanted).await
    }
}

/// Answers for the person at the terminal.
struct Person {
    accept: bool,
    passkey: Option<Passkey>,
}

#[async_trait]
impl PairingHost for Person {
    async fn answer(&self, device: &DeviceId, question: PairingQuestion) -> PairingAnswer {
        match (question, self.passkey) {
            (PairingQuestion::JustWorks, _) => PairingAnswer::Accept,
            (PairingQuestion::Compare(_), _) if self.accept => PairingAnswer::Accept,
            (PairingQuestion::EnterPasskey, Some(passkey)) => PairingAnswer::Passkey(passkey),
            (question, _) => {
                let prompt = format!("{device}: {}", words(question));
                let line = tokio::task::spawn_blocking(move || ask(&prompt)).await.ok().flatten();
                understood(question, line.as_deref())
            }
        }
    }
}

fn words(question: PairingQuestion) -> String {
    match question {
        PairingQuestion::Compare(code) => format!("does the device show {code}? [y/n] "),
        PairingQuestion::EnterPasskey => "the code that the device shows: ".into(),
        PairingQuestion::Show(code) => format!("type {code} on the device, then press enter here. "),
        _ => "pair? [y/n] ".into(),
    }
}

fn ask(prompt: &str) -> Option<String> {
    let mut terminal = std::io::stderr();
    terminal.write_all(prompt.as_bytes()).ok()?;
    terminal.flush().ok()?;
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim().to_owned())
}

fn understood(question: PairingQuestion, line: Option<&str>) -> PairingAnswer {
    match (question, line) {
        (_, None) => PairingAnswer::Refuse,
        (PairingQuestion::EnterPasskey, Some(line)) => {
            passkey(line).map_or(PairingAnswer::Refuse, PairingAnswer::Passkey)
        }
        (PairingQuestion::Show(_), Some(_)) => PairingAnswer::Accept,
        (_, Some(line)) if line.eq_ignore_ascii_case("y") => PairingAnswer::Accept,
        _ => PairingAnswer::Refuse,
    }
}

/// What one meter delivered.
#[derive(Debug, Default)]
pub struct Collected {
    /// Records in the order of delivery.
    pub records: Vec<Record>,
    /// How well the two ends know each other; `None` before the first link.
    pub bond: Option<BondState>,
}

impl RecordSink for Collected {
    fn linked(&mut self, bond: BondState) {
        self.bond = Some(bond);
    }

    fn record(&mut self, record: Record) {
        self.records.push(record);
    }
}

/// Fetches everything a glucose meter holds and says how that went, for people or as JSON.
///
/// # Errors
/// Only when the answer cannot be printed.
#[expect(clippy::print_stdout, reason = "the answer is what the programs are for")]
pub async fn read_meter(
    radio: &Radio,
    meter: &Sighting,
    config: SyncConfig,
    args: &DeviceArgs,
    with_readings: bool,
) -> Result<Ending, HostError> {
    let started = std::time::Instant::now();
    let mut collected = Collected::default();
    let outcome = sync_glucose(radio, meter.device(), GlucoseSync::new(config), &mut collected).await;
    let mut answer = report(meter, &outcome, &collected, started.elapsed());
    if with_readings {
        answer["readings"] = collected.records.iter().map(reading).collect();
    }
    if args.json {
        println!("{}", serde_json::to_string(&answer).during("report")?);
    } else {
        for record in collected.records.iter().filter(|_| with_readings) {
            println!("{}", line(record));
        }
        println!("{}", sentence(&outcome, &collected));
    }
    Ok(match &outcome {
        Outcome::Complete { .. } => Ending::Complete,
        Outcome::Incomplete(incomplete) => match incomplete.reason() {
            Reason::RadioGone | Reason::NotPaired | Reason::NotAGlucoseMeter if collected.records.is_empty() => {
                Ending::Failed
            }
            _ => Ending::Incomplete,
        },
    })
}

/// Says that there was no conversation, and why.
#[expect(clippy::print_stdout, reason = "the answer is what the programs are for")]
pub fn failed(args: &DeviceArgs, error: &LinkError) -> Ending {
    if args.json {
        println!("{}", json!({ "outcome": "failed", "error": error.to_string() }));
    } else {
        eprintln!("failed: {error}");
    }
    Ending::Failed
}

fn report(meter: &Sighting, outcome: &Outcome, collected: &Collected, elapsed: Duration) -> Value {
    let summary = outcome.summary();
    let numbers = collected.records.iter().map(|record| record.key().sequence().value());
    let mut answer = json!({
        "device": meter.device().as_str(),
        "name": meter.name(),
        "bond": collected.bond.map(|bond| format!("{bond:?}")),
        "records": collected.records.len(),
        "in_order": numbers.is_sorted(),
        "stored": summary.stored(),
        "control_solutions": summary.control_solutions(),
        "duplicates": summary.duplicates(),
        "undecodable": summary.undecodable(),
        "requests": summary.requests(),
        "reconnects": summary.reconnects(),
        "elapsed_ms": u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
    });
    match outcome {
        Outcome::Complete { proof, .. } => {
            answer["outcome"] = "complete".into();
            answer["proof"] = shown_by(*proof).into();
        }
        Outcome::Incomplete(incomplete) => {
            answer["outcome"] = "incomplete".into();
            answer["reason"] = format!("{:?}", incomplete.reason()).into();
            answer["missing"] = incomplete.missing().into();
            answer["holes"] = pairs(incomplete.holes()).map(|(first, last)| json!([first, last])).collect();
        }
    }
    answer
}

/// What shows that nothing is missing, in words.
const fn shown_by(proof: Proof) -> &'static str {
    match proof {
        Proof::EveryGapCounted => "every gap counted",
        Proof::CountOnly => "count only",
        _ => "reports agree",
    }
}

/// First and last number of each hole.
fn pairs(holes: &[SequenceRange]) -> impl Iterator<Item = (u16, u16)> {
    holes.iter().map(|hole| (hole.first().value(), hole.last().value()))
}

fn sentence(outcome: &Outcome, collected: &Collected) -> String {
    let count = collected.records.len();
    match outcome {
        Outcome::Complete { .. } => format!("complete: {count} records"),
        Outcome::Incomplete(incomplete) => {
            let holes: Vec<String> = pairs(incomplete.holes()).map(|(first, last)| format!("{first}-{last}")).collect();
            format!("incomplete ({:?}): {count} records, may be missing: {}", incomplete.reason(), holes.join(", "))
        }
    }
}

fn reading(record: &Record) -> Value {
    json!({
        "sequence": record.key().sequence().value(),
        "base_time": record.key().base_time().to_string(),
        "offset_minutes": record.measurement().time_offset(),
        "value": record.displayed().map(|value| format!("{value:?}")),
        "control_solution": record.is_control_solution(),
        "context": record.context().value().is_some(),
    })
}

fn line(record: &Record) -> String {
    let value = record.displayed().map_or_else(|| "no number".into(), |value| format!("{value:?}"));
    format!("#{} {} {value}", record.key().sequence().value(), record.key().base_time())
}
