//! Revoking: taking a grant back is never harder than giving it.

use super::{Fault, Frame, Handler, Refusal, party};
use crate::{
    account::Authority,
    consent::{Effect, GrantId, GrantStatus, Standing},
    state::{Delta, tables::Facts},
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Takes a grant back, from the block it stands in on.
///
/// Endorsed as the account's policy asks, or by any one of the patient's keys alone: with one key lost or out of reach
/// the patient can still close a door, though not open one: a grant that denies is taken back as the policy asks.
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
        let account = party::account(frame, facts)?;
        party::closers(&account, frame, facts, at)?;
        let record = party::grant_of(&account.id(), &self.grant, facts)?;
        match record.ended() {
            // Lifting a denial opens a door.
            None if record.grant().effect == Effect::Deny => party::holders(&account, frame, facts, at),
            None => Ok(()),
            Some(Standing::Revoked { .. }) => Err(Refusal::AlreadyRevoked.into()),
            Some(_) => Err(Refusal::GrantEnded.into()),
        }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let record = party::grant_of(&frame.account()?, &self.grant, &Facts::new(frame.chain(), state))?;
        Ok(party::put_grant(&record.end(GrantStatus::Revoked { height: at.height }), frame, state)?)
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Closing)
    }
}
