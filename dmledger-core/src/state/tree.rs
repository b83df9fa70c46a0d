//! The tree over a store's rows: reads, proofs, and moving on to the next version.
//!
//! Rows are immutable: a page of two levels is written under (version, path) whenever anything below it changes,
//! a value under (version, key) when it is written. Every version writes its root page, so a height is all that is
//! needed to open it. A page names the version of each page and value it points to: a read follows these and never
//! searches. Rows that a new version no longer reaches are named in [`StateChanges::stale`]; deleting exactly these
//! once older heights may be forgotten keeps the store as small as a fresh tree.
//!
//! [`StateChanges::stale`]: crate::traits::StateChanges

use super::{
    Batch, Outcome, ReadState, Root, StateError, StateKey, StateProof,
    arena::{Arena, Loaded},
    node::{EMPTY, value_hash},
    page::{Leaf, Link, Node, Page, Ref},
    recall::Recall,
    row::{page_key, value_key},
    update::{self, Pending, Update},
    view::Kept,
};
use crate::{
    hash::Digest,
    time::Height,
    traits::{StateRows, StoreError},
};
use alloc::{sync::Arc, vec::Vec};
use core::fmt;
use std::sync::{PoisonError, RwLock};

/// Pages kept in memory unless [`Tree::with_cache`] says otherwise: about 25 MB.
pub const DEFAULT_CACHE_PAGES: usize = 1 << 16;
/// More would not fit the references inside the cache.
const MAX_CACHE_PAGES: usize = 1 << 28;

/// One version of the state over the rows of a store, with a bounded cache of pages that moves on with it.
///
/// [`Self::update`] computes the next version without changing this one, so that a proposal can be tried and dropped;
/// [`Self::advance`] moves on once the rows are stored.
pub struct Tree {
    rows: Arc<dyn StateRows>,
    root: Root,
    /// False before the first version: there is no root page to read or replace.
    stored: bool,
    capacity: usize,
    cache: RwLock<Arena>,
    recall: Recall,
}

impl Tree {
    /// The state before the first block: no keys, nothing stored.
    #[must_use]
    pub fn empty(rows: Arc<dyn StateRows>) -> Self {
        let root = Root { version: Height::GENESIS, digest: EMPTY };
        Self {
            rows,
            root,
            stored: false,
            capacity: DEFAULT_CACHE_PAGES,
            cache: RwLock::new(Arena::new(Page::EMPTY, &[])),
            recall: Recall::default(),
        }
    }

    /// The state that the block at `version` left behind. Whoever has a header for that height compares
    /// [`Self::root`] with it; everything below is checked against the root as it is read.
    ///
    /// # Errors
    /// [`StateError::Store`] if the rows cannot be read, or are not those of that version.
    pub fn open(rows: Arc<dyn StateRows>, version: Height) -> Result<Self, StateError> {
        let key = page_key(version, 0, &StateKey::from_digest(Digest::ZERO))?;
        let row = rows.row(&key)?.ok_or(damaged("state root page", version))?;
        let (page, leaves) = Page::decode(&row, version.value()).ok_or(damaged("state root page", version))?;
        let root = Root { version, digest: *page.digest(1) };
        let cache = RwLock::new(Arena::new(page, &leaves));
        Ok(Self { rows, root, stored: true, capacity: DEFAULT_CACHE_PAGES, cache, recall: Recall::default() })
    }

    /// The same with room for another number of pages (about 400 bytes each, leaves included).
    #[must_use]
    pub fn with_cache(mut self, pages: usize) -> Self {
        self.capacity = pages.clamp(16, MAX_CACHE_PAGES);
        self
    }

    /// Version and digest of this state.
    #[must_use]
    pub const fn root(&self) -> Root {
        self.root
    }

    /// Shows what stands at `key` under this root.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn prove(&self, key: &StateKey) -> Result<StateProof, StateError> {
        let mut siblings = Vec::with_capacity(32);
        let outcome = match self.find(key, &mut |sibling| siblings.push(*sibling))? {
            None => Outcome::AbsentEmpty,
            Some((leaf, _)) if leaf.key == *key => Outcome::Present(leaf.value),
            Some((leaf, _)) => Outcome::AbsentOther { key: leaf.key, value: leaf.value },
        };
        Ok(StateProof::new(outcome, siblings))
    }

    /// Computes version `version` of the state: this one with `batch` put into effect (`None` deletes). Changes nothing
    /// here. The same batch always gives the same digest, in whatever order and however often it is computed.
    ///
    /// # Errors
    /// [`StateError::OldVersion`] unless `version` follows this one; [`StateError::DuplicateKey`],
    /// [`StateError::ValueTooLong`]; [`StateError::Store`].
    pub fn update(&self, batch: Batch, version: Height) -> Result<Update, StateError> {
        if self.stored && version <= self.root.version {
            return Err(StateError::OldVersion { version, tree: self.root.version });
        }
        let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        let base = self.stored.then_some(self.root);
        update::compute(batch, base, version, &cache, self.rows.as_ref())
    }

    /// Moves on to the version that `pending` computed, once its changes are stored. `rows` must show them.
    ///
    /// # Errors
    /// [`StateError::Superseded`] if the tree has moved on since; [`StateError::Store`].
    pub fn advance(&mut self, pending: Pending, rows: Arc<dyn StateRows>) -> Result<(), StateError> {
        let (root, patch, written) = pending.into_parts();
        if patch.base != self.stored.then_some(self.root) {
            return Err(StateError::Superseded);
        }
        let cache = self.cache.get_mut().unwrap_or_else(PoisonError::into_inner);
        if patch.generation == cache.generation() {
            cache.advance(patch);
            if cache.pages.len() > self.capacity {
                cache.evict(self.capacity / 2);
            }
        } else {
            // Pages that the update refers to have been dropped meanwhile: begin again from the stored root page.
            let opened = Self::open(Arc::clone(&rows), root.version)?;
            if opened.root != root {
                return Err(StateError::WrongRoot { version: root.version });
            }
            self.cache = opened.cache;
        }
        self.recall.forget(&written);
        (self.rows, self.root, self.stored) = (rows, root, true);
        Ok(())
    }

    /// Number of pages in memory.
    #[must_use]
    pub fn cached_pages(&self) -> usize {
        self.cache.read().unwrap_or_else(PoisonError::into_inner).pages.len()
    }

    /// The leaf at the place of `key`, with its link; `passed` is given the siblings on the way from the root down.
    fn find(&self, key: &StateKey, passed: &mut dyn FnMut(&Digest)) -> Result<Option<(Leaf, Link)>, StateError> {
        let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        let (mut at, mut depth) = (cache.root, 0);
        let (slot, mut link) = loop {
            let page = cache.pages.get(at).ok_or(damaged("state page cache", self.root.version))?;
            match descend(page, key, &mut depth, passed) {
                (_, Node::Empty) => return Ok(None),
                (_, Node::Leaf(link)) => return Ok(cache.leaves.get(link.target).map(|leaf| (*leaf, link))),
                (slot, Node::Inner(link)) if link.target == Ref::NONE => break (slot, link),
                (_, Node::Inner(link)) => at = link.target,
            }
        };
        let generation = cache.generation();
        drop(cache);
        let mut chain = Vec::new();
        let found = loop {
            let (page, leaves) = load(&link, depth, key, self.rows.as_ref())?;
            let (left_at, node) = descend(&page, key, &mut depth, passed);
            let leaf = match node {
                Node::Leaf(link) => leaves.get(link.target.0 as usize).map(|leaf| (*leaf, link)),
                _ => None,
            };
            chain.push(Loaded { page, leaves, left_at });
            match node {
                Node::Inner(below) => link = below,
                Node::Empty | Node::Leaf(_) => break leaf,
            }
        };
        self.remember(generation, at, slot, &chain);
        Ok(found)
    }

    /// Keeps pages that were read, unless the cache has changed or is full: then half of it makes room.
    fn remember(&self, generation: u64, parent: Ref, slot: usize, chain: &[Loaded]) {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.pages.len() + chain.len() > self.capacity {
            cache.evict(self.capacity / 2);
        } else if cache.generation() == generation {
            cache.attach(parent, slot, chain);
        }
    }
}

impl ReadState for Tree {
    fn raw(&self, key: &StateKey) -> Result<Option<Vec<u8>>, StateError> {
        let Some((leaf, link)) = self.find(key, &mut |_| {})? else { return Ok(None) };
        if leaf.key != *key {
            return Ok(None);
        }
        let version = Height::new(link.version);
        let value = self.rows.row(&value_key(version, key)?)?.ok_or(damaged("state value", version))?;
        if value_hash(&value) == leaf.value { Ok(Some(value)) } else { Err(damaged("state value", version)) }
    }

    fn recall(&self, key: &StateKey) -> Option<Kept> {
        self.recall.get(key)
    }

    fn keep(&self, key: &StateKey, row: &Kept, len: usize) {
        self.recall.keep(*key, Arc::clone(row), len);
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree")
            .field("root", &self.root)
            .field("cached_pages", &self.cached_pages())
            .finish_non_exhaustive()
    }
}

/// Walks down one page: ends at an empty place, a leaf, or the slot of the page below.
fn descend(page: &Page, key: &StateKey, depth: &mut usize, passed: &mut dyn FnMut(&Digest)) -> (usize, Node) {
    let mut position = 1;
    loop {
        match page.node(position) {
            Node::Inner(_) if !Page::is_slot(position) => {}
            node => return (position, node),
        }
        position = 2 * position + usize::from(key.goes_right(*depth));
        passed(page.digest(position ^ 1));
        *depth += 1;
    }
}

/// Reads a page from its row and checks it against the digest by which it is known.
pub(super) fn load(
    link: &Link,
    depth: usize,
    key: &StateKey,
    rows: &dyn StateRows,
) -> Result<(Page, Vec<Leaf>), StateError> {
    let version = Height::new(link.version);
    let row = rows.row(&page_key(version, depth, key)?)?.ok_or(damaged("state page", version))?;
    match Page::decode(&row, link.version) {
        Some((page, leaves)) if *page.digest(1) == link.digest => Ok((page, leaves)),
        _ => Err(damaged("state page", version)),
    }
}

pub(super) const fn damaged(what: &'static str, version: Height) -> StateError {
    StateError::Store(StoreError::Corrupt { what, height: Some(version) })
}
