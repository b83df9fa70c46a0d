//! Scans for a health device, pairs with it, and reads it: the records of a glucose meter or a continuous sensor to the
//! last one, what a cuff, a scale, a thermometer or an oximeter has kept, a heart rate or the stream of an oximeter while
//! one listens.
//!
//! ```text
//! cargo run --release --example live_device --features btleplug -- --list
//! cargo run --release --example live_device --features btleplug -- [--device NAME] [--listen SECONDS] [--json]
//! ```
//! Exit status: 0 complete, 3 incomplete with the exact holes, with pauses in a stream or with values that could not be
//! read, 1 failed.

use clap::Parser;
use dmledger_ble::{link::LinkError, radio::Radio};
use dmledger_examples::{
    error::HostError,
    live::{
        DeviceArgs, Ending,
        any::{SERVICES, read_device},
        failed,
    },
};
use serde_json::json;
use std::{process::ExitCode, time::Duration};

/// Reads a Bluetooth health device.
#[derive(Debug, Parser)]
#[command(name = "live_device")]
struct Args {
    #[command(flatten)]
    device: DeviceArgs,
    /// Only say what is in reach
    #[arg(long)]
    list: bool,
    /// Seconds to listen to a stream, and of silence after which a device that sends by itself has sent everything
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    listen: u64,
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
    let ending = if args.list {
        list(&radio, args).await.unwrap_or_else(|error| failed(&args.device, &error))
    } else {
        match args.device.find(&radio, &SERVICES).await {
            Ok(device) => read_device(&radio, &device, Duration::from_secs(args.listen), &args.device).await?,
            Err(error) => failed(&args.device, &error),
        }
    };
    radio.close().await;
    Ok(ending)
}

#[expect(clippy::print_stdout, reason = "the list is what was asked for")]
async fn list(radio: &Radio, args: &Args) -> Result<Ending, LinkError> {
    for seen in radio.scan(Duration::from_secs(args.device.scan)).await? {
        let supported = SERVICES.iter().any(|service| seen.offers(*service));
        if args.device.json {
            println!("{}", json!({ "device": seen.device().as_str(), "name": seen.name(), "supported": supported }));
        } else {
            println!("{} {} {}", seen.device(), seen.name().unwrap_or("?"), if supported { "supported" } else { "" });
        }
    }
    Ok(Ending::Complete)
}
