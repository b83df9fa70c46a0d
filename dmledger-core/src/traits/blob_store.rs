//! The data lake: encrypted objects under their content address, and the small mutable parts beside them.
//!
//! Only ciphertext goes in. No name tells patient, kind or time.

use crate::record::index::{ContentId, RecordId};
use alloc::{boxed::Box, string::String, vec::Vec};
use async_trait::async_trait;
use core::ops::Range;
use thiserror::Error;

/// Longest part in bytes.
pub const MAX_PART_BYTES: usize = 64 * 1024;

/// Encrypted objects by content, and versioned parts by record.
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// Keeps an object. Durable on return. The same object twice is a success and changes nothing.
    ///
    /// # Errors
    /// [`BlobError::WrongContent`] if the bytes do not have this address; [`BlobError::Unavailable`].
    async fn put(&self, id: &ContentId, bytes: &[u8]) -> Result<(), BlobError>;

    /// Keeps several objects, concurrently where the store can. Durable on return; on error any subset may be kept,
    /// and repeating the call is safe.
    ///
    /// # Errors
    /// As [`Self::put`].
    async fn put_all(&self, objects: &[(ContentId, Vec<u8>)]) -> Result<(), BlobError> {
        for (id, bytes) in objects {
            self.put(id, bytes).await?;
        }
        Ok(())
    }

    /// The object, verified against its address.
    ///
    /// # Errors
    /// [`BlobError::NotFound`]; [`BlobError::Corrupt`] rather than wrong bytes.
    async fn get(&self, id: &ContentId) -> Result<Vec<u8>, BlobError>;

    /// Bytes `range` of the object, verified without trusting the store; a large object is not read whole for it.
    ///
    /// # Errors
    /// As [`Self::get`], or [`BlobError::OutOfRange`].
    async fn get_range(&self, id: &ContentId, range: Range<u64>) -> Result<Vec<u8>, BlobError>;

    /// Whether the object is there (its length is part of its address).
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    async fn contains(&self, id: &ContentId) -> Result<bool, BlobError>;

    /// Removes the object, durably on return; gone already is a success.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    async fn delete(&self, id: &ContentId) -> Result<(), BlobError>;

    /// Addresses of all objects, ascending.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    async fn list(&self) -> Result<Vec<ContentId>, BlobError>;

    /// Keeps version `version` of a record's part, at most 64 KiB. Durable on return; the same bytes twice are a success.
    ///
    /// # Errors
    /// [`BlobError::Conflict`] if other bytes are kept under this version.
    async fn put_part(&self, record: &RecordId, version: u64, bytes: &[u8]) -> Result<(), BlobError>;

    /// Keeps several parts, concurrently where the store can. Durable on return; on error any subset may be kept, and
    /// repeating the call is safe.
    ///
    /// # Errors
    /// As [`Self::put_part`].
    async fn put_parts(&self, parts: &[(RecordId, u64, Vec<u8>)]) -> Result<(), BlobError> {
        for (record, version, bytes) in parts {
            self.put_part(record, *version, bytes).await?;
        }
        Ok(())
    }

    /// The newest part of a record and its version, or `None`.
    ///
    /// # Errors
    /// [`BlobError::Corrupt`] where the back end can tell (a part has no content address; its receiver checks what is
    /// signed in it); [`BlobError::Unavailable`].
    async fn part(&self, record: &RecordId) -> Result<Option<(u64, Vec<u8>)>, BlobError>;

    /// Removes all versions of a record's part, durably on return; gone already is a success.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    async fn delete_parts(&self, record: &RecordId) -> Result<(), BlobError>;

    /// Removes the versions of a record's part that are lower than `version`, durably on return; gone already is a
    /// success. Whoever replaces a part puts the new version first and then calls this: at no moment is there none.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    async fn delete_parts_below(&self, record: &RecordId, version: u64) -> Result<(), BlobError>;
}

/// Why the lake did not do what was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BlobError {
    /// Nothing under this address.
    #[error("object not found in the lake")]
    NotFound,
    /// What is kept under this address is not what the address says; nothing was returned.
    #[error("object in the lake does not match its address")]
    Corrupt,
    /// The bytes to be kept do not have the address given.
    #[error("bytes do not match the address they were to be kept under")]
    WrongContent,
    /// Other bytes are kept under this version.
    #[error("version {version} of this part is taken")]
    Conflict {
        /// The taken version.
        version: u64,
    },
    /// The range does not lie inside the object.
    #[error("range ends at byte {end} of an object of {length}")]
    OutOfRange {
        /// End asked for.
        end: u64,
        /// Length of the object.
        length: u64,
    },
    /// Longer than a part may be.
    #[error("part of {len} bytes, at most {MAX_PART_BYTES} are allowed")]
    TooLong {
        /// Bytes given.
        len: usize,
    },
    /// The store ignores conditional writes and cannot be trusted with parts.
    #[error("the object store ignores conditional writes")]
    Unconditional,
    /// Cannot be reached now; the call is safe to repeat.
    #[error("lake unavailable: {0}")]
    Unavailable(String),
    /// The back end failed in its own way.
    #[error("lake back end failed: {0}")]
    Backend(Box<dyn core::error::Error + Send + Sync>),
}
