//! Ordering an erasure: from this block on nobody reads what it names.

use super::{Fault, Frame, Handler, Refusal, handler::require};
use crate::{
    account::Authority,
    consent::erasure::{Erased, Erasure, ErasureOrder},
    state::{
        Delta,
        tables::{ErasedBy, Facts, Places},
    },
    time::Moment,
};

/// Endorsed by every one of the patient's keys: what is gone does not come back, and nobody else may order it.
impl Handler for ErasureOrder {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        if self.custodians.is_empty() {
            return Err(Refusal::Empty);
        }
        let ascending = self.custodians.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        if ascending { Ok(()) } else { Err(Refusal::CustodiansOutOfOrder) }
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let id = frame.account()?;
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        require(Authority::Patient, &account, frame, facts, at)?;
        if facts.has(&facts.places().erasure(&self.id))? {
            return Err(Refusal::ErasureExists.into());
        }
        if let Erased::Record(record) = self.erased
            && facts.record(&record)?.is_none_or(|found| found.account != id)
        {
            return Err(Refusal::NoSuchRecord { record }.into());
        }
        if facts.erasure_of(&id, &self.erased)?.is_some() {
            return Err(Refusal::ErasedAlready.into());
        }
        for custodian in &self.custodians {
            let known = facts.member(&custodian.member)?;
            if !known.is_some_and(|member| member.acts_at(at.time)) {
                return Err(Refusal::UnknownCustodian { member: custodian.member }.into());
            }
        }
        Ok(())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (id, places) = (frame.account()?, Places::new(frame.chain()));
        places.erasures(&id).push(&self.id.list_member(), state)?;
        state.put(places.erased(&id, &self.erased), &ErasedBy { order: self.id })?;
        Ok(state.put(places.erasure(&self.id), &Erasure::new(id, self.clone(), at))?)
    }
    fn authority(&self) -> Option<Authority> {
        Some(Authority::Patient)
    }
}
