//! A secret shared among several holders, any `t` of whom recover it and fewer learn nothing, with shares that can be
//! checked.
//!
//! [`Dealing`] is Pedersen's verifiable sharing: each holder checks its own share against the dealer's commitments, and
//! the secret stays hidden whatever an adversary can compute. [`PublicDealing`] needs no private channel: shares are
//! encrypted to the holders' keys, and anyone checks that all of them lie on one polynomial; what is shared is then a group
//! element, from which a key is derived. Holders are numbered from 1 in the order in which the dealer lists them.
//! `docs/share.md`.

mod pedersen;
mod polynomial;
mod public;

pub use pedersen::{Dealing, HoldsShare, Share, SharedScalar};
pub use polynomial::RecoverError;
pub use public::{
    Coefficient, EncryptedShare, OpenShare, OpenedShare, PublicDealing, PublicDealingProof, SHARED_KEY_TAG,
    SharedElement,
};

use crate::{
    elgamal::EncryptionKey,
    error::{DecodeError, StatementError},
    group::Scalar,
    transcript::Transcript,
};
use std::collections::BTreeSet;

/// Most holders of a secret.
pub const MAX_HOLDERS: usize = 64;

/// The number of a holder, from 1. Zero is the secret itself and nobody's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HolderNumber(u8);

impl HolderNumber {
    /// A number from 1 to [`MAX_HOLDERS`].
    ///
    /// # Errors
    /// [`DecodeError::Malformed`] for any other.
    pub const fn new(number: u8) -> Result<Self, DecodeError> {
        if number == 0 || number as usize > MAX_HOLDERS {
            return Err(DecodeError::Malformed { what: "number of a holder" });
        }
        Ok(Self(number))
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    fn scalar(self) -> Scalar {
        Scalar::from(self.0)
    }

    fn place(self) -> usize {
        usize::from(self.0) - 1
    }
}

/// Who holds shares, and how many of them recover the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holders {
    threshold: usize,
    keys: Vec<EncryptionKey>,
}

impl Holders {
    /// Any `threshold` of these holders, in this order.
    ///
    /// # Errors
    /// [`StatementError::Count`] for no holder or more than [`MAX_HOLDERS`], [`StatementError::Position`] for a threshold of
    /// zero or above their number, [`StatementError::Twice`] for a key listed twice.
    pub fn new(threshold: usize, keys: &[EncryptionKey]) -> Result<Self, StatementError> {
        let count = keys.len();
        if count == 0 || count > MAX_HOLDERS {
            return Err(StatementError::Count { count, max: MAX_HOLDERS });
        }
        if threshold == 0 || threshold > count {
            return Err(StatementError::Position { index: threshold as u64, count: count as u64 });
        }
        let mut seen = BTreeSet::new();
        match keys.iter().position(|key| !seen.insert(*key)) {
            Some(place) => Err(StatementError::Twice { place }),
            None => Ok(Self { threshold, keys: keys.to_vec() }),
        }
    }

    /// How many recover the secret.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.threshold
    }

    /// Their keys, the holder of number 1 first.
    #[must_use]
    pub fn keys(&self) -> &[EncryptionKey] {
        &self.keys
    }

    /// All numbers, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = HolderNumber> + use<> {
        (1..).take(self.keys.len()).map(HolderNumber)
    }

    /// The key of a holder.
    #[must_use]
    pub fn key(&self, number: HolderNumber) -> Option<&EncryptionKey> {
        self.keys.get(number.place())
    }

    fn absorb(&self, transcript: &mut Transcript) {
        transcript.append_number(b"threshold", self.threshold as u64);
        transcript.append_number(b"holders", self.keys.len() as u64);
        for key in &self.keys {
            transcript.append(b"P", key.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests;
