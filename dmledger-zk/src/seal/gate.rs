//! The sub-key gate: a mask for each record that no `k - 1` nodes of a committee can compute and any `k` can.
//!
//! Replicated exclusive-or sharing (Ito, Saito, Nishizeki, "Secret Sharing Scheme Realizing General Access Structure",
//! 1987; as a pseudorandom function: Naor, Pinkas, Reingold, "Distributed Pseudo-random Functions and KDCs", EUROCRYPT
//! 1999). For a committee of `n` nodes and threshold `k` there is one key for each subset `S` of `k - 1` nodes:
//!
//! ```text
//! K[S]   = H("gate-key", GS, committee, epoch, n, k, S)      held by every node outside S
//! p[S]   = H("gate-partial", K[S], record)
//! G      = xor of p[S] over all S                            the mask in the record's slot key
//! tag[S] = first 8 bytes of H("gate-check", p[S])            in the access part
//! ```
//! Of any `k` nodes at least one lies outside each `S`, so together they know every `p[S]`. The `k - 1` nodes of a set
//! `S` all lie inside it: `p[S]` is unknown to them, and with it every bit of `G`. Check tags tell a wrong partial from
//! a right one, so a lying node is named and its answer passed over.

mod answer;
mod committee;
mod keeper;

pub use answer::{Answers, GateAnswer};
pub use committee::{Committee, GateError, Guard, MAX_NODES, MAX_SUBSETS, NodeNumber, Shape, Subset};
pub use keeper::{GateKeeper, MAX_ERASED_RECORDS, MemoryShelf, Shelf};

use super::error::{Altered, OpenError, SubKey};
use super::range_tree::EpochNumber;
use super::secret::Secret;
use super::slot::{AccessPart, CommitteeId, GateMask};
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error as IoError, ErrorKind, Read, Result as IoResult},
};
use core::fmt;
use dmledger_core::codec::Canonical;
use dmledger_core::hash::{Hasher, tag};
use dmledger_core::record::index::RecordId;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The check tag of one partial, 8 bytes.
pub type CheckTag = [u8; 8];

/// The patient's gate seed GS of one epoch, from which every subset key follows. Random, derived from nothing.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub struct GateSeed {
    guard: Guard,
    seed: Secret,
}

impl GateSeed {
    /// Draws the seed for one epoch and committee.
    pub fn generate(guard: Guard, rng: &mut impl CryptoRng) -> Self {
        let random = Secret::random(rng);
        let place = borsh::to_vec(&guard).unwrap_or_default();
        Self { guard, seed: Secret::derived(Hasher::new(tag::SEAL_GATE_SEED).chain(random.bytes()).chain(place)) }
    }

    /// What it guards.
    #[must_use]
    pub const fn guard(&self) -> &Guard {
        &self.guard
    }

    /// The keys that `node` is to hold.
    ///
    /// # Errors
    /// [`GateError::NoSuchNode`].
    pub fn bundle(&self, node: NodeNumber) -> Result<GateBundle, GateError> {
        self.guard.shape().check(node)?;
        let held = self.guard.shape().subsets().filter(|subset| subset.is_held_by(node));
        Ok(GateBundle { guard: self.guard, node, keys: held.map(|subset| self.key(subset)).collect() })
    }

    /// The mask of `record` and the check tags of its partials.
    pub(crate) fn mask(&self, record: &RecordId) -> (GateMask, Vec<CheckTag>) {
        let mut sum = Mask::new();
        let tags = self.guard.shape().subsets().map(|subset| {
            let partial = partial(&self.key(subset), record);
            sum.add(&partial);
            check_tag(&partial)
        });
        let tags = tags.collect();
        (sum.done(self.guard.committee.id), tags)
    }

    fn key(&self, subset: Subset) -> Secret {
        let Guard { epoch, committee: Committee { id, shape }, .. } = self.guard;
        let start = Hasher::new(tag::SEAL_GATE_KEY).chain(self.seed.bytes());
        let place = start.chain(id.number().to_le_bytes()).chain(epoch.number().to_le_bytes());
        Secret::derived(place.chain([shape.nodes, shape.threshold]).chain(subset.0.to_le_bytes()))
    }
}

/// What one gate node holds for one epoch of an account. Travels wrapped to that node.
#[derive(BorshSerialize)]
pub struct GateBundle {
    guard: Guard,
    node: NodeNumber,
    keys: Vec<Secret>,
}

impl GateBundle {
    /// What it guards.
    #[must_use]
    pub const fn guard(&self) -> &Guard {
        &self.guard
    }

    /// The node that holds it.
    #[must_use]
    pub const fn node(&self) -> NodeNumber {
        self.node
    }

    /// This node's partials for `record`. Whether they may be released is not decided here: ask the ledger first.
    #[must_use]
    pub fn partials(&self, record: &RecordId) -> GateReply {
        let partials = self.keys.iter().map(|key| partial(key, record)).collect();
        GateReply {
            record: *record,
            epoch: self.guard.epoch,
            committee: self.guard.committee,
            node: self.node,
            partials,
        }
    }
}

impl fmt::Debug for GateBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GateBundle({:?}, {:?}, {} keys)", self.guard, self.node, self.keys.len())
    }
}

impl Canonical for GateBundle {
    const MAX_BYTES: usize = 64 + 32 * MAX_SUBSETS;
}

impl BorshDeserialize for GateBundle {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (guard, node): (Guard, NodeNumber) = BorshDeserialize::deserialize_reader(reader)?;
        Ok(Self { guard, node, keys: secrets(guard.shape(), node, reader)? })
    }
}

/// A gate node's answer: its partials for one record. Secret until the reader has used it; travels over a confidential
/// channel.
#[derive(BorshSerialize)]
pub struct GateReply {
    record: RecordId,
    epoch: EpochNumber,
    committee: Committee,
    node: NodeNumber,
    partials: Vec<Secret>,
}

impl GateReply {
    /// The record it is about.
    #[must_use]
    pub const fn record(&self) -> &RecordId {
        &self.record
    }

    /// The node that answers.
    #[must_use]
    pub const fn node(&self) -> NodeNumber {
        self.node
    }

    /// Whether this answer belongs to the record and epoch of `access` and every partial matches its check tag. A node
    /// whose answer does not match has lied, or holds outdated keys.
    #[must_use]
    pub fn matches(&self, record: &RecordId, access: &AccessPart) -> bool {
        let wanted = Wanted { record, epoch: access.epoch(), tags: access.check_tags() };
        let fits = self.committee.id == access.committee() && self.fits(wanted, self.committee);
        let mut partials = self.partials.iter();
        let right = self.committee.shape.subsets().zip(wanted.tags).all(|(subset, tag)| {
            !subset.is_held_by(self.node) || partials.next().is_some_and(|partial| is_right(partial, tag))
        });
        fits && right && wanted.tags.len() == self.committee.shape.subsets().count()
    }

    fn fits(&self, wanted: Wanted<'_>, committee: Committee) -> bool {
        let same = self.record == *wanted.record && self.epoch == wanted.epoch && self.committee == committee;
        same && self.node.0 < committee.shape.nodes
    }
}

impl fmt::Debug for GateReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GateReply({:?}, {:?}, {} partials)", self.record, self.node, self.partials.len())
    }
}

impl Canonical for GateReply {
    const MAX_BYTES: usize = 64 + 32 * MAX_SUBSETS;
}

impl BorshDeserialize for GateReply {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (record, epoch) = BorshDeserialize::deserialize_reader(reader)?;
        let (committee, node): (Committee, NodeNumber) = BorshDeserialize::deserialize_reader(reader)?;
        Ok(Self { record, epoch, committee, node, partials: secrets(committee.shape, node, reader)? })
    }
}

/// The mask put together, and who lied on the way.
#[derive(Debug)]
pub(crate) struct Combined {
    pub(crate) mask: GateMask,
    /// Nodes whose answers did not match the check tags, ascending.
    pub(crate) liars: Vec<NodeNumber>,
}

/// What an access part says about the gate of its record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) record: &'a RecordId,
    pub(crate) epoch: EpochNumber,
    pub(crate) tags: &'a [CheckTag],
}

/// Puts the mask of a record together from the answers of gate nodes. Wrong answers are passed over and their nodes
/// named; answers about anything else are ignored.
///
/// Fails with [`OpenError::MissingSubKey`] naming the subset keys for which no right partial came; the patient's own
/// share counts as present.
pub(crate) fn combine(wanted: Wanted<'_>, committee: Committee, replies: &[GateReply]) -> Result<Combined, OpenError> {
    let subsets = committee.shape.subsets().count();
    if wanted.tags.len() != subsets {
        return Err(OpenError::Tampered(Altered::AccessPart));
    }
    let mut answers: Vec<_> = replies
        .iter()
        .filter(|reply| reply.fits(wanted, committee))
        .map(|reply| (reply.node, reply.partials.iter()))
        .collect();
    let (mut sum, mut missing, mut liars) = (Mask::new(), Vec::new(), Vec::new());
    for (subset, tag) in committee.shape.subsets().zip(wanted.tags) {
        let mut right = None;
        for (node, partials) in answers.iter_mut().filter(|(node, _)| subset.is_held_by(*node)) {
            match partials.next() {
                Some(partial) if is_right(partial, tag) => right = Some(partial),
                _ => liars.push(*node),
            }
        }
        match right {
            Some(partial) => sum.add(partial),
            None => missing.push(SubKey::Gate(subset)),
        }
    }
    liars.sort_unstable();
    liars.dedup();
    if missing.is_empty() {
        return Ok(Combined { mask: sum.done(committee.id), liars });
    }
    // The patient's range nodes are one share more.
    let [need, absent] = [subsets + 1, missing.len()].map(|count| u16::try_from(count).unwrap_or(u16::MAX));
    Err(OpenError::MissingSubKey { have: need.saturating_sub(absent), need, which: missing })
}

/// The exclusive-or of partials in the making.
struct Mask(Zeroizing<[u8; 32]>);

impl Mask {
    fn new() -> Self {
        Self(Zeroizing::new([0; 32]))
    }

    fn add(&mut self, partial: &Secret) {
        for (byte, other) in self.0.iter_mut().zip(partial.bytes()) {
            *byte ^= other;
        }
    }

    fn done(self, committee: CommitteeId) -> GateMask {
        GateMask::Committee { committee, mask: Secret::from_bytes(*self.0) }
    }
}

fn is_right(partial: &Secret, tag: &CheckTag) -> bool {
    check_tag(partial).ct_eq(tag).into()
}

fn partial(key: &Secret, record: &RecordId) -> Secret {
    Secret::derived(Hasher::new(tag::SEAL_GATE_PARTIAL).chain(key.bytes()).chain(record.as_bytes()))
}

fn check_tag(partial: &Secret) -> CheckTag {
    let digest = Hasher::new(tag::SEAL_GATE_CHECK).chain(partial.bytes()).finish();
    let mut tag = [0; 8];
    tag.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    tag
}

/// As many secrets as `node` holds keys of a committee of this shape, with their count before them.
fn secrets<R: Read>(shape: Shape, node: NodeNumber, reader: &mut R) -> IoResult<Vec<Secret>> {
    let held = shape.subsets().filter(|subset| subset.is_held_by(node)).count();
    let count = u32::deserialize_reader(reader)?;
    if node.0 >= shape.nodes || usize::try_from(count) != Ok(held) {
        return Err(IoError::new(ErrorKind::InvalidData, "number of keys"));
    }
    (0..held).map(|_| Secret::deserialize_reader(reader)).collect()
}

#[cfg(test)]
mod tests;
