//! Dismissal: a member is out from the block that says so, on every node at the same height.

use super::{
    Fault, Frame, Handler, Refusal,
    handler::require_approvals,
    provision::{addresses_of, leave_validators},
};
use crate::{
    identity::{MemberId, MemberStatus},
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Ends a membership, for ever: the key does not come back, a new one may be admitted.
///
/// Endorsed as approved by as many members as an admission takes; the member itself does not count. Its keys and its
/// nodes' leave the validators with the next block.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Dismiss {
    /// Who.
    pub member: MemberId,
}

impl Handler for Dismiss {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.no_account()
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let member = facts.member(&self.member)?.ok_or(Refusal::UnknownMember)?;
        if let MemberStatus::Revoked { height } = member.status() {
            return Err(Refusal::MemberDismissed { height }.into());
        }
        require_approvals(frame, facts, at, Some(self.member))
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let places = Places::new(frame.chain());
        let (member, votes) = {
            let facts = Facts::new(frame.chain(), state);
            (facts.member(&self.member)?.ok_or(Refusal::UnknownMember)?, addresses_of(&self.member, &facts)?)
        };
        state.put(places.member(&self.member), &member.revoke(at.height))?;
        leave_validators(&votes, state, &places)
    }
}
