//! The log on disk: length and CRC before every entry, a torn tail cut off at opening, one process at a time.

use super::Wal;
use crate::{error::WalError, wire::limits};
use arc_malachitebft_wal::Log;
use std::{fmt, io::ErrorKind, path::Path};

/// Bytes after which a reset really empties the file. Below it old entries stay, which costs a reader a moment at the
/// next start and saves a flush at every height.
const EMPTY_ABOVE_BYTES: u64 = 8 * 1024 * 1024;

/// A log in a file, locked against a second process.
pub struct FileWal {
    log: Log,
    resets: u64,
    entry_bytes: u64,
}

impl FileWal {
    /// Opens the log at `path`, or makes an empty one.
    ///
    /// # Errors
    /// [`WalError::Io`]: not readable, locked by another process, or not such a log.
    pub fn open(path: &Path) -> Result<Self, WalError> {
        let log = Log::open(path)?;
        let entry_bytes = std::fs::metadata(path)?.len();
        Ok(Self { log, resets: 0, entry_bytes })
    }
}

impl fmt::Debug for FileWal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileWal").field("bytes", &self.entry_bytes).finish_non_exhaustive()
    }
}

impl Wal for FileWal {
    fn entries(&mut self) -> Result<Vec<Vec<u8>>, WalError> {
        let mut entries = Vec::new();
        let mut next = self.log.first_entry()?;
        while let Some(entry) = next {
            let position = entries.len();
            let mut bytes = Vec::new();
            next = entry.read_to_next(&mut bytes).map_err(|error| match error.kind() {
                ErrorKind::InvalidData | ErrorKind::UnexpectedEof => WalError::Corrupt { position },
                _ => WalError::Io(error),
            })?;
            entries.push(bytes);
        }
        // A power cut can leave a grown file filled with zeros, which read as empty entries. We write none, and what
        // was flushed lies before them.
        while entries.last().is_some_and(Vec::is_empty) {
            entries.pop();
        }
        Ok(entries)
    }

    fn append(&mut self, entry: &[u8]) -> Result<(), WalError> {
        if entry.len() > limits::BODY_BYTES {
            return Err(WalError::TooLong { len: entry.len() });
        }
        self.log.append(entry)?;
        self.entry_bytes += entry.len() as u64;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), WalError> {
        Ok(self.log.flush()?)
    }

    fn reset(&mut self) -> Result<(), WalError> {
        if self.entry_bytes > EMPTY_ABOVE_BYTES {
            self.resets += 1;
            self.log.reset(self.resets)?;
            self.entry_bytes = 0;
        }
        Ok(())
    }
}
