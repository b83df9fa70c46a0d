//! The tree over an object's 64 KiB segments: its address, and what a range is verified with.
//!
//! Beside an object of more than one segment the lake keeps the leaf digests, 32 bytes a segment. They are not trusted:
//! they must lead to the root in the object's address before a segment is compared with one of them.

use std::ops::Range;

use dmledger_core::hash::{Digest, tree};
use dmledger_core::record::index::{ContentId, SEGMENT_BYTES};

const DIGEST_BYTES: usize = 32;

/// Leaf digests of an object's segments, known to lead to its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaves(Vec<Digest>);

impl Leaves {
    /// Of segments that were hashed elsewhere; the caller compares [`Leaves::address`].
    pub(crate) const fn new(leaves: Vec<Digest>) -> Self {
        Self(leaves)
    }

    /// Of these bytes; the caller compares [`Leaves::address`].
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(bytes.chunks(SEGMENT_BYTES).map(tree::leaf).collect())
    }

    /// The address of an object of `length` bytes with these segments.
    pub(crate) fn address(&self, length: usize) -> ContentId {
        ContentId::new(root(&self.0), length as u64)
    }

    /// Reads what [`Self::encode`] wrote; `None` unless it leads to `id`.
    pub(crate) fn decode(bytes: &[u8], id: &ContentId) -> Option<Self> {
        let (digests, rest) = bytes.as_chunks::<DIGEST_BYTES>();
        let leaves: Vec<_> = digests.iter().map(|digest| Digest::new(*digest)).collect();
        let whole = rest.is_empty() && leaves.len() as u64 == segments(id) && root(&leaves) == id.root();
        whole.then_some(Self(leaves))
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        self.0.iter().flat_map(|leaf| *leaf.as_bytes()).collect()
    }

    /// Whether `bytes` are whole segments of the object, from segment `first` on.
    pub(crate) fn hold(&self, first: usize, bytes: &[u8]) -> bool {
        let expected = self.0.iter().skip(first);
        let found = bytes.chunks(SEGMENT_BYTES);
        found.len() <= expected.len() && found.zip(expected).all(|(segment, leaf)| tree::leaf(segment) == *leaf)
    }
}

/// How many segments an object has.
pub(crate) fn segments(id: &ContentId) -> u64 {
    id.length().div_ceil(SEGMENT_BYTES as u64)
}

/// The whole segments that cover `range` of an object: the number of the first, and their bytes' range.
pub(crate) fn covering(range: &Range<u64>, id: &ContentId) -> (u64, Range<u64>) {
    let size = SEGMENT_BYTES as u64;
    let first = range.start / size;
    (first, first * size..range.end.div_ceil(size).saturating_mul(size).min(id.length()))
}

/// RFC 6962 root over leaf digests: the left subtree is the largest complete one that leaves something to the right.
fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => tree::empty(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            tree::node(&root(left), &root(right))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_lead_to_the_address_of_the_object() {
        for length in [0, 1, 65_535, 65_536, 65_537, 3 * 65_536, 5 * 65_536 + 9, 8 * 65_536, 9 * 65_536] {
            let bytes: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
            let leaves = Leaves::of(&bytes);
            let id = ContentId::of(&bytes);
            assert_eq!(leaves.address(length), id, "{length} bytes");
            assert_eq!(Leaves::decode(&leaves.encode(), &id), Some(leaves));
        }
    }

    #[test]
    fn leaves_of_another_object_or_cut_short_are_refused() {
        let bytes = vec![7; 3 * SEGMENT_BYTES];
        let id = ContentId::of(&bytes);
        let encoded = Leaves::of(&bytes).encode();
        for end in 0..encoded.len() {
            assert_eq!(Leaves::decode(&encoded[..end], &id), None);
            let mut flipped = encoded.clone();
            flipped[end] ^= 1;
            assert_eq!(Leaves::decode(&flipped, &id), None);
        }
    }

    #[test]
    fn a_segment_in_the_wrong_place_does_not_hold() {
        let bytes: Vec<u8> = (0..3 * SEGMENT_BYTES).map(|index| (index / SEGMENT_BYTES) as u8).collect();
        let leaves = Leaves::of(&bytes);
        assert!(leaves.hold(1, &bytes[SEGMENT_BYTES..]));
        assert!(!leaves.hold(0, &bytes[SEGMENT_BYTES..]));
        assert!(!leaves.hold(2, &bytes[SEGMENT_BYTES..]), "more segments than there are");
    }
}
