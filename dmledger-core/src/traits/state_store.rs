//! Where the rows of the versioned state are kept.
//!
//! A row is written once and never changed: its key carries the version that wrote it. A block's [`StateChanges`] put
//! the new rows and name those that are no longer reachable from its version on; [`StateStore::prune`] deletes exactly
//! these once no reader needs the older versions.

use crate::{
    codec::{Bytes, CodecError},
    hash::Digest,
    time::Height,
};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error, ErrorKind, Read, Result as IoResult, Write},
};
use core::{cmp::Ordering, fmt};
use thiserror::Error;

/// Longest row key in bytes.
pub const MAX_ROW_KEY_BYTES: usize = 64;
/// Longest row in bytes.
pub const MAX_ROW_BYTES: usize = 1024 * 1024;

/// Key of a state row, at most 64 bytes. Opaque to stores; begins with its version big-endian, so it sorts by version.
///
/// Kept in place rather than on the heap: a block makes and drops thousands.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RowKey {
    len: u8,
    /// Zero beyond `len`.
    bytes: [u8; MAX_ROW_KEY_BYTES],
}

impl RowKey {
    /// Takes the key's bytes over.
    ///
    /// # Errors
    /// [`CodecError::TooLong`] above 64 bytes.
    #[expect(clippy::needless_pass_by_value, reason = "callers build the bytes for this")]
    pub fn new(bytes: Vec<u8>) -> Result<Self, CodecError> {
        Self::of(&[&bytes])
    }

    /// The key that consists of `parts`, one after the other.
    ///
    /// # Errors
    /// [`CodecError::TooLong`] above 64 bytes.
    pub fn of(parts: &[&[u8]]) -> Result<Self, CodecError> {
        let len = parts.iter().map(|part| part.len()).sum();
        let refused = CodecError::TooLong { len, max: MAX_ROW_KEY_BYTES };
        let mut bytes = [0; MAX_ROW_KEY_BYTES];
        let mut rest = bytes.get_mut(..len).ok_or(refused)?;
        for part in parts {
            let (head, tail) = rest.split_at_mut_checked(part.len()).ok_or(refused)?;
            head.copy_from_slice(part);
            rest = tail;
        }
        Ok(Self { len: u8::try_from(len).map_err(|_| refused)?, bytes })
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl Ord for RowKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl PartialOrd for RowKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowKey(")?;
        self.as_slice().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

impl BorshSerialize for RowKey {
    fn serialize<W: Write>(&self, writer: &mut W) -> IoResult<()> {
        self.as_slice().serialize(writer)
    }
}

impl BorshDeserialize for RowKey {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let bytes = Bytes::<MAX_ROW_KEY_BYTES>::deserialize_reader(reader)?;
        Self::of(&[bytes.as_slice()]).map_err(|_| Error::new(ErrorKind::InvalidData, "row key"))
    }
}

/// What one block changes in the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StateChanges {
    /// The block's height.
    pub version: Height,
    /// New rows, each key once.
    pub put: Vec<(RowKey, Vec<u8>)>,
    /// Rows that versions before this one reach and this one and later ones do not.
    pub stale: Vec<RowKey>,
}

/// Reads rows as they stood at one height.
pub trait StateRows: Send + Sync {
    /// The row, or `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] rather than wrong bytes; [`StoreError::Unavailable`], [`StoreError::Backend`].
    fn row(&self, key: &RowKey) -> Result<Option<Vec<u8>>, StoreError>;

    /// Several rows, in the order asked for; one round trip where the store is remote.
    ///
    /// # Errors
    /// As [`Self::row`]; no partial answer.
    fn rows(&self, keys: &[RowKey]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        keys.iter().map(|key| self.row(key)).collect()
    }
}

/// The state at every height that has not been pruned.
pub trait StateStore: Send + Sync {
    /// The rows as of `height`. The answer stays readable while later blocks are committed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] above the tip, [`StoreError::Pruned`] below the lowest height kept.
    fn at(&self, height: Height) -> Result<Arc<dyn StateRows>, StoreError>;

    /// Deletes every row that no version from `below` on reaches. Idempotent; heights from `below` on stay readable.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if `below` is above the tip: the last state is never pruned.
    fn prune(&self, below: Height) -> Result<PruneReport, StoreError>;

    /// Lowest height whose state is kept.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Backend`].
    fn lowest(&self) -> Result<Height, StoreError>;
}

/// What a prune did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PruneReport {
    /// Rows deleted by this call.
    pub rows: u64,
    /// Lowest height whose state is kept now.
    pub lowest: Height,
}

impl PruneReport {
    /// A report.
    #[must_use]
    pub const fn new(rows: u64, lowest: Height) -> Self {
        Self { rows, lowest }
    }
}

/// Why a store did not do what was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another block is already committed at this height, or the block does not follow the tip.
    #[error("block at height {height} conflicts with what is stored")]
    Conflict {
        /// Height of the refused block.
        height: Height,
    },
    /// Stored bytes are damaged. Nothing was returned and nothing repaired.
    #[error("{what} is damaged{}", height.map_or_else(String::new, |h| alloc::format!(" at height {h}")))]
    Corrupt {
        /// What is damaged: a block, a row, an index.
        what: &'static str,
        /// Height, if it can be told.
        height: Option<Height>,
    },
    /// That height's state has been pruned.
    #[error("state below height {lowest} has been pruned")]
    Pruned {
        /// Lowest height kept.
        lowest: Height,
    },
    /// Nothing at that height.
    #[error("nothing stored at height {height}")]
    NotFound {
        /// Height asked for.
        height: Height,
    },
    /// The store holds another network's data.
    #[error("the store belongs to network {found:.12}, not {expected:.12}")]
    WrongNetwork {
        /// Network found in the store.
        found: Digest,
        /// Network asked for.
        expected: Digest,
    },
    /// Written by another version of the layout.
    #[error("store layout {found}, this build reads {known}")]
    UnknownLayout {
        /// Layout found.
        found: u32,
        /// Layout this build reads.
        known: u32,
    },
    /// Another process holds the store open.
    #[error("the store is open elsewhere")]
    InUse,
    /// No room left; nothing was written.
    #[error("no space left in the store")]
    Full,
    /// Cannot be reached now; the same call may succeed later and is safe to repeat.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// The back end failed in its own way.
    #[error("storage back end failed: {0}")]
    Backend(Box<dyn core::error::Error + Send + Sync>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{collections::BTreeSet, vec};

    #[test]
    fn row_keys_sort_as_their_bytes_and_read_back() {
        let bytes = [vec![], vec![0], vec![0, 0], vec![0, 1], vec![1], vec![9; 63], vec![9; 64]];
        let keys: BTreeSet<_> = bytes.iter().rev().map(|bytes| RowKey::new(bytes.clone()).unwrap()).collect();
        assert!(keys.iter().map(RowKey::as_slice).eq(bytes.iter().map(Vec::as_slice)));
        for key in keys {
            let encoded = borsh::to_vec(&key).unwrap();
            assert_eq!(encoded.len(), 4 + key.as_slice().len());
            assert_eq!(borsh::from_slice::<RowKey>(&encoded).unwrap(), key);
            assert_eq!(RowKey::of(&[key.as_slice(), &[]]).unwrap(), key);
        }
        assert!(RowKey::new(vec![0; 65]).is_err());
        assert!(borsh::from_slice::<RowKey>(&borsh::to_vec(&vec![0_u8; 65]).unwrap()).is_err());
    }
}
