//! From measurement to index entry.

pub mod index;
pub mod kind;

pub use index::RecordId;
pub use kind::DataKind;
