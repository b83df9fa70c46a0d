//! Answers about emergencies, recoveries and erasures.

use super::{AnswerError, complete};
use crate::{
    codec::Canonical,
    consent::erasure::{Erasure, ErasureId, SignedReceipt},
    emergency::{Emergency, Recovery},
    envelope::{AccountId, ChainId},
    hash::Digest,
    state::{
        CompleteList, StoredList,
        tables::{Places, Proved},
    },
    time::Moment,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// All emergencies of an account, or all of the network that trustees approved, in order.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Emergencies {
    list: Proved<CompleteList>,
    emergencies: Vec<Proved<Emergency>>,
}

impl Emergencies {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, emergencies: Vec<Proved<Emergency>>) -> Self {
        Self { list, emergencies }
    }

    /// The emergencies, once shown to be all that were ever asked for in `account` under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn of_account(
        &self,
        root: &Digest,
        chain: ChainId,
        account: &AccountId,
    ) -> Result<Vec<&Emergency>, AnswerError> {
        let places = Places::new(chain);
        let all = self.verify(root, &places, &places.emergencies(account))?;
        if all.iter().any(|emergency| emergency.account() != *account) {
            return Err(AnswerError::OtherAccount);
        }
        Ok(all)
    }

    /// The emergencies, once shown to be all that trustees of any account approved under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn of_network(&self, root: &Digest, chain: ChainId) -> Result<Vec<&Emergency>, AnswerError> {
        let places = Places::new(chain);
        self.verify(root, &places, &places.emergencies_opened())
    }

    /// Those of the network that await a review in a block at `at`: complete, because the list is.
    ///
    /// # Errors
    /// As [`Self::of_network`].
    pub fn unreviewed(&self, root: &Digest, chain: ChainId, at: Moment) -> Result<Vec<&Emergency>, AnswerError> {
        let mut all = self.of_network(root, chain)?;
        all.retain(|emergency| emergency.awaits_review(at));
        Ok(all)
    }

    fn verify(&self, root: &Digest, places: &Places, list: &StoredList<'_>) -> Result<Vec<&Emergency>, AnswerError> {
        let mut members = Vec::with_capacity(self.emergencies.len());
        let mut all = Vec::with_capacity(self.emergencies.len());
        for proved in &self.emergencies {
            let id = proved.value().ok_or(AnswerError::Missing)?.id();
            all.push(proved.verify(root, &places.emergency(&id))?.ok_or(AnswerError::Missing)?);
            members.push(id.list_member());
        }
        complete(&self.list, root, list, &members)?;
        Ok(all)
    }
}

impl Canonical for Emergencies {
    const MAX_BYTES: usize = 256 * 1024 * 1024;
}

/// All recoveries ever asked for in an account, in order.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Recoveries {
    list: Proved<CompleteList>,
    recoveries: Vec<Proved<Recovery>>,
}

impl Recoveries {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, recoveries: Vec<Proved<Recovery>>) -> Self {
        Self { list, recoveries }
    }

    /// The recoveries, once shown to be all of `account` under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(&self, root: &Digest, chain: ChainId, account: &AccountId) -> Result<Vec<&Recovery>, AnswerError> {
        let places = Places::new(chain);
        let mut members = Vec::with_capacity(self.recoveries.len());
        let mut all = Vec::with_capacity(self.recoveries.len());
        for proved in &self.recoveries {
            let id = proved.value().ok_or(AnswerError::Missing)?.id();
            let recovery = proved.verify(root, &places.recovery(&id))?.ok_or(AnswerError::Missing)?;
            if recovery.account() != *account {
                return Err(AnswerError::OtherAccount);
            }
            members.push(id.list_member());
            all.push(recovery);
        }
        complete(&self.list, root, &places.recoveries(account), &members)?;
        Ok(all)
    }
}

impl Canonical for Recoveries {
    const MAX_BYTES: usize = 256 * 1024 * 1024;
}

/// An erasure with its receipts: who has stated, under which signature, that nothing is left.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ErasureAnswer {
    erasure: Proved<Erasure>,
    receipts: Vec<(u64, Proved<SignedReceipt>)>,
}

impl ErasureAnswer {
    /// Puts an answer together: receipts with the place of their custodian in the order.
    #[must_use]
    pub const fn new(erasure: Proved<Erasure>, receipts: Vec<(u64, Proved<SignedReceipt>)>) -> Self {
        Self { erasure, receipts }
    }

    /// The receipts, unverified.
    pub fn receipts(&self) -> impl Iterator<Item = &SignedReceipt> {
        self.receipts.iter().filter_map(|(_, proved)| proved.value())
    }

    /// The erasure, once shown to stand so under `root`, with a receipt that verifies from every custodian that is said
    /// to have answered; `None` if there is no such erasure.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(&self, root: &Digest, chain: ChainId, id: &ErasureId) -> Result<Option<&Erasure>, AnswerError> {
        let places = Places::new(chain);
        let Some(erasure) = self.erasure.verify(root, &places.erasure(id))? else { return Ok(None) };
        let stated = (0..).zip(erasure.answered()).filter(|(_, answer)| answer.is_some());
        if !stated.map(|(position, _)| position).eq(self.receipts.iter().map(|(position, _)| *position)) {
            return Err(AnswerError::Missing);
        }
        for (position, proved) in &self.receipts {
            let place = places.erase_receipt(id, *position);
            let receipt = proved.verify(root, &place)?.ok_or(AnswerError::Missing)?;
            let own = erasure.position(receipt).is_some_and(|own| own as u64 == *position);
            if !own || receipt.chain() != chain || receipt.verify().is_err() {
                return Err(AnswerError::Receipt { position: *position });
            }
        }
        Ok(Some(erasure))
    }
}

impl Canonical for ErasureAnswer {
    const MAX_BYTES: usize = 1024 * 1024;
}
