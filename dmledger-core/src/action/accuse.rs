//! Evidence: a validator that signed two things where it may sign one is convicted by the two signatures.

use super::{
    Fault, Frame, Handler, Refusal,
    configure::{Penalty, Settings},
    provision::{addresses_of, leave_validators, owner},
};
use crate::{
    key::batch::Claim,
    quorum::evidence::Evidence,
    state::{
        Delta,
        tables::{Facts, Offender, Places, offender_member},
    },
    time::Moment,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// Shows two signed messages of one validator that contradict each other.
///
/// Nobody need endorse it: the two signatures say all. The penalty is genesis's ([`Penalty`]); a validator is convicted
/// once, whatever else it signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Accuse {
    /// The two messages.
    pub evidence: Evidence,
}

impl Handler for Accuse {
    fn claims(&self, frame: &Frame<'_>) -> Vec<Claim> {
        self.evidence.claims(&frame.chain()).to_vec()
    }

    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.no_account()
    }

    fn verify(&self, _: &Frame<'_>, facts: &Facts<'_>, _: Moment) -> Result<(), Fault> {
        let (key, address) = (self.evidence.offender(), self.evidence.address());
        if let Some(known) = facts.offender(&address)? {
            return Err(Refusal::ConvictedAlready { height: known.at.height }.into());
        }
        let votes = facts.validators()?.is_some_and(|set| set.get(&address).is_some());
        // Anybody can contradict himself under a key of his own; that of a validator or a member counts.
        if votes || owner(&key, facts)?.is_some() { Ok(()) } else { Err(Refusal::NotAValidator.into()) }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (key, address, places) = (self.evidence.offender(), self.evidence.address(), Places::new(frame.chain()));
        let (penalty, member, row, mut gone) = {
            let facts = Facts::new(frame.chain(), state);
            let member = owner(&key, &facts)?.map(|(member, _)| member);
            let gone = member.map(|member| addresses_of(&member, &facts)).transpose()?.unwrap_or_default();
            let row = member.map(|member| facts.member(&member)).transpose()?.flatten();
            (Settings::read(&facts)?.parameters().penalty, member, row, gone)
        };
        let offender = Offender { key, member, offence: self.evidence.offence(), at };
        state.put(places.offender(&address), &offender)?;
        places.offenders().push(&offender_member(&address), state)?;
        match (penalty, row) {
            (Penalty::Flag, _) => return Ok(()),
            (Penalty::Dismiss, Some(row)) => {
                state.put(places.member(&row.id()), &row.revoke(at.height))?;
                gone.push(address);
            }
            // The member's other nodes did nothing.
            (Penalty::Remove | Penalty::Dismiss, _) => gone = alloc::vec![address],
        }
        leave_validators(&gone, state, &places)
    }
}
