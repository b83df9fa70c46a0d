//! Scans for a health device, pairs with it, and reads it: the records of a glucose meter to the last one, of other
//! devices the measurements they send while one listens.
//!
//! ```text
//! cargo run --release --example live_device --features btleplug -- --list
//! cargo run --release --example live_device --features btleplug -- [--device NAME] [--listen SECONDS] [--json]
//! ```
//! Exit status: 0 complete, 3 incomplete with the exact holes or with values that could not be read, 1 failed.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use dmledger_ble::codec::Characteristic;
use dmledger_ble::codec::blood_pressure::{BloodPressureMeasurement, IntermediateCuffPressure};
use dmledger_ble::codec::cgm::{CgmMeasurement, measurements};
use dmledger_ble::codec::crc::E2eCrc;
use dmledger_ble::codec::heart_rate::HeartRateMeasurement;
use dmledger_ble::codec::plx::{PlxContinuous, PlxSpotCheck};
use dmledger_ble::codec::thermometer::TemperatureMeasurement;
use dmledger_ble::codec::uuid::{
    BLOOD_PRESSURE_SERVICE, CGM_MEASUREMENT, CGM_SERVICE, GLUCOSE_SERVICE, HEALTH_THERMOMETER_SERVICE,
    HEART_RATE_SERVICE, PULSE_OXIMETER_SERVICE, Uuid, WEIGHT_SCALE_SERVICE,
};
use dmledger_ble::codec::weight::WeightMeasurement;
use dmledger_ble::error::DecodeError;
use dmledger_ble::link::{Central as _, Link, LinkError, LinkEvent};
use dmledger_ble::procedure::glucose_sync::SyncConfig;
use dmledger_ble::radio::{Radio, Sighting};
use dmledger_examples::error::HostError;
use dmledger_examples::live::{DeviceArgs, Ending, failed, read_meter};
use serde_json::json;

/// Reads a Bluetooth health device.
#[derive(Debug, Parser)]
#[command(name = "live_device")]
struct Args {
    #[command(flatten)]
    device: DeviceArgs,
    /// Only say what is in reach
    #[arg(long)]
    list: bool,
    /// Seconds to listen to a device that sends by itself
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    listen: u64,
}

const SERVICES: [Uuid; 7] = [
    GLUCOSE_SERVICE,
    CGM_SERVICE,
    BLOOD_PRESSURE_SERVICE,
    HEART_RATE_SERVICE,
    PULSE_OXIMETER_SERVICE,
    HEALTH_THERMOMETER_SERVICE,
    WEIGHT_SCALE_SERVICE,
];

/// Reads a value into words.
type Decoder = fn(&[u8]) -> Result<String, DecodeError>;

/// Decoders of what devices send by themselves.
const STREAMS: [(Uuid, Decoder); 8] = [
    (BloodPressureMeasurement::UUID, read::<BloodPressureMeasurement>),
    (IntermediateCuffPressure::UUID, read::<IntermediateCuffPressure>),
    (HeartRateMeasurement::UUID, read::<HeartRateMeasurement>),
    (PlxSpotCheck::UUID, read::<PlxSpotCheck>),
    (PlxContinuous::UUID, read::<PlxContinuous>),
    (TemperatureMeasurement::UUID, read::<TemperatureMeasurement>),
    (WeightMeasurement::UUID, read::<WeightMeasurement>),
    (CGM_MEASUREMENT, sensor),
];

fn read<C: Characteristic + std::fmt::Debug>(bytes: &[u8]) -> Result<String, DecodeError> {
    C::decode(bytes).map(|value| format!("{value:?}"))
}

fn sensor(bytes: &[u8]) -> Result<String, DecodeError> {
    let records: Result<Vec<CgmMeasurement>, _> = measurements(bytes, E2eCrc::Absent).collect();
    records.map(|records| format!("{records:?}"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(ending) => ending.into(),
        Err(error) => {
            eprintln!("live_device: {error}");
            Ending::Failed.into()
        }
    }
}

async fn run(args: &Args) -> Result<Ending, HostError> {
    let radio = match args.device.open().await {
        Ok(radio) => radio,
        Err(error) => return Ok(failed(&args.device, &error)),
    };
    let ending = if args.list { list(&radio, args).await } else { talk(&radio, args).await };
    radio.close().await;
    ending.unwrap_or_else(|error| Ok(failed(&args.device, &error)))
}

#[expect(clippy::print_stdout, reason = "the list is what was asked for")]
async fn list(radio: &Radio, args: &Args) -> Result<Result<Ending, HostError>, LinkError> {
    for seen in radio.scan(Duration::from_secs(args.device.scan)).await? {
        let supported = SERVICES.iter().any(|service| seen.offers(*service));
        if args.device.json {
            println!("{}", json!({ "device": seen.device().as_str(), "name": seen.name(), "supported": supported }));
        } else {
            println!("{} {} {}", seen.device(), seen.name().unwrap_or("?"), if supported { "supported" } else { "" });
        }
    }
    Ok(Ok(Ending::Complete))
}

async fn talk(radio: &Radio, args: &Args) -> Result<Result<Ending, HostError>, LinkError> {
    let device = args.device.find(radio, &SERVICES).await?;
    if device.offers(GLUCOSE_SERVICE) {
        return Ok(read_meter(radio, &device, SyncConfig::new(), &args.device, true).await);
    }
    let mut link = radio.connect(device.device()).await?;
    let heard = listen(link.as_mut(), args).await;
    link.disconnect().await;
    heard.map(|heard| Ok(heard.ending(&device, args)))
}

/// What a device sent by itself.
#[derive(Debug, Default)]
struct Heard {
    values: u32,
    undecodable: u32,
}

async fn listen(link: &mut dyn Link, args: &Args) -> Result<Heard, LinkError> {
    let offered = link.characteristics().await?;
    for (characteristic, _) in STREAMS.iter().filter(|(characteristic, _)| offered.contains(characteristic)) {
        link.subscribe(*characteristic).await?;
    }
    let end = Instant::now() + Duration::from_secs(args.listen);
    let mut heard = Heard::default();
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        match link.next(left).await {
            LinkEvent::Value { characteristic, bytes } => heard.value(characteristic, &bytes, args),
            LinkEvent::Idle => {}
            // Scales and cuffs switch off when they have sent everything.
            _ => break,
        }
    }
    Ok(heard)
}

impl Heard {
    #[expect(clippy::print_stdout, reason = "the values are what was asked for")]
    fn value(&mut self, characteristic: Uuid, bytes: &[u8], args: &Args) {
        let Some((_, decode)) = STREAMS.iter().find(|(one, _)| *one == characteristic) else { return };
        let decoded = decode(bytes);
        *(if decoded.is_ok() { &mut self.values } else { &mut self.undecodable }) += 1;
        let text = decoded.unwrap_or_else(|error| format!("unreadable: {error}"));
        if args.device.json {
            println!("{}", json!({ "characteristic": characteristic.to_string(), "value": text }));
        } else {
            println!("{text}");
        }
    }

    #[expect(clippy::print_stdout, reason = "the end is part of the answer")]
    fn ending(&self, device: &Sighting, args: &Args) -> Ending {
        let ending = match (self.values, self.undecodable) {
            (0, 0) => Ending::Failed,
            (_, 0) => Ending::Complete,
            _ => Ending::Incomplete,
        };
        if args.device.json {
            let (values, undecodable) = (self.values, self.undecodable);
            let outcome = format!("{ending:?}").to_lowercase();
            println!("{}", json!({ "outcome": outcome, "values": values, "undecodable": undecodable }));
        } else {
            println!("{}: {} values, {} unreadable", device.device(), self.values, self.undecodable);
        }
        ending
    }
}
