//! Blocks that are acknowledged but not yet in the index: where readers look first.
//!
//! The commit puts a record here right after its `fdatasync`; one thread takes them in order, applies each to the index
//! and only then removes it. A reader that looks here first and in the index second therefore misses nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use dmledger_core::block::Tip;
use dmledger_core::traits::StoreError;

use super::index::Index;
use crate::segment::Location;
use crate::segment::body::{self, Span};
use crate::segment::record::Record;

/// One acknowledged block.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) at: Location,
    pub(crate) record: Record,
    /// Spans of keys and values inside the record's changes, by key; made when first asked for.
    rows: OnceLock<Vec<(Span, Span)>>,
}

/// What commit, readers and the indexer share.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    limit: u64,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) tip: Option<Tip>,
    pub(crate) lowest: u64,
    pub(crate) pending: VecDeque<Arc<Pending>>,
    bytes: u64,
    failed: Option<String>,
    closing: bool,
    /// Buffer of a block that has reached the index, for the next one.
    spare: Option<Vec<u8>>,
}

impl Pending {
    pub(crate) fn new(at: Location, record: Record) -> Self {
        Self { at, record, rows: OnceLock::new() }
    }

    pub(crate) fn height(&self) -> u64 {
        self.record.header.height
    }

    /// The row this block put under `key`.
    pub(crate) fn row(&self, key: &[u8]) -> Option<&[u8]> {
        let section = self.record.section(body::CHANGES);
        let rows = self.rows.get_or_init(|| sorted_rows(section));
        let found = rows.binary_search_by(|(span, _)| span.of(section).cmp(key)).ok()?;
        rows.get(found).map(|(_, value)| value.of(section))
    }
}

fn sorted_rows(section: &[u8]) -> Vec<(Span, Span)> {
    let mut rows = body::Changes::parse(section).unwrap_or_default().put;
    rows.sort_by(|(left, _), (right, _)| left.of(section).cmp(right.of(section)));
    rows
}

impl Queue {
    pub(crate) fn new(tip: Option<Tip>, lowest: u64, limit: u64) -> Self {
        let state =
            State { tip, lowest, pending: VecDeque::new(), bytes: 0, failed: None, closing: false, spare: None };
        Self { state: Mutex::new(state), changed: Condvar::new(), limit }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room for another block.
    pub(crate) fn wait_for_room(&self) -> Result<(), StoreError> {
        self.wait_while(|state| state.bytes > self.limit)
    }

    /// Waits until the index has everything.
    pub(crate) fn drain(&self) -> Result<(), StoreError> {
        self.wait_while(|state| !state.pending.is_empty())
    }

    fn wait_while(&self, busy: impl Fn(&State) -> bool) -> Result<(), StoreError> {
        let mut state = self.state();
        while busy(&state) && state.failed.is_none() {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        match &state.failed {
            Some(reason) => Err(StoreError::Unavailable(reason.clone())),
            None => Ok(()),
        }
    }

    /// A buffer to build the next record in.
    pub(crate) fn spare_buffer(&self) -> Vec<u8> {
        self.state().spare.take().unwrap_or_default()
    }

    /// Makes an acknowledged block visible.
    pub(crate) fn push(&self, pending: Pending, tip: Tip) {
        let mut state = self.state();
        state.bytes += pending.at.length;
        state.pending.push_back(Arc::new(pending));
        state.tip = Some(tip);
        drop(state);
        self.changed.notify_all();
    }

    /// Lets the indexer finish what is pending and stop.
    pub(crate) fn close(&self) {
        self.state().closing = true;
        self.changed.notify_all();
    }

    /// The blocks not yet in the index, oldest first.
    pub(crate) fn pending(&self) -> Vec<Arc<Pending>> {
        self.state().pending.iter().cloned().collect()
    }

    /// Applies blocks to `index` until the queue is closed and empty. Runs in its own thread.
    pub(crate) fn run(&self, index: &Index, sync_every: u64) {
        let mut unsynced = 0;
        while let Some(next) = self.front() {
            let mut done = index.apply(&next.at, &next.record);
            unsynced += 1;
            if done.is_ok() && unsynced >= sync_every {
                done = index.sync();
                unsynced = 0;
            }
            let mut state = self.state();
            match done {
                Ok(()) => {
                    state.pending.pop_front();
                    state.bytes = state.bytes.saturating_sub(next.at.length);
                }
                // The blocks are safe in the log; reopening replays or rebuilds the index.
                Err(error) => state.failed = Some(format!("index failed: {error}")),
            }
            drop(state);
            self.changed.notify_all();
            self.recycle(next);
        }
    }

    /// Keeps the buffer unless a reader still has the block, or it is larger than all that may wait.
    fn recycle(&self, done: Arc<Pending>) {
        let buffer = Arc::into_inner(done).map(|pending| pending.record.into_buffer());
        if let Some(buffer) = buffer.filter(|buffer| buffer.capacity() as u64 <= self.limit) {
            self.state().spare = Some(buffer);
        }
    }

    fn front(&self) -> Option<Arc<Pending>> {
        let mut state = self.state();
        loop {
            if state.failed.is_some() {
                return None;
            }
            if let Some(front) = state.pending.front() {
                return Some(Arc::clone(front));
            }
            if state.closing {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
