//! The second built-in back end: one redb file, every commit in two phases.
//!
//! A copy-on-write B-tree writes far more than the [segments](crate::segment) do, and reads faster; it suits a small
//! node that wants one file, and keeps the contract honest by being built in another way. One-phase commit is never
//! used: it would trust a checksum against remote parties who choose keys and values.
//!
//! redb does not verify pages as it reads them, so each value carries a CRC32C over its key and itself.

use std::path::Path;
use std::sync::Arc;

use dmledger_core::block::{FinalizedBlock, Tip};
use dmledger_core::codec::{decode, encode};
use dmledger_core::envelope::ChainId;
use dmledger_core::hash::Digest;
use dmledger_core::quorum::BlockId;
use dmledger_core::time::Height;
use dmledger_core::traits::{
    BlockCommit, BlockStore, Committed, PruneReport, RowKey, StateRows, StateStore, StoreError,
};
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, Table, TableDefinition, WriteTransaction};

use crate::error::{broken, corrupt, from_io};
use crate::rules::{self, Verdict};

const BLOCKS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("blocks");
const HEIGHTS: TableDefinition<'_, &[u8; 32], u64> = TableDefinition::new("heights");
const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");
/// Retiring version and row key.
const STALE: TableDefinition<'_, (u64, &[u8]), ()> = TableDefinition::new("stale");
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");

const FILE: &str = "store.redb";
const LAYOUT: u32 = 1;
const CACHE_BYTES: usize = 8 << 20;

/// Blocks and state of one network in one file of this machine.
#[derive(Debug)]
pub struct Redb(Arc<Kept>);

struct Kept {
    database: Database,
    network: ChainId,
}

/// The rows as of one height.
#[derive(Debug)]
struct View {
    kept: Arc<Kept>,
    height: Height,
}

impl Redb {
    /// Opens the store of `network` in the folder `path`, making it if there is none.
    ///
    /// # Errors
    /// [`StoreError::WrongNetwork`], [`StoreError::UnknownLayout`] and [`StoreError::InUse`], before anything is
    /// written; [`StoreError::Corrupt`] if the file is damaged where it is read.
    pub fn open(path: impl AsRef<Path>, network: ChainId) -> Result<Arc<Self>, StoreError> {
        std::fs::create_dir_all(path.as_ref()).map_err(from_io)?;
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE_BYTES);
        let database = builder.create(path.as_ref().join(FILE)).map_err(failed)?;
        let kept = Kept { database, network };
        kept.check_or_claim()?;
        Ok(Arc::new(Self(Arc::new(kept))))
    }
}

impl Kept {
    /// Compares layout and network with what the file says; writes them into a file that says nothing yet.
    fn check_or_claim(&self) -> Result<(), StoreError> {
        let transaction = self.begin()?;
        {
            let mut meta = transaction.open_table(META).map_err(failed)?;
            match (text(&meta, "layout")?, text(&meta, "network")?) {
                (None, None) => {
                    put(&mut meta, "layout", &LAYOUT.to_le_bytes())?;
                    put(&mut meta, "network", self.network.as_bytes())?;
                }
                (Some(layout), Some(network)) => return self.check(&layout, &network),
                _ => return Err(damaged()),
            }
            transaction.open_table(BLOCKS).map_err(failed)?;
            transaction.open_table(HEIGHTS).map_err(failed)?;
            transaction.open_table(ROWS).map_err(failed)?;
            transaction.open_table(STALE).map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }

    fn check(&self, layout: &[u8], network: &[u8]) -> Result<(), StoreError> {
        let layout = u32::from_le_bytes(layout.try_into().map_err(|_| damaged())?);
        if layout != LAYOUT {
            return Err(StoreError::UnknownLayout { found: layout, known: LAYOUT });
        }
        let found = Digest::new(network.try_into().map_err(|_| damaged())?);
        let expected = self.network.digest();
        if found == expected { Ok(()) } else { Err(StoreError::WrongNetwork { found, expected }) }
    }

    fn begin(&self) -> Result<WriteTransaction, StoreError> {
        let mut transaction = self.database.begin_write().map_err(failed)?;
        transaction.set_two_phase_commit(true);
        Ok(transaction)
    }

    fn read(&self) -> Result<ReadTransaction, StoreError> {
        self.database.begin_read().map_err(failed)
    }

    fn tip_and_lowest(&self) -> Result<(Option<Tip>, Height), StoreError> {
        let meta = self.read()?.open_table(META).map_err(failed)?;
        Ok((tip(&meta)?, lowest(&meta)?))
    }
}

impl BlockStore for Redb {
    fn commit(&self, commit: &BlockCommit) -> Result<Committed, StoreError> {
        let transaction = self.0.begin()?;
        let height = commit.tip.height;
        {
            let mut meta = transaction.open_table(META).map_err(failed)?;
            let mut heights = transaction.open_table(HEIGHTS).map_err(failed)?;
            if rules::judge(commit, tip(&meta)?.as_ref(), &self.0.network)? == Verdict::Known {
                let known = heights.get(commit.tip.id.as_bytes()).map_err(failed)?.map(|known| known.value());
                return match known {
                    Some(known) if known == height.value() => Ok(Committed::AlreadyApplied),
                    _ => Err(StoreError::Conflict { height }),
                };
            }
            heights.insert(commit.tip.id.as_bytes(), height.value()).map_err(failed)?;
            put(&mut meta, "tip", &encode(&commit.tip))?;
            let block = checked(&height.value().to_le_bytes(), &encode(&commit.block));
            let mut blocks = transaction.open_table(BLOCKS).map_err(failed)?;
            blocks.insert(height.value(), block.as_slice()).map_err(failed)?;
            let mut rows = transaction.open_table(ROWS).map_err(failed)?;
            for (key, value) in &commit.changes.put {
                let value = checked(key.as_slice(), value);
                rows.insert(key.as_slice(), value.as_slice()).map_err(failed)?;
            }
            let mut stale = transaction.open_table(STALE).map_err(failed)?;
            for key in &commit.changes.stale {
                stale.insert((height.value(), key.as_slice()), ()).map_err(failed)?;
            }
        }
        transaction.commit().map_err(failed)?;
        Ok(Committed::Applied)
    }

    fn tip(&self) -> Result<Option<Tip>, StoreError> {
        Ok(self.0.tip_and_lowest()?.0)
    }

    fn block(&self, height: Height) -> Result<Option<FinalizedBlock>, StoreError> {
        let blocks = self.0.read()?.open_table(BLOCKS).map_err(failed)?;
        let Some(kept) = blocks.get(height.value()).map_err(failed)? else { return Ok(None) };
        unchecked(&height.value().to_le_bytes(), kept.value())
            .and_then(|bytes| decode::<FinalizedBlock>(bytes).ok())
            .filter(|block| block.block().header().height == height)
            .map(Some)
            .ok_or_else(|| corrupt("block", height.value()))
    }

    fn height_of(&self, id: &BlockId) -> Result<Option<Height>, StoreError> {
        let heights = self.0.read()?.open_table(HEIGHTS).map_err(failed)?;
        let height = heights.get(id.as_bytes()).map_err(failed)?;
        Ok(height.map(|height| Height::new(height.value())))
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl StateStore for Redb {
    fn at(&self, height: Height) -> Result<Arc<dyn StateRows>, StoreError> {
        let (tip, lowest) = self.0.tip_and_lowest()?;
        rules::readable(height, tip.as_ref(), lowest)?;
        Ok(Arc::new(View { kept: Arc::clone(&self.0), height }))
    }

    fn prune(&self, below: Height) -> Result<PruneReport, StoreError> {
        let transaction = self.0.begin()?;
        let (mut deleted, lowest) = (0, below);
        {
            let mut meta = transaction.open_table(META).map_err(failed)?;
            if tip(&meta)?.is_none_or(|tip| below > tip.height) {
                return Err(StoreError::NotFound { height: below });
            }
            let before = self::lowest(&meta)?;
            if below <= before {
                return Ok(PruneReport::new(0, before));
            }
            put(&mut meta, "lowest", &below.value().to_le_bytes())?;
            let mut rows = transaction.open_table(ROWS).map_err(failed)?;
            let mut stale = transaction.open_table(STALE).map_err(failed)?;
            let retired = stale.extract_from_if(..(below.next().value(), &[][..]), |_, ()| true).map_err(failed)?;
            for entry in retired {
                let (key, _) = entry.map_err(failed)?;
                deleted += u64::from(rows.remove(key.value().1).map_err(failed)?.is_some());
            }
        }
        transaction.commit().map_err(failed)?;
        Ok(PruneReport::new(deleted, lowest))
    }

    fn lowest(&self) -> Result<Height, StoreError> {
        Ok(self.0.tip_and_lowest()?.1)
    }
}

impl StateRows for View {
    fn row(&self, key: &RowKey) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.rows(std::slice::from_ref(key))?.pop().flatten())
    }

    fn rows(&self, keys: &[RowKey]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let transaction = self.kept.read()?;
        let lowest = lowest(&transaction.open_table(META).map_err(failed)?)?;
        let rows = transaction.open_table(ROWS).map_err(failed)?;
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            found.push(match rows.get(key.as_slice()).map_err(failed)? {
                Some(kept) => Some(unchecked(key.as_slice(), kept.value()).ok_or_else(row_damaged)?.to_vec()),
                // A row that was pruned under this view is not a row that never was.
                None if self.height < lowest => return Err(StoreError::Pruned { lowest }),
                None => None,
            });
        }
        Ok(found)
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("network", &self.network).finish_non_exhaustive()
    }
}

fn tip(meta: &impl ReadableTable<&'static str, &'static [u8]>) -> Result<Option<Tip>, StoreError> {
    text(meta, "tip")?.map(|bytes| decode::<Tip>(&bytes).map_err(|_| damaged())).transpose()
}

fn lowest(meta: &impl ReadableTable<&'static str, &'static [u8]>) -> Result<Height, StoreError> {
    let Some(bytes) = text(meta, "lowest")? else { return Ok(Height::GENESIS) };
    Ok(Height::new(u64::from_le_bytes(bytes.try_into().map_err(|_| damaged())?)))
}

fn text(
    meta: &impl ReadableTable<&'static str, &'static [u8]>,
    name: &'static str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(kept) = meta.get(name).map_err(failed)? else { return Ok(None) };
    unchecked(name.as_bytes(), kept.value()).map(|bytes| Some(bytes.to_vec())).ok_or_else(damaged)
}

fn put(meta: &mut Table<'_, &'static str, &'static [u8]>, name: &'static str, bytes: &[u8]) -> Result<(), StoreError> {
    meta.insert(name, checked(name.as_bytes(), bytes).as_slice()).map_err(failed)?;
    Ok(())
}

/// `value` with its check, as it is kept under `key`.
fn checked(key: &[u8], value: &[u8]) -> Vec<u8> {
    let check = crc32c::crc32c_append(crc32c::crc32c(key), value);
    [value, &check.to_le_bytes()].concat()
}

/// The value in what is kept under `key`; `None` if it does not check.
fn unchecked<'a>(key: &[u8], kept: &'a [u8]) -> Option<&'a [u8]> {
    let (value, check) = kept.split_last_chunk::<4>()?;
    (crc32c::crc32c_append(crc32c::crc32c(key), value) == u32::from_le_bytes(*check)).then_some(value)
}

fn row_damaged() -> StoreError {
    StoreError::Corrupt { what: "state row", height: None }
}

fn damaged() -> StoreError {
    StoreError::Corrupt { what: "store file", height: None }
}

fn failed(error: impl Into<redb::Error>) -> StoreError {
    match error.into() {
        redb::Error::Io(error) => from_io(error),
        redb::Error::Corrupted(_) => damaged(),
        redb::Error::DatabaseAlreadyOpen => StoreError::InUse,
        redb::Error::PreviousIo => broken(),
        other => StoreError::Backend(Box::new(other)),
    }
}
