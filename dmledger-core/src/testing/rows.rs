//! State rows in memory, without blocks around them.

use crate::{
    time::Height,
    traits::{RowKey, StateChanges, StateRows, StoreError},
};
use alloc::{collections::BTreeMap, vec::Vec};
use std::sync::{PoisonError, RwLock};

/// The rows of all versions in one map: what a [`Tree`](crate::state::Tree) needs and no more.
#[derive(Debug, Default)]
pub struct MemoryRows {
    tables: RwLock<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    rows: BTreeMap<RowKey, Vec<u8>>,
    /// Rows by the version that retired them.
    stale: BTreeMap<Height, Vec<RowKey>>,
}

impl MemoryRows {
    /// Stores the rows of one version.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if a row is there already, or a retired row is not: a tree never does either.
    pub fn apply(&self, changes: &StateChanges) -> Result<(), StoreError> {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        let refused = StoreError::Conflict { height: changes.version };
        if changes.stale.iter().any(|key| !tables.rows.contains_key(key)) {
            return Err(refused);
        }
        for (key, row) in &changes.put {
            if tables.rows.insert(key.clone(), row.clone()).is_some() {
                return Err(refused);
            }
        }
        tables.stale.entry(changes.version).or_default().extend(changes.stale.iter().cloned());
        Ok(())
    }

    /// Deletes the rows that no version from `below` on reaches; returns how many.
    pub fn prune(&self, below: Height) -> usize {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        let kept = tables.stale.split_off(&below.next());
        let retired = core::mem::replace(&mut tables.stale, kept);
        retired.into_values().flatten().filter(|key| tables.rows.remove(key).is_some()).count()
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.read().unwrap_or_else(PoisonError::into_inner).rows.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all keys and rows.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        tables.rows.iter().map(|(key, row)| key.as_slice().len() + row.len()).sum()
    }

    /// A copy of all rows, in the order of their keys.
    #[must_use]
    pub fn dump(&self) -> Vec<(RowKey, Vec<u8>)> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        tables.rows.iter().map(|(key, row)| (key.clone(), row.clone())).collect()
    }

    /// Puts other bytes in a row's place, as a failing disk would.
    pub fn damage(&self, key: &RowKey, row: Vec<u8>) {
        self.tables.write().unwrap_or_else(PoisonError::into_inner).rows.insert(key.clone(), row);
    }
}

impl StateRows for MemoryRows {
    fn row(&self, key: &RowKey) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.tables.read().unwrap_or_else(PoisonError::into_inner).rows.get(key).cloned())
    }
}
