//! Typed reads of the state at one height.

use super::{StateError, StateKey};
use crate::codec::{self, Canonical};
use alloc::{sync::Arc, vec::Vec};
use core::any::Any;

/// What was made of a row, of whatever type.
pub(super) type Kept = Arc<dyn Any + Send + Sync>;

/// Read access to the state as it stands at one moment: a stored version, or one with pending changes on top.
pub trait ReadState {
    /// The stored bytes of a value, or `None` if the key is absent.
    ///
    /// # Errors
    /// [`StateError::Store`]; damaged rows are refused, never returned.
    fn raw(&self, key: &StateKey) -> Result<Option<Vec<u8>>, StateError>;

    /// What [`Self::keep`] was given last for `key`, if it is still there and the row has not been written since. A view
    /// may forget at any time, and the default remembers nothing.
    fn recall(&self, key: &StateKey) -> Option<Arc<dyn Any + Send + Sync>> {
        let _ = key;
        None
    }

    /// Offers what was made of the row under `key`, of `len` stored bytes, to be recalled. It must follow from the row
    /// and nothing else.
    fn keep(&self, key: &StateKey, row: &Arc<dyn Any + Send + Sync>, len: usize) {
        let _ = (key, row, len);
    }
}

/// Typed reads over any [`ReadState`].
pub trait ReadTyped: ReadState {
    /// The value under `key`, decoded.
    ///
    /// # Errors
    /// [`StateError::Codec`] if the value is not a `T`; as [`ReadState::raw`].
    fn get<T: Canonical>(&self, key: &StateKey) -> Result<Option<T>, StateError> {
        Ok(self.raw(key)?.map(|bytes| codec::decode_own(&bytes)).transpose()?)
    }

    /// Whether there is a value under `key`.
    ///
    /// # Errors
    /// As [`ReadState::raw`].
    fn has(&self, key: &StateKey) -> Result<bool, StateError> {
        Ok(self.raw(key)?.is_some())
    }

    /// What `make` makes of the value under `key`, decoded; made once for as long as the view remembers it. `make` is a
    /// function of the value alone, and there is one `U` for each kind of row.
    ///
    /// # Errors
    /// As [`Self::get`].
    fn made<T: Canonical, U: Any + Send + Sync>(
        &self,
        key: &StateKey,
        make: impl FnOnce(Option<T>) -> U,
    ) -> Result<Arc<U>, StateError> {
        if let Some(Ok(known)) = self.recall(key).map(Arc::downcast) {
            return Ok(known);
        }
        let bytes = self.raw(key)?;
        let len = bytes.as_ref().map_or(0, Vec::len);
        let made = Arc::new(make(bytes.map(|bytes| codec::decode_own(&bytes)).transpose()?));
        self.keep(key, &(Arc::clone(&made) as Kept), len);
        Ok(made)
    }
}

impl<R: ReadState + ?Sized> ReadTyped for R {}

#[cfg(feature = "std")]
pub use self::stored::View;

#[cfg(feature = "std")]
mod stored {
    use super::{Kept, ReadState, StateError, StateKey, Vec};
    use crate::{
        state::{Root, StateProof, Tree},
        time::Height,
        traits::StateStore,
    };

    /// The state at one height, past or present: values and proofs.
    #[derive(Debug)]
    pub struct View {
        tree: Tree,
    }

    impl View {
        /// The state that the block at `height` left behind.
        ///
        /// # Errors
        /// [`StateError::Store`] if `height` is unknown or pruned.
        pub fn open(store: &dyn StateStore, height: Height) -> Result<Self, StateError> {
            Ok(Self { tree: Tree::open(store.at(height)?, height)? })
        }

        /// Height and digest of this state. A reader who trusts a header compares the digest with the header's.
        #[must_use]
        pub const fn root(&self) -> Root {
            self.tree.root()
        }

        /// Shows what stands at `key` under this root.
        ///
        /// # Errors
        /// [`StateError::Store`].
        pub fn prove(&self, key: &StateKey) -> Result<StateProof, StateError> {
            self.tree.prove(key)
        }
    }

    impl ReadState for View {
        fn raw(&self, key: &StateKey) -> Result<Option<Vec<u8>>, StateError> {
            self.tree.raw(key)
        }

        fn recall(&self, key: &StateKey) -> Option<Kept> {
            self.tree.recall(key)
        }

        fn keep(&self, key: &StateKey, row: &Kept, len: usize) {
            self.tree.keep(key, row, len);
        }
    }
}
