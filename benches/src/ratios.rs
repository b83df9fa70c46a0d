//! One line a figure: ours beside a named peer, measured in the same process and run.
//!
//! ```text
//! cargo run --release -p dmledger-benches --features peers --bin ratios -- [GROUP]...
//! ```
//! Without a group all are run. Each line reads `name ours=… peer=… ratio=… unit=…`.

#![allow(unreachable_pub, reason = "a program has no outside")]

#[path = "ratios/apply.rs"]
mod apply;
#[path = "ratios/ble.rs"]
mod ble;
#[path = "ratios/consensus.rs"]
mod consensus;
#[path = "ratios/glycemic.rs"]
mod glycemic;
#[path = "ratios/ledger.rs"]
mod ledger;
mod report;
#[path = "ratios/seal.rs"]
mod seal;
#[path = "ratios/signatures.rs"]
mod signatures;
#[path = "ratios/state.rs"]
mod state;
#[path = "ratios/store.rs"]
mod store;
#[path = "ratios/zk.rs"]
mod zk;
#[path = "ratios/zk_groth16.rs"]
mod zk_groth16;
#[path = "ratios/zk_r1cs.rs"]
mod zk_r1cs;
#[path = "ratios/zk_tari.rs"]
mod zk_tari;

use std::process::ExitCode;

type Group = fn() -> Result<(), Box<dyn std::error::Error>>;

const GROUPS: &[(&str, Group)] = &[
    ("signatures", signatures::run),
    ("apply", apply::run),
    ("ble", ble::run),
    ("consensus", consensus::run),
    ("ledger", ledger::run),
    ("seal", seal::run),
    ("state", state::run),
    ("store", store::run),
    ("zk", zk::run),
];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = wanted.iter().find(|name| !GROUPS.iter().any(|(group, _)| group == name)) {
        let known: Vec<_> = GROUPS.iter().map(|(group, _)| *group).collect();
        eprintln!("no group {unknown:?}; there are {}", known.join(", "));
        return ExitCode::from(2);
    }
    for (name, run) in GROUPS.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|one| one == name)) {
        if let Err(error) = run() {
            eprintln!("group {name}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
