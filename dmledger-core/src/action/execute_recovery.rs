//! Carrying out a recovery whose window has passed unused.

use super::{
    Fault, Frame, Handler, Refusal,
    amend::{adopt, may_enter},
    cancel_recovery::of_account,
    request_recovery::{enough, patient_keys, terms},
};
use crate::{
    account::PolicyCause,
    emergency::{Recovery, RecoveryId, RecoveryStatus, recovery::Settled},
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Puts the named keys in the place of the account's patient keys. From this block on the old ones sign for nothing;
/// everything else stays as it is: grants, agreements, records, trustees.
///
/// Endorsed by one of the keys that are put in. The trustees who approved must still be members and trustees, under the
/// same decision of the patient, and the patient's keys must be those that were to be replaced: whoever has changed either
/// in the meantime holds the keys, and nothing is lost.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct ExecuteRecovery {
    /// Which recovery.
    pub id: RecoveryId,
}

fn may_be_carried_out(recovery: &Recovery, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
    match recovery.status(at) {
        RecoveryStatus::Due => {}
        RecoveryStatus::Waiting { due: Moment { height, time } } => {
            return Err(Refusal::RecoveryNotDue { time, height }.into());
        }
        _ => return Err(Refusal::RecoverySettled.into()),
    }
    let id = recovery.account();
    let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
    if patient_keys(&account) != recovery.replaces() {
        return Err(Refusal::KeysChanged.into());
    }
    let terms = terms(&id, recovery.request().terms, facts)?;
    let mut standing = 0;
    for trustee in recovery.trustees() {
        let member = facts.member(trustee)?.filter(|member| member.acts_at(at.time));
        standing += usize::from(member.is_some_and(|member| account.policy().class_of(&member.key()).is_none()));
    }
    enough(standing, &terms)?;
    let entering = recovery.request().keys.iter().filter(|key| !recovery.replaces().contains(key)).copied().collect();
    may_enter(&id, &entering, facts)
}

impl Handler for ExecuteRecovery {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account().map(|_| ())
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let recovery = of_account(&self.id, frame, facts)?;
        may_be_carried_out(&recovery, facts, at)?;
        let enters = |key| recovery.request().keys.contains(key);
        if frame.acting().iter().any(enters) { Ok(()) } else { Err(Refusal::NoNewKey.into()) }
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let places = Places::new(frame.chain());
        let (recovery, account) = {
            let facts = Facts::new(frame.chain(), state);
            let recovery = of_account(&self.id, frame, &facts)?;
            let account = facts.account(&recovery.account())?.ok_or(Refusal::UnknownAccount)?;
            (recovery, account)
        };
        let policy = account.policy().with_patient_keys(&recovery.request().keys).map_err(|_| Refusal::NoPolicy)?;
        adopt(frame.chain(), &account.amend(policy), PolicyCause::Recovered, state, at)?;
        Ok(state.put(places.recovery(&self.id), &recovery.settle(Settled::Executed(at)))?)
    }
}
