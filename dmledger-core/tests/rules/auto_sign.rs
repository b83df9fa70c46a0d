//! Automatic co-signing: what the rules say, what the agent does, and what no rule can reach.

mod agent;

use super::{Done, world};
use core::time::Duration;
use dmledger_core::{
    account::{
        ProposalId, ProposalStatus,
        auto_sign::{
            Choice, Conflict, DayHours, Deed, DeedKind, Effect, Finding, Limits, Match, Objection, Outcome, Parties,
            Party, Rate, Rule, RuleError, RuleName, RuleSet, Subject, Usage, Verdict, verdict::Dimension,
        },
    },
    action::{Action, GrantAction, Instruct},
    codec::{decode, encode},
    envelope::AccountId,
    hash::{Digest, tag, tagged},
    identity::{MemberId, Role},
    ledger::{Agent, AgentError, Ledger, StateMachine},
    record::DataKind,
    scope::{Purpose, PurposeSet, VerbSet},
    testing::World,
    time::{Moment, TimeRange, Timestamp},
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

const NOON: Timestamp = Timestamp::from_seconds(1_767_268_800);

fn rule(name: &str, when: Match, effect: Effect) -> Rule {
    Rule { name: RuleName::new(name).expect("short"), when, effect }
}

fn set(rules: Vec<Rule>) -> Result<RuleSet, RuleError> {
    RuleSet::new(AccountId::new(Digest::new([1; 32])), rules)
}

fn pharmacy() -> Party {
    Party::Member { id: member(2), role: Role::Pharmacy }
}

fn member(n: u8) -> MemberId {
    let mut bytes = [n; 33];
    bytes[0] = 1;
    MemberId::of(&dmledger_core::key::PublicKey::from_bytes(bytes).expect("a key"))
}

fn days(from: u64, until: u64) -> TimeRange {
    let day = |n: u64| NOON.plus(Duration::from_secs(86_400 * n));
    TimeRange::new(day(from), day(until)).expect("a range")
}

/// What a proposed grant says.
#[derive(Clone, Copy)]
struct Terms {
    grantee: Party,
    verbs: VerbSet,
    purposes: PurposeSet,
    data: TimeRange,
    until: Timestamp,
    quota: Option<u32>,
}

fn terms() -> Terms {
    Terms {
        grantee: pharmacy(),
        verbs: VerbSet::QUERY,
        purposes: PurposeSet::only(Purpose::Treatment),
        data: days(0, 7),
        until: NOON.plus(Duration::from_secs(3600)),
        quota: Some(2),
    }
}

fn about(terms: Terms) -> Subject {
    let Terms { grantee, verbs, purposes, data, until, quota } = terms;
    let deed = Deed::Grant { grantee, verbs, purposes, data, until, quota };
    Subject { kind: DataKind::Medication, proposer: Party::Member { id: member(1), role: Role::Hospital }, deed }
}

fn grant() -> Subject {
    about(terms())
}

/// Pharmacies may read medication for treatment: an hour at most, five requests at most.
fn pharmacies() -> Result<Rule, RuleError> {
    let when = Match {
        deeds: Choice::only(vec![DeedKind::Grant])?,
        kinds: Choice::only(vec![DataKind::Medication])?,
        grantees: Parties::roles(vec![Role::Pharmacy])?,
        verbs: VerbSet::QUERY,
        purposes: Some(PurposeSet::only(Purpose::Treatment)),
        data: days(0, 30),
        ..Match::everything()
    };
    let limits = Limits { longest_ms: Some(3_600_000), most_requests: Some(5), rate: None };
    Ok(rule("pharmacies", when, Effect::Sign(limits)))
}

#[test]
fn a_rule_that_signs_covers_everything_or_says_in_what_it_does_not() -> Done {
    let rules = set(vec![pharmacies()?])?;
    let judge = |subject: &Subject| rules.judge(subject, NOON, &Usage::default());
    let verdict = judge(&grant());
    assert_eq!((verdict.outcome(), verdict.rule().map(RuleName::as_str)), (Outcome::Sign, Some("pharmacies")));
    let both = PurposeSet::new(&[Purpose::Treatment, Purpose::Research])?;
    let cases = [
        (about(Terms { grantee: Party::Everybody, ..terms() }), Objection::Speaks(Dimension::Grantee)),
        (about(Terms { grantee: Party::Role(Role::Hospital), ..terms() }), Objection::Speaks(Dimension::Grantee)),
        (about(Terms { verbs: VerbSet::QUERY_AND_UPDATE, ..terms() }), Objection::Speaks(Dimension::Verb)),
        (about(Terms { purposes: both, ..terms() }), Objection::Speaks(Dimension::Purpose)),
        (about(Terms { data: days(0, 31), ..terms() }), Objection::Speaks(Dimension::Data)),
        (
            about(Terms { until: terms().until.plus(Duration::from_millis(1)), ..terms() }),
            Objection::TooLong { allowed_ms: 3_600_000 },
        ),
        (about(Terms { quota: Some(6), ..terms() }), Objection::TooMany { allowed: 5 }),
        (about(Terms { quota: None, ..terms() }), Objection::TooMany { allowed: 5 }),
        (Subject { kind: DataKind::Ecg, ..grant() }, Objection::Speaks(Dimension::Kind)),
        (Subject { deed: Deed::Retire, ..grant() }, Objection::Speaks(Dimension::Deed)),
    ];
    for (subject, expected) in cases {
        let verdict = judge(&subject);
        assert_eq!((verdict.outcome(), verdict.rule()), (Outcome::Ask, None), "{subject:?}");
        assert_eq!(verdict.findings()[0].objections(), [expected], "{verdict}");
    }
    Ok(())
}

#[test]
fn what_refuses_overrides_what_asks_overrides_what_signs_and_silence_asks() -> Done {
    let everything = |name: &str, effect| rule(name, Match::everything(), effect);
    let sign = || everything("sign", Effect::Sign(Limits::default()));
    for (rules, outcome, decides) in [
        (vec![], Outcome::Ask, None),
        (vec![sign()], Outcome::Sign, Some("sign")),
        (vec![sign(), everything("ask", Effect::Ask)], Outcome::Ask, Some("ask")),
        (vec![everything("no", Effect::Refuse), sign(), everything("ask", Effect::Ask)], Outcome::Refuse, Some("no")),
        (vec![sign(), everything("b", Effect::Refuse), everything("a", Effect::Refuse)], Outcome::Refuse, Some("a")),
    ] {
        let verdict = set(rules)?.judge(&grant(), NOON, &Usage::default());
        assert_eq!((verdict.outcome(), verdict.rule().map(RuleName::as_str)), (outcome, decides));
    }
    // A refusal needs to touch only a part: research among the purposes is enough.
    let when = Match { purposes: Some(PurposeSet::only(Purpose::Research)), ..Match::everything() };
    let rules = set(vec![sign(), rule("no research", when, Effect::Refuse)])?;
    assert_eq!(rules.judge(&grant(), NOON, &Usage::default()).outcome(), Outcome::Sign);
    let both = PurposeSet::new(&[Purpose::Treatment, Purpose::Research])?;
    let verdict = rules.judge(&about(Terms { purposes: both, ..terms() }), NOON, &Usage::default());
    assert_eq!(verdict.outcome(), Outcome::Refuse);
    let text = verdict.to_string();
    assert_eq!(
        text,
        "refuse: by rule \"no research\"\n  \"sign\" (sign): applies\n  \"no research\" (refuse): applies"
    );
    Ok(())
}

#[test]
fn hours_and_rates_hold_and_a_dry_run_counts_without_signing() -> Done {
    let hours = |from, until| Match { hours: DayHours::new(from, until).ok(), ..Match::everything() };
    let rate = Limits { rate: Some(Rate { most: 2, within_ms: 60_000 }), ..Limits::default() };
    let night = set(vec![rule("night", hours(22 * 60, 6 * 60), Effect::Refuse)])?;
    let at = |minutes: u64| NOON.plus(Duration::from_secs(60 * minutes));
    for (minutes, outcome) in
        [(0, Outcome::Ask), (599, Outcome::Ask), (600, Outcome::Refuse), (1079, Outcome::Refuse), (1080, Outcome::Ask)]
    {
        assert_eq!(night.judge(&grant(), at(minutes), &Usage::default()).outcome(), outcome, "{minutes}");
    }
    let rules = set(vec![rule("slow", Match::everything(), Effect::Sign(rate))])?;
    let mut usage = Usage::default();
    let outcomes: Vec<_> = rules.dry_run(&[grant(); 4], NOON, &usage).iter().map(Verdict::outcome).collect();
    assert_eq!(outcomes, [Outcome::Sign, Outcome::Sign, Outcome::Ask, Outcome::Ask]);
    assert_eq!(usage, Usage::default());
    for (seconds, outcome) in
        [(0, Outcome::Sign), (30, Outcome::Sign), (59, Outcome::Ask), (60, Outcome::Sign), (89, Outcome::Ask)]
    {
        let now = NOON.plus(Duration::from_secs(seconds));
        let verdict = rules.judge(&grant(), now, &usage);
        usage.count(&verdict, now);
        assert_eq!(verdict.outcome(), outcome, "{seconds} s");
    }
    assert!(DayHours::new(5, 5).is_err() && DayHours::new(0, 1440).is_err());
    Ok(())
}

#[test]
fn sets_that_cannot_mean_anything_are_refused() -> Done {
    let rules = || -> Result<_, RuleError> { Ok(vec![pharmacies()?, pharmacies()?]) };
    assert_eq!(set(rules()?), Err(RuleError::DuplicateName));
    let nobody = Match { grantees: Parties::members(vec![])?, ..Match::everything() };
    assert_eq!(set(vec![rule("x", nobody, Effect::Ask)]), Err(RuleError::MatchesNothing { rule: 0 }));
    let many = (0..65).map(|n| rule(&n.to_string(), Match::everything(), Effect::Ask)).collect();
    assert!(matches!(set(many), Err(RuleError::TooLong(_))));
    Ok(())
}

#[test]
fn the_bytes_of_a_set_are_fixed_and_refused_when_cut() -> Done {
    let when = Match {
        hours: Some(DayHours::new(60, 30)?),
        proposers: Parties::members(vec![member(3)])?,
        ..Match::everything()
    };
    let rules = set(vec![
        pharmacies()?,
        rule("home", Match { proposers: Parties::Home, ..Match::everything() }, Effect::Ask),
        rule("n", when, Effect::Refuse),
    ])?;
    let bytes = encode(&rules);
    assert_eq!(decode::<RuleSet>(&bytes).as_ref(), Ok(&rules));
    assert!((0..bytes.len()).all(|end| decode::<RuleSet>(&bytes[..end]).is_err()));
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let other = decode::<RuleSet>(&bytes);
        assert!(other.is_err() || other.is_ok_and(|other| other.digest() != rules.digest()), "bit {bit}");
    }
    assert_eq!(format!("{:.16}", tagged(tag::STATE_VALUE, &bytes)), FIXED);
    Ok(())
}
const FIXED: &str = "fc453f3e22e8b64e";

struct Draw(ChaCha20Rng);

impl Draw {
    fn below(&mut self, bound: u64) -> usize {
        usize::try_from(self.0.next_u64() % bound).unwrap_or(0)
    }

    fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64)].clone()
    }

    fn parties(&mut self) -> Result<Parties, RuleError> {
        let (who, what) = (member(self.pick(&[1, 2, 3])), self.pick(&[Role::Pharmacy, Role::Hospital, Role::Research]));
        Ok(match self.below(4) {
            0 => Parties::Anybody,
            1 => Parties::members(vec![who])?,
            2 => Parties::roles(vec![what])?,
            _ => Parties::Home,
        })
    }

    fn party(&mut self) -> Party {
        match self.below(5) {
            0 => Party::Everybody,
            1 => Party::Role(self.pick(&[Role::Pharmacy, Role::Hospital])),
            2 => Party::Home,
            _ => Party::Member {
                id: member(self.pick(&[1, 2, 3])),
                role: self.pick(&[Role::Pharmacy, Role::Hospital, Role::Research]),
            },
        }
    }

    fn purposes(&mut self) -> PurposeSet {
        let all = [Purpose::Treatment, Purpose::Research, Purpose::Payment];
        let some: Vec<_> = all.into_iter().filter(|_| self.below(2) == 0).collect();
        PurposeSet::new(&some).unwrap_or(PurposeSet::only(Purpose::Treatment))
    }

    fn data(&mut self) -> TimeRange {
        let from = self.below(6) as u64;
        days(from, from + 1 + self.below(4) as u64)
    }

    fn verbs(&mut self) -> VerbSet {
        self.pick(&[VerbSet::QUERY, VerbSet::UPDATE, VerbSet::QUERY_AND_UPDATE])
    }

    fn rule(&mut self, name: usize) -> Result<Rule, RuleError> {
        let deeds = [DeedKind::ALL.to_vec(), vec![DeedKind::Grant], vec![DeedKind::Records, DeedKind::Close]];
        let when = Match {
            deeds: Choice::only(self.pick(&deeds))?,
            kinds: self.pick(&[
                Choice::Any,
                Choice::only(vec![DataKind::Medication])?,
                Choice::only(vec![DataKind::Ecg])?,
            ]),
            proposers: self.parties()?,
            grantees: self.parties()?,
            verbs: self.verbs(),
            purposes: (self.below(3) > 0).then(|| self.purposes()),
            data: self.data(),
            hours: self.pick(&[None, DayHours::new(0, 720).ok(), DayHours::new(700, 100).ok()]),
        };
        let effect = self.pick(&[Effect::Sign(Limits::default()), Effect::Ask, Effect::Refuse]);
        Ok(rule(&name.to_string(), when, effect))
    }

    fn subject(&mut self) -> Subject {
        let (data, until) = (self.data(), NOON);
        let grant = Deed::Grant {
            grantee: self.party(),
            verbs: self.verbs(),
            purposes: self.purposes(),
            data,
            until,
            quota: None,
        };
        let deeds = [grant, grant, Deed::Records { count: 1, span: data }, Deed::Close, Deed::Retire];
        let proposer = match self.party() {
            Party::Everybody | Party::Role(_) => Party::Home,
            party => party,
        };
        Subject { kind: self.pick(&[DataKind::Medication, DataKind::Ecg]), proposer, deed: self.pick(&deeds) }
    }
}

/// Whatever the rules and the proposals: two rules that apply to one thing and say different things were told before.
#[test]
fn no_two_rules_contradict_each_other_over_a_proposal_without_a_conflict_having_been_told() -> Done {
    let (seed, mut met) = (7, 0);
    let mut draw = Draw(ChaCha20Rng::seed_from_u64(seed));
    for _ in 0..4_000 {
        let rules = set(vec![draw.rule(0)?, draw.rule(1)?])?;
        let conflicts: Vec<Conflict> = rules.conflicts();
        for _ in 0..4 {
            let at = NOON.plus(Duration::from_secs(60 * draw.below(1440) as u64));
            let verdict = rules.judge(&draw.subject(), at, &Usage::default());
            let says: Vec<_> =
                verdict.findings().iter().filter(|one| one.objections().is_empty()).map(Finding::says).collect();
            if let [a, b] = says[..]
                && a != b
            {
                met += 1;
                assert_eq!(conflicts.len(), 1, "seed {seed}: {verdict}");
                assert_eq!((conflicts[0].says, conflicts[0].instead_of), (a.max(b), a.min(b)));
                assert_eq!(verdict.outcome(), a.max(b));
                assert_eq!(verdict.rule(), Some(&conflicts[0].stronger));
            }
        }
    }
    assert!(met > 50, "{met} conflicts met");
    Ok(())
}

#[test]
fn rules_that_share_nothing_do_not_conflict() -> Done {
    let grantees = |roles| -> Result<_, RuleError> {
        Ok(Match {
            deeds: Choice::only(vec![DeedKind::Grant])?,
            grantees: Parties::roles(roles)?,
            ..Match::everything()
        })
    };
    let sign = |roles| Ok::<_, RuleError>(rule("a", grantees(roles)?, Effect::Sign(Limits::default())));
    let refuse = rule("b", grantees(vec![Role::Research])?, Effect::Refuse);
    assert!(set(vec![sign(vec![Role::Pharmacy])?, refuse.clone()])?.conflicts().is_empty());
    let told = set(vec![sign(vec![Role::Pharmacy, Role::Research])?, refuse])?.conflicts();
    assert_eq!(
        told.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["\"b\" (refuse) overrides \"a\" (sign) where they meet"]
    );
    Ok(())
}
