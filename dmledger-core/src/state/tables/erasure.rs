//! Erasures and their receipts: where they stand, and how they are read.

use super::{AnchoredEntry, Facts, Places};
use crate::{
    codec::{self, Canonical},
    consent::erasure::{Erased, Erasure, ErasureId, SignedReceipt},
    envelope::AccountId,
    record::RecordId,
    state::{Namespace, StateError, StateKey, StoredList},
    time::Height,
};
use borsh::{BorshDeserialize, BorshSerialize};

const ERASURE: Namespace = Namespace::new("erasure");
const ERASURES: Namespace = Namespace::new("erasures");
const ERASED: Namespace = Namespace::new("erased");
const RECEIPT: Namespace = Namespace::new("erase-receipt");
const MOVED: Namespace = Namespace::new("moved-record");

/// Where the keys of a record lie that was moved out of the epoch it was sealed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct MovedTo {
    /// The epoch.
    pub epoch: u32,
    /// Height of the block that says so.
    pub height: Height,
}

impl Canonical for MovedTo {
    const MAX_BYTES: usize = 16;
}

/// The order that erased something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct ErasedBy {
    /// Its name.
    pub order: ErasureId,
}

impl Canonical for ErasedBy {
    const MAX_BYTES: usize = 24;
}

impl Places {
    /// An erasure.
    #[must_use]
    pub fn erasure(&self, id: &ErasureId) -> StateKey {
        self.key(ERASURE, &[id.as_bytes()])
    }

    /// The names of all erasures of an account, in the order they were ordered.
    #[must_use]
    pub const fn erasures<'a>(&'a self, account: &'a AccountId) -> StoredList<'a> {
        StoredList::new(&self.chain, ERASURES, account.as_bytes())
    }

    /// Which order erased a record or an epoch of an account.
    #[must_use]
    pub fn erased(&self, account: &AccountId, erased: &Erased) -> StateKey {
        self.key(ERASED, &[account.as_bytes(), &codec::encode(erased)])
    }

    /// Where the keys of a record lie, if it was moved.
    #[must_use]
    pub fn moved(&self, record: &RecordId) -> StateKey {
        self.key(MOVED, &[record.as_bytes()])
    }

    /// The receipt of the custodian at `position` (from 0) of an order.
    #[must_use]
    pub fn erase_receipt(&self, id: &ErasureId, position: u64) -> StateKey {
        self.key(RECEIPT, &[id.as_bytes(), &position.to_be_bytes()])
    }
}

impl Facts<'_> {
    /// An erasure, complete or not.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn erasure(&self, id: &ErasureId) -> Result<Option<Erasure>, StateError> {
        self.get(&self.places.erasure(id))
    }

    /// The erasure of a record or an epoch of an account, if one was ordered.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn erasure_of(&self, account: &AccountId, erased: &Erased) -> Result<Option<Erasure>, StateError> {
        match self.get::<ErasedBy>(&self.places.erased(account, erased))? {
            Some(mark) => self.erasure(&mark.order),
            None => Ok(None),
        }
    }

    /// Whether anything of an account was ever erased.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn has_erasures(&self, account: &AccountId) -> Result<bool, StateError> {
        Ok(self.surroundings(account)?.has_erasures())
    }

    /// The epoch in which the keys of a record lie: that of its entry, unless it was moved.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn epoch_of(&self, found: &AnchoredEntry) -> Result<u32, StateError> {
        let facts = found.entry.facts();
        let moved: Option<MovedTo> = self.get(&self.places.moved(&facts.record))?;
        Ok(moved.map_or(facts.epoch, |moved| moved.epoch))
    }

    /// The receipt of the custodian at `position` of an order.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn erase_receipt(&self, id: &ErasureId, position: u64) -> Result<Option<SignedReceipt>, StateError> {
        self.get(&self.places.erase_receipt(id, position))
    }
}
