//! The one place that says yes.
//!
//! [`decide`] is a pure function of the state and the block it is asked in: ledger, gate nodes, simulator and auditors
//! call the same one and come to the same answer. It fails closed: what is not granted is denied, and a grant that
//! denies overrides every grant that permits, and every emergency. What it looks at is bounded, however many grants the ledger holds: the
//! grants at hand for the asker, its role and everybody, at most [`MAX_AT_HAND`] each.
//!
//! [`MAX_AT_HAND`]: crate::state::tables::MAX_AT_HAND

mod emergency;
pub mod entry;
mod erasure;
pub mod reason;

pub use emergency::EmergencyFinding;
pub use entry::{AccessEntry, AccessOutcome};
pub use reason::Reason;

use crate::{
    codec::List,
    consent::{
        AccessRequest, GrantId,
        grant::{Audience, Effect, GrantRecord, GrantStatus},
    },
    envelope::{AccountId, ChainId},
    identity::{Member, MemberId, MemberStatus},
    state::{StateError, tables::Facts},
    time::{Moment, TimeRange},
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// Most reasons one grant can give.
const MAX_REASONS: usize = 8;

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
#[derive(Clone, Debug, PartialEq, Eq)]
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

    const fn denied(reason: Reason) -> Self {
        Self { outcome: AccessOutcome::Denied { reason }, trace: Vec::new(), emergency: None }
    }
}

/// Decides a request on the state `facts`, in the block at `at`.
///
/// # Errors
/// [`StateError`] if the state cannot be read: no answer, and so no access.
pub fn decide(facts: &Facts<'_>, question: &Question<'_>, at: Moment) -> Result<Decision, StateError> {
    if question.chain != facts.chain() {
        return Ok(Decision::denied(Reason::WrongChain));
    }
    let Some(member) = facts.member(&question.member)? else {
        return Ok(Decision::denied(Reason::NotAMember));
    };
    if let Some(reason) = unfit(&member, at) {
        return Ok(Decision::denied(reason));
    }
    if facts.account(&question.account)?.is_none() {
        return Ok(Decision::denied(Reason::UnknownAccount));
    }
    let has_erasures = facts.has_erasures(&question.account)?;
    let mut spans = Vec::with_capacity(question.request.records.len());
    for (position, record) in (0..).zip(&question.request.records) {
        match facts.record(record)? {
            Some(found) if found.account == question.account => {
                if has_erasures && let Some(reason) = erasure::erased(position, &found, facts)? {
                    return Ok(Decision::denied(reason));
                }
                spans.push(found.entry.facts().span);
            }
            _ => return Ok(Decision::denied(Reason::UnknownRecord { position })),
        }
    }
    let grants = at_hand(facts, question, &member)?;
    emergency::or_break_glass(weigh(&grants, question.request, &spans, at), facts, question, &spans, at)
}

/// What keeps a member from asking at all.
fn unfit(member: &Member, at: Moment) -> Option<Reason> {
    let valid = member.valid();
    match member.status() {
        MemberStatus::Revoked { height } => Some(Reason::MembershipRevoked { height }),
        MemberStatus::Active if at.time < valid.start() => Some(Reason::CertificateNotYetValid { from: valid.start() }),
        MemberStatus::Active if at.time >= valid.end() => Some(Reason::CertificateExpired { at: valid.end() }),
        MemberStatus::Active => None,
    }
}

/// Every grant that may concern the asker, in the order they were granted.
fn at_hand(facts: &Facts<'_>, question: &Question<'_>, member: &Member) -> Result<Vec<GrantRecord>, StateError> {
    let mut names = Vec::new();
    for audience in Audience::of(question.member, member.role()) {
        names.extend_from_slice(facts.at_hand(&question.account, &audience)?.grants());
    }
    // A named grant is looked at even when many newer ones have taken its place at hand.
    names.extend(question.request.grant);
    names.sort_unstable();
    names.dedup();
    let mut grants = Vec::with_capacity(names.len());
    for name in names {
        let Some(record) = facts.grant(&name)? else { continue };
        let concerns = Audience::of(question.member, member.role()).contains(&record.grant().audience);
        if concerns && record.account() == question.account {
            grants.push(record);
        }
    }
    grants.sort_by_key(GrantRecord::number);
    Ok(grants)
}

/// Weighs the grants: a denial in force overrides; then the latest grant that allows; then the nearest miss.
fn weigh(grants: &[GrantRecord], request: &AccessRequest, spans: &[TimeRange], at: Moment) -> Decision {
    let mut trace = Vec::with_capacity(grants.len());
    for record in grants {
        let reasons = match record.grant().effect {
            Effect::Permit => objections(record, request, spans, at),
            Effect::Deny if denies(record, request, spans, at) => {
                alloc::vec![Reason::Prohibited { grant: record.grant().id }]
            }
            Effect::Deny => continue,
        };
        let reasons = List::new(reasons).unwrap_or_default();
        trace.push(Finding { grant: record.grant().id, reasons });
    }
    Decision { outcome: outcome(&trace, request.grant), trace, emergency: None }
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

/// Everything that speaks against using a grant, most fundamental first; at most [`MAX_REASONS`].
fn objections(record: &GrantRecord, request: &AccessRequest, spans: &[TimeRange], at: Moment) -> Vec<Reason> {
    let grant = record.grant();
    let (validity, time) = (grant.validity, grant.validity.time());
    let mut reasons = Vec::new();
    if let GrantStatus::Revoked { height } = record.status() {
        reasons.push(Reason::Revoked { height });
    }
    if at.time >= time.end() {
        reasons.push(Reason::Expired { at: time.end() });
    } else if at.height >= validity.until() {
        reasons.push(Reason::HeightExpired { until: validity.until() });
    } else if at.time < time.start() {
        reasons.push(Reason::NotYetValid { from: time.start() });
    } else if at.height < validity.from() {
        reasons.push(Reason::HeightNotReached { from: validity.from() });
    }
    if !grant.verbs.contains(request.verb) {
        reasons.push(Reason::WrongVerb);
    }
    if !grant.purposes.contains(request.purpose) {
        reasons.push(Reason::WrongPurpose);
    }
    if let Some((position, _)) = (0..).zip(spans).find(|(_, span)| !grant.data.covers(span)) {
        reasons.push(Reason::OutsideDataRange { position });
    }
    if let (Some(0), Some(quota)) = (record.left(), grant.quota) {
        reasons.push(Reason::QuotaExhausted { quota });
    }
    reasons
}

/// Whether a denying grant is in force and touches any part of the request.
fn denies(record: &GrantRecord, request: &AccessRequest, spans: &[TimeRange], at: Moment) -> bool {
    let grant = record.grant();
    record.status() == GrantStatus::Standing
        && grant.validity.holds(at.height, at.time)
        && grant.verbs.contains(request.verb)
        && grant.purposes.contains(request.purpose)
        && spans.iter().any(|span| grant.data.overlaps(span))
}
