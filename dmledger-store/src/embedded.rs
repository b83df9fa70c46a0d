//! The default back end: [segments](crate::segment) are the truth, a fjall index over them answers questions.
//!
//! A commit is encoded once, appended to the log and acknowledged after one `fdatasync`. It is then visible at once,
//! from memory, while a thread of its own brings it into the index. The index is never waited for and need not be
//! durable: on opening, what it lacks is replayed from the log behind its watermark, and an index that is missing or
//! broken is built again from the first segment.
//!
//! ```text
//! <path>/LOCK            held while open
//! <path>/segments/*.seg  the log
//! <path>/index/          fjall, derived
//! ```

mod index;
mod open;
mod options;
mod pending;

pub use options::{Options, Profile};

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use dmledger_core::block::{FinalizedBlock, Tip};
use dmledger_core::envelope::ChainId;
use dmledger_core::quorum::BlockId;
use dmledger_core::time::Height;
use dmledger_core::traits::{
    BlockCommit, BlockStore, Committed, PruneReport, RowKey, StateRows, StateStore, StoreError,
};

use crate::error::{corrupt, from_io};
use crate::rules::{self, Verdict};
use crate::segment::file::{Files, RealFiles, sync_dir};
use crate::segment::record::{Builder, Kind};
use crate::segment::{Location, Reader, Writer, body};
use index::{Index, Watermark};
use pending::{Pending, Queue};

/// Blocks and state of one network in a folder of this machine.
///
/// Dropping the last handle lets the index catch up and gives the folder free; views from
/// [`StateStore::at`] count as handles.
#[derive(Debug)]
pub struct Embedded {
    shared: Arc<Shared>,
    writer: Mutex<Writer>,
    indexer: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    network: ChainId,
    reader: Arc<Reader>,
    index: Index,
    queue: Queue,
    /// Locked for as long as anybody reads; never read itself.
    _lock: File,
}

/// The rows as of one height.
#[derive(Debug)]
struct View {
    shared: Arc<Shared>,
    height: Height,
}

impl Embedded {
    /// Opens the store of `network` in the folder `path`, making it if there is none.
    ///
    /// What a crash left of an unacknowledged block is cut off; blocks the index lacks are replayed into it.
    ///
    /// # Errors
    /// [`StoreError::WrongNetwork`], [`StoreError::UnknownLayout`] and [`StoreError::InUse`], before anything is
    /// written; [`StoreError::Corrupt`] if acknowledged bytes are damaged or missing.
    pub fn open(path: impl AsRef<Path>, network: ChainId, options: Options) -> Result<Arc<Self>, StoreError> {
        Self::open_on(Arc::new(RealFiles), path, network, options)
    }

    /// As [`Self::open`], with the segments on `files`: how a failing disk is put under the store. Index and lock stay
    /// in the real folder `path`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_on(
        files: Arc<dyn Files>,
        path: impl AsRef<Path>,
        network: ChainId,
        options: Options,
    ) -> Result<Arc<Self>, StoreError> {
        let open::Opened { lock, reader, writer, index, tip, lowest } =
            open::open(files, path.as_ref(), network, &options)?;
        let queue = Queue::new(tip, lowest, options.pending_bytes());
        let shared = Arc::new(Shared { network, reader, index, queue, _lock: lock });
        let worker = Arc::clone(&shared);
        let indexer = std::thread::Builder::new()
            .name("dmledger-index".into())
            .spawn(move || worker.queue.run(&worker.index, options.sync_index_every()))
            .map_err(from_io)?;
        Ok(Arc::new(Self { shared, writer: Mutex::new(writer), indexer: Some(indexer) }))
    }

    /// Copies the log as it stands into the empty or missing folder `target`, durably, while commits go on.
    ///
    /// The copy opens as a store of its own; its index is built on that first opening.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if the folder is not empty; [`StoreError::Full`]; [`StoreError::Corrupt`] if a segment
    /// is missing.
    pub fn checkpoint(&self, target: &Path) -> Result<(), StoreError> {
        let (last, end) = self.writer().end();
        let segments = target.join(open::SEGMENTS);
        fs::create_dir_all(&segments).map_err(from_io)?;
        for number in 0..=last {
            let source = self.shared.reader.file(number).map_err(from_io)?;
            let length = if number == last { end } else { source.length().map_err(from_io)? };
            let path = Reader::new(Arc::new(RealFiles), &segments).path(number);
            let mut copy = File::create_new(path).map_err(from_io)?;
            let mut offset = 0;
            while offset < length {
                let mut bytes = vec![0; usize::try_from((length - offset).min(1 << 20)).unwrap_or(1)];
                source.read_at(offset, &mut bytes).map_err(from_io)?;
                copy.write_all(&bytes).map_err(from_io)?;
                offset += bytes.len() as u64;
            }
            copy.sync_all().map_err(from_io)?;
        }
        sync_dir(&segments).and_then(|()| sync_dir(target)).map_err(from_io)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(indexer) = self.indexer.take() {
            // A panic of the indexer is no loss: the log has every block.
            let _ = indexer.join();
        }
    }
}

impl Shared {
    fn location(&self, height: u64) -> Result<Option<Location>, StoreError> {
        let (tip, pending) = {
            let state = self.queue.state();
            let pending = state.pending.iter().find(|pending| pending.height() == height).map(|pending| pending.at);
            (state.tip.as_ref().map(|tip| tip.height.value()), pending)
        };
        if tip.is_none_or(|tip| height > tip) {
            return Ok(None);
        }
        match pending {
            Some(at) => Ok(Some(at)),
            None => self.index.location(height)?.map(Some).ok_or_else(|| corrupt("index", height)),
        }
    }
}

impl BlockStore for Embedded {
    fn commit(&self, commit: &BlockCommit) -> Result<Committed, StoreError> {
        let mut writer = self.writer();
        let height = commit.tip.height;
        let verdict = rules::judge(commit, self.shared.queue.state().tip.as_ref(), &self.shared.network)?;
        if verdict == Verdict::Known {
            return match self.height_of(&commit.tip.id)? {
                Some(known) if known == height => Ok(Committed::AlreadyApplied),
                _ => Err(StoreError::Conflict { height }),
            };
        }
        self.shared.queue.wait_for_room()?;
        let record = body::encode(commit, self.shared.queue.spare_buffer())?;
        let (at, record) = writer.append(record, Kind::Commit, height.value(), *commit.tip.id.as_bytes())?;
        self.shared.queue.push(Pending::new(at, record), commit.tip.clone());
        Ok(Committed::Applied)
    }

    fn tip(&self) -> Result<Option<Tip>, StoreError> {
        Ok(self.shared.queue.state().tip.clone())
    }

    fn block(&self, height: Height) -> Result<Option<FinalizedBlock>, StoreError> {
        let height = height.value();
        let Some(at) = self.shared.location(height)? else { return Ok(None) };
        let (header, section) = self.shared.reader.section(&at, height, body::BLOCK)?;
        body::block(&section, &header).map(Some)
    }

    fn height_of(&self, id: &BlockId) -> Result<Option<Height>, StoreError> {
        let pending = self.shared.queue.pending();
        let found = pending.iter().find(|pending| pending.record.header.id == *id.as_bytes());
        match found {
            Some(pending) => Ok(Some(Height::new(pending.height()))),
            None => Ok(self.shared.index.height_of(id.as_bytes())?.map(Height::new)),
        }
    }

    fn sync(&self) -> Result<(), StoreError> {
        let mut writer = self.writer();
        self.shared.queue.drain()?;
        writer.sync()?;
        self.shared.index.sync()
    }
}

impl StateStore for Embedded {
    fn at(&self, height: Height) -> Result<Arc<dyn StateRows>, StoreError> {
        let state = self.shared.queue.state();
        rules::readable(height, state.tip.as_ref(), Height::new(state.lowest))?;
        drop(state);
        Ok(Arc::new(View { shared: Arc::clone(&self.shared), height }))
    }

    fn prune(&self, below: Height) -> Result<PruneReport, StoreError> {
        let mut writer = self.writer();
        let (tip, lowest) = {
            let state = self.shared.queue.state();
            (state.tip.as_ref().map(|tip| tip.height), state.lowest)
        };
        if tip.is_none_or(|tip| below > tip) {
            return Err(StoreError::NotFound { height: below });
        }
        if below.value() <= lowest {
            return Ok(PruneReport::new(0, Height::new(lowest)));
        }
        self.shared.queue.drain()?;
        let mark = self.shared.index.watermark()?.ok_or_else(|| corrupt("index", below.value()))?;
        let (at, _) = writer.append(Builder::reusing(Vec::new(), 0), Kind::Prune, below.value(), [0; 32])?;
        // Views of older heights must say "pruned" before the first of their rows is gone.
        self.shared.queue.state().lowest = below.value();
        let rows = self.shared.index.prune(below.value(), &Watermark { next: (at.segment, at.end()), ..mark })?;
        Ok(PruneReport::new(rows, below))
    }

    fn lowest(&self) -> Result<Height, StoreError> {
        Ok(Height::new(self.shared.queue.state().lowest))
    }
}

impl StateRows for View {
    fn row(&self, key: &RowKey) -> Result<Option<Vec<u8>>, StoreError> {
        let pending = self.shared.queue.pending();
        if let Some(row) = pending.iter().find_map(|pending| pending.row(key.as_slice())) {
            return Ok(Some(row.to_vec()));
        }
        if let Some(row) = self.shared.index.row(key.as_slice())? {
            return Ok(Some(row));
        }
        let lowest = Height::new(self.shared.queue.state().lowest);
        // A row that was pruned under this view is not a row that never was.
        if self.height < lowest { Err(StoreError::Pruned { lowest }) } else { Ok(None) }
    }

    fn rows(&self, keys: &[RowKey]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        keys.iter().map(|key| self.row(key)).collect()
    }
}
