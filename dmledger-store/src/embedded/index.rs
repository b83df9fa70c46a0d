//! The tables over the log, in one fjall keyspace: derived, unsynced, rebuildable.
//!
//! | key | value |
//! |---|---|
//! | `b` block id | height |
//! | `h` height | where the record stands |
//! | `r` row key | row |
//! | `s` retiring version, row key | nothing |
//! | `w` | watermark: what of the log is in these tables |
//! | `l` | lowest height whose state is kept |
//!
//! Numbers are big-endian. Every batch carries the watermark, so the tables and the watermark never disagree.

use std::path::Path;

use dmledger_core::traits::StoreError;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode, Readable};

use super::options::Options;
use crate::error::corrupt;
use crate::segment::Location;
use crate::segment::body;
use crate::segment::record::Record;

const WATERMARK: &[u8] = b"w";
const LOWEST: &[u8] = b"l";
/// Rows deleted in one batch.
const PRUNE_BATCH: usize = 4096;

/// What of the log is in the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watermark {
    /// Last block applied.
    pub(crate) height: u64,
    /// Its identity.
    pub(crate) id: [u8; 32],
    /// Where its record stands.
    pub(crate) at: Location,
    /// Segment and offset behind the last record applied, which may be a prune.
    pub(crate) next: (u32, u64),
}

pub(crate) struct Index {
    database: Database,
    tables: Keyspace,
}

impl Index {
    pub(crate) fn open(path: &Path, options: &Options) -> Result<Self, StoreError> {
        let database = Database::builder(path)
            .cache_size(options.cache_bytes())
            .worker_threads(options.index_threads())
            .max_cached_files(Some(options.index_files()))
            .max_journaling_size(64 * 1024 * 1024)
            .journal_compression(fjall::CompressionType::None)
            .open()
            .map_err(from_fjall)?;
        let memtable = options.memtable_bytes();
        let tables = database
            .keyspace("tables", || {
                // Rows are mostly hashes and ciphertext references: compressing them costs time and saves nothing.
                KeyspaceCreateOptions::default()
                    .max_memtable_size(memtable)
                    .data_block_compression_policy(fjall::config::CompressionPolicy::disabled())
            })
            .map_err(from_fjall)?;
        Ok(Self { database, tables })
    }

    /// Applies one block's record and moves the watermark behind it, atomically.
    pub(crate) fn apply(&self, at: &Location, record: &Record) -> Result<(), StoreError> {
        let header = &record.header;
        let section = record.section(body::CHANGES);
        let changes = body::changes(record)?;
        let mut batch =
            OwnedWriteBatch::with_capacity(self.database.clone(), changes.put.len() + changes.stale.len() + 3);
        let height = header.height.to_be_bytes();
        batch.insert(&self.tables, key(b'b', &[&header.id]), &height[..]);
        batch.insert(&self.tables, key(b'h', &[&height]), location_bytes(at));
        for (row, value) in changes.put {
            batch.insert(&self.tables, key(b'r', &[row.of(section)]), value.of(section));
        }
        for row in changes.stale {
            batch.insert(&self.tables, key(b's', &[&height, row.of(section)]), &[][..]);
        }
        let mark = Watermark { height: header.height, id: header.id, at: *at, next: (at.segment, at.end()) };
        batch.insert(&self.tables, WATERMARK, mark.encode());
        batch.commit().map_err(from_fjall)
    }

    /// Deletes the rows retired at or before `below`, then moves watermark and lowest height. Returns how many.
    pub(crate) fn prune(&self, below: u64, mark: &Watermark) -> Result<u64, StoreError> {
        let end = below.checked_add(1).map_or_else(|| vec![b's' + 1], |end| key(b's', &[&end.to_be_bytes()]));
        let snapshot = self.database.snapshot();
        let mut retired = snapshot.range(&self.tables, vec![b's']..end);
        let mut deleted = 0;
        loop {
            let mut batch = OwnedWriteBatch::with_capacity(self.database.clone(), 2 * PRUNE_BATCH);
            for entry in retired.by_ref().take(PRUNE_BATCH) {
                let stale = entry.key().map_err(from_fjall)?;
                let row = key(b'r', &[stale.get(9..).ok_or_else(|| corrupt("index", below))?]);
                deleted += u64::from(self.tables.contains_key(&row).map_err(from_fjall)?);
                batch.remove(&self.tables, row);
                batch.remove(&self.tables, stale);
            }
            if batch.is_empty() {
                break;
            }
            batch.commit().map_err(from_fjall)?;
        }
        let lowest = self.lowest()?.max(below);
        let mut batch = self.database.batch();
        batch.insert(&self.tables, LOWEST, &lowest.to_be_bytes()[..]);
        batch.insert(&self.tables, WATERMARK, mark.encode());
        batch.commit().map_err(from_fjall)?;
        Ok(deleted)
    }

    pub(crate) fn watermark(&self) -> Result<Option<Watermark>, StoreError> {
        match self.read(WATERMARK)? {
            Some(bytes) => Watermark::decode(&bytes).map(Some).ok_or_else(damaged),
            None => Ok(None),
        }
    }

    pub(crate) fn lowest(&self) -> Result<u64, StoreError> {
        self.read(LOWEST)?.map_or(Ok(0), |bytes| number(&bytes, 0).ok_or_else(damaged))
    }

    pub(crate) fn row(&self, row: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(&key(b'r', &[row]))
    }

    pub(crate) fn height_of(&self, id: &[u8; 32]) -> Result<Option<u64>, StoreError> {
        self.read(&key(b'b', &[id]))?.map(|bytes| number(&bytes, 0).ok_or_else(damaged)).transpose()
    }

    pub(crate) fn location(&self, height: u64) -> Result<Option<Location>, StoreError> {
        let bytes = self.read(&key(b'h', &[&height.to_be_bytes()]))?;
        bytes.map(|bytes| parse_location(&bytes).ok_or_else(damaged)).transpose()
    }

    /// Makes everything applied so far durable.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.database.persist(PersistMode::SyncData).map_err(from_fjall)
    }

    fn read(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.tables.get(key).map_err(from_fjall)?.map(|value| value.to_vec()))
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").finish_non_exhaustive()
    }
}

impl Watermark {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(72);
        bytes.extend_from_slice(&self.height.to_be_bytes());
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&location_bytes(&self.at));
        bytes.extend_from_slice(&self.next.0.to_be_bytes());
        bytes.extend_from_slice(&self.next.1.to_be_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let next = bytes.get(60..72)?;
        Some(Self {
            height: number(bytes, 0)?,
            id: bytes.get(8..40)?.try_into().ok()?,
            at: parse_location(bytes.get(40..60)?)?,
            next: (u32::from_be_bytes(next.get(..4)?.try_into().ok()?), number(next, 4)?),
        })
    }
}

fn key(table: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(table);
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

fn location_bytes(at: &Location) -> Vec<u8> {
    [&at.segment.to_be_bytes()[..], &at.offset.to_be_bytes(), &at.length.to_be_bytes()].concat()
}

fn parse_location(bytes: &[u8]) -> Option<Location> {
    let segment = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
    Some(Location { segment, offset: number(bytes, 4)?, length: number(bytes, 12)? })
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

fn damaged() -> StoreError {
    StoreError::Corrupt { what: "index", height: None }
}

fn from_fjall(error: fjall::Error) -> StoreError {
    match error {
        fjall::Error::Io(error) => crate::error::from_io(error),
        fjall::Error::Locked => StoreError::InUse,
        fjall::Error::Storage(fjall::LsmError::ChecksumMismatch { .. }) => damaged(),
        other => StoreError::Backend(Box::new(other)),
    }
}
