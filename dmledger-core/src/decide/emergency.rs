//! What an emergency has to say about a request that nothing else allows.
//!
//! A denial in force overrides an emergency too. No general restriction stands in a patient's way by that: a denial
//! closes only the purposes it names, so one for treatment or research says nothing about break-glass, and one that names
//! `BTG` or `ETREAT` is the patient's own word on emergencies.

use super::{
    AccessOutcome, Decision, Reason,
    weigh::{Asked, Quotas},
};
use crate::{
    emergency::{Emergency, EmergencyId, EmergencyRequest, EmergencyStatus},
    scope::Verb,
    state::{StateError, tables::Facts},
    time::Moment,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// What the requester's latest emergency has to say: nothing against, or every reason against.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct EmergencyFinding {
    emergency: EmergencyId,
    reasons: Vec<Reason>,
}

impl EmergencyFinding {
    /// The emergency that was looked at.
    #[must_use]
    pub const fn emergency(&self) -> EmergencyId {
        self.emergency
    }

    /// What speaks against using it, most fundamental first; empty if it allows the request.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }
}

/// The decision, or what an emergency makes of it: only for a request that names an emergency as its purpose, relies on
/// no grant, and is neither allowed nor prohibited otherwise.
pub(super) fn or_break_glass(mut decision: Decision, asked: &Asked<'_>) -> Result<Decision, StateError> {
    let (facts, question) = (asked.facts, asked.question);
    let request = question.request;
    let settled = match decision.outcome {
        AccessOutcome::Denied { reason } => matches!(reason, Reason::Prohibited { .. }),
        AccessOutcome::Allowed { .. } | AccessOutcome::BreakGlass { .. } => true,
    };
    if settled || request.grant.is_some() || !EmergencyRequest::is_emergency(request.purpose) {
        return Ok(decision);
    }
    let Some(emergency) = facts.emergency_of(&question.account, &question.member)? else { return Ok(decision) };
    let reasons = objections(&emergency, asked);
    decision.outcome = match reasons.first() {
        None => AccessOutcome::BreakGlass { emergency: emergency.id() },
        Some(reason) => AccessOutcome::Denied { reason: *reason },
    };
    decision.emergency = Some(EmergencyFinding { emergency: emergency.id(), reasons });
    Ok(decision)
}

/// Why an emergency that was relied on before serves no longer, in the block at `at`; nothing if it is open.
pub(super) fn ended(facts: &Facts<'_>, id: &EmergencyId, at: Moment) -> Result<Option<Reason>, StateError> {
    Ok(facts.emergency(id)?.map_or(Some(Reason::NoGrant), |emergency| closed(&emergency, at)))
}

fn objections(emergency: &Emergency, asked: &Asked<'_>) -> Vec<Reason> {
    let (request, mut reasons) = (asked.question.request, Vec::new());
    reasons.extend(closed(emergency, asked.at));
    if request.verb != Verb::Query {
        reasons.push(Reason::WrongVerb);
    }
    if request.purpose != emergency.request().reason {
        reasons.push(Reason::WrongPurpose);
    }
    let data = emergency.request().data;
    if let Some((position, _)) = (0..).zip(asked.spans).find(|(_, span)| !data.covers(span)) {
        reasons.push(Reason::OutsideDataRange { position });
    }
    if asked.quotas == Quotas::Count && emergency.used() >= emergency.uses() {
        reasons.push(Reason::QuotaExhausted { quota: emergency.uses() });
    }
    reasons
}

/// Why it is not open.
fn closed(emergency: &Emergency, at: Moment) -> Option<Reason> {
    Some(match emergency.status(at) {
        EmergencyStatus::Open => return None,
        EmergencyStatus::Pending => Reason::EmergencyPending,
        EmergencyStatus::Lapsed => Reason::EmergencyLapsed,
        EmergencyStatus::Delayed { opens } => Reason::EmergencyDelayed { opens: opens.time, from: opens.height },
        EmergencyStatus::Vetoed { height } => Reason::EmergencyVetoed { height },
        EmergencyStatus::Ended { height, .. } => Reason::EmergencyEnded { height },
        EmergencyStatus::Over => match emergency.open() {
            Some(open) if at.time < open.time().end() => Reason::EmergencyOverAtHeight { until: open.until() },
            Some(open) => Reason::EmergencyOver { at: open.time().end() },
            None => Reason::EmergencyLapsed,
        },
    })
}
