//! Where an intake keeps what it must not forget: a list of entries that survives a crash.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use dmledger_core::hash::{tag, tagged};
use thiserror::Error;

/// Why a journal could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The storage failed.
    #[error("journal: {0}")]
    Io(#[from] std::io::Error),
    /// An entry in the middle is damaged: more is lost than a crash can tear off.
    #[error("journal damaged at byte {0}")]
    Damaged(u64),
    /// An entry is longer than 16 MiB.
    #[error("journal entry of {0} bytes is too long")]
    TooLong(usize),
}

/// A durable list of entries.
pub trait Journal: Send {
    /// Every entry, in the order of appending. A last append that was torn by a crash is not there, in whole.
    ///
    /// # Errors
    /// [`JournalError`] when it cannot be read.
    fn entries(&mut self) -> Result<Vec<Vec<u8>>, JournalError>;

    /// Appends entries, all or none. On return they survive a crash.
    ///
    /// # Errors
    /// [`JournalError`]; none of them is there then, or the next reading finds a torn end.
    fn append(&mut self, entries: &[Vec<u8>]) -> Result<(), JournalError>;

    /// Puts these entries in the place of all, at once. On return they survive a crash.
    ///
    /// # Errors
    /// [`JournalError`]; the entries before are then still there.
    fn replace(&mut self, entries: &[Vec<u8>]) -> Result<(), JournalError>;
}

/// Entries in memory: for tests, and for hosts that keep nothing.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal {
    entries: Vec<Vec<u8>>,
}

impl MemoryJournal {
    /// Without entries.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }
}

impl Journal for MemoryJournal {
    fn entries(&mut self) -> Result<Vec<Vec<u8>>, JournalError> {
        Ok(self.entries.clone())
    }

    fn append(&mut self, entries: &[Vec<u8>]) -> Result<(), JournalError> {
        self.entries.extend_from_slice(entries);
        Ok(())
    }

    fn replace(&mut self, entries: &[Vec<u8>]) -> Result<(), JournalError> {
        self.entries = entries.to_vec();
        Ok(())
    }
}

/// Entries in a file. One append is one frame: length u32, check of 8 bytes, then each entry with its length u32.
#[derive(Debug)]
pub struct FileJournal {
    path: PathBuf,
    file: File,
}

impl FileJournal {
    /// Opens a file or makes it, and cuts off a torn end.
    ///
    /// # Errors
    /// [`JournalError`] when it cannot be opened or is damaged in the middle.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, JournalError> {
        let path = path.into();
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        let mut journal = Self { path, file };
        let (_, end) = journal.read()?;
        journal.file.set_len(end)?;
        journal.file.sync_all()?;
        sync_folder(&journal.path)?;
        journal.file.seek(SeekFrom::End(0))?;
        Ok(journal)
    }

    /// All entries, and where the last whole frame ends.
    fn read(&mut self) -> Result<(Vec<Vec<u8>>, u64), JournalError> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut bytes)?;
        let (mut entries, mut rest) = (Vec::new(), &bytes[..]);
        while !rest.is_empty() {
            let at = bytes.len() - rest.len();
            let Some((frame, behind)) = frame(rest) else {
                // A crash tears only the end; a frame that fails with another behind it was whole once.
                let torn = claimed(rest).is_none_or(|length| length >= rest.len());
                if torn {
                    return Ok((entries, at as u64));
                }
                return Err(JournalError::Damaged(at as u64));
            };
            split(frame, &mut entries).ok_or(JournalError::Damaged(at as u64))?;
            rest = behind;
        }
        let end = bytes.len() as u64;
        Ok((entries, end))
    }
}

impl Journal for FileJournal {
    fn entries(&mut self) -> Result<Vec<Vec<u8>>, JournalError> {
        let (entries, _) = self.read()?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(entries)
    }

    fn append(&mut self, entries: &[Vec<u8>]) -> Result<(), JournalError> {
        let frame = sealed(entries)?;
        let end = self.file.seek(SeekFrom::End(0))?;
        let written = self.file.write_all(&frame).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Half a frame must not be followed by a whole one.
            let _ = self.file.set_len(end);
            return Err(error.into());
        }
        Ok(())
    }

    fn replace(&mut self, entries: &[Vec<u8>]) -> Result<(), JournalError> {
        let beside = self.path.with_extension("next");
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&beside)?;
        for part in entries.chunks(256) {
            file.write_all(&sealed(part)?)?;
        }
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        sync_folder(&self.path)?;
        self.file = file;
        Ok(())
    }
}

fn sync_folder(path: &Path) -> Result<(), JournalError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(File::open(folder)?.sync_all()?)
}

fn sealed(entries: &[Vec<u8>]) -> Result<Vec<u8>, JournalError> {
    let mut body = Vec::new();
    for entry in entries {
        body.extend_from_slice(&length(entry.len())?.to_be_bytes());
        body.extend_from_slice(entry);
    }
    let mut frame = length(body.len())?.to_be_bytes().to_vec();
    frame.extend_from_slice(&check(&body));
    frame.extend_from_slice(&body);
    Ok(frame)
}

fn length(length: usize) -> Result<u32, JournalError> {
    u32::try_from(length).ok().filter(|length| *length <= MAX_BYTES).ok_or(JournalError::TooLong(length))
}

fn check(body: &[u8]) -> [u8; CHECK] {
    tagged(tag::BLE_INTAKE, body).as_bytes().first_chunk().copied().unwrap_or_default()
}

/// How many bytes the frame at the front says it has, itself included.
fn claimed(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_be_bytes(*bytes.first_chunk::<4>()?);
    if length > MAX_BYTES { None } else { Some(4 + CHECK + usize::try_from(length).ok()?) }
}

/// The body of a whole frame at the front, and what follows it.
fn frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (frame, rest) = bytes.split_at_checked(claimed(bytes)?)?;
    let (stated, body) = frame.get(4..)?.split_at_checked(CHECK)?;
    (stated == check(body)).then_some((body, rest))
}

fn split(mut body: &[u8], entries: &mut Vec<Vec<u8>>) -> Option<()> {
    while !body.is_empty() {
        let (length, rest) = body.split_first_chunk::<4>()?;
        let (entry, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        entries.push(entry.to_vec());
        body = rest;
    }
    Some(())
}

const CHECK: usize = 8;
const MAX_BYTES: u32 = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("dmledger-journal-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder.join("journal")
    }

    fn entries(numbers: &[u8]) -> Vec<Vec<u8>> {
        numbers.iter().map(|number| vec![*number; usize::from(*number)]).collect()
    }

    #[test]
    fn what_was_appended_is_there_after_opening_again() {
        let path = scratch("again");
        let mut journal = FileJournal::open(&path).unwrap();
        journal.append(&entries(&[1, 2])).unwrap();
        journal.append(&entries(&[3])).unwrap();
        drop(journal);
        let mut journal = FileJournal::open(&path).unwrap();
        assert_eq!(journal.entries().unwrap(), entries(&[1, 2, 3]));
        journal.replace(&entries(&[9])).unwrap();
        journal.append(&entries(&[4])).unwrap();
        assert_eq!(FileJournal::open(&path).unwrap().entries().unwrap(), entries(&[9, 4]));
    }

    #[test]
    fn every_torn_end_is_cut_off_whole_and_damage_inside_is_told() {
        let path = scratch("torn");
        let mut journal = FileJournal::open(&path).unwrap();
        journal.append(&entries(&[5, 6])).unwrap();
        let first = std::fs::metadata(&path).unwrap().len();
        journal.append(&entries(&[7, 8])).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for end in usize::try_from(first).unwrap()..whole.len() {
            std::fs::write(&path, &whole[..end]).unwrap();
            let mut journal = FileJournal::open(&path).unwrap();
            assert_eq!(journal.entries().unwrap(), entries(&[5, 6]), "cut at {end}");
            journal.append(&entries(&[7])).unwrap();
            assert_eq!(FileJournal::open(&path).unwrap().entries().unwrap(), entries(&[5, 6, 7]));
        }
        let mut damaged = whole.clone();
        damaged[14] ^= 1;
        std::fs::write(&path, &damaged).unwrap();
        assert!(matches!(FileJournal::open(&path), Err(JournalError::Damaged(0))));
    }
}
