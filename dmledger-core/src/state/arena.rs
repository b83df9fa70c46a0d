//! Pages in memory: a bounded cache of the part of the tree that has been walked.
//!
//! Pages and leaves lie in two vectors and point to one another by index, so that copying a page is copying bytes.

use super::{
    Root,
    page::{Leaf, Page, Ref},
};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

/// Items addressed by [`Ref`], with a list of free places.
#[derive(Debug)]
pub(super) struct Slab<T> {
    items: Vec<T>,
    free: Vec<Ref>,
}

impl<T: Copy> Slab<T> {
    const fn new() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }

    pub(super) fn get(&self, at: Ref) -> Option<&T> {
        self.items.get(at.0 as usize)
    }

    pub(super) fn get_mut(&mut self, at: Ref) -> Option<&mut T> {
        self.items.get_mut(at.0 as usize)
    }

    pub(super) fn insert(&mut self, item: T) -> Ref {
        if let Some(at) = self.free.pop()
            && let Some(place) = self.items.get_mut(at.0 as usize)
        {
            *place = item;
            return at;
        }
        self.items.push(item);
        // The cache's capacity keeps far below the 31 bits that a reference has.
        Ref((self.items.len() - 1) as u32)
    }

    pub(super) fn remove(&mut self, at: Ref) {
        self.free.push(at);
    }
}

/// The cached part of one version of a tree. Its root page is always there.
#[derive(Debug)]
pub(super) struct Arena {
    pub(super) pages: Slab<Page>,
    pub(super) leaves: Slab<Leaf>,
    pub(super) root: Ref,
    /// Counts the updates taken over; pages remember theirs.
    tick: u32,
    /// Never the same for two states of any arena: references are only good for the one they were taken from.
    generation: u64,
}

/// A page read from its row, with its leaves and the slot at which the walk left it.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) page: Page,
    pub(super) leaves: Vec<Leaf>,
    pub(super) left_at: usize,
}

impl Arena {
    /// The cache that holds only a root page.
    pub(super) fn new(root: Page, leaves: &[Leaf]) -> Self {
        let mut arena =
            Self { pages: Slab::new(), leaves: Slab::new(), root: Ref::NONE, tick: 0, generation: next_generation() };
        arena.root = arena.adopt(root, leaves);
        arena
    }

    pub(super) const fn generation(&self) -> u64 {
        self.generation
    }

    /// Takes a page over whose leaves are given beside it.
    fn adopt(&mut self, mut page: Page, leaves: &[Leaf]) -> Ref {
        page.used = self.tick;
        page.retarget(|at, is_leaf| match leaves.get(at.0 as usize) {
            Some(leaf) if is_leaf => self.leaves.insert(*leaf),
            _ => at,
        });
        self.pages.insert(page)
    }

    /// Takes over a chain of pages below slot `position` of page `parent`, unless somebody else did.
    pub(super) fn attach(&mut self, parent: Ref, position: usize, chain: &[Loaded]) {
        let missing = self.pages.get(parent).is_some_and(|page| page.target(position) == Ref::NONE);
        if !missing {
            return;
        }
        let mut below = Ref::NONE;
        for loaded in chain.iter().rev() {
            let at = self.adopt(loaded.page, &loaded.leaves);
            if below != Ref::NONE
                && let Some(page) = self.pages.get_mut(at)
            {
                page.attach(loaded.left_at, below);
            }
            below = at;
        }
        if let Some(page) = self.pages.get_mut(parent) {
            page.attach(position, below);
        }
    }

    /// Makes an update's pages the current ones and forgets those they replace.
    pub(super) fn advance(&mut self, mut patch: Patch) {
        self.tick = self.tick.wrapping_add(1);
        self.generation = next_generation();
        patch.replaced_pages.iter().for_each(|at| self.pages.remove(*at));
        patch.replaced_leaves.iter().for_each(|at| self.leaves.remove(*at));
        let mut placed = Vec::with_capacity(patch.pages.len());
        for page in &mut patch.pages {
            page.used = self.tick;
            page.retarget(|at, is_leaf| match at.local() {
                None => at,
                Some(i) if is_leaf => patch.leaves.get(i).map_or(Ref::NONE, |leaf| self.leaves.insert(*leaf)),
                // Pages come before those above them.
                Some(i) => placed.get(i).copied().unwrap_or(Ref::NONE),
            });
            placed.push(self.pages.insert(*page));
        }
        self.root = placed.last().copied().unwrap_or(Ref::NONE);
    }

    /// Keeps about `keep` pages: the most recently used, those near the root first.
    pub(super) fn evict(&mut self, keep: usize) {
        let mut ages: Vec<u32> = self.pages.items.iter().map(|page| self.tick.wrapping_sub(page.used)).collect();
        let oldest = match keep.min(ages.len().saturating_sub(1)) {
            0 => 0,
            last => *ages.select_nth_unstable(last).1,
        };
        let Some(root) = self.pages.get(self.root).copied() else { return };
        let mut kept = Slab::new();
        let mut leaves = Slab::new();
        let top = kept.insert(root);
        // Breadth first: a page's number in `kept` is its place in the queue.
        let mut next = 0;
        while let Some(mut page) = kept.items.get(next).copied() {
            page.retarget(|at, is_leaf| {
                if is_leaf {
                    return self.leaves.get(at).map_or(Ref::NONE, |leaf| leaves.insert(*leaf));
                }
                match self.pages.get(at) {
                    Some(below) if kept.len() < keep && self.tick.wrapping_sub(below.used) <= oldest => {
                        kept.insert(*below)
                    }
                    _ => Ref::NONE,
                }
            });
            if let Some(place) = kept.items.get_mut(next) {
                *place = page;
            }
            next += 1;
        }
        (self.pages, self.leaves, self.root) = (kept, leaves, top);
        self.generation = next_generation();
    }
}

/// What an update makes of a cache: new pages, each before those above it, and what they replace.
#[derive(Debug)]
pub(super) struct Patch {
    /// Root of the tree it was computed on; none before the first version.
    pub(super) base: Option<Root>,
    pub(super) generation: u64,
    pub(super) pages: Vec<Page>,
    pub(super) leaves: Vec<Leaf>,
    pub(super) replaced_pages: Vec<Ref>,
    pub(super) replaced_leaves: Vec<Ref>,
}

impl Ref {
    const LOCAL: u32 = 1 << 31;

    /// A reference into a patch instead of the cache.
    pub(super) const fn into_patch(index: usize) -> Self {
        Self(index as u32 | Self::LOCAL)
    }

    /// The index into the patch, if it is one.
    pub(super) fn local(self) -> Option<usize> {
        (self != Self::NONE && self.0 & Self::LOCAL != 0).then_some((self.0 & !Self::LOCAL) as usize)
    }
}

fn next_generation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
