//! Weighing one grant: everything that speaks against using it, most fundamental first.

use super::{Question, Reason, unfit};
use crate::{
    consent::grant::{Audience, Effect, GrantRecord, Origin, Standing},
    record::RecordId,
    scope::{Purpose, PurposeSet, Verb},
    state::{
        StateError,
        tables::{Facts, MAX_AT_HAND, Surroundings},
    },
    time::{Moment, TimeRange},
};
use alloc::{sync::Arc, vec::Vec};

/// Most reasons one grant can give.
pub(super) const MAX_REASONS: usize = 12;

/// Whether used-up quotas count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotas {
    /// They do: one more request is to be served.
    Count,
    /// They do not: the request has been served, and counted, before.
    WereCounted,
}

/// What is asked, with what the state says of the records: their spans, in the order of the request.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) facts: &'a Facts<'a>,
    pub(super) question: &'a Question<'a>,
    pub(super) spans: &'a [TimeRange],
    pub(super) at: Moment,
    pub(super) quotas: Quotas,
}

impl Asked<'_> {
    /// Everything that speaks against using a grant that permits; at most [`MAX_REASONS`].
    pub(super) fn objections(&self, record: &GrantRecord) -> Result<Vec<Reason>, StateError> {
        let grant = record.grant();
        let request = self.question.request;
        let mut reasons = Vec::new();
        reasons.extend(record.ended().and_then(Reason::of_standing));
        reasons.extend(record.untimely(self.at).and_then(Reason::of_standing));
        reasons.extend(self.referrer(record)?);
        if !grant.verbs.contains(request.verb) {
            reasons.push(Reason::WrongVerb);
        }
        if !grant.purposes.contains(request.purpose) {
            reasons.push(Reason::WrongPurpose);
        }
        if let Some((position, _)) = (0..).zip(self.spans).find(|(_, span)| !grant.data.covers(span)) {
            reasons.push(Reason::OutsideDataRange { position });
        }
        reasons.extend(self.unindexed(record)?);
        if grant.audience == Audience::Public {
            reasons.extend(self.too_much_for_the_public()?);
        }
        if !request.undertaking.covers(&grant.conditions) {
            reasons.push(Reason::ConditionsNotAccepted);
        }
        let about = grant.conditions.disease().filter(|_| request.purpose == Purpose::DiseaseResearch);
        if about.is_some() && about != request.undertaking.disease() {
            reasons.push(Reason::WrongDisease);
        }
        if self.quotas == Quotas::Count {
            reasons.extend(record.exhausted().and_then(Reason::of_standing));
        }
        Ok(reasons)
    }

    /// Whether a denying grant is in force and touches any part of the request.
    pub(super) fn denies(&self, record: &GrantRecord) -> bool {
        let (grant, request) = (record.grant(), self.question.request);
        grant.effect == Effect::Deny
            && record.ended().is_none()
            && record.untimely(self.at).is_none()
            && grant.verbs.contains(request.verb)
            && grant.purposes.contains(request.purpose)
            && self.spans.iter().any(|span| grant.data.overlaps(span))
    }

    /// A referral serves only while the referrer's own grant does, and while the referrer is a member in good standing.
    fn referrer(&self, record: &GrantRecord) -> Result<Option<Reason>, StateError> {
        let Origin::Referred { from, by } = record.origin() else { return Ok(None) };
        let ended = Reason::ReferralEnded { grant: from };
        let Some(parent) = self.facts.grant(&from)? else { return Ok(Some(ended)) };
        let standing = match self.quotas {
            Quotas::Count => parent.standing(self.at),
            Quotas::WereCounted => parent.ended().or_else(|| parent.untimely(self.at)).unwrap_or(Standing::InForce),
        };
        let fit = self.facts.member(&by)?.is_some_and(|member| unfit(&member, self.at).is_none());
        Ok((standing != Standing::InForce || !fit).then_some(ended))
    }

    /// The first record that the agreement behind the grant does not name, if it names any.
    fn unindexed(&self, record: &GrantRecord) -> Result<Option<Reason>, StateError> {
        let Some(agreement) = self.facts.agreement_of(record)? else { return Ok(None) };
        let index = &agreement.agreement().index;
        if index.is_empty() {
            return Ok(None);
        }
        let is_named = |record: &RecordId| Ok(index.contains(&self.facts.original(record)?));
        self.first(is_named).map(|position| position.map(|position| Reason::NotIndexed { position }))
    }

    /// What the public never gets, whatever the grant says.
    fn too_much_for_the_public(&self) -> Result<Vec<Reason>, StateError> {
        let request = self.question.request;
        let mut reasons = Vec::new();
        if request.verb != Verb::Query || !PurposeSet::open_to_the_public().contains(request.purpose) {
            reasons.push(Reason::NotForThePublic);
        }
        let is_open = |record: &RecordId| Ok(self.facts.deidentified(record)?.is_some());
        reasons.extend(self.first(is_open)?.map(|position| Reason::Identified { position }));
        Ok(reasons)
    }

    /// Position of the first record of which `holds` is not true.
    fn first(&self, holds: impl Fn(&RecordId) -> Result<bool, StateError>) -> Result<Option<u16>, StateError> {
        for (position, record) in (0..).zip(&self.question.request.records) {
            if !holds(record)? {
                return Ok(Some(position));
            }
        }
        Ok(None)
    }
}

/// Every grant that may concern the asker, in the order they were granted.
pub(super) fn at_hand(
    facts: &Facts<'_>,
    question: &Question<'_>,
    around: &Surroundings,
    audiences: &[Audience],
) -> Result<Vec<Arc<Option<GrantRecord>>>, StateError> {
    let mut grants = Vec::with_capacity(MAX_AT_HAND);
    for audience in audiences {
        facts.hand(&question.account, audience, around, &mut grants)?;
    }
    // A named grant is looked at even when many newer ones have taken its place at hand.
    if let Some(name) = question.request.grant {
        grants.push(facts.known(&facts.places().grant(&name))?);
    }
    let concerns =
        |record: &GrantRecord| audiences.contains(&record.grant().audience) && record.account() == question.account;
    grants.retain(|grant| grant.as_ref().as_ref().is_some_and(concerns));
    // Numbers are unique within an account.
    let number = |grant: &Arc<Option<GrantRecord>>| grant.as_ref().as_ref().map(GrantRecord::number);
    grants.sort_by_key(number);
    grants.dedup_by_key(|grant| number(grant));
    Ok(grants)
}
