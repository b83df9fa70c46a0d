//! Instructing: the patient, alone, tells which rules the agent at home may sign by.

use super::{Fault, Frame, Handler, Refusal, handler::require};
use crate::{
    account::{Authority, Mandate},
    hash::Digest,
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Puts a set of rules for automatic co-signing into force, by its digest, or none.
///
/// Endorsed by every patient key: the key that the agent holds cannot give itself a wider mandate. Ending a mandate
/// takes any one patient key. Mandates are numbered, so that an old one cannot be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Instruct {
    /// Number of the mandate; the first is 1.
    pub number: u64,
    /// Digest of the rules; `None` ends automatic co-signing.
    pub rules: Option<Digest>,
}

impl Instruct {
    const fn required(&self) -> Authority {
        if self.rules.is_some() { Authority::Patient } else { Authority::Closing }
    }
}

impl Handler for Instruct {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account().map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let id = frame.account()?;
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        require(self.required(), &account, frame, facts, at)?;
        let expected = facts.mandate(&id)?.map_or(1, |mandate| mandate.number.saturating_add(1));
        if self.number == expected {
            Ok(())
        } else {
            Err(Refusal::WrongMandateNumber { found: self.number, expected }.into())
        }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (account, places) = (frame.account()?, Places::new(frame.chain()));
        let mandate = Mandate { account, number: self.number, rules: self.rules, since: at };
        state.put(places.mandate(&account, self.number), &mandate)?;
        Ok(places.mandates(&account).push(&mandate.digest(), state)?)
    }

    fn authority(&self) -> Option<Authority> {
        Some(self.required())
    }
}
