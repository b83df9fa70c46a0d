//! Verifying the signatures of many actions at once, and remembering which have been verified.

use crate::{
    action::{self, SignedAction},
    hash::Digest,
    key::batch::{self, Claim},
};
use std::{
    collections::HashSet,
    num::NonZero,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

/// Actions remembered in one generation; two generations are kept.
const GENERATION: usize = 32_768;
/// Fewer signatures than this are not worth a thread.
const THREAD_WORTH: usize = 128;

/// The actions whose signatures have been verified.
#[derive(Debug, Default)]
pub(super) struct Vetted(Memory);

/// Actions that passed a check, by the digest of their bytes. Forgetting one costs a check, never correctness.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Generations>);

impl Memory {
    pub(super) fn has(&self, action: &Digest) -> bool {
        let known = self.generations();
        known.young.contains(action) || known.old.contains(action)
    }

    pub(super) fn keep(&self, actions: impl Iterator<Item = Digest>) {
        let mut known = self.generations();
        actions.for_each(|action| known.insert(action));
    }

    fn generations(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Generations {
    young: HashSet<Digest>,
    old: HashSet<Digest>,
}

impl Generations {
    fn insert(&mut self, digest: Digest) {
        if self.young.len() >= GENERATION {
            self.old = core::mem::take(&mut self.young);
        }
        self.young.insert(digest);
    }
}

impl Vetted {
    /// For each action, how many of its signatures do not verify. Those known from before are not verified again.
    pub(super) fn check(&self, actions: &[(Digest, &SignedAction)]) -> Vec<usize> {
        let mut bad = vec![0; actions.len()];
        let (mut claims, mut owners) = (Vec::new(), Vec::new());
        for (position, (digest, action)) in actions.iter().enumerate() {
            if !self.0.has(digest) {
                claims.extend(action::claims(action));
                owners.resize(claims.len(), position);
            }
        }
        let (claims, owners) = by_signer(&claims, &owners);
        for culprit in culprits(&claims) {
            if let Some(count) = owners.get(culprit).and_then(|owner| bad.get_mut(*owner)) {
                *count += 1;
            }
        }
        let good = actions.iter().zip(&bad).filter(|(_, bad)| **bad == 0);
        self.0.keep(good.map(|((digest, _), _)| *digest));
        bad
    }
}

/// The claims of each signer next to one another, which makes a batch cheaper: a patient signs much of what a block holds.
fn by_signer(claims: &[Claim], owners: &[usize]) -> (Vec<Claim>, Vec<usize>) {
    let mut both: Vec<_> = claims.iter().copied().zip(owners.iter().copied()).collect();
    both.sort_by_key(|(claim, _)| claim.key);
    both.into_iter().unzip()
}

/// Positions of the claims that do not hold, on as many threads as there are processors and work for them.
fn culprits(claims: &[Claim]) -> Vec<usize> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = processors.min(claims.len() / THREAD_WORTH).max(1);
    if workers == 1 {
        return batch::verify(claims).err().unwrap_or_default();
    }
    let share = claims.len().div_ceil(workers);
    thread::scope(|scope| {
        let verify = |part: &'_ [Claim]| batch::verify(part).err().unwrap_or_default();
        let parts: Vec<_> = claims.chunks(share).map(|part| (part.len(), scope.spawn(move || verify(part)))).collect();
        let mut bad = Vec::new();
        for (i, (len, part)) in parts.into_iter().enumerate() {
            // A thread that died has verified nothing.
            let found = part.join().unwrap_or_else(|_| (0..len).collect());
            bad.extend(found.into_iter().map(|position| i * share + position));
        }
        bad
    })
}
