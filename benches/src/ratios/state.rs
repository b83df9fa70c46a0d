//! The state tree beside jmt: the same SHA3-256 under both, 100-byte values, batches of 1,000 of which half are new
//! keys and half overwrite, both over maps in memory from which retired rows are dropped.
//!
//! Timed is computing the next version up to rows ready to be stored: ours encodes its pages as it goes and moves its
//! cache on; the peer hands out nodes, so `state_update` times its call alone and `state_update_rows` also their
//! encoding. Writing to the maps is not timed. Rates are upper quartiles of all rounds: machines have other work too.

use crate::report::{self, Samples};
use borsh::BorshSerialize;
use dmledger_core::{
    codec,
    hash::{Digest, tag, tagged},
    state::{Batch, StateKey, Tree},
    time::Height,
    traits::{RowKey, StateChanges, StateRows, StoreError},
};
use jmt::{
    JellyfishMerkleTree, KeyHash, OwnedValue, RootHash, SimpleHasher, Version,
    storage::{LeafNode, Node, NodeKey, TreeReader},
};
use sha3::{Digest as _, Sha3_256};
use std::{
    collections::HashMap,
    error::Error,
    hint::black_box,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

const BATCH: u64 = 1_000;
const ROUNDS: u64 = 40;
const PROBES: u64 = 500;

/// Prints the group. The second size takes a minute, most of it building the peer's tree.
///
/// # Errors
/// If a tree refuses what this bench does.
pub fn run() -> Result<(), Box<dyn Error>> {
    size("1e5", 100_000)?;
    size("1e6", 1_000_000)
}

fn size(name: &str, keys: u64) -> Result<(), Box<dyn Error>> {
    let (mut ours, mut peer) = (Ours::new(4 * keys)?, Peer::default());
    for first in (0..keys).step_by(10_000) {
        ours.put(first..first + 10_000)?;
        peer.put(first..first + 10_000)?;
    }
    let (mut our_times, mut peer_times, mut row_times, mut sizes) = (Vec::new(), Vec::new(), Vec::new(), (0, 0));
    for round in 0..ROUNDS {
        // Half of each batch continues the counter, half falls on keys that are there.
        let new = keys + round * BATCH / 2..keys + (round + 1) * BATCH / 2;
        let old = (0..BATCH / 2).map(|i| (i * 7_919 + round * 104_729) % keys);
        let batch: Vec<u64> = new.chain(old).collect();
        let (time, bytes) = ours.put(batch.iter().copied())?;
        our_times.push(time);
        sizes.0 += bytes;
        let (call, encoding, bytes) = peer.put(batch)?;
        peer_times.push(call);
        row_times.push(call + encoding);
        sizes.1 += bytes;
    }
    let rate = |times| BATCH as f64 / Samples::new(times).percentile(25);
    let ours_rate = rate(our_times);
    let unit = "updates/s,higher_is_better,peer=jmt";
    report::line(&format!("state_update_{name}"), ours_rate, rate(peer_times), unit);
    report::line(&format!("state_update_rows_{name}"), ours_rate, rate(row_times), unit);
    let each = |bytes: usize| bytes as f64 / (ROUNDS * BATCH) as f64;
    report::line(
        &format!("state_page_bytes_per_update_{name}"),
        each(sizes.0),
        each(sizes.1),
        "B,lower_is_better,peer=jmt",
    );
    let present: Vec<_> = (0..PROBES).map(|i| i * (keys / PROBES)).collect();
    let absent: Vec<_> = (0..PROBES).map(|i| 10 * keys + i).collect();
    proofs(name, "presence", &present, &ours, &peer)?;
    proofs(name, "absence", &absent, &ours, &peer)
}

fn proofs(name: &str, kind: &str, probes: &[u64], ours: &Ours, peer: &Peer) -> Result<(), Box<dyn Error>> {
    let count = probes.len() as f64;
    let tree = JellyfishMerkleTree::<_, Sha3>::new(peer);
    let our_proofs = probes.iter().map(|n| ours.tree.prove(&key(*n))).collect::<Result<Vec<_>, _>>()?;
    let peer_proofs =
        probes.iter().map(|n| tree.get_with_proof(peer_key(*n), peer.version)).collect::<Result<Vec<_>, _>>()?;

    let our_bytes: usize = our_proofs.iter().map(|proof| codec::encode(proof).len()).sum();
    let peer_bytes = peer_proofs.iter().map(|(_, proof)| size_of_borsh(proof)).sum::<Result<usize, _>>()?;
    let bytes = (our_bytes as f64 / count, peer_bytes as f64 / count);
    report::line(&format!("state_{kind}_proof_bytes_{name}"), bytes.0, bytes.1, "B,lower_is_better,peer=jmt");

    let root = ours.tree.root().digest;
    let peer_root = peer.root.ok_or("no root")?;
    let (our_time, peer_time) = report::beside(
        9,
        || {
            for (n, proof) in probes.iter().zip(&our_proofs) {
                let held = match kind {
                    "presence" => proof.verify_value(&root, &key(*n), &peer.values[&peer_key(*n).0]),
                    _ => proof.verify_absent(&root, &key(*n)),
                };
                assert!(held.is_ok());
            }
        },
        || {
            for (n, (value, proof)) in probes.iter().zip(&peer_proofs) {
                assert!(proof.verify(peer_root, peer_key(*n), value.as_ref()).is_ok());
            }
        },
    );
    let each = |time: Samples| time.median() * 1e6 / count;
    report::line(
        &format!("state_{kind}_verify_{name}"),
        each(our_time),
        each(peer_time),
        "us,lower_is_better,peer=jmt",
    );
    let (our_time, peer_time) = report::beside(
        9,
        || probes.iter().for_each(|n| drop(black_box(ours.tree.prove(&key(*n))))),
        || probes.iter().for_each(|n| drop(black_box(tree.get_with_proof(peer_key(*n), peer.version)))),
    );
    report::line(&format!("state_{kind}_prove_{name}"), each(our_time), each(peer_time), "us,lower_is_better,peer=jmt");
    Ok(())
}

/// Both trees see the same keys: digests of a counter.
fn key(n: u64) -> StateKey {
    StateKey::from_digest(digest(n))
}

fn peer_key(n: u64) -> KeyHash {
    KeyHash(digest(n).to_bytes())
}

fn digest(n: u64) -> Digest {
    tagged(tag::STATE_KEY, &n.to_le_bytes())
}

/// A value that no version writes twice.
fn value(n: u64, version: u64) -> Vec<u8> {
    let mut value = vec![7; 100];
    value[..8].copy_from_slice(&n.to_le_bytes());
    value[8..16].copy_from_slice(&version.to_le_bytes());
    value
}

fn size_of_borsh<T: BorshSerialize>(value: &T) -> Result<usize, borsh::io::Error> {
    Ok(borsh::to_vec(value)?.len())
}

struct Ours {
    rows: Arc<MapRows>,
    tree: Tree,
    version: u64,
}

impl Ours {
    fn new(cache_pages: u64) -> Result<Self, Box<dyn Error>> {
        let rows = Arc::new(MapRows::default());
        let tree = Tree::empty(rows.clone()).with_cache(usize::try_from(cache_pages)?);
        Ok(Self { rows, tree, version: 0 })
    }

    /// Time of the update, and bytes of the pages it makes (keys of rows included, values not).
    fn put(&mut self, keys: impl IntoIterator<Item = u64>) -> Result<(Duration, usize), Box<dyn Error>> {
        let batch: Batch = keys.into_iter().map(|n| (key(n), Some(value(n, self.version)))).collect();
        let values: usize = batch.iter().map(|(_, value)| 41 + value.as_ref().map_or(0, Vec::len)).sum();
        let (mut batch, mut update) = (Some(batch), None);
        let version = Height::new(self.version);
        let mut time = report::time(|| update = batch.take().map(|batch| self.tree.update(batch, version)));
        let update = update.ok_or("no update")??;
        let bytes: usize = update.changes.put.iter().map(|(key, row)| key.as_slice().len() + row.len()).sum();
        self.rows.apply(update.changes);
        let (mut pending, mut advanced) = (Some(update.pending), None);
        let rows = self.rows.clone();
        time += report::time(|| {
            advanced = pending.take().map(|pending| self.tree.advance(pending, rows.clone()));
        });
        advanced.ok_or("not advanced")??;
        self.version += 1;
        Ok((time, bytes - values))
    }
}

/// Rows in a hash map, retired ones dropped at once.
#[derive(Default)]
struct MapRows(RwLock<HashMap<RowKey, Vec<u8>>>);

impl MapRows {
    fn apply(&self, changes: StateChanges) {
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for stale in &changes.stale {
            rows.remove(stale);
        }
        rows.extend(changes.put);
    }
}

impl StateRows for MapRows {
    fn row(&self, key: &RowKey) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }
}

#[derive(Default)]
struct Peer {
    nodes: HashMap<NodeKey, Node>,
    values: HashMap<[u8; 32], OwnedValue>,
    version: Version,
    root: Option<RootHash>,
}

impl Peer {
    /// Times of the update and of encoding its nodes, and the bytes of these (keys of rows included, values not).
    fn put(&mut self, keys: impl IntoIterator<Item = u64>) -> Result<(Duration, Duration, usize), Box<dyn Error>> {
        let version = if self.root.is_some() { self.version + 1 } else { 0 };
        let batch: Vec<_> = keys.into_iter().map(|n| (peer_key(n), Some(value(n, version)))).collect();
        let (mut input, mut output) = (Some(batch.clone()), None);
        let tree = JellyfishMerkleTree::<_, Sha3>::new(&*self);
        let time = report::time(|| output = input.take().map(|batch| tree.put_value_set(batch, version)));
        let (root, changes) = output.ok_or("no update")??;
        let nodes = changes.node_batch.nodes();
        let mut rows = Vec::new();
        let encoding = report::time(|| {
            rows = nodes.iter().map(|row| (borsh::to_vec(row.0), borsh::to_vec(row.1))).collect();
        });
        let mut bytes = 0;
        for (key, row) in rows {
            bytes += key?.len() + row?.len();
        }
        for (key, node) in nodes {
            self.nodes.insert(key.clone(), node.clone());
        }
        for stale in changes.stale_node_index_batch {
            self.nodes.remove(&stale.node_key);
        }
        self.values.extend(batch.into_iter().filter_map(|(key, value)| Some((key.0, value?))));
        (self.version, self.root) = (version, Some(root));
        Ok((time, encoding, bytes))
    }
}

impl TreeReader for Peer {
    fn get_node_option(&self, key: &NodeKey) -> anyhow::Result<Option<Node>> {
        Ok(self.nodes.get(key).cloned())
    }

    fn get_value_option(&self, _: Version, key: KeyHash) -> anyhow::Result<Option<OwnedValue>> {
        Ok(self.values.get(&key.0).cloned())
    }

    fn get_rightmost_leaf(&self) -> anyhow::Result<Option<(NodeKey, LeafNode)>> {
        Ok(None)
    }
}

/// The same SHA3-256 as ours, for the peer.
struct Sha3(Sha3_256);

impl SimpleHasher for Sha3 {
    fn new() -> Self {
        Self(Sha3_256::new())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
