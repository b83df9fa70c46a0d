//! The data lake: ciphertext under its content address, on any `object_store`, by default a folder of this machine.
//!
//! The store below is trusted with nothing but keeping bytes: an object is verified against its address on every read, a
//! range against the segments' tree, a part against the check it was kept with. What it must do is refuse to write over
//! what is there; a lake tries that out before it is used ([`Lake::over`]).

mod names;
pub mod resume;
mod segments;

use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, Hasher as _, RandomState};
use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use dmledger_core::hash::{Digest, Hasher, tag};
use dmledger_core::record::index::{ContentId, RecordId};
use dmledger_core::traits::blob_store::MAX_PART_BYTES;
use dmledger_core::traits::{BlobError, BlobStore};
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};

use crate::segment::file::sync_dir;
use segments::Leaves;

/// Writes under way at once in [`BlobStore::put_all`]: enough for the disk to sync several files with one flush.
const CONCURRENT_WRITES: usize = 16;
const CHECK_BYTES: usize = 32;

/// Encrypted objects and parts in an object store.
///
/// On local disk a write is synced before it is reported, name and content. The calls need a `tokio` runtime to run
/// side by side; without one they work one after another.
pub struct Lake {
    store: Arc<dyn ObjectStore>,
    /// Folder of a local lake, whose deletions are synced here because `object_store` does not.
    folder: Option<PathBuf>,
}

impl Lake {
    /// Opens the lake in `folder` of this machine, making it if there is none. Every write is synced.
    ///
    /// # Errors
    /// [`BlobError::Backend`] if the folder cannot be used, [`BlobError::Unconditional`] if its file system lets a
    /// second write win.
    pub async fn local(folder: &FsPath) -> Result<Self, BlobError> {
        std::fs::create_dir_all(folder).map_err(|error| BlobError::Backend(Box::new(error)))?;
        let files = LocalFileSystem::new_with_prefix(folder).map_err(failed)?.with_fsync(true);
        let lake = Self { store: Arc::new(files), folder: Some(folder.to_path_buf()) };
        lake.test_conditional_writes().await?;
        Ok(lake)
    }

    /// A lake over a store that the host has set up: a cloud bucket, or a local folder with other settings. Durability
    /// is then what that store gives.
    ///
    /// # Errors
    /// [`BlobError::Unconditional`] if the store accepts a second conditional write; [`BlobError::Backend`].
    pub async fn over(store: Arc<dyn ObjectStore>) -> Result<Self, BlobError> {
        let lake = Self { store, folder: None };
        lake.test_conditional_writes().await?;
        Ok(lake)
    }

    /// Some stores take a conditional write and ignore the condition; parts could then be replaced unnoticed.
    async fn test_conditional_writes(&self) -> Result<(), BlobError> {
        let name = Path::from(format!("probe/{:016x}", RandomState::new().build_hasher().finish()));
        let first = self.create(&name, Bytes::from_static(b"first")).await;
        let second = self.create(&name, Bytes::from_static(b"second")).await;
        self.remove(&name).await?;
        match (first?, second?) {
            (Created::New, Created::Taken) => Ok(()),
            _ => Err(BlobError::Unconditional),
        }
    }

    async fn create(&self, name: &Path, bytes: Bytes) -> Result<Created, BlobError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(name, bytes.into(), options).await {
            Ok(_) => Ok(Created::New),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(Created::Taken),
            Err(error) => Err(failed(error)),
        }
    }

    /// Keeps verified bytes under `name`. If damaged bytes are there, they are replaced: whoever has the right ones may
    /// repair the lake.
    async fn keep(&self, name: &Path, bytes: Bytes) -> Result<(), BlobError> {
        if self.create(name, bytes.clone()).await? == Created::New {
            return Ok(());
        }
        match self.read(name).await {
            Ok(kept) if kept == bytes => Ok(()),
            Ok(_) | Err(BlobError::NotFound) => {
                self.store.put(name, bytes.into()).await.map_err(failed)?;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn read(&self, name: &Path) -> Result<Bytes, BlobError> {
        self.store.get(name).await.map_err(failed)?.bytes().await.map_err(failed)
    }

    /// Removes `name`, durably; gone already is a success.
    async fn remove(&self, name: &Path) -> Result<(), BlobError> {
        match self.store.delete(name).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(failed(error)),
        }
        let Some(folder) = &self.folder else { return Ok(()) };
        let file = folder.join(name.as_ref());
        // A name that was never made durable needs no removal to be.
        match file.parent().map(sync_dir) {
            Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(BlobError::Backend(Box::new(error)))
            }
            _ => Ok(()),
        }
    }

    /// The leaf digests of an object of several segments, if they are there and sound.
    async fn leaves(&self, id: &ContentId) -> Result<Option<Leaves>, BlobError> {
        match self.read(&names::tree(id)).await {
            Ok(bytes) => Ok(Leaves::decode(&bytes, id)),
            Err(BlobError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A range of an object, verified against its leaves; the whole object is read without them.
    async fn range_of(&self, id: &ContentId, range: Range<u64>, leaves: Option<&Leaves>) -> Result<Vec<u8>, BlobError> {
        if range.start > range.end || range.end > id.length() {
            return Err(BlobError::OutOfRange { end: range.end, length: id.length() });
        }
        let Some(leaves) = leaves.filter(|_| !range.is_empty()) else {
            return within(&self.get(id).await?, &range, 0);
        };
        let (first, covering) = segments::covering(&range, id);
        let start = covering.start;
        let length = covering.end - start;
        let bytes = match self.store.get_range(&names::object(id), covering).await.map_err(failed) {
            Ok(bytes) => bytes,
            Err(BlobError::NotFound) => return Err(BlobError::NotFound),
            // A range past the end of what is kept: the object was cut.
            Err(error) => return self.get(id).await.and(Err(error)),
        };
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        if bytes.len() as u64 != length || !leaves.hold(first, &bytes) {
            return Err(BlobError::Corrupt);
        }
        within(&bytes, &range, start)
    }

    async fn delete_versions(&self, record: &RecordId, which: impl Fn(u64) -> bool + Send) -> Result<(), BlobError> {
        for version in self.versions(record).await?.into_iter().filter(|version| which(*version)) {
            self.remove(&names::part(record, version)).await?;
        }
        Ok(())
    }

    async fn versions(&self, record: &RecordId) -> Result<Vec<u64>, BlobError> {
        let folder = names::parts(record);
        let listed = self.store.list_with_delimiter(Some(&folder)).await.map_err(failed)?;
        Ok(listed.objects.iter().filter_map(|meta| names::parse_part(&meta.location, record)).collect())
    }
}

#[async_trait]
impl BlobStore for Lake {
    async fn put(&self, id: &ContentId, bytes: &[u8]) -> Result<(), BlobError> {
        let leaves = Leaves::of(bytes);
        if leaves.address(bytes.len()) != *id {
            return Err(BlobError::WrongContent);
        }
        if segments::segments(id) > 1 {
            // First, so that every object there has one.
            self.keep(&names::tree(id), leaves.encode().into()).await?;
        }
        self.keep(&names::object(id), Bytes::copy_from_slice(bytes)).await
    }

    async fn put_all(&self, objects: &[(ContentId, Vec<u8>)]) -> Result<(), BlobError> {
        side_by_side(objects.iter().map(|(id, bytes)| self.put(id, bytes)).collect()).await
    }

    async fn get(&self, id: &ContentId) -> Result<Vec<u8>, BlobError> {
        let bytes = self.read(&names::object(id)).await?;
        // The length first: what is far too long is not hashed.
        if bytes.len() as u64 != id.length() || Leaves::of(&bytes).address(bytes.len()) != *id {
            return Err(BlobError::Corrupt);
        }
        Ok(bytes.into())
    }

    async fn get_range(&self, id: &ContentId, range: Range<u64>) -> Result<Vec<u8>, BlobError> {
        let leaves = if segments::segments(id) > 1 && range.end <= id.length() { self.leaves(id).await? } else { None };
        self.range_of(id, range, leaves.as_ref()).await
    }

    async fn contains(&self, id: &ContentId) -> Result<bool, BlobError> {
        match self.store.head(&names::object(id)).await.map_err(failed) {
            Ok(_) => Ok(true),
            Err(BlobError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn delete(&self, id: &ContentId) -> Result<(), BlobError> {
        self.remove(&names::object(id)).await?;
        if segments::segments(id) > 1 { self.remove(&names::tree(id)).await } else { Ok(()) }
    }

    async fn list(&self) -> Result<Vec<ContentId>, BlobError> {
        let listed = self.store.list(Some(&Path::from(names::OBJECTS)));
        let metas: Vec<_> = listed.try_collect().await.map_err(failed)?;
        let mut ids: Vec<_> = metas.iter().filter_map(|meta| names::parse_object(&meta.location)).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    async fn put_part(&self, record: &RecordId, version: u64, bytes: &[u8]) -> Result<(), BlobError> {
        if bytes.len() > MAX_PART_BYTES {
            return Err(BlobError::TooLong { len: bytes.len() });
        }
        let name = names::part(record, version);
        let kept = Bytes::from([&check(record, version, bytes).as_bytes()[..], bytes].concat());
        if self.create(&name, kept.clone()).await? == Created::New || self.read(&name).await? == kept {
            Ok(())
        } else {
            Err(BlobError::Conflict { version })
        }
    }

    async fn put_parts(&self, parts: &[(RecordId, u64, Vec<u8>)]) -> Result<(), BlobError> {
        side_by_side(parts.iter().map(|(record, version, bytes)| self.put_part(record, *version, bytes)).collect())
            .await
    }

    async fn part(&self, record: &RecordId) -> Result<Option<(u64, Vec<u8>)>, BlobError> {
        let Some(version) = self.versions(record).await?.into_iter().max() else { return Ok(None) };
        let kept = match self.read(&names::part(record, version)).await {
            Ok(kept) => kept,
            Err(BlobError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (found, bytes) = kept.split_at_checked(CHECK_BYTES).ok_or(BlobError::Corrupt)?;
        if found != check(record, version, bytes).as_bytes() {
            return Err(BlobError::Corrupt);
        }
        Ok(Some((version, bytes.to_vec())))
    }

    async fn delete_parts(&self, record: &RecordId) -> Result<(), BlobError> {
        self.delete_versions(record, |_| true).await
    }

    async fn delete_parts_below(&self, record: &RecordId, version: u64) -> Result<(), BlobError> {
        self.delete_versions(record, |kept| kept < version).await
    }
}

impl fmt::Debug for Lake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lake").field("store", &self.store.to_string()).finish_non_exhaustive()
    }
}

/// What a conditional write found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Created {
    New,
    Taken,
}

/// Lets writes run side by side and reports the first failure after all have ended.
async fn side_by_side(writes: Vec<impl Future<Output = Result<(), BlobError>>>) -> Result<(), BlobError> {
    let results: Vec<_> = futures::stream::iter(writes).buffer_unordered(CONCURRENT_WRITES).collect().await;
    results.into_iter().collect()
}

/// Kept before a part's bytes: a part is not addressed by its content, so damage must show in another way.
fn check(record: &RecordId, version: u64, bytes: &[u8]) -> Digest {
    Hasher::new(tag::LAKE_PART).chain(record.as_bytes()).chain(version.to_le_bytes()).chain(bytes).finish()
}

fn within(bytes: &[u8], range: &Range<u64>, start: u64) -> Result<Vec<u8>, BlobError> {
    let from = usize::try_from(range.start - start).unwrap_or(usize::MAX);
    let to = usize::try_from(range.end - start).unwrap_or(usize::MAX);
    bytes.get(from..to).map(<[u8]>::to_vec).ok_or(BlobError::Corrupt)
}

fn failed(error: object_store::Error) -> BlobError {
    match error {
        object_store::Error::NotFound { .. } => BlobError::NotFound,
        other => BlobError::Backend(Box::new(other)),
    }
}

#[cfg(test)]
mod tests;
