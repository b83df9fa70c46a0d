//! Gates in the world: the same [`Desk`] that serves on a thread elsewhere, over the world's links and clocks.

use super::{What, World};
use crate::{
    node::gate::{Desk, DeskEvent, DeskOutput, Errand, GateService, Report},
    transport::{Channel, Frame},
};
use std::collections::BTreeMap;

/// The gates of a world and the errands that have ended.
#[derive(Debug, Default)]
pub(super) struct Gates {
    desks: BTreeMap<usize, Desk>,
    reports: BTreeMap<u64, Report>,
}

impl World {
    /// Puts a gate at a node: one that serves, or without a service one that asks only. A node that is down neither
    /// hears nor answers.
    pub fn open_gate(&mut self, node: usize, service: Option<GateService>) {
        let Some(peer) = self.nodes.get(node).map(|node| node.peer) else { return };
        let seed = self.queue.number().to_le_bytes();
        let mut wide = [0; 32];
        wide.iter_mut().zip(seed).for_each(|(to, from)| *to = from);
        self.gates.desks.insert(node, Desk::new(peer, service, wide));
    }

    /// Sends a node on an errand. The number names it in [`Self::report`].
    pub fn send_errand(&mut self, node: usize, errand: Errand) -> u64 {
        let number = self.queue.number();
        self.gate(node, DeskEvent::Errand(number, Box::new(errand)));
        number
    }

    /// What came of an errand, if it has ended.
    #[must_use]
    pub fn report(&self, errand: u64) -> Option<&Report> {
        self.gates.reports.get(&errand)
    }

    pub(super) fn gate(&mut self, number: usize, event: DeskEvent) {
        let now = self.clock.at(number);
        if !self.is_up(number) {
            return;
        }
        let Some(desk) = self.gates.desks.get_mut(&number) else { return };
        for output in desk.step(event, now) {
            self.carry_out_gate(number, output);
        }
    }

    fn carry_out_gate(&mut self, number: usize, output: DeskOutput) {
        match output {
            DeskOutput::Send { to, bytes } => {
                let Some(from) = self.nodes.get(number).map(|node| node.peer) else { return };
                let Some(to) = self.numbers.get(&to).copied() else { return };
                for delay in self.network.deliver(number, to, &mut self.rng) {
                    let frame = Frame { from, channel: Channel::Gate, bytes: std::sync::Arc::clone(&bytes) };
                    self.schedule(delay, What::Frame { to, frame });
                }
            }
            DeskOutput::SetTimer { id, after } => self.schedule(after, What::GateTimer { node: number, id }),
            DeskOutput::Done { errand, report } => {
                self.gates.reports.insert(errand, report);
            }
        }
    }
}
