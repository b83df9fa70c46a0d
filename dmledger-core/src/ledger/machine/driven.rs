//! The ledger as an engine drives it.

use super::Ledger;
use crate::{
    action::{Fault, configure::Settings},
    block::{Block, FinalizedBlock, RawAction, Tip},
    envelope::ChainId,
    hash::Digest,
    ledger::{
        Applied, BlockContext, LedgerError, Rejection, StateMachine,
        execution::{Executed, next_validators, unreadable},
    },
    quorum::ValidatorSet,
    state::{Tree, tables::Facts},
    time::{Height, Timestamp},
    traits::BlockCommit,
};

impl StateMachine for Ledger {
    fn chain(&self) -> ChainId {
        self.chain
    }

    fn tip(&self) -> Tip {
        self.tip.clone()
    }

    fn validators(&self, height: Height) -> Result<ValidatorSet, LedgerError> {
        if height > self.tip.height.next() {
            return Err(LedgerError::UnknownHeight { height });
        }
        if height == self.tip.height.next() {
            return Ok(self.validators.clone());
        }
        let block = self.store.block(height)?.ok_or(LedgerError::UnknownHeight { height })?;
        // The set seldom changes: no need for an old state while the header names today's.
        if block.block().header().validators == self.validators.digest() {
            return Ok(self.validators.clone());
        }
        let before = height.previous().unwrap_or(Height::GENESIS);
        let tree = Tree::open(self.store.at(before)?, before).map_err(unreadable)?;
        next_validators(&Facts::new(self.chain, &tree))
    }

    fn check(&self, action: &RawAction) -> Result<Digest, Rejection> {
        self.examine(action).map_err(|fault| match fault {
            Fault::Refused(refusal) => refusal.into(),
            Fault::State(error) => Rejection::new(1, error.to_string()),
        })
    }

    fn propose(&self, context: &BlockContext, pool: &mut dyn Iterator<Item = RawAction>) -> Result<Block, LedgerError> {
        if context.height != self.tip.height.next() {
            return Err(LedgerError::UnknownHeight { height: context.height });
        }
        let at = self.next_moment(context.time);
        let (actions, executed) = self.gather(pool, at)?;
        let block = Block::new(self.header(&actions, &executed, at, context.proposer), actions)?;
        self.executed.keep(block.id(), executed);
        Ok(block)
    }

    fn validate(&self, block: &Block, now: Timestamp) -> Result<(), LedgerError> {
        // Offered again in a later round, perhaps much later: it was right by the clock when it was new.
        if self.executed.holds(&block.id()) {
            return Ok(block.verify_body()?);
        }
        self.check_header(block)?;
        self.check_clock(block.header().time, now)?;
        block.verify_body()?;
        let executed = self.execute_block(block)?;
        self.executed.keep(block.id(), executed);
        Ok(())
    }

    fn apply(&mut self, block: FinalizedBlock) -> Result<Applied, LedgerError> {
        if block.block().header().height <= self.tip.height {
            return self.repeated(&block);
        }
        block.verify(&self.tip, &self.chain, &self.validators)?;
        let executed = match self.executed.take(&block.block().id()) {
            Some(executed) => executed,
            None => {
                self.check_header(block.block())?;
                self.execute_block(block.block())?
            }
        };
        let tip = Tip::after(block.block().header(), Some(&self.tip));
        let Executed { update, actions, next_validators: next } = executed;
        let commit = BlockCommit { block, tip, changes: update.changes };
        self.store.commit(&commit)?;
        self.tip = commit.tip;
        self.executed.clear();
        if self.tree.advance(update.pending, self.store.at(self.tip.height)?).is_err() {
            self.reopen()?;
        }
        if next != self.validators.digest() {
            self.validators = next_validators(&self.facts())?;
        }
        self.settings = Settings::read(&self.facts()).map_err(unreadable)?;
        Ok(Applied::new(self.tip.height, self.tip.state_root, actions))
    }

    fn finalized(&self, height: Height) -> Result<Option<FinalizedBlock>, LedgerError> {
        Ok(self.store.block(height)?)
    }
}
