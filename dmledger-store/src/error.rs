//! How this crate says [`StoreError`].

use std::io;

use dmledger_core::time::Height;
use dmledger_core::traits::StoreError;

/// No space is [`StoreError::Full`], everything else the file system says is a back-end error.
pub(crate) fn from_io(error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => StoreError::Full,
        _ => StoreError::Backend(Box::new(error)),
    }
}

/// Damage at a known height.
pub(crate) fn corrupt(what: &'static str, height: u64) -> StoreError {
    StoreError::Corrupt { what, height: Some(Height::new(height)) }
}

/// The disk failed in a way that may have lost bytes; the store must be opened again.
pub(crate) fn broken() -> StoreError {
    StoreError::Unavailable("the disk failed; open the store again".into())
}
