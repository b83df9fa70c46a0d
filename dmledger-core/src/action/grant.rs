//! Granting: the account's holders let somebody use its records, or shut somebody out.

use super::{Fault, Frame, Handler, Refusal, configure::require_inline_allowed, party};
use crate::{
    account::Authority,
    consent::grant::{Audience, Effect, Grant, GrantId, GrantRecord, Origin},
    envelope::AccountId,
    scope::{Purpose, PurposeSet, VerbSet},
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
        frame.account()?;
        shape(&self.grant)
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let account = party::account(frame, facts)?;
        party::holders(&account, frame, facts, at)?;
        admissible(&account.id(), &self.grant, None, facts, at)
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        enter(&self.grant, Origin::Granted, frame, state, at)
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Policy)
    }
}

/// What shows of a grant by itself: what the public can be given at all, and a disease where research is limited to one.
pub(super) fn shape(grant: &Grant) -> Result<(), Refusal> {
    let open = grant.effect == Effect::Permit
        && grant.verbs == VerbSet::QUERY
        && PurposeSet::open_to_the_public().covers(grant.purposes);
    if grant.audience == Audience::Public && !open {
        return Err(Refusal::NotForThePublic);
    }
    let for_a_disease = grant.effect == Effect::Permit && grant.purposes.contains(Purpose::DiseaseResearch);
    if for_a_disease && grant.conditions.disease().is_none() {
        return Err(Refusal::NoDisease);
    }
    Ok(())
}

/// Whether the account can be given this grant; `gone` makes room for it.
pub(super) fn admissible(
    account: &AccountId,
    grant: &Grant,
    gone: Option<GrantId>,
    facts: &Facts<'_>,
    at: Moment,
) -> Result<(), Fault> {
    if facts.has(&facts.places().grant(&grant.id))? {
        return Err(Refusal::GrantExists.into());
    }
    if grant.validity.is_over(at.height, at.time) || grant.quota == Some(0) {
        return Err(Refusal::GrantIsOver.into());
    }
    require_inline_allowed(grant.delivery.as_slice().len(), facts)?;
    if let Some(member) = grant.audience.member() {
        let known = facts.member(&member)?;
        if !known.is_some_and(|one| one.acts_at(at.time)) {
            return Err(Refusal::UnknownGrantee { member }.into());
        }
    }
    make_room(account, grant, gone, facts, at)?.map(|_| ()).ok_or_else(|| too_many().into())
}

/// Puts a grant into the account's list and at hand.
pub(super) fn enter(
    grant: &Grant,
    origin: Origin,
    frame: &Frame<'_>,
    state: &mut Delta<'_>,
    at: Moment,
) -> Result<(), Fault> {
    let id = frame.account()?;
    let (places, mut names, number) = {
        let facts = Facts::new(frame.chain(), state);
        let names = make_room(&id, grant, None, &facts, at)?.ok_or_else(too_many)?;
        (*facts.places(), names, facts.places().grants(&id).leaf(state)?.count())
    };
    names.push(grant.id);
    state.put(places.audience(&id, &grant.audience), &AtHand::new(names).map_err(|_| too_many())?)?;
    state.put(places.grant(&grant.id), &GrantRecord::new(id, grant.clone(), number, at.height, origin))?;
    Ok(places.grants(&id).push(&grant.id.list_member(), state)?)
}

const fn too_many() -> Refusal {
    Refusal::TooManyGrants { max: MAX_AT_HAND }
}

/// The grants at hand for the same audience, with room for one more: the oldest that is over, or `gone`, gives way.
/// `None` if all of them may yet serve. What gives way stays in the account's list.
fn make_room(
    account: &AccountId,
    grant: &Grant,
    gone: Option<GrantId>,
    facts: &Facts<'_>,
    at: Moment,
) -> Result<Option<Vec<GrantId>>, StateError> {
    let mut names = facts.at_hand(account, &grant.audience)?.grants().to_vec();
    if names.len() < MAX_AT_HAND {
        return Ok(Some(names));
    }
    for (position, name) in names.iter().enumerate() {
        if gone == Some(*name) || facts.grant(name)?.is_none_or(|record| record.is_over(at)) {
            names.remove(position);
            return Ok(Some(names));
        }
    }
    Ok(None)
}
