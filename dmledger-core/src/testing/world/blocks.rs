//! Blocks of a world: proposed, certified, applied.

use super::{Failed, World};
use crate::{
    action::{self, SignedAction},
    block::{Block, FinalizedBlock, RawAction},
    ledger::{Applied, BlockContext, Ledger, StateMachine},
    quorum::{QuorumCertificate, Validator, Vote, VoteKind},
    testing::MemoryStore,
};
use core::time::Duration;
use std::sync::Arc;

impl World {
    /// The precommits of all validators on a block.
    ///
    /// # Errors
    /// If the block does not fit its certificate.
    pub fn certify(&self, block: Block) -> Result<FinalizedBlock, Failed> {
        let (height, id) = (block.header().height, block.id());
        let mut signatures = Vec::new();
        for key in &self.validators {
            let voter = Validator::new(key.public(), 1).address();
            let vote = Vote { kind: VoteKind::Precommit, height, round: 0, block: Some(id), voter };
            signatures.push((voter, key.sign(&vote.digest(&self.chain()))?));
        }
        Ok(FinalizedBlock::new(block, QuorumCertificate::new(height, 0, id, signatures)?)?)
    }

    /// A ledger that stands at genesis, over a store in memory.
    ///
    /// # Errors
    /// None that a seed is known for.
    pub fn ledger(&self) -> Result<Ledger, Failed> {
        Ok(Ledger::create(&self.genesis, Arc::new(MemoryStore::new()))?)
    }

    /// A ledger with all founding members admitted and all accounts open: height 2.
    ///
    /// # Errors
    /// None that a seed is known for.
    pub fn populated(&mut self) -> Result<Ledger, Failed> {
        let mut ledger = self.ledger()?;
        self.populate(&mut ledger)?;
        Ok(ledger)
    }

    /// Admits all founding members and opens all accounts, in two blocks.
    ///
    /// # Errors
    /// If the ledger is not this world's, or not at genesis.
    pub fn populate(&mut self, ledger: &mut Ledger) -> Result<(), Failed> {
        let admissions = self.admissions()?;
        self.advance(ledger, &admissions)?;
        let openings: Vec<_> = self.patients.iter().map(|patient| self.opening(patient)).collect::<Result<_, _>>()?;
        self.advance(ledger, &openings)?;
        Ok(())
    }

    /// One block later: a second passes, the actions are proposed, validated, certified and applied. Every one has to
    /// be taken.
    ///
    /// # Errors
    /// If an action is left out, or anything else goes wrong.
    pub fn advance(&mut self, ledger: &mut Ledger, actions: &[SignedAction]) -> Result<Applied, Failed> {
        let expected = actions.len();
        let block = self.propose(ledger, actions)?;
        if block.actions().len() != expected {
            let refused = actions.iter().filter_map(|one| ledger.check(&action::encode(one).ok()?).err());
            let reasons: Vec<_> = refused.map(|rejection| rejection.to_string()).collect();
            return Err(format!("{} of {expected} actions taken; {reasons:?}", block.actions().len()).into());
        }
        ledger.validate(&block, self.clock)?;
        Ok(ledger.apply(self.certify(block)?)?)
    }

    /// A block with those of the actions that execute, a second later.
    ///
    /// # Errors
    /// If no block can be made.
    pub fn propose(&mut self, ledger: &Ledger, actions: &[SignedAction]) -> Result<Block, Failed> {
        self.wait(Duration::from_secs(1));
        let proposer = self.validators.first().map(|key| Validator::new(key.public(), 1).address());
        let proposer = proposer.ok_or("no validators")?;
        let context = BlockContext { height: ledger.tip().height.next(), time: self.clock, proposer };
        let raw: Vec<RawAction> = actions.iter().map(action::encode).collect::<Result<_, _>>()?;
        Ok(ledger.propose(&context, &mut raw.into_iter())?)
    }
}
