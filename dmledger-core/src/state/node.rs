//! Hashes of the state tree. Each is one Keccak permutation: tag and contents stay under the rate of 136 bytes.

use super::StateKey;
use crate::hash::{Digest, Tag, tag, tagged};
use sha3::{Digest as _, Sha3_256};

/// Digest of a subtree without keys: the tagged hash of nothing.
pub const EMPTY: Digest = Digest::new([
    0x1d, 0x9a, 0x65, 0xb6, 0xbe, 0x52, 0xe1, 0x56, 0xec, 0xe1, 0x8a, 0x0a, 0x9d, 0x5e, 0x4a, 0xb4, 0x1e, 0xa7, 0x05,
    0xc8, 0x75, 0xf3, 0xb5, 0xfc, 0x9d, 0xa9, 0xc0, 0x8d, 0xac, 0x8c, 0xf4, 0x3d,
]);

const NODE: [u8; PREFIX + 64] = template(tag::STATE_NODE);
const LEAF: [u8; PREFIX + 64] = template(tag::STATE_LEAF);

/// Length byte and tag of nodes and leaves.
const PREFIX: usize = 28;

/// Digest of a value, which may have any length.
#[must_use]
pub fn value_hash(value: &[u8]) -> Digest {
    tagged(tag::STATE_VALUE, value)
}

/// Digest of a subtree that holds one key: tag, key, digest of the value.
#[must_use]
pub fn leaf_hash(key: &StateKey, value: &Digest) -> Digest {
    joined(LEAF, key.as_bytes(), value.as_bytes())
}

/// Digest of a subtree that holds two keys or more: tag, left half, right half.
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    joined(NODE, left.as_bytes(), right.as_bytes())
}

/// Hashes the template with its two fields filled in; one contiguous block absorbs faster than four pieces.
fn joined(mut message: [u8; PREFIX + 64], first: &[u8; 32], second: &[u8; 32]) -> Digest {
    if let Some((a, b)) = message.get_mut(PREFIX..).and_then(|fields| fields.split_at_mut_checked(32)) {
        a.copy_from_slice(first);
        b.copy_from_slice(second);
    }
    Digest::new(Sha3_256::digest(message).into())
}

const fn template(tag: Tag) -> [u8; PREFIX + 64] {
    let mut out = [0; PREFIX + 64];
    let text = tag.as_bytes();
    assert!(text.len() + 1 == PREFIX);
    out[0] = text.len() as u8;
    let mut i = 0;
    while i < text.len() {
        out[i + 1] = text[i];
        i += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hasher;

    #[test]
    fn templates_are_the_tagged_hashes_of_the_table() {
        let (a, b) = (Digest::new([7; 32]), Digest::new([9; 32]));
        assert_eq!(node_hash(&a, &b), Hasher::new(tag::STATE_NODE).chain(a).chain(b).finish());
        assert_eq!(leaf_hash(&StateKey::from_digest(a), &b), Hasher::new(tag::STATE_LEAF).chain(a).chain(b).finish());
        assert_eq!(EMPTY, tagged(tag::STATE_EMPTY, b""));
    }
}
