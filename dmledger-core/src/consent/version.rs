//! Versions: a record is never overwritten, another follows it, with author, time, reason and the right it was written by.

use super::RequestId;
use crate::{codec::Canonical, hash::Digest, key::PublicKey, record::RecordId, time::Moment};
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// Why a record got another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum UpdateReason {
    /// Something in it was wrong.
    Correction = 1,
    /// Something is added.
    Addition = 2,
    /// The same data are read differently.
    Reinterpretation = 3,
    /// The patient asked for it.
    PatientRequest = 4,
    /// The same content in another form.
    Conversion = 5,
}

impl UpdateReason {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::Correction, Self::Addition, Self::Reinterpretation, Self::PatientRequest, Self::Conversion];
}

impl fmt::Display for UpdateReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Correction => "correction",
            Self::Addition => "addition",
            Self::Reinterpretation => "reinterpretation",
            Self::PatientRequest => "patient's request",
            Self::Conversion => "conversion",
        })
    }
}

/// What the ledger knows of a version beside its index entry. An original has none of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct RecordVersion {
    /// This version.
    pub record: RecordId,
    /// The version before it.
    pub supersedes: RecordId,
    /// The first version.
    pub original: RecordId,
    /// Its number; the original is 0.
    pub number: u32,
    /// Who wrote it.
    pub author: PublicKey,
    /// Why.
    pub reason: UpdateReason,
    /// Salted digest of a note on why; [`Digest::ZERO`] if there is none.
    pub note: Digest,
    /// The access it was written under; `None`: by the account's holders.
    pub under: Option<RequestId>,
    /// The block that registered it.
    pub at: Moment,
}

impl Canonical for RecordVersion {
    const MAX_BYTES: usize = 256;
}

/// The holders' declaration that a record identifies nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct Deidentified {
    /// The record.
    pub record: RecordId,
    /// Salted digest of the statement of how it was de-identified.
    pub statement: Digest,
    /// The block that registered the declaration.
    pub at: Moment,
}

impl Canonical for Deidentified {
    const MAX_BYTES: usize = 128;
}
