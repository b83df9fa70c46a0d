//! What an auditor takes home: headers with their certificates, and answers with their proofs. Checked with
//! `dmledger-core` alone, from the genesis file and without any node.

use crate::error::{During, HostError};
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::{
    action::Genesis,
    codec::{self, Canonical},
    consent::{GrantId, GrantRecord},
    decide::AccessEntry,
    envelope::{AccountId, ChainId},
    ledger::{AccessLog, AccountGrants, Query},
    light::{LightClient, LightUpdate, TrustPolicy},
    state::tables::{Places, Proved},
    time::{Height, Timestamp},
    traits::BlockStore,
};
use std::{path::Path, time::Duration};

/// Name of the file in a network's folder.
pub const FILE: &str = "audit";

/// An archive is audited from its genesis however old it is. Who fears stolen keys of validators long gone begins at a
/// header learned elsewhere, [`LightClient::resume`].
const ARCHIVE: TrustPolicy =
    TrustPolicy { period: Duration::from_secs(100 * 365 * 86_400), skew: Duration::from_secs(30) };

/// Everything about one account that an auditor needs, as one file.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub struct Dossier {
    account: AccountId,
    updates: Vec<LightUpdate>,
    grants: AccountGrants,
    absent: (GrantId, Proved<GrantRecord>),
    log: AccessLog,
}

impl Canonical for Dossier {
    const MAX_BYTES: usize = 1 << 30;
}

/// What a dossier shows once it has been checked.
#[derive(Debug)]
pub struct Findings<'a> {
    /// Height up to which every header was decided by a quorum.
    pub height: Height,
    /// The state root of that height, hexadecimal.
    pub state_root: String,
    /// Every grant the account ever gave.
    pub grants: Vec<&'a GrantRecord>,
    /// A grant that does not exist.
    pub absent: GrantId,
    /// The whole access log.
    pub log: &'a [AccessEntry],
}

impl Dossier {
    /// Collects the dossier of an account from a node's store. `absent` names a grant that was never given.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn collect(
        chain: ChainId,
        store: &dyn BlockStore,
        account: AccountId,
        absent: GrantId,
    ) -> Result<Self, HostError> {
        let tip = store.tip().during("store")?.ok_or_else(|| HostError::new("the store is empty"))?.height;
        let mut updates = Vec::new();
        let mut height = Height::GENESIS.next();
        while height <= tip {
            updates.push(update(chain, store, height)?);
            height = height.next();
        }
        let query = Query::at(chain, tip, store).during("state")?;
        Ok(Self {
            account,
            updates,
            grants: query.grants(&account).during("grants")?,
            absent: (absent, query.grant(&absent).during("absence of a grant")?),
            log: query.access_log(&account).during("access log")?,
        })
    }

    /// Writes the dossier into a network's folder, beside its genesis.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), HostError> {
        let file = dir.join(FILE);
        std::fs::write(&file, codec::encode(self)).during(file.display())
    }

    /// Reads genesis and dossier from a folder.
    ///
    /// # Errors
    /// One line naming the file.
    pub fn read(dir: &Path) -> Result<(Genesis, Self), HostError> {
        let (genesis, dossier) = (dir.join("genesis"), dir.join(FILE));
        let founded = std::fs::read(&genesis).during(genesis.display())?;
        let bytes = std::fs::read(&dossier).during(dossier.display())?;
        let dossier = codec::decode(&bytes).during(dossier.display())?;
        Ok((codec::decode(&founded).during(genesis.display())?, dossier))
    }

    /// Checks everything in it: each header against the validators that had to decide it, every answer against the last
    /// state root.
    ///
    /// # Errors
    /// What does not hold, by name.
    pub fn verify(&self, genesis: &Genesis, now: Timestamp) -> Result<Findings<'_>, HostError> {
        let chain = genesis.chain();
        let mut light = LightClient::begin(chain, genesis.time(), genesis.validators().clone(), ARCHIVE);
        for update in &self.updates {
            light.advance(update, now).during(format_args!("header {}", update.header().height))?;
        }
        let header = light.header().ok_or_else(|| HostError::new("no header beyond genesis"))?;
        let root = &header.state_root;
        let grants = self.grants.verify(root, chain, &self.account).during("grants")?;
        let (absent, proof) = &self.absent;
        if proof.verify(root, &Places::new(chain).grant(absent)).during("absence of a grant")?.is_some() {
            return Err(HostError::new("the grant said to be absent is there"));
        }
        let log = self.log.verify(root, chain, &self.account).during("access log")?;
        Ok(Findings { height: light.height(), state_root: root.to_string(), grants, absent: *absent, log })
    }
}

fn update(chain: ChainId, store: &dyn BlockStore, height: Height) -> Result<LightUpdate, HostError> {
    let missing = || HostError::new(format!("block {height} is missing"));
    let finalized = store.block(height).during("store")?.ok_or_else(missing)?;
    let (header, certificate) = (finalized.block().header(), finalized.certificate().ok_or_else(missing)?);
    let next = if header.next_validators == header.validators {
        None
    } else {
        Query::at(chain, height, store).during("state")?.facts().validators().during("validators")?
    };
    Ok(LightUpdate::new(header.clone(), certificate.clone(), None, next))
}
