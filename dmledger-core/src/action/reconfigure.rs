//! Changing the validators while the network runs.

use super::{
    Fault, Frame, Handler, Refusal,
    configure::{Provisioning, Settings},
    handler::{require_approvals, require_member},
    provision::{IsNode, owner},
};
use crate::{
    codec::Canonical,
    quorum::{Validator, ValidatorSet},
    state::{
        Delta, StateError,
        tables::{Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Names the validators that decide from the next block on.
///
/// Endorsed as approved by as many members as an admission takes; whoever is new among them is a member's key, or a
/// node's that an end node provisioned. Changes are numbered, so that an old one cannot
/// be sent again when the set happens to be the same as before it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Reconfigure {
    /// Number of this change; genesis is 0, the first change 1.
    pub number: u64,
    /// The whole new set.
    pub validators: ValidatorSet,
}

/// How often the validators have been changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Changes(u64);

impl Canonical for Changes {
    const MAX_BYTES: usize = 9;
}

fn changes(facts: &Facts<'_>) -> Result<u64, StateError> {
    let changes: Option<Changes> = facts.get(&facts.places().validator_changes())?;
    Ok(changes.unwrap_or_default().0)
}

/// Checks that a key may vote: a member stands behind it whose role lets it, provisioned if the contract asks for that,
/// and it was never caught. Those who vote already are not asked again, or nobody could be named beside a founder.
fn may_vote(one: &Validator, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
    if let Some(offender) = facts.offender(&one.address())? {
        return Err(Refusal::ConvictedAlready { height: offender.at.height }.into());
    }
    if facts.validators()?.is_some_and(|set| set.get(&one.address()).is_some()) {
        return Ok(());
    }
    let settings = Settings::read(facts)?;
    let (member, is_node) = owner(&one.key(), facts)?.ok_or(Refusal::NotAMember)?;
    let member = require_member(&member, facts, at.time)?;
    if settings.contract().provisioning == Provisioning::Required && is_node == IsNode::No {
        return Err(Refusal::NotProvisioned.into());
    }
    let role = member.role();
    if settings.parameters().may_vote(role) { Ok(()) } else { Err(Refusal::MayNotVote { role }.into()) }
}

impl Handler for Reconfigure {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.no_account()
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let expected = changes(facts)?.saturating_add(1);
        if self.number != expected {
            return Err(Refusal::WrongChange { found: self.number, expected }.into());
        }
        require_approvals(frame, facts, at, None)?;
        self.validators.iter().try_for_each(|one| may_vote(one, facts, at))
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, _: Moment) -> Result<(), Fault> {
        let places = Places::new(frame.chain());
        state.put(places.validator_changes(), &Changes(self.number))?;
        Ok(state.put(places.validators(), &self.validators)?)
    }
}
