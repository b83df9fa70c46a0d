//! What hosts and our other crates test with (feature `testing`): conformance suites, seeded keys, small stores.

pub mod rows;

pub use rows::MemoryRows;
