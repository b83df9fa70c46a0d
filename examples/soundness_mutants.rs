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
    verdict::{self, Tries},
};
use std::{collections::BTreeMap, num::NonZeroUsize, process::ExitCode, time::Instant};

/// Spoils proofs and has them verified.
#[derive(Debug, Parser)]
#[command(name = "soundness_mutants")]
struct Args {
    /// How many spoiled proofs, and their seed.
    #[command(flatten)]
    tries: Tries,
    /// Threads; what is tried does not depend on them.
    #[arg(long, default_value = "2")]
    threads: NonZeroUsize,
}

fn main() -> ExitCode {
    verdict::exit(run(&Args::parse()))
}

#[expect(clippy::print_stdout, reason = "the score is what the program is for")]
fn run(args: &Args) -> Result<bool, HostError> {
    let start = Instant::now();
    let score = mutants::run(args.tries.count, args.tries.seed, args.threads)?;
    print(&score.families);
    println!();
    print(&score.kinds);
    println!("\n{:.1} s", start.elapsed().as_secs_f64());
    for (accepted, _) in score.accepted.iter().zip(0..20) {
        println!("accepted: {accepted}");
    }
    println!("mutants={} accepted={} seed={}", score.mutants, score.accepted.len(), args.tries.seed);
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
