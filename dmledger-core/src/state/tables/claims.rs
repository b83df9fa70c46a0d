//! Facts shown with proofs: what the ledger has accepted, and which sealed days may be spoken about.

use super::{Facts, Namespace, Places};
use crate::{
    codec::{Canonical, List},
    envelope::AccountId,
    hash::Digest,
    record::RecordId,
    state::{StateError, StateKey, StoredList},
    time::Height,
    traits::proof_verifier::{MAX_ANCHORS, ProofContext, ProofFamily},
};
use borsh::{BorshDeserialize, BorshSerialize};

const CLAIM: Namespace = Namespace::new("claim");
const CLAIMS: Namespace = Namespace::new("claims");
const SHOWN_DAY: Namespace = Namespace::new("shown-day");
const USED_MARK: Namespace = Namespace::new("used-mark");

/// A claim whose proof the ledger has checked. Statement and proof stand in the block; the name here is their digest.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct AcceptedClaim {
    /// Digest of the claim as it travelled.
    pub claim: Digest,
    /// What the proof is bound to: network, account, purpose, for whom.
    pub context: ProofContext,
    /// What kind of statement it is.
    pub family: ProofFamily,
    /// The records it is about.
    pub records: List<RecordId, MAX_ANCHORS>,
    /// Height of the block that accepted it.
    pub height: Height,
}

impl Canonical for AcceptedClaim {
    const MAX_BYTES: usize = 256 + MAX_ANCHORS * 32;
}

/// A sealed day whose histogram the ledger has accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct ShownDay {
    /// Height of the block that accepted it.
    pub height: Height,
}

impl Canonical for ShownDay {
    const MAX_BYTES: usize = 16;
}

/// A mark that is accepted once: a member's within a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct UsedMark {
    /// Height of the block that accepted it.
    pub height: Height,
}

impl Canonical for UsedMark {
    const MAX_BYTES: usize = 16;
}

impl Places {
    /// An accepted claim, by the digest of its bytes.
    #[must_use]
    pub fn claim(&self, claim: &Digest) -> StateKey {
        self.key(CLAIM, &[claim.as_bytes()])
    }

    /// The digests of all claims accepted about an account, in order.
    #[must_use]
    pub const fn claims<'a>(&'a self, account: &'a AccountId) -> StoredList<'a> {
        StoredList::new(&self.chain, CLAIMS, account.as_bytes())
    }

    /// Whether the histogram of the day sealed in a record has been accepted.
    #[must_use]
    pub fn shown_day(&self, record: &RecordId) -> StateKey {
        self.key(SHOWN_DAY, &[record.as_bytes()])
    }

    /// Whether the mark of a claim has been accepted.
    #[must_use]
    pub fn used_mark(&self, mark: &Digest) -> StateKey {
        self.key(USED_MARK, &[mark.as_bytes()])
    }
}

impl Facts<'_> {
    /// An accepted claim, by the digest of its bytes.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn claim(&self, claim: &Digest) -> Result<Option<AcceptedClaim>, StateError> {
        self.get(&self.places.claim(claim))
    }

    /// Whether the histogram of the day sealed in a record has been accepted.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn is_shown_day(&self, record: &RecordId) -> Result<bool, StateError> {
        self.has(&self.places.shown_day(record))
    }
}
