//! Headers and blocks: what is linked, what is committed to, and how a follower checks it without running a rule.

use crate::{
    codec::{Bytes, Canonical, CodecError, List},
    envelope::ChainId,
    hash::{
        Digest, tag, tagged,
        tree::{self, Frontier},
    },
    quorum::{Address, BlockId, QuorumCertificate, QuorumError, ValidatorSet},
    time::{Height, Timestamp},
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

/// Longest action in bytes.
pub const MAX_ACTION_BYTES: usize = 64 * 1024;
/// Most actions in one block.
pub const MAX_ACTIONS: usize = 16_384;
/// Longest block in bytes.
pub const MAX_BLOCK_BYTES: usize = 16 * 1024 * 1024;

/// An action as it travels and is stored: canonical bytes that only the ledger opens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct RawAction(Bytes<MAX_ACTION_BYTES>);

impl RawAction {
    /// Takes encoded bytes over.
    ///
    /// # Errors
    /// [`CodecError::TooLong`] above [`MAX_ACTION_BYTES`].
    pub fn new(bytes: Vec<u8>) -> Result<Self, CodecError> {
        Bytes::new(bytes).map(Self)
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Digest of these bytes, endorsements included.
    #[must_use]
    pub fn digest(&self) -> Digest {
        tagged(tag::RAW_ACTION, self.as_slice())
    }
}

impl AsRef<[u8]> for RawAction {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl Canonical for RawAction {
    const MAX_BYTES: usize = MAX_ACTION_BYTES + 8;
}

/// What a block commits to. Its digest is the block's identity, and that is what validators sign.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Header {
    /// The network.
    pub chain: ChainId,
    /// Place in the chain.
    pub height: Height,
    /// The block before it; zero for genesis.
    pub parent: BlockId,
    /// Block time: the proposer's clock, later than the parent's, within the allowed skew of a quorum's clocks.
    pub time: Timestamp,
    /// RFC 6962 root over the actions' bytes.
    pub actions_root: Digest,
    /// RFC 6962 root over the identities of all earlier blocks, genesis first.
    pub history_root: Digest,
    /// Root of the state after this block.
    pub state_root: Digest,
    /// Digest of the validator set that decides this block.
    pub validators: Digest,
    /// Digest of the validator set that decides the next one.
    pub next_validators: Digest,
    /// Who proposed it.
    pub proposer: Address,
}

impl Header {
    /// The block's identity.
    #[must_use]
    pub fn id(&self) -> BlockId {
        BlockId::new(crate::hash::of(tag::BLOCK, self))
    }
}

impl Canonical for Header {
    const MAX_BYTES: usize = 320;
}

/// A header and its actions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Block {
    header: Header,
    actions: List<RawAction, MAX_ACTIONS>,
}

impl Block {
    /// Puts a block together; whether header and actions belong together is [`Self::verify_body`]'s question.
    ///
    /// # Errors
    /// [`BlockError::TooLarge`] above [`MAX_ACTIONS`] or [`MAX_BLOCK_BYTES`].
    pub fn new(header: Header, actions: Vec<RawAction>) -> Result<Self, BlockError> {
        let block = Self { header, actions: List::new(actions).map_err(|_| BlockError::TooLarge)? };
        if block.size() > MAX_BLOCK_BYTES { Err(BlockError::TooLarge) } else { Ok(block) }
    }

    /// What the block commits to.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The actions in order.
    #[must_use]
    pub fn actions(&self) -> &[RawAction] {
        &self.actions
    }

    /// The block's identity.
    #[must_use]
    pub fn id(&self) -> BlockId {
        self.header.id()
    }

    /// Bytes of the encoding, to within the few of the version byte.
    #[must_use]
    pub fn size(&self) -> usize {
        Header::MAX_BYTES + self.actions.iter().map(|action| action.as_slice().len() + 4).sum::<usize>()
    }

    /// Checks that the header commits to these actions.
    ///
    /// # Errors
    /// [`BlockError::ActionsRoot`].
    pub fn verify_body(&self) -> Result<(), BlockError> {
        if tree::root(&self.actions) == self.header.actions_root { Ok(()) } else { Err(BlockError::ActionsRoot) }
    }
}

impl Canonical for Block {
    const MAX_BYTES: usize = MAX_BLOCK_BYTES + 1024;
}

/// A block and the certificate that makes it final. Only genesis has none: everybody holds it from the start.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct FinalizedBlock {
    block: Block,
    certificate: Option<QuorumCertificate>,
}

impl FinalizedBlock {
    /// A decided block.
    ///
    /// # Errors
    /// [`BlockError::WrongCertificate`] if the certificate is about another block or height.
    pub fn new(block: Block, certificate: QuorumCertificate) -> Result<Self, BlockError> {
        let one = Self { block, certificate: Some(certificate) };
        one.matches().then_some(()).ok_or(BlockError::WrongCertificate)?;
        Ok(one)
    }

    /// The block everything begins with.
    ///
    /// # Errors
    /// [`BlockError::MissingCertificate`] for any other height than 0.
    pub fn genesis(block: Block) -> Result<Self, BlockError> {
        let one = Self { block, certificate: None };
        one.matches().then_some(()).ok_or(BlockError::MissingCertificate)?;
        Ok(one)
    }

    /// The block.
    #[must_use]
    pub const fn block(&self) -> &Block {
        &self.block
    }

    /// The proof of finality; `None` for genesis only.
    #[must_use]
    pub const fn certificate(&self) -> Option<&QuorumCertificate> {
        self.certificate.as_ref()
    }

    /// Checks everything a follower can check without running a rule: link, time, history, body, validators, quorum.
    ///
    /// # Errors
    /// [`BlockError`] with the first thing that does not fit.
    pub fn verify(&self, tip: &Tip, chain: &ChainId, validators: &ValidatorSet) -> Result<(), BlockError> {
        self.block.header().verify_link(tip, chain)?;
        if self.block.header().validators != validators.digest() {
            return Err(BlockError::ValidatorSet);
        }
        let certificate = self.certificate.as_ref().ok_or(BlockError::MissingCertificate)?;
        if !self.matches() {
            return Err(BlockError::WrongCertificate);
        }
        self.block.verify_body()?;
        Ok(certificate.verify(chain, validators)?)
    }

    fn matches(&self) -> bool {
        let header = self.block.header();
        match &self.certificate {
            None => header.height == Height::GENESIS,
            Some(one) => one.height() == header.height && one.block() == header.id(),
        }
    }
}

impl Canonical for FinalizedBlock {
    const MAX_BYTES: usize = Block::MAX_BYTES + QuorumCertificate::MAX_BYTES;
}

impl Header {
    /// Checks that this header follows `tip` on `chain`: next height, parent, later time, history.
    ///
    /// # Errors
    /// [`BlockError`] with the first thing that does not fit.
    pub fn verify_link(&self, tip: &Tip, chain: &ChainId) -> Result<(), BlockError> {
        if self.chain != *chain {
            return Err(BlockError::WrongChain);
        }
        if self.height != tip.height.next() {
            return Err(BlockError::WrongHeight { found: self.height, expected: tip.height.next() });
        }
        if self.parent != tip.id {
            return Err(BlockError::WrongParent);
        }
        if self.time <= tip.time {
            return Err(BlockError::TimeNotAfterParent);
        }
        if self.history_root != tip.history.root() {
            return Err(BlockError::HistoryRoot);
        }
        Ok(())
    }
}

/// Where a chain stands: all a node needs to check and build the next block.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Tip {
    /// Height of the last block.
    pub height: Height,
    /// Its identity.
    pub id: BlockId,
    /// Its time.
    pub time: Timestamp,
    /// State root after it.
    pub state_root: Digest,
    /// Tree over the identities of all blocks up to and including it.
    pub history: Frontier,
}

impl Tip {
    /// The tip after `header`, which follows `parent`; `None` for genesis.
    #[must_use]
    pub fn after(header: &Header, parent: Option<&Self>) -> Self {
        let mut history = parent.map_or_else(Frontier::default, |tip| tip.history.clone());
        let id = header.id();
        history.push(id.as_bytes());
        Self { height: header.height, id, time: header.time, state_root: header.state_root, history }
    }
}

impl Canonical for Tip {
    const MAX_BYTES: usize = 4096;
}

/// Why a block does not belong where it was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BlockError {
    /// More actions or bytes than a block holds.
    #[error("block over {MAX_ACTIONS} actions or {MAX_BLOCK_BYTES} bytes")]
    TooLarge,
    /// Made for another network.
    #[error("block of another network")]
    WrongChain,
    /// Not the next height.
    #[error("block at height {found} where {expected} was expected")]
    WrongHeight {
        /// Height of the block.
        found: Height,
        /// Height that would fit.
        expected: Height,
    },
    /// Does not link to the tip.
    #[error("block does not link to the last one")]
    WrongParent,
    /// Time stands still or runs back.
    #[error("block time is not after its parent's")]
    TimeNotAfterParent,
    /// The header commits to another history.
    #[error("history root does not match")]
    HistoryRoot,
    /// The header commits to other actions.
    #[error("actions do not match the header")]
    ActionsRoot,
    /// The header names another validator set.
    #[error("validator set does not match the header")]
    ValidatorSet,
    /// A block after genesis without certificate.
    #[error("no quorum certificate")]
    MissingCertificate,
    /// The certificate is about another block.
    #[error("quorum certificate of another block")]
    WrongCertificate,
    /// The certificate does not hold.
    #[error(transparent)]
    Quorum(#[from] QuorumError),
}

#[cfg(test)]
mod tests;
