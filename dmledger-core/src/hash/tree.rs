//! RFC 6962 Merkle tree under SHA3-256: leaf `SHA3(0x00 || data)`, node `SHA3(0x01 || left || right)`.

use super::Digest;
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};
use sha3::{Digest as _, Sha3_256};

/// Root over the leaves in order; of none, SHA3-256 of nothing.
#[must_use]
pub fn root<L: AsRef<[u8]>>(leaves: &[L]) -> Digest {
    leaves
        .iter()
        .fold(Frontier::default(), |mut frontier, leaf| {
            frontier.push(leaf.as_ref());
            frontier
        })
        .root()
}

/// A tree that only grows: the roots of its complete subtrees, largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Frontier {
    len: u64,
    peaks: Vec<Digest>,
}

impl Frontier {
    /// Appends a leaf.
    pub fn push(&mut self, leaf: &[u8]) {
        let mut node = leaf_hash(leaf);
        let mut len = self.len;
        while len & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(&left, &node);
            len >>= 1;
        }
        self.peaks.push(node);
        self.len += 1;
    }

    /// Root over all leaves.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Digest::new(Sha3_256::new().finalize().into()) };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }

    /// Leaves so far.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no leaf.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

fn leaf_hash(data: &[u8]) -> Digest {
    Digest::new(Sha3_256::new().chain_update([0]).chain_update(data).finalize().into())
}

fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::new(Sha3_256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into())
}
