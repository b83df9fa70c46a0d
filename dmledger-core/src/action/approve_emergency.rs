//! Approving an emergency that was asked for before.

use super::{
    Fault, Frame, Handler, Refusal,
    appoint::approving,
    request_emergency::{keep, of_account, terms},
};
use crate::{
    emergency::{EmergencyId, EmergencyStatus},
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Trustees agree to an emergency: one of them or several, endorsed as approved. What is open or over takes no more.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct ApproveEmergency {
    /// Which emergency.
    pub id: EmergencyId,
}

impl Handler for ApproveEmergency {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account().map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let account = frame.account()?;
        let emergency = of_account(&self.id, frame, facts)?;
        match emergency.status(at) {
            EmergencyStatus::Pending | EmergencyStatus::Delayed { .. } => {}
            EmergencyStatus::Open => return Err(Refusal::EmergencyOpen.into()),
            _ => return Err(Refusal::EmergencyOver.into()),
        }
        let terms = terms(&account, emergency.request().terms, facts)?;
        let approving = approving(frame, &terms.circle, &account, facts, at)?;
        if approving.iter().all(|(trustee, _)| emergency.has_approved(trustee)) {
            return Err(Refusal::NoTrusteeApproves.into());
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (was_approved, emergency) = {
            let (account, facts) = (frame.account()?, Facts::new(frame.chain(), state));
            let emergency = of_account(&self.id, frame, &facts)?;
            let terms = terms(&account, emergency.request().terms, &facts)?;
            let approving = approving(frame, &terms.circle, &account, &facts, at)?;
            (emergency.open().is_some(), emergency.approve(&approving, &terms, at))
        };
        keep(&emergency, was_approved, &Places::new(frame.chain()), state)
    }
}
