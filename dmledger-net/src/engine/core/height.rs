//! A height from its start to its block: begin, propose, decide, apply.

use super::{Core, Output, Purpose};
use crate::{
    engine::wal::Record,
    error::Halt,
    wire::{BodyMessage, EncodedBlock},
};
use dmledger_core::{
    block::{Block, FinalizedBlock, RawAction},
    codec,
    ledger::BlockContext,
    quorum::QuorumCertificate,
};
use std::time::Duration;

impl Core {
    /// Sets the next height in motion if it may begin. The start is always a timer's event, never part of the step that
    /// finished the last height: a single validator would not get out of that step again.
    pub(super) fn consider_start(&mut self) {
        if !self.running && self.votes() && self.pacing.schedule(self.pool.has_work()) {
            self.set_timer(Purpose::Start, Duration::ZERO);
        }
    }

    pub(super) fn start_height(&mut self) {
        if !self.running && self.votes() && self.pacing.start(self.pool.has_work()) {
            self.enter_height();
            self.carry_out();
            self.unpark_bodies();
        }
    }

    /// Tells the engine that the height after the tip begins.
    pub(super) fn enter_height(&mut self) {
        self.running = true;
        self.asked = None;
        let (height, set) = (self.tip.next(), self.set.clone());
        self.engine(|engine, out| engine.start(height, &set, out));
    }

    /// A block is due from this node. With nothing to put into it, it waits a moment: the action that set the others to
    /// work may still be on its way.
    pub(super) fn ask(&mut self, round: u32) {
        self.asked = Some(round);
        if let Some(replay) = &mut self.replaying {
            replay.asked();
        } else if !self.pool.has_work() {
            let height = self.tip.next();
            self.set_timer(Purpose::Propose { height, round }, self.config.empty_wait);
        } else {
            self.propose(round);
        }
    }

    /// Builds a block, logs and sends its body, and gives it to the engine.
    pub(super) fn propose(&mut self, round: u32) {
        self.asked = None;
        let height = self.tip.next();
        let context = BlockContext { height, time: self.now, proposer: self.local.address() };
        let mut offered = self.pool.offer(self.appetite.propose(height, self.now));
        let block = self.machine.propose(&context, &mut offered);
        let looked_at = offered.looked_at();
        match block {
            Ok(block) => {
                let passed_over = self.pool.passed_over(&looked_at, block.actions());
                self.recheck(passed_over);
                self.present(round, block);
            }
            // The round goes to the next proposer when its time is up.
            Err(error) => tracing::warn!(node = %self.local, %height, round, %error, "no block to propose"),
        }
    }

    /// Proposes this very block. Its body is logged before it is sent: a block that others lock on must not be lost
    /// with the power of all of them.
    pub(super) fn present(&mut self, round: u32, block: Block) {
        let id = block.id();
        let Ok(encoded) = EncodedBlock::new(codec::encode(&block)) else {
            return tracing::warn!(node = %self.local, "the ledger built a block over the limit");
        };
        self.log(Record::Body(encoded.clone()));
        self.speak(&BodyMessage::Body { round, block: encoded.clone() });
        self.bodies.keep(id, round, block, encoded);
        self.engine(|engine, out| engine.propose(round, id, out));
    }

    /// A quorum has decided. The body is at hand unless this node only heard of it; then catch-up brings it.
    pub(super) fn decided(&mut self, certificate: QuorumCertificate) {
        if !self.running || certificate.height() != self.tip.next() {
            return;
        }
        let Some(block) = self.bodies.take(&certificate.block()) else {
            tracing::warn!(node = %self.local, height = %certificate.height(), "decided without a body");
            return;
        };
        match FinalizedBlock::new(block, certificate) {
            Ok(block) => self.apply(block),
            Err(error) => self.stop(Halt::Engine(error.to_string())),
        }
    }

    /// Applies a block whose certificate was checked, and moves on.
    pub(in crate::engine) fn apply(&mut self, block: FinalizedBlock) {
        let height = block.block().header().height;
        let digests: Vec<_> = block.block().actions().iter().map(RawAction::digest).collect();
        let actions = digests.len();
        if let Err(error) = self.machine.apply(block) {
            return self.stop(Halt::Ledger { height, reason: error.to_string() });
        }
        match self.machine.validators(height.next()) {
            Ok(set) => self.set = set,
            Err(error) => return self.stop(Halt::Ledger { height, reason: error.to_string() }),
        }
        self.tip = height;
        self.running = false;
        self.asked = None;
        self.list_others();
        self.timers.cancel_steps();
        self.bodies.enter(height.next());
        // The block is durable and nothing will be voted on at its height again.
        if self.votes() {
            self.forget_log();
        }
        self.out.push(Output::Applied { height });
        for digest in digests {
            self.pool.finalized(&digest, height);
            self.outbox_done(&digest);
            self.settle(digest, &Ok(height));
        }
        self.pool.block_applied(actions);
        self.settle_refused();
        self.tell_followers();
        self.appetite.applied(height, self.now);
        self.pacing.applied();
        if self.config.min_block_interval.is_zero() {
            self.pacing.rested();
            self.consider_start();
        } else {
            self.set_timer(Purpose::Rest, self.config.min_block_interval);
        }
    }
}
