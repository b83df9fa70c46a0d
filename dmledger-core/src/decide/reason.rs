//! Why access was denied: one code a cause, in words a patient and a machine both read.

use crate::{
    consent::GrantId,
    time::{Height, Timestamp},
};
use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

/// Why a request was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Error)]
#[non_exhaustive]
pub enum Reason {
    /// The request is for another network.
    #[error("request for another network")]
    WrongChain,
    /// The asker has no admitted certificate.
    #[error("not a member of this network")]
    NotAMember,
    /// The asker's admission was revoked.
    #[error("membership revoked at height {height}")]
    MembershipRevoked {
        /// Height of the revocation.
        height: Height,
    },
    /// The asker's certificate is not yet in force.
    #[error("certificate valid from {from} only")]
    CertificateNotYetValid {
        /// When it begins.
        from: Timestamp,
    },
    /// The asker's certificate has run out.
    #[error("certificate expired at {at}")]
    CertificateExpired {
        /// First instant it is no longer valid.
        at: Timestamp,
    },
    /// There is no such account.
    #[error("no such account")]
    UnknownAccount,
    /// The account has no record of that name.
    #[error("record {position} of the request is not in this account")]
    UnknownRecord {
        /// Its place in the request, from 0.
        position: u16,
    },
    /// The grant named in the request does not exist, or is not for this asker and account.
    #[error("no such grant for this member")]
    UnknownGrant,
    /// Nothing has been granted.
    #[error("nothing has been granted to this member")]
    NoGrant,
    /// Closed by a grant that denies, whatever else is granted.
    #[error("explicitly excluded by grant {grant}")]
    Prohibited {
        /// The grant that denies.
        grant: GrantId,
    },
    /// The grant was revoked.
    #[error("revoked at height {height}")]
    Revoked {
        /// Height of the revocation.
        height: Height,
    },
    /// The grant ended in time.
    #[error("expired at {at}")]
    Expired {
        /// First instant it no longer held.
        at: Timestamp,
    },
    /// The grant ended in height.
    #[error("expired at height {until}")]
    HeightExpired {
        /// First height at which it no longer held.
        until: Height,
    },
    /// The grant has not begun in time.
    #[error("valid from {from} only")]
    NotYetValid {
        /// When it begins.
        from: Timestamp,
    },
    /// The grant has not begun in height.
    #[error("valid from height {from} only")]
    HeightNotReached {
        /// Height at which it begins.
        from: Height,
    },
    /// The grant is for something else than was asked to be done.
    #[error("granted for another action than this")]
    WrongVerb,
    /// The grant is for other purposes.
    #[error("granted for another purpose than this")]
    WrongPurpose,
    /// A record lies outside the span of data granted.
    #[error("record {position} of the request lies outside the granted time range")]
    OutsideDataRange {
        /// Its place in the request, from 0.
        position: u16,
    },
    /// All requests of the quota have been served.
    #[error("quota of {quota} requests used up")]
    QuotaExhausted {
        /// Requests granted.
        quota: u32,
    },
}

impl Reason {
    /// Stable number of the cause, for machines.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::WrongChain => 1,
            Self::NotAMember => 2,
            Self::MembershipRevoked { .. } => 3,
            Self::CertificateNotYetValid { .. } => 4,
            Self::CertificateExpired { .. } => 5,
            Self::UnknownAccount => 10,
            Self::UnknownRecord { .. } => 11,
            Self::UnknownGrant => 12,
            Self::NoGrant => 20,
            Self::Prohibited { .. } => 21,
            Self::Revoked { .. } => 22,
            Self::Expired { .. } => 23,
            Self::HeightExpired { .. } => 24,
            Self::NotYetValid { .. } => 25,
            Self::HeightNotReached { .. } => 26,
            Self::WrongVerb => 27,
            Self::WrongPurpose => 28,
            Self::OutsideDataRange { .. } => 29,
            Self::QuotaExhausted { .. } => 30,
        }
    }
}
