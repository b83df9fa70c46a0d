//! Questions about how an account is governed.

use super::{Query, damaged};
use crate::{
    account::{Device, Mandate, PolicyVersion, Proposal, ProposalId},
    envelope::AccountId,
    ledger::answer::accounts::{
        AccountDevices, AccountMandates, AccountProposals, PendingProposal, PendingProposals, PolicyHistory,
    },
    state::{ReadTyped, StateError, tables::Proved},
};

impl Query {
    /// A proposal, or the proof that there is none.
    ///
    /// # Errors
    /// [`StateError`]; so for all questions below.
    pub fn proposal(&self, id: &ProposalId) -> Result<Proved<Proposal>, StateError> {
        self.proved(&self.places.proposal(id))
    }

    /// All proposals ever made in an account.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn proposals(&self, account: &AccountId) -> Result<AccountProposals, StateError> {
        let list = self.places.proposals(account);
        let mut proposals = Vec::new();
        for member in list.members(&self.view)? {
            proposals.push(self.proposal(&ProposalId::new(member))?);
        }
        Ok(AccountProposals::new(self.list(&list)?, proposals))
    }

    /// The proposals of an account that wait, with what they hold.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn pending(&self, account: &AccountId) -> Result<PendingProposals, StateError> {
        let mut proposals = Vec::new();
        for waiting in self.facts().waiting(account)?.all() {
            let proposal = self.proposal(&waiting.proposal)?;
            let proposed = self.facts().proposed(&waiting.proposal)?;
            proposals.push(PendingProposal { proposal, proposed });
        }
        let waiting = self.proved(&self.places.waiting(account))?;
        Ok(PendingProposals::new(self.account(account)?, waiting, proposals))
    }

    /// Every policy an account ever had.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn policies(&self, account: &AccountId) -> Result<PolicyHistory, StateError> {
        let list = self.places.policies(account);
        let mut versions = Vec::new();
        for number in 0..list.leaf(&self.view)?.count() {
            let version: Option<PolicyVersion> = self.view.get(&self.places.policy(account, number))?;
            versions.push(version.ok_or_else(|| damaged("policy history"))?);
        }
        Ok(PolicyHistory::new(self.list(&list)?, versions))
    }

    /// Every device an account ever had.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn devices(&self, account: &AccountId) -> Result<AccountDevices, StateError> {
        let list = self.places.devices(account);
        let mut devices: Vec<Proved<Device>> = Vec::new();
        for member in list.members(&self.view)? {
            devices.push(self.proved(&self.places.device(account, &member))?);
        }
        Ok(AccountDevices::new(self.list(&list)?, devices))
    }

    /// Every mandate an account's agent ever had.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn mandates(&self, account: &AccountId) -> Result<AccountMandates, StateError> {
        let list = self.places.mandates(account);
        let mut mandates = Vec::new();
        for number in 1..=list.leaf(&self.view)?.count() {
            let mandate: Option<Mandate> = self.view.get(&self.places.mandate(account, number))?;
            mandates.push(mandate.ok_or_else(|| damaged("mandates"))?);
        }
        Ok(AccountMandates::new(self.list(&list)?, mandates))
    }
}
