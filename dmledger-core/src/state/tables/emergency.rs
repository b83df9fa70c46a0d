//! Trustees, emergencies and recoveries: where they stand, and how they are read.

use super::{Facts, Places};
use crate::{
    codec::Canonical,
    emergency::{Appointed, Emergency, EmergencyId, EmergencyTerms, Power, Recovery, RecoveryId, RecoveryTerms},
    envelope::AccountId,
    identity::MemberId,
    state::{Namespace, StateError, StateKey, StoredList},
};
use borsh::{BorshDeserialize, BorshSerialize};

const TRUSTEES: Namespace = Namespace::new("trustees");
const EMERGENCY: Namespace = Namespace::new("emergency");
const EMERGENCIES: Namespace = Namespace::new("emergencies");
const EMERGENCIES_OPENED: Namespace = Namespace::new("emergencies-opened");
const EMERGENCY_OF: Namespace = Namespace::new("emergency-of");
const RECOVERY: Namespace = Namespace::new("recovery");
const RECOVERIES: Namespace = Namespace::new("recoveries");

/// The latest emergency of one account and requester.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct LatestEmergency {
    /// Its name.
    pub id: EmergencyId,
}

impl Canonical for LatestEmergency {
    const MAX_BYTES: usize = 24;
}

impl Places {
    /// What the patient last decided about one power: an [`Appointed`] of its terms.
    #[must_use]
    pub fn trustees(&self, account: &AccountId, power: Power) -> StateKey {
        self.key(TRUSTEES, &[account.as_bytes(), &[power as u8]])
    }

    /// An emergency.
    #[must_use]
    pub fn emergency(&self, id: &EmergencyId) -> StateKey {
        self.key(EMERGENCY, &[id.as_bytes()])
    }

    /// The names of all emergencies ever asked for in an account, in order.
    #[must_use]
    pub const fn emergencies<'a>(&'a self, account: &'a AccountId) -> StoredList<'a> {
        StoredList::new(&self.chain, EMERGENCIES, account.as_bytes())
    }

    /// The names of all emergencies of the network that trustees approved, in the order they did: what there is to review.
    #[must_use]
    pub const fn emergencies_opened(&self) -> StoredList<'_> {
        StoredList::new(&self.chain, EMERGENCIES_OPENED, &[])
    }

    /// The latest emergency of one account and requester.
    #[must_use]
    pub fn emergency_of(&self, account: &AccountId, requester: &MemberId) -> StateKey {
        self.key(EMERGENCY_OF, &[account.as_bytes(), requester.as_bytes()])
    }

    /// A recovery.
    #[must_use]
    pub fn recovery(&self, id: &RecoveryId) -> StateKey {
        self.key(RECOVERY, &[id.as_bytes()])
    }

    /// The names of all recoveries ever asked for in an account, in order.
    #[must_use]
    pub const fn recoveries<'a>(&'a self, account: &'a AccountId) -> StoredList<'a> {
        StoredList::new(&self.chain, RECOVERIES, account.as_bytes())
    }
}

impl Facts<'_> {
    /// What the patient last decided about emergency trustees.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn emergency_trustees(&self, account: &AccountId) -> Result<Option<Appointed<EmergencyTerms>>, StateError> {
        self.get(&self.places.trustees(account, Power::BreakGlass))
    }

    /// What the patient last decided about recovery trustees.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn recovery_trustees(&self, account: &AccountId) -> Result<Option<Appointed<RecoveryTerms>>, StateError> {
        self.get(&self.places.trustees(account, Power::Recovery))
    }

    /// An emergency, running or not.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn emergency(&self, id: &EmergencyId) -> Result<Option<Emergency>, StateError> {
        self.get(&self.places.emergency(id))
    }

    /// The latest emergency of one account and requester.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn emergency_of(&self, account: &AccountId, requester: &MemberId) -> Result<Option<Emergency>, StateError> {
        match self.get::<LatestEmergency>(&self.places.emergency_of(account, requester))? {
            Some(latest) => self.emergency(&latest.id),
            None => Ok(None),
        }
    }

    /// A recovery, settled or not.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn recovery(&self, id: &RecoveryId) -> Result<Option<Recovery>, StateError> {
        self.get(&self.places.recovery(id))
    }

    /// The latest recovery of an account.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn latest_recovery(&self, account: &AccountId) -> Result<Option<Recovery>, StateError> {
        let list = self.places.recoveries(account);
        let Some(last) = list.leaf(self.state)?.count().checked_sub(1) else { return Ok(None) };
        match list.member(last, self.state)?.as_ref().and_then(RecoveryId::from_list_member) {
            Some(id) => self.recovery(&id),
            None => Ok(None),
        }
    }
}
