//! Amending: the patient, alone, puts another policy in the place of the present one.

use super::{Fault, Frame, Handler, Refusal, handler::require};
use crate::{
    account::{Account, Authority, KeyClass, Policy, PolicyCause, PolicyVersion, version::EnteringKey},
    codec::List,
    envelope::{AccountId, ChainId},
    key::{PublicKey, batch::Claim},
    state::{
        Delta,
        tables::{Facts, KeyOwner, Places},
    },
    time::Moment,
};
use alloc::{collections::BTreeSet, vec::Vec};
use borsh::{BorshDeserialize, BorshSerialize};

/// Most patient keys that can enter at once.
pub const MAX_ENTERING: usize = 16;

/// Replaces an account's policy: cosigners, groups, thresholds, the patient's own keys.
///
/// Endorsed by every patient key of the policy in force, and by nobody else's: no institution has to agree, and one
/// stolen key changes nothing. Patient keys that enter prove in the body that somebody holds them; no residence has to
/// certify them, the certified ones vouch. The policy of a patient's account stays medical. Policies are numbered, so
/// that an old amendment cannot be sent again.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Amend {
    /// Number of the policy; the account's opening is 0, the first amendment 1.
    pub number: u64,
    /// The whole new policy.
    pub policy: Policy,
    /// The patient keys that were not in the policy before.
    pub entering: List<EnteringKey, MAX_ENTERING>,
}

impl Handler for Amend {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        let patient = self.policy.keys_of(KeyClass::Patient).next().is_some();
        if patient && !self.policy.is_medical() { Err(Refusal::NotMedical) } else { Ok(()) }
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let id = frame.account()?;
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        require(Authority::Patient, &account, frame, facts, at)?;
        let expected = account.version().saturating_add(1);
        if self.number != expected {
            return Err(Refusal::WrongPolicyNumber { found: self.number, expected }.into());
        }
        if self.policy == *account.policy() {
            return Err(Refusal::PolicyUnchanged.into());
        }
        let before: BTreeSet<_> = account.policy().keys_of(KeyClass::Patient).collect();
        let after: BTreeSet<_> = self.policy.keys_of(KeyClass::Patient).collect();
        if before.is_empty() != after.is_empty() {
            return Err(Refusal::PatientKeysComeOrGo.into());
        }
        let proved: BTreeSet<_> = self.entering.iter().map(EnteringKey::key).collect();
        let entering: BTreeSet<PublicKey> = after.difference(&before).map(|key| **key).collect();
        if proved != entering || proved.len() != self.entering.len() {
            return Err(Refusal::UnprovedKey.into());
        }
        may_enter(&id, &entering, facts)
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let id = frame.account()?;
        let account = Facts::new(frame.chain(), state).account(&id)?.ok_or(Refusal::UnknownAccount)?;
        adopt(frame.chain(), &account.amend(self.policy.clone()), PolicyCause::Amended, state, at)
    }

    fn claims(&self, frame: &Frame<'_>) -> Vec<Claim> {
        let Ok(account) = frame.account() else { return Vec::new() };
        self.entering.iter().map(|key| key.claim(self.number, &frame.chain(), &account)).collect()
    }

    fn authority(&self) -> Option<Authority> {
        Some(Authority::Patient)
    }
}

/// Checks that these patient keys serve no other account. A key stays tied to its account even after it has left the
/// policy: used in a second account it would show that the two belong together.
pub(super) fn may_enter(account: &AccountId, keys: &BTreeSet<PublicKey>, facts: &Facts<'_>) -> Result<(), Fault> {
    for key in keys {
        let owner: Option<KeyOwner> = facts.get(&facts.places().patient_key(key))?;
        if owner.is_some_and(|owner| owner.account != *account) {
            return Err(Refusal::PatientKeyInUse.into());
        }
    }
    Ok(())
}

/// Writes an account with a policy it did not have before: its row, the policy's place in its history, and whom the
/// patient's keys belong to. Whoever changes a policy, for whatever reason, changes it here.
pub(super) fn adopt(
    chain: ChainId,
    account: &Account,
    cause: PolicyCause,
    state: &mut Delta<'_>,
    since: Moment,
) -> Result<(), Fault> {
    let (id, places) = (account.id(), Places::new(chain));
    for key in account.policy().keys_of(KeyClass::Patient) {
        state.put(places.patient_key(key), &KeyOwner { account: id })?;
    }
    let (number, policy) = (account.version(), account.policy().clone());
    let version = PolicyVersion { account: id, number, policy, cause, since };
    state.put(places.policy(&id, number), &version)?;
    places.policies(&id).push(&version.digest(), state)?;
    Ok(state.put(places.account(&id), account)?)
}
