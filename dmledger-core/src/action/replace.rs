//! Replacing: a grant is renewed, narrowed or put in other terms; the one before it stays in the list, linked.

use super::{Fault, Frame, Handler, Refusal, grant, handler::require, party};
use crate::{
    account::Authority,
    consent::{
        GrantId, GrantStatus,
        grant::{Dimension, Effect, Grant, GrantRecord, Origin},
    },
    state::{Delta, tables::Facts},
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// In what way a grant follows another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Succession {
    /// The same terms for longer; the quota begins anew.
    Renew = 1,
    /// In no dimension more than before.
    Narrow = 2,
    /// Any other terms for the same audience.
    Replace = 3,
}

/// Puts a grant in the place of another, for the same audience.
///
/// Endorsed as the account's policy asks. To narrow what is permitted, any one of the patient's keys is enough: it closes
/// and opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Replace {
    /// The grant that gives way; it may have expired or be used up, but not have been ended.
    pub from: GrantId,
    /// In what way.
    pub how: Succession,
    /// The grant that takes its place.
    pub grant: Grant,
}

impl Replace {
    fn signers(&self) -> Authority {
        let closes = self.how == Succession::Narrow && self.grant.effect == Effect::Permit;
        if closes { Authority::Closing } else { Authority::Policy }
    }
}

impl Handler for Replace {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        grant::shape(&self.grant)
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let account = party::account(frame, facts)?;
        require(self.signers(), &account, frame, facts, at)?;
        let record = party::grant_of(&account.id(), &self.from, facts)?;
        free_standing(&record)?;
        if self.grant.audience != record.grant().audience {
            return Err(Refusal::OtherAudience.into());
        }
        match self.how {
            Succession::Renew => longer(record.grant(), &self.grant)?,
            Succession::Narrow => within(&self.grant, &record)?,
            Succession::Replace => {}
        }
        grant::admissible(&account.id(), &self.grant, Some(self.from), facts, at)
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        supersede(&self.from, &self.grant.id, frame, state, at)?;
        let from = self.from;
        let origin = match self.how {
            Succession::Renew => Origin::Renewed { from },
            Succession::Narrow => Origin::Narrowed { from },
            Succession::Replace => Origin::Replaced { from },
        };
        grant::enter(&self.grant, origin, frame, state, at)
    }

    fn authority(&self) -> Option<Authority> {
        Some(self.signers())
    }
}

/// Not ended, and neither the right of an agreement nor a referral: those change with the agreement only.
pub(super) fn free_standing(record: &GrantRecord) -> Result<(), Refusal> {
    if record.ended().is_some() {
        return Err(Refusal::GrantEnded);
    }
    match record.origin() {
        Origin::Agreed { .. } | Origin::Referred { .. } => Err(Refusal::BoundByAgreement),
        _ => Ok(()),
    }
}

/// In no dimension beyond what is left of the other.
pub(super) fn within(grant: &Grant, outer: &GrantRecord) -> Result<(), Refusal> {
    match grant.beyond(outer.grant(), outer.left()) {
        Some(dimension) => Err(Refusal::BeyondScope { dimension }),
        None => Ok(()),
    }
}

/// Ends a grant in favour of another.
pub(super) fn supersede(
    from: &GrantId,
    by: &GrantId,
    frame: &Frame<'_>,
    state: &mut Delta<'_>,
    at: Moment,
) -> Result<(), Fault> {
    let record = party::grant_of(&frame.account()?, from, &Facts::new(frame.chain(), state))?;
    Ok(party::put_grant(&record.end(GrantStatus::Superseded { height: at.height, by: *by }), frame, state)?)
}

/// The same terms, but for a validity that ends later in time or height and earlier in neither.
fn longer(old: &Grant, new: &Grant) -> Result<(), Refusal> {
    let terms = |grant: &Grant| (grant.effect, grant.data, grant.verbs, grant.purposes, grant.conditions.clone());
    if terms(old) != terms(new) {
        let same = Grant { validity: old.validity, ..new.clone() };
        let dimension = same.beyond(old, None).or_else(|| old.beyond(&same, None)).unwrap_or(Dimension::Conditions);
        return Err(Refusal::BeyondScope { dimension });
    }
    let (time, height) = (old.validity.time().end(), old.validity.until());
    let (later, higher) = (new.validity.time().end(), new.validity.until());
    let is_longer = later >= time && higher >= height && (later > time || higher > height);
    if is_longer { Ok(()) } else { Err(Refusal::NotLonger) }
}
