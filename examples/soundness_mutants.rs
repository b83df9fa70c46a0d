//! Proofs of every family, spoiled in every way somebody thought of: none may be accepted.
//!
//! ```text
//! cargo run --release --example soundness_mutants -- --count 1000000 --seed 1
//! ```
//!
//! The last line is `mutants=N accepted=0 seed=S`; anything else is a failure.

use clap::Parser;
use dmledger_examples::{
    error::HostError,
    mutants::{self, Score},
};
use std::{collections::BTreeMap, num::NonZeroUsize, process::ExitCode, time::Instant};

/// Spoils proofs and has them verified.
#[derive(Debug, Parser)]
#[command(name = "soundness_mutants")]
struct Args {
    /// How many spoiled proofs.
    #[arg(long, default_value_t = 20_000)]
    count: u64,
    /// Seed of everything that is drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; what is tried does not depend on them.
    #[arg(long, default_value = "2")]
    threads: NonZeroUsize,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the score is what the program is for")]
fn run(args: &Args) -> Result<bool, HostError> {
    let start = Instant::now();
    let score = mutants::run(args.count, args.seed, args.threads)?;
    print(&score.families);
    println!();
    print(&score.kinds);
    println!("\n{:.1} s", start.elapsed().as_secs_f64());
    for (accepted, _) in score.accepted.iter().zip(0..20) {
        println!("accepted: {accepted}");
    }
    println!("mutants={} accepted={} seed={}", score.mutants, score.accepted.len(), args.seed);
    Ok(score.accepted.is_empty() && everything_was_tried(&score))
}

#[expect(clippy::print_stdout, reason = "the score is what the program is for")]
fn print(counts: &BTreeMap<&'static str, u64>) {
    for (name, count) in counts {
        println!("{count:>10} {name}");
    }
}

/// A long run in which a family or a way of spoiling is missing has not tried what it says.
fn everything_was_tried(score: &Score) -> bool {
    score.mutants < 10_000 || (score.families.len() >= mutants::FAMILIES && score.kinds.len() >= mutants::KINDS)
}
