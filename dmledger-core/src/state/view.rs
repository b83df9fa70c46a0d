//! Typed reads of the state at one height.

use super::{StateError, StateKey};
use crate::codec::{self, Canonical};
use alloc::vec::Vec;

/// Read access to the state as it stands at one moment: a stored version, or one with pending changes on top.
pub trait ReadState {
    /// The stored bytes of a value, or `None` if the key is absent.
    ///
    /// # Errors
    /// [`StateError::Store`]; damaged rows are refused, never returned.
    fn raw(&self, key: &StateKey) -> Result<Option<Vec<u8>>, StateError>;
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
}

impl<R: ReadState + ?Sized> ReadTyped for R {}

#[cfg(feature = "std")]
pub use self::stored::View;

#[cfg(feature = "std")]
mod stored {
    use super::{ReadState, StateError, StateKey, Vec};
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
    }
}
