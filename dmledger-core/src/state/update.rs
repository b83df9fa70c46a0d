//! One pass over the tree that puts a sorted batch into effect: each touched page is copied once, each touched node
//! hashed once.

mod halves;

use super::{
    Batch, MAX_VALUE_BYTES, Root, StateError, StateKey,
    arena::{Arena, Patch},
    node::{leaf_hash, value_hash},
    page::{Leaf, Link, Node, Page, Ref},
    row::{page_key, value_key},
    tree::{damaged, load},
};
use crate::{
    hash::Digest,
    time::Height,
    traits::{RowKey, StateChanges, StateRows},
};
use alloc::vec::Vec;
use core::cell::Cell;

/// The next version of a tree, computed and not yet stored.
#[derive(Debug)]
#[non_exhaustive]
pub struct Update {
    /// Version and digest of the new state.
    pub root: Root,
    /// What the store must do: belongs into the block's commit.
    pub changes: StateChanges,
    /// What [`Tree::advance`](super::Tree::advance) takes once the changes are stored.
    pub pending: Pending,
}

/// A computed version that a tree can move on to.
#[derive(Debug)]
pub struct Pending {
    root: Root,
    patch: Patch,
    /// Keys of the batch.
    written: Vec<StateKey>,
}

impl Pending {
    /// Version and digest of the computed state.
    #[must_use]
    pub const fn root(&self) -> Root {
        self.root
    }

    pub(super) fn into_parts(self) -> (Root, Patch, Vec<StateKey>) {
        (self.root, self.patch, self.written)
    }
}

/// Computes `version` from the tree in `arena`; `base` is its root, or `None` before the first version.
pub(super) fn compute(
    batch: Batch,
    base: Option<Root>,
    version: Height,
    arena: &Arena,
    rows: &dyn StateRows,
) -> Result<Update, StateError> {
    let batch = sorted(batch)?;
    let mut pass = Pass::new(version, arena, rows, batch.len());
    let top = StateKey::from_digest(Digest::ZERO);
    let mut page = *arena.pages.get(arena.root).ok_or(damaged("state page cache", version))?;
    pass.patch.base = base;
    pass.patch.replaced_pages.push(arena.root);
    if let Some(base) = base {
        pass.stale.push(page_key(base.version, 0, &top)?);
    }
    let ops = halves::root(&mut pass, &mut page, &batch)?;
    pass.write(&page, 0, &top)?;
    let root = Root { version, digest: *page.digest(1) };
    let written = ops.iter().map(|op| op.key).collect();
    for ((key, value), op) in batch.into_iter().zip(&ops) {
        if let Some(value) = value
            && op.writes.get()
        {
            pass.put.push((value_key(version, &key)?, value));
        }
    }
    let changes = StateChanges { version, put: pass.put, stale: pass.stale };
    Ok(Update { root, changes, pending: Pending { root, patch: pass.patch, written } })
}

fn sorted(mut batch: Batch) -> Result<Batch, StateError> {
    if !batch.is_sorted_by(|a, b| a.0 <= b.0) {
        batch.sort_unstable_by_key(|change| change.0);
    }
    if batch.windows(2).any(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
        return Err(StateError::DuplicateKey);
    }
    let longest = batch.iter().filter_map(|(_, value)| value.as_ref().map(Vec::len)).max().unwrap_or(0);
    if longest > MAX_VALUE_BYTES {
        return Err(StateError::ValueTooLong { len: longest });
    }
    Ok(batch)
}

/// One change of a batch.
struct Op {
    key: StateKey,
    /// Digest of the new value; none deletes.
    value: Option<Digest>,
    /// Whether the change writes a leaf: not if it deletes, nor if it turns out to write what is there already.
    writes: Cell<bool>,
}

impl Op {
    fn of((key, value): &(StateKey, Option<Vec<u8>>)) -> Self {
        let value = value.as_ref().map(|value| value_hash(value));
        Self { key: *key, value, writes: Cell::new(value.is_some()) }
    }
}

fn ops_of(batch: &[(StateKey, Option<Vec<u8>>)]) -> Vec<Op> {
    batch.iter().map(Op::of).collect()
}

/// A leaf that was there before and has to make room.
#[derive(Clone, Copy)]
struct Held {
    key: StateKey,
    link: Link,
}

struct Pass<'a> {
    version: Height,
    arena: &'a Arena,
    rows: &'a dyn StateRows,
    put: Vec<(RowKey, Vec<u8>)>,
    stale: Vec<RowKey>,
    patch: Patch,
}

impl<'a> Pass<'a> {
    fn new(version: Height, arena: &'a Arena, rows: &'a dyn StateRows, ops: usize) -> Self {
        let patch = Patch {
            base: None,
            generation: arena.generation(),
            pages: Vec::with_capacity(6 * ops),
            leaves: Vec::with_capacity(ops),
            replaced_pages: Vec::with_capacity(6 * ops),
            replaced_leaves: Vec::with_capacity(ops),
        };
        Self { version, arena, rows, put: Vec::with_capacity(8 * ops), stale: Vec::with_capacity(8 * ops), patch }
    }

    /// Puts `ops` into effect at a position, `depth` levels below the tree's root.
    fn at(&mut self, page: &mut Page, position: usize, depth: usize, ops: &[Op]) -> Result<(), StateError> {
        if ops.is_empty() {
            return Ok(());
        }
        match page.node(position) {
            Node::Empty => self.grow(page, position, depth, ops, None),
            Node::Leaf(link) => {
                let held = self.displace(link, ops)?;
                page.set(position, &Node::Empty);
                self.grow(page, position, depth, ops, held)
            }
            Node::Inner(link) if Page::is_slot(position) => {
                let node = self.below(link, depth, ops)?;
                page.set(position, &node);
                Ok(())
            }
            Node::Inner(_) => {
                let (left, right) = split(ops, depth);
                let before = (*page.digest(2 * position), *page.digest(2 * position + 1));
                self.at(page, 2 * position, depth + 1, left)?;
                self.at(page, 2 * position + 1, depth + 1, right)?;
                if before != (*page.digest(2 * position), *page.digest(2 * position + 1)) {
                    page.join(position);
                }
                Ok(())
            }
        }
    }

    /// Puts `ops` into effect in the page behind `link`, and says what stands there afterwards.
    fn below(&mut self, link: Link, depth: usize, ops: &[Op]) -> Result<Node, StateError> {
        let Some(Op { key, .. }) = ops.first() else { return Ok(Node::Inner(link)) };
        let mut page = match self.arena.pages.get(link.target) {
            Some(page) => *page,
            None => self.load(&link, depth, key)?,
        };
        self.at(&mut page, 1, depth, ops)?;
        // The digest is a function of the contents: the same digest means that nothing changed.
        if *page.digest(1) == link.digest {
            return Ok(Node::Inner(link));
        }
        self.stale.push(page_key(Height::new(link.version), depth, key)?);
        if link.target != Ref::NONE {
            self.patch.replaced_pages.push(link.target);
        }
        self.close(&page, depth, key)
    }

    /// Makes `position`, empty but for the leaf in hand, hold what `ops` write below it.
    fn grow(
        &mut self,
        page: &mut Page,
        position: usize,
        depth: usize,
        ops: &[Op],
        held: Option<Held>,
    ) -> Result<(), StateError> {
        let mut writes = ops.iter().filter(|op| op.writes.get());
        match (writes.next(), writes.next(), held) {
            (None, _, None) => {}
            (None, _, Some(held)) => page.set(position, &Node::Leaf(held.link)),
            (Some(op), None, None) => page.set(position, &self.leaf(op)),
            (Some(op), ..) if Page::is_slot(position) => {
                let mut fresh = Page::EMPTY;
                self.grow(&mut fresh, 1, depth, ops, held)?;
                let node = self.close(&fresh, depth, &op.key)?;
                page.set(position, &node);
            }
            (Some(_), ..) => {
                let (left, right) = split(ops, depth);
                let goes_right = held.is_some_and(|held| held.key.goes_right(depth));
                let (held_left, held_right) = if goes_right { (None, held) } else { (held, None) };
                self.grow(page, 2 * position, depth + 1, left, held_left)?;
                self.grow(page, 2 * position + 1, depth + 1, right, held_right)?;
                page.join(position);
            }
        }
        Ok(())
    }

    /// The leaf that an operation writes.
    fn leaf(&mut self, op: &Op) -> Node {
        // Only operations with a value write.
        let leaf = Leaf { key: op.key, value: op.value.unwrap_or(Digest::ZERO) };
        let digest = leaf_hash(&leaf.key, &leaf.value);
        self.patch.leaves.push(leaf);
        let target = Ref::into_patch(self.patch.leaves.len() - 1);
        Node::Leaf(Link { target, version: self.version.value(), digest })
    }

    /// Takes a leaf away to make room: given back unless an operation overwrites or deletes it.
    fn displace(&mut self, link: Link, ops: &[Op]) -> Result<Option<Held>, StateError> {
        let leaf = match link.target.local() {
            Some(i) => self.patch.leaves.get(i),
            None => self.arena.leaves.get(link.target),
        };
        let leaf = *leaf.ok_or(damaged("state page cache", self.version))?;
        let op = ops.binary_search_by(|op| op.key.cmp(&leaf.key)).ok().and_then(|i| ops.get(i));
        match op {
            Some(op) if op.value == Some(leaf.value) => op.writes.set(false),
            Some(_) => {
                self.stale.push(value_key(Height::new(link.version), &leaf.key)?);
                if link.target.local().is_none() {
                    self.patch.replaced_leaves.push(link.target);
                }
                return Ok(None);
            }
            None => {}
        }
        Ok(Some(Held { key: leaf.key, link }))
    }

    /// Reads a page that is not in memory; its leaves join the patch.
    fn load(&mut self, link: &Link, depth: usize, key: &StateKey) -> Result<Page, StateError> {
        let (mut page, leaves) = load(link, depth, key, self.rows)?;
        let first = self.patch.leaves.len();
        page.retarget(|at, is_leaf| if is_leaf { Ref::into_patch(first + at.0 as usize) } else { at });
        self.patch.leaves.extend(leaves);
        Ok(page)
    }

    /// What a finished page is to the one above: nothing or a leaf, which stand there themselves, or a page of its own.
    fn close(&mut self, page: &Page, depth: usize, key: &StateKey) -> Result<Node, StateError> {
        let node = page.node(1);
        if !matches!(node, Node::Inner(_)) {
            return Ok(node);
        }
        let target = self.write(page, depth, key)?;
        Ok(Node::Inner(Link { target, version: self.version.value(), digest: node.digest() }))
    }

    fn write(&mut self, page: &Page, depth: usize, key: &StateKey) -> Result<Ref, StateError> {
        let (arena, patch) = (self.arena, &self.patch);
        let row = page.encode(self.version.value(), |at| match at.local() {
            Some(i) => patch.leaves.get(i),
            None => arena.leaves.get(at),
        });
        let row = row.ok_or(damaged("state page cache", self.version))?;
        self.put.push((page_key(self.version, depth, key)?, row));
        self.patch.pages.push(*page);
        Ok(Ref::into_patch(self.patch.pages.len() - 1))
    }
}

/// Operations whose keys go left and right below `depth` levels.
fn split(ops: &[Op], depth: usize) -> (&[Op], &[Op]) {
    ops.split_at(ops.partition_point(|op| !op.key.goes_right(depth)))
}
