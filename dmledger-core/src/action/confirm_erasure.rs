//! Confirming an erasure: a custodian's receipt, put on the ledger by whoever has it.

use super::{Fault, Frame, Handler, Refusal};
use crate::{
    consent::erasure::{Erasure, SignedReceipt},
    key::batch::Claim,
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// Puts one custodian's receipt on the ledger. The receipt carries the custodian's signature; the action needs none.
///
/// A custodian that has been dismissed since the order can still answer: what counts is that it says so under its key.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct ConfirmErasure {
    /// What the custodian states.
    pub receipt: SignedReceipt,
}

impl ConfirmErasure {
    /// The erasure it answers, and whose answer it is.
    fn answered(&self, facts: &Facts<'_>) -> Result<(Erasure, usize), Fault> {
        let erasure = facts.erasure(&self.receipt.body().order)?.ok_or(Refusal::UnknownErasure)?;
        let position = erasure.position(&self.receipt).ok_or(Refusal::WrongReceipt)?;
        match erasure.answered().get(position) {
            Some(None) => Ok((erasure, position)),
            _ => Err(Refusal::AnsweredAlready.into()),
        }
    }
}

impl Handler for ConfirmErasure {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        let same = self.receipt.chain() == frame.chain() && self.receipt.account() == Some(frame.account()?);
        if same { Ok(()) } else { Err(Refusal::WrongReceipt) }
    }

    fn claims(&self, _: &Frame<'_>) -> Vec<Claim> {
        self.receipt.claims()
    }

    fn verify(&self, _: &Frame<'_>, facts: &Facts<'_>, _: Moment) -> Result<(), Fault> {
        self.answered(facts).map(|_| ())
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let places = Places::new(frame.chain());
        let (erasure, position) = self.answered(&Facts::new(frame.chain(), state))?;
        let id = erasure.id();
        state.put(places.erase_receipt(&id, position as u64), &self.receipt)?;
        Ok(state.put(places.erasure(&id), &erasure.answer(position, at))?)
    }
}
