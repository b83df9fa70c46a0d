//! Renouncing: a grantee gives its grant up.

use super::{Fault, Frame, Handler, Refusal, party};
use crate::{
    consent::{
        GrantId, GrantStatus,
        grant::{Effect, Origin},
    },
    identity::MemberId,
    state::{Delta, tables::Facts},
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Gives up a grant that names its author alone. Nobody has to agree, and a member whose certificate has run out can
/// still do it. An agreement is ended instead.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Renounce {
    /// Which grant.
    pub grant: GrantId,
}

impl Handler for Renounce {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        party::author(frame).map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, _: Moment) -> Result<(), Fault> {
        let record = party::grant_of(&frame.account()?, &self.grant, facts)?;
        if record.grant().audience.member() != Some(MemberId::of(&party::author(frame)?)) {
            return Err(Refusal::NotTheGrantee.into());
        }
        if record.grant().effect == Effect::Deny {
            return Err(Refusal::NotAPermit.into());
        }
        if matches!(record.origin(), Origin::Agreed { .. }) {
            return Err(Refusal::BoundByAgreement.into());
        }
        if record.ended().is_some() { Err(Refusal::GrantEnded.into()) } else { Ok(()) }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let record = party::grant_of(&frame.account()?, &self.grant, &Facts::new(frame.chain(), state))?;
        Ok(party::put_grant(&record.end(GrantStatus::Renounced { height: at.height }), frame, state)?)
    }
}
