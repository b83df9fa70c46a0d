//! What stands at a record, at a request, at a patient's key.

use crate::{codec::Canonical, envelope::AccountId, record::IndexEntry, time::Height};
use borsh::{BorshDeserialize, BorshSerialize};

/// A record's index entry as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct AnchoredEntry {
    /// The account it belongs to.
    pub account: AccountId,
    /// Height of the block that anchored it.
    pub height: Height,
    /// The entry.
    pub entry: IndexEntry,
}

impl Canonical for AnchoredEntry {
    const MAX_BYTES: usize = IndexEntry::MAX_BYTES + 64;
}

/// Where the log has the answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct LogPosition {
    /// Whose log.
    pub account: AccountId,
    /// Its place in it, from 0.
    pub number: u64,
}

impl Canonical for LogPosition {
    const MAX_BYTES: usize = 48;
}

/// The account a patient's key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct KeyOwner {
    /// The account.
    pub account: AccountId,
}

impl Canonical for KeyOwner {
    const MAX_BYTES: usize = 40;
}
