//! Objects too large for memory: taken piece by piece, carried on with after an interruption, read range by range.
//!
//! ```text
//! uploads/<2 hex>/<record, 64 hex>/<piece, 8 hex>.<root of the piece, 64 hex>     5 MiB of an object under way
//! ```
//! A piece is durable before the next one is taken. Whoever carries on learns how many bytes are there, verified against
//! the roots in their names, and goes on from that byte. Only when the last byte has come is the object's address known;
//! the pieces are then put together under it and removed.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use dmledger_core::hash::{Digest, tree};
use dmledger_core::record::index::{ContentId, RecordId, SEGMENT_BYTES};
use dmledger_core::traits::{BlobError, BlobStore};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt};

use super::segments::{self, Leaves};
use super::{Lake, failed, names};

/// Bytes of a piece: 80 segments (5 MiB), and no less than object stores take as a part of an upload.
pub const PIECE_BYTES: usize = PIECE_SEGMENTS * SEGMENT_BYTES;
/// Few in the unit tests, which are about the pieces and not about their size.
const PIECE_SEGMENTS: usize = if cfg!(test) { 2 } else { 80 };

/// An object on its way into the lake, in the memory of one piece and 32 bytes a segment.
///
/// One upload of a record at a time: two would mix their pieces, and the object would not have the address its writer
/// expects.
pub struct Upload<'a> {
    lake: &'a Lake,
    record: RecordId,
    leaves: Vec<Digest>,
    pieces: Vec<Path>,
    buffer: Vec<u8>,
}

impl fmt::Debug for Upload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upload({} pieces, {} bytes)", self.pieces.len(), self.buffer.len())
    }
}

/// An object opened for reading ranges: its tree is read and verified once.
pub struct Reading<'a> {
    lake: &'a Lake,
    id: ContentId,
    leaves: Option<Leaves>,
}

impl fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Lake {
    /// Begins to take the object of `record`, or carries on where an interruption left it.
    ///
    /// # Errors
    /// [`BlobError::Backend`].
    pub async fn upload(&self, record: &RecordId) -> Result<Upload<'_>, BlobError> {
        let mut upload =
            Upload { lake: self, record: *record, leaves: Vec::new(), pieces: Vec::new(), buffer: Vec::new() };
        for (number, root, path) in self.pieces(record).await? {
            if number == upload.pieces.len() as u64 && upload.adopt(&root, &path).await? {
                continue;
            }
            // Damaged, twice there, or beyond a gap: taken again.
            self.remove(&path).await?;
        }
        Ok(upload)
    }

    /// Removes what an upload that nobody carries on with has left; nothing there is a success.
    ///
    /// # Errors
    /// [`BlobError::Backend`].
    pub async fn abandon_upload(&self, record: &RecordId) -> Result<(), BlobError> {
        for (_, _, path) in self.pieces(record).await? {
            self.remove(&path).await?;
        }
        Ok(())
    }

    /// Opens an object for reading ranges.
    ///
    /// # Errors
    /// [`BlobError::NotFound`], [`BlobError::Backend`].
    pub async fn reading(&self, id: &ContentId) -> Result<Reading<'_>, BlobError> {
        if !self.contains(id).await? {
            return Err(BlobError::NotFound);
        }
        let leaves = if segments::segments(id) > 1 { self.leaves(id).await? } else { None };
        Ok(Reading { lake: self, id: *id, leaves })
    }

    /// Number, root and place of every piece of a record's upload, by number.
    async fn pieces(&self, record: &RecordId) -> Result<Vec<(u64, Digest, Path)>, BlobError> {
        let listed = self.store.list_with_delimiter(Some(&names::uploads(record))).await.map_err(failed)?;
        let named = |path: Path| names::parse_piece(&path, record).map(|(number, root)| (number, root, path));
        let mut pieces: Vec<_> = listed.objects.into_iter().filter_map(|meta| named(meta.location)).collect();
        pieces.sort();
        Ok(pieces)
    }
}

impl Upload<'_> {
    /// Bytes taken so far. Of an upload that was just begun they are all durable: go on from there.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.pieces.len() as u64 * PIECE_BYTES as u64 + self.buffer.len() as u64
    }

    /// Takes the bytes that follow. Durable up to the last whole piece on return.
    ///
    /// # Errors
    /// [`BlobError::Backend`]; begin again with [`Lake::upload`] to carry on.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), BlobError> {
        while !bytes.is_empty() {
            let (now, rest) = bytes.split_at(bytes.len().min(PIECE_BYTES - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = rest;
            if self.buffer.len() == PIECE_BYTES {
                self.keep_piece().await?;
            }
        }
        Ok(())
    }

    /// Puts the object under its address and clears the pieces away. Durable on return; the address is what
    /// [`ContentId::of`] all bytes would be.
    ///
    /// # Errors
    /// [`BlobError::Corrupt`] if a piece was damaged meanwhile, [`BlobError::Backend`]; the pieces are kept then, and
    /// the upload can be carried on with.
    pub async fn finish(mut self) -> Result<ContentId, BlobError> {
        let length = self.length();
        let last = std::mem::take(&mut self.buffer);
        self.leaves.extend(last.chunks(SEGMENT_BYTES).map(tree::leaf));
        let leaves = Leaves::new(std::mem::take(&mut self.leaves));
        let id = leaves.address(usize::try_from(length).unwrap_or(usize::MAX));
        if self.pieces.is_empty() {
            self.lake.put(&id, &last).await?;
            return Ok(id);
        }
        self.lake.keep(&names::tree(&id), leaves.encode().into()).await?;
        if !self.lake.contains(&id).await? {
            let mut parts = self.lake.store.put_multipart(&names::object(&id)).await.map_err(failed)?;
            if let Err(error) = self.put_together(&mut *parts, last).await {
                // The cause is worth more than the failure to clear away after it.
                let _: object_store::Result<()> = parts.abort().await;
                return Err(error);
            }
        }
        for piece in &self.pieces {
            self.lake.remove(piece).await?;
        }
        Ok(id)
    }

    async fn put_together(&self, parts: &mut dyn MultipartUpload, last: Vec<u8>) -> Result<(), BlobError> {
        for piece in &self.pieces {
            let (_, root) = names::parse_piece(piece, &self.record).ok_or(BlobError::Corrupt)?;
            let bytes = self.lake.read(piece).await?;
            if *Leaves::of(&bytes).address(bytes.len()).root().as_bytes() != *root.as_bytes() {
                return Err(BlobError::Corrupt);
            }
            parts.put_part(bytes.into()).await.map_err(failed)?;
        }
        if !last.is_empty() {
            parts.put_part(last.into()).await.map_err(failed)?;
        }
        parts.complete().await.map_err(failed).map(|_| ())
    }

    async fn keep_piece(&mut self) -> Result<(), BlobError> {
        let leaves: Vec<_> = self.buffer.chunks(SEGMENT_BYTES).map(tree::leaf).collect();
        let root = Leaves::of(&self.buffer).address(self.buffer.len()).root();
        let path = names::piece(&self.record, self.pieces.len() as u64, &root);
        let bytes = Bytes::from(std::mem::take(&mut self.buffer));
        self.lake.keep(&path, bytes).await?;
        self.leaves.extend(leaves);
        self.pieces.push(path);
        Ok(())
    }

    /// Takes over a piece that is there; whether it is whole and sound.
    async fn adopt(&mut self, root: &Digest, path: &Path) -> Result<bool, BlobError> {
        let bytes = self.lake.read(path).await?;
        let sound = bytes.len() == PIECE_BYTES && Leaves::of(&bytes).address(bytes.len()).root() == *root;
        if sound {
            self.leaves.extend(bytes.chunks(SEGMENT_BYTES).map(tree::leaf));
            self.pieces.push(path.clone());
        }
        Ok(sound)
    }
}

impl Reading<'_> {
    /// Bytes `range` of the object, verified.
    ///
    /// # Errors
    /// As [`BlobStore::get_range`].
    pub async fn range(&self, range: Range<u64>) -> Result<Vec<u8>, BlobError> {
        self.lake.range_of(&self.id, range, self.leaves.as_ref()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use std::fs;
    use std::path::PathBuf;

    fn lake() -> (tempfile::TempDir, Lake) {
        let folder = tempfile::tempdir().unwrap();
        let lake = block_on(Lake::local(folder.path())).unwrap();
        (folder, lake)
    }

    fn object(length: usize) -> Vec<u8> {
        (0..length).map(|index| (index % 251) as u8 ^ (index >> 16) as u8).collect()
    }

    fn record() -> RecordId {
        RecordId::new([4; 32])
    }

    fn staged(folder: &tempfile::TempDir) -> Vec<PathBuf> {
        let place = folder.path().join(names::uploads(&record()).as_ref());
        let mut files: Vec<_> = fs::read_dir(place).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    #[test]
    fn an_upload_ends_at_the_address_of_its_bytes_and_leaves_nothing_behind() {
        for length in
            [0, 10, SEGMENT_BYTES + 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES + 70_000]
        {
            let (folder, lake) = lake();
            let bytes = object(length);
            let mut upload = block_on(lake.upload(&record())).unwrap();
            for part in bytes.chunks(300_001) {
                block_on(upload.write(part)).unwrap();
            }
            assert_eq!(upload.length(), length as u64);
            let id = block_on(upload.finish()).unwrap();
            assert_eq!(id, ContentId::of(&bytes), "{length} bytes");
            assert_eq!(block_on(lake.get(&id)).unwrap(), bytes);
            assert_eq!(staged(&folder), Vec::<PathBuf>::new());
        }
    }

    #[test]
    fn an_interrupted_upload_goes_on_from_its_last_whole_piece() {
        let (folder, lake) = lake();
        let bytes = object(3 * PIECE_BYTES + 5);
        let mut upload = block_on(lake.upload(&record())).unwrap();
        block_on(upload.write(&bytes[..2 * PIECE_BYTES + 100])).unwrap();
        drop(upload);
        let again = block_on(Lake::local(folder.path())).unwrap();
        let mut upload = block_on(again.upload(&record())).unwrap();
        assert_eq!(upload.length(), 2 * PIECE_BYTES as u64);
        block_on(upload.write(&bytes[2 * PIECE_BYTES..])).unwrap();
        assert_eq!(block_on(upload.finish()).unwrap(), ContentId::of(&bytes));
        assert_eq!(block_on(lake.list()).unwrap(), [ContentId::of(&bytes)]);
    }

    #[test]
    fn a_damaged_piece_and_all_after_it_are_taken_again() {
        let (folder, lake) = lake();
        let bytes = object(3 * PIECE_BYTES);
        let mut upload = block_on(lake.upload(&record())).unwrap();
        block_on(upload.write(&bytes)).unwrap();
        drop(upload);
        let second = &staged(&folder)[1];
        let mut damaged = fs::read(second).unwrap();
        damaged[77] ^= 1;
        fs::write(second, damaged).unwrap();
        let mut upload = block_on(lake.upload(&record())).unwrap();
        assert_eq!((upload.length(), staged(&folder).len()), (PIECE_BYTES as u64, 1));
        block_on(upload.write(&bytes[PIECE_BYTES..])).unwrap();
        let third = &staged(&folder)[2];
        fs::write(third, vec![0; PIECE_BYTES]).unwrap();
        assert!(matches!(block_on(upload.finish()), Err(BlobError::Corrupt)), "damaged before it was put together");
        assert_eq!(block_on(lake.list()).unwrap(), []);
        block_on(lake.abandon_upload(&record())).unwrap();
        assert_eq!(staged(&folder), Vec::<PathBuf>::new());
    }

    #[test]
    fn ranges_of_an_open_object_are_verified() {
        let (folder, lake) = lake();
        let bytes = object(5 * SEGMENT_BYTES + 9);
        let id = ContentId::of(&bytes);
        assert!(matches!(block_on(lake.reading(&id)), Err(BlobError::NotFound)));
        block_on(lake.put(&id, &bytes)).unwrap();
        let reading = block_on(lake.reading(&id)).unwrap();
        for range in [0..9, 65_530..65_540, 5 * 65_536..id.length(), 0..0] {
            let expected = &bytes[range.start as usize..range.end as usize];
            assert_eq!(block_on(reading.range(range)).unwrap(), expected);
        }
        assert!(matches!(block_on(reading.range(0..id.length() + 1)), Err(BlobError::OutOfRange { .. })));
        let mut damaged = bytes;
        damaged[70_000] ^= 1;
        fs::write(folder.path().join(names::object(&id).as_ref()), damaged).unwrap();
        assert!(matches!(block_on(reading.range(70_000..70_001)), Err(BlobError::Corrupt)));
        assert!(block_on(reading.range(0..9)).is_ok());
    }
}
