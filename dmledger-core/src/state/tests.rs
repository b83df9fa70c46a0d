//! The tree against a map and a naive tree, through every kind of history.

mod halves;
mod refused;

use super::{node::*, *};
use crate::{
    codec::{decode, encode},
    hash::{tag, tagged},
    testing::MemoryRows,
};
use alloc::{collections::BTreeMap, string::ToString, sync::Arc, vec, vec::Vec};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

type Map = BTreeMap<StateKey, Vec<u8>>;

/// The definition of the root, word for word.
fn naive(leaves: &[(StateKey, Digest)], depth: usize) -> Digest {
    match leaves {
        [] => EMPTY,
        [(key, value)] => leaf_hash(key, value),
        _ => {
            let at = leaves.partition_point(|(key, _)| !key.goes_right(depth));
            node_hash(&naive(&leaves[..at], depth + 1), &naive(&leaves[at..], depth + 1))
        }
    }
}

fn reference(map: &Map) -> Digest {
    naive(&map.iter().map(|(key, value)| (*key, value_hash(value))).collect::<Vec<_>>(), 0)
}

/// A tree, its rows, and what should be in it at every version.
struct World {
    rows: Arc<MemoryRows>,
    tree: Tree,
    history: Vec<(Root, Map)>,
}

impl World {
    fn new() -> Self {
        let rows = Arc::new(MemoryRows::default());
        Self { tree: Tree::empty(rows.clone()), rows, history: Vec::new() }
    }

    fn map(&self) -> Map {
        self.history.last().map(|(_, map)| map.clone()).unwrap_or_default()
    }

    fn step(&mut self, batch: Batch) -> Root {
        let mut map = self.map();
        for (key, value) in &batch {
            match value {
                Some(value) => drop(map.insert(*key, value.clone())),
                None => drop(map.remove(key)),
            }
        }
        let version = Height::new(self.history.len() as u64);
        let update = self.tree.update(batch, version).unwrap();
        self.rows.apply(&update.changes).unwrap();
        let root = update.root;
        self.tree.advance(update.pending, self.rows.clone()).unwrap();
        assert_eq!((root.version, self.tree.root()), (version, root));
        assert_eq!(root.digest, reference(&map), "root of {} keys", map.len());
        self.history.push((root, map));
        root
    }

    fn check(&self, tree: &Tree, version: usize, probes: &[StateKey]) {
        let (root, map) = &self.history[version];
        assert_eq!(tree.root(), *root);
        for key in map.keys().chain(probes) {
            let proof = tree.prove(key).unwrap();
            assert_eq!(decode::<StateProof>(&encode(&proof)), Ok(proof.clone()));
            match map.get(key) {
                Some(value) => {
                    assert_eq!(tree.raw(key).unwrap().as_ref(), Some(value));
                    assert_eq!(proof.verify_value(&root.digest, key, value), Ok(()));
                    assert_eq!(proof.verify_absent(&root.digest, key), Err(ProofError::Present));
                }
                None => {
                    assert_eq!(tree.raw(key).unwrap(), None);
                    assert_eq!(proof.verify_absent(&root.digest, key), Ok(()));
                    assert_eq!(proof.verify_value(&root.digest, key, b""), Err(ProofError::Absent));
                }
            }
        }
    }

    fn check_stored(&self, version: usize, probes: &[StateKey]) {
        let tree = Tree::open(self.rows.clone(), Height::new(version as u64)).unwrap();
        self.check(&tree, version, probes);
        self.check(&tree, version, probes);
    }
}

fn key(n: u64) -> StateKey {
    StateKey::from_digest(tagged(tag::STATE_KEY, &n.to_le_bytes()))
}

/// Keys that share long paths: the first `bits` are zero.
fn close_key(n: u8, bits: usize) -> StateKey {
    let mut bytes = [0; 32];
    for bit in 0..8 {
        let place = bits + bit;
        bytes[place / 8] |= (n >> (7 - bit) & 1) << (7 - place % 8);
    }
    StateKey::from_digest(Digest::new(bytes))
}

fn random_batch(rng: &mut ChaCha20Rng, keys: u64, len: usize) -> Batch {
    let mut batch = BTreeMap::new();
    for _ in 0..len {
        let value = (!rng.next_u32().is_multiple_of(3)).then(|| (rng.next_u32() % 5).to_string().into_bytes());
        batch.insert(key(rng.next_u64() % keys), value);
    }
    batch.into_iter().collect()
}

#[test]
fn any_history_gives_the_root_of_the_contents_and_every_version_stays_readable() {
    for seed in 0..8 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut world = World::new();
        let keys = [3, 10, 60, 400][seed as usize % 4];
        for _ in 0..25 {
            let len = rng.next_u64() % keys;
            world.step(random_batch(&mut rng, keys, len as usize));
        }
        let probes: Vec<_> = (0..keys + 20).map(key).collect();
        world.check(&world.tree, 24, &probes);
        for version in [0, 1, 7, 13, 23, 24] {
            world.check_stored(version, &probes);
        }
    }
}

#[test]
fn all_subsets_of_close_keys_have_the_canonical_root_however_they_came_about() {
    for (bits, step) in [(0, 1), (1, 5), (2, 5), (3, 5), (248, 21)] {
        let keys: Vec<_> = [0b0000_0000, 0b0000_0001, 0b0000_0010, 0b0100_0000, 0b1000_0000, 0b1111_1111]
            .map(|n| close_key(n, bits))
            .into();
        let batch = |from: usize, to: usize| -> Batch {
            (0..6)
                .filter(|i| (from ^ to) >> i & 1 == 1)
                .map(|i| (keys[i], (to >> i & 1 == 1).then(|| vec![i as u8])))
                .collect()
        };
        for from in (0..64).step_by(step) {
            for to in [0, 1, 21, 42, 63, from ^ 1, from ^ 32] {
                let mut world = World::new();
                world.step(batch(0, from));
                world.step(batch(from, to));
                world.check_stored(1, &keys);
            }
        }
    }
}

#[test]
fn pruning_exactly_the_stale_rows_leaves_a_fresh_tree() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let mut world = World::new();
    for _ in 0..40 {
        world.step(random_batch(&mut rng, 200, 30));
    }
    let before = world.rows.len();
    assert!(world.rows.prune(Height::new(20)) > 0 && world.rows.len() < before);
    let probes: Vec<_> = (0..220).map(key).collect();
    for version in 20..40 {
        world.check_stored(version, &probes);
    }
    assert!(Tree::open(world.rows.clone(), Height::new(19)).is_err());

    world.rows.prune(Height::new(39));
    world.check_stored(39, &probes);
    let mut fresh = World::new();
    fresh.step(world.map().into_iter().map(|(key, value)| (key, Some(value))).collect());
    assert_eq!(world.rows.len(), fresh.rows.len(), "not a row more than a tree built at once");
    assert!(world.rows.bytes() <= fresh.rows.bytes() * 11 / 10);
}

#[test]
fn a_block_that_changes_nothing_writes_its_root_page_and_nothing_else() {
    let mut world = World::new();
    let batch: Batch = (0..50).map(|n| (key(n), Some(vec![1]))).collect();
    let first = world.step(batch.clone());
    for same in [Vec::new(), batch, vec![(key(99), None)]] {
        let update = world.tree.update(same, Height::new(1)).unwrap();
        assert_eq!((update.changes.put.len(), update.changes.stale.len()), (1, 1));
        assert_eq!((update.root.version, update.root.digest), (Height::new(1), first.digest));
    }
    world.step(Vec::new());
    world.check_stored(1, &[key(99)]);
}

#[test]
fn deleting_everything_restores_the_empty_root_and_leaves_one_row() {
    let mut world = World::new();
    let empty = world.step(Vec::new());
    assert_eq!(empty.digest, EMPTY);
    world.step((0..300).map(|n| (key(n), Some(vec![1]))).collect());
    let last = world.step((0..300).map(|n| (key(n), None)).collect());
    assert_eq!(last.digest, EMPTY);
    world.rows.prune(Height::new(2));
    assert_eq!(world.rows.len(), 1);
    world.check_stored(2, &[key(1)]);
}

#[test]
fn a_tried_update_changes_nothing_and_only_one_of_two_is_taken() {
    let mut world = World::new();
    world.step((0..50).map(|n| (key(n), Some(vec![1]))).collect());
    let (root, height) = (world.tree.root(), Height::new(1));
    let a = world.tree.update(vec![(key(1), None)], height).unwrap();
    let b = world.tree.update(vec![(key(2), None)], height).unwrap();
    let again = world.tree.update(vec![(key(1), None)], height).unwrap();
    assert_eq!((a.root, &a.changes), (again.root, &again.changes), "computing twice gives the same");
    assert_eq!(world.tree.root(), root);
    world.rows.apply(&a.changes).unwrap();
    world.tree.advance(a.pending, world.rows.clone()).unwrap();
    assert!(matches!(world.tree.advance(b.pending, world.rows.clone()), Err(StateError::Superseded)));
    assert_eq!(world.tree.raw(&key(1)).unwrap(), None);
    assert_eq!(world.tree.raw(&key(2)).unwrap(), Some(vec![1]));
}

#[test]
fn batches_and_versions_that_make_no_sense_are_refused() {
    let mut world = World::new();
    world.step(Vec::new());
    let twice = vec![(key(1), None), (key(2), None), (key(1), Some(vec![1]))];
    assert!(matches!(world.tree.update(twice, Height::new(1)), Err(StateError::DuplicateKey)));
    assert!(matches!(world.tree.update(Vec::new(), Height::GENESIS), Err(StateError::OldVersion { .. })));
    let long = vec![(key(1), Some(vec![0; MAX_VALUE_BYTES + 1]))];
    assert!(matches!(world.tree.update(long, Height::new(1)), Err(StateError::ValueTooLong { .. })));
}

#[test]
fn a_cache_of_any_size_gives_the_same_answers() {
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    let mut world = World::new();
    world.tree = Tree::empty(world.rows.clone()).with_cache(0);
    let probes: Vec<_> = (0..520).map(key).collect();
    for _ in 0..12 {
        world.step(random_batch(&mut rng, 500, 120));
        world.check(&world.tree, world.history.len() - 1, &probes);
        assert!(world.tree.cached_pages() <= 16 + 8, "{}", world.tree.cached_pages());
    }
}

#[test]
fn an_update_survives_the_loss_of_the_pages_it_refers_to() {
    let mut world = World::new();
    world.tree = Tree::empty(world.rows.clone()).with_cache(16);
    world.step((0..300).map(|n| (key(n), Some(vec![1]))).collect());
    let update = world.tree.update(vec![(key(1), None)], Height::new(1)).unwrap();
    for n in 0..300 {
        world.tree.raw(&key(n)).unwrap();
    }
    world.rows.apply(&update.changes).unwrap();
    world.tree.advance(update.pending, world.rows.clone()).unwrap();
    assert_eq!(world.tree.raw(&key(1)).unwrap(), None);
    assert_eq!(world.tree.raw(&key(2)).unwrap(), Some(vec![1]));
}

#[test]
fn roots_proofs_and_rows_have_fixed_bytes() {
    let mut world = World::new();
    let root = world.step((0..20).map(|n| (key(n), Some(vec![n as u8]))).collect()).digest;
    assert_eq!(alloc::format!("{root:.16}"), ROOT);
    let mut all = Vec::new();
    for n in [0, 19, 20, 21, 22] {
        all.extend(encode(&world.tree.prove(&key(n)).unwrap()));
    }
    assert_eq!(alloc::format!("{:.16}", tagged(tag::STATE_VALUE, &all)), PROOFS);
    world.step(vec![(key(3), None), (key(4), Some(vec![9]))]);
    let mut all = Vec::new();
    for (key, row) in world.rows.dump() {
        all.extend_from_slice(key.as_slice());
        all.extend(row);
    }
    assert_eq!(alloc::format!("{:.16}", tagged(tag::STATE_VALUE, &all)), ROWS);
}

/// Computed with Python's hashlib from the definition.
const ROOT: &str = "8aab7d153037dc51";
const PROOFS: &str = "4c4ab75d68e02691";
const ROWS: &str = "54348e9d5c32c213";
