//! One request or order to several nodes, until enough have answered rightly or patience ends.

use crate::{
    transport::PeerId,
    wire::{GateMessage, GateSaid},
};
use dmledger_core::{
    consent::{GateOrder, GateRequest},
    decide::Withheld,
    envelope::Envelope,
    time::Height,
    traits::GateAnswers,
};
use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

/// How long an errand goes on. Frames get lost and nodes lag behind: whoever has not answered, or does not know the log
/// entry yet, is asked again at every turn.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "configuration")]
pub struct Patience {
    /// Time between two turns.
    pub turn: Duration,
    /// Turns after which it ends without enough answers.
    pub turns: u32,
    /// Turns that are left for the other nodes once there are enough right answers: so liars are found out.
    pub grace: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { turn: Duration::from_millis(50), turns: 100, grace: 1 }
    }
}

/// What a host wants of gate nodes.
pub struct Errand {
    pub(super) message: GateMessage,
    pub(super) members: Vec<PeerId>,
    pub(super) answers: Option<Arc<dyn GateAnswers>>,
    pub(super) patience: Patience,
}

impl fmt::Debug for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Errand")
            .field("members", &self.members)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

impl Errand {
    /// Asks `members` for partials until `answers` has enough.
    #[must_use]
    pub fn gather(
        request: Envelope<GateRequest>,
        members: Vec<PeerId>,
        answers: Arc<dyn GateAnswers>,
        patience: Patience,
    ) -> Self {
        Self { message: GateMessage::Ask(request), members, answers: Some(answers), patience }
    }

    /// Gives an order to `members` until each has carried it out.
    #[must_use]
    pub fn order(order: Envelope<GateOrder>, members: Vec<PeerId>, patience: Patience) -> Self {
        Self { message: GateMessage::Order(order), members, answers: None, patience }
    }
}

/// What came of an errand. A node stands in one list only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Whether there were enough right answers; for an order, whether every node has carried it out.
    pub is_complete: bool,
    /// Nodes that answered rightly, with the finalised height they decided at.
    pub right: Vec<(PeerId, Height)>,
    /// Receipts of what was erased, in canonical bytes, by node.
    pub receipts: Vec<(PeerId, Vec<u8>)>,
    /// Nodes whose partials were wrong.
    pub liars: Vec<PeerId>,
    /// Nodes that refused, and why.
    pub refused: Vec<(PeerId, GateSaid)>,
    /// Nodes that said nothing.
    pub silent: Vec<PeerId>,
}

impl Report {
    /// The reason most worth telling: that of the node that knew most, if any refused.
    #[must_use]
    pub fn reason(&self) -> Option<&GateSaid> {
        let said = |known: fn(&GateSaid) -> bool| self.refused.iter().map(|(_, said)| said).find(|said| known(said));
        said(|said| matches!(said, GateSaid::Withheld(Withheld::Denied { .. })))
            .or_else(|| said(|said| matches!(said, GateSaid::Withheld(_))))
            .or_else(|| said(|_| true))
    }
}

/// An errand under way.
pub(super) struct Running {
    errand: Errand,
    said: BTreeMap<PeerId, Heard>,
    turns: u32,
    grace: Option<u32>,
}

enum Heard {
    Right(Height, Option<Vec<u8>>),
    Wrong,
    Refused(GateSaid),
}

impl Running {
    pub(super) const fn new(errand: Errand) -> Self {
        Self { errand, said: BTreeMap::new(), turns: 0, grace: None }
    }

    pub(super) const fn message(&self) -> &GateMessage {
        &self.errand.message
    }

    pub(super) const fn turn(&self) -> Duration {
        self.errand.patience.turn
    }

    /// Whom to ask now: who has not answered, or did not know yet.
    pub(super) fn unheard(&self) -> Vec<PeerId> {
        let open = |peer: &&PeerId| match self.said.get(peer) {
            None => true,
            Some(Heard::Refused(said)) => may_change(said),
            Some(_) => false,
        };
        self.errand.members.iter().filter(open).copied().collect()
    }

    /// Takes what a node said; whether the errand is done with it.
    pub(super) fn take(&mut self, from: PeerId, height: Height, said: GateSaid) -> bool {
        if !self.unheard().contains(&from) {
            return false;
        }
        let heard = match (said, &self.errand.answers) {
            (GateSaid::Sealed(sealed), Some(answers)) => match answers.take(sealed.as_slice()) {
                Ok(()) => Heard::Right(height, None),
                Err(_) => Heard::Wrong,
            },
            (GateSaid::Kept, None) => Heard::Right(height, None),
            (GateSaid::Erased(receipt), None) => Heard::Right(height, Some(receipt.into_vec())),
            (GateSaid::Sealed(_), None) | (GateSaid::Kept | GateSaid::Erased(_), Some(_)) => Heard::Wrong,
            (refusal, _) => Heard::Refused(refusal),
        };
        self.said.insert(from, heard);
        if self.grace.is_none() && self.is_complete() {
            self.grace = Some(self.errand.patience.grace);
        }
        self.unheard().is_empty()
    }

    /// One more turn has passed; whether patience is over.
    pub(super) fn pass(&mut self) -> bool {
        self.turns += 1;
        if let Some(grace) = &mut self.grace {
            *grace = grace.saturating_sub(1);
        }
        self.grace == Some(0) || self.turns >= self.errand.patience.turns
    }

    fn is_complete(&self) -> bool {
        let right = || self.said.values().filter(|heard| matches!(heard, Heard::Right(..))).count();
        self.errand
            .answers
            .as_ref()
            .map_or_else(|| right() == self.errand.members.len(), |answers| answers.are_enough())
    }

    pub(super) fn report(self) -> Report {
        let mut report = Report { is_complete: self.is_complete(), ..Report::default() };
        report.silent = self.errand.members.iter().filter(|peer| !self.said.contains_key(peer)).copied().collect();
        for (peer, heard) in self.said {
            match heard {
                Heard::Right(height, receipt) => {
                    report.right.push((peer, height));
                    report.receipts.extend(receipt.map(|receipt| (peer, receipt)));
                }
                Heard::Wrong => report.liars.push(peer),
                Heard::Refused(said) => report.refused.push((peer, said)),
            }
        }
        report
    }
}

/// Whether a node may answer otherwise a little later.
const fn may_change(said: &GateSaid) -> bool {
    matches!(said, GateSaid::Withheld(Withheld::NotLogged { .. } | Withheld::NotOrdered { .. }) | GateSaid::Busy)
}
