//! From measurement to index entry.

pub mod index;
