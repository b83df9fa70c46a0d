//! Asking for records. The answer is decided when the block executes and stays in the account's log, yes or no.

use super::{Fault, Frame, Handler, Refusal, party};
use crate::{
    consent::{AccessRequest, AgreementId, GrantId, agreement::AgreementEvent, grant::Origin},
    decide::{AccessEntry, AccessOutcome, Question, decide},
    envelope::AccountId,
    identity::MemberId,
    state::{
        Delta,
        tables::{Facts, LogPosition},
    },
    time::Moment,
};
use alloc::collections::BTreeSet;

/// The one who asks: the one author.
pub(super) fn asker(frame: &Frame<'_>) -> Result<MemberId, Refusal> {
    Ok(MemberId::of(&party::author(frame)?))
}

fn spend_one(grant: &GrantId, frame: &Frame<'_>, state: &mut Delta<'_>) -> Result<(), Fault> {
    let record = Facts::new(frame.chain(), state).grant(grant)?;
    record.map_or(Ok(()), |record| Ok(party::put_grant(&record.spend(), frame, state)?))
}

/// The agreement in whose log the request belongs: that of the grant that was used, or that was named and denied.
fn agreement(
    grant: Option<GrantId>,
    account: &AccountId,
    asker: &MemberId,
    facts: &Facts<'_>,
) -> Result<Option<AgreementId>, Fault> {
    let Some(grant) = grant.map_or(Ok(None), |id| facts.grant(&id))? else { return Ok(None) };
    // Nobody writes into a log by naming somebody else's grant.
    if grant.account() != *account || grant.grant().audience.member() != Some(*asker) {
        return Ok(None);
    }
    Ok(facts.agreement_of(&grant)?.map(|agreement| agreement.id()))
}

impl Handler for AccessRequest {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        asker(frame)?;
        if self.records.is_empty() {
            return Err(Refusal::Empty);
        }
        let names: BTreeSet<_> = self.records.iter().collect();
        if names.len() == self.records.len() { Ok(()) } else { Err(Refusal::DuplicateRecord) }
    }

    /// Only strangers and repetitions are refused; a member's request is answered whatever the answer, a member whose
    /// admission was revoked or whose certificate has run out included.
    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, _: Moment) -> Result<(), Fault> {
        if !facts.has(&facts.places().member(&asker(frame)?))? {
            return Err(Refusal::NotAMember.into());
        }
        if facts.has(&facts.places().request(&self.id))? {
            return Err(Refusal::RequestExists.into());
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (account, member) = (frame.account()?, asker(frame)?);
        let (places, outcome, number) = {
            let facts = Facts::new(frame.chain(), state);
            let question = Question { chain: frame.chain(), member, account, request: self };
            let outcome = decide(&facts, &question, at)?.outcome();
            (*facts.places(), outcome, facts.places().accesses(&account).leaf(state)?.count())
        };
        spend(outcome, frame, state)?;
        let entry = AccessEntry {
            account,
            number,
            member,
            request: self.id,
            records: self.records.clone(),
            verb: self.verb,
            purpose: self.purpose,
            undertaking: self.undertaking.clone(),
            outcome,
            at,
        };
        state.put(places.request(&self.id), &LogPosition { account, number })?;
        state.put(places.access(&account, number), &entry)?;
        places.accesses(&account).push(&entry.digest(), state)?;
        let relied_on = outcome.grant().or(self.grant);
        let Some(id) = agreement(relied_on, &account, &member, &Facts::new(frame.chain(), state))? else {
            return Ok(());
        };
        let event = AgreementEvent::Visited { request: self.id, allowed: outcome.grant().is_some() };
        party::log(&id, event, frame, state, at)
    }
}

/// Counts the request towards what allowed it: a grant, the referrer's too if it is a referral; or an emergency.
fn spend(outcome: AccessOutcome, frame: &Frame<'_>, state: &mut Delta<'_>) -> Result<(), Fault> {
    match outcome {
        AccessOutcome::Allowed { grant } => {
            let origin = Facts::new(frame.chain(), state).grant(&grant)?.map(|record| record.origin());
            if let Some(Origin::Referred { from, .. }) = origin {
                spend_one(&from, frame, state)?;
            }
            spend_one(&grant, frame, state)
        }
        AccessOutcome::BreakGlass { emergency } => {
            let facts = Facts::new(frame.chain(), state);
            let (places, record) = (*facts.places(), facts.emergency(&emergency)?);
            record.map_or(Ok(()), |record| Ok(state.put(places.emergency(&emergency), &record.spend())?))
        }
        AccessOutcome::Denied { .. } => Ok(()),
    }
}
