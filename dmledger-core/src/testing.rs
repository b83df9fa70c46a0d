//! What hosts and our other crates test with (feature `testing`): conformance suites, seeded worlds, small stores.
//!
//! A suite is a contract made executable: one function a property. A macro expands it to one test a property, so a
//! failure has a name. Suites are for tests: a property that does not hold panics and says what was expected.

pub mod blob_store;
pub mod block_store;
pub mod chain;
pub mod key_gate;
pub mod memory_store;
pub mod proof_verifier;
pub mod rows;
pub mod signer;
pub mod world;

pub use memory_store::MemoryStore;
pub use rows::MemoryRows;
pub use world::{World, WorldPlan};

/// What a property hands back: an error of the store or the world is a failure too.
pub type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;
