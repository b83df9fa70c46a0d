//! Handing over: a grantee passes its grant to another member, who holds it instead.

use super::{Fault, Frame, Handler, Refusal, grant, party, replace};
use crate::{
    account::Authority,
    consent::{
        GrantId,
        grant::{Effect, Grant, Origin},
    },
    identity::MemberId,
    state::{Delta, tables::Facts},
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Ends a grantee's grant in favour of another grantee's, which goes beyond it in no dimension.
///
/// Endorsed by the grantee, who gives it up, and as the account's policy asks: consent is given recipient by recipient.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct HandOver {
    /// The grant that is given up; names one member.
    pub from: GrantId,
    /// The other's grant; names one member.
    pub grant: Grant,
}

impl HandOver {
    /// Who gives up.
    fn holder(&self, frame: &Frame<'_>, facts: &Facts<'_>) -> Result<MemberId, Fault> {
        let record = party::grant_of(&frame.account()?, &self.from, facts)?;
        replace::free_standing(&record)?;
        let holder = record.grant().audience.member().filter(|holder| party::acts(holder, frame));
        let holder = holder.ok_or(Refusal::NotTheGrantee)?;
        if record.grant().effect == Effect::Deny {
            return Err(Refusal::NotAPermit.into());
        }
        if self.grant.audience.member().is_none_or(|member| member == holder) {
            return Err(Refusal::OtherAudience.into());
        }
        replace::within(&self.grant, &record)?;
        Ok(holder)
    }
}

impl Handler for HandOver {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        grant::shape(&self.grant)
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let account = party::account(frame, facts)?;
        party::holders(&account, frame, facts, at)?;
        let holder = self.holder(frame, facts)?;
        if !facts.member(&holder)?.is_some_and(|member| member.acts_at(at.time)) {
            return Err(Refusal::NotAMember.into());
        }
        grant::admissible(&account.id(), &self.grant, None, facts, at)
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let by = self.holder(frame, &Facts::new(frame.chain(), state))?;
        replace::supersede(&self.from, &self.grant.id, frame, state, at)?;
        grant::enter(&self.grant, Origin::HandedOver { from: self.from, by }, frame, state, at)
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Policy)
    }
}
