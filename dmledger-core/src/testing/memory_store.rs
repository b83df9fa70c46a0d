//! A block store for tests of rules: everything in memory, the contract's checks and no more. Hosts that want an
//! in-memory store take `dmledger_store::Memory`.

use crate::{
    block::{FinalizedBlock, Tip},
    quorum::BlockId,
    testing::MemoryRows,
    time::Height,
    traits::{BlockCommit, BlockStore, Committed, PruneReport, StateRows, StateStore, StoreError},
};
use std::sync::{Arc, PoisonError, RwLock};

/// Blocks in a vector, rows in a map.
#[derive(Debug, Default)]
pub struct MemoryStore {
    rows: Arc<MemoryRows>,
    kept: RwLock<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    blocks: Vec<FinalizedBlock>,
    tip: Option<Tip>,
    lowest: Height,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn read<T>(&self, of: impl FnOnce(&Kept) -> T) -> T {
        of(&self.kept.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn place(height: Height) -> usize {
    usize::try_from(height.value()).unwrap_or(usize::MAX)
}

impl BlockStore for MemoryStore {
    fn commit(&self, commit: &BlockCommit) -> Result<Committed, StoreError> {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let (height, id) = (commit.tip.height, commit.block.block().id());
        if let Some(known) = kept.blocks.get(place(height)) {
            let same = known.block().id() == id;
            return if same { Ok(Committed::AlreadyApplied) } else { Err(StoreError::Conflict { height }) };
        }
        let follows = kept.tip.as_ref().map_or(height == Height::GENESIS, |tip| {
            height == tip.height.next() && commit.block.block().header().parent == tip.id
        });
        if !follows {
            return Err(StoreError::Conflict { height });
        }
        self.rows.apply(&commit.changes)?;
        kept.blocks.push(commit.block.clone());
        kept.tip = Some(commit.tip.clone());
        Ok(Committed::Applied)
    }

    fn tip(&self) -> Result<Option<Tip>, StoreError> {
        Ok(self.read(|kept| kept.tip.clone()))
    }

    fn block(&self, height: Height) -> Result<Option<FinalizedBlock>, StoreError> {
        Ok(self.read(|kept| kept.blocks.get(place(height)).cloned()))
    }

    fn height_of(&self, id: &BlockId) -> Result<Option<Height>, StoreError> {
        let blocks = |kept: &Kept| kept.blocks.iter().position(|block| block.block().id() == *id);
        Ok(self.read(blocks).map(|position| Height::new(position as u64)))
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl StateStore for MemoryStore {
    fn at(&self, height: Height) -> Result<Arc<dyn StateRows>, StoreError> {
        let (tip, lowest) = self.read(|kept| (kept.tip.as_ref().map(|tip| tip.height), kept.lowest));
        match tip {
            Some(tip) if height <= tip && height >= lowest => Ok(Arc::clone(&self.rows) as Arc<dyn StateRows>),
            Some(tip) if height <= tip => Err(StoreError::Pruned { lowest }),
            _ => Err(StoreError::NotFound { height }),
        }
    }

    fn prune(&self, below: Height) -> Result<PruneReport, StoreError> {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.tip.as_ref().is_none_or(|tip| below > tip.height) {
            return Err(StoreError::NotFound { height: below });
        }
        kept.lowest = kept.lowest.max(below);
        Ok(PruneReport::new(self.rows.prune(below) as u64, kept.lowest))
    }

    fn lowest(&self) -> Result<Height, StoreError> {
        Ok(self.read(|kept| kept.lowest))
    }
}
