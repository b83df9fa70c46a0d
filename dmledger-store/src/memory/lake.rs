//! The reference data lake.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use dmledger_core::record::index::{ContentId, RecordId};
use dmledger_core::traits::blob_store::MAX_PART_BYTES;
use dmledger_core::traits::{BlobError, BlobStore};

/// Encrypted objects and parts in memory.
#[derive(Debug, Default)]
pub struct MemoryLake(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    objects: BTreeMap<ContentId, Vec<u8>>,
    parts: BTreeMap<(RecordId, u64), Vec<u8>>,
}

impl MemoryLake {
    /// An empty lake.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the bytes kept under an address without any check: the damage that a test does.
    #[cfg(any(test, feature = "fault"))]
    pub fn damage(&self, id: &ContentId, bytes: Vec<u8>) {
        self.kept().objects.insert(*id, bytes);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl BlobStore for MemoryLake {
    async fn put(&self, id: &ContentId, bytes: &[u8]) -> Result<(), BlobError> {
        if ContentId::of(bytes) != *id {
            return Err(BlobError::WrongContent);
        }
        self.kept().objects.insert(*id, bytes.to_vec());
        Ok(())
    }

    async fn get(&self, id: &ContentId) -> Result<Vec<u8>, BlobError> {
        let bytes = self.kept().objects.get(id).cloned().ok_or(BlobError::NotFound)?;
        if ContentId::of(&bytes) == *id { Ok(bytes) } else { Err(BlobError::Corrupt) }
    }

    async fn get_range(&self, id: &ContentId, range: Range<u64>) -> Result<Vec<u8>, BlobError> {
        let bytes = self.get(id).await?;
        let out_of_range = BlobError::OutOfRange { end: range.end, length: id.length() };
        let bounds = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        let slice = bounds.and_then(|(start, end)| bytes.get(start..end));
        slice.map(<[u8]>::to_vec).ok_or(out_of_range)
    }

    async fn contains(&self, id: &ContentId) -> Result<bool, BlobError> {
        Ok(self.kept().objects.contains_key(id))
    }

    async fn delete(&self, id: &ContentId) -> Result<(), BlobError> {
        self.kept().objects.remove(id);
        Ok(())
    }

    async fn list(&self) -> Result<Vec<ContentId>, BlobError> {
        Ok(self.kept().objects.keys().copied().collect())
    }

    async fn put_part(&self, record: &RecordId, version: u64, bytes: &[u8]) -> Result<(), BlobError> {
        if bytes.len() > MAX_PART_BYTES {
            return Err(BlobError::TooLong { len: bytes.len() });
        }
        match self.kept().parts.entry((*record, version)).or_insert_with(|| bytes.to_vec()) {
            kept if kept == bytes => Ok(()),
            _ => Err(BlobError::Conflict { version }),
        }
    }

    async fn part(&self, record: &RecordId) -> Result<Option<(u64, Vec<u8>)>, BlobError> {
        let kept = self.kept();
        let newest = kept.parts.range((*record, 0)..=(*record, u64::MAX)).next_back();
        Ok(newest.map(|((_, version), bytes)| (*version, bytes.clone())))
    }

    async fn delete_parts(&self, record: &RecordId) -> Result<(), BlobError> {
        self.kept().parts.retain(|(owner, _), _| owner != record);
        Ok(())
    }

    async fn delete_parts_below(&self, record: &RecordId, version: u64) -> Result<(), BlobError> {
        self.kept().parts.retain(|(owner, kept), _| owner != record || *kept >= version);
        Ok(())
    }
}
