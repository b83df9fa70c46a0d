//! Stopping a recovery: whoever still holds a key of the patient needs none.

use super::{Fault, Frame, Handler, Refusal};
use crate::{
    account::KeyClass,
    emergency::{Recovery, RecoveryId, recovery::Settled},
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Stops a recovery for good, until it is carried out.
///
/// Endorsed by any one of the keys that can ([`Recovery::can_veto`]), or by a guardian's.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct CancelRecovery {
    /// Which recovery.
    pub id: RecoveryId,
}

/// The latest state of a recovery of the account the action is about.
pub(super) fn of_account(id: &RecoveryId, frame: &Frame<'_>, facts: &Facts<'_>) -> Result<Recovery, Fault> {
    let account = frame.account()?;
    let found = facts.recovery(id)?.filter(|found| found.account() == account);
    found.ok_or_else(|| Refusal::UnknownRecovery.into())
}

impl Handler for CancelRecovery {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account().map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let recovery = of_account(&self.id, frame, facts)?;
        let account = facts.account(&recovery.account())?.ok_or(Refusal::UnknownAccount)?;
        let guards = |key| account.policy().class_of(key) == Some(KeyClass::Guardian);
        if !frame.acting().iter().any(|key| recovery.can_veto(key) || guards(key)) {
            return Err(Refusal::NoVeto.into());
        }
        if recovery.is_pending(at) { Ok(()) } else { Err(Refusal::RecoverySettled.into()) }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let recovery = of_account(&self.id, frame, &Facts::new(frame.chain(), state))?;
        let settled = recovery.settle(Settled::Cancelled(at));
        Ok(state.put(Places::new(frame.chain()).recovery(&self.id), &settled)?)
    }
}
