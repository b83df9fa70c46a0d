//! What happens between the requests: patients grant, take back, renew, narrow, let hand over, erase, confirm; members
//! leave and renew their certificates; institutions publish; hospitals declare emergencies; lost keys are replaced.

mod power;

use super::{PATIENTS, Trial};
use crate::{
    error::{During, HostError},
    matrix::{
        draw,
        model::{Keeping, Record, Rule, Whom},
    },
};
use dmledger_core::{
    account::escrow::{Publication, Tweak, address},
    action::{Action, Confirm, HandOver, Replace, Revoke, SignedAction, Submit, Succession},
    codec::{Bytes, List},
    consent::{
        Audience, Effect, Grant, GrantId,
        erasure::{Custodian, Custody, Erased, ErasureId, ErasureOrder},
    },
    envelope::{AccountId, Envelope, Meaning},
    hash::Digest,
    ledger::StateMachine,
    record::{ContentId, IndexEntry, RecordId, index::IndexFacts},
    scope::{Purpose, PurposeSet, Validity, VerbSet},
    testing::{World, world::WORLD_BEGINS},
    time::{Height, TimeRange, Timestamp},
};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
/// How rare the rare changes are.
const ROUNDS_TO_A_RECOVERY: u64 = 20;
const ROUNDS_TO_A_DISMISSAL: u64 = 90;

/// A publication that the patient has not answered.
#[derive(Debug)]
pub(super) struct Waiting {
    patient: usize,
    record: usize,
    address: AccountId,
    tweak: Tweak,
}

impl Trial {
    /// A block of changed minds.
    pub(super) fn minds_change(&mut self) -> Result<(), HostError> {
        let (height, time) = (self.ledger.tip().height.value() + 1, self.world.clock().millis() + 1_000);
        self.rounds += 1;
        let rounds = self.rounds;
        let mut actions = Vec::new();
        let known = self.model.rules.len();
        for patient in 0..PATIENTS {
            let roles: Vec<_> = self.model.askers.iter().map(|asker| asker.role).collect();
            let rule = draw::rule(&mut self.rng, patient, &roles, height, time);
            if !self.crowded(&rule, height, time) {
                actions.push(self.grant(rule)?);
            }
        }
        for _ in 0..if self.plan.revocations { 3 } else { 1 } {
            actions.extend(self.revoke(known)?);
        }
        let mut gone = None;
        if !self.plan.revocations {
            actions.extend(self.alter(known, height, time)?);
            actions.extend(self.publish_or_confirm(height, time)?);
            actions.extend(self.emergency(height, time)?);
            actions.extend(self.certificates(time)?);
            if rounds.is_multiple_of(ROUNDS_TO_A_DISMISSAL) {
                actions.extend(self.dismiss(rounds / ROUNDS_TO_A_DISMISSAL)?);
            }
            if self.once_in(5) {
                let (erasing, target) = self.erase()?;
                actions.extend(erasing);
                gone = target;
            }
        }
        self.block(&actions)?;
        if let (Some(vault), Some((record, order))) = (&mut self.vault, gone) {
            vault.erase(&self.world, record, order)?;
        }
        if rounds.is_multiple_of(ROUNDS_TO_A_RECOVERY) && !self.plan.revocations {
            self.recover(usize::try_from(rounds / ROUNDS_TO_A_RECOVERY).unwrap_or(0) % PATIENTS)?;
        }
        if self.once_in(4) {
            self.world.wait(Duration::from_secs(draw::below(&mut self.rng, 5)));
        }
        Ok(())
    }

    /// Whether the account has as many grants in force for this audience as it can hold, or the audience cannot be given
    /// any.
    fn crowded(&self, rule: &Rule, height: u64, time: i64) -> bool {
        let same = |other: &&Rule| other.patient == rule.patient && other.whom == rule.whom;
        let stands = |other: &&Rule| !other.ended && !other.is_over(height, time);
        let full = self.model.rules.iter().rev().take(4_000).filter(same).filter(stands).count() >= 60;
        full || matches!(rule.whom, Whom::One(one) if !self.model.is_fit(one, time))
    }

    /// A rule on its way into the ledger, and the keys that go with it.
    fn enter_rule(&mut self, rule: Rule) -> Result<Grant, HostError> {
        let mut grant = self.terms(&rule)?;
        if let Some(vault) = &mut self.vault {
            let audience = (0..self.model.askers.len()).filter(|asker| match rule.whom {
                Whom::One(one) => one == *asker,
                Whom::Role(role) => self.model.askers.get(*asker).is_some_and(|one| one.role == role),
                Whom::All => true,
            });
            if rule.permits {
                grant.body = vault.deliver(&self.world, &grant, rule.patient, &audience.collect::<Vec<_>>())?;
            }
        }
        self.grants.push(grant.clone());
        self.model.rules.push(rule);
        Ok(grant)
    }

    fn grant(&mut self, rule: Rule) -> Result<SignedAction, HostError> {
        let patient = rule.patient;
        let grant = self.enter_rule(rule)?;
        self.score.changes.grants += 1;
        self.world.grant(patient, grant).during("grant")
    }

    /// The rule in the ledger's words.
    fn terms(&mut self, rule: &Rule) -> Result<Grant, HostError> {
        let audience = match rule.whom {
            Whom::One(one) => Audience::Member(self.member(one)?.id()),
            Whom::Role(role) => {
                let party = self.members.iter().find(|party| party.role as u8 == role);
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
        Ok(Grant {
            effect: if rule.permits { Effect::Permit } else { Effect::Deny },
            audience,
            data: TimeRange::new(hour(rule.hours.0), hour(rule.hours.1)).during("hours")?,
            validity: Validity::new(times.during("validity")?, from, until).during("validity")?,
            verbs,
            purposes: PurposeSet::new(&named).during("purposes")?,
            quota: rule.left,
            ..self.world.grant_to(0, 0)
        })
    }

    /// One of the latest rules of those known before this block, if it stands.
    fn standing_rule(&mut self, known: usize) -> Option<usize> {
        let number = known.checked_sub(1 + draw::place(&mut self.rng, known.clamp(1, 30)))?;
        self.model.rules.get(number).filter(|rule| !rule.ended).map(|_| number)
    }

    /// Takes one of the latest grants back, if it stands.
    fn revoke(&mut self, known: usize) -> Result<Option<SignedAction>, HostError> {
        let Some(number) = self.standing_rule(known) else { return Ok(None) };
        let (Some(rule), Some(grant)) = (self.model.rules.get_mut(number), self.grants.get(number)) else {
            return Ok(None);
        };
        rule.ended = true;
        self.score.changes.revocations += 1;
        // Closing a door takes one key; taking back what keeps one closed takes as many as opening it.
        let action = if rule.permits {
            self.world.revoke(rule.patient, grant.id)
        } else {
            self.world.by_patient(rule.patient, Action::Revoke(Revoke { grant: grant.id }))
        };
        action.during("revocation").map(Some)
    }

    /// Renews, narrows or hands over one of the latest grants, if it stands.
    fn alter(&mut self, known: usize, height: u64, time: i64) -> Result<Option<SignedAction>, HostError> {
        let Some(number) = self.standing_rule(known) else { return Ok(None) };
        let Some((old, from)) = self.model.rules.get(number).cloned().zip(self.grants.get(number).map(|one| one.id))
        else {
            return Ok(None);
        };
        let way = draw::below(&mut self.rng, 3);
        let serves = old.permits && !old.is_over(height, time) && old.left != Some(0);
        let rule = match (way, old.whom) {
            (0, _) => self.renewed(&old, height, time),
            (1, _) if serves => {
                Rule { hours: (old.hours.0, old.hours.0 + (old.hours.1 - old.hours.0).div_ceil(2)), ..old.clone() }
            }
            (2, Whom::One(holder)) if serves && self.model.is_fit(holder, time) => {
                let next = (holder + 1 + draw::place(&mut self.rng, self.members.len() - 1)) % self.members.len();
                Rule { whom: Whom::One(next), ..old.clone() }
            }
            _ => return Ok(None),
        };
        if self.crowded(&rule, height, time) {
            return Ok(None);
        }
        if let Some(old) = self.model.rules.get_mut(number) {
            old.ended = true;
        }
        let grant = self.enter_rule(Rule { quota: if way == 0 { old.quota } else { old.left }, ..rule })?;
        self.signed_change(way, &old, from, grant).map(Some)
    }

    /// The same terms for longer, with a new quota.
    fn renewed(&mut self, old: &Rule, height: u64, time: i64) -> Rule {
        let later = 1_000 + 1_000 * i64::try_from(draw::below(&mut self.rng, 20)).unwrap_or(0);
        let until = match old.heights.1 {
            u64::MAX => u64::MAX,
            until => until.max(height + 1) + draw::below(&mut self.rng, 6),
        };
        let times = (old.times.0, old.times.1.max(time) + later);
        Rule { times, heights: (old.heights.0, until), left: old.quota, ..old.clone() }
    }

    fn signed_change(&mut self, way: u64, old: &Rule, from: GrantId, grant: Grant) -> Result<SignedAction, HostError> {
        let (patient, changes) = (old.patient, &mut self.score.changes);
        let (holder, how) = match (way, old.whom) {
            (2, Whom::One(holder)) => (holder, None),
            (1, _) => (0, Some(Succession::Narrow)),
            _ => (0, Some(Succession::Renew)),
        };
        let Some(how) = how else {
            changes.handed_over += 1;
            let action = self.world.by_patient(patient, Action::HandOver(Box::new(HandOver { from, grant })));
            return action
                .during("handing over")?
                .sign(&self.member(holder)?.key, Meaning::CoSigned)
                .during("handing over");
        };
        changes.replaced += 1;
        let body = Action::Replace(Box::new(Replace { from, how, grant }));
        let action = match (how, self.world.patients().get(patient)) {
            // Narrowing closes and opens nothing: one key is enough.
            (Succession::Narrow, Some(keys)) => self.world.by(patient, body, &[(&keys.phone, Meaning::Authored)]),
            _ => self.world.by_patient(patient, body),
        };
        action.during("replacing")
    }

    /// The patient erases a record and registers another of the same hour; what is gone at the gate, and by which order.
    #[expect(clippy::type_complexity, reason = "actions, and what they mean for the gate")]
    fn erase(&mut self) -> Result<(Vec<SignedAction>, Option<(RecordId, ErasureId)>), HostError> {
        let number = draw::place(&mut self.rng, self.records.len());
        let Some((one, name)) = self.model.records.get_mut(number).zip(self.records.get(number).copied()) else {
            return Ok((Vec::new(), None));
        };
        if one.keeping != Keeping::Kept {
            return Ok((Vec::new(), None));
        }
        one.keeping = Keeping::Erased;
        let (patient, hour) = (one.patient, one.hour);
        let id = ErasureId::new(self.world.bytes());
        let custody = Custody::GateKeys { committee: 1, node: 0 };
        let custodian = self.world.institutions().first().map(|party| Custodian { member: party.id(), custody });
        let custodians = List::new(custodian.into_iter().collect()).during("custodians")?;
        let order = ErasureOrder { id, erased: Erased::Record(name), custodians };
        let order = self.world.by_patient(patient, Action::OrderErasure(Box::new(order))).during("erasure")?;
        let in_account = |one: &&Record| one.patient == patient && one.keeping != Keeping::Waiting;
        let sequence = self.model.records.iter().filter(in_account).count() as u64;
        let entry = self.entry(patient, hour, sequence)?;
        self.enter(entry.facts().record, patient, hour, Keeping::Kept);
        self.score.changes.erased += 1;
        Ok((vec![order, self.world.anchor(patient, vec![entry]).during("records")?], Some((name, id))))
    }

    /// An institution publishes a record into an account, or a patient takes one in that waits. What nobody answers runs
    /// out by itself.
    fn publish_or_confirm(&mut self, height: u64, time: i64) -> Result<Option<SignedAction>, HostError> {
        if let Some(one) = self.published.pop() {
            if self.once_in(2) {
                return Ok(None);
            }
            if let Some(record) = self.model.records.get_mut(one.record) {
                record.keeping = Keeping::Kept;
            }
            if let (Some(vault), Some(name)) = (&mut self.vault, self.records.get(one.record)) {
                vault.adopt(&self.world, one.patient, name)?;
            }
            self.score.changes.confirmed += 1;
            let body = Action::Confirm(Confirm { address: one.address, tweak: one.tweak });
            return self.world.by_patient(one.patient, body).during("confirmation").map(Some);
        }
        if !self.once_in(3) {
            return Ok(None);
        }
        let (patient, hour) = (draw::place(&mut self.rng, PATIENTS), draw::below(&mut self.rng, draw::HOURS));
        self.publish(patient, hour, height, time).map(Some)
    }

    fn publish(&mut self, patient: usize, hour: u64, height: u64, time: i64) -> Result<SignedAction, HostError> {
        let chain = self.world.chain();
        let (entry, published) = match &mut self.vault {
            Some(vault) => vault.publish(&self.world, patient, hour)?,
            None => {
                let made = made_up(&mut self.world, patient, hour, IndexFacts::IN_ESCROW)?;
                (made, None)
            }
        };
        let tweak = published.unwrap_or_else(|| Tweak::new(self.world.bytes()));
        let none = || HostError::new("no such institution or patient");
        let (to, from) = self.world.patients().get(patient).zip(self.world.institutions().first()).ok_or_else(none)?;
        let entry = IndexEntry::sign(entry.facts().clone(), &from.key, &chain, &to.account).during("publication")?;
        let (account, phone) = (to.account, to.phone.public());
        let address = address(&chain, &account, [from.key.public(), phone], &tweak);
        let until = Timestamp::from_millis(time + 10_000);
        let open = TimeRange::new(Timestamp::EPOCH, until).during("publication")?;
        let publication = Publication {
            address,
            patient: phone,
            entries: List::new(vec![entry.clone()]).during("publication")?,
            open: Validity::new(open, Height::GENESIS, Height::new(height + 50)).during("publication")?,
            note: Bytes::default(),
        };
        let body = Envelope::new(chain, Some(account), Action::Submit(Box::new(Submit { publication })));
        let action = body.sign(&from.key, Meaning::Authored).during("publication")?;
        let record = self.enter(entry.facts().record, patient, hour, Keeping::Waiting);
        self.published.push(Waiting { patient, record, address, tweak });
        self.score.changes.published += 1;
        Ok(action)
    }
}

/// An entry of the index about nothing that exists, for a ledger without keys.
pub(super) fn made_up(world: &mut World, patient: usize, hour: u64, sequence: u64) -> Result<IndexEntry, HostError> {
    let (record, content, header) = (world.bytes(), world.bytes(), world.bytes());
    let facts = IndexFacts {
        record: RecordId::new(record),
        sequence,
        content: ContentId::new(Digest::new(content), 4096),
        header: Digest::new(header),
        commitments: Digest::ZERO,
        count: 0,
        span: World::hour(hour).during("hour")?,
        epoch: 0,
    };
    let patient = world.patients().get(patient).ok_or_else(|| HostError::new("no such patient"))?;
    IndexEntry::sign(facts, &patient.gateway, &world.chain(), &patient.account).during("index")
}
