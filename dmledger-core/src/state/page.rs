//! A page: a few levels of the tree, kept together in memory and in one row.
//!
//! Positions are numbered as in a heap: 1 is the page's own root, `2p` and `2p + 1` are the halves of `p`, and
//! `SLOTS..2 * SLOTS` is the bottom row, whose inner nodes are the roots of further pages. A leaf stands as high as it
//! can, so it may stand anywhere.

use super::{
    StateKey,
    node::{EMPTY, leaf_hash, node_hash},
};
use crate::hash::Digest;
use alloc::vec::Vec;

/// Levels of a page.
pub(super) const LEVELS: usize = 2;
/// Positions of the bottom row.
pub(super) const SLOTS: usize = 1 << LEVELS;
/// One beyond the last position.
const END: usize = 2 * SLOTS;
/// First byte of a row.
const FORMAT: u8 = 1;

type Mask = u8;
const _: () = assert!(Mask::BITS as usize >= END);

/// Where a page or leaf lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ref(pub(super) u32);

impl Ref {
    /// Not in memory.
    pub(super) const NONE: Self = Self(u32::MAX);
}

/// Key and digest of the value of a leaf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf {
    pub(super) key: StateKey,
    pub(super) value: Digest,
}

/// What hangs below a position: a leaf with the version of its value, or a page with the version of its row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) target: Ref,
    pub(super) version: u64,
    pub(super) digest: Digest,
}

/// What stands at a position.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    Empty,
    Leaf(Link),
    /// Inside the page the link's target and version mean nothing.
    Inner(Link),
}

impl Node {
    pub(super) const fn digest(&self) -> Digest {
        match self {
            Self::Empty => EMPTY,
            Self::Leaf(link) | Self::Inner(link) => link.digest,
        }
    }
}

/// A page in memory, of fixed size; its leaves lie beside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    /// By position; [`EMPTY`] where nothing stands.
    digests: [Digest; END],
    /// By slot. A leaf above the bottom row uses the first slot below it.
    versions: [u64; SLOTS],
    targets: [Ref; SLOTS],
    leaves: Mask,
    inner: Mask,
    /// When the page was last written or loaded, for eviction.
    pub(super) used: u32,
}

impl Page {
    pub(super) const EMPTY: Self =
        Self { digests: [EMPTY; END], versions: [0; SLOTS], targets: [Ref::NONE; SLOTS], leaves: 0, inner: 0, used: 0 };

    /// Whether a position is in the bottom row.
    pub(super) const fn is_slot(position: usize) -> bool {
        position >= SLOTS
    }

    /// The slot a position's link is kept in: the first below it.
    const fn slot(position: usize) -> usize {
        (position << (LEVELS - position.ilog2() as usize)) - SLOTS
    }

    pub(super) fn node(&self, position: usize) -> Node {
        let slot = Self::slot(position);
        let link = Link { target: self.targets[slot], version: self.versions[slot], digest: self.digests[position] };
        if self.leaves >> position & 1 == 1 {
            Node::Leaf(link)
        } else if self.inner >> position & 1 == 1 {
            Node::Inner(link)
        } else {
            Node::Empty
        }
    }

    pub(super) const fn digest(&self, position: usize) -> &Digest {
        &self.digests[position]
    }

    pub(super) fn set(&mut self, position: usize, node: &Node) {
        let bit = 1 << position;
        (self.leaves, self.inner) = (self.leaves & !bit, self.inner & !bit);
        self.digests[position] = node.digest();
        let link = match node {
            Node::Empty => return,
            Node::Leaf(link) => {
                self.leaves |= bit;
                link
            }
            Node::Inner(link) => {
                self.inner |= bit;
                if !Self::is_slot(position) {
                    return;
                }
                link
            }
        };
        let slot = Self::slot(position);
        (self.targets[slot], self.versions[slot]) = (link.target, link.version);
    }

    /// Makes a position above the bottom row what its halves make of it: empty, the only leaf below, or their hash.
    pub(super) fn join(&mut self, position: usize) {
        let (left, right) = (self.node(2 * position), self.node(2 * position + 1));
        let node = match (&left, &right) {
            (Node::Empty, Node::Empty) => Node::Empty,
            (Node::Leaf(_), Node::Empty) => left,
            (Node::Empty, Node::Leaf(_)) => right,
            _ => {
                let digest = node_hash(&left.digest(), &right.digest());
                Node::Inner(Link { target: Ref::NONE, version: 0, digest })
            }
        };
        if !matches!(node, Node::Inner(_)) {
            self.set(2 * position, &Node::Empty);
            self.set(2 * position + 1, &Node::Empty);
        }
        self.set(position, &node);
    }

    /// Where the page below a slot lies.
    pub(super) const fn target(&self, position: usize) -> Ref {
        self.targets[Self::slot(position)]
    }

    /// Remembers where the page below a slot lies.
    pub(super) fn attach(&mut self, position: usize, target: Ref) {
        self.targets[Self::slot(position)] = target;
    }

    /// Replaces every target, telling leaves (`true`) from pages.
    pub(super) fn retarget(&mut self, mut to: impl FnMut(Ref, bool) -> Ref) {
        for position in 1..END {
            let leaf = self.leaves >> position & 1 == 1;
            if leaf || Self::is_slot(position) && self.inner >> position & 1 == 1 {
                let slot = Self::slot(position);
                self.targets[slot] = to(self.targets[slot], leaf);
            }
        }
    }

    /// The page as a row of `version`: format byte, masks of leaves and inner nodes by position, then by position each
    /// leaf (key, digest of the value, age) and each page below (digest, age), ages in versions as LEB128. Digests
    /// inside the page are left out; whoever loads it needs them hashed and checked anyway. `None` if a leaf is missing.
    pub(super) fn encode<'a>(&self, version: u64, leaf: impl Fn(Ref) -> Option<&'a Leaf>) -> Option<Vec<u8>> {
        let (leaves, below) = (self.leaves.count_ones() as usize, (self.inner >> SLOTS).count_ones() as usize);
        let mut row = Vec::with_capacity(3 + 67 * leaves + 35 * below);
        row.extend_from_slice(&[FORMAT, self.leaves, self.inner]);
        for position in 1..END {
            match self.node(position) {
                Node::Leaf(link) => {
                    let leaf = leaf(link.target)?;
                    row.extend_from_slice(leaf.key.as_bytes());
                    row.extend_from_slice(leaf.value.as_bytes());
                    write_age(version.checked_sub(link.version)?, &mut row);
                }
                Node::Inner(link) if Self::is_slot(position) => {
                    row.extend_from_slice(link.digest.as_bytes());
                    write_age(version.checked_sub(link.version)?, &mut row);
                }
                Node::Inner(_) | Node::Empty => {}
            }
        }
        Some(row)
    }

    /// Reads a row of `version`. Leaves' targets are indices into the returned list.
    ///
    /// Total and strict: any other bytes, and any shape the tree would not make, give `None`.
    pub(super) fn decode(row: &[u8], version: u64) -> Option<(Self, Vec<Leaf>)> {
        let (head, mut rest) = row.split_first_chunk::<3>()?;
        let [FORMAT, leaf_mask, inner_mask] = *head else { return None };
        let (mut page, mut leaves) = (Self::EMPTY, Vec::new());
        if leaf_mask & inner_mask != 0 || (leaf_mask | inner_mask) & 1 != 0 {
            return None;
        }
        for position in 1..END {
            let (is_leaf, is_inner) = (leaf_mask >> position & 1 == 1, inner_mask >> position & 1 == 1);
            if (is_leaf || is_inner) && position > 1 && inner_mask >> (position / 2) & 1 == 0 {
                return None;
            }
            if is_leaf {
                let leaf = Leaf { key: StateKey::from_digest(take(&mut rest)?), value: take(&mut rest)? };
                let version = version.checked_sub(read_age(&mut rest)?)?;
                let digest = leaf_hash(&leaf.key, &leaf.value);
                page.set(position, &Node::Leaf(Link { target: Ref(leaves.len() as u32), version, digest }));
                leaves.push(leaf);
            } else if is_inner && Self::is_slot(position) {
                let digest = take(&mut rest)?;
                let version = version.checked_sub(read_age(&mut rest)?)?;
                page.set(position, &Node::Inner(Link { target: Ref::NONE, version, digest }));
            }
        }
        for position in (1..SLOTS).rev() {
            if inner_mask >> position & 1 == 1 {
                page.join(position);
            }
        }
        // Joining made every inner node anew; one that was no inner node by its halves shows here.
        let same = page.leaves == leaf_mask && page.inner == inner_mask;
        (rest.is_empty() && same).then_some((page, leaves))
    }
}

fn take(rest: &mut &[u8]) -> Option<Digest> {
    let (head, tail) = rest.split_first_chunk::<32>()?;
    *rest = tail;
    Some(Digest::new(*head))
}

fn write_age(mut age: u64, row: &mut Vec<u8>) {
    while age >= 0x80 {
        row.push(age as u8 | 0x80);
        age >>= 7;
    }
    row.push(age as u8);
}

/// The shortest LEB128 form only.
fn read_age(rest: &mut &[u8]) -> Option<u64> {
    let mut age = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        age |= bits << shift;
        if byte < 0x80 {
            return (byte != 0 || shift == 0).then_some(age);
        }
    }
    None
}
