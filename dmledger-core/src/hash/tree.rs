//! RFC 6962 Merkle tree under SHA3-256: ordered lists whose root, members and growth can be proved.
//!
//! A leaf is `SHA3-256(0x00 || data)`, a node `SHA3-256(0x01 || left || right)`, the tree of no leaves `SHA3-256("")`
//! (RFC 6962 section 2.1). [`root`] hashes a list once; [`Tree`] keeps all levels, for many proofs over one list;
//! [`Frontier`] keeps only what appending needs, at most 64 digests.

mod proof;

pub use proof::{BadProof, ConsistencyProof, InclusionProof, NoSuchLeaf};

use super::Digest;
use crate::codec::Canonical;
use alloc::vec::Vec;
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Read, Result as IoResult, Write},
};
use sha3::{Digest as _, Sha3_256};

/// Most nodes of a path, and most peaks of a frontier: sizes are 64-bit.
const MAX_PATH: usize = 64;

/// Hash of one leaf: `SHA3-256(0x00 || data)`.
#[must_use]
pub fn leaf(data: impl AsRef<[u8]>) -> Digest {
    Digest::new(Sha3_256::new().chain_update([0x00]).chain_update(data).finalize().into())
}

/// Hash of two subtrees: `SHA3-256(0x01 || left || right)`.
#[must_use]
pub fn node(left: &Digest, right: &Digest) -> Digest {
    Digest::new(Sha3_256::new().chain_update([0x01]).chain_update(left).chain_update(right).finalize().into())
}

/// Root of the tree without leaves: `SHA3-256("")`.
#[must_use]
pub fn empty() -> Digest {
    Digest::new(Sha3_256::new().finalize().into())
}

/// Root of the tree over `leaves`, in their order.
#[must_use]
pub fn root<L: AsRef<[u8]>>(leaves: &[L]) -> Digest {
    leaves.iter().collect::<Frontier>().root()
}

/// A tree that keeps every level: roots and proofs of any prefix cost `O(log n)` hashes, memory is 64 bytes a leaf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// `levels[k][i]` is the root of the complete subtree over leaves `i << k .. (i + 1) << k`.
    levels: Vec<Vec<Digest>>,
}

impl Tree {
    /// The tree over `leaves`, in their order.
    #[must_use]
    pub fn new<L: AsRef<[u8]>>(leaves: &[L]) -> Self {
        leaves.iter().collect()
    }

    /// Appends one leaf.
    pub fn push(&mut self, data: impl AsRef<[u8]>) {
        let mut carry = leaf(data);
        for level in &mut self.levels {
            let left = if level.len() % 2 == 1 { level.last().copied() } else { None };
            level.push(carry);
            match left {
                Some(left) => carry = node(&left, &carry),
                None => return,
            }
        }
        self.levels.push(Vec::from([carry]));
    }

    /// Number of leaves.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Whether there is no leaf.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// Root over all leaves.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.range(0, self.len())
    }

    /// Root the tree had when it held its first `size` leaves.
    ///
    /// # Errors
    /// [`NoSuchLeaf`] if it never held more than [`Self::len`].
    pub fn root_at(&self, size: u64) -> Result<Digest, NoSuchLeaf> {
        if size > self.len() {
            return Err(NoSuchLeaf { index: size, size: self.len() });
        }
        Ok(self.range(0, size))
    }

    /// Root over leaves `start..start + len`, where `start` is a multiple of the power of two at or above `len`.
    fn range(&self, start: u64, len: u64) -> Digest {
        match len {
            0 => empty(),
            _ if len.is_power_of_two() => {
                let level = len.trailing_zeros();
                let nodes = self.levels.get(level as usize);
                // Present for every range inside the tree, and only such ranges are asked for.
                let found = nodes.and_then(|nodes| nodes.get(usize::try_from(start >> level).ok()?));
                found.copied().unwrap_or(Digest::ZERO)
            }
            _ => {
                let left = split(len);
                node(&self.range(start, left), &self.range(start + left, len - left))
            }
        }
    }
}

impl<L: AsRef<[u8]>> FromIterator<L> for Tree {
    fn from_iter<I: IntoIterator<Item = L>>(leaves: I) -> Self {
        let mut tree = Self::default();
        leaves.into_iter().for_each(|data| tree.push(data));
        tree
    }
}

/// The largest power of two below `len`, for `len` of two and more: where RFC 6962 splits a list.
const fn split(len: u64) -> u64 {
    1 << (63 - (len - 1).leading_zeros())
}

/// What appending to a tree needs and no more: its size and the roots of its complete subtrees, largest first.
///
/// At most 64 digests, whatever the size. Encoded as the 64-bit size and one digest for each bit set in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Frontier {
    len: u64,
    /// One digest for each bit set in `len`, from the highest bit down.
    peaks: Vec<Digest>,
}

impl Frontier {
    /// The frontier of the empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { len: 0, peaks: Vec::new() }
    }

    /// Appends one leaf.
    pub fn push(&mut self, data: impl AsRef<[u8]>) {
        let mut carry = leaf(data);
        for _ in 0..self.len.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                carry = node(&left, &carry);
            }
        }
        self.peaks.push(carry);
        self.len = self.len.wrapping_add(1);
    }

    /// Number of leaves.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no leaf.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Root over all leaves so far.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty() };
        peaks.fold(*last, |right, left| node(left, &right))
    }
}

impl<L: AsRef<[u8]>> FromIterator<L> for Frontier {
    fn from_iter<I: IntoIterator<Item = L>>(leaves: I) -> Self {
        let mut frontier = Self::new();
        leaves.into_iter().for_each(|data| frontier.push(data));
        frontier
    }
}

impl BorshSerialize for Frontier {
    fn serialize<W: Write>(&self, writer: &mut W) -> IoResult<()> {
        self.len.serialize(writer)?;
        self.peaks.iter().try_for_each(|peak| peak.serialize(writer))
    }
}

impl BorshDeserialize for Frontier {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let len = u64::deserialize_reader(reader)?;
        let peaks = (0..len.count_ones()).map(|_| Digest::deserialize_reader(reader)).collect::<IoResult<_>>()?;
        Ok(Self { len, peaks })
    }
}

impl Canonical for Frontier {
    const MAX_BYTES: usize = 1 + 8 + 32 * MAX_PATH;
}

#[cfg(test)]
mod tests;
