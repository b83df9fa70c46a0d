//! Revoking: taking a grant back is never harder than giving it.

use super::{Fault, Frame, Handler, Refusal, handler::require};
use crate::{
    account::Authority,
    consent::{GrantId, GrantStatus},
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Takes a grant back, from the block it stands in on.
///
/// Endorsed as the account's policy asks, or by any one of the patient's keys alone: with one key lost or out of reach
/// the patient can still close a door, though not open one.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Revoke {
    /// Which grant.
    pub grant: GrantId,
}

impl Handler for Revoke {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account().map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let id = frame.account()?;
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        require(Authority::Closing, &account, frame, facts, at)?;
        let record = facts.grant(&self.grant)?.filter(|record| record.account() == id);
        match record.ok_or(Refusal::UnknownGrant)?.status() {
            GrantStatus::Standing => Ok(()),
            GrantStatus::Revoked { .. } => Err(Refusal::AlreadyRevoked.into()),
        }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let places = Places::new(frame.chain());
        let record = Facts::new(frame.chain(), state).grant(&self.grant)?.ok_or(Refusal::UnknownGrant)?;
        Ok(state.put(places.grant(&self.grant), &record.revoke(at.height))?)
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Closing)
    }
}
