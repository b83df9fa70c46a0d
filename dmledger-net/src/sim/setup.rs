//! What a world is made of.

use crate::engine::Config;
use dmledger_core::{
    key::PublicKey,
    ledger::{LedgerError, StateMachine},
    traits::Signer,
};
use std::{fmt, sync::Arc};

/// Opens the ledger of a node, at its start and after every crash, over whatever survived.
pub type OpenLedger = Box<dyn FnMut(usize) -> Result<Box<dyn StateMachine>, LedgerError>>;

/// What a world is made of.
pub struct Setup {
    /// Everything random comes from here.
    pub seed: u64,
    /// Keys of the nodes that vote, in order of their numbers.
    pub validators: Vec<Arc<dyn Signer>>,
    /// Keys that name the followers, numbered after the validators.
    pub followers: Vec<PublicKey>,
    /// Times and limits of every node.
    pub config: Config,
    /// The host's ledger.
    pub open: OpenLedger,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("seed", &self.seed).finish_non_exhaustive()
    }
}
