//! The authenticated state: a versioned map from keys to values under one digest, with proofs that something is there,
//! or is not, or is all there is.
//!
//! The map is a compressed binary Merkle tree under SHA3-256. A subtree without keys is [`EMPTY`](node::EMPTY), a
//! subtree with one key is that key's leaf wherever it stands, every other subtree is the hash of its two halves. So
//! the root is a function of the contents alone, not of the order in which they came, and deleting restores it.
//!
//! | part | what it does |
//! |---|---|
//! | [`StateKey`] | where a thing stands: a hash of network, namespace and logical key |
//! | [`StateProof`] | shows presence, or absence in either of two ways, against a root; needs no storage |
//! | [`Tree`] | the tree over a store's immutable rows: reads, proofs, updates |
//! | [`Delta`] | pending writes over a read view, with nesting for an action that may fail half-way |
//! | [`ReadState`], [`View`] | typed reads at one height |
//! | [`CompleteList`] | a leaf that commits to *all* members of a list, in order |
//!
//! A proof says what stood at one height. A verdict on the present needs a root signed by the consensus quorum and a
//! bound on its age: that is the light client's part.

#[cfg(feature = "std")]
mod arena;
pub mod changes;
mod key;
pub mod list;
pub mod node;
#[cfg(feature = "std")]
mod page;
pub mod proof;
#[cfg(feature = "std")]
mod recall;
#[cfg(feature = "std")]
mod row;
pub mod tables;
#[cfg(feature = "std")]
pub mod tree;
#[cfg(feature = "std")]
mod update;
pub mod view;

pub use self::{
    changes::{Batch, Delta},
    key::{Namespace, StateKey},
    list::{CompleteList, StoredList},
    proof::{Outcome, ProofError, StateProof},
    view::{ReadState, ReadTyped},
};
#[cfg(feature = "std")]
pub use self::{
    tree::Tree,
    update::{Pending, Update},
    view::View,
};

use crate::{codec::CodecError, hash::Digest, time::Height, traits::StoreError};
use thiserror::Error;

/// Longest value of the state in bytes.
pub const MAX_VALUE_BYTES: usize = crate::traits::state_store::MAX_ROW_BYTES;

/// Where a version of the state stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Root {
    /// Height of the block that left this state behind.
    pub version: Height,
    /// Digest of the whole state.
    pub digest: Digest,
}

/// Why the state could not be read or changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StateError {
    /// The store failed, or holds a row that does not match the root.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A value is not what the reader took it for.
    #[error("state value unreadable: {0}")]
    Codec(#[from] CodecError),
    /// The root read from the store is not the one that was agreed on.
    #[error("state root at height {version} is not the expected one")]
    WrongRoot {
        /// Height of the root.
        version: Height,
    },
    /// A version does not follow the tree's own.
    #[error("version {version} does not follow version {tree}")]
    OldVersion {
        /// Version asked for.
        version: Height,
        /// Version of the tree.
        tree: Height,
    },
    /// The tree has moved on since the update was computed.
    #[error("update computed on another version of the tree")]
    Superseded,
    /// A batch names one key twice.
    #[error("a key occurs twice in one batch")]
    DuplicateKey,
    /// A value over [`MAX_VALUE_BYTES`].
    #[error("state value of {len} bytes where at most {MAX_VALUE_BYTES} are allowed")]
    ValueTooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// A layer was to be closed and none is open.
    #[error("no open layer of changes")]
    NoLayer,
    /// A presented list is not the list the state commits to.
    #[error(transparent)]
    List(#[from] list::ListError),
}

#[cfg(test)]
mod tests;
