//! Where a thing stands in the state tree.

use crate::{
    envelope::ChainId,
    hash::{Digest, Hasher, tag},
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// A kind of thing the state holds, such as `"grant"`. Two namespaces never share a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(&'static str);

impl Namespace {
    /// Names a namespace.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        self.0
    }
}

/// Key of the state tree, 32 bytes: a hash keyed by network and namespace.
///
/// A proof of absence may show the key of a neighbour. Being a hash, it tells nothing to somebody who does not already
/// know the neighbour's logical key; logical keys therefore hold only unguessable identifiers (account addresses,
/// digests), never a name or number that could be tried out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct StateKey(Digest);

impl StateKey {
    /// The key of the thing that `parts` name, in `namespace`, on `chain`. Parts cannot be shifted into one another.
    #[must_use]
    pub fn new(chain: &ChainId, namespace: Namespace, parts: &[&[u8]]) -> Self {
        let start = Hasher::new(tag::STATE_KEY).chain(chain.digest()).field(namespace.0);
        Self(parts.iter().fold(start, Hasher::field).finish())
    }

    /// Wraps a digest that is already keyed.
    #[must_use]
    pub const fn from_digest(digest: Digest) -> Self {
        Self(digest)
    }

    /// The digest, 32 bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.0
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether the path goes right below `depth` levels. Left beyond the last bit, which no two keys share.
    pub(crate) fn goes_right(&self, depth: usize) -> bool {
        self.as_bytes().get(depth / 8).is_some_and(|byte| byte >> (7 - depth % 8) & 1 == 1)
    }

    /// Whether the first `depth` bits are those of `other`.
    pub(crate) fn shares_path(&self, other: &Self, depth: usize) -> bool {
        let common = self.as_bytes().iter().zip(other.as_bytes()).take_while(|(a, b)| a == b).count();
        let tail = self.as_bytes().get(common).zip(other.as_bytes().get(common));
        8 * common + tail.map_or(0, |(a, b)| (a ^ b).leading_zeros() as usize) >= depth
    }
}

impl fmt::Debug for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateKey({:.12})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANT: Namespace = Namespace::new("grant");

    #[test]
    fn network_namespace_and_every_part_enter_the_key() {
        let chain = ChainId::new(Digest::new([1; 32]));
        let base = StateKey::new(&chain, GRANT, &[b"ab", b"c"]);
        assert_eq!(base, StateKey::new(&chain, GRANT, &[b"ab", b"c"]));
        let other = ChainId::new(Digest::new([2; 32]));
        for different in [
            StateKey::new(&other, GRANT, &[b"ab", b"c"]),
            StateKey::new(&chain, Namespace::new("grants"), &[b"ab", b"c"]),
            StateKey::new(&chain, GRANT, &[b"a", b"bc"]),
            StateKey::new(&chain, GRANT, &[b"ab", b"c", b""]),
            StateKey::new(&chain, GRANT, &[b"abc"]),
        ] {
            assert_ne!(base, different);
        }
    }

    #[test]
    fn paths_are_shared_exactly_as_far_as_the_bits_agree() {
        let mut bytes = [0; 32];
        let a = StateKey(Digest::new(bytes));
        bytes[2] = 0b0001_0000;
        let b = StateKey(Digest::new(bytes));
        assert!(a.shares_path(&b, 19) && !a.shares_path(&b, 20));
        assert!(!a.goes_right(19) && b.goes_right(19) && !b.goes_right(18));
        assert!(a.shares_path(&a, 256) && !a.goes_right(256));
    }
}
