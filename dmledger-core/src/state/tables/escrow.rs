//! Publications that wait for a patient, what became of them, and what a patient lets everybody know.

use super::{Facts, Places};
use crate::{
    account::escrow::{BasicInfo, Escrow},
    envelope::AccountId,
    state::{Namespace, StateError, StateKey, StoredList},
};
use alloc::vec::Vec;

const ESCROW: Namespace = Namespace::new("escrow");
const WAITING: Namespace = Namespace::new("escrows-waiting");
const ESCROW_ENTRY: Namespace = Namespace::new("escrow-entry");
const ESCROW_ENTRIES: Namespace = Namespace::new("escrow-entries");
const BASIC_INFO: Namespace = Namespace::new("basic-info");

impl Places {
    /// A publication, by the address it waits at.
    #[must_use]
    pub fn escrow(&self, address: &AccountId) -> StateKey {
        self.key(ESCROW, &[address.as_bytes()])
    }

    /// The addresses of all publications that wait for an account's patient.
    #[must_use]
    pub const fn escrows<'a>(&'a self, account: &'a AccountId) -> StoredList<'a> {
        StoredList::new(&self.chain, WAITING, account.as_bytes())
    }

    /// Entry `number` (from 0) of an account's escrow log.
    #[must_use]
    pub fn escrow_entry(&self, account: &AccountId, number: u64) -> StateKey {
        self.key(ESCROW_ENTRY, &[account.as_bytes(), &number.to_be_bytes()])
    }

    /// The digests of all entries of an account's escrow log, in order.
    #[must_use]
    pub const fn escrow_entries<'a>(&'a self, account: &'a AccountId) -> StoredList<'a> {
        StoredList::new(&self.chain, ESCROW_ENTRIES, account.as_bytes())
    }

    /// What a patient lets every member know about an account.
    #[must_use]
    pub fn basic_info(&self, account: &AccountId) -> StateKey {
        self.key(BASIC_INFO, &[account.as_bytes()])
    }
}

impl Facts<'_> {
    /// A publication, whatever became of it.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn escrow(&self, address: &AccountId) -> Result<Option<Escrow>, StateError> {
        self.get(&self.places.escrow(address))
    }

    /// The addresses of all publications that wait for an account's patient, those that have run out included.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn escrows(&self, account: &AccountId) -> Result<Vec<AccountId>, StateError> {
        let members = self.places.escrows(account).members(self.state)?;
        Ok(members.into_iter().map(AccountId::new).collect())
    }

    /// What a patient lets every member know about an account, if anything.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn basic_info(&self, account: &AccountId) -> Result<Option<BasicInfo>, StateError> {
        self.get(&self.places.basic_info(account))
    }
}
