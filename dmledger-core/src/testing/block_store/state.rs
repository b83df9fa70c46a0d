//! State rows: versions, isolation, prune.
#![expect(clippy::missing_panics_doc, reason = "a property that does not hold panics")]
#![expect(clippy::missing_errors_doc, reason = "an error of the store is a failure of the property")]

use std::sync::Arc;

use super::{Factory, order::some};
use crate::{
    testing::{
        Outcome,
        chain::{Chain, Content, row_key},
    },
    time::Height,
    traits::{BlockStore, RowKey, StoreError},
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// On return from the commit, at its height, each row is what was put.
pub fn rows_become_visible_with_their_block(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(20)?;
    let store = factory.create(chain.network())?;
    for height in 0..5 {
        let rows = rows_of(height, 20)?;
        store.commit(&chain.next(Content { put: rows.clone(), ..some(1) })?)?;
        let state = store.at(Height::new(height))?;
        for (key, value) in &rows {
            assert_eq!(state.row(key)?.as_ref(), Some(value));
        }
        assert_eq!(state.row(&row_key(Height::new(height), b"never put")?)?, None);
    }
    Ok(())
}

/// Also with unknown keys and repetitions between them.
pub fn rows_come_in_the_order_asked_for(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(21)?;
    let store = factory.create(chain.network())?;
    let rows = rows_of(0, 10)?;
    store.commit(&chain.next(Content { put: rows.clone(), ..some(0) })?)?;
    let unknown = row_key(Height::GENESIS, b"unknown")?;
    let mut keys: Vec<_> = rows.iter().rev().map(|(key, _)| key.clone()).collect();
    keys.insert(3, unknown);
    keys.push(rows[4].0.clone());
    let mut expected: Vec<_> = rows.iter().rev().map(|(_, value)| Some(value.clone())).collect();
    expected.insert(3, None);
    expected.push(Some(rows[4].1.clone()));
    assert_eq!(store.at(Height::GENESIS)?.rows(&keys)?, expected);
    assert_eq!(store.at(Height::GENESIS)?.rows(&[])?, Vec::<Option<Vec<u8>>>::new());
    Ok(())
}

/// A view of an old height, and one held all the time, answer as on the first day.
pub fn old_rows_stay_readable_while_blocks_are_committed(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(22)?;
    let store = factory.create(chain.network())?;
    let first = rows_of(0, 10)?;
    store.commit(&chain.next(Content { put: first.clone(), ..some(1) })?)?;
    let held = store.at(Height::GENESIS)?;
    for height in 1..30 {
        let stale = if height == 1 { first.iter().map(|(key, _)| key.clone()).collect() } else { Vec::new() };
        store.commit(&chain.next(Content { put: rows_of(height, 10)?, stale, ..some(1) })?)?;
        for (key, value) in &first {
            assert_eq!(held.row(key)?.as_ref(), Some(value));
            assert_eq!(store.at(Height::GENESIS)?.row(key)?.as_ref(), Some(value));
        }
    }
    Ok(())
}

/// A row of nothing is a row; a row of a mebibyte is one too.
pub fn empty_and_large_rows_read_back(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(23)?;
    let store = factory.create(chain.network())?;
    let large = chain.random_bytes(1024 * 1024);
    let put = vec![
        (row_key(Height::GENESIS, b"empty")?, Vec::new()),
        (row_key(Height::GENESIS, b"large")?, large),
        (row_key(Height::GENESIS, b"zeros")?, vec![0; 100_000]),
    ];
    store.commit(&chain.next(Content { put: put.clone(), ..some(0) })?)?;
    store.sync()?;
    for (key, value) in &put {
        assert_eq!(store.at(Height::GENESIS)?.row(key)?.as_ref(), Some(value));
    }
    Ok(())
}

/// Keys are compared whole.
pub fn keys_that_are_prefixes_or_all_ones_are_distinct(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(24)?;
    let store = factory.create(chain.network())?;
    let keys = [
        vec![],
        vec![0],
        vec![0, 0],
        vec![0xff],
        vec![0xff; 63],
        vec![0xff; 64],
        [vec![0; 8], vec![0xff; 56]].concat(),
        vec![0; 64],
        b"s".to_vec(),
        b"w".to_vec(),
    ];
    let put: Vec<_> = keys
        .iter()
        .map(|key| Ok((RowKey::new(key.clone())?, [b"value of ", &key[..]].concat())))
        .collect::<Result<_, Failed>>()?;
    store.commit(&chain.next(Content { put: put.clone(), ..some(0) })?)?;
    for synced in [false, true] {
        if synced {
            store.sync()?;
        }
        for (key, value) in &put {
            assert_eq!(store.at(Height::GENESIS)?.row(key)?.as_ref(), Some(value));
        }
        assert_eq!(store.at(Height::GENESIS)?.row(&RowKey::new(vec![0xff; 62])?)?, None);
    }
    Ok(())
}

/// A block may change nothing.
pub fn a_block_without_rows_is_a_height_like_any_other(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(25)?;
    let store = factory.create(chain.network())?;
    let rows = rows_of(0, 3)?;
    store.commit(&chain.next(Content { put: rows.clone(), ..some(0) })?)?;
    store.commit(&chain.next(some(0))?)?;
    assert_eq!(store.at(Height::new(1))?.row(&rows[0].0)?.as_ref(), Some(&rows[0].1));
    Ok(())
}

/// A state that is not there yet is not an old one.
pub fn states_above_the_tip_are_not_found(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(26)?;
    let store = factory.create(chain.network())?;
    store.commit(&chain.next(some(0))?)?;
    for height in [1, 2, u64::MAX].map(Height::new) {
        let refused = store.at(height).map(|_| ());
        assert!(matches!(refused, Err(StoreError::NotFound { height: at }) if at == height), "{refused:?}");
    }
    Ok(())
}

/// One row is overwritten in every block: `prune(6)` deletes the versions that heights 1..=6 retired, no other.
pub fn prune_deletes_exactly_the_rows_retired_by_then(factory: &dyn Factory) -> Outcome {
    let (store, _) = overwritten(factory, 27, 10)?;
    let report = store.prune(Height::new(6))?;
    assert_eq!((report.rows, report.lowest), (6, Height::new(6)));
    assert_eq!(store.lowest()?, Height::new(6));
    let state = store.at(Height::new(9))?;
    for version in 0..10 {
        let row = state.row(&row_key(Height::new(version), b"row")?)?;
        assert_eq!(row, (version >= 6).then(|| vec![version as u8]), "version {version}");
        let kept = state.row(&row_key(Height::new(version), b"never retired")?)?;
        assert_eq!(kept, Some(vec![version as u8]));
    }
    Ok(())
}

/// [`StoreError::Pruned`] below, an answer from the lowest height on; blocks stay.
pub fn pruned_heights_are_refused_and_name_the_lowest(factory: &dyn Factory) -> Outcome {
    let (store, _) = overwritten(factory, 28, 8)?;
    store.prune(Height::new(5))?;
    for height in (0..5).map(Height::new) {
        let refused = store.at(height).map(|_| ());
        assert!(matches!(refused, Err(StoreError::Pruned { lowest }) if lowest == Height::new(5)), "{refused:?}");
        assert!(store.block(height)?.is_some(), "blocks are not pruned");
    }
    for height in 5..8 {
        let row = store.at(Height::new(height))?.row(&row_key(Height::new(height), b"row")?)?;
        assert_eq!(row, Some(vec![height as u8]));
    }
    Ok(())
}

/// The right row or [`StoreError::Pruned`], never "there is none".
pub fn a_view_taken_before_a_prune_never_answers_wrongly(factory: &dyn Factory) -> Outcome {
    let (store, _) = overwritten(factory, 29, 8)?;
    let old = store.at(Height::new(2))?;
    let new = store.at(Height::new(7))?;
    store.prune(Height::new(5))?;
    match old.row(&row_key(Height::new(2), b"row")?) {
        Ok(row) => assert_eq!(row, Some(vec![2])),
        Err(StoreError::Pruned { lowest }) => assert_eq!(lowest, Height::new(5)),
        Err(other) => return Err(other.into()),
    }
    assert_eq!(new.row(&row_key(Height::new(7), b"row")?)?, Some(vec![7]));
    Ok(())
}

/// Idempotent, and a lower bound never comes back.
pub fn pruning_again_or_lower_changes_nothing(factory: &dyn Factory) -> Outcome {
    let (store, _) = overwritten(factory, 30, 8)?;
    store.prune(Height::new(5))?;
    for below in [5, 3, 0] {
        let report = store.prune(Height::new(below))?;
        assert_eq!((report.rows, report.lowest), (0, Height::new(5)));
    }
    assert_eq!(store.prune(Height::new(7))?.rows, 2);
    Ok(())
}

/// The last state is never pruned.
pub fn pruning_above_the_tip_is_refused(factory: &dyn Factory) -> Outcome {
    let (store, _) = overwritten(factory, 31, 4)?;
    let refused = store.prune(Height::new(4));
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
    assert_eq!(store.lowest()?, Height::GENESIS);
    store.prune(Height::new(3))?;
    assert_eq!(store.at(Height::new(3))?.row(&row_key(Height::new(3), b"row")?)?, Some(vec![3]));
    Ok(())
}

/// Rows retired after a prune wait for the next one.
pub fn commits_go_on_after_a_prune(factory: &dyn Factory) -> Outcome {
    let (store, mut chain) = overwritten(factory, 32, 4)?;
    store.prune(Height::new(3))?;
    for height in 4..8 {
        store.commit(&chain.next(overwrite(height)?)?)?;
    }
    assert_eq!(store.at(Height::new(3))?.row(&row_key(Height::new(3), b"row")?)?, Some(vec![3]));
    assert_eq!(store.prune(Height::new(7))?.rows, 4);
    Ok(())
}

/// A chain whose every block overwrites one row and adds one that nobody retires.
pub(super) fn overwritten(
    factory: &dyn Factory,
    seed: u64,
    count: u64,
) -> Result<(Arc<dyn BlockStore>, Chain), Failed> {
    let mut chain = Chain::new(seed)?;
    let store = factory.create(chain.network())?;
    for height in 0..count {
        store.commit(&chain.next(overwrite(height)?)?)?;
    }
    Ok((store, chain))
}

fn overwrite(height: u64) -> Result<Content, Failed> {
    let version = Height::new(height);
    let value = vec![height as u8];
    let put = vec![(row_key(version, b"row")?, value.clone()), (row_key(version, b"never retired")?, value)];
    let stale = version.previous().map(|before| row_key(before, b"row")).transpose()?;
    Ok(Content { put, stale: stale.into_iter().collect(), ..some(1) })
}

fn rows_of(height: u64, count: u8) -> Result<Vec<(RowKey, Vec<u8>)>, Failed> {
    let row = |index| Ok((row_key(Height::new(height), &[index])?, vec![index ^ 0x5a; 60]));
    (0..count).map(row).collect()
}
