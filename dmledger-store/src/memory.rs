//! The reference back ends: what the contracts mean, with nothing on disk.
//!
//! [`Memory`] is a [`BlockStore`], [`MemoryLake`] a [`BlobStore`](dmledger_core::traits::BlobStore). "Durable" means
//! here: as long as the value lives. Every other back end is compared with these by the conformance suites.

mod lake;

pub use lake::MemoryLake;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use dmledger_core::block::{FinalizedBlock, Tip};
use dmledger_core::envelope::ChainId;
use dmledger_core::quorum::BlockId;
use dmledger_core::time::Height;
use dmledger_core::traits::{
    BlockCommit, BlockStore, Committed, PruneReport, RowKey, StateRows, StateStore, StoreError,
};

use crate::rules::{self, Verdict};

/// Blocks and state rows in memory. Clones share their content.
#[derive(Clone, Debug)]
pub struct Memory {
    network: ChainId,
    kept: Arc<RwLock<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    blocks: Vec<FinalizedBlock>,
    heights: HashMap<BlockId, Height>,
    tip: Option<Tip>,
    rows: HashMap<RowKey, Vec<u8>>,
    /// Rows by the version that retired them.
    stale: BTreeMap<Height, Vec<RowKey>>,
    lowest: Height,
}

/// The rows as of one height.
#[derive(Debug)]
struct View {
    kept: Arc<RwLock<Kept>>,
    height: Height,
}

impl Memory {
    /// An empty store of one network.
    #[must_use]
    pub fn new(network: ChainId) -> Self {
        Self { network, kept: Arc::default() }
    }

    fn read(&self) -> RwLockReadGuard<'_, Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Kept> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn block(&self, height: Height) -> Option<&FinalizedBlock> {
        self.blocks.get(usize::try_from(height.value()).ok()?)
    }
}

impl BlockStore for Memory {
    fn commit(&self, commit: &BlockCommit) -> Result<Committed, StoreError> {
        let mut kept = self.write();
        let height = commit.tip.height;
        if rules::judge(commit, kept.tip.as_ref(), &self.network)? == Verdict::Known {
            return match kept.block(height) {
                Some(block) if block.block().id() == commit.tip.id => Ok(Committed::AlreadyApplied),
                _ => Err(StoreError::Conflict { height }),
            };
        }
        kept.blocks.push(commit.block.clone());
        kept.heights.insert(commit.tip.id, height);
        kept.rows.extend(commit.changes.put.iter().cloned());
        if !commit.changes.stale.is_empty() {
            kept.stale.entry(height).or_default().extend(commit.changes.stale.iter().cloned());
        }
        kept.tip = Some(commit.tip.clone());
        Ok(Committed::Applied)
    }

    fn tip(&self) -> Result<Option<Tip>, StoreError> {
        Ok(self.read().tip.clone())
    }

    fn block(&self, height: Height) -> Result<Option<FinalizedBlock>, StoreError> {
        Ok(self.read().block(height).cloned())
    }

    fn height_of(&self, id: &BlockId) -> Result<Option<Height>, StoreError> {
        Ok(self.read().heights.get(id).copied())
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl StateStore for Memory {
    fn at(&self, height: Height) -> Result<Arc<dyn StateRows>, StoreError> {
        let kept = self.read();
        rules::readable(height, kept.tip.as_ref(), kept.lowest)?;
        Ok(Arc::new(View { kept: Arc::clone(&self.kept), height }))
    }

    fn prune(&self, below: Height) -> Result<PruneReport, StoreError> {
        let mut kept = self.write();
        if kept.tip.as_ref().is_none_or(|tip| below > tip.height) {
            return Err(StoreError::NotFound { height: below });
        }
        let later = kept.stale.split_off(&below.next());
        let retired = std::mem::replace(&mut kept.stale, later);
        let mut rows = 0;
        for key in retired.into_values().flatten() {
            rows += u64::from(kept.rows.remove(&key).is_some());
        }
        kept.lowest = kept.lowest.max(below);
        Ok(PruneReport::new(rows, kept.lowest))
    }

    fn lowest(&self) -> Result<Height, StoreError> {
        Ok(self.read().lowest)
    }
}

impl StateRows for View {
    fn row(&self, key: &RowKey) -> Result<Option<Vec<u8>>, StoreError> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        match kept.rows.get(key) {
            Some(row) => Ok(Some(row.clone())),
            // A row that was pruned under this view is not a row that never was.
            None if self.height < kept.lowest => Err(StoreError::Pruned { lowest: kept.lowest }),
            None => Ok(None),
        }
    }
}
