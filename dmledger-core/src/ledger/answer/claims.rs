//! Everything the ledger has accepted about an account on the strength of a proof.

use super::{AnswerError, complete};
use crate::{
    codec::Canonical,
    envelope::{AccountId, ChainId},
    hash::Digest,
    state::{
        CompleteList,
        tables::{AcceptedClaim, Places, Proved},
    },
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// All claims accepted about an account, in the order they were accepted.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccountClaims {
    list: Proved<CompleteList>,
    claims: Vec<Proved<AcceptedClaim>>,
}

impl AccountClaims {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, claims: Vec<Proved<AcceptedClaim>>) -> Self {
        Self { list, claims }
    }

    /// The claims, once shown to be all that were accepted about `account` under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(
        &self,
        root: &Digest,
        chain: ChainId,
        account: &AccountId,
    ) -> Result<Vec<&AcceptedClaim>, AnswerError> {
        let places = Places::new(chain);
        let (mut members, mut claims) = (Vec::with_capacity(self.claims.len()), Vec::with_capacity(self.claims.len()));
        for proved in &self.claims {
            let name = proved.value().ok_or(AnswerError::Missing)?.claim;
            let claim = proved.verify(root, &places.claim(&name))?.ok_or(AnswerError::Missing)?;
            if claim.context.subject() != *account {
                return Err(AnswerError::OtherAccount);
            }
            members.push(name);
            claims.push(claim);
        }
        complete(&self.list, root, &places.claims(account), &members)?;
        Ok(claims)
    }
}

impl Canonical for AccountClaims {
    const MAX_BYTES: usize = 256 * 1024 * 1024;
}
