//! The two halves of a tree at once: below its root they have nothing in common, so each is a thread's own work, and
//! what comes out is the same, byte for byte, as when one thread does both.

use super::{Batch, Op, Pass, ops_of};
use crate::state::{
    StateError, StateKey,
    arena::Patch,
    page::{Node, Page, Ref},
    tree::damaged,
};
use alloc::vec::Vec;
use std::{num::NonZero, thread};

/// Fewer operations than this are not worth a thread.
const THREAD_WORTH: usize = 256;

type Change = (StateKey, Option<Vec<u8>>);

/// Puts a sorted batch into effect at the root, on two threads where that pays; gives its operations back, in order.
pub(super) fn root(pass: &mut Pass<'_>, page: &mut Page, batch: &Batch) -> Result<Vec<Op>, StateError> {
    let (left, right) = batch.split_at(batch.partition_point(|(key, _)| !key.goes_right(0)));
    if left.len().min(right.len()) < THREAD_WORTH / 2 || !both_inner(page) || processors() == 1 {
        let ops = ops_of(batch);
        pass.at(page, 1, 0, &ops)?;
        return Ok(ops);
    }
    let before = (*page.digest(2), *page.digest(3));
    let mut right_page = *page;
    let mut right_pass = Pass::new(pass.version, pass.arena, pass.rows, right.len());
    let (left, right) = thread::scope(|scope| {
        let other = scope.spawn(|| half(&mut right_pass, &mut right_page, 3, right));
        let left = half(pass, page, 2, left);
        // A thread that died has computed nothing.
        (left, other.join().unwrap_or(Err(damaged("state page cache", pass.version))))
    });
    let mut ops = left?;
    ops.extend(right?);
    right_page.retarget(shift(&pass.patch));
    for position in [3, 6, 7] {
        page.set(position, &right_page.node(position));
    }
    absorb(pass, right_pass);
    if before != (*page.digest(2), *page.digest(3)) {
        page.join(1);
    }
    Ok(ops)
}

fn half(pass: &mut Pass<'_>, page: &mut Page, position: usize, batch: &[Change]) -> Result<Vec<Op>, StateError> {
    let ops = ops_of(batch);
    pass.at(page, position, 1, &ops)?;
    Ok(ops)
}

/// Whether both halves hold so much that nothing has to move from one to the other before they are joined.
fn both_inner(page: &Page) -> bool {
    [1, 2, 3].into_iter().all(|position| matches!(page.node(position), Node::Inner(_)))
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Takes the right half's work over behind the left half's.
fn absorb(pass: &mut Pass<'_>, right: Pass<'_>) {
    let to = shift(&pass.patch);
    let Patch { mut pages, leaves, replaced_pages, replaced_leaves, .. } = right.patch;
    pages.iter_mut().for_each(|page| page.retarget(to));
    pass.patch.pages.extend(pages);
    pass.patch.leaves.extend(leaves);
    pass.patch.replaced_pages.extend(replaced_pages);
    pass.patch.replaced_leaves.extend(replaced_leaves);
    pass.put.extend(right.put);
    pass.stale.extend(right.stale);
}

/// Where a reference into a patch of its own points once that patch stands behind `patch`.
fn shift(patch: &Patch) -> impl Fn(Ref, bool) -> Ref + Copy + use<> {
    let (pages, leaves) = (patch.pages.len(), patch.leaves.len());
    move |at, is_leaf| match at.local() {
        Some(i) => Ref::into_patch(i + if is_leaf { leaves } else { pages }),
        None => at,
    }
}
