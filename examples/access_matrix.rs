//! Everybody tries everything: requests drawn over identity, role, data, time, verb, purpose, height, revocation, expiry,
//! network and possession of keys, each answered by the ledger and by a model written from the rules in words.
//!
//! ```text
//! cargo run --release --example access_matrix -- --attempts 1000000 --seed 1
//! cargo run --release --example access_matrix -- --crypto --attempts 100000 --seed 1
//! ```
//!
//! With `--crypto` the answer is a decryption: every request is logged and taken to the gate's nodes, and what ought to be
//! allowed has to come out as it was sealed; what ought not must not, with every range key ever received and all that one
//! node of the committee holds.
//!
//! The last line is `attempts=N unauthorised=0 wrongful_refusals=0 seed=S`; anything else is a failure.

use clap::Parser;
use dmledger_examples::{
    error::HostError,
    matrix::{Plan, Trial},
    verdict::{self, Tries},
};
use std::process::ExitCode;

/// Compares the ledger's decisions with a model of them.
#[derive(Debug, Parser)]
#[command(name = "access_matrix")]
struct Args {
    /// How many requests, and their seed.
    #[command(flatten)]
    tries: Tries,
    /// Many more revocations, no dismissals: most requests rely on what has just been taken back.
    #[arg(long)]
    revocation: bool,
    /// Real keys: allowed is what decrypts.
    #[arg(long)]
    crypto: bool,
}

fn main() -> ExitCode {
    verdict::exit(run(&Args::parse()))
}

#[expect(clippy::print_stdout, reason = "the score is what the program is for")]
fn run(args: &Args) -> Result<bool, HostError> {
    let plan = Plan { seed: args.tries.seed, revocations: args.revocation, crypto: args.crypto };
    let score = Trial::new(plan)?.run(args.tries.count)?;
    println!("{:?}", score.changes);
    println!("{} allowed, {} refused", score.allowed, score.attempts - score.allowed);
    println!(
        "attempts={} unauthorised={} wrongful_refusals={} seed={}",
        score.attempts, score.unauthorised, score.wrongful_refusals, args.tries.seed
    );
    // A trial in which hardly anything is allowed, or anything refused, has tried nothing.
    let telling = score.allowed * 20 > score.attempts && score.allowed * 20 < score.attempts * 19;
    Ok(score.unauthorised == 0 && score.wrongful_refusals == 0 && (telling || score.attempts < 1_000))
}
