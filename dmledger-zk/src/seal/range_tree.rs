//! Time ranges as mathematics: a tree of keys after Goldreich, Goldwasser and Micali ("How to Construct Random
//! Functions", 1986) for each epoch of an account.
//!
//! The epoch key is the root. The children of a node are `node(b) = H("node", node, b)` for `b` in 0, 1; sixteen levels
//! down lie 65,536 leaves, one an hour: an epoch spans up to 7.48 years. A grant for a range of hours holds the fewest
//! nodes below which lie exactly the hours of the range (at most 30). Who holds them can walk down, never up or aside.
//!
//! A record about several hours is sealed under all nodes of the minimal cover of its hours: it opens to those who hold
//! every one of them. (A node of that cover lies inside the granted range, hence under a node of the grant.)

mod epoch;

pub use epoch::{Bucket, BucketRange, Epoch, EpochNumber, Hour, Hours, OutsideRange};

use super::data_key::DataKey;
use super::envelope::RecordHeader;
use super::error::{OpenError, SubKey};
use super::gate::{CheckTag, Committee, GateError, GateSeed};
use super::secret::Secret;
use super::slot::{AccessPart, CommitteeId, GateMask};
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error, ErrorKind, Read, Result as IoResult},
};
use core::fmt;
use dmledger_core::hash::{Hasher, tag};
use dmledger_core::record::index::RecordId;
use rand_core::CryptoRng;

/// Levels below the root.
pub const DEPTH: u32 = 16;
/// Most nodes a cover can have: two a level, the first two levels excepted.
pub const MAX_COVER: usize = 2 * (DEPTH as usize) - 2;

/// The keys of a run of hours: those of the nodes of its minimal cover, left to right. Whoever holds keys for all of
/// the hours can derive them; whoever lacks one hour lacks the node above it.
#[derive(Debug)]
pub(crate) struct HourKeys(Vec<Secret>);

impl HourKeys {
    /// `A = H("leaf", node keys, record)`: the patient's half of the key of a record's slot.
    pub(crate) fn of_record(&self, record: &RecordId) -> Secret {
        let start = Hasher::new(tag::SEAL_LEAF);
        let nodes = self.0.iter().fold(start, |hasher, node| hasher.chain(node.bytes()));
        Secret::derived(nodes.chain(record.as_bytes()))
    }
}

/// The keys of an epoch: the root EK of its tree, and the gate seed GS if a committee guards it. Random, derived from
/// nothing, so that forgetting them erases. Their bytes belong in a keystore only.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub struct EpochKey {
    epoch: Epoch,
    root: Secret,
    gate: Option<GateSeed>,
}

impl EpochKey {
    /// Draws the key of a new epoch.
    pub fn generate(epoch: Epoch, rng: &mut impl CryptoRng) -> Self {
        let seed = Secret::random(rng);
        let place = borsh::to_vec(&epoch).unwrap_or_default();
        Self {
            epoch,
            root: Secret::derived(Hasher::new(tag::SEAL_EPOCH_KEY).chain(seed.bytes()).chain(place)),
            gate: None,
        }
    }

    /// The same epoch, from now on guarded by the committee of `gate`.
    ///
    /// # Errors
    /// [`GateError::OtherEpoch`] if the seed was drawn for another epoch.
    pub fn guarded_by(self, gate: GateSeed) -> Result<Self, GateError> {
        if gate.guard().epoch() != self.epoch.number() {
            return Err(GateError::OtherEpoch);
        }
        Ok(Self { gate: Some(gate), ..self })
    }

    /// The seed of the committee that guards the epoch, if one does.
    #[must_use]
    pub const fn gate(&self) -> Option<&GateSeed> {
        self.gate.as_ref()
    }

    /// The epoch this key opens.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The fewest nodes below which lie exactly the buckets of `range`: the patient's share for a grantee.
    #[must_use]
    pub fn cover(&self, range: BucketRange) -> Cover {
        let walk = |node| descend(&self.root, Node::ROOT, node);
        let committee = self.gate.as_ref().map(|gate| gate.guard().committee());
        Cover { epoch: self.epoch, committee, range, keys: minimal_cover(range, DEPTH).into_iter().map(walk).collect() }
    }

    /// The mask of a record and its check tags; no tags without a committee.
    pub(crate) fn mask(&self, record: &RecordId) -> (GateMask, Vec<CheckTag>) {
        self.gate.as_ref().map_or((GateMask::None, Vec::new()), |gate| gate.mask(record))
    }

    /// The data key in a slot of this epoch.
    pub(crate) fn unlock_slot(&self, header: &RecordHeader, access: &AccessPart) -> Result<DataKey, OpenError> {
        let missing = |have, need, which| Err(OpenError::MissingSubKey { have, need, which: vec![which] });
        if access.epoch() != self.epoch.number() {
            return missing(0, 1, SubKey::RangeNodes(access.epoch()));
        }
        let own = self.gate.as_ref().map_or(CommitteeId::NONE, |gate| gate.guard().committee().id());
        let hours = self.hour_keys(access.buckets());
        if access.committee() == CommitteeId::NONE {
            return access.data_key(header, &hours, &GateMask::None);
        }
        if access.committee() != own {
            return missing(1, 2, SubKey::GateSeed(access.committee()));
        }
        let (mask, _) = self.mask(header.record());
        access.data_key(header, &hours, &mask)
    }

    /// The same root, said to begin `hours` later: a lie about the epoch.
    #[cfg(test)]
    pub(crate) fn shifted(&self, hours: u32) -> Self {
        let first = Hour::new(self.epoch.first().number() + hours);
        Self { epoch: Epoch::new(self.epoch.number(), first), root: self.root.duplicate(), gate: None }
    }

    /// The keys of the hours `buckets`.
    pub(crate) fn hour_keys(&self, buckets: BucketRange) -> HourKeys {
        let walk = |node| descend(&self.root, Node::ROOT, node);
        HourKeys(minimal_cover(buckets, DEPTH).into_iter().map(walk).collect())
    }
}

/// The keys of a range of hours: what a grantee holds.
///
/// On the wire: epoch, committee, first and last bucket, then the keys alone, left to right; their places follow from the range.
#[derive(BorshSerialize)]
pub struct Cover {
    epoch: Epoch,
    committee: Option<Committee>,
    range: BucketRange,
    keys: Vec<Secret>,
}

impl Cover {
    /// The epoch of the keys.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The committee that guards the epoch, if one does.
    #[must_use]
    pub const fn committee(&self) -> Option<Committee> {
        self.committee
    }

    /// The buckets that can be derived.
    #[must_use]
    pub const fn range(&self) -> BucketRange {
        self.range
    }

    /// Number of nodes, 1 to [`MAX_COVER`].
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.keys.len()
    }

    /// The keys of the hours `buckets`; refused unless all of them lie in [`Self::range`].
    pub(crate) fn hour_keys(&self, buckets: BucketRange) -> Result<HourKeys, OutsideRange> {
        let held = minimal_cover(self.range, DEPTH);
        let key = |wanted: Node| {
            let above = held.iter().zip(&self.keys).find(|(node, _)| node.is_above(wanted));
            above.map(|(node, key)| descend(key, *node, wanted)).ok_or(OutsideRange)
        };
        minimal_cover(buckets, DEPTH).into_iter().map(key).collect::<Result<_, _>>().map(HourKeys)
    }
}

impl fmt::Debug for Cover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cover({:?}, {:?}, {} nodes)", self.epoch, self.range, self.keys.len())
    }
}

impl BorshDeserialize for Cover {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (epoch, committee) = BorshDeserialize::deserialize_reader(reader)?;
        let (range, count): (BucketRange, u32) = BorshDeserialize::deserialize_reader(reader)?;
        let nodes = minimal_cover(range, DEPTH).len();
        if usize::try_from(count) != Ok(nodes) {
            return Err(malformed("number of nodes"));
        }
        let keys = (0..nodes).map(|_| Secret::deserialize_reader(reader)).collect::<IoResult<_>>()?;
        Ok(Self { epoch, committee, range, keys })
    }
}

/// A node by its number in breadth-first order: the root is 1, the children of `n` are `2n` and `2n + 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node(u32);

impl Node {
    const ROOT: Self = Self(1);

    const fn leaf(bucket: Bucket, depth: u32) -> Self {
        Self((1 << depth) + bucket.0 as u32)
    }

    const fn depth(self) -> u32 {
        self.0.ilog2()
    }

    /// Whether `below` is this node or lies under it.
    const fn is_above(self, below: Self) -> bool {
        below.depth() >= self.depth() && below.0 >> (below.depth() - self.depth()) == self.0
    }
}

/// The key of `to`, which lies under `from`, whose key is `key`.
fn descend(key: &Secret, from: Node, to: Node) -> Secret {
    let mut current = key.duplicate();
    for level in (0..to.depth() - from.depth()).rev() {
        let side = u8::from((to.0 >> level) & 1 == 1);
        current = Secret::derived(Hasher::new(tag::SEAL_NODE).chain(current.bytes()).chain([side]));
    }
    current
}

/// The fewest nodes of a tree of `depth` levels below which lie exactly the leaves of `range`, left to right.
fn minimal_cover(range: BucketRange, depth: u32) -> Vec<Node> {
    let (mut left, mut right) = (Node::leaf(range.first, depth).0, Node::leaf(range.last, depth).0 + 1);
    let (mut nodes, mut tail) = (Vec::with_capacity(MAX_COVER), Vec::new());
    while left < right {
        if left & 1 == 1 {
            nodes.push(Node(left));
            left += 1;
        }
        if right & 1 == 1 {
            right -= 1;
            tail.push(Node(right));
        }
        left >>= 1;
        right >>= 1;
    }
    nodes.extend(tail.into_iter().rev());
    nodes
}

fn malformed(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests;
