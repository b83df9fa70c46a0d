//! Basic information: what a patient lets every member know about an account, for whoever wants to publish into it.

use super::patient_acts;
use crate::{
    account::escrow::BasicInfo,
    action::{Fault, Frame, Handler, Refusal, configure::require_inline_allowed},
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Publishes or replaces an account's basic information. Endorsed by any one of the patient's keys; nobody else
/// decides what is not private.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct PublishInfo {
    /// The information.
    pub info: BasicInfo,
}

impl Handler for PublishInfo {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        if self.info.about.as_str().chars().any(char::is_control) { Err(Refusal::ControlCharacters) } else { Ok(()) }
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, _: Moment) -> Result<(), Fault> {
        if !patient_acts(frame, facts)? {
            return Err(Refusal::NotAPatientKey.into());
        }
        let expected = facts.basic_info(&frame.account()?)?.map_or(0, |info| info.number.saturating_add(1));
        if self.info.number != expected {
            return Err(Refusal::WrongInfoNumber { found: self.info.number, expected }.into());
        }
        // A public key is no text and no ciphertext; it may stand anywhere.
        require_inline_allowed(self.info.about.as_str().len(), facts)
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, _: Moment) -> Result<(), Fault> {
        Ok(state.put(Places::new(frame.chain()).basic_info(&frame.account()?), &self.info)?)
    }
}
