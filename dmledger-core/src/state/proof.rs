//! One proof for every answer of the state tree: present, absent because nothing is there, absent because another key
//! stands where this one would.

use super::{
    StateKey,
    node::{EMPTY, leaf_hash, node_hash, value_hash},
};
use crate::{codec::Canonical, hash::Digest};
use alloc::vec::Vec;
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error, ErrorKind, Read, Result as IoResult, Write},
};
use thiserror::Error;

/// Most levels of a path: two different keys part within 256 bits.
const MAX_DEPTH: usize = 256;

/// What stands at a key's place in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth answer")]
pub enum Outcome {
    /// The key is there, with a value of this digest.
    Present(
        /// See [`value_hash`].
        Digest,
    ),
    /// The key is not there: its place is empty.
    AbsentEmpty,
    /// The key is not there: the only leaf in its place belongs to another key.
    AbsentOther {
        /// The key that stands there.
        key: StateKey,
        /// Digest of its value.
        value: Digest,
    },
}

impl Outcome {
    /// Whether the key is there.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        matches!(self, Self::Present(_))
    }
}

/// Why a proof shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The hashes do not lead to the root: altered, or made for another root or key.
    #[error("the proof does not lead to this state root")]
    WrongRoot,
    /// The other leaf is not in the key's place.
    #[error("the proof is about another place of the state")]
    OtherPlace,
    /// The proof holds, and shows a value other than the one presented.
    #[error("the state holds another value")]
    OtherValue,
    /// The proof holds, and shows that the key is absent.
    #[error("the state does not hold the key")]
    Absent,
    /// The proof holds, and shows that the key is present.
    #[error("the state holds the key")]
    Present,
}

/// Shows what stands at one key under a state root.
///
/// Holds the outcome and the siblings from the root down, empty ones as a bit of a mask. Encoded: version byte, outcome
/// (1, 33 or 65 bytes), depth (2), mask (`depth / 8` rounded up), 32 bytes a sibling: about 690 bytes for a present
/// key among a million.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StateProof {
    outcome: Outcome,
    /// Digests of the siblings from the root down, [`EMPTY`] included.
    siblings: Vec<Digest>,
}

impl StateProof {
    /// Puts a proof together. `siblings` run from the root down.
    #[cfg(feature = "std")]
    pub(super) fn new(outcome: Outcome, siblings: Vec<Digest>) -> Self {
        Self { outcome, siblings }
    }

    /// What the proof shows for `key` under `root`.
    ///
    /// # Errors
    /// [`ProofError::WrongRoot`] or [`ProofError::OtherPlace`] if it shows nothing.
    pub fn verify(&self, root: &Digest, key: &StateKey) -> Result<Outcome, ProofError> {
        let bottom = match &self.outcome {
            Outcome::Present(value) => leaf_hash(key, value),
            Outcome::AbsentEmpty => EMPTY,
            Outcome::AbsentOther { key: other, .. } if other == key || !other.shares_path(key, self.siblings.len()) => {
                return Err(ProofError::OtherPlace);
            }
            Outcome::AbsentOther { key: other, value } => leaf_hash(other, value),
        };
        let path = self.siblings.iter().enumerate().rev();
        let top = path.fold(bottom, |digest, (depth, sibling)| {
            if key.goes_right(depth) { node_hash(sibling, &digest) } else { node_hash(&digest, sibling) }
        });
        if top == *root { Ok(self.outcome) } else { Err(ProofError::WrongRoot) }
    }

    /// Checks that `key` holds exactly `value` (its stored bytes) under `root`.
    ///
    /// # Errors
    /// As [`Self::verify`]; [`ProofError::Absent`] or [`ProofError::OtherValue`] if the proof shows something else.
    pub fn verify_value(&self, root: &Digest, key: &StateKey, value: &[u8]) -> Result<(), ProofError> {
        match self.verify(root, key)? {
            Outcome::Present(digest) if digest == value_hash(value) => Ok(()),
            Outcome::Present(_) => Err(ProofError::OtherValue),
            Outcome::AbsentEmpty | Outcome::AbsentOther { .. } => Err(ProofError::Absent),
        }
    }

    /// Checks that `key` holds nothing under `root`.
    ///
    /// # Errors
    /// As [`Self::verify`]; [`ProofError::Present`] if the key is there.
    pub fn verify_absent(&self, root: &Digest, key: &StateKey) -> Result<(), ProofError> {
        if self.verify(root, key)?.is_present() { Err(ProofError::Present) } else { Ok(()) }
    }

    /// What the proof claims. Means nothing before [`Self::verify`].
    #[must_use]
    pub const fn claim(&self) -> &Outcome {
        &self.outcome
    }

    /// Levels from the root to the key's place.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.siblings.len()
    }
}

impl Canonical for StateProof {
    const MAX_BYTES: usize = 1 + 65 + 2 + MAX_DEPTH / 8 + 32 * MAX_DEPTH;
}

impl BorshSerialize for StateProof {
    fn serialize<W: Write>(&self, writer: &mut W) -> IoResult<()> {
        self.outcome.serialize(writer)?;
        u16::try_from(self.siblings.len()).map_err(|_| refuse("depth"))?.serialize(writer)?;
        for eight in self.siblings.chunks(8) {
            let mask = eight.iter().enumerate().fold(0, |mask, (i, one)| mask | u8::from(*one != EMPTY) << i);
            writer.write_all(&[mask])?;
        }
        self.siblings.iter().filter(|one| **one != EMPTY).try_for_each(|one| one.serialize(writer))
    }
}

impl BorshDeserialize for StateProof {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let outcome = Outcome::deserialize_reader(reader)?;
        let depth = usize::from(u16::deserialize_reader(reader)?);
        if depth > MAX_DEPTH {
            return Err(refuse("depth over 256"));
        }
        let mut mask = [0; MAX_DEPTH / 8];
        let mask = mask.get_mut(..depth.div_ceil(8)).ok_or_else(|| refuse("depth"))?;
        reader.read_exact(mask)?;
        let present = |i: usize| mask.get(i / 8).is_some_and(|byte| byte >> (i % 8) & 1 == 1);
        if (depth..mask.len() * 8).any(present) {
            return Err(refuse("mask beyond the depth"));
        }
        let mut siblings = Vec::with_capacity(depth.min(32));
        for i in 0..depth {
            siblings.push(if present(i) { Digest::deserialize_reader(reader)? } else { EMPTY });
        }
        Ok(Self { outcome, siblings })
    }
}

fn refuse(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}
