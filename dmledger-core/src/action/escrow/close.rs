//! Closing: a publication that the patient does not want, the institution takes back, or nobody answered.

use super::{patient_acts, settle, waiting};
use crate::{
    account::escrow::{EscrowStatus, Objection},
    action::{Fault, Frame, Handler, Refusal},
    envelope::{AccountId, Meaning},
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// How a publication ends without release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum Ending {
    /// The patient does not want it. Endorsed by any one of the patient's keys.
    Reject(Objection),
    /// The institution takes it back. Authored by the key that submitted it, a member still or not.
    Withdraw,
    /// Its time is over. Anybody may say so, the block's height and time decide.
    Expire,
}

/// Ends a publication that waits: the records never reach the account, and the ledger keeps their digest only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Close {
    /// The waiting account.
    pub address: AccountId,
    /// How it ends.
    pub ending: Ending,
}

impl Handler for Close {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        let is_signed = frame.acting().first().is_some();
        if is_signed || self.ending == Ending::Expire { Ok(()) } else { Err(Refusal::NoAuthor) }
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let escrow = waiting(&self.address, frame, facts)?;
        match self.ending {
            Ending::Expire if escrow.is_over(at) => Ok(()),
            Ending::Expire => Err(Refusal::EscrowNotOver.into()),
            // What has run out is recorded as run out, not as decided in time.
            Ending::Reject(_) | Ending::Withdraw if escrow.is_over(at) => Err(Refusal::EscrowOver.into()),
            Ending::Reject(_) if patient_acts(frame, facts)? => Ok(()),
            Ending::Reject(_) => Err(Refusal::NotAPatientKey.into()),
            Ending::Withdraw => {
                let own = frame.signers(Meaning::Authored).any(|key| key == escrow.institution());
                if own { Ok(()) } else { Err(Refusal::NotThePublisher.into()) }
            }
        }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let places = Places::new(frame.chain());
        let escrow = waiting(&self.address, frame, &Facts::new(frame.chain(), state))?;
        let status = match self.ending {
            Ending::Reject(objection) => EscrowStatus::Rejected(objection),
            Ending::Withdraw => EscrowStatus::Withdrawn,
            Ending::Expire => EscrowStatus::Expired,
        };
        settle(&self.address, escrow, status, state, at, &places)
    }
}
