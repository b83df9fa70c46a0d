//! Valid proofs of every family, spoiled: in their bytes, their statement, their context, their place in a batch.
//!
//! Every draw comes from the seed and the number of the draw's share of the work, so that a run is the same on any number
//! of threads. What turns out to be unchanged is drawn again and not counted.

mod attributes;
mod bytes;
mod families;
mod glycemic;
mod proofs;
mod wire;

use crate::error::HostError;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// Families of proofs that are drawn from.
pub const FAMILIES: usize = 34;
/// Ways of spoiling.
pub const KINDS: usize = bytes::KINDS + 4;

/// Mutants of one pool of valid proofs; then a new pool is made.
const SHARE: u64 = 5_000;

/// How it went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a run prints")]
pub struct Score {
    /// Spoiled proofs tried.
    pub mutants: u64,
    /// What was accepted, in words.
    pub accepted: Vec<String>,
    /// Mutants by family.
    pub families: BTreeMap<&'static str, u64>,
    /// Mutants by the way they were spoiled.
    pub kinds: BTreeMap<&'static str, u64>,
}

impl Score {
    fn count(&mut self, family: &'static str, tried: Tried) {
        self.mutants += tried.mutants;
        *self.families.entry(family).or_default() += tried.mutants;
        *self.kinds.entry(tried.kind).or_default() += tried.mutants;
        if let Some(what) = tried.accepted {
            self.accepted.push(format!("{family}: {}: {what}", tried.kind));
        }
    }

    fn merge(&mut self, other: Self) {
        self.mutants += other.mutants;
        self.accepted.extend(other.accepted);
        for (own, others) in [(&mut self.families, other.families), (&mut self.kinds, other.kinds)] {
            for (name, count) in others {
                *own.entry(name).or_default() += count;
            }
        }
    }
}

/// One attempt: how many mutants it held, and what was accepted of them.
struct Tried {
    kind: &'static str,
    mutants: u64,
    accepted: Option<String>,
}

impl Tried {
    fn one(kind: &'static str, accepted: bool, what: impl FnOnce() -> String) -> Self {
        Self { kind, mutants: 1, accepted: accepted.then(what) }
    }
}

/// Valid proofs of one family and the ways to spoil them.
trait Family: Send + Sync {
    /// What it shows.
    fn name(&self) -> &'static str;

    /// How often it is drawn: cheap families more often than dear ones.
    fn weight(&self) -> u32;

    /// Spoils something and has it verified; `None` if what was drawn changes nothing.
    fn attempt(&self, rng: &mut ChaCha20Rng) -> Option<Tried>;
}

/// Tries `count` mutants, or a few more where the last ones stand in one batch.
///
/// # Errors
/// If a valid proof cannot be made, or is not accepted.
pub fn run(count: u64, seed: u64, threads: NonZeroUsize) -> Result<Score, HostError> {
    let (next, total) = (AtomicU64::new(0), Mutex::new(Ok(Score::default())));
    let work = || {
        loop {
            let share = next.fetch_add(1, Ordering::Relaxed);
            let Some(left) = count.checked_sub(share * SHARE).filter(|left| *left > 0) else { return };
            let done = share_of(share, left.min(SHARE), seed);
            let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
            match (&mut *total, done) {
                (Ok(total), Ok(done)) => total.merge(done),
                (total, Err(error)) => *total = Err(error),
                (Err(_), Ok(_)) => return,
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads.get() {
            scope.spawn(work);
        }
    });
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// One pool and its mutants.
fn share_of(share: u64, count: u64, seed: u64) -> Result<Score, HostError> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    rng.set_stream(share);
    let families = families::all(&mut rng)?;
    let weights: u32 = families.iter().map(|family| family.weight()).sum();
    let mut score = Score::default();
    while score.mutants < count {
        let mut drawn = rng.next_u32() % weights;
        for family in &families {
            match drawn.checked_sub(family.weight()) {
                Some(rest) => drawn = rest,
                None => {
                    if let Some(tried) = family.attempt(&mut rng) {
                        score.count(family.name(), tried);
                    }
                    break;
                }
            }
        }
    }
    Ok(score)
}

/// A number below `end`.
fn below(end: usize, rng: &mut ChaCha20Rng) -> usize {
    usize::try_from(rng.next_u64() % (end.max(1) as u64)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
