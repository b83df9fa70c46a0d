//! The few things the block log asks of a file system, as a trait, so that a test can put a lossy disk under it.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A directory tree that can hold a block log.
///
/// [`RealFiles`] is the operating system's; the `fault` feature brings one that loses what was not synced.
pub trait Files: Send + Sync + Debug {
    /// Makes `dir` and its missing parents. Idempotent; durable only after [`Files::sync_dir`] of the parent.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;

    /// Paths of the regular files directly in `dir`, sorted by name.
    ///
    /// # Errors
    /// Whatever the file system says; `NotFound` for a missing directory.
    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>>;

    /// Makes a new, empty file for appending and reading. The entry is durable after [`Files::sync_dir`].
    ///
    /// # Errors
    /// `AlreadyExists` if there is one; else whatever the file system says.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn LogFile>>;

    /// Opens an existing file for appending and reading.
    ///
    /// # Errors
    /// `NotFound`; else whatever the file system says.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn LogFile>>;

    /// Opens an existing file for reading alone; appending to it fails.
    ///
    /// # Errors
    /// `NotFound`; else whatever the file system says.
    fn open_read(&self, path: &Path) -> io::Result<Arc<dyn LogFile>>;

    /// Makes the entries of `dir` (created, renamed, removed names) durable.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Removes a file. Durable after [`Files::sync_dir`].
    ///
    /// # Errors
    /// Whatever the file system says.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// One file of a block log: bytes go on at the end and are read from anywhere.
pub trait LogFile: Send + Sync + Debug {
    /// Writes all of `bytes` after the present end. Not durable before [`LogFile::sync_data`].
    ///
    /// # Errors
    /// `StorageFull` and whatever else the file system says; part of the bytes may then be in the file.
    fn append(&self, bytes: &[u8]) -> io::Result<()>;

    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` past the end; else whatever the file system says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Present length in bytes.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn length(&self) -> io::Result<u64>;

    /// Cuts the file to `length` bytes. Durable after [`LogFile::sync_data`].
    ///
    /// # Errors
    /// Whatever the file system says.
    fn truncate(&self, length: u64) -> io::Result<()>;

    /// Makes all bytes and the length durable (`fdatasync`).
    ///
    /// # Errors
    /// Whatever the file system says; what was written since the last success may then be lost for good, even
    /// if a later call succeeds.
    fn sync_data(&self) -> io::Result<()>;
}

/// The operating system's file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealFiles;

#[derive(Debug)]
struct RealFile(File);

impl Files for RealFiles {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                found.push(entry.path());
            }
        }
        found.sort();
        Ok(found)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        let file = OpenOptions::new().read(true).append(true).create_new(true).open(path)?;
        Ok(Arc::new(RealFile(file)))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        let file = OpenOptions::new().read(true).append(true).open(path)?;
        Ok(Arc::new(RealFile(file)))
    }

    fn open_read(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Ok(Arc::new(RealFile(File::open(path)?)))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        sync_dir(dir)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

impl LogFile for RealFile {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        io::Write::write_all(&mut &self.0, bytes)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        read_exact_at(&self.0, offset, buffer)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(not(unix))]
fn read_exact_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    // A duplicated handle shares its position, so a fresh one is opened through the clone under no other reader.
    let mut file = file.try_clone()?;
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(buffer)
}

/// Makes the entries of a directory durable; does nothing where directories cannot be opened (Windows).
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(dir)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}
