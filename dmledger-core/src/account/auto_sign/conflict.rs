//! Rules that contradict each other, found before they meet a proposal.

use super::{Outcome, Rule, RuleName, matching::Reach};
use alloc::vec::Vec;
use core::fmt;

/// Two rules that decide differently about something both speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conflict {
    /// The rule that wins.
    pub stronger: RuleName,
    /// What it says.
    pub says: Outcome,
    /// The rule that is overridden where the two meet.
    pub weaker: RuleName,
    /// What that one says.
    pub instead_of: Outcome,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stronger, says, weaker, instead_of } = self;
        write!(f, "\"{stronger}\" ({says}) overrides \"{weaker}\" ({instead_of}) where they meet")
    }
}

/// Every such pair. Named members count as having any role, so a pair too many may be told, never one too few.
pub(super) fn among(rules: &[Rule]) -> Vec<Conflict> {
    let mut found = Vec::new();
    for (i, first) in rules.iter().enumerate() {
        for second in rules.iter().skip(i + 1) {
            let (a, b) = (first.effect.outcome(), second.effect.outcome());
            let reach = if a.min(b) == Outcome::Sign { Reach::Covering } else { Reach::Touching };
            if a == b || !first.when.meets(&second.when, reach) {
                continue;
            }
            let ((stronger, says), (weaker, instead_of)) =
                if a > b { ((first, a), (second, b)) } else { ((second, b), (first, a)) };
            let (stronger, weaker) = (stronger.name.clone(), weaker.name.clone());
            found.push(Conflict { stronger, says, weaker, instead_of });
        }
    }
    found
}
