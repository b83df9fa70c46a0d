//! A seeded chain of blocks with real signatures, for tests of stores, followers and audits.

use std::error::Error;

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

use crate::{
    block::{Block, FinalizedBlock, Header, RawAction, Tip},
    envelope::ChainId,
    hash::{Digest, tree},
    key::{SecretKey, Suite},
    quorum::{BlockId, QuorumCertificate, Validator, ValidatorSet, Vote, VoteKind},
    time::{Height, Timestamp},
    traits::{BlockCommit, RowKey, StateChanges},
};

type Failed = Box<dyn Error + Send + Sync>;

/// Makes one block after another. The same seed makes the same chain.
#[derive(Debug)]
pub struct Chain {
    network: ChainId,
    keys: Vec<SecretKey>,
    validators: ValidatorSet,
    tip: Option<Tip>,
    random: ChaCha20Rng,
}

/// What goes into a block.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a plain argument of tests")]
pub struct Content {
    /// How many actions.
    pub actions: usize,
    /// Length of each in bytes.
    pub action_bytes: usize,
    /// New rows.
    pub put: Vec<(RowKey, Vec<u8>)>,
    /// Rows that are no longer reachable.
    pub stale: Vec<RowKey>,
}

impl Chain {
    /// A network with four validators and no block.
    ///
    /// # Errors
    /// None that a seed is known for.
    pub fn new(seed: u64) -> Result<Self, Failed> {
        let mut random = ChaCha20Rng::seed_from_u64(seed);
        let network = ChainId::new(digest(&mut random));
        let keys: Vec<_> = (0..4).map(|_| SecretKey::generate(Suite::Bip340, &mut random)).collect();
        let validators = ValidatorSet::new(keys.iter().map(|key| Validator::new(key.public(), 1)).collect())?;
        Ok(Self { network, keys, validators, tip: None, random })
    }

    /// The network all blocks are made for.
    #[must_use]
    pub const fn network(&self) -> ChainId {
        self.network
    }

    /// Who certifies the blocks.
    #[must_use]
    pub const fn validators(&self) -> &ValidatorSet {
        &self.validators
    }

    /// Height of the next block.
    #[must_use]
    pub fn height(&self) -> Height {
        self.tip.as_ref().map_or(Height::GENESIS, |tip| tip.height.next())
    }

    /// The next block; the chain goes on from it.
    ///
    /// # Errors
    /// If the content does not fit into a block.
    pub fn next(&mut self, content: Content) -> Result<BlockCommit, Failed> {
        let commit = self.candidate(content)?;
        self.tip = Some(commit.tip.clone());
        Ok(commit)
    }

    /// A block that could come next; the chain stays where it is. Two candidates are two different blocks.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub fn candidate(&mut self, content: Content) -> Result<BlockCommit, Failed> {
        let height = self.height();
        let mut actions = Vec::with_capacity(content.actions);
        for _ in 0..content.actions {
            let mut bytes = vec![0; content.action_bytes];
            self.random.fill_bytes(&mut bytes);
            actions.push(RawAction::new(bytes)?);
        }
        let at = i64::try_from(height.value())?.saturating_mul(1000);
        let header = Header {
            chain: self.network,
            height,
            parent: self.tip.as_ref().map_or(BlockId::new(Digest::ZERO), |tip| tip.id),
            time: Timestamp::from_millis(1_700_000_000_000 + at),
            actions_root: tree::root(&actions),
            history_root: self.tip.as_ref().map_or_else(tree::empty, |tip| tip.history.root()),
            state_root: digest(&mut self.random),
            validators: self.validators.digest(),
            next_validators: self.validators.digest(),
            proposer: self.validators.addresses().first().copied().ok_or("no validators")?,
        };
        let tip = Tip::after(&header, self.tip.as_ref());
        let block = self.certified(Block::new(header, actions)?)?;
        Ok(BlockCommit {
            block,
            tip,
            changes: StateChanges { version: height, put: content.put, stale: content.stale },
        })
    }

    /// The block with the precommits of all validators; genesis as it is.
    ///
    /// # Errors
    /// If the block does not fit its certificate.
    pub fn certified(&self, block: Block) -> Result<FinalizedBlock, Failed> {
        let height = block.header().height;
        if height == Height::GENESIS {
            return Ok(FinalizedBlock::genesis(block)?);
        }
        let id = block.id();
        let mut signatures = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            let voter = Validator::new(key.public(), 1).address();
            let vote = Vote { kind: VoteKind::Precommit, height, round: 0, block: Some(id), voter };
            signatures.push((voter, key.sign(&vote.digest(&self.network))?));
        }
        Ok(FinalizedBlock::new(block, QuorumCertificate::new(height, 0, id, signatures)?)?)
    }

    /// Bytes from the chain's generator.
    pub fn random_bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.random.fill_bytes(&mut bytes);
        bytes
    }

    /// A number below `bound` (which is at least 1) from the chain's generator.
    pub fn random_below(&mut self, bound: u64) -> u64 {
        self.random.next_u64() % bound.max(1)
    }
}

/// A row key as the state tree makes them: version big-endian, then `rest`.
///
/// # Errors
/// If `rest` is longer than 56 bytes.
pub fn row_key(version: Height, rest: &[u8]) -> Result<RowKey, Failed> {
    Ok(RowKey::new([&version.value().to_be_bytes()[..], rest].concat())?)
}

fn digest(random: &mut ChaCha20Rng) -> Digest {
    let mut bytes = [0; 32];
    random.fill_bytes(&mut bytes);
    Digest::new(bytes)
}
