//! From measurement to index entry.

pub mod index;
pub mod kind;

pub use index::{ContentId, IndexEntry, RecordId};
pub use kind::{DataKind, UnknownKind};
