//! Proofs over an RFC 6962 tree: a leaf is in it, and a later tree only appended to an earlier one.

use super::{MAX_PATH, Tree, empty, leaf, node, split};
use crate::{
    codec::{Canonical, List},
    hash::Digest,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

/// A proof that does not show what it was presented for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the proof does not lead to this root")]
pub struct BadProof;

/// A leaf index or size beyond the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no leaf or prefix {index} in a tree of {size} leaves")]
pub struct NoSuchLeaf {
    /// What was asked for.
    pub index: u64,
    /// How many leaves there are.
    pub size: u64,
}

/// Shows that a leaf stands at an index of a tree: the siblings from the leaf up (RFC 6962 section 2.1.1).
///
/// `ceil(log2(size))` digests of 32 bytes at most.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct InclusionProof {
    path: List<Digest, MAX_PATH>,
}

impl Canonical for InclusionProof {
    const MAX_BYTES: usize = 1 + 4 + 32 * MAX_PATH;
}

impl InclusionProof {
    /// The proof for leaf `index` of `leaves`. For many proofs over one list use [`Tree::prove`].
    ///
    /// # Errors
    /// [`NoSuchLeaf`] if `index` is not in the list.
    pub fn build<L: AsRef<[u8]>>(leaves: &[L], index: u64) -> Result<Self, NoSuchLeaf> {
        Tree::new(leaves).prove(index)
    }

    /// Checks that `data` is leaf `index` of the tree of `size` leaves with this `root` (RFC 9162 section 2.1.3.2).
    ///
    /// # Errors
    /// [`BadProof`] if not.
    pub fn verify(&self, root: &Digest, index: u64, size: u64, data: impl AsRef<[u8]>) -> Result<(), BadProof> {
        if index >= size {
            return Err(BadProof);
        }
        let (mut at, mut last) = (index, size - 1);
        let mut digest = leaf(data);
        for sibling in &self.path {
            if last == 0 {
                return Err(BadProof);
            }
            if at & 1 == 1 || at == last {
                digest = node(sibling, &digest);
                skip_lone_levels(&mut at, &mut last);
            } else {
                digest = node(&digest, sibling);
            }
            (at, last) = (at >> 1, last >> 1);
        }
        if last == 0 && digest == *root { Ok(()) } else { Err(BadProof) }
    }

    /// The siblings, from the leaf up.
    #[must_use]
    pub fn path(&self) -> &[Digest] {
        &self.path
    }
}

/// Levels at which a right-edge subtree has no sibling do not hash: moves up to the next that does.
const fn skip_lone_levels(at: &mut u64, last: &mut u64) {
    while *at & 1 == 0 && *at != 0 {
        (*at, *last) = (*at >> 1, *last >> 1);
    }
}

/// Shows that a tree is an earlier tree with leaves appended (RFC 6962 section 2.1.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct ConsistencyProof {
    path: List<Digest, { MAX_PATH + 1 }>,
}

impl Canonical for ConsistencyProof {
    const MAX_BYTES: usize = 1 + 4 + 32 * (MAX_PATH + 1);
}

impl ConsistencyProof {
    /// The proof that the tree over `leaves` continues the one over its first `old_size`.
    ///
    /// # Errors
    /// [`NoSuchLeaf`] if `old_size` is more than there are.
    pub fn build<L: AsRef<[u8]>>(leaves: &[L], old_size: u64) -> Result<Self, NoSuchLeaf> {
        Tree::new(leaves).prove_consistency(old_size)
    }

    /// Checks that the tree of `size` leaves under `root` continues the tree of `old_size` leaves under `old_root`
    /// (RFC 9162 section 2.1.4.2). Every tree continues the empty one.
    ///
    /// # Errors
    /// [`BadProof`] if not.
    pub fn verify(&self, old_root: &Digest, old_size: u64, root: &Digest, size: u64) -> Result<(), BadProof> {
        let holds = match old_size {
            0 => self.path.is_empty() && *old_root == empty() && (size > 0 || *root == empty()),
            _ if old_size == size => self.path.is_empty() && old_root == root,
            _ if old_size < size => self.leads_to(old_root, old_size, root, size),
            _ => false,
        };
        if holds { Ok(()) } else { Err(BadProof) }
    }

    /// The check for `0 < old_size < size`.
    fn leads_to(&self, old_root: &Digest, old_size: u64, root: &Digest, size: u64) -> bool {
        let (mut at, mut last) = (old_size - 1, size - 1);
        let shared = at.trailing_ones();
        (at, last) = (at >> shared, last >> shared);
        let mut path = self.path.iter();
        // An old tree that is one complete subtree is its own starting point and is left out of the proof.
        let start = if old_size.is_power_of_two() { Some(old_root) } else { path.next() };
        let Some(&start) = start else { return false };
        let (mut old, mut new) = (start, start);
        for sibling in path {
            if last == 0 {
                return false;
            }
            if at & 1 == 1 || at == last {
                old = node(sibling, &old);
                new = node(sibling, &new);
                skip_lone_levels(&mut at, &mut last);
            } else {
                new = node(&new, sibling);
            }
            (at, last) = (at >> 1, last >> 1);
        }
        last == 0 && old == *old_root && new == *root
    }

    /// The digests, in the order of RFC 6962.
    #[must_use]
    pub fn path(&self) -> &[Digest] {
        &self.path
    }
}

impl Tree {
    /// The proof for leaf `index`.
    ///
    /// # Errors
    /// [`NoSuchLeaf`] if `index` is not in the tree.
    pub fn prove(&self, index: u64) -> Result<InclusionProof, NoSuchLeaf> {
        let refused = NoSuchLeaf { index, size: self.len() };
        if index >= self.len() {
            return Err(refused);
        }
        let (mut start, mut len) = (0, self.len());
        let mut path = Vec::with_capacity(MAX_PATH);
        while len > 1 {
            let left = split(len);
            if index < start + left {
                path.push(self.range(start + left, len - left));
                len = left;
            } else {
                path.push(self.range(start, left));
                (start, len) = (start + left, len - left);
            }
        }
        path.reverse();
        Ok(InclusionProof { path: List::new(path).map_err(|_| refused)? })
    }

    /// The proof that this tree continues the one over its first `old_size` leaves.
    ///
    /// # Errors
    /// [`NoSuchLeaf`] if `old_size` is more than there are.
    pub fn prove_consistency(&self, old_size: u64) -> Result<ConsistencyProof, NoSuchLeaf> {
        let refused = NoSuchLeaf { index: old_size, size: self.len() };
        if old_size > self.len() {
            return Err(refused);
        }
        let mut path = Vec::new();
        if old_size > 0 && old_size < self.len() {
            self.consistency_path(old_size, &mut path);
        }
        Ok(ConsistencyProof { path: List::new(path).map_err(|_| refused)? })
    }

    /// `SUBPROOF` of RFC 6962, walked from the root and turned round at the end.
    fn consistency_path(&self, old_size: u64, path: &mut Vec<Digest>) {
        let (mut start, mut len, mut old) = (0, self.len(), old_size);
        while old != len {
            let left = split(len);
            if old <= left {
                path.push(self.range(start + left, len - left));
                len = left;
            } else {
                path.push(self.range(start, left));
                (start, len, old) = (start + left, len - left, old - left);
            }
        }
        if !old_size.is_power_of_two() {
            path.push(self.range(start, len));
        }
        path.reverse();
    }
}
