//! The ledger against a model that knows nothing of lists at hand, traces or trees: it keeps everything and looks at
//! all of it for every question.

use super::{Done, anchored};
use core::time::Duration;
use dmledger_core::{
    action::{Action, HandOver, Refer, Renounce, Replace, Revoke, SignedAction, Succession, Terminate},
    consent::{Agreement, AgreementId, Audience, Effect, Grant, GrantId, GrantStatus},
    decide::{AccessOutcome, Reason},
    envelope::Meaning,
    identity::{MemberId, Role},
    ledger::{Ledger, Query, StateMachine},
    record::RecordId,
    scope::{Purpose, PurposeSet, Validity, Verb, VerbSet},
    testing::{World, WorldPlan, world::WORLD_BEGINS},
    time::{Height, Moment, TimeRange},
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

const HOURS: u64 = 12;
const PURPOSES: [Purpose; 3] = [Purpose::Treatment, Purpose::Research, Purpose::Payment];

/// A grant as the model keeps it.
struct Kept {
    grant: Grant,
    ended: bool,
    used: u32,
    /// The agreement whose right it is.
    agreement: Option<AgreementId>,
    /// The grant it was referred under.
    parent: Option<GrantId>,
}

/// A question as the model keeps it.
struct Asked {
    member: (MemberId, Role),
    hours: Vec<u64>,
    verb: Verb,
    purpose: Purpose,
    named: Option<GrantId>,
}

impl Kept {
    const fn new(grant: Grant) -> Self {
        Self { grant, ended: false, used: 0, agreement: None, parent: None }
    }

    /// Neither ended nor out of time or quota.
    fn serves(&self, at: Moment) -> bool {
        let validity = self.grant.validity;
        !self.ended
            && validity.time().start() <= at.time
            && at.time < validity.time().end()
            && validity.from() <= at.height
            && at.height < validity.until()
            && self.has_quota()
    }

    /// May be narrowed, handed over or given up: an ordinary grant of one member that can serve yet.
    fn is_free(&self, at: Moment) -> bool {
        let is_over = at.time >= self.grant.validity.time().end() || at.height >= self.grant.validity.until();
        let one = matches!(self.grant.audience, Audience::Member(_)) && self.grant.effect == Effect::Permit;
        one && !self.ended && !is_over && self.has_quota() && self.agreement.is_none() && self.parent.is_none()
    }

    /// Less of the same, for somebody.
    fn less(&self, id: GrantId, audience: Audience) -> Grant {
        let left = self.grant.quota.map(|quota| quota - self.used);
        Grant { id, audience, quota: left, ..self.grant.clone() }
    }

    fn is_for(&self, member: (MemberId, Role)) -> bool {
        match self.grant.audience {
            Audience::Member(id) => id == member.0,
            Audience::Role(role) => role == member.1,
            Audience::Consortium => true,
            _ => false,
        }
    }

    fn is_in_force(&self, asked: &Asked, at: Moment) -> bool {
        let validity = self.grant.validity;
        !self.ended
            && validity.time().start() <= at.time
            && at.time < validity.time().end()
            && validity.from() <= at.height
            && at.height < validity.until()
            && self.grant.verbs.contains(asked.verb)
            && self.grant.purposes.contains(asked.purpose)
            && self.is_for(asked.member)
    }

    fn hour_is_inside(&self, hour: u64) -> bool {
        let start = WORLD_BEGINS.plus(Duration::from_secs(3600 * hour));
        self.grant.data.start() <= start && start.plus(Duration::from_secs(3600)) <= self.grant.data.end()
    }

    fn touches_hour(&self, hour: u64) -> bool {
        let start = WORLD_BEGINS.plus(Duration::from_secs(3600 * hour));
        self.grant.data.start() < start.plus(Duration::from_secs(3600)) && start < self.grant.data.end()
    }

    fn has_quota(&self) -> bool {
        self.grant.quota.is_none_or(|quota| self.used < quota)
    }

    fn permits(&self, asked: &Asked, all: &[Self], at: Moment) -> bool {
        let parent = self.parent.and_then(|id| all.iter().find(|kept| kept.grant.id == id));
        self.parent.is_none() == parent.is_none()
            && parent.is_none_or(|parent| parent.serves(at))
            && self.grant.effect == Effect::Permit
            && self.is_in_force(asked, at)
            && self.has_quota()
            && asked.hours.iter().all(|hour| self.hour_is_inside(*hour))
            && asked.named.is_none_or(|name| name == self.grant.id)
    }

    fn forbids(&self, asked: &Asked, at: Moment) -> bool {
        self.grant.effect == Effect::Deny
            && self.is_in_force(asked, at)
            && asked.hours.iter().any(|hour| self.touches_hour(*hour))
    }
}

/// Checks the ledger's answer against everything the model knows, and spends what was used.
fn compare(all: &mut [Kept], asked: &Asked, at: Moment, answer: AccessOutcome, seed: u64) {
    let forbidden = all.iter().any(|kept| kept.forbids(asked, at));
    let permitted = all.iter().any(|kept| kept.permits(asked, all, at));
    match answer {
        AccessOutcome::Allowed { grant } => {
            assert!(!forbidden, "seed {seed}: allowed although forbidden");
            let used = all.iter().find(|kept| kept.grant.id == grant && kept.permits(asked, all, at));
            let used = used.unwrap_or_else(|| panic!("seed {seed}: allowed under a grant that does not permit"));
            let spent = [Some(grant), used.parent];
            all.iter_mut().filter(|kept| spent.contains(&Some(kept.grant.id))).for_each(|kept| kept.used += 1);
        }
        AccessOutcome::BreakGlass { emergency } => panic!("seed {seed}: no emergency, but {emergency}"),
        AccessOutcome::Denied { reason } => {
            assert!(forbidden || !permitted, "seed {seed}: refused although permitted: {reason}");
            assert_eq!(forbidden, matches!(reason, Reason::Prohibited { .. }), "seed {seed}: {reason}");
        }
    }
}

struct Draw(ChaCha20Rng);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }

    fn grant(&mut self, world: &mut World, now: Moment) -> Grant {
        let institution = usize::try_from(self.below(3)).unwrap_or(0);
        let base = world.grant_to(institution, u32::try_from(self.below(4)).unwrap_or(0));
        let audience = match self.below(6) {
            0 => Audience::Consortium,
            1 => Audience::Role(Role::Pharmacy),
            _ => base.audience,
        };
        let (first, hours) = (self.below(HOURS), 1 + self.below(HOURS));
        let start = WORLD_BEGINS.plus(Duration::from_secs(3600 * first));
        let data = TimeRange::new(start, start.plus(Duration::from_secs(3600 * hours))).unwrap_or(base.data);
        let from = now.time.plus(Duration::from_secs(self.below(6)));
        let time =
            TimeRange::new(from, from.plus(Duration::from_secs(2 + self.below(30)))).unwrap_or(TimeRange::ALWAYS);
        let height = now.height.value() + self.below(4);
        let validity = Validity::new(time, Height::new(height), Height::new(height + 2 + self.below(30)));
        let purposes: Vec<_> = PURPOSES.into_iter().filter(|_| self.below(2) == 0).collect();
        Grant {
            effect: if self.below(8) == 0 { Effect::Deny } else { Effect::Permit },
            audience,
            data,
            validity: validity.unwrap_or(base.validity),
            verbs: [VerbSet::QUERY, VerbSet::UPDATE, VerbSet::QUERY_AND_UPDATE]
                [usize::try_from(self.below(3)).unwrap_or(0)],
            purposes: PurposeSet::new(&purposes).unwrap_or(base.purposes),
            ..base
        }
    }

    fn question(&mut self, member: (MemberId, Role), all: &[Kept]) -> Asked {
        let first = self.below(HOURS);
        let last = HOURS.min(first + 1 + self.below(3));
        let named = (self.below(4) == 0 && !all.is_empty()).then(|| self.below(all.len() as u64));
        Asked {
            member,
            hours: (first..last).collect(),
            verb: if self.below(3) == 0 { Verb::Update } else { Verb::Query },
            purpose: PURPOSES[usize::try_from(self.below(3)).unwrap_or(0)],
            named: named.and_then(|i| all.get(usize::try_from(i).ok()?)).map(|kept| kept.grant.id),
        }
    }
}

impl Draw {
    /// Grants, or agrees on it with a member that is permitted something.
    fn give(&mut self, world: &mut World, grant: Grant, all: &mut Vec<Kept>) -> Result<SignedAction, Failed> {
        let parties = world.institutions();
        let institution = parties.iter().position(|party| grant.audience == Audience::Member(party.id()));
        let agrees = grant.effect == Effect::Permit && self.below(3) == 0;
        let Some(institution) = institution.filter(|_| agrees) else {
            all.push(Kept::new(grant.clone()));
            return world.grant(0, grant);
        };
        let agreement = Agreement { terms: grant.clone(), referrals: 16, ..world.agreement(institution, 0)? };
        all.push(Kept { agreement: Some(agreement.id), ..Kept::new(grant) });
        world.conclude(institution, 0, agreement)
    }

    /// Takes back, ends, gives up, narrows, hands over or refers: what can be done with the chosen grant.
    fn change(
        &mut self,
        world: &mut World,
        chosen: usize,
        all: &mut Vec<Kept>,
        at: Moment,
    ) -> Result<Option<SignedAction>, Failed> {
        let Some(kept) = all.get_mut(chosen).filter(|kept| !kept.ended) else { return Ok(None) };
        let id = kept.grant.id;
        let holder = world.institutions().iter().position(|party| kept.grant.audience == Audience::Member(party.id()));
        let other = holder.map_or(0, |holder| (holder + 1) % world.institutions().len());
        let other = Audience::Member(world.institutions()[other].id());
        let next = GrantId::new(world.bytes());
        let how = self.below(4);
        if let Some(holder) = holder.filter(|_| how == 1 && kept.agreement.is_some() && kept.serves(at)) {
            let grant = kept.less(next, other);
            all.push(Kept { parent: Some(id), ..Kept::new(grant.clone()) });
            return Ok(Some(world.by_institution(holder, 0, Action::Refer(Box::new(Refer { from: id, grant })))?));
        }
        let free = kept.is_free(at);
        kept.ended = true;
        Ok(Some(match (how, holder, kept.agreement) {
            (0, Some(holder), None) if kept.grant.effect == Effect::Permit => {
                world.by_institution(holder, 0, Action::Renounce(Renounce { grant: id }))?
            }
            (0, _, Some(agreement)) => world.by_patient(0, Action::Terminate(Terminate { agreement }))?,
            (1, Some(_), _) if free => {
                let grant = kept.less(next, kept.grant.audience);
                all.push(Kept::new(grant.clone()));
                world.by_patient(0, Action::Replace(Box::new(Replace { from: id, how: Succession::Narrow, grant })))?
            }
            (2, Some(holder), _) if free => {
                let grant = kept.less(next, other);
                all.push(Kept::new(grant.clone()));
                let action = world.by_patient(0, Action::HandOver(Box::new(HandOver { from: id, grant })))?;
                action.sign(&world.institutions()[holder].key, Meaning::Approved)?
            }
            _ => world.by_patient(0, Action::Revoke(Revoke { grant: id }))?,
        }))
    }
}

fn play(seed: u64, blocks: u64) -> Result<[usize; 2], Failed> {
    let mut world = World::new(WorldPlan { seed, ..WorldPlan::default() })?;
    let mut ledger = world.populated()?;
    let records: Vec<RecordId> = anchored(&mut world, &mut ledger, 0, HOURS)?;
    let (mut draw, mut all) = (Draw(ChaCha20Rng::seed_from_u64(seed)), Vec::<Kept>::new());
    let mut answers = [0; 2];
    for _ in 0..blocks {
        let at = Moment { height: ledger.tip().height.next(), time: world.clock().plus(Duration::from_secs(1)) };
        let (mut actions, mut asked) = (Vec::new(), Vec::new());
        if draw.below(2) == 0 && all.len() < 60 {
            let grant = draw.grant(&mut world, at);
            actions.push(draw.give(&mut world, grant, &mut all)?);
        }
        let chosen = usize::try_from(draw.below(60))?;
        actions.extend(draw.change(&mut world, chosen, &mut all, at)?);
        for _ in 0..3 {
            let institution = usize::try_from(draw.below(3))?;
            let party = &world.institutions()[institution];
            let question = draw.question((party.id(), party.role), &all);
            let hours = question.hours.iter().map(|hour| records[usize::try_from(*hour).unwrap_or(0)]).collect();
            let mut request = world.request(hours)?;
            (request.verb, request.purpose, request.grant) = (question.verb, question.purpose, question.named);
            actions.push(world.access(institution, 0, request)?);
            asked.push(question);
        }
        assert!(
            actions.iter().all(|action| action.endorsements().iter().any(|one| one.meaning() == Meaning::Authored))
        );
        world.advance(&mut ledger, &actions)?;
        let query = Query::at(world.chain(), at.height, ledger.store().as_ref())?;
        let log = query.access_log(&world.patients()[0].account)?;
        let newest = &log.entries()[log.entries().len() - asked.len()..];
        for (question, entry) in asked.iter().zip(newest) {
            assert_eq!(entry.at, at);
            answers[usize::from(matches!(entry.outcome, AccessOutcome::Allowed { .. }))] += 1;
            compare(&mut all, question, at, entry.outcome, seed);
        }
    }
    history_is_whole(&world, &ledger, &all)?;
    Ok(answers)
}

/// Every grant ever made is in the complete list, in its order and with its uses, and every successor names its
/// predecessor.
fn history_is_whole(world: &World, ledger: &Ledger, all: &[Kept]) -> Result<(), Failed> {
    let (tip, account) = (ledger.tip(), world.patients()[0].account);
    let answer = Query::at(world.chain(), tip.height, ledger.store().as_ref())?.grants(&account)?;
    let records = answer.verify(&tip.state_root, world.chain(), &account)?;
    let kept: Vec<_> = all.iter().map(|kept| (&kept.grant, kept.used, kept.ended)).collect();
    let found: Vec<_> = records.iter().map(|one| (one.grant(), one.used(), one.ended().is_some())).collect();
    assert_eq!(found, kept);
    for record in &records {
        if let GrantStatus::Superseded { by, .. } = record.status() {
            let next = records.iter().find(|one| one.grant().id == by);
            assert_eq!(next.and_then(|one| one.origin().from()), Some(record.grant().id));
        }
    }
    Ok(())
}

#[test]
fn the_ledger_answers_as_the_model_does() -> Done {
    let mut answers = [0; 2];
    for seed in 100..104 {
        let [denied, allowed] = play(seed, 60)?;
        answers = [answers[0] + denied, answers[1] + allowed];
    }
    // The draw reaches both answers often enough to mean something.
    assert!(answers.iter().all(|count| *count > 50), "denied, allowed: {answers:?}");
    Ok(())
}
