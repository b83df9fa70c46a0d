//! Why something was not sealed or not opened: plain for whoever is entitled to know, uniform for everybody else.

use super::gate::Subset;
use super::range_tree::{EpochNumber, OutsideRange};
use super::slot::CommitteeId;
use super::stream::StreamError;
use core::fmt;
use dmledger_core::codec::CodecError;
use dmledger_core::time::{Height, Timestamp};
use dmledger_core::traits::signer::SignerError;
use thiserror::Error;

/// An authentication tag does not verify: wrong key, wrong context or altered bytes; which of them cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not authentic")]
pub struct Inauthentic;

/// The one answer to a caller who has not shown who they are: no reason, whatever the reason was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("refused")]
pub struct Refused;

/// A share of the key to a record ("sub-key" in the source designs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubKey {
    /// The range-tree nodes that the patient's grant carries for this epoch.
    RangeNodes(EpochNumber),
    /// A gate key, for which no node that holds it gave a right answer.
    Gate(Subset),
    /// The owner's own seed of this committee.
    GateSeed(CommitteeId),
}

impl fmt::Display for SubKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RangeNodes(epoch) => write!(f, "the patient's grant for epoch {}", epoch.number()),
            Self::Gate(subset) => subset.fmt(f),
            Self::GateSeed(committee) => write!(f, "the gate seed of committee {}", committee.number()),
        }
    }
}

/// What does not match what the ledger or a signature vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Altered {
    /// The digest of the record header is not the one anchored.
    Header,
    /// The index entry says something else about the record than its header.
    Entry,
    /// The header is not signed by the author it names.
    Author,
    /// The content id of the ciphertext is not the one anchored.
    Content,
    /// The access part belongs to another header, committee or hours.
    AccessPart,
    /// None of the account's keys has signed the access part.
    Custodian,
    /// The access part is older than one already seen.
    RolledBack,
    /// The slot holds another data key than the header commits to.
    DataKey,
    /// The ciphertext is not as long as the header says.
    Length,
}

impl fmt::Display for Altered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "the record header is not the one anchored",
            Self::Entry => "the index entry and the record header contradict each other",
            Self::Author => "the record header is not signed by its author",
            Self::Content => "the ciphertext is not the one anchored",
            Self::AccessPart => "the access part does not belong to this record",
            Self::Custodian => "the access part is not signed for this account",
            Self::RolledBack => "the access part is older than one already seen",
            Self::DataKey => "the slot holds another key than the header commits to",
            Self::Length => "the ciphertext is not as long as the header says",
        })
    }
}

/// Why a record was not opened. For the entitled caller only; anyone else gets [`OpenError::for_stranger`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Shares of the key are absent; nothing was decrypted.
    #[error("cannot decrypt: {have} of {need} sub-keys present; missing: {}", list(which))]
    MissingSubKey {
        /// Shares at hand.
        have: u16,
        /// Shares needed.
        need: u16,
        /// The absent ones.
        which: Vec<SubKey>,
    },
    /// Not all of the record's hours are among the hours granted.
    #[error(transparent)]
    OutsideRange(#[from] OutsideRange),
    /// The record is of another kind of data than the grant names.
    #[error("the grant is for another kind of data")]
    WrongKind,
    /// The grant is not valid yet.
    #[error("the grant begins at height {} and {begins}", from.value())]
    NotYetValid {
        /// First height of validity.
        from: Height,
        /// First instant of validity.
        begins: Timestamp,
    },
    /// The grant has ended by itself.
    #[error("the grant ended at height {} or {ends}, whichever came first", until.value())]
    Expired {
        /// First height at which it is no longer valid.
        until: Height,
        /// First instant at which it is no longer valid.
        ends: Timestamp,
    },
    /// The grant was revoked.
    #[error("the grant was revoked at height {}", height.value())]
    Revoked {
        /// Height of the block that holds the revocation.
        height: Height,
    },
    /// Sealed for another network.
    #[error("sealed for another chain")]
    WrongChain,
    /// Sealed for another account, or opened with keys of another account.
    #[error("sealed for another account")]
    WrongAccount,
    /// Not what the ledger or a signature vouches for.
    #[error("altered: {0}")]
    Tampered(Altered),
    /// Right in form, but the keys do not open it.
    #[error(transparent)]
    Inauthentic(#[from] Inauthentic),
}

impl OpenError {
    /// What a caller is told who has not shown to be entitled to the reason.
    #[must_use]
    pub const fn for_stranger(&self) -> Refused {
        Refused
    }
}

impl From<StreamError> for OpenError {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Inauthentic(inauthentic) => Self::Inauthentic(inauthentic),
            _ => Self::Tampered(Altered::Length),
        }
    }
}

fn list(which: &[SubKey]) -> String {
    which.iter().map(SubKey::to_string).collect::<Vec<_>>().join(", ")
}

/// Why a record or a grant could not be sealed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SealError {
    /// The plaintext does not have the announced length, or is too long.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// One of the record's hours does not lie in the epoch.
    #[error(transparent)]
    OutsideRange(#[from] OutsideRange),
    /// A signature could not be made or added.
    #[error(transparent)]
    Signature(#[from] SignerError),
    /// A list is longer than its type allows.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The cipher refused the length of its input.
    #[error(transparent)]
    Cipher(#[from] Inauthentic),
    /// There is no key at hand of the epoch that a record is to be moved into.
    #[error("no key of epoch {number} is at hand")]
    NoSuchEpoch {
        /// The epoch's number.
        number: u32,
    },
    /// The old slot of a record does not open, so no new one can be made.
    #[error("the old slot does not open: {0}")]
    OldSlot(OpenError),
}

/// Why a wrapped message was not unwrapped. For the addressee; anyone else gets [`WrapError::for_stranger`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WrapError {
    /// Wrapped to another public key.
    #[error("wrapped for another recipient")]
    WrongRecipient,
    /// Wrapped for another network.
    #[error("wrapped for another chain")]
    WrongChain,
    /// Wrapped for another account.
    #[error("wrapped for another account")]
    WrongAccount,
    /// Wrapped for another grant, node or record than the one asked for.
    #[error("wrapped for another grant, gate node or record")]
    WrongSubject,
    /// Opened, but the ledger commits to other contents: an outdated or exchanged message.
    #[error("not the contents that the ledger commits to")]
    NotAnchored,
    /// The two keys belong to different suites.
    #[error("wrapped under another suite")]
    WrongSuite,
    /// The recipient's public key is not a valid one.
    #[error("not a valid public key")]
    BadPublicKey,
    /// Contents that are not a message of this type.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The wrap does not open.
    #[error(transparent)]
    Inauthentic(#[from] Inauthentic),
}

impl WrapError {
    /// What a caller is told who has not shown to be entitled to the reason.
    #[must_use]
    pub const fn for_stranger(&self) -> Refused {
        Refused
    }
}

#[cfg(test)]
mod tests;
