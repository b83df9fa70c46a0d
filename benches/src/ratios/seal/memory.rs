//! How much memory a very long record takes.

use super::Failure;
use crate::report;
use dmledger_core::{hash::Digest, record::index::RecordId};
use dmledger_zk::seal::{DataKey, Hedge, SealSuite, Sealer};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{fs, hint::black_box};

/// Two gibibytes.
const LENGTH: u64 = 2 << 30;
const BLOCK: usize = 1 << 20;
/// What it is meant to stay below.
const MEBIBYTES: f64 = 32.0;

/// Prints by how much the process grows at most while it seals two gibibytes, beside what it is allowed to. Silent where
/// the system does not say.
pub fn run() -> Result<(), Failure> {
    // Without this the high-water mark is that of whatever was measured before.
    if fs::write("/proc/self/clear_refs", "5").is_err() {
        return Ok(());
    }
    let Some(before) = high_water_kib() else { return Ok(()) };
    let mut rng = ChaCha20Rng::seed_from_u64(21);
    let key = DataKey::generate(&RecordId::new([1; 32]), &Hedge::Sequence(1), &mut rng);
    let mut sealer = Sealer::new(SealSuite::default(), key, Digest::ZERO, LENGTH)?;
    let (block, mut sealed) = (vec![0x5A; BLOCK], Vec::new());
    while sealer.given() < LENGTH {
        sealer.update(&block, &mut sealed)?;
        black_box(&sealed);
        sealed.clear();
    }
    sealer.finish(&mut sealed)?;
    let grown = high_water_kib().unwrap_or(before).saturating_sub(before);
    let ours = f64::from(u32::try_from(grown)?) / 1024.0;
    report::line("peak_memory_sealing_2_gib", ours, MEBIBYTES, "MiB,lower_is_better,peer=what_it_may_take");
    Ok(())
}

fn high_water_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}
