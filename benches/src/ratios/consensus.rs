//! Four validators in one process: our node beside the bare agreement engine it is built on.
//!
//! Both order blocks of 100 opaque actions of 256 bytes and sign the same votes with the same keys. The bare engine
//! moves Rust values over channels and keeps no log, no queue, no certificates and no chain; ours encodes every
//! message, logs, links, certifies and hands blocks to a ledger (one without rules).

#[path = "consensus/bare.rs"]
mod bare;
#[path = "consensus/grants.rs"]
pub mod grants;
#[path = "consensus/node.rs"]
mod node;

use crate::report::{Samples, line};
use std::{fs, time::Duration};

type Failed = Box<dyn std::error::Error>;

/// Blocks of one run.
const BLOCKS: u64 = 300;
/// Runs of each, in turn.
const RUNS: usize = 3;
/// Validators.
const VALIDATORS: u8 = 4;
/// Actions a block, and bytes an action.
const ACTIONS: usize = 100;
const ACTION_BYTES: usize = 256;

/// What one run showed.
struct Run {
    intervals: Vec<Duration>,
    /// Processor time of the whole process, in seconds.
    cpu: f64,
}

/// Prints block interval and processor time beside the bare engine's.
pub fn run() -> Result<(), Failed> {
    let (mut ours, mut peer) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(measured(node::run)?);
        peer.push(measured(bare::run)?);
    }
    let cpu = |runs: &[Run]| {
        let mut all: Vec<f64> = runs.iter().map(|run| run.cpu).collect();
        all.sort_by(f64::total_cmp);
        all.get(RUNS / 2).copied().unwrap_or(f64::NAN) * 1e3 / (BLOCKS as f64 * f64::from(VALIDATORS))
    };
    let (our_cpu, peer_cpu) = (cpu(&ours), cpu(&peer));
    let samples = |runs: Vec<Run>| Samples::new(runs.into_iter().flat_map(|run| run.intervals).collect());
    let (ours, peer) = (samples(ours), samples(peer));
    line("consensus.block_interval_p50", ours.median() * 1e3, peer.median() * 1e3, "ms");
    line("consensus.block_interval_p95", ours.percentile(95) * 1e3, peer.percentile(95) * 1e3, "ms");
    line("consensus.cpu_per_validator_and_block", our_cpu, peer_cpu, "ms");
    let grants = Samples::new(grants::run()?);
    line("consensus.grants_block_interval_p50_beside_bare", grants.median() * 1e3, peer.median() * 1e3, "ms");
    let p95 = (grants.percentile(95) * 1e3, peer.percentile(95) * 1e3);
    line("consensus.grants_block_interval_p95_beside_bare", p95.0, p95.1, "ms");
    Ok(())
}

fn measured(run: fn(u64) -> Result<Vec<Duration>, Failed>) -> Result<Run, Failed> {
    let before = processor_seconds().unwrap_or(f64::NAN);
    let intervals = run(BLOCKS)?;
    Ok(Run { intervals, cpu: processor_seconds().unwrap_or(f64::NAN) - before })
}

/// Processor time of this process, user and system, in seconds; Linux only.
fn processor_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|text| text.parse::<f64>().ok());
    // proc(5): utime and stime are fields 14 and 15, the name in parentheses being field 2; a tick is a hundredth.
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// The actions of a block.
fn actions(height: u64) -> impl Iterator<Item = Vec<u8>> {
    (0..ACTIONS as u64).map(move |n| {
        let mut action = [height.to_le_bytes(), n.to_le_bytes()].concat();
        action.resize(ACTION_BYTES, 0);
        action
    })
}
