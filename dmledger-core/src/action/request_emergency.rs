//! Asking to read in an emergency. Trustees who agree already sign the same action: it opens in one block.

use super::{Fault, Frame, Handler, Refusal, access::asker, appoint::approving};
use crate::{
    emergency::{Emergency, EmergencyId, EmergencyRequest, EmergencyTerms},
    envelope::AccountId,
    state::{
        Delta,
        tables::{Facts, LatestEmergency, Places},
    },
    time::Moment,
};

/// The terms in force, if they are those the request relies on.
pub(super) fn terms(account: &AccountId, number: u64, facts: &Facts<'_>) -> Result<EmergencyTerms, Fault> {
    let appointed = facts.emergency_trustees(account)?.ok_or(Refusal::NoTrustees)?;
    if appointed.number != number {
        return Err(Refusal::TermsChanged { found: number, current: appointed.number }.into());
    }
    appointed.terms.ok_or_else(|| Refusal::NoTrustees.into())
}

impl Handler for EmergencyRequest {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        asker(frame)?;
        if Self::is_emergency(self.reason) { Ok(()) } else { Err(Refusal::NoEmergencyReason) }
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let (id, requester) = (frame.account()?, asker(frame)?);
        if facts.account(&id)?.is_none() {
            return Err(Refusal::UnknownAccount.into());
        }
        let member = facts.member(&requester)?.filter(|member| member.acts_at(at.time)).ok_or(Refusal::NotAMember)?;
        let terms = terms(&id, self.terms, facts)?;
        if terms.circle.contains(&requester) {
            return Err(Refusal::RequesterIsTrustee.into());
        }
        if terms.requesters.binary_search(&member.role()).is_err() {
            return Err(Refusal::NotEntitled { role: member.role() }.into());
        }
        if !terms.reaches(&self.data, at.time) {
            return Err(Refusal::BeyondTerms.into());
        }
        if facts.has(&facts.places().emergency(&self.id))? {
            return Err(Refusal::EmergencyExists.into());
        }
        if facts.emergency_of(&id, &requester)?.is_some_and(|latest| latest.is_running(at)) {
            return Err(Refusal::EmergencyRunning.into());
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (id, requester) = (frame.account()?, asker(frame)?);
        let (places, emergency) = {
            let facts = Facts::new(frame.chain(), state);
            let terms = terms(&id, self.terms, &facts)?;
            let approving = approving(frame, &terms.circle, &id, &facts, at)?;
            let asked = Emergency::new(id, requester, self.clone(), &terms, at).ok_or(Refusal::BeyondTerms)?;
            (*facts.places(), asked.approve(&approving, &terms, at))
        };
        places.emergencies(&id).push(&self.id.list_member(), state)?;
        state.put(places.emergency_of(&id, &requester), &LatestEmergency { id: self.id })?;
        keep(&emergency, false, &places, state)
    }
}

/// Writes an emergency, and lists it as one to review once it has got its approvals.
pub(super) fn keep(
    emergency: &Emergency,
    was_approved: bool,
    places: &Places,
    state: &mut Delta<'_>,
) -> Result<(), Fault> {
    if !was_approved && emergency.open().is_some() {
        places.emergencies_opened().push(&emergency.id().list_member(), state)?;
    }
    Ok(state.put(places.emergency(&emergency.id()), emergency)?)
}

/// The latest state of an emergency of the account the action is about.
pub(super) fn of_account(id: &EmergencyId, frame: &Frame<'_>, facts: &Facts<'_>) -> Result<Emergency, Fault> {
    let account = frame.account()?;
    let found = facts.emergency(id)?.filter(|found| found.account() == account);
    found.ok_or_else(|| Refusal::UnknownEmergency.into())
}
