//! Granting: the account's holders let somebody use its records, or shut somebody out.

use super::{Fault, Frame, Handler, Refusal, configure::require_inline_allowed, handler::require};
use crate::{
    account::Authority,
    consent::grant::{Audience, Grant, GrantId, GrantRecord, GrantStatus},
    envelope::AccountId,
    state::{
        Delta, StateError,
        tables::{AtHand, Facts, MAX_AT_HAND},
    },
    time::Moment,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// Puts a grant into the account's list.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct GrantAction {
    /// What is granted.
    pub grant: Grant,
}

impl Handler for GrantAction {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account().map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let id = frame.account()?;
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        require(Authority::Policy, &account, frame, facts, at)?;
        if facts.has(&facts.places().grant(&self.grant.id))? {
            return Err(Refusal::GrantExists.into());
        }
        if self.grant.validity.is_over(at.height, at.time) {
            return Err(Refusal::GrantIsOver.into());
        }
        require_inline_allowed(self.grant.delivery.as_slice().len(), facts)?;
        if let Audience::Member(member) = self.grant.audience {
            let known = facts.member(&member)?;
            if !known.is_some_and(|one| one.acts_at(at.time)) {
                return Err(Refusal::UnknownGrantee { member }.into());
            }
        }
        make_room(&id, &self.grant, facts, at)?.map(|_| ()).ok_or_else(|| too_many().into())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (id, name) = (frame.account()?, self.grant.id);
        let (places, mut names, number) = {
            let facts = Facts::new(frame.chain(), state);
            let names = make_room(&id, &self.grant, &facts, at)?.ok_or_else(too_many)?;
            (*facts.places(), names, facts.places().grants(&id).leaf(state)?.count())
        };
        names.push(name);
        state.put(places.audience(&id, &self.grant.audience), &AtHand::new(names).map_err(|_| too_many())?)?;
        state.put(places.grant(&name), &GrantRecord::new(id, self.grant.clone(), number, at.height))?;
        Ok(places.grants(&id).push(&name.list_member(), state)?)
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Policy)
    }
}

const fn too_many() -> Refusal {
    Refusal::TooManyGrants { max: MAX_AT_HAND }
}

/// The grants at hand for the same audience, with room for one more: the oldest ended one gives way. `None` if all of
/// them are in force. What gives way stays in the account's list.
fn make_room(
    account: &AccountId,
    grant: &Grant,
    facts: &Facts<'_>,
    at: Moment,
) -> Result<Option<Vec<GrantId>>, StateError> {
    let mut names = facts.at_hand(account, &grant.audience)?.grants().to_vec();
    if names.len() < MAX_AT_HAND {
        return Ok(Some(names));
    }
    for (position, name) in names.iter().enumerate() {
        let over = facts.grant(name)?.is_none_or(|record| {
            record.status() != GrantStatus::Standing || record.grant().validity.is_over(at.height, at.time)
        });
        if over {
            names.remove(position);
            return Ok(Some(names));
        }
    }
    Ok(None)
}
