//! Appointing trustees: the patient alone says who may approve an emergency, and who a recovery.

use super::{
    Fault, Frame, Handler, Refusal,
    handler::{acting_member, require},
};
use crate::{
    account::{Authority, Policy},
    codec::Canonical,
    emergency::{Appointed, Appointment, Circle, Power},
    envelope::{AccountId, Meaning},
    identity::{MemberId, Role},
    state::{
        Delta, StateError,
        tables::{Facts, Places},
    },
    time::Moment,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// Decides about one of the two powers: appoints its trustees, replaces them, or takes the power back.
///
/// Endorsed by every one of the patient's keys; nobody else has a say. Trustees are members, hold no key of the account,
/// and are trustees of one power only. Decisions are numbered, so that an old one cannot be repeated to bring trustees
/// back; what was asked for under an earlier decision takes no further approval.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Appoint {
    /// Number of the decision about this power, from 0.
    pub number: u64,
    /// What is decided.
    pub appointment: Appointment,
}

impl Handler for Appoint {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        Ok(self.appointment.check()?)
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let id = frame.account()?;
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        require(Authority::Patient, &account, frame, facts, at)?;
        let (emergency, recovery) = (facts.emergency_trustees(&id)?, facts.recovery_trustees(&id)?);
        let (decided, other) = match self.appointment.power() {
            Power::BreakGlass => (number(emergency.as_ref()), circle(recovery.as_ref(), |terms| &terms.circle)),
            Power::Recovery => (number(recovery.as_ref()), circle(emergency.as_ref(), |terms| &terms.circle)),
        };
        if self.number != decided {
            return Err(Refusal::WrongAppointment { found: self.number, expected: decided }.into());
        }
        let Some(circle) = self.appointment.circle() else { return Ok(()) };
        if let Some(member) = other.and_then(|other| circle.shared_with(other)) {
            return Err(Refusal::TrusteeOfBoth { member }.into());
        }
        for member in circle.trustees() {
            may_be_trustee(member, account.policy(), facts, at)?;
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (account, places) = (frame.account()?, Places::new(frame.chain()));
        let place = places.trustees(&account, self.appointment.power());
        match &self.appointment {
            Appointment::BreakGlass(terms) => state.put(place, &self.appointed(terms.clone(), at))?,
            Appointment::Recovery(terms) => state.put(place, &self.appointed(terms.clone(), at))?,
        }
        Ok(())
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Patient)
    }
}

impl Appoint {
    const fn appointed<T>(&self, terms: Option<T>, at: Moment) -> Appointed<T> {
        Appointed { number: self.number, since: at.height, terms }
    }
}

/// The number of the next decision.
fn number<T: Canonical>(appointed: Option<&Appointed<T>>) -> u64 {
    appointed.map_or(0, |appointed| appointed.number.saturating_add(1))
}

fn circle<T>(appointed: Option<&Appointed<T>>, circle: impl Fn(&T) -> &Circle) -> Option<&Circle> {
    appointed.and_then(|appointed| appointed.terms.as_ref()).map(circle)
}

fn may_be_trustee(id: &MemberId, policy: &Policy, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
    let member = facts.member(id)?.filter(|member| member.acts_at(at.time));
    let member = member.ok_or(Refusal::UnknownTrustee { member: *id })?;
    if policy.class_of(&member.key()).is_some() {
        return Err(Refusal::TrusteeHoldsKey { member: *id }.into());
    }
    Ok(())
}

/// The trustees of a circle that approve: members that may act and have no say in the account's policy.
pub(super) fn approving(
    frame: &Frame<'_>,
    circle: &Circle,
    account: &AccountId,
    facts: &Facts<'_>,
    at: Moment,
) -> Result<Vec<(MemberId, Role)>, StateError> {
    let Some(account) = facts.account(account)? else { return Ok(Vec::new()) };
    let mut trustees = Vec::new();
    for key in frame.signers(Meaning::Approved) {
        let counts = circle.contains(&MemberId::of(&key)) && account.policy().class_of(&key).is_none();
        if let Some(member) = acting_member(&key, facts, at.time)?.filter(|_| counts) {
            trustees.push((member.id(), member.role()));
        }
    }
    Ok(trustees)
}
