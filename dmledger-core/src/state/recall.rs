//! Rows kept decoded: a decision reads the same few again and again.
//!
//! The rows of the tree are the only truth. What is kept here was read from one of them, is forgotten as soon as that row
//! is written, and is bounded; forgetting costs a read, never an answer.

use super::StateKey;
use crate::state::view::Kept;
use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

/// Stored bytes whose rows one generation keeps; two generations are kept.
const GENERATION_BYTES: usize = 4 * 1024 * 1024;
/// What keeping a row costs beside its bytes, about.
const OVERHEAD_BYTES: usize = 256;

/// Rows of one version of a tree.
#[derive(Default)]
pub(super) struct Recall(RwLock<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<StateKey, Kept>,
    old: HashMap<StateKey, Kept>,
    young_bytes: usize,
}

impl Recall {
    pub(super) fn get(&self, key: &StateKey) -> Option<Kept> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        kept.young.get(key).or_else(|| kept.old.get(key)).cloned()
    }

    /// Keeps what was read from a row of `len` stored bytes.
    pub(super) fn keep(&self, key: StateKey, row: Kept, len: usize) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.young_bytes > GENERATION_BYTES {
            kept.old = std::mem::take(&mut kept.young);
            kept.young_bytes = 0;
        }
        kept.young_bytes += len + OVERHEAD_BYTES;
        kept.young.insert(key, row);
    }

    /// Forgets rows that were written.
    pub(super) fn forget(&mut self, written: &[StateKey]) {
        let kept = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for generation in [&mut kept.young, &mut kept.old] {
            if !generation.is_empty() {
                written.iter().for_each(|key| drop(generation.remove(key)));
            }
        }
    }
}
