//! One node's gate as a pure step: frames, errands and timers in; frames, timers and reports out.

use super::{
    errand::{Errand, Report, Running},
    service::GateService,
};
use crate::{
    transport::PeerId,
    wire::{GateMessage, GateSaid, Message},
};
use dmledger_core::{
    hash::Digest,
    time::{Height, Timestamp},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

/// What happens to a gate.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "every driver handles all of them")]
pub enum DeskEvent {
    /// A frame of the gate channel arrived.
    Frame {
        /// The authenticated sender.
        from: PeerId,
        /// The encoded message.
        bytes: Arc<[u8]>,
    },
    /// The host has an errand; the number names it in [`DeskOutput::Done`].
    Errand(u64, Box<Errand>),
    /// A timer that was set is due.
    Timer(u64),
}

/// What a gate wants done.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "every driver handles all of them")]
pub enum DeskOutput {
    /// Send this frame on the gate channel.
    Send {
        /// To whom.
        to: PeerId,
        /// The encoded message.
        bytes: Arc<[u8]>,
    },
    /// Come back with this timer.
    SetTimer {
        /// The timer's name.
        id: u64,
        /// After this long.
        after: Duration,
    },
    /// An errand has ended.
    Done {
        /// Its number.
        errand: u64,
        /// What came of it.
        report: Report,
    },
}

/// The gate of one node.
pub struct Desk {
    local: PeerId,
    service: Option<GateService>,
    running: BTreeMap<u64, (Digest, Running)>,
    rng: ChaCha20Rng,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("local", &self.local).field("running", &self.running.len()).finish_non_exhaustive()
    }
}

impl Desk {
    /// The gate of the node known as `local`. Without a service it asks only. `seed` is drawn from the operating system
    /// and used for nothing else: the seals of its answers come from it.
    #[must_use]
    pub fn new(local: PeerId, service: Option<GateService>, seed: [u8; 32]) -> Self {
        Self { local, service, running: BTreeMap::new(), rng: ChaCha20Rng::from_seed(seed) }
    }

    /// Lets one event happen, by a clock that says `now`.
    pub fn step(&mut self, event: DeskEvent, now: Timestamp) -> Vec<DeskOutput> {
        let mut out = Vec::new();
        match event {
            DeskEvent::Frame { from, bytes } => match GateMessage::read(&bytes) {
                Ok(GateMessage::Answer { to, height, said }) => self.heard(from, to, (height, said), &mut out),
                Ok(message) => {
                    let answer = self.serve(from, &message, now);
                    out.extend(answer.map(|answer| DeskOutput::Send { to: from, bytes: answer.frame() }));
                }
                Err(error) => tracing::debug!(%from, %error, "unreadable gate frame"),
            },
            DeskEvent::Errand(number, errand) => {
                let running = Running::new(*errand);
                if let Some(asked) = running.message().asked() {
                    self.running.insert(number, (asked, running));
                    self.ask(number, now, &mut out);
                }
            }
            DeskEvent::Timer(number) => {
                let is_over = self.running.get_mut(&number).map(|(_, running)| running.pass());
                match is_over {
                    Some(true) => self.finish(number, &mut out),
                    Some(false) => self.ask(number, now, &mut out),
                    None => {}
                }
            }
        }
        out
    }

    fn serve(&mut self, from: PeerId, message: &GateMessage, now: Timestamp) -> Option<GateMessage> {
        self.service.as_mut()?.answer(from, message, now, &mut self.rng)
    }

    /// Asks whoever has not answered; this node itself at once.
    fn ask(&mut self, number: u64, now: Timestamp, out: &mut Vec<DeskOutput>) {
        let Some((asked, running)) = self.running.get(&number) else { return };
        let (asked, unheard, message) = (*asked, running.unheard(), running.message().clone());
        let (turn, bytes) = (running.turn(), message.frame());
        out.push(DeskOutput::SetTimer { id: number, after: turn });
        for to in unheard {
            if to != self.local {
                out.push(DeskOutput::Send { to, bytes: Arc::clone(&bytes) });
            } else if let Some(GateMessage::Answer { height, said, .. }) = self.serve(to, &message, now) {
                self.heard(to, asked, (height, said), out);
            }
        }
    }

    fn heard(&mut self, from: PeerId, to: Digest, (height, said): (Height, GateSaid), out: &mut Vec<DeskOutput>) {
        let concerned = self.running.iter_mut().filter(|(_, (asked, _))| *asked == to);
        let done: Vec<_> = concerned
            .filter_map(|(number, (_, running))| running.take(from, height, said.clone()).then_some(*number))
            .collect();
        for number in done {
            self.finish(number, out);
        }
    }

    fn finish(&mut self, number: u64, out: &mut Vec<DeskOutput>) {
        if let Some((_, running)) = self.running.remove(&number) {
            out.push(DeskOutput::Done { errand: number, report: running.report() });
        }
    }
}
