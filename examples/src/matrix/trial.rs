//! One network in which patients keep changing their minds and everybody keeps asking.

use super::{
    draw,
    model::{Asker, Model, Request, Rule, Whom},
};
use crate::error::{During, HostError};
use dmledger_core::{
    action::{self, Action, Dismiss, Revoke, SignedAction},
    codec::List,
    consent::{AccessRequest, Audience, Effect, Grant, GrantId, RequestId},
    decide::{AccessOutcome, Question, decide},
    envelope::{AccountId, ChainId, Envelope, Meaning},
    hash::Digest,
    identity::MemberId,
    key::SecretKey,
    ledger::{Ledger, StateMachine},
    record::RecordId,
    scope::{Conditions, Purpose, PurposeSet, Validity, Verb, VerbSet},
    testing::{
        World, WorldPlan,
        world::{Party, WORLD_BEGINS},
    },
    time::{Height, Moment, TimeRange, Timestamp},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::time::Duration;

const PATIENTS: usize = 3;
const INSTITUTIONS: usize = 6;
/// Attempts between one block and the next.
const ATTEMPTS_A_BLOCK: u64 = 400;
/// Attempts of these that are put on the ledger and answered by the block.
const LOGGED_A_BLOCK: u64 = 4;
const HOUR: Duration = Duration::from_secs(3600);

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
}

/// The network, the model of it, and the dice.
pub struct Trial {
    world: World,
    ledger: Ledger,
    model: Model,
    /// Grants by the number of their rule.
    grants: Vec<GrantId>,
    records: Vec<Vec<RecordId>>,
    revocations_only: bool,
    rng: ChaCha20Rng,
    score: Score,
}

impl std::fmt::Debug for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trial").field("score", &self.score).finish_non_exhaustive()
    }
}

impl Trial {
    /// Founds the network: six institutions, three patients with a day of hourly records each.
    ///
    /// # Errors
    /// None that a seed is known for.
    pub fn new(seed: u64, revocations_only: bool) -> Result<Self, HostError> {
        let plan = WorldPlan { seed, institutions: INSTITUTIONS, patients: PATIENTS, ..WorldPlan::default() };
        let mut world = World::new(plan).during("network")?;
        let mut ledger = world.populated().during("network")?;
        let mut records = Vec::new();
        for patient in 0..PATIENTS {
            let entries = world.entries(patient, draw::HOURS).during("records")?;
            records.push(entries.iter().map(|entry| entry.facts().record).collect());
            let anchor = world.anchor(patient, entries).during("records")?;
            world.advance(&mut ledger, &[anchor]).during("records")?;
        }
        let mut askers = Vec::new();
        for party in world.institutions() {
            let member = ledger.facts().member(&party.id()).during("member")?;
            let member = member.ok_or_else(|| HostError::new("a founder was not admitted"))?;
            let certified_until = member.valid().end().millis();
            askers.push(Asker { role: party.role as u8, certified_until, dismissed: false });
        }
        let model = Model { askers, rules: Vec::new() };
        let (grants, rng, score) = (Vec::new(), ChaCha20Rng::seed_from_u64(seed), Score::default());
        Ok(Self { world, ledger, model, grants, records, revocations_only, rng, score })
    }

    /// Makes `attempts` requests, with a block of changed minds every now and then.
    ///
    /// # Errors
    /// If the network stops.
    pub fn run(mut self, attempts: u64) -> Result<Score, HostError> {
        while self.score.attempts < attempts {
            self.minds_change()?;
            for _ in 0..ATTEMPTS_A_BLOCK.min(attempts - self.score.attempts) {
                self.attempt()?;
            }
        }
        Ok(self.score)
    }

    /// A block: new grants, revocations, now and then a dismissal, and some requests for the log.
    fn minds_change(&mut self) -> Result<(), HostError> {
        let (height, time) = (self.ledger.tip().height.value() + 1, self.world.clock().millis() + 1_000);
        let mut actions = Vec::new();
        for patient in 0..PATIENTS {
            let roles: Vec<_> = self.model.askers.iter().map(|asker| asker.role).collect();
            let rule = draw::rule(&mut self.rng, patient, &roles, height, time);
            if !self.crowded(&rule, height, time) {
                actions.push(self.grant(&rule)?);
                self.model.rules.push(rule);
            }
        }
        for _ in 0..if self.revocations_only { 3 } else { 1 } {
            actions.extend(self.revoke(actions.len())?);
        }
        if !self.revocations_only && height.is_multiple_of(400) {
            actions.extend(self.dismiss(height / 400)?);
        }
        self.world.advance(&mut self.ledger, &actions).during("block")?;
        if draw::once_in(&mut self.rng, 4) {
            self.world.wait(Duration::from_secs(draw::below(&mut self.rng, 5)));
        }
        self.log()
    }

    /// Whether the account has as many grants in force for this audience as it can hold.
    fn crowded(&self, rule: &Rule, height: u64, time: i64) -> bool {
        let same = |other: &&Rule| other.patient == rule.patient && other.whom == rule.whom;
        let stands = |other: &&Rule| !other.ended && time < other.times.1 && height < other.heights.1;
        let full = self.model.rules.iter().rev().take(4_000).filter(same).filter(stands).count() >= 60;
        // A grant to a member that has left is refused.
        full || matches!(rule.whom, Whom::One(one) if self.model.askers.get(one).is_none_or(|asker| asker.dismissed))
    }

    fn grant(&mut self, rule: &Rule) -> Result<SignedAction, HostError> {
        let audience = match rule.whom {
            Whom::One(one) => Audience::Member(self.member(one)?),
            Whom::Role(role) => {
                let party = self.world.institutions().iter().find(|party| party.role as u8 == role);
                Audience::Role(party.ok_or_else(|| HostError::new("no such role"))?.role)
            }
            Whom::All => Audience::Consortium,
        };
        let hour = |hour: u64| WORLD_BEGINS.plus(HOUR * u32::try_from(hour).unwrap_or(u32::MAX));
        let times = TimeRange::new(Timestamp::from_millis(rule.times.0), Timestamp::from_millis(rule.times.1));
        let verbs = match rule.verbs {
            (true, true) => VerbSet::QUERY_AND_UPDATE,
            (false, true) => VerbSet::UPDATE,
            _ => VerbSet::QUERY,
        };
        let (from, until) = (Height::new(rule.heights.0), Height::new(rule.heights.1));
        let named: Vec<_> = Purpose::ALL.iter().copied().filter(|one| rule.purposes.contains(&one.code())).collect();
        let grant = Grant {
            effect: if rule.permits { Effect::Permit } else { Effect::Deny },
            audience,
            data: TimeRange::new(hour(rule.hours.0), hour(rule.hours.1)).during("hours")?,
            validity: Validity::new(times.during("validity")?, from, until).during("validity")?,
            verbs,
            purposes: PurposeSet::new(&named).during("purposes")?,
            quota: rule.left,
            ..self.world.grant_to(0, 0)
        };
        self.grants.push(grant.id);
        self.world.grant(rule.patient, grant).during("grant")
    }

    /// Takes one of the latest grants back, if one of those before this block stands. `pending` rules are of this block.
    fn revoke(&mut self, pending: usize) -> Result<Option<SignedAction>, HostError> {
        let known = self.model.rules.len().saturating_sub(pending);
        let Some(number) = known.checked_sub(1 + draw::place(&mut self.rng, known.clamp(1, 30))) else {
            return Ok(None);
        };
        let (Some(rule), Some(grant)) = (self.model.rules.get_mut(number), self.grants.get(number)) else {
            return Ok(None);
        };
        if core::mem::replace(&mut rule.ended, true) {
            return Ok(None);
        }
        // Closing a door takes one key; taking back what keeps one closed takes as many as opening it.
        let action = if rule.permits {
            self.world.revoke(rule.patient, *grant)
        } else {
            self.world.by_patient(rule.patient, Action::Revoke(Revoke { grant: *grant }))
        };
        action.during("revocation").map(Some)
    }

    /// Dismisses a member, at most two of them.
    fn dismiss(&mut self, which: u64) -> Result<Option<SignedAction>, HostError> {
        let Some(number) = usize::try_from(which).ok().filter(|number| (1..=2).contains(number)) else {
            return Ok(None);
        };
        let leaving = INSTITUTIONS - number;
        let mut action =
            Envelope::new(self.world.chain(), None, Action::Dismiss(Dismiss { member: self.member(leaving)? }));
        for party in self.world.institutions().iter().take(3) {
            action = action.sign(&party.key, Meaning::Approved).during("dismissal")?;
        }
        if let Some(asker) = self.model.askers.get_mut(leaving) {
            asker.dismissed = true;
        }
        Ok(Some(action))
    }

    /// Some honest requests go into a block: the entry in the log is the answer, and a quota is spent.
    fn log(&mut self) -> Result<(), HostError> {
        let (mut asked, mut actions) = (Vec::new(), Vec::new());
        while asked.len() < usize::try_from(LOGGED_A_BLOCK).unwrap_or(0) {
            let request = draw::request(&mut self.rng, &self.model.rules, PATIENTS, INSTITUTIONS);
            let (Some(asker), Some(patient), true, true) =
                (request.asker, request.patient, request.holds_key, request.this_network)
            else {
                continue;
            };
            let put = self.request(&request)?;
            asked.push((request, put.id));
            actions.push(self.world.access(asker, patient, put).during("request")?);
        }
        self.world.advance(&mut self.ledger, &actions).during("block")?;
        let (height, time) = (self.ledger.tip().height, self.ledger.tip().time);
        for (request, id) in asked {
            let ought = self.model.allows(&request, height.value(), time.millis());
            let is_allowed = self.answer(&id)?;
            if let Some(rule) = ought.filter(|_| is_allowed) {
                self.model.spend(rule);
            }
            self.count(ought.is_some(), is_allowed);
        }
        Ok(())
    }

    fn answer(&self, id: &RequestId) -> Result<bool, HostError> {
        let (facts, none) = (self.ledger.facts(), || HostError::new("a request without an answer"));
        let position = facts.get::<dmledger_core::state::tables::LogPosition>(&facts.places().request(id));
        let position = position.during("log")?.ok_or_else(none)?;
        let place = facts.places().access(&position.account, position.number);
        let entry = facts.get::<dmledger_core::decide::AccessEntry>(&place).during("log")?.ok_or_else(none)?;
        Ok(matches!(entry.outcome, AccessOutcome::Allowed { .. }))
    }

    /// One request, asked of both: as it would be answered in the next block, or some seconds later.
    fn attempt(&mut self) -> Result<(), HostError> {
        let request = draw::request(&mut self.rng, &self.model.rules, PATIENTS, INSTITUTIONS);
        let (height, time) = (self.ledger.tip().height.next(), self.ledger.tip().time);
        let later = Duration::from_millis(1 + 500 * draw::below(&mut self.rng, 9));
        let at = Moment { height, time: time.plus(later) };
        let put = self.request(&request)?;
        let honest = request.holds_key && request.this_network && request.asker.is_some();
        let is_allowed = if honest { self.decided(&request, &put, at)? } else { self.accepted(&request, put)? };
        let ought = self.model.allows(&request, at.height.value(), at.time.millis()).is_some();
        self.count(ought, is_allowed);
        Ok(())
    }

    fn count(&mut self, ought: bool, is_allowed: bool) {
        self.score.attempts += 1;
        self.score.allowed += u64::from(ought && is_allowed);
        self.score.unauthorised += u64::from(is_allowed && !ought);
        self.score.wrongful_refusals += u64::from(ought && !is_allowed);
    }

    fn decided(&self, request: &Request, put: &AccessRequest, at: Moment) -> Result<bool, HostError> {
        let member = self.member(request.asker.unwrap_or(0))?;
        let question = Question { chain: self.world.chain(), member, account: self.account(request), request: put };
        Ok(decide(&self.ledger.facts(), &question, at).during("decision")?.is_allowed())
    }

    /// Requests of strangers, of thieves and for other networks have to fail before anything is decided.
    fn accepted(&mut self, request: &Request, put: AccessRequest) -> Result<bool, HostError> {
        let account = self.account(request);
        let chain = if request.this_network { self.world.chain() } else { ChainId::new(Digest::new([7; 32])) };
        let thief = self.world.key();
        let victim = request.asker.and_then(|one| self.world.institutions().get(one)).map(|party| &party.key);
        let signer = victim.filter(|_| request.holds_key).unwrap_or(&thief);
        let action = Envelope::new(chain, Some(account), Action::Access(put));
        let mut raw = action.sign(signer, Meaning::Authored).and_then(|one| action::encode(&one).map_err(Into::into));
        if let (Some(victim), false, Ok(signed)) = (victim, request.holds_key, &raw) {
            raw = Ok(disguised(signed, &thief, victim).unwrap_or_else(|| signed.clone()));
        }
        Ok(self.ledger.examine(&raw.during("request")?).is_ok())
    }

    fn request(&mut self, request: &Request) -> Result<AccessRequest, HostError> {
        let record = |(owner, hour): &(usize, u64)| {
            let hour = usize::try_from(*hour).ok()?;
            self.records.get(*owner)?.get(hour).copied()
        };
        let records: Vec<_> = request.records.iter().filter_map(record).collect();
        let purpose = Purpose::ALL.iter().copied().find(|one| one.code() == request.purpose);
        let named = request.named.and_then(|number| self.grants.get(number).copied());
        Ok(AccessRequest {
            id: RequestId::new(self.world.bytes()),
            records: List::new(records).during("records")?,
            verb: if request.updates { Verb::Update } else { Verb::Query },
            purpose: purpose.ok_or_else(|| HostError::new("no such purpose"))?,
            undertaking: Conditions::NONE,
            grant: named,
        })
    }

    fn account(&self, request: &Request) -> AccountId {
        let known = request.patient.and_then(|patient| self.world.patients().get(patient));
        known.map_or_else(|| AccountId::new(Digest::new([9; 32])), |patient| patient.account)
    }

    fn member(&self, number: usize) -> Result<MemberId, HostError> {
        self.world.institutions().get(number).map(Party::id).ok_or_else(|| HostError::new("no such member"))
    }
}

/// The same bytes with the thief's name replaced by the victim's.
fn disguised(
    signed: &dmledger_core::block::RawAction,
    thief: &SecretKey,
    victim: &SecretKey,
) -> Option<dmledger_core::block::RawAction> {
    let (from, to) = (thief.public(), victim.public());
    let mut bytes = signed.as_slice().to_vec();
    let at = bytes.windows(from.as_bytes().len()).position(|window| window == from.as_bytes())?;
    bytes.get_mut(at..at + to.as_bytes().len())?.copy_from_slice(to.as_bytes());
    dmledger_core::block::RawAction::new(bytes).ok()
}
