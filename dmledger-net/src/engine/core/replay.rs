//! What a node does first: it reads its log, and takes up the height it crashed in without contradicting itself.
//!
//! The order is the engine's own and each step matters: begin the height; announce what the log holds, so that the
//! engine repeats recorded votes instead of signing new ones; feed the records; withdraw the announcement; and only
//! then answer the request for a block, which came first of all.

use super::{Core, Purpose};
use crate::{
    engine::wal::{self, Entry, Record, Verdict},
    error::Halt,
    wire::SignedProposal,
};
use dmledger_core::{block::Block, codec, quorum::BlockId};
use std::{collections::HashSet, time::Duration};

/// A replay in progress.
pub(super) struct Replay {
    entries: HashSet<Vec<u8>>,
    asked: bool,
}

impl Replay {
    /// Whether the log holds this entry already.
    pub(super) fn holds(&self, entry: &[u8]) -> bool {
        self.entries.contains(entry)
    }

    /// The engine asked for a block; it gets one when the replay is over.
    pub(super) fn asked(&mut self) {
        self.asked = true;
    }
}

impl Core {
    pub(super) fn begin(&mut self) {
        match wal::read(self.wal.as_mut()) {
            Ok(entries) => self.recover(entries),
            Err(error) => self.stop(Halt::Log(error.to_string())),
        }
        self.set_timer(Purpose::Tick, Duration::ZERO);
        self.consider_start();
    }

    fn recover(&mut self, entries: Vec<Entry>) {
        let height = self.tip.next();
        let mut records = Vec::new();
        for entry in entries {
            match entry.record {
                Record::Queued(action) => self.outbox.restore(action),
                Record::Settled(digest) => self.outbox.drop_restored(&digest),
                record if entry.height == height => records.push(record),
                _ => {}
            }
        }
        if !records.is_empty() && self.votes() {
            tracing::info!(node = %self.local, %height, records = records.len(), "taking up a height from the log");
            self.replay(&records);
        }
    }

    fn replay(&mut self, records: &[Record]) {
        let height = self.tip.next();
        let encode = |record: &Record| codec::encode(&Entry { height, record: record.clone() });
        self.replaying = Some(Replay { entries: records.iter().map(encode).collect(), asked: false });
        for record in records {
            self.recall_body(record);
        }
        self.enter_height();
        self.carry_out();
        self.engine(|engine, _| engine.begin_replay(records));
        for record in records {
            if self.running && self.halt.is_none() {
                self.engine(|engine, out| engine.replay(record, out));
                self.carry_out();
            }
        }
        self.engine(|engine, _| engine.end_replay());
        let asked = self.replaying.take().is_some_and(|replay| replay.asked);
        if asked && self.running && self.halt.is_none() {
            self.answer_late(records);
        }
    }

    fn recall_body(&mut self, record: &Record) {
        if let Record::Body(encoded) = record
            && let Ok(block) = codec::decode::<Block>(encoded.as_slice())
        {
            self.bodies.keep(block.id(), 0, block, encoded.clone());
        }
    }

    /// Proposes after a replay: nothing if the log shows a proposal for this round, the logged block if there is one.
    fn answer_late(&mut self, records: &[Record]) {
        let Some(round) = self.asked else { return };
        let own = self.local.address();
        let proposed = records.iter().any(|record| {
            matches!(record, Record::Proposal(SignedProposal { proposal, .. })
                if proposal.proposer == own && proposal.round == round)
        });
        if proposed {
            self.asked = None;
            return;
        }
        let built = |record: &Record| match record {
            Record::Verdict { round: of, proposer, block, verdict: Verdict::Valid, .. }
                if *of == round && *proposer == own =>
            {
                Some(*block)
            }
            _ => None,
        };
        match records.iter().find_map(built) {
            Some(id) => self.present_again(round, id),
            None => self.ask(round),
        }
    }

    fn present_again(&mut self, round: u32, id: BlockId) {
        self.asked = None;
        match self.bodies.copy(&id) {
            Some(block) => self.present(round, block),
            None => self.ask(round),
        }
    }
}
