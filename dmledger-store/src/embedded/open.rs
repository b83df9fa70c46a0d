//! Opening: refuse what is not ours, cut what was never acknowledged, replay what the index lacks.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use dmledger_core::block::Tip;
use dmledger_core::envelope::ChainId;
use dmledger_core::traits::StoreError;

use super::index::{Index, Watermark};
use super::options::Options;
use crate::error::{corrupt, from_io};
use crate::rules;
use crate::segment::file::{Files, sync_dir};
use crate::segment::record::{Kind, Record};
use crate::segment::recover::{Step, Walk};
use crate::segment::{Location, Reader, SegmentHeader, Writer, body, unknown_format};

pub(crate) const SEGMENTS: &str = "segments";
const INDEX: &str = "index";
const LOCK: &str = "LOCK";

/// A tip, and segment and offset of the next record.
type Reached = (Option<Tip>, (u32, u64));

/// An opened store, before its indexer runs.
pub(super) struct Opened {
    pub(super) lock: File,
    pub(super) reader: Arc<Reader>,
    pub(super) writer: Writer,
    pub(super) index: Index,
    pub(super) tip: Option<Tip>,
    pub(super) lowest: u64,
}

pub(super) fn open(
    files: Arc<dyn Files>,
    path: &Path,
    network: ChainId,
    options: &Options,
) -> Result<Opened, StoreError> {
    let segments = path.join(SEGMENTS);
    let reader = Arc::new(Reader::new(files, &segments));
    let network_bytes = *network.as_bytes();
    let present = refuse_foreign(&reader, network)?;
    if !present {
        fs::create_dir_all(path).map_err(from_io)?;
        reader.files().create_dir_all(&segments).map_err(from_io)?;
    }
    let lock = lock(&path.join(LOCK))?;
    match reader.segments().map_err(from_io)?.last() {
        // What is replayed must be durable before anything derived from it can be.
        Some(last) => reader.files().open(&reader.path(*last)).and_then(|file| file.sync_data()).map_err(from_io)?,
        None => {
            Writer::create(Arc::clone(&reader), network_bytes, options.segment_bytes())?;
            reader.files().sync_dir(path).map_err(from_io)?;
        }
    }
    let (index, (tip, end)) = bring_index_up(&reader, network, &path.join(INDEX), options)?;
    let lowest = index.lowest()?;
    let writer = Writer::resume(Arc::clone(&reader), network_bytes, options.segment_bytes(), end)?;
    sync_dir(path).map_err(from_io)?;
    Ok(Opened { lock, reader, writer, index, tip, lowest })
}

/// Looks at the first segment, if there is one, without touching anything. Whether there is a log.
fn refuse_foreign(reader: &Reader, network: ChainId) -> Result<bool, StoreError> {
    let numbers = match reader.segments() {
        Ok(numbers) => numbers,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(from_io(error)),
    };
    let Some(first) = numbers.first() else { return Ok(false) };
    match reader.segment_header(*first)? {
        SegmentHeader::Sound(_, found) if found != *network.as_bytes() => {
            Err(StoreError::WrongNetwork { found: dmledger_core::hash::Digest::new(found), expected: network.digest() })
        }
        SegmentHeader::Unknown(format) => Err(unknown_format(format)),
        SegmentHeader::Sound(..) | SegmentHeader::Damaged => Ok(true),
    }
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(from_io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(from_io(error)),
    }
}

/// Opens the index and replays what it lacks; builds it anew if it does not open or does not fit the log.
fn bring_index_up(
    reader: &Reader,
    network: ChainId,
    path: &Path,
    options: &Options,
) -> Result<(Index, Reached), StoreError> {
    let opened = Index::open(path, options).and_then(|index| Ok((index.watermark()?, index)));
    let mut least = None;
    match opened {
        Ok((mark, index)) => {
            least = mark.map(|mark| mark.height);
            match start(reader, mark.as_ref()) {
                Ok((tip, from)) => {
                    let reached = replay(reader, network, tip, from, &index)?;
                    return Ok((index, reached));
                }
                Err(error) => tracing::warn!(%error, "the index does not fit the log and is built again"),
            }
        }
        Err(StoreError::InUse) => return Err(StoreError::InUse),
        Err(error) => tracing::warn!(%error, "the index does not open and is built again"),
    }
    // Before the old index and what it knows are thrown away, the log must show that it has all of it.
    let (tip, _) = walk(reader, network, None, (0, 0), &mut |_, _| Ok(()))?;
    if let Some(least) = least
        && tip.is_none_or(|tip| tip.height.value() < least)
    {
        return Err(corrupt("block segment is too short", least));
    }
    discard(path)?;
    let index = Index::open(path, options)?;
    let reached = replay(reader, network, None, (0, 0), &index)?;
    index.sync()?;
    Ok((index, reached))
}

/// Where to go on behind the watermark, and the tip there.
fn start(reader: &Reader, mark: Option<&Watermark>) -> Result<Reached, StoreError> {
    let Some(mark) = mark else { return Ok((None, (0, 0))) };
    let (header, section) = reader.section(&mark.at, mark.height, body::TIP)?;
    if header.id != mark.id {
        return Err(corrupt("index", mark.height));
    }
    Ok((Some(body::tip(&section, &header)?), mark.next))
}

fn replay(
    reader: &Reader,
    network: ChainId,
    tip: Option<Tip>,
    from: (u32, u64),
    index: &Index,
) -> Result<Reached, StoreError> {
    walk(reader, network, tip, from, &mut |at, record| match record.header.kind {
        Kind::Commit => index.apply(at, record),
        Kind::Prune => {
            let mark = index.watermark()?.ok_or_else(|| corrupt("prune record", record.header.height))?;
            index.prune(record.header.height, &Watermark { next: (at.segment, at.end()), ..mark }).map(|_| ())
        }
    })
}

/// Walks the log to its end, checking every link, and returns the tip and the place of the next record.
pub(crate) fn walk(
    reader: &Reader,
    network: ChainId,
    mut tip: Option<Tip>,
    from: (u32, u64),
    each: &mut dyn FnMut(&Location, &Record) -> Result<(), StoreError>,
) -> Result<Reached, StoreError> {
    let next = |tip: &Option<Tip>| tip.as_ref().map_or(0, |tip| tip.height.next().value());
    let mut walk = Walk::start(reader, *network.as_bytes(), from, next(&tip))?;
    loop {
        let (at, record) = match walk.next()? {
            Step::Record(at, record) => (at, record),
            Step::End(end) => return Ok((tip, end)),
        };
        if record.header.kind == Kind::Commit {
            let block = body::block(record.section(body::BLOCK), &record.header)?;
            if !rules::links(&block, tip.as_ref()) {
                return Err(corrupt("link between blocks", next(&tip)));
            }
            tip = Some(body::tip(record.section(body::TIP), &record.header)?);
        }
        each(&at, &record)?;
        walk.expect(next(&tip));
    }
}

fn discard(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(from_io(error)),
    }
}
