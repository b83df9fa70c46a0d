//! Fetches everything a glucose meter holds over this machine's Bluetooth adapter, and says whether it was everything.
//!
//! ```text
//! cargo run --release --example glucose_sync --features btleplug -- [--device NAME] [--json] [--readings]
//! ```
//! Exit status: 0 complete, 3 incomplete with the exact holes, 1 failed.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use dmledger_ble::codec::uuid::GLUCOSE_SERVICE;
use dmledger_ble::procedure::glucose_sync::SyncConfig;
use dmledger_examples::error::HostError;
use dmledger_examples::live::{DeviceArgs, Ending, failed, read_meter};

/// Reads a glucose meter.
#[derive(Debug, Parser)]
#[command(name = "glucose_sync")]
struct Args {
    #[command(flatten)]
    device: DeviceArgs,
    /// Print every record
    #[arg(long)]
    readings: bool,
    /// Seconds after which to give up
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    limit: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(ending) => ending.into(),
        Err(error) => {
            eprintln!("glucose_sync: {error}");
            Ending::Failed.into()
        }
    }
}

async fn run(args: &Args) -> Result<Ending, HostError> {
    let radio = match args.device.open().await {
        Ok(radio) => radio,
        Err(error) => return Ok(failed(&args.device, &error)),
    };
    let ending = match args.device.find(&radio, &[GLUCOSE_SERVICE]).await {
        Ok(meter) => {
            let config = SyncConfig::new().with_session_limit(Duration::from_secs(args.limit));
            read_meter(&radio, &meter, config, &args.device, args.readings).await
        }
        Err(error) => Ok(failed(&args.device, &error)),
    };
    radio.close().await;
    ending
}
