//! Reads the octets of Bluetooth devices and says what they mean, or checks the codecs against a file of vectors.
//!
//! ```text
//! cargo run --release --example ble_decode -- --vectors FILE.jsonl
//! ```
//! Every mismatch is a line of its own; the last line is `N passed, M failed`, and the exit status says whether M is 0.
//! The format of the file: one JSON object a line with `char` (GATT number), `hex` (attribute value) and `expect`.

#[path = "../dmledger-ble/tests/shared_vectors/compare.rs"]
mod compare;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use dmledger_examples::error::{During, HostError};
use serde_json::Value;

#[derive(Parser)]
#[command(about = "Checks the Bluetooth codecs against a file of vectors")]
struct Arguments {
    /// Vectors, one JSON object a line
    #[arg(long, value_name = "FILE")]
    vectors: PathBuf,
}

fn main() -> ExitCode {
    match check(&Arguments::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("ble_decode: {error}");
            ExitCode::from(2)
        }
    }
}

/// Prints the mismatches and hands back how many lines have one.
#[expect(clippy::print_stdout, reason = "the lines are what the program is for")]
fn check(arguments: &Arguments) -> Result<usize, HostError> {
    let path = &arguments.vectors;
    let text = std::fs::read_to_string(path).during(path.display())?;
    let (mut passed, mut failed) = (0, 0);
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = index + 1;
        let vector: Value = serde_json::from_str(line).during(format_args!("line {number}"))?;
        let mismatches = compare::mismatches(&vector);
        for mismatch in &mismatches {
            let kind = vector["char"].as_str().unwrap_or_default();
            let octets = vector["hex"].as_str().unwrap_or_default();
            println!("line {number}: {kind} {octets}: {mismatch}");
        }
        *(if mismatches.is_empty() { &mut passed } else { &mut failed }) += 1;
    }
    println!("{passed} passed, {failed} failed");
    if passed + failed == 0 {
        return Err(HostError::new(format!("{}: no vectors", path.display())));
    }
    Ok(failed)
}
