//! The end of an example that tries many things and must find nothing: its exit status, and errors in words.

use crate::error::HostError;
use std::process::ExitCode;

/// Success if what ran says that everything holds; otherwise a failure, an error with its words.
#[must_use]
pub fn exit(held: Result<bool, HostError>) -> ExitCode {
    match held {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How many tries, and the seed of everything that is drawn: the arguments all such examples share.
#[derive(Clone, Copy, Debug, clap::Args)]
#[expect(clippy::exhaustive_structs, reason = "arguments of a program")]
pub struct Tries {
    /// How many.
    #[arg(long, visible_alias = "attempts", default_value_t = 20_000)]
    pub count: u64,
    /// Seed of everything that is drawn.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}
