//! How parties agree and reach one another: transport, BFT engine, node driver, catch-up and a seeded simulator.
//!
//! A host puts a ledger, a transport, a write-ahead log and perhaps a key together and gets an [`engine::Engine`]: it
//! submits actions and reads finalised blocks. Institutions are validators and agree by a Byzantine-fault-tolerant
//! protocol (four tolerate one liar); residences follow and verify.
//!
//! ```text
//! transport   frames between authenticated peers     memory
//! wire        bounded, versioned messages
//! engine      Engine, Parts; the pure step; log, catch-up, pacing
//! node        the thread that drives the step; mempool; the gate service
//! sim         seeded networks, clocks, faults and crashes for the tests of hosts
//! testing     a small ledger and seeded keys
//! ```

pub mod engine;
pub mod error;
pub mod node;
pub mod transport;
pub mod wire;

#[cfg(any(test, feature = "sim"))]
pub mod sim;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
