//! Questions about the state at one height, answered with proofs.

mod accounts;
mod consent;
mod emergency;
mod escrow;

use super::answer::{AccessLog, AccountClaims, AccountGrants, AccountRecords};
use crate::{
    account::Account,
    codec::Canonical,
    consent::{GrantId, GrantRecord},
    decide::AccessEntry,
    envelope::{AccountId, ChainId},
    identity::{Member, MemberId},
    record::RecordId,
    state::{
        ReadTyped, Root, StateError, StateKey, StoredList, View,
        tables::{AnchoredEntry, Facts, Places, Proved},
    },
    time::Height,
    traits::{StateStore, StoreError},
};

/// The state of one network at one height.
#[derive(Debug)]
pub struct Query {
    view: View,
    places: Places,
}

impl Query {
    /// The state that the block at `height` left behind.
    ///
    /// # Errors
    /// [`StateError::Store`] if that height is unknown or pruned.
    pub fn at(chain: ChainId, height: Height, store: &dyn StateStore) -> Result<Self, StateError> {
        Ok(Self { view: View::open(store, height)?, places: Places::new(chain) })
    }

    /// Height and digest of the state: what a header commits to.
    #[must_use]
    pub const fn root(&self) -> Root {
        self.view.root()
    }

    /// Reads without proofs.
    #[must_use]
    pub const fn facts(&self) -> Facts<'_> {
        Facts::new(self.places.chain(), &self.view)
    }

    /// A member, or the proof that there is none.
    ///
    /// # Errors
    /// [`StateError`]; so for all questions below.
    pub fn member(&self, id: &MemberId) -> Result<Proved<Member>, StateError> {
        self.proved(&self.places.member(id))
    }

    /// An account, or the proof that there is none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn account(&self, id: &AccountId) -> Result<Proved<Account>, StateError> {
        self.proved(&self.places.account(id))
    }

    /// A record's index entry, or the proof that there is none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn record(&self, id: &RecordId) -> Result<Proved<AnchoredEntry>, StateError> {
        self.proved(&self.places.record(id))
    }

    /// A grant, or the proof that there is none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn grant(&self, id: &GrantId) -> Result<Proved<GrantRecord>, StateError> {
        self.proved(&self.places.grant(id))
    }

    /// All grants of an account.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn grants(&self, account: &AccountId) -> Result<AccountGrants, StateError> {
        let list = self.places.grants(account);
        let mut grants = Vec::new();
        for member in list.members(&self.view)? {
            let id = GrantId::from_list_member(&member).ok_or_else(|| damaged("list of grants"))?;
            grants.push(self.grant(&id)?);
        }
        Ok(AccountGrants::new(self.list(&list)?, grants))
    }

    /// All records of an account.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn records(&self, account: &AccountId) -> Result<AccountRecords, StateError> {
        let list = self.places.records(account);
        let mut records = Vec::new();
        for member in list.members(&self.view)? {
            records.push(self.record(&RecordId::new(member.to_bytes()))?);
        }
        Ok(AccountRecords::new(self.list(&list)?, records))
    }

    /// All claims accepted about an account.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn claims(&self, account: &AccountId) -> Result<AccountClaims, StateError> {
        let list = self.places.claims(account);
        let members = list.members(&self.view)?;
        let claims = members.iter().map(|name| self.proved(&self.places.claim(name))).collect::<Result<_, _>>()?;
        Ok(AccountClaims::new(self.list(&list)?, claims))
    }

    /// The whole access log of an account.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn access_log(&self, account: &AccountId) -> Result<AccessLog, StateError> {
        let list = self.places.accesses(account);
        let count = list.leaf(&self.view)?.count();
        let mut entries = Vec::new();
        for number in 0..count {
            let entry: Option<AccessEntry> = self.view.get(&self.places.access(account, number))?;
            entries.push(entry.ok_or_else(|| damaged("access log"))?);
        }
        Ok(AccessLog::new(self.list(&list)?, entries))
    }

    fn list(&self, list: &StoredList<'_>) -> Result<Proved<crate::state::CompleteList>, StateError> {
        self.proved(&list.key())
    }

    fn proved<T: Canonical>(&self, key: &StateKey) -> Result<Proved<T>, StateError> {
        Ok(Proved::new(self.view.get(key)?, self.view.prove(key)?))
    }
}

fn damaged(what: &'static str) -> StateError {
    StateError::Store(StoreError::Corrupt { what, height: None })
}
