//! Every back end runs the suites of `dmledger_core::testing`.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a failure is the test's")]

mod memory {
    use std::sync::Arc;

    use dmledger_core::envelope::ChainId;
    use dmledger_core::testing::block_store::Factory;
    use dmledger_core::traits::{BlockStore, StoreError};
    use dmledger_store::memory::Memory;

    struct InMemory;

    impl Factory for InMemory {
        fn create(&self, network: ChainId) -> Result<Arc<dyn BlockStore>, StoreError> {
            Ok(Arc::new(Memory::new(network)))
        }
    }

    dmledger_core::block_store_suite!(InMemory);
}

/// Back ends in a folder.
mod folder {
    use std::fs;
    use std::io;
    use std::path::{Path, PathBuf};
    use std::sync::{Arc, Mutex};

    use dmledger_core::envelope::ChainId;
    use dmledger_core::testing::block_store::{Durable, Factory};
    use dmledger_core::time::Height;
    use dmledger_core::traits::{BlockStore, StoreError};
    use tempfile::TempDir;

    type Open = fn(&Path, ChainId) -> Result<Arc<dyn BlockStore>, StoreError>;

    /// A store in a folder that moves on to a copy of itself at each kill: what the process had handed to the
    /// operating system by then is there, and nothing that its destructors would still have done.
    pub(crate) struct Folder {
        root: TempDir,
        present: Mutex<PathBuf>,
        network: Mutex<Option<ChainId>>,
        open: Open,
    }

    impl Folder {
        pub(crate) fn new(open: Open) -> Self {
            let root = TempDir::new().unwrap();
            let present = Mutex::new(root.path().join("0"));
            Self { root, present, network: Mutex::new(None), open }
        }

        fn present(&self) -> PathBuf {
            self.present.lock().unwrap().clone()
        }
    }

    impl Factory for Folder {
        fn create(&self, network: ChainId) -> Result<Arc<dyn BlockStore>, StoreError> {
            *self.network.lock().unwrap() = Some(network);
            self.reopen(network)
        }
    }

    impl Durable for Folder {
        fn reopen(&self, network: ChainId) -> Result<Arc<dyn BlockStore>, StoreError> {
            (self.open)(&self.present(), network)
        }

        fn kill(&self, store: Arc<dyn BlockStore>) {
            let next = self.root.path().join(fs::read_dir(self.root.path()).unwrap().count().to_string());
            copy(&self.present(), &next).unwrap();
            *self.present.lock().unwrap() = next;
            drop(store);
        }

        /// A header begins with network and height, whatever it lies in.
        fn corrupt(&self, height: Height) -> io::Result<()> {
            let network = self.network.lock().unwrap().ok_or(io::ErrorKind::NotFound)?;
            let header = [&network.as_bytes()[..], &height.value().to_le_bytes()].concat();
            if flip(&self.present(), &header)? { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
        }
    }

    /// Flips one bit behind each occurrence of `header` in the files of a folder, derived tables left out.
    fn flip(folder: &Path, header: &[u8]) -> io::Result<bool> {
        let mut found = false;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                found |= !path.ends_with("index") && flip(&path, header)?;
                continue;
            }
            let mut bytes = fs::read(&path)?;
            let starts: Vec<_> = (0..bytes.len()).filter(|start| bytes[*start..].starts_with(header)).collect();
            starts.iter().for_each(|start| bytes[start + 150] ^= 1);
            if !starts.is_empty() {
                fs::write(&path, bytes)?;
                found = true;
            }
        }
        Ok(found)
    }

    /// Copies a folder that is being written to; a file that goes away meanwhile was not needed any more.
    fn copy(from: &Path, to: &Path) -> io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let target = to.join(entry.file_name());
            let done = if entry.file_type()?.is_dir() {
                copy(&entry.path(), &target)
            } else {
                fs::copy(entry.path(), target).map(|_| ())
            };
            match done {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
        Ok(())
    }
}

mod embedded {
    use std::path::Path;
    use std::sync::Arc;

    use dmledger_core::envelope::ChainId;
    use dmledger_core::traits::{BlockStore, StoreError};
    use dmledger_store::embedded::{Embedded, Options};

    use crate::folder::Folder;

    /// Segments so small that every history spans several.
    fn open(path: &Path, network: ChainId) -> Result<Arc<dyn BlockStore>, StoreError> {
        let options = Options::default().with_segment_bytes(6_000).with_index_synced_every(3);
        Ok(Embedded::open(path, network, options)?)
    }

    dmledger_core::block_store_suite!(Folder::new(open));
    dmledger_core::durable_block_store_suite!(Folder::new(open));
}

#[cfg(feature = "redb")]
mod redb {
    use std::path::Path;
    use std::sync::Arc;

    use dmledger_core::envelope::ChainId;
    use dmledger_core::traits::{BlockStore, StoreError};
    use dmledger_store::redb::Redb;

    use crate::folder::Folder;

    fn open(path: &Path, network: ChainId) -> Result<Arc<dyn BlockStore>, StoreError> {
        Ok(Redb::open(path, network)?)
    }

    dmledger_core::block_store_suite!(Folder::new(open));
    dmledger_core::durable_block_store_suite!(Folder::new(open));
}

mod memory_lake {
    use std::io;
    use std::sync::Arc;

    use async_trait::async_trait;
    use dmledger_core::record::index::ContentId;
    use dmledger_core::testing::blob_store::Factory;
    use dmledger_core::traits::{BlobError, BlobStore};
    use dmledger_store::memory::MemoryLake;
    use futures::executor::block_on;

    #[derive(Default)]
    struct InMemory(Arc<MemoryLake>);

    #[async_trait]
    impl Factory for InMemory {
        async fn open(&self) -> Result<Arc<dyn BlobStore>, BlobError> {
            Ok(Arc::clone(&self.0) as _)
        }

        async fn damage(&self, id: &ContentId) -> io::Result<()> {
            let mut bytes = self.0.get(id).await.map_err(io::Error::other)?;
            let middle = bytes.len() / 2;
            bytes[middle] ^= 4;
            self.0.damage(id, bytes);
            Ok(())
        }
    }

    dmledger_core::blob_store_suite!(InMemory::default(), block_on);
}

mod lake {
    use std::fs;
    use std::io;
    use std::path::Path;
    use std::sync::Arc;

    use async_trait::async_trait;
    use dmledger_core::record::index::ContentId;
    use dmledger_core::testing::blob_store::Factory;
    use dmledger_core::traits::{BlobError, BlobStore};
    use dmledger_store::lake::Lake;
    use tempfile::TempDir;

    struct Folder(TempDir);

    #[async_trait]
    impl Factory for Folder {
        async fn open(&self) -> Result<Arc<dyn BlobStore>, BlobError> {
            Ok(Arc::new(Lake::local(self.0.path()).await?))
        }

        async fn damage(&self, id: &ContentId) -> io::Result<()> {
            flip(&self.0.path().join("objects"), &id.root().to_string())
        }
    }

    fn flip(folder: &Path, name: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                flip(&path, name)?;
            } else if path.to_string_lossy().contains(name) {
                let mut bytes = fs::read(&path)?;
                let middle = bytes.len() / 2;
                bytes[middle] ^= 4;
                fs::write(path, bytes)?;
            }
        }
        Ok(())
    }

    fn run<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(future)
    }

    dmledger_core::blob_store_suite!(Folder(TempDir::new().unwrap()), run);
}
