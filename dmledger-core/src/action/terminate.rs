//! Ending an agreement, by either party.

use super::{Fault, Frame, Handler, Refusal, party};
use crate::{
    account::Authority,
    consent::{
        AgreementId, AgreementRecord, GrantStatus,
        agreement::{AgreementEvent, EndedBy},
    },
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Ends an agreement, its right, and with it every referral, from the block it stands in on.
///
/// Endorsed by the institution, or as a revocation is: by any one of the patient's keys, or as the policy asks.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Terminate {
    /// Which agreement.
    pub agreement: AgreementId,
}

impl Terminate {
    fn by(record: &AgreementRecord, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<EndedBy, Fault> {
        if frame.acting().contains(&record.signed().key()) {
            return Ok(EndedBy::Institution);
        }
        party::closers(&party::account(frame, facts)?, frame, facts, at)?;
        Ok(EndedBy::Account)
    }
}

impl Handler for Terminate {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account().map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let record = party::agreement_of(&frame.account()?, &self.agreement, facts)?;
        Self::by(&record, frame, facts, at).map(|_| ())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (account, places) = (frame.account()?, Places::new(frame.chain()));
        let (record, by, right) = {
            let facts = Facts::new(frame.chain(), state);
            let record = party::agreement_of(&account, &self.agreement, &facts)?;
            let by = Self::by(&record, frame, &facts, at)?;
            let right = party::grant_of(&account, &record.grant(), &facts)?;
            (record, by, right)
        };
        state.put(places.agreement(&self.agreement), &record.end(at.height, by))?;
        party::put_grant(&right.end(GrantStatus::Terminated { height: at.height }), frame, state)?;
        party::log(&self.agreement, AgreementEvent::Terminated, frame, state, at)
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Closing)
    }
}
