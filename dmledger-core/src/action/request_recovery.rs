//! Asking that lost patient keys be replaced: the beginning of the window in which it can be stopped.

use super::{Fault, Frame, Handler, Refusal, amend::may_enter, appoint::approving};
use crate::{
    account::{Account, KeyClass, policy::MAX_GROUP_KEYS},
    codec::List,
    emergency::{Recovery, RecoveryRequest, RecoveryTerms, recovery::RecoveryParts, trustees::has_reached},
    envelope::AccountId,
    identity::MemberId,
    key::PublicKey,
    state::{
        Delta,
        tables::{Facts, Places},
    },
    time::Moment,
};
use alloc::{collections::BTreeSet, vec::Vec};

/// The terms in force, if they are those the request relies on.
pub(super) fn terms(account: &AccountId, number: u64, facts: &Facts<'_>) -> Result<RecoveryTerms, Fault> {
    let appointed = facts.recovery_trustees(account)?.ok_or(Refusal::NoTrustees)?;
    if appointed.number != number {
        return Err(Refusal::TermsChanged { found: number, current: appointed.number }.into());
    }
    appointed.terms.ok_or_else(|| Refusal::NoTrustees.into())
}

/// The patient keys of an account, ascending.
pub(super) fn patient_keys(account: &Account) -> Vec<PublicKey> {
    let keys: BTreeSet<_> = account.policy().keys_of(KeyClass::Patient).copied().collect();
    keys.into_iter().collect()
}

impl RecoveryRequest {
    /// What the account's own keys and the entering ones have to say about it.
    fn parts(&self, frame: &Frame<'_>, account: &Account, trustees: Vec<MemberId>) -> Result<RecoveryParts, Refusal> {
        let (before, acting) = (patient_keys(account), frame.acting());
        let sponsored = before.iter().any(|key| self.keys.contains(key) && acting.contains(key));
        let replaces: List<_, MAX_GROUP_KEYS> = List::new(before).map_err(|_| Refusal::NoPolicy)?;
        let trustees = List::new(trustees).map_err(|_| Refusal::NoPolicy)?;
        Ok(RecoveryParts { account: account.id(), request: self.clone(), replaces, trustees, sponsored })
    }

    /// The keys it puts in.
    fn entering(&self, account: &Account) -> BTreeSet<PublicKey> {
        let before = patient_keys(account);
        self.keys.iter().filter(|key| !before.contains(key)).copied().collect()
    }
}

impl Handler for RecoveryRequest {
    fn check(&self, frame: &Frame<'_>) -> Result<(), Refusal> {
        frame.account()?;
        let ascending = self.keys.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        if ascending { Ok(()) } else { Err(Refusal::NoPolicy) }
    }

    fn verify(&self, frame: &Frame<'_>, facts: &Facts<'_>, at: Moment) -> Result<(), Fault> {
        let id = frame.account()?;
        let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
        let terms = terms(&id, self.terms, facts)?;
        if facts.has(&facts.places().recovery(&self.id))? {
            return Err(Refusal::RecoveryExists.into());
        }
        if let Some(latest) = facts.latest_recovery(&id)? {
            if latest.is_pending(at) {
                return Err(Refusal::RecoveryPending.into());
            }
            if !has_reached(at, latest.next()) {
                let Moment { height, time } = latest.next();
                return Err(Refusal::RecoveryTooSoon { time, height }.into());
            }
        }
        account.policy().with_patient_keys(&self.keys).map_err(|_| Refusal::NoPolicy)?;
        let (entering, acting) = (self.entering(&account), frame.acting());
        if entering.is_empty() {
            return Err(Refusal::NoPolicy.into());
        }
        let have = entering.iter().filter(|key| acting.contains(key)).count();
        if have < entering.len() {
            let count = |n| u8::try_from(n).unwrap_or(u8::MAX);
            return Err(Refusal::UnsignedKeys { have: count(have), need: count(entering.len()) }.into());
        }
        may_enter(&id, &entering, facts)?;
        enough(approving(frame, &terms.circle, &id, facts, at)?.len(), &terms)
    }

    fn execute(&self, frame: &Frame<'_>, state: &mut Delta<'_>, at: Moment) -> Result<(), Fault> {
        let (id, places) = (frame.account()?, Places::new(frame.chain()));
        let recovery = {
            let facts = Facts::new(frame.chain(), state);
            let account = facts.account(&id)?.ok_or(Refusal::UnknownAccount)?;
            let terms = terms(&id, self.terms, &facts)?;
            let mut trustees: Vec<_> =
                approving(frame, &terms.circle, &id, &facts, at)?.into_iter().map(|(trustee, _)| trustee).collect();
            trustees.sort_unstable();
            Recovery::new(self.parts(frame, &account, trustees)?, &terms, at)
        };
        places.recoveries(&id).push(&self.id.list_member(), state)?;
        Ok(state.put(places.recovery(&self.id), &recovery)?)
    }
}

/// Checks that as many trustees approve as the circle asks.
pub(super) fn enough(have: usize, terms: &RecoveryTerms) -> Result<(), Fault> {
    let need = terms.circle.threshold();
    if have >= usize::from(need) {
        return Ok(());
    }
    Err(Refusal::MissingTrustees { have: u8::try_from(have).unwrap_or(u8::MAX), need }.into())
}
