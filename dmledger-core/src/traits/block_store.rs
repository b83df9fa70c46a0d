//! Where finalised blocks are kept, together with the state each one leaves behind.

use super::state_store::{StateChanges, StateStore, StoreError};
use crate::{
    block::{FinalizedBlock, Tip},
    codec::Canonical,
    quorum::BlockId,
    time::Height,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// One block and all it changes: kept together or not at all.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BlockCommit {
    /// The decided block.
    pub block: FinalizedBlock,
    /// Where the chain stands after it.
    pub tip: Tip,
    /// What it changes in the state.
    pub changes: StateChanges,
}

impl Canonical for BlockCommit {
    // A block and the pages and values it rewrites; state rows are a small multiple of the actions.
    const MAX_BYTES: usize = 256 * 1024 * 1024;
}

/// What a commit did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a commit is new or it is a repetition")]
pub enum Committed {
    /// The block is now the tip.
    Applied,
    /// The same block was there already; nothing changed.
    AlreadyApplied,
}

/// Finalised blocks in order, from genesis without gap, and the state after each.
pub trait BlockStore: StateStore {
    /// Makes the block the tip: block, index, state rows and tip become visible together. On return it is durable: it
    /// survives a crash of process and machine. Repeating the same block is harmless.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for another block at a known height and for one that does not follow the tip by height
    /// and parent; [`StoreError::Full`]; after any error the tip is what it was.
    fn commit(&self, commit: &BlockCommit) -> Result<Committed, StoreError>;

    /// Where the chain stands; `None` in an empty store.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`], [`StoreError::Backend`]; so for all readers below.
    fn tip(&self) -> Result<Option<Tip>, StoreError>;

    /// The block at `height`, or `None` above the tip.
    ///
    /// # Errors
    /// As [`Self::tip`].
    fn block(&self, height: Height) -> Result<Option<FinalizedBlock>, StoreError>;

    /// Height of a block, or `None` if it is not on this chain.
    ///
    /// # Errors
    /// As [`Self::tip`].
    fn height_of(&self, id: &BlockId) -> Result<Option<Height>, StoreError>;

    /// Waits until derived tables are on disk too. Acknowledged blocks are durable without it; it shortens the next
    /// opening and belongs before a planned stop.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Backend`].
    fn sync(&self) -> Result<(), StoreError>;
}
