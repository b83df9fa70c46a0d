//! Proof that a validator contradicted itself: two signed messages of which an honest one signs one.
//!
//! Whoever holds the two messages convicts the signer; no witness, no state and no trust in the accuser is needed. An
//! honest validator cannot be convicted: it signs one vote a height, round and kind, and one proposal a height and
//! round, and its write-ahead log keeps it to that across a crash.

use super::{Address, Proposal, Vote, VoteKind};
use crate::{
    codec::{self, Canonical},
    envelope::ChainId,
    key::{PublicKey, Signature, batch::Claim},
    time::Height,
};
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{ErrorKind, Read, Result as IoResult},
};
use core::fmt;
use thiserror::Error;

/// A message and its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a plain pair")]
pub struct Signed<T> {
    /// What was said.
    pub message: T,
    /// By the speaker's key over the message's digest.
    pub signature: Signature,
}

/// What was signed twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has two kinds of vote and proposals")]
pub enum Twice {
    /// Two prevotes of one round.
    Prevote = 1,
    /// Two precommits of one round.
    Precommit = 2,
    /// Two proposals for one round.
    Proposal = 3,
}

impl fmt::Display for Twice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prevote => "prevotes",
            Self::Precommit => "precommits",
            Self::Proposal => "proposals",
        })
    }
}

/// What a validator did, without the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a part of a row of the state")]
pub struct Offence {
    /// What it signed twice.
    pub twice: Twice,
    /// At which height.
    pub height: Height,
    /// In which round.
    pub round: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
enum Pair {
    Votes(Signed<Vote>, Signed<Vote>) = 1,
    Proposals(Signed<Proposal>, Signed<Proposal>) = 2,
}

/// Two messages of one validator that contradict each other, in the order of their bytes; signatures unverified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct Evidence {
    offender: PublicKey,
    pair: Pair,
}

/// Why two messages show nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// One of them is not by the accused key.
    #[error("a message is not by the accused validator")]
    OtherSigner,
    /// Of different heights, rounds or kinds: both may honestly be signed.
    #[error("the messages do not contradict each other")]
    NoContradiction,
    /// A signature does not verify.
    #[error("a signature does not verify")]
    BadSignature,
}

impl Evidence {
    /// Two votes of the holder of `offender`.
    ///
    /// # Errors
    /// [`EvidenceError::OtherSigner`], [`EvidenceError::NoContradiction`].
    pub fn of_votes(offender: PublicKey, a: Signed<Vote>, b: Signed<Vote>) -> Result<Self, EvidenceError> {
        let (a, b) = if order(&a.message, &b.message) { (a, b) } else { (b, a) };
        Self { offender, pair: Pair::Votes(a, b) }.checked()
    }

    /// Two proposals of the holder of `offender`.
    ///
    /// # Errors
    /// As [`Self::of_votes`].
    pub fn of_proposals(offender: PublicKey, a: Signed<Proposal>, b: Signed<Proposal>) -> Result<Self, EvidenceError> {
        let (a, b) = if order(&a.message, &b.message) { (a, b) } else { (b, a) };
        Self { offender, pair: Pair::Proposals(a, b) }.checked()
    }

    /// The key that signed both.
    #[must_use]
    pub const fn offender(&self) -> PublicKey {
        self.offender
    }

    /// The validator's address.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::of(&self.offender)
    }

    /// What it did.
    #[must_use]
    pub const fn offence(&self) -> Offence {
        match &self.pair {
            Pair::Votes(Signed { message: vote, .. }, _) => {
                let twice = match vote.kind {
                    VoteKind::Prevote => Twice::Prevote,
                    VoteKind::Precommit => Twice::Precommit,
                };
                Offence { twice, height: vote.height, round: vote.round }
            }
            Pair::Proposals(Signed { message: one, .. }, _) => {
                Offence { twice: Twice::Proposal, height: one.height, round: one.round }
            }
        }
    }

    /// The two signatures that have to verify for the evidence to count on `chain`.
    #[must_use]
    pub fn claims(&self, chain: &ChainId) -> [Claim; 2] {
        let claim = |digest, signature| Claim { key: self.offender, digest, signature };
        match &self.pair {
            Pair::Votes(a, b) => {
                [claim(a.message.digest(chain), a.signature), claim(b.message.digest(chain), b.signature)]
            }
            Pair::Proposals(a, b) => {
                [claim(a.message.digest(chain), a.signature), claim(b.message.digest(chain), b.signature)]
            }
        }
    }

    /// Checks the signatures: on `chain`, the holder of the accused key contradicted itself.
    ///
    /// # Errors
    /// [`EvidenceError::BadSignature`].
    pub fn verify(&self, chain: &ChainId) -> Result<(), EvidenceError> {
        if self.claims(chain).iter().all(Claim::holds) { Ok(()) } else { Err(EvidenceError::BadSignature) }
    }

    fn checked(self) -> Result<Self, EvidenceError> {
        let address = self.address();
        let (by_one, contradict) = match &self.pair {
            Pair::Votes(Signed { message: a, .. }, Signed { message: b, .. }) => (
                a.voter == address && b.voter == address,
                (a.kind, a.height, a.round) == (b.kind, b.height, b.round) && order(a, b),
            ),
            Pair::Proposals(Signed { message: a, .. }, Signed { message: b, .. }) => (
                a.proposer == address && b.proposer == address,
                (a.height, a.round) == (b.height, b.round) && order(a, b),
            ),
        };
        match (by_one, contradict) {
            (false, _) => Err(EvidenceError::OtherSigner),
            (true, false) => Err(EvidenceError::NoContradiction),
            (true, true) => Ok(self),
        }
    }
}

/// Whether the bytes of `a` come before those of `b`; equal messages are in no order.
fn order<T: Canonical>(a: &T, b: &T) -> bool {
    codec::encode(a) < codec::encode(b)
}

impl Canonical for Evidence {
    const MAX_BYTES: usize = 40 + 2 * (96 + 65);
}

impl BorshDeserialize for Evidence {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (offender, pair) = <(PublicKey, Pair)>::deserialize_reader(reader)?;
        Self { offender, pair }.checked().map_err(|_| ErrorKind::InvalidData.into())
    }
}

#[cfg(test)]
mod tests;
