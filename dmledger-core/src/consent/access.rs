//! Asking for records, and the log of everything that was asked.
//!
//! A request is decided when its block executes and stays on the ledger with its answer, allowed or denied: that entry
//! is the access log, and gate nodes release key parts only against it.

use super::grant::{GrantId, random_name};
use crate::{
    codec::{Canonical, List},
    record::RecordId,
    scope::{Conditions, Purpose, Verb},
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// Most records in one request.
pub const MAX_REQUESTED_RECORDS: usize = 256;

/// A request's name: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct RequestId([u8; 16]);
random_name!(RequestId);

/// What a member asks of an account. The account stands in the envelope; the asker is the one who signed it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct AccessRequest {
    /// Its name.
    pub id: RequestId,
    /// The records, at least one.
    pub records: List<RecordId, MAX_REQUESTED_RECORDS>,
    /// To do what.
    pub verb: Verb,
    /// Why.
    pub purpose: Purpose,
    /// What the asker undertakes beside the purpose.
    pub undertaking: Conditions,
    /// The grant it relies on; `None` to use whichever allows it.
    pub grant: Option<GrantId>,
}

impl Canonical for AccessRequest {
    const MAX_BYTES: usize = 64 + Conditions::MAX_BYTES + MAX_REQUESTED_RECORDS * 32;
}
