//! Reviewing an emergency afterwards: somebody independent puts on record whether it was one.

use super::{Fault, Frame, Handler, Refusal, access::asker, request_emergency::of_account};
use crate::{
    emergency::{EmergencyId, EmergencyStatus, Review, Verdict},
    hash::Digest,
    identity::Role,
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Records the verdict on an emergency that was open and is over; once.
///
/// Endorsed as authored by a regulator, or by the reviewer the patient named when it was asked for; never by the requester
/// or by a trustee who approved it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct ReviewEmergency {
    /// Which emergency.
    pub id: EmergencyId,
    /// What was found.
    pub verdict: Verdict,
    /// Salted digest of the written findings.
    pub findings: Digest,
}

impl Handler for ReviewEmergency {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        asker(frame).map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let (reviewer, emergency) = (asker(frame)?, of_account(&self.id, frame, facts)?);
        let member = facts.member(&reviewer)?.filter(|member| member.acts_at(at.time)).ok_or(Refusal::NotAMember)?;
        let took_part = reviewer == emergency.requester() || emergency.has_approved(&reviewer);
        let is_named = emergency.reviewer() == Some(reviewer);
        if took_part || !(is_named || member.role() == Role::Regulator) {
            return Err(Refusal::NotAReviewer.into());
        }
        match emergency.status(at) {
            EmergencyStatus::Over | EmergencyStatus::Ended { .. } if emergency.review().is_some() => {
                Err(Refusal::AlreadyReviewed.into())
            }
            EmergencyStatus::Over | EmergencyStatus::Ended { .. } => Ok(()),
            EmergencyStatus::Lapsed | EmergencyStatus::Vetoed { .. } => Err(Refusal::NeverOpened.into()),
            _ => Err(Refusal::EmergencyRunning.into()),
        }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let emergency = of_account(&self.id, frame, &Facts::new(frame.chain(), state))?;
        let review = Review { reviewer: asker(frame)?, verdict: self.verdict, findings: self.findings, at };
        Ok(state.put(Places::new(frame.chain()).emergency(&self.id), &emergency.reviewed(review))?)
    }
}
