//! The write-ahead log: what this node said and heard at the height in progress, durable before it is heard of.
//!
//! A validator that forgets a vote may vote differently after a crash, and that is indistinguishable from lying. So
//! every input the engine must remember is appended, and the log is flushed before any message of this node leaves.
//! Bodies are logged too: after a power cut at all validators at once, a block they are locked on must still exist
//! somewhere. A follower keeps the actions submitted through it in its log until they are final.

mod file;
mod memory;

pub use file::FileWal;
pub use memory::MemoryWal;

use crate::{
    error::WalError,
    wire::{EncodedBlock, PolkaProof, SignedProposal, SignedVote, limits},
};
use borsh::{BorshDeserialize, BorshSerialize};
use dmledger_core::{
    block::RawAction,
    codec::{self, Canonical},
    hash::Digest,
    quorum::{Address, BlockId},
    time::Height,
};

/// An append-only log of byte strings. Hosts may implement it; [`FileWal`] and [`MemoryWal`] are ours.
pub trait Wal: Send {
    /// Every entry in the order appended, as far as it survived.
    ///
    /// # Errors
    /// [`WalError::Corrupt`] for an entry that was made durable and does not read back; [`WalError::Io`].
    fn entries(&mut self) -> Result<Vec<Vec<u8>>, WalError>;

    /// Appends one entry. It need not be durable on return.
    ///
    /// # Errors
    /// [`WalError`]; the log is then unusable until it is opened again.
    fn append(&mut self, entry: &[u8]) -> Result<(), WalError>;

    /// Makes everything appended so far durable before it returns.
    ///
    /// # Errors
    /// [`WalError`]; nothing may be assumed durable then.
    fn flush(&mut self) -> Result<(), WalError>;

    /// Allows every entry to be forgotten. Entries may come back after a crash: each names the height it belongs to.
    ///
    /// # Errors
    /// [`WalError`].
    fn reset(&mut self) -> Result<(), WalError>;
}

/// One thing to remember, and the height it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Entry {
    pub(crate) height: Height,
    pub(crate) record: Record,
}

/// What the engine must find again after a crash.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) enum Record {
    /// A vote, own or received.
    Vote(SignedVote),
    /// A proposal, own or received.
    Proposal(SignedProposal),
    /// A timeout that elapsed.
    Timeout { step: Step, round: u32 },
    /// This node's verdict on a body.
    Verdict { round: u32, valid_round: Option<u32>, proposer: Address, block: BlockId, verdict: Verdict },
    /// A quorum of prevotes received as a whole.
    Polka(PolkaProof),
    /// The body of a block that this node proposed or found valid.
    Body(EncodedBlock),
    /// An action submitted through this node.
    Queued(RawAction),
    /// A queued action that is final or given back.
    Settled(Digest),
}

/// Steps of a round that time out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub(crate) enum Step {
    Propose,
    Prevote,
    Precommit,
    Rebroadcast,
}

/// Whether the ledger accepts a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) enum Verdict {
    Valid,
    Invalid,
}

impl Canonical for Entry {
    const MAX_BYTES: usize = limits::BODY_BYTES;
}

/// Reads a log back. One entry that does not decode condemns the log: what it said is unknown, so nothing is safe.
pub(crate) fn read(wal: &mut dyn Wal) -> Result<Vec<Entry>, WalError> {
    let decode =
        |(position, bytes): (usize, Vec<u8>)| codec::decode(&bytes).map_err(|_| WalError::Corrupt { position });
    wal.entries()?.into_iter().enumerate().map(decode).collect()
}

#[cfg(test)]
mod tests;
