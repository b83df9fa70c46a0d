//! The one place that says yes.
//!
//! [`decide`] is a pure function of the state and the block it is asked in: ledger, gate nodes, simulator and auditors
//! call the same one and come to the same answer. It fails closed: what is not granted is denied, and a grant that
//! denies overrides every grant that permits, and every emergency. What it looks at is bounded, however many grants the
//! ledger holds: the grants at hand for the asker, its role, the consortium and the public, at most [`MAX_AT_HAND`] each.
//!
//! The order: network, member, account, records; then every grant at hand is weighed by itself; then a denial in force
//! overrides, else the latest grant that allows is used, else an emergency, else the nearest miss gives the reason.

mod emergency;
pub mod entry;
mod erasure;
pub mod explain;
pub mod reason;
pub mod release;
mod weigh;

pub use emergency::EmergencyFinding;
pub use entry::{AccessEntry, AccessOutcome};
pub use reason::Reason;
pub use release::{Ordered, ReleaseError, Watch, Withheld, ordered, release};

use crate::{
    account::Account,
    codec::{Canonical, List},
    consent::{
        AccessRequest, GrantId,
        grant::{Audience, Effect, GrantRecord},
    },
    envelope::{AccountId, ChainId},
    identity::{Member, MemberId, MemberStatus},
    state::{
        StateError,
        tables::{Facts, MAX_AT_HAND},
    },
    time::Moment,
};
use alloc::{sync::Arc, vec::Vec};
use borsh::{BorshDeserialize, BorshSerialize};
use weigh::{Asked, MAX_REASONS, Quotas, at_hand};

/// A question: who asks what of whom, on which network.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain argument, built by the caller")]
pub struct Question<'a> {
    /// The network the question is meant for.
    pub chain: ChainId,
    /// Who asks.
    pub member: MemberId,
    /// Whose data.
    pub account: AccountId,
    /// What is asked.
    pub request: &'a AccessRequest,
}

/// What one grant has to say: nothing against, or every reason against.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Finding {
    grant: GrantId,
    reasons: List<Reason, MAX_REASONS>,
}

impl Finding {
    /// The grant that was looked at.
    #[must_use]
    pub const fn grant(&self) -> GrantId {
        self.grant
    }

    /// What speaks against using it, most fundamental first; empty if it allows the request.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }
}

/// The answer, with every grant that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Decision {
    outcome: AccessOutcome,
    trace: Vec<Finding>,
    emergency: Option<EmergencyFinding>,
}

impl Decision {
    /// Allowed under a grant, or denied with the reason.
    #[must_use]
    pub const fn outcome(&self) -> AccessOutcome {
        self.outcome
    }

    /// What each grant that was looked at had to say, in the order they were granted.
    #[must_use]
    pub fn trace(&self) -> &[Finding] {
        &self.trace
    }

    /// What the asker's latest emergency had to say, if it was looked at: when nothing else allows a request that names
    /// an emergency as its purpose.
    #[must_use]
    pub const fn emergency(&self) -> Option<&EmergencyFinding> {
        self.emergency.as_ref()
    }

    /// Whether the answer is yes, under a grant or in an emergency.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self.outcome, AccessOutcome::Allowed { .. } | AccessOutcome::BreakGlass { .. })
    }

    /// Why the answer is no, if it is.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self.outcome {
            AccessOutcome::Denied { reason } => Some(reason),
            AccessOutcome::Allowed { .. } | AccessOutcome::BreakGlass { .. } => None,
        }
    }

    const fn denied(reason: Reason) -> Self {
        Self { outcome: AccessOutcome::Denied { reason }, trace: Vec::new(), emergency: None }
    }
}

impl Canonical for Decision {
    // Every audience's grants at hand, one that is named, and an emergency.
    const MAX_BYTES: usize = 64 + (4 * MAX_AT_HAND + 2) * (20 + MAX_REASONS * 32);
}

/// Decides a request on the state `facts`, in the block at `at`.
///
/// # Errors
/// [`StateError`] if the state cannot be read: no answer, and so no access.
pub fn decide(facts: &Facts<'_>, question: &Question<'_>, at: Moment) -> Result<Decision, StateError> {
    judge(facts, question, at, Quotas::Count)
}

/// Whether what was allowed before would still be, in the block at `at`: the same question under the same grant, whose
/// quota has counted it already. What comes of an access (a key, a later version) asks this.
///
/// # Errors
/// [`StateError`] if the state cannot be read.
pub fn still_allows(facts: &Facts<'_>, entry: &AccessEntry, at: Moment) -> Result<Decision, StateError> {
    let grant = match entry.outcome {
        AccessOutcome::Allowed { grant } => grant,
        AccessOutcome::Denied { reason } => return Ok(Decision::denied(reason)),
        // What was read in an emergency gives no right beyond that.
        AccessOutcome::BreakGlass { .. } => return Ok(Decision::denied(Reason::NoGrant)),
    };
    let request = AccessRequest {
        id: entry.request,
        records: entry.records.clone(),
        verb: entry.verb,
        purpose: entry.purpose,
        undertaking: entry.undertaking.clone(),
        grant: Some(grant),
    };
    let question = Question { chain: facts.chain(), member: entry.member, account: entry.account, request: &request };
    judge(facts, &question, at, Quotas::WereCounted)
}

fn judge(facts: &Facts<'_>, question: &Question<'_>, at: Moment, quotas: Quotas) -> Result<Decision, StateError> {
    if question.chain != facts.chain() {
        return Ok(Decision::denied(Reason::WrongChain));
    }
    let member = facts.known::<Member>(&facts.places().member(&question.member))?;
    let Some(member) = member.as_ref() else {
        return Ok(Decision::denied(Reason::NotAMember));
    };
    if let Some(reason) = unfit(member, at) {
        return Ok(Decision::denied(reason));
    }
    if facts.known::<Account>(&facts.places().account(&question.account))?.is_none() {
        return Ok(Decision::denied(Reason::UnknownAccount));
    }
    let around = facts.surroundings(&question.account)?;
    let mut spans = Vec::with_capacity(question.request.records.len());
    for (position, record) in (0..).zip(&question.request.records) {
        match facts.record(record)? {
            Some(found) if found.account == question.account => {
                if around.has_erasures()
                    && let Some(reason) = erasure::erased(position, &found, facts)?
                {
                    return Ok(Decision::denied(reason));
                }
                spans.push(found.entry.facts().span);
            }
            _ => return Ok(Decision::denied(Reason::UnknownRecord { position })),
        }
    }
    let grants = at_hand(facts, question, &around, &Audience::of(question.member, member.role()))?;
    let asked = Asked { facts, question, spans: &spans, at, quotas };
    emergency::or_break_glass(weigh(&grants, &asked)?, &asked)
}

/// What keeps a member from acting at all, in the block at `at`.
#[must_use]
pub fn unfit(member: &Member, at: Moment) -> Option<Reason> {
    let valid = member.valid();
    match member.status() {
        MemberStatus::Revoked { height } => Some(Reason::MembershipRevoked { height }),
        MemberStatus::Active if at.time < valid.start() => Some(Reason::CertificateNotYetValid { from: valid.start() }),
        MemberStatus::Active if at.time >= valid.end() => Some(Reason::CertificateExpired { at: valid.end() }),
        MemberStatus::Active => None,
    }
}

/// Weighs the grants: a denial in force overrides; then the latest grant that allows; then the nearest miss.
fn weigh(grants: &[Arc<Option<GrantRecord>>], asked: &Asked<'_>) -> Result<Decision, StateError> {
    let mut trace = Vec::with_capacity(grants.len());
    for record in grants.iter().filter_map(|grant| grant.as_ref().as_ref()) {
        let reasons = match record.grant().effect {
            Effect::Permit => asked.objections(record)?,
            Effect::Deny if asked.denies(record) => alloc::vec![Reason::Prohibited { grant: record.grant().id }],
            Effect::Deny => continue,
        };
        // At most MAX_REASONS; more would still not be none.
        let reasons = List::new(reasons).unwrap_or_else(|_| one(Reason::NoGrant));
        trace.push(Finding { grant: record.grant().id, reasons });
    }
    Ok(Decision { outcome: outcome(&trace, asked.question.request.grant), trace, emergency: None })
}

fn one(reason: Reason) -> List<Reason, MAX_REASONS> {
    List::new(alloc::vec![reason]).unwrap_or_default()
}

fn outcome(trace: &[Finding], named: Option<GrantId>) -> AccessOutcome {
    let prohibited = trace.iter().flat_map(|finding| finding.reasons.iter());
    if let Some(reason) = prohibited.copied().find(|reason| matches!(reason, Reason::Prohibited { .. })) {
        return AccessOutcome::Denied { reason };
    }
    let usable: Vec<_> = trace.iter().filter(|finding| named.is_none_or(|name| name == finding.grant)).collect();
    if let Some(finding) = usable.iter().rev().find(|finding| finding.reasons.is_empty()) {
        return AccessOutcome::Allowed { grant: finding.grant };
    }
    // The nearest miss tells the asker most: fewest objections, the latest grant among equals.
    let nearest = usable.iter().rev().min_by_key(|finding| finding.reasons.len());
    let reason = nearest.and_then(|finding| finding.reasons.first()).copied();
    let none = if named.is_some() { Reason::UnknownGrant } else { Reason::NoGrant };
    AccessOutcome::Denied { reason: reason.unwrap_or(none) }
}
