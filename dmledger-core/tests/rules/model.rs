//! The ledger against a model that knows nothing of lists at hand, traces or trees: it keeps everything and looks at
//! all of it for every question.

use super::{Done, anchored};
use core::time::Duration;
use dmledger_core::{
    consent::{Audience, Effect, Grant, GrantId},
    decide::{AccessOutcome, Reason},
    envelope::Meaning,
    identity::{MemberId, Role},
    ledger::{Query, StateMachine},
    record::RecordId,
    scope::{Purpose, PurposeSet, Validity, Verb, VerbSet},
    testing::{World, WorldPlan, world::WORLD_BEGINS},
    time::{Height, Moment, TimeRange},
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

const HOURS: u64 = 12;
const PURPOSES: [Purpose; 3] = [Purpose::Treatment, Purpose::Research, Purpose::Payment];

/// A grant as the model keeps it.
struct Kept {
    grant: Grant,
    revoked: bool,
    used: u32,
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
        !self.revoked
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

    fn permits(&self, asked: &Asked, at: Moment) -> bool {
        self.grant.effect == Effect::Permit
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
    let permitted = all.iter().any(|kept| kept.permits(asked, at));
    match answer {
        AccessOutcome::Allowed { grant } => {
            assert!(!forbidden, "seed {seed}: allowed although forbidden");
            let used = all.iter_mut().find(|kept| kept.grant.id == grant && kept.permits(asked, at));
            used.unwrap_or_else(|| panic!("seed {seed}: allowed under a grant that does not permit")).used += 1;
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

fn play(seed: u64, blocks: u64) -> Result<[usize; 2], Box<dyn std::error::Error + Send + Sync>> {
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
            actions.push(world.grant(0, grant.clone())?);
            all.push(Kept { grant, revoked: false, used: 0 });
        }
        let chosen = usize::try_from(draw.below(60))?;
        if let Some(kept) = all.get_mut(chosen).filter(|kept| !kept.revoked) {
            actions.push(world.revoke(0, kept.grant.id)?);
            kept.revoked = true;
        }
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
    Ok(answers)
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
