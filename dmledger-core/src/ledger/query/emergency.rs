//! Questions about trustees, emergencies, recoveries and erasures.

use super::{Query, damaged};
use crate::{
    consent::erasure::{Erased, ErasureId},
    emergency::{Appointed, Emergency, EmergencyId, EmergencyTerms, Power, Recovery, RecoveryId, RecoveryTerms},
    envelope::AccountId,
    ledger::answer::{Emergencies, ErasureAnswer, Recoveries},
    state::{
        StateError, StoredList,
        tables::{ErasedBy, Proved},
    },
};
use alloc::vec::Vec;

impl Query {
    /// Who approves reading in an emergency, and on which terms; or the proof that the patient never decided.
    ///
    /// # Errors
    /// [`StateError`]; so for all questions below.
    pub fn emergency_trustees(&self, account: &AccountId) -> Result<Proved<Appointed<EmergencyTerms>>, StateError> {
        self.proved(&self.places.trustees(account, Power::BreakGlass))
    }

    /// Who approves that lost keys are replaced, and on which terms; or the proof that the patient never decided.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn recovery_trustees(&self, account: &AccountId) -> Result<Proved<Appointed<RecoveryTerms>>, StateError> {
        self.proved(&self.places.trustees(account, Power::Recovery))
    }

    /// An emergency, or the proof that there is none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn emergency(&self, id: &EmergencyId) -> Result<Proved<Emergency>, StateError> {
        self.proved(&self.places.emergency(id))
    }

    /// All emergencies ever asked for in an account.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn emergencies(&self, account: &AccountId) -> Result<Emergencies, StateError> {
        self.emergencies_in(&self.places.emergencies(account))
    }

    /// All emergencies of the network that trustees approved: what there is to review, and what was reviewed.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn emergencies_opened(&self) -> Result<Emergencies, StateError> {
        self.emergencies_in(&self.places.emergencies_opened())
    }

    /// A recovery, or the proof that there is none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn recovery(&self, id: &RecoveryId) -> Result<Proved<Recovery>, StateError> {
        self.proved(&self.places.recovery(id))
    }

    /// All recoveries ever asked for in an account.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn recoveries(&self, account: &AccountId) -> Result<Recoveries, StateError> {
        let list = self.places.recoveries(account);
        let mut recoveries = Vec::new();
        for member in list.members(&self.view)? {
            let id = RecoveryId::from_list_member(&member).ok_or_else(|| damaged("list of recoveries"))?;
            recoveries.push(self.recovery(&id)?);
        }
        Ok(Recoveries::new(self.list(&list)?, recoveries))
    }

    /// An erasure with the receipts there are, or the proof that there is none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn erasure(&self, id: &ErasureId) -> Result<ErasureAnswer, StateError> {
        let erasure = self.proved(&self.places.erasure(id))?;
        let answered = self.facts().erasure(id)?.map_or_else(Vec::new, |erasure| erasure.answered().to_vec());
        let mut receipts = Vec::new();
        for (position, _) in (0..).zip(answered).filter(|(_, answer)| answer.is_some()) {
            receipts.push((position, self.proved(&self.places.erase_receipt(id, position))?));
        }
        Ok(ErasureAnswer::new(erasure, receipts))
    }

    /// Which order erased a record or an epoch of an account, or the proof that none did.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn erased(&self, account: &AccountId, erased: &Erased) -> Result<Proved<ErasedBy>, StateError> {
        self.proved(&self.places.erased(account, erased))
    }

    fn emergencies_in(&self, list: &StoredList<'_>) -> Result<Emergencies, StateError> {
        let mut emergencies = Vec::new();
        for member in list.members(&self.view)? {
            let id = EmergencyId::from_list_member(&member).ok_or_else(|| damaged("list of emergencies"))?;
            emergencies.push(self.emergency(&id)?);
        }
        Ok(Emergencies::new(self.list(list)?, emergencies))
    }
}
