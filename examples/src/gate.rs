//! The sub-key gate of this process: the institutions' nodes as one committee, their shares in folders of their own.
//!
//! ```text
//! DIR/A1/gate/<row>    what A1 was dealt, sealed to A1's key: one file an epoch of an account
//! ```

use crate::{
    error::{During, HostError},
    network::Seat,
};
use dmledger_core::{
    envelope::ChainId,
    hash::Digest,
    key::PublicKey,
    traits::{BlockStore, GateFault},
};
use dmledger_net::{
    node::gate::{GateService, ServiceLimits},
    transport::PeerId,
};
use dmledger_zk::seal::{Committee, CommitteeId, GateKeeper, KemPublicKey, NodeNumber, Shape, Shelf};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Most institutions that share a gate: the default committee.
const MEMBERS: usize = 7;

/// Who guards the patients' epochs: the first institutions, at most seven, and how many of them a reader needs: more than
/// can miss a block that is final.
#[derive(Clone, Debug)]
pub struct Roster {
    committee: Committee,
    members: Vec<(PublicKey, KemPublicKey)>,
}

impl Roster {
    /// The committee of these seats.
    ///
    /// # Errors
    /// If there are none.
    pub fn of<'a>(seats: impl Iterator<Item = &'a Seat>) -> Result<Self, HostError> {
        let voting = seats.filter(|seat| seat.is_validator()).take(MEMBERS);
        let members: Vec<_> = voting.map(|seat| (seat.key.public(), seat.kem.public().clone())).collect();
        let nodes = u8::try_from(members.len()).during("committee")?;
        let threshold = (nodes.saturating_sub(1) / 3 + 1).max(2.min(nodes));
        let committee = Committee::new(CommitteeId::new(1), Shape::new(nodes, threshold).during("committee")?);
        Ok(Self { committee, members })
    }

    /// Number and shape.
    #[must_use]
    pub const fn committee(&self) -> Committee {
        self.committee
    }

    /// Its nodes, for requests.
    #[must_use]
    pub fn peers(&self) -> Vec<PeerId> {
        self.members.iter().map(|(key, _)| PeerId::of(key)).collect()
    }

    /// Their ledger keys, by node number: whose signatures count on receipts.
    #[must_use]
    pub fn keys(&self) -> Vec<PublicKey> {
        self.members.iter().map(|(key, _)| *key).collect()
    }

    /// Its nodes with their numbers and the keys that bundles are wrapped to.
    pub fn members(&self) -> impl Iterator<Item = (NodeNumber, PeerId, &KemPublicKey)> {
        (0..).map(NodeNumber::new).zip(&self.members).map(|(number, (key, kem))| (number, PeerId::of(key), kem))
    }
}

/// The gate of one institution's node over its folder and its ledger's store.
///
/// # Errors
/// If the folder cannot be read, or holds rows sealed to another key.
pub fn service(
    seat: &Seat,
    chain: ChainId,
    store: Arc<dyn BlockStore>,
    folder: &Path,
) -> Result<GateService, HostError> {
    let shelf = FolderShelf::open(folder.join("gate")).during(folder.display())?;
    let (key, signer) = (Arc::clone(&seat.kem) as _, Arc::clone(&seat.key) as _);
    let keeper = GateKeeper::open(chain, key, signer, Box::new(shelf)).during(folder.display())?;
    Ok(GateService::new(chain, store, Arc::new(keeper), ServiceLimits::default()))
}

/// One file a row, written beside its place and moved there: a crash leaves the former row or the one that follows it.
#[derive(Debug)]
pub struct FolderShelf(PathBuf);

impl FolderShelf {
    /// The shelf in `folder`, which is made if it is missing.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(folder: PathBuf) -> std::io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    fn read(&self) -> std::io::Result<Vec<Vec<u8>>> {
        let mut rows = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            rows.push(fs::read(entry?.path())?);
        }
        Ok(rows)
    }

    fn write(&self, name: &Digest, row: &[u8]) -> std::io::Result<()> {
        use std::io::Write;
        // Outside the folder of the rows: what a crash leaves behind is not read as one.
        let parent = self.0.parent().unwrap_or(&self.0);
        let mut file = tempfile::NamedTempFile::new_in(parent)?;
        file.write_all(row)?;
        file.as_file().sync_all()?;
        file.persist(self.0.join(name.to_string()))?;
        fs::File::open(&self.0)?.sync_all()
    }
}

impl Shelf for FolderShelf {
    fn rows(&self) -> Result<Vec<Vec<u8>>, GateFault> {
        self.read().map_err(|_| GateFault::Unavailable)
    }

    fn put(&self, name: &Digest, row: &[u8]) -> Result<(), GateFault> {
        self.write(name, row).map_err(|_| GateFault::Unavailable)
    }
}
