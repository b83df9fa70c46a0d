//! Ending an emergency before its time: the patient's veto, or the requester is done.

use super::{Fault, Frame, Handler, Refusal, request_emergency::of_account};
use crate::{
    account::KeyClass,
    emergency::{Emergency, EmergencyId, break_glass::EndedBy},
    envelope::Meaning,
    identity::MemberId,
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Ends an emergency from the block it stands in on, open or not yet.
///
/// Endorsed by any one key of the patient or a guardian, whatever the policy asks: stopping takes less than allowing. Or
/// endorsed as authored by the requester.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct EndEmergency {
    /// Which emergency.
    pub id: EmergencyId,
}

impl EndEmergency {
    fn by(emergency: &Emergency, frame: &Frame<'_>, facts: &Facts<'_>) -> Result<EndedBy, Fault> {
        let account = facts.account(&emergency.account())?.ok_or(Refusal::UnknownAccount)?;
        let patient = |key| matches!(account.policy().class_of(key), Some(KeyClass::Patient | KeyClass::Guardian));
        if frame.acting().iter().any(patient) {
            return Ok(EndedBy::Patient);
        }
        let mut authors = frame.signers(Meaning::Authored).map(|key| MemberId::of(&key));
        if authors.any(|author| author == emergency.requester()) {
            Ok(EndedBy::Requester)
        } else {
            Err(Refusal::NoVeto.into())
        }
    }
}

impl Handler for EndEmergency {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account().map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let emergency = of_account(&self.id, frame, facts)?;
        Self::by(&emergency, frame, facts)?;
        if emergency.is_running(at) { Ok(()) } else { Err(Refusal::EmergencyOver.into()) }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let facts = Facts::new(frame.chain(), state);
        let emergency = of_account(&self.id, frame, &facts)?;
        let by = Self::by(&emergency, frame, &facts)?;
        Ok(state.put(Places::new(frame.chain()).emergency(&self.id), &emergency.end(by, at))?)
    }
}
