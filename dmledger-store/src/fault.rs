//! A disk that fails on purpose: it loses what was not synced, tears writes, fills up and stops in the middle.
//!
//! [`FaultyDisk`] is a [`Files`] in memory. Every operation is counted; [`FaultyDisk::stop_after`] makes the one with a
//! given number, and all later ones, fail, and [`FaultyDisk::power_loss`] then decides, from a seed, which unsynced
//! sectors and directory entries survived. Opening a store on the same disk afterwards is the recovery under test.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::segment::file::{Files, LogFile};

const SECTOR: usize = 512;

/// A file system in memory whose failures are chosen by the test.
#[derive(Clone, Debug, Default)]
pub struct FaultyDisk(Arc<Mutex<Disk>>);

#[derive(Debug, Default)]
struct Disk {
    files: BTreeMap<PathBuf, Content>,
    operations: u64,
    stop_after: Option<u64>,
    capacity: Option<usize>,
    failing_syncs: u64,
}

#[derive(Clone, Debug, Default)]
struct Content {
    /// What a reader sees now.
    seen: Vec<u8>,
    /// What a power loss cannot take.
    durable: Vec<u8>,
    /// Whether the name itself is durable.
    named: bool,
}

#[derive(Debug)]
struct Handle {
    disk: FaultyDisk,
    path: PathBuf,
    writable: bool,
}

impl FaultyDisk {
    /// An empty disk without faults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Operations that change or sync something, counted so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.disk().operations
    }

    /// Lets `operations` more changing operations through; the next is torn and everything after it fails.
    pub fn stop_after(&self, operations: u64) {
        let mut disk = self.disk();
        disk.stop_after = Some(disk.operations + operations);
    }

    /// Limits all files together to `bytes`; a write beyond it is cut and reported as a full disk.
    pub fn fill_up_at(&self, bytes: usize) {
        self.disk().capacity = Some(bytes);
    }

    /// Takes the limit away.
    pub fn make_room(&self) {
        self.disk().capacity = None;
    }

    /// Makes the next `count` syncs of file contents fail.
    pub fn fail_syncs(&self, count: u64) {
        self.disk().failing_syncs = count;
    }

    /// Cuts the power: of everything unsynced, `seed` decides sector by sector what is kept. Faults are lifted.
    pub fn power_loss(&self, seed: u64) {
        let mut random = SplitMix(seed);
        let mut disk = self.disk();
        disk.files.retain(|_, content| content.named || random.next() & 1 == 0);
        for content in disk.files.values_mut() {
            content.seen = survivors(content, &mut random);
            content.durable = content.seen.clone();
            content.named = true;
        }
        disk.stop_after = None;
        disk.capacity = None;
        disk.failing_syncs = 0;
    }

    /// Present bytes of a file.
    #[must_use]
    pub fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        self.disk().files.get(path).map(|content| content.seen.clone())
    }

    /// Replaces the bytes of a file, durably: damage done by hand.
    pub fn set_bytes(&self, path: &Path, bytes: Vec<u8>) {
        let content = Content { seen: bytes.clone(), durable: bytes, named: true };
        self.disk().files.insert(path.to_path_buf(), content);
    }

    /// Paths of all files, in order.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.disk().files.keys().cloned().collect()
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk {
    /// Counts a changing operation; `Err` if the disk has stopped, `Ok(true)` if it stops during this one.
    fn step(&mut self) -> io::Result<bool> {
        let at = self.operations;
        self.operations += 1;
        match self.stop_after {
            Some(limit) if at > limit => Err(stopped()),
            Some(limit) => Ok(at == limit),
            None => Ok(false),
        }
    }

    fn used(&self) -> usize {
        self.files.values().map(|content| content.seen.len()).sum()
    }
}

/// What a power loss leaves of a file: every durable byte that was not since cut, a random length in between, and of
/// the unsynced sectors a random choice, the others empty.
fn survivors(content: &Content, random: &mut SplitMix) -> Vec<u8> {
    let common = content.seen.iter().zip(&content.durable).take_while(|(now, then)| now == then).count();
    if common == content.seen.len() && random.next() & 1 == 0 {
        // The file was only cut, or not changed: the cut may not have reached the disk.
        return content.durable.clone();
    }
    let fresh = content.seen.len() - common;
    let kept = if random.next() & 3 == 0 { fresh } else { random.below(fresh + 1) };
    let mut left: Vec<u8> = content.seen.iter().take(common + kept).copied().collect();
    for sector in common / SECTOR..=left.len() / SECTOR {
        if random.next() & 1 == 0 {
            let end = ((sector + 1) * SECTOR).min(left.len());
            let start = (sector * SECTOR).max(common).min(end);
            if let Some(lost) = left.get_mut(start..end) {
                lost.fill(0);
            }
        }
    }
    left
}

impl Files for FaultyDisk {
    fn create_dir_all(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        let disk = self.disk();
        Ok(disk.files.keys().filter(|path| path.parent() == Some(dir)).cloned().collect())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        let mut disk = self.disk();
        let stops = disk.step()?;
        if disk.files.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        disk.files.insert(path.to_path_buf(), Content::default());
        if stops { Err(stopped()) } else { Ok(self.handle(path, true)) }
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        let known = self.disk().files.contains_key(path);
        if known { Ok(self.handle(path, true)) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn open_read(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        let known = self.disk().files.contains_key(path);
        if known { Ok(self.handle(path, false)) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        if disk.step()? {
            return Err(stopped());
        }
        for (path, content) in &mut disk.files {
            content.named |= path.parent() == Some(dir);
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        disk.files.remove(path).map(|_| ()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl FaultyDisk {
    fn handle(&self, path: &Path, writable: bool) -> Arc<dyn LogFile> {
        Arc::new(Handle { disk: self.clone(), path: path.to_path_buf(), writable })
    }
}

impl LogFile for Handle {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        if !self.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let mut disk = self.disk.disk();
        let stops = disk.step()?;
        let room = disk.capacity.map_or(usize::MAX, |capacity| capacity.saturating_sub(disk.used()));
        let content = disk.files.get_mut(&self.path).ok_or(io::ErrorKind::NotFound)?;
        let written = if stops { bytes.len() / 2 } else { bytes.len().min(room) };
        content.seen.extend(bytes.iter().take(written));
        match (stops, written < bytes.len()) {
            (true, _) => Err(stopped()),
            (false, true) => Err(io::ErrorKind::StorageFull.into()),
            (false, false) => Ok(()),
        }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let disk = self.disk.disk();
        let content = disk.files.get(&self.path).ok_or(io::ErrorKind::NotFound)?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = content.seen.get(start..start.saturating_add(buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        let disk = self.disk.disk();
        Ok(disk.files.get(&self.path).ok_or(io::ErrorKind::NotFound)?.seen.len() as u64)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut disk = self.disk.disk();
        let stops = disk.step()?;
        let content = disk.files.get_mut(&self.path).ok_or(io::ErrorKind::NotFound)?;
        content.seen.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        if stops { Err(stopped()) } else { Ok(()) }
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut disk = self.disk.disk();
        if disk.step()? {
            return Err(stopped());
        }
        if disk.failing_syncs > 0 {
            disk.failing_syncs -= 1;
            return Err(io::Error::other("sync failed"));
        }
        let content = disk.files.get_mut(&self.path).ok_or(io::ErrorKind::NotFound)?;
        content.durable.clone_from(&content.seen);
        Ok(())
    }
}

fn stopped() -> io::Error {
    io::Error::other("disk has stopped")
}

/// SplitMix64 (Steele, Lea, Flood 2014): enough randomness to choose sectors by, from one number.
#[derive(Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap_or(0)
    }
}
