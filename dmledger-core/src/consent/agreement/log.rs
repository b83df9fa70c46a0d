//! An agreement's log: visits, updates, referrals, and what the institution noted about diagnosis and treatment.

use super::AgreementId;
use crate::{
    codec::Canonical,
    consent::{GrantId, RequestId},
    hash::{Digest, of, tag},
    key::PublicKey,
    record::RecordId,
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// What a note is about. The note itself stays off the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum NoteKind {
    /// What was found.
    Diagnosis = 1,
    /// What was done.
    Treatment = 2,
    /// What was prescribed.
    Prescription = 3,
    /// What was advised or arranged.
    Intervention = 4,
}

impl fmt::Display for NoteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Diagnosis => "diagnosis",
            Self::Treatment => "treatment",
            Self::Prescription => "prescription",
            Self::Intervention => "intervention",
        })
    }
}

/// What happened under an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum AgreementEvent {
    /// It was concluded.
    Concluded,
    /// A request that relied on it was answered; the account's access log has the whole entry.
    Visited {
        /// The request.
        request: RequestId,
        /// Whether it was allowed.
        allowed: bool,
    },
    /// A record got another version.
    Updated {
        /// The later version.
        record: RecordId,
        /// The version before it.
        supersedes: RecordId,
    },
    /// The institution put a note on file.
    Noted {
        /// About what.
        kind: NoteKind,
        /// Salted digest of the note.
        digest: Digest,
        /// The visit it belongs to.
        request: Option<RequestId>,
    },
    /// The institution referred to another.
    Referred {
        /// The other's grant.
        grant: GrantId,
    },
    /// One of the parties ended it.
    Terminated,
    /// Another agreement took its place.
    Renewed {
        /// Which.
        by: AgreementId,
    },
}

/// One line of an agreement's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct AgreementEntry {
    /// Which agreement.
    pub agreement: AgreementId,
    /// Its place in the log, from 0.
    pub number: u64,
    /// The block.
    pub at: Moment,
    /// Who did it: the first of the keys that acted.
    pub by: PublicKey,
    /// What was done.
    pub event: AgreementEvent,
}

impl AgreementEntry {
    /// What the agreement's complete list holds for this entry.
    #[must_use]
    pub fn digest(&self) -> Digest {
        of(tag::AGREEMENT_ENTRY, self)
    }
}

impl Canonical for AgreementEntry {
    const MAX_BYTES: usize = 192;
}
