//! Pending writes over a read view.

use super::{MAX_VALUE_BYTES, ReadState, StateError, StateKey, view::Kept};
use crate::codec::{self, Canonical};
use alloc::{collections::BTreeMap, vec::Vec};
use core::fmt;

/// Changes in ascending order of keys, each key once: the new value, or `None` for a deletion.
pub type Batch = Vec<(StateKey, Option<Vec<u8>>)>;

type Layer = BTreeMap<StateKey, Option<Vec<u8>>>;

/// Pending writes over a read view; reads see them.
///
/// Layers nest: an action that may fail half-way writes into its own layer ([`Self::attempt`]), which then either
/// joins the one below or vanishes.
pub struct Delta<'a> {
    base: &'a dyn ReadState,
    /// Joined changes.
    ground: Layer,
    /// Open layers, innermost last.
    open: Vec<Layer>,
}

impl<'a> Delta<'a> {
    /// No changes yet over `base`.
    #[must_use]
    pub const fn new(base: &'a dyn ReadState) -> Self {
        Self { base, ground: Layer::new(), open: Vec::new() }
    }

    /// Writes a value, encoded canonically.
    ///
    /// # Errors
    /// [`StateError::ValueTooLong`].
    pub fn put<T: Canonical>(&mut self, key: StateKey, value: &T) -> Result<(), StateError> {
        self.put_raw(key, codec::encode(value))
    }

    /// Writes a value's stored bytes.
    ///
    /// # Errors
    /// [`StateError::ValueTooLong`].
    pub fn put_raw(&mut self, key: StateKey, value: Vec<u8>) -> Result<(), StateError> {
        if value.len() > MAX_VALUE_BYTES {
            return Err(StateError::ValueTooLong { len: value.len() });
        }
        self.top().insert(key, Some(value));
        Ok(())
    }

    /// Deletes a value; harmless if there is none.
    pub fn delete(&mut self, key: StateKey) {
        self.top().insert(key, None);
    }

    /// Opens a layer: what is written from here on can be taken back.
    pub fn begin(&mut self) {
        self.open.push(Layer::new());
    }

    /// Closes the innermost layer and keeps what was written in it.
    ///
    /// # Errors
    /// [`StateError::NoLayer`] if none is open.
    pub fn commit(&mut self) -> Result<(), StateError> {
        let layer = self.open.pop().ok_or(StateError::NoLayer)?;
        self.top().extend(layer);
        Ok(())
    }

    /// Closes the innermost layer and forgets what was written in it.
    ///
    /// # Errors
    /// [`StateError::NoLayer`] if none is open.
    pub fn rollback(&mut self) -> Result<(), StateError> {
        self.open.pop().map(drop).ok_or(StateError::NoLayer)
    }

    /// Runs `work` in its own layer: kept if it succeeds, taken back if it fails, layers it left open included.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn attempt<T, E>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let depth = self.open.len();
        self.begin();
        let result = work(self);
        if result.is_err() {
            self.open.truncate(depth);
        }
        while self.open.len() > depth {
            let Some(layer) = self.open.pop() else { break };
            self.top().extend(layer);
        }
        result
    }

    /// Number of open layers.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.open.len()
    }

    /// All changes, for [`Tree::update`](super::Tree::update). Layers still open are forgotten.
    #[must_use]
    pub fn into_batch(self) -> Batch {
        self.ground.into_iter().collect()
    }

    fn is_pending(&self, key: &StateKey) -> bool {
        self.open.iter().chain([&self.ground]).any(|layer| layer.contains_key(key))
    }

    fn top(&mut self) -> &mut Layer {
        self.open.last_mut().unwrap_or(&mut self.ground)
    }
}

impl ReadState for Delta<'_> {
    fn raw(&self, key: &StateKey) -> Result<Option<Vec<u8>>, StateError> {
        let mut layers = self.open.iter().rev().chain([&self.ground]);
        match layers.find_map(|layer| layer.get(key)) {
            Some(pending) => Ok(pending.clone()),
            None => self.base.raw(key),
        }
    }

    /// What the view below remembers, unless a change is pending.
    fn recall(&self, key: &StateKey) -> Option<Kept> {
        if self.is_pending(key) { None } else { self.base.recall(key) }
    }

    fn keep(&self, key: &StateKey, row: &Kept, len: usize) {
        if !self.is_pending(key) {
            self.base.keep(key, row, len);
        }
    }
}

impl fmt::Debug for Delta<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delta").field("changes", &self.ground.len()).field("open", &self.open.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hash::Digest, state::ReadTyped};

    struct Nothing;
    impl ReadState for Nothing {
        fn raw(&self, _: &StateKey) -> Result<Option<Vec<u8>>, StateError> {
            Ok(None)
        }
    }

    fn key(n: u8) -> StateKey {
        StateKey::from_digest(Digest::new([n; 32]))
    }

    fn value(delta: &Delta<'_>, n: u8) -> Option<Vec<u8>> {
        delta.raw(&key(n)).unwrap()
    }

    #[test]
    fn layers_are_kept_or_forgotten_as_a_whole() {
        let mut delta = Delta::new(&Nothing);
        delta.put_raw(key(1), b"a".to_vec()).unwrap();
        delta.begin();
        delta.put_raw(key(1), b"b".to_vec()).unwrap();
        delta.delete(key(2));
        delta.begin();
        delta.delete(key(1));
        assert_eq!((value(&delta, 1), delta.depth()), (None, 2));
        delta.rollback().unwrap();
        assert_eq!(value(&delta, 1), Some(b"b".to_vec()));
        delta.commit().unwrap();
        assert_eq!(value(&delta, 1), Some(b"b".to_vec()));
        assert!(matches!(delta.commit(), Err(StateError::NoLayer)));
        assert!(matches!(delta.rollback(), Err(StateError::NoLayer)));
        assert_eq!(delta.into_batch(), [(key(1), Some(b"b".to_vec())), (key(2), None)]);
    }

    #[test]
    fn a_failed_attempt_leaves_nothing_behind() {
        let mut delta = Delta::new(&Nothing);
        let failed: Result<(), ()> = delta.attempt(|inner| {
            inner.put_raw(key(1), b"a".to_vec()).unwrap();
            inner.begin();
            inner.put_raw(key(2), b"a".to_vec()).unwrap();
            Err(())
        });
        assert_eq!((failed, delta.depth(), value(&delta, 1), value(&delta, 2)), (Err(()), 0, None, None));
        let kept: Result<(), ()> = delta.attempt(|inner| {
            inner.begin();
            inner.put_raw(key(3), b"c".to_vec()).unwrap();
            Ok(())
        });
        assert_eq!((kept, delta.depth(), value(&delta, 3)), (Ok(()), 0, Some(b"c".to_vec())));
    }

    #[test]
    fn open_layers_do_not_enter_the_batch() {
        let mut delta = Delta::new(&Nothing);
        delta.begin();
        delta.delete(key(1));
        assert_eq!(delta.into_batch(), []);
    }

    #[test]
    fn a_value_over_the_cap_is_refused() {
        let mut delta = Delta::new(&Nothing);
        let long = alloc::vec![0; MAX_VALUE_BYTES + 1];
        assert!(matches!(delta.put_raw(key(1), long), Err(StateError::ValueTooLong { .. })));
        assert_eq!(value(&delta, 1), None);
    }

    #[test]
    fn a_value_of_another_type_is_refused_not_misread() {
        let mut delta = Delta::new(&Nothing);
        delta.put_raw(key(1), b"no frontier".to_vec()).unwrap();
        assert!(matches!(delta.get::<crate::hash::tree::Frontier>(&key(1)), Err(StateError::Codec(_))));
        assert!(delta.has(&key(1)).unwrap() && !delta.has(&key(2)).unwrap());
    }
}
