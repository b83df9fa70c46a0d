//! Append-only block segments: the truth that every table is derived from.
//!
//! A folder of numbered files. Each starts with a 64-byte header naming format, segment and network; records follow,
//! one per commit (`segment/record.rs`). A commit is acknowledged after one `fdatasync`; a new segment is in its directory,
//! durably, before its first record. Nothing is ever rewritten, only a torn tail is cut (`segment/recover.rs`).
//!
//! ```text
//!  0   8  "DMLEDGER"
//!  8   4  format, u32 little-endian
//! 12   4  segment number, u32 little-endian
//! 16  32  network
//! 48  12  zero
//! 60   4  CRC32C of bytes 0..60
//! ```

pub(crate) mod body;
pub mod file;
pub(crate) mod record;
pub(crate) mod recover;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dmledger_core::traits::StoreError;

use crate::error::{broken, corrupt, from_io};
use file::{Files, LogFile};
use record::{Builder, Header, Kind, Record};

pub(crate) const SEGMENT_HEADER: u64 = 64;
const MAGIC: [u8; 8] = *b"DMLEDGER";
pub(crate) const FORMAT: u32 = 1;
/// No single record may claim more: a damaged length is then refused before it is allocated.
pub(crate) const MAX_RECORD: u64 = 1 << 30;

/// Where a record stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) segment: u32,
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

impl Location {
    /// Offset just behind the record.
    pub(crate) fn end(&self) -> u64 {
        self.offset.saturating_add(self.length)
    }
}

/// Reads records by place. Shares nothing with the writer but the files.
#[derive(Debug)]
pub(crate) struct Reader {
    files: Arc<dyn Files>,
    dir: PathBuf,
    recent: Mutex<Option<(u32, Arc<dyn LogFile>)>>,
}

impl Reader {
    pub(crate) fn new(files: Arc<dyn Files>, dir: &Path) -> Self {
        Self { files, dir: dir.to_path_buf(), recent: Mutex::new(None) }
    }

    pub(crate) fn files(&self) -> &dyn Files {
        &*self.files
    }

    pub(crate) fn path(&self, segment: u32) -> PathBuf {
        self.dir.join(format!("{segment:08x}.seg"))
    }

    /// Numbers of the segments present, ascending; other files are ignored.
    pub(crate) fn segments(&self) -> io::Result<Vec<u32>> {
        let paths = self.files.list(&self.dir)?;
        let mut numbers: Vec<u32> = paths.iter().filter_map(|path| segment_number(path)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The segment's file, opened for reading.
    pub(crate) fn file(&self, segment: u32) -> io::Result<Arc<dyn LogFile>> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((number, file)) = recent.as_ref()
            && *number == segment
        {
            return Ok(Arc::clone(file));
        }
        let file = self.files.open_read(&self.path(segment))?;
        *recent = Some((segment, Arc::clone(&file)));
        Ok(file)
    }

    /// What the first bytes of a segment say.
    pub(crate) fn segment_header(&self, segment: u32) -> Result<SegmentHeader, StoreError> {
        let file = self.file(segment).map_err(from_io)?;
        let length = file.length().map_err(from_io)?.min(SEGMENT_HEADER);
        let mut header = vec![0; usize::try_from(length).unwrap_or(0)];
        file.read_at(0, &mut header).map_err(from_io)?;
        Ok(read_segment_header(&header))
    }

    /// One section of the record at `at`, checked, without reading the others.
    pub(crate) fn section(&self, at: &Location, height: u64, index: usize) -> Result<(Header, Vec<u8>), StoreError> {
        let header = self.bytes(at.segment, at.offset, record::HEADER_LEN as u64, height)?;
        let header = Header::parse(&header, at.offset)
            .filter(|header| header.height == height && header.record_len() == at.length)
            .ok_or_else(|| corrupt("block record header", height))?;
        let (start, length) = header.section_span(index);
        let bytes = self.bytes(at.segment, at.offset + start, length, height)?;
        if header.section_checks(index, &bytes) { Ok((header, bytes)) } else { Err(corrupt("block record", height)) }
    }

    fn bytes(&self, segment: u32, offset: u64, length: u64, height: u64) -> Result<Vec<u8>, StoreError> {
        let file = self.file(segment).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => corrupt("block segment is missing", height),
            _ => from_io(error),
        })?;
        let length = usize::try_from(length.min(MAX_RECORD)).unwrap_or(0);
        let mut bytes = vec![0; length];
        file.read_at(offset, &mut bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => corrupt("block segment is too short", height),
            _ => from_io(error),
        })?;
        Ok(bytes)
    }
}

/// The one writer of a log.
#[derive(Debug)]
pub(crate) struct Writer {
    reader: Arc<Reader>,
    network: [u8; 32],
    roll_at: u64,
    number: u32,
    file: Arc<dyn LogFile>,
    length: u64,
    /// A failed sync may have lost bytes that the cache still shows: nothing more is acknowledged after one.
    broken: bool,
}

impl Writer {
    /// Starts a log in an empty folder.
    pub(crate) fn create(reader: Arc<Reader>, network: [u8; 32], roll_at: u64) -> Result<Self, StoreError> {
        let file = start_segment(&reader, 0, network).map_err(from_io)?;
        Ok(Self { reader, network, roll_at, number: 0, file, length: SEGMENT_HEADER, broken: false })
    }

    /// Goes on behind `offset` of segment `number`; what follows there is cut off, durably.
    pub(crate) fn resume(
        reader: Arc<Reader>,
        network: [u8; 32],
        roll_at: u64,
        (number, offset): (u32, u64),
    ) -> Result<Self, StoreError> {
        let file = reader.files.open(&reader.path(number)).map_err(from_io)?;
        let mut length = offset;
        if file.length().map_err(from_io)? != offset || offset < SEGMENT_HEADER {
            file.truncate(if offset < SEGMENT_HEADER { 0 } else { offset }).map_err(from_io)?;
            if offset < SEGMENT_HEADER {
                file.append(&segment_header(number, network)).map_err(from_io)?;
                length = SEGMENT_HEADER;
            }
            file.sync_data().map_err(from_io)?;
            reader.files.sync_dir(&reader.dir).map_err(from_io)?;
        }
        Ok(Self { reader, network, roll_at, number, file, length, broken: false })
    }

    /// Appends one record and makes it durable. On an error nothing was acknowledged and, unless the disk itself
    /// failed, nothing was kept.
    pub(crate) fn append(
        &mut self,
        builder: Builder,
        kind: Kind,
        height: u64,
        id: [u8; 32],
    ) -> Result<(Location, Record), StoreError> {
        if self.broken {
            return Err(broken());
        }
        if self.length >= self.roll_at {
            self.roll()?;
        }
        let record = builder
            .finish(kind, height, id, self.length)
            .filter(|record| record.header.record_len() <= MAX_RECORD)
            .ok_or(StoreError::Full)?;
        if let Err(error) = self.file.append(record.bytes()) {
            self.undo();
            return Err(from_io(error));
        }
        if let Err(error) = self.file.sync_data() {
            self.broken = true;
            return Err(from_io(error));
        }
        let at = record::location(self.number, self.length, &record.header);
        self.length = at.end();
        Ok((at, record))
    }

    /// Syncs what is written; a no-op for the log itself, which syncs each record.
    pub(crate) fn sync(&mut self) -> Result<(), StoreError> {
        if self.broken {
            return Err(broken());
        }
        self.file.sync_data().map_err(|error| {
            self.broken = true;
            from_io(error)
        })
    }

    /// Durable end of the log.
    pub(crate) fn end(&self) -> (u32, u64) {
        (self.number, self.length)
    }

    /// Takes a failed append back, so that the next one does not stand behind half a record.
    fn undo(&mut self) {
        let cut = self.file.truncate(self.length).and_then(|()| self.file.sync_data());
        self.broken |= cut.is_err();
    }

    fn roll(&mut self) -> Result<(), StoreError> {
        let number = self.number.checked_add(1).ok_or(StoreError::Full)?;
        let path = self.reader.path(number);
        self.file = start_segment(&self.reader, number, self.network).map_err(|error| {
            // Half a segment must not be taken for the log's end by the next attempt.
            let _ = self.reader.files.remove(&path);
            from_io(error)
        })?;
        self.number = number;
        self.length = SEGMENT_HEADER;
        Ok(())
    }
}

fn start_segment(reader: &Reader, number: u32, network: [u8; 32]) -> io::Result<Arc<dyn LogFile>> {
    let file = reader.files.create(&reader.path(number))?;
    file.append(&segment_header(number, network))?;
    file.sync_data()?;
    reader.files.sync_dir(&reader.dir)?;
    Ok(file)
}

fn segment_header(number: u32, network: [u8; 32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(&network);
    bytes.extend_from_slice(&[0; 12]);
    let check = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&check.to_le_bytes());
    bytes
}

/// What the header of a segment says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SegmentHeader {
    /// A sound header of this format: number and network.
    Sound(u32, [u8; 32]),
    /// A sound header of a format this build does not know.
    Unknown(u32),
    /// Damaged, or never completely written.
    Damaged,
}

pub(crate) fn read_segment_header(bytes: &[u8]) -> SegmentHeader {
    let parse = || {
        let bytes: &[u8; 64] = bytes.get(..64)?.try_into().ok()?;
        let (checked, check) = bytes.split_at(60);
        let sound = checked.starts_with(&MAGIC) && check == crc32c::crc32c(checked).to_le_bytes();
        let word = |at: usize| Some(u32::from_le_bytes(checked.get(at..at + 4)?.try_into().ok()?));
        let network = checked.get(16..48)?.try_into().ok()?;
        sound.then_some((word(8)?, word(12)?, network))
    };
    match parse() {
        Some((FORMAT, number, network)) => SegmentHeader::Sound(number, network),
        Some((format, _, _)) => SegmentHeader::Unknown(format),
        None => SegmentHeader::Damaged,
    }
}

fn segment_number(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    let digits = name.strip_suffix(".seg").filter(|digits| digits.len() == 8)?;
    u32::from_str_radix(digits, 16).ok()
}

pub(crate) fn unknown_format(found: u32) -> StoreError {
    StoreError::UnknownLayout { found, known: FORMAT }
}
