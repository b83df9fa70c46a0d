//! A log in memory that survives the crashes a simulator makes, and no others.

use super::Wal;
use crate::error::WalError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Entries up to which a reset forgets nothing, as the log on disk does: what belongs to the past must be told apart by
/// its reader.
const KEPT: usize = 256;

/// A log in memory. Clones share it, so a simulator can crash a node and hand its log to the next incarnation.
///
/// Like a file, it loses what was appended and not flushed when [`Self::crash`] is called.
#[derive(Clone, Debug, Default)]
pub struct MemoryWal(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    entries: Vec<Vec<u8>>,
    durable: usize,
    fuse: Option<u64>,
}

impl MemoryWal {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Loses everything that was not flushed, and removes the fuse.
    pub fn crash(&self) {
        let mut inner = self.lock();
        let durable = inner.durable;
        inner.entries.truncate(durable);
        inner.fuse = None;
    }

    /// Lets `operations` more appends, flushes and resets succeed and every later one fail with
    /// [`WalError::Injected`]: the node stops at exactly that point.
    pub fn fail_after(&self, operations: u64) {
        self.lock().fuse = Some(operations);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn burn(&mut self) -> Result<(), WalError> {
        match &mut self.fuse {
            None => Ok(()),
            Some(0) => Err(WalError::Injected),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

impl Wal for MemoryWal {
    fn entries(&mut self) -> Result<Vec<Vec<u8>>, WalError> {
        Ok(self.lock().entries.clone())
    }

    fn append(&mut self, entry: &[u8]) -> Result<(), WalError> {
        let mut inner = self.lock();
        inner.burn()?;
        inner.entries.push(entry.to_vec());
        Ok(())
    }

    fn flush(&mut self) -> Result<(), WalError> {
        let mut inner = self.lock();
        inner.burn()?;
        inner.durable = inner.entries.len();
        Ok(())
    }

    fn reset(&mut self) -> Result<(), WalError> {
        let mut inner = self.lock();
        inner.burn()?;
        if inner.entries.len() > KEPT {
            inner.entries.clear();
            inner.durable = 0;
        }
        Ok(())
    }
}
