//! Questions about publications, chain nodes, caught validators and similar cases.

use super::{Query, damaged};
use crate::{
    account::escrow::{BasicInfo, Escrow, EscrowEntry},
    action::matching::MatchEntry,
    envelope::AccountId,
    ledger::answer::{AccountEscrows, EscrowLog, MatchLog},
    quorum::Address,
    state::{
        ReadTyped, StateError,
        tables::{NodeRecord, Offender, Proved},
    },
};

impl Query {
    /// A publication, or the proof that there is none at this address.
    ///
    /// # Errors
    /// [`StateError`]; so for all questions below.
    pub fn escrow(&self, address: &AccountId) -> Result<Proved<Escrow>, StateError> {
        self.proved(&self.places.escrow(address))
    }

    /// What a patient lets every member know about an account, or the proof that it is nothing.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn basic_info(&self, account: &AccountId) -> Result<Proved<BasicInfo>, StateError> {
        self.proved(&self.places.basic_info(account))
    }

    /// All publications that wait for an account's patient.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn escrows(&self, account: &AccountId) -> Result<AccountEscrows, StateError> {
        let list = self.places.escrows(account);
        let mut escrows = Vec::new();
        for member in list.members(&self.view)? {
            let address = AccountId::new(member);
            escrows.push((address, self.escrow(&address)?));
        }
        Ok(AccountEscrows::new(self.list(&list)?, escrows))
    }

    /// The whole escrow log of an account: what its patient was asked and told.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn escrow_log(&self, account: &AccountId) -> Result<EscrowLog, StateError> {
        let list = self.places.escrow_entries(account);
        let mut entries = Vec::new();
        for number in 0..list.leaf(&self.view)?.count() {
            let entry: Option<EscrowEntry> = self.view.get(&self.places.escrow_entry(account, number))?;
            entries.push(entry.ok_or_else(|| damaged("escrow log"))?);
        }
        Ok(EscrowLog::new(self.list(&list)?, entries))
    }

    /// Everything that was asked about similar cases.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn match_log(&self) -> Result<MatchLog, StateError> {
        let list = self.places.match_entries();
        let mut entries = Vec::new();
        for number in 0..list.leaf(&self.view)?.count() {
            let entry: Option<MatchEntry> = self.view.get(&self.places.match_entry(number))?;
            entries.push(entry.ok_or_else(|| damaged("log of questions"))?);
        }
        Ok(MatchLog::new(self.list(&list)?, entries))
    }

    /// A chain node, or the proof that none was provisioned with this key's address.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn node(&self, address: &Address) -> Result<Proved<NodeRecord>, StateError> {
        self.proved(&self.places.node(address))
    }

    /// A validator that was caught, or the proof that this one was not.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn offender(&self, address: &Address) -> Result<Proved<Offender>, StateError> {
        self.proved(&self.places.offender(address))
    }
}
