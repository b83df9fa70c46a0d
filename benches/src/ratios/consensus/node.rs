//! Our node, over a ledger without rules.

use super::VALIDATORS;
use dmledger_core::{
    block::{Block, FinalizedBlock, Header, RawAction, Tip},
    envelope::ChainId,
    hash::{Digest, tree},
    ledger::{Applied, BlockContext, LedgerError, Rejection, StateMachine},
    quorum::{Address, BlockId, ValidatorSet},
    time::{Height, Timestamp},
};
use dmledger_net::{
    engine::{self, Config, MemoryWal, Parts},
    node::SystemClock,
    testing,
    transport::{MemoryHub, PeerId},
};
use futures::executor::block_on;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Makes four nodes finalise `blocks` blocks and says how far apart they were at the first.
pub fn run(blocks: u64) -> Result<Vec<Duration>, Box<dyn std::error::Error>> {
    let (hub, set) = (MemoryHub::new(), testing::validators(VALIDATORS)?);
    let mut nodes = Vec::new();
    for n in 0..VALIDATORS {
        let key = testing::secret_key(n);
        nodes.push(engine::validator(Parts {
            transport: Arc::new(hub.join(PeerId::of(&key.public()))),
            state_machine: Box::new(Opaque::new(set.clone())),
            signer: Some(Arc::new(key)),
            wal: Box::new(MemoryWal::new()),
            clock: Arc::new(SystemClock),
            config: Config::default(),
        })?);
    }
    let first = nodes.first().ok_or("no nodes")?;
    block_on(first.submit(RawAction::new(b"never executed, so there is always work".to_vec())?))?;
    let mut intervals = Vec::new();
    let mut height = block_on(first.next_finalized(Height::GENESIS))?.block().header().height;
    while height.value() < blocks {
        let start = Instant::now();
        height = block_on(first.next_finalized(height))?.block().header().height;
        intervals.push(start.elapsed());
    }
    for node in &nodes {
        block_on(node.shutdown());
    }
    Ok(intervals)
}

/// A ledger without rules: every proposal holds the same number of opaque actions.
struct Opaque {
    set: ValidatorSet,
    tip: Tip,
    blocks: Vec<FinalizedBlock>,
}

impl Opaque {
    fn new(set: ValidatorSet) -> Self {
        Self { tip: Tip::after(&genesis(&set), None), set, blocks: Vec::new() }
    }

    fn header(&self, actions: &[RawAction], height: Height, time: Timestamp, proposer: Address) -> Header {
        Header {
            chain: self.chain(),
            height,
            parent: self.tip.id,
            time: time.max(self.tip.time.plus(Duration::from_millis(1))),
            actions_root: tree::root(actions),
            history_root: self.tip.history.root(),
            state_root: Digest::ZERO,
            validators: self.set.digest(),
            next_validators: self.set.digest(),
            proposer,
        }
    }
}

fn genesis(set: &ValidatorSet) -> Header {
    Header {
        chain: ChainId::new(Digest::ZERO),
        height: Height::GENESIS,
        parent: BlockId::new(Digest::ZERO),
        time: Timestamp::EPOCH,
        actions_root: Digest::ZERO,
        history_root: Digest::ZERO,
        state_root: Digest::ZERO,
        validators: set.digest(),
        next_validators: set.digest(),
        proposer: Address::from_bytes([0; 20]),
    }
}

impl StateMachine for Opaque {
    fn chain(&self) -> ChainId {
        ChainId::new(Digest::ZERO)
    }

    fn tip(&self) -> Tip {
        self.tip.clone()
    }

    fn validators(&self, _height: Height) -> Result<ValidatorSet, LedgerError> {
        Ok(self.set.clone())
    }

    fn check(&self, action: &RawAction) -> Result<Digest, Rejection> {
        Ok(action.digest())
    }

    fn propose(&self, context: &BlockContext, _: &mut dyn Iterator<Item = RawAction>) -> Result<Block, LedgerError> {
        let actions: Vec<_> =
            super::actions(context.height.value()).filter_map(|one| RawAction::new(one).ok()).collect();
        let header = self.header(&actions, context.height, context.time, context.proposer);
        Ok(Block::new(header, actions)?)
    }

    fn validate(&self, block: &Block, _now: Timestamp) -> Result<(), LedgerError> {
        block.header().verify_link(&self.tip, &self.chain())?;
        Ok(block.verify_body()?)
    }

    fn apply(&mut self, block: FinalizedBlock) -> Result<Applied, LedgerError> {
        if let Some(certificate) = block.certificate() {
            certificate.verify(&self.chain(), &self.set).map_err(dmledger_core::block::BlockError::from)?;
        }
        self.tip = Tip::after(block.block().header(), Some(&self.tip));
        self.blocks.push(block);
        Ok(Applied::new(self.tip.height, Digest::ZERO, Vec::new()))
    }

    fn finalized(&self, height: Height) -> Result<Option<FinalizedBlock>, LedgerError> {
        let index = usize::try_from(height.value()).unwrap_or(0).checked_sub(1);
        Ok(index.and_then(|index| self.blocks.get(index).cloned()))
    }
}
