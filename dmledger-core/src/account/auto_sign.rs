//! Automatic co-signing: what the patient's agent at home may sign with the patient's second key, as typed data.
//!
//! A [`RuleSet`] belongs to one account; its digest stands on the ledger, the rules at home. [`RuleSet::judge`] is a pure
//! function: rules that refuse override rules that ask, those override rules that sign, and what no rule speaks of is
//! asked. A rule that signs must cover *all* of what is proposed; a rule that refuses or asks needs to touch *any* of it.
//! A change of who may act (policy, rules, recovery, trustees) is no [`Deed`], so no rule can speak of it at all.

pub mod conflict;
pub mod deed;
pub mod matching;
pub mod verdict;

pub use conflict::Conflict;
pub use deed::{Deed, DeedKind, Party, Subject};
pub use matching::{Choice, DayHours, Match, Parties};
pub use verdict::{Finding, Objection, Outcome, Usage, Verdict};

use crate::{
    codec::{Canonical, CodecError, List, Text},
    envelope::AccountId,
    hash::{Digest, of, tag},
    time::Timestamp,
};
use alloc::{collections::BTreeSet, vec::Vec};
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{ErrorKind, Read, Result as IoResult},
};
use thiserror::Error;

/// Most rules in a set.
pub const MAX_RULES: usize = 64;
/// Longest name of a rule in bytes.
pub const MAX_RULE_NAME_BYTES: usize = 48;

/// A rule's name, in the patient's words.
pub type RuleName = Text<MAX_RULE_NAME_BYTES>;

/// How much a rule that signs lets through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "written by the patient, field by field")]
pub struct Limits {
    /// Longest time a grant may still hold, in milliseconds of ledger time from the moment of signing.
    pub longest_ms: Option<u64>,
    /// Most requests a grant may serve; a grant without quota exceeds every limit.
    pub most_requests: Option<u32>,
    /// Most signatures under this rule within a while.
    pub rate: Option<Rate>,
}

/// So many signatures within so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a plain pair")]
pub struct Rate {
    /// Most signatures.
    pub most: u32,
    /// Within so many milliseconds.
    pub within_ms: u64,
}

/// What a rule says to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "the three answers there are")]
pub enum Effect {
    /// Sign, within limits.
    Sign(Limits) = 1,
    /// Ask the patient, whatever other rules would sign.
    Ask = 2,
    /// Refuse, whatever other rules say.
    Refuse = 3,
}

impl Effect {
    /// The answer without its limits.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Sign(_) => Outcome::Sign,
            Self::Ask => Outcome::Ask,
            Self::Refuse => Outcome::Refuse,
        }
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "written by the patient, field by field")]
pub struct Rule {
    /// What the patient calls it.
    pub name: RuleName,
    /// What it speaks of.
    pub when: Match,
    /// What it says to do.
    pub effect: Effect,
}

/// The rules of one account's agent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct RuleSet {
    account: AccountId,
    rules: List<Rule, MAX_RULES>,
}

impl RuleSet {
    /// A set of rules; their order means nothing.
    ///
    /// # Errors
    /// [`RuleError`].
    pub fn new(account: AccountId, rules: Vec<Rule>) -> Result<Self, RuleError> {
        let set = Self { account, rules: List::new(rules)? };
        set.check()?;
        Ok(set)
    }

    /// Whose agent it is for.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What the ledger holds of them.
    #[must_use]
    pub fn digest(&self) -> Digest {
        of(tag::RULES, self)
    }

    /// What to do with a proposal at `at`, by block time, after what `usage` tells has been signed already.
    #[must_use]
    pub fn judge(&self, subject: &Subject, at: Timestamp, usage: &Usage) -> Verdict {
        Verdict::of(&self.rules, subject, at, usage)
    }

    /// What would be done with these proposals, one after the other, without doing it: what is signed counts towards the
    /// rates of those that follow.
    #[must_use]
    pub fn dry_run(&self, subjects: &[Subject], at: Timestamp, usage: &Usage) -> Vec<Verdict> {
        let mut usage = usage.clone();
        let judge = |subject| {
            let verdict = self.judge(subject, at, &usage);
            usage.count(&verdict, at);
            verdict
        };
        subjects.iter().map(judge).collect()
    }

    /// Every pair of rules that would decide differently about something both speak of, and which of the two wins.
    #[must_use]
    pub fn conflicts(&self) -> Vec<Conflict> {
        conflict::among(&self.rules)
    }

    fn check(&self) -> Result<(), RuleError> {
        let names: BTreeSet<_> = self.rules.iter().map(|rule| &rule.name).collect();
        if names.len() != self.rules.len() {
            return Err(RuleError::DuplicateName);
        }
        match self.rules.iter().position(|rule| rule.when.is_empty()) {
            Some(rule) => Err(RuleError::MatchesNothing { rule }),
            None => Ok(()),
        }
    }
}

impl Canonical for RuleSet {
    const MAX_BYTES: usize = 40 + MAX_RULES * 1408;
}

impl BorshDeserialize for RuleSet {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (account, rules) = <(AccountId, List<Rule, MAX_RULES>)>::deserialize_reader(reader)?;
        let set = Self { account, rules };
        set.check().map_err(|_| ErrorKind::InvalidData)?;
        Ok(set)
    }
}

/// Why a set of rules was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RuleError {
    /// Two rules of one name.
    #[error("two rules have the same name")]
    DuplicateName,
    /// A rule that can never speak.
    #[error("rule {rule} matches nothing")]
    MatchesNothing {
        /// Its position, from 0.
        rule: usize,
    },
    /// A span of hours that is none.
    #[error("not hours of a day")]
    NoHours,
    /// Too many rules, or a list too long.
    #[error(transparent)]
    TooLong(#[from] CodecError),
}
