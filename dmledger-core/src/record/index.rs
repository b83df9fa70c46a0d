//! What the ledger knows of a record: where its ciphertext is and what it commits to, nothing of its content.

use crate::hash::{Digest, tree};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// Bytes of a segment of an object in the lake: the unit that is addressed, verified and fetched by range.
pub const SEGMENT_BYTES: usize = 64 * 1024;

/// A record's name: 32 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct RecordId([u8; 32]);

impl RecordId {
    /// Wraps 32 bytes that were drawn at random.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Digest::new(self.0).fmt(f)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId({:.12})", Digest::new(self.0))
    }
}

/// Address of an object in the lake: the RFC 6962 root over its 64 KiB segments, and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct ContentId {
    root: Digest,
    length: u64,
}

impl ContentId {
    /// The address of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let segments: Vec<_> = bytes.chunks(SEGMENT_BYTES).collect();
        Self { root: tree::root(&segments), length: bytes.len() as u64 }
    }

    /// An address made elsewhere, for example segment by segment.
    #[must_use]
    pub const fn new(root: Digest, length: u64) -> Self {
        Self { root, length }
    }

    /// Root over the segments.
    #[must_use]
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// Length of the object in bytes.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }
}
