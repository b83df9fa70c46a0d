//! Subscribing: whoever is concerned with an account says what to be told of.

use super::{Fault, Frame, Handler, Refusal, party};
use crate::{
    account::Authority,
    codec::List,
    consent::{
        Alert, Alerts, Subscriber,
        alert::MAX_ALERTS,
        grant::{Audience, Effect},
    },
    identity::MemberId,
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use alloc::collections::BTreeSet;
use borsh::{BorshDeserialize, BorshSerialize};

/// Sets a subscriber's alert rules for an account, in place of those before; none to be told nothing.
///
/// For the account: endorsed by any one of the patient's keys, or as the policy asks. For a member: authored by the
/// member, which must have a grant of this account that is in force; to unsubscribe it needs none.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Subscribe {
    /// Whose rules.
    pub subscriber: Subscriber,
    /// Number of this change, from 1: an old one cannot be sent again.
    pub number: u64,
    /// The rules.
    pub rules: List<Alert, MAX_ALERTS>,
}

impl Handler for Subscribe {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        if self.rules.iter().collect::<BTreeSet<_>>().len() != self.rules.len() {
            return Err(Refusal::DuplicateAlert);
        }
        match self.subscriber {
            Subscriber::Account => Ok(()),
            Subscriber::Member(member) if MemberId::of(&party::author(frame)?) == member => Ok(()),
            Subscriber::Member(_) => Err(Refusal::NotTheGrantee),
        }
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let account = party::account(frame, facts)?;
        match self.subscriber {
            Subscriber::Account => party::closers(&account, frame, facts, at)?,
            Subscriber::Member(member) => {
                let role = party::acting_author(frame, facts, at)?.role();
                let audiences = Audience::of(member, role);
                if !self.rules.is_empty() && !has_a_grant(&audiences, facts, frame, at)? {
                    return Err(Refusal::UnknownGrant.into());
                }
            }
        }
        let before = facts.alerts(&account.id(), &self.subscriber)?.map_or(0, |alerts| alerts.number);
        let expected = before.saturating_add(1);
        if self.number != expected {
            return Err(Refusal::WrongAlerts { found: self.number, expected }.into());
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let account = frame.account()?;
        let alerts = Alerts {
            account,
            subscriber: self.subscriber,
            number: self.number,
            rules: self.rules.clone(),
            set: at.height,
        };
        Ok(state.put(Places::new(frame.chain()).alerts(&account, &self.subscriber), &alerts)?)
    }

    fn authority(&self) -> Option<Authority> {
        (self.subscriber == Subscriber::Account).then_some(Authority::Closing)
    }
}

fn has_a_grant(audiences: &[Audience], facts: &Facts<'_>, frame: &Frame<'_>, at: Moment) -> Result<bool, Fault> {
    let account = frame.account()?;
    for audience in audiences {
        for id in facts.at_hand(&account, audience)?.grants() {
            let serves =
                |record: crate::consent::GrantRecord| record.grant().effect == Effect::Permit && !record.is_over(at);
            if facts.grant(id)?.is_some_and(serves) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
