//! What every back end of this crate checks before it keeps a block.

use dmledger_core::block::{FinalizedBlock, Tip};
use dmledger_core::envelope::ChainId;
use dmledger_core::time::Height;
use dmledger_core::traits::{BlockCommit, StoreError};

/// What is to be done with a commit that passed [`judge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It follows the tip.
    Append,
    /// Its height is known; it is a repetition if the block kept there has the same identity.
    Known,
}

/// Whether `commit` belongs to this network, agrees with itself and follows `tip`.
pub(crate) fn judge(commit: &BlockCommit, tip: Option<&Tip>, network: &ChainId) -> Result<Verdict, StoreError> {
    let header = commit.block.block().header();
    if header.chain != *network {
        return Err(StoreError::WrongNetwork { found: header.chain.digest(), expected: network.digest() });
    }
    let height = header.height;
    let agrees = commit.tip.height == height
        && commit.tip.id == header.id()
        && commit.tip.state_root == header.state_root
        && commit.changes.version == height;
    let known = tip.is_some_and(|tip| height <= tip.height);
    let follows = match tip {
        Some(tip) => height == tip.height.next() && header.parent == tip.id,
        None => height == Height::GENESIS,
    };
    match (agrees, known, follows) {
        (true, true, _) => Ok(Verdict::Known),
        (true, false, true) => Ok(Verdict::Append),
        _ => Err(StoreError::Conflict { height }),
    }
}

/// Whether `next` is the block after `tip` as far as a store can tell: used when a log is read back.
pub(crate) fn links(next: &FinalizedBlock, tip: Option<&Tip>) -> bool {
    let header = next.block().header();
    match tip {
        Some(tip) => header.height == tip.height.next() && header.parent == tip.id,
        None => header.height == Height::GENESIS,
    }
}

/// Whether a state can be read at `height`.
pub(crate) fn readable(height: Height, tip: Option<&Tip>, lowest: Height) -> Result<(), StoreError> {
    if tip.is_none_or(|tip| height > tip.height) {
        return Err(StoreError::NotFound { height });
    }
    if height < lowest {
        return Err(StoreError::Pruned { lowest });
    }
    Ok(())
}
