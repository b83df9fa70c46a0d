//! A random history beside the simplest store there can be.
#![expect(clippy::missing_panics_doc, reason = "a property that does not hold panics")]
#![expect(clippy::missing_errors_doc, reason = "an error of the store is a failure of the property")]

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Durable, Factory};
use crate::{
    testing::{
        Outcome,
        chain::{Chain, Content, row_key},
    },
    time::Height,
    traits::{BlockCommit, BlockStore, Committed, RowKey, StoreError},
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// What a store must answer, kept as plainly as it can be said.
#[derive(Debug, Default)]
pub struct Model {
    commits: Vec<BlockCommit>,
    /// Row, and the height that retired it.
    rows: BTreeMap<RowKey, (Vec<u8>, Option<u64>)>,
    lowest: u64,
}

impl Model {
    /// Takes a commit that the store acknowledged.
    pub fn commit(&mut self, commit: &BlockCommit) {
        for (key, value) in &commit.changes.put {
            self.rows.insert(key.clone(), (value.clone(), None));
        }
        for key in &commit.changes.stale {
            if let Some((_, retired)) = self.rows.get_mut(key) {
                *retired = Some(commit.tip.height.value());
            }
        }
        self.commits.push(commit.clone());
    }

    /// Prunes, and says how many rows go.
    pub fn prune(&mut self, below: u64) -> u64 {
        let before = self.rows.len();
        self.rows.retain(|_, (_, retired)| retired.is_none_or(|height| height > below));
        self.lowest = self.lowest.max(below);
        (before - self.rows.len()) as u64
    }

    /// Blocks committed so far.
    #[must_use]
    pub fn commits(&self) -> &[BlockCommit] {
        &self.commits
    }

    /// Compares every answer of `store`.
    pub fn assert_equals(&self, store: &dyn BlockStore) -> Outcome {
        assert_eq!(store.tip()?, self.commits.last().map(|commit| commit.tip.clone()));
        assert_eq!(store.lowest()?, Height::new(self.lowest));
        for commit in &self.commits {
            let height = commit.tip.height;
            assert_eq!(store.block(height)?.as_ref(), Some(&commit.block), "block at height {height}");
            assert_eq!(store.height_of(&commit.tip.id)?, Some(height));
            let state = store.at(height);
            if height.value() < self.lowest {
                assert!(matches!(state, Err(StoreError::Pruned { .. })), "state at height {height}");
                continue;
            }
            let state = state?;
            for (key, value) in &commit.changes.put {
                let expected = self.rows.get(key).map(|(value, _)| value);
                assert_eq!(state.row(key)?.as_ref(), expected, "row of {} bytes at height {height}", value.len());
            }
        }
        if let Some(last) = self.commits.last() {
            let keys: Vec<_> = self.rows.keys().cloned().collect();
            let expected: Vec<_> = self.rows.values().map(|(value, _)| Some(value.clone())).collect();
            assert_eq!(store.at(last.tip.height)?.rows(&keys)?, expected);
        }
        Ok(())
    }

    /// A random next block: new rows, some empty, some long, and some old ones retired.
    ///
    /// # Errors
    /// If the block cannot be made.
    pub fn next(&self, chain: &mut Chain) -> Result<BlockCommit, Failed> {
        let version = chain.height();
        let mut put = Vec::new();
        for index in 0..chain.random_below(12) {
            let length = if chain.random_below(20) == 0 { 20_000 } else { chain.random_below(200) };
            let value = chain.random_bytes(usize::try_from(length)?);
            put.push((row_key(version, &index.to_be_bytes())?, value));
        }
        let live: Vec<_> = self.rows.iter().filter(|(_, (_, retired))| retired.is_none()).map(|(key, _)| key).collect();
        let stale = live.into_iter().filter(|_| chain.random_below(4) == 0).cloned().collect();
        let actions = usize::try_from(chain.random_below(5))?;
        chain.next(Content { actions, action_bytes: 80, put, stale })
    }
}

/// Commits, repetitions and prunes at random; the store answers as the model does.
pub fn a_random_history_equals_the_model(factory: &dyn Factory) -> Outcome {
    let mut chain = Chain::new(60)?;
    let store = factory.create(chain.network())?;
    let mut model = Model::default();
    for _ in 0..60 {
        step(&*store, &mut model, &mut chain)?;
    }
    model.assert_equals(&*store)
}

/// The same with kills, clean stops and syncs in between.
pub fn a_random_history_with_restarts_equals_the_model(factory: &dyn Durable) -> Outcome {
    let mut chain = Chain::new(61)?;
    let mut store = factory.create(chain.network())?;
    let mut model = Model::default();
    for _ in 0..12 {
        for _ in 0..chain.random_below(12) {
            step(&*store, &mut model, &mut chain)?;
        }
        store = restart(factory, store, &mut chain)?;
        model.assert_equals(&*store)?;
    }
    Ok(())
}

fn restart(
    factory: &dyn Durable,
    store: Arc<dyn BlockStore>,
    chain: &mut Chain,
) -> Result<Arc<dyn BlockStore>, Failed> {
    match chain.random_below(3) {
        0 => factory.kill(store),
        1 => drop(store),
        _ => {
            store.sync()?;
            factory.kill(store);
        }
    }
    Ok(factory.reopen(chain.network())?)
}

fn step(store: &dyn BlockStore, model: &mut Model, chain: &mut Chain) -> Outcome {
    match chain.random_below(10) {
        0 if !model.commits.is_empty() => {
            let below = chain.random_below(model.commits.len() as u64);
            let rows = model.prune(below);
            assert_eq!(store.prune(Height::new(below))?.rows, rows, "rows pruned below {below}");
        }
        1 if !model.commits.is_empty() => {
            let pick = usize::try_from(chain.random_below(model.commits.len() as u64))?;
            assert_eq!(store.commit(&model.commits[pick])?, Committed::AlreadyApplied);
        }
        _ => {
            let commit = model.next(chain)?;
            assert_eq!(store.commit(&commit)?, Committed::Applied);
            model.commit(&commit);
        }
    }
    Ok(())
}
