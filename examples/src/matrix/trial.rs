//! One network in which patients keep changing their minds and everybody keeps asking.
//!
//! `found` founds it, `change` is what patients, institutions and trustees do between the requests, `ask` makes the
//! requests and compares the answers.

mod ask;
mod change;
mod found;

use super::{
    draw,
    model::{Keeping, Model},
    vault::Vault,
};
use crate::error::{During, HostError};
use ask::Late;
use dmledger_core::{
    consent::Grant,
    emergency::EmergencyId,
    envelope::AccountId,
    hash::Digest,
    ledger::{Ledger, StateMachine},
    record::RecordId,
    testing::{World, world::Party},
    time::Moment,
};
use rand_chacha::ChaCha20Rng;

const PATIENTS: usize = 3;
const MEMBERS: usize = 6;
/// Attempts between one block and the next.
const ATTEMPTS_A_BLOCK: u64 = 400;
/// Attempts of a block that are put on the ledger and answered by it, in a trial without keys.
const LOGGED_A_BLOCK: u64 = 4;

/// How it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a run prints")]
pub struct Score {
    /// Requests made.
    pub attempts: u64,
    /// Requests that were allowed and ought to have been.
    pub allowed: u64,
    /// Allowed, and ought not to have been.
    pub unauthorised: u64,
    /// Refused, and ought to have been allowed.
    pub wrongful_refusals: u64,
    /// What was changed between the requests.
    pub changes: Changes,
}

/// What happened beside the requests, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a run prints")]
pub struct Changes {
    /// Rules made, exclusions included.
    pub grants: u64,
    /// Rules taken back.
    pub revocations: u64,
    /// Rules put in other terms: renewed, narrowed.
    pub replaced: u64,
    /// Grants handed over to another member.
    pub handed_over: u64,
    /// Records erased.
    pub erased: u64,
    /// Records published by institutions.
    pub published: u64,
    /// Of these, taken in by the patient.
    pub confirmed: u64,
    /// Emergencies asked for.
    pub emergencies: u64,
    /// Certificates renewed.
    pub renewed: u64,
    /// Patients whose lost keys were replaced.
    pub recovered: u64,
}

/// What a run is like.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain argument")]
pub struct Plan {
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// Many more revocations, no dismissals: most requests rely on what has just been taken back.
    pub revocations: bool,
    /// Every request is logged and taken to the gate, and has to decrypt, or must not.
    pub crypto: bool,
}

/// The network, the model of it, and the dice.
pub struct Trial {
    world: World,
    ledger: Ledger,
    members: Vec<Party>,
    /// Digests of the members' encapsulation keys.
    kems: Vec<Digest>,
    /// Three for emergencies, then three for recoveries.
    trustees: Vec<Party>,
    model: Model,
    /// Grants by the number of their rule.
    grants: Vec<Grant>,
    /// Records by their number.
    records: Vec<RecordId>,
    /// Emergencies by their number.
    emergencies: Vec<EmergencyId>,
    published: Vec<change::Waiting>,
    late: Vec<Late>,
    vault: Option<Vault>,
    plan: Plan,
    rng: ChaCha20Rng,
    /// Blocks of changed minds so far.
    rounds: u64,
    score: Score,
}

impl std::fmt::Debug for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trial").field("score", &self.score).finish_non_exhaustive()
    }
}

impl Trial {
    /// Makes `attempts` requests, with a block of changed minds every now and then.
    ///
    /// # Errors
    /// If the network stops.
    pub fn run(mut self, attempts: u64) -> Result<Score, HostError> {
        while self.score.attempts < attempts {
            self.minds_change()?;
            let left = attempts - self.score.attempts;
            if self.vault.is_some() {
                self.open_late(left)?;
                self.open_logged(ATTEMPTS_A_BLOCK.min(attempts.saturating_sub(self.score.attempts)))?;
            } else {
                self.answered(LOGGED_A_BLOCK.min(left))?;
                for _ in 0..ATTEMPTS_A_BLOCK.min(attempts.saturating_sub(self.score.attempts)) {
                    self.attempt()?;
                }
            }
        }
        Ok(self.score)
    }

    fn count(&mut self, ought: bool, is_allowed: bool) {
        self.score.attempts += 1;
        self.score.allowed += u64::from(ought && is_allowed);
        self.score.unauthorised += u64::from(is_allowed && !ought);
        self.score.wrongful_refusals += u64::from(ought && !is_allowed);
    }

    /// The tip, in the model's numbers.
    fn now(&self) -> (u64, i64) {
        let tip = self.ledger.tip();
        (tip.height.value(), tip.time.millis())
    }

    fn tip(&self) -> Moment {
        let tip = self.ledger.tip();
        Moment { height: tip.height, time: tip.time }
    }

    fn account(&self, patient: Option<usize>) -> AccountId {
        let known = patient.and_then(|patient| self.world.patients().get(patient));
        let nobody = AccountId::new(Digest::new([9; 32]));
        known.map_or(nobody, |patient| patient.account)
    }

    fn member(&self, number: usize) -> Result<&Party, HostError> {
        self.members.get(number).ok_or_else(|| HostError::new("no such member"))
    }

    /// Adds a record to model and names; the number it gets.
    fn enter(&mut self, name: RecordId, patient: usize, hour: u64, keeping: Keeping) -> usize {
        self.records.push(name);
        self.model.records.push(super::model::Record { patient, hour, keeping });
        self.records.len() - 1
    }

    /// A block with these actions, all of which have to be taken.
    fn block(&mut self, actions: &[dmledger_core::action::SignedAction]) -> Result<(), HostError> {
        self.world.advance(&mut self.ledger, actions).during("block").map(drop)
    }

    fn once_in(&mut self, n: u64) -> bool {
        draw::once_in(&mut self.rng, n)
    }
}
