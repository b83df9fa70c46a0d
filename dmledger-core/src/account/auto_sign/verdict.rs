//! What the rules say to one proposal, and why.

use super::{
    Effect, Limits, Rule, RuleName,
    deed::{Deed, Subject},
};
use crate::time::Timestamp;
use alloc::{collections::BTreeMap, vec::Vec};
use core::{fmt, time::Duration};

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the three answers there are")]
pub enum Outcome {
    /// Sign.
    Sign,
    /// Ask the patient.
    Ask,
    /// Refuse.
    Refuse,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sign => "sign",
            Self::Ask => "ask",
            Self::Refuse => "refuse",
        })
    }
}

/// In what respect a rule does not speak of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dimension {
    /// What is done.
    Deed,
    /// The kind of data.
    Kind,
    /// Who proposes.
    Proposer,
    /// To whom it is granted.
    Grantee,
    /// To do what.
    Verb,
    /// Why.
    Purpose,
    /// Data of which time.
    Data,
    /// The hour of the day.
    Hour,
}

impl Dimension {
    pub(super) fn among(fits: bool, dimension: Self) -> Option<Self> {
        (!fits).then_some(dimension)
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deed => "another action",
            Self::Kind => "another kind of data",
            Self::Proposer => "another proposer",
            Self::Grantee => "another grantee",
            Self::Verb => "another verb",
            Self::Purpose => "another purpose",
            Self::Data => "data of another time",
            Self::Hour => "another hour of the day",
        })
    }
}

/// Why a rule does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Objection {
    /// It speaks of something else.
    Speaks(Dimension),
    /// The grant would hold longer than the rule lets through.
    TooLong {
        /// Milliseconds allowed.
        allowed_ms: u64,
    },
    /// The grant would serve more requests than the rule lets through.
    TooMany {
        /// Requests allowed.
        allowed: u32,
    },
    /// The rule has signed as often as it may for now.
    TooOften {
        /// Signatures allowed.
        allowed: u32,
    },
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Speaks(dimension) => write!(f, "speaks of {dimension}"),
            Self::TooLong { allowed_ms } => write!(f, "holds longer than {} s", allowed_ms / 1000),
            Self::TooMany { allowed } => write!(f, "serves more than {allowed} requests"),
            Self::TooOften { allowed } => write!(f, "has signed {allowed} times already"),
        }
    }
}

/// What one rule has to say: nothing against applying, or everything against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    rule: RuleName,
    says: Outcome,
    objections: Vec<Objection>,
}

impl Finding {
    /// The rule.
    #[must_use]
    pub const fn rule(&self) -> &RuleName {
        &self.rule
    }

    /// What it says to do where it applies.
    #[must_use]
    pub const fn says(&self) -> Outcome {
        self.says
    }

    /// Why it does not apply; empty if it does.
    #[must_use]
    pub fn objections(&self) -> &[Objection] {
        &self.objections
    }

    fn of(rule: &Rule, subject: &Subject, at: Timestamp, usage: &Usage) -> Self {
        let speaks = |dimensions: Vec<Dimension>| dimensions.into_iter().map(Objection::Speaks).collect::<Vec<_>>();
        let objections = match &rule.effect {
            Effect::Sign(limits) => {
                let mut all = speaks(rule.when.uncovered(subject, at));
                all.extend(excess(limits, rule, subject, at, usage));
                all
            }
            Effect::Ask | Effect::Refuse => speaks(rule.when.untouched(subject, at)),
        };
        Self { rule: rule.name.clone(), says: rule.effect.outcome(), objections }
    }
}

/// Where a proposal goes beyond what a rule lets through.
fn excess(limits: &Limits, rule: &Rule, subject: &Subject, at: Timestamp, usage: &Usage) -> Vec<Objection> {
    let mut out = Vec::new();
    if let Deed::Grant { until, quota, .. } = &subject.deed {
        if let Some(allowed_ms) = limits.longest_ms.filter(|most| *until > at.plus(Duration::from_millis(*most))) {
            out.push(Objection::TooLong { allowed_ms });
        }
        if let Some(allowed) = limits.most_requests.filter(|most| quota.is_none_or(|quota| quota > *most)) {
            out.push(Objection::TooMany { allowed });
        }
    }
    if let Some(rate) = limits.rate.filter(|rate| usage.within(&rule.name, rate.within_ms, at) >= rate.most) {
        out.push(Objection::TooOften { allowed: rate.most });
    }
    out
}

/// The answer, with what every rule had to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    outcome: Outcome,
    rule: Option<RuleName>,
    findings: Vec<Finding>,
}

impl Verdict {
    pub(super) fn of(rules: &[Rule], subject: &Subject, at: Timestamp, usage: &Usage) -> Self {
        let findings: Vec<_> = rules.iter().map(|rule| Finding::of(rule, subject, at, usage)).collect();
        // The strictest that applies decides; the first by name among equals, so that the order of rules means nothing.
        let applies = findings.iter().filter(|finding| finding.objections.is_empty());
        let decides = applies.min_by(|a, b| b.says.cmp(&a.says).then_with(|| a.rule.cmp(&b.rule)));
        let outcome = decides.map_or(Outcome::Ask, Finding::says);
        Self { outcome, rule: decides.map(|finding| finding.rule.clone()), findings }
    }

    /// What to do.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The rule that decided; `None` if no rule speaks of it and so the patient is asked.
    #[must_use]
    pub const fn rule(&self) -> Option<&RuleName> {
        self.rule.as_ref()
    }

    /// What every rule had to say, in their order.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl fmt::Display for Verdict {
    /// One line for the answer, one a rule.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Some(rule) => write!(f, "{}: by rule \"{rule}\"", self.outcome)?,
            None => write!(f, "{}: no rule speaks of it", self.outcome)?,
        }
        for finding in &self.findings {
            write!(f, "\n  \"{}\" ({}): ", finding.rule, finding.says)?;
            if finding.objections.is_empty() {
                f.write_str("applies")?;
            }
            for (i, objection) in finding.objections.iter().enumerate() {
                write!(f, "{}{objection}", if i == 0 { "" } else { ", " })?;
            }
        }
        Ok(())
    }
}

/// What has been signed under which rule, and when: the agent's memory, for rates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage(BTreeMap<RuleName, Vec<Timestamp>>);

impl Usage {
    /// Remembers a verdict, if it was to sign.
    pub fn count(&mut self, verdict: &Verdict, at: Timestamp) {
        if let (Outcome::Sign, Some(rule)) = (verdict.outcome, &verdict.rule) {
            self.0.entry(rule.clone()).or_default().push(at);
        }
    }

    /// Signatures under a rule in the `within_ms` milliseconds up to `at`.
    fn within(&self, rule: &RuleName, within_ms: u64, at: Timestamp) -> u32 {
        let since = at.minus(Duration::from_millis(within_ms));
        let count = self.0.get(rule).map_or(0, |times| times.iter().filter(|time| **time > since).count());
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}
