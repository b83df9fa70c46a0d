//! The host composition others copy: who takes part, the nodes and their gate, a residence, an institution, and what a
//! run brings.

pub mod audit;
pub mod cabinet;
pub mod claims;
pub mod devices;
pub mod error;
pub mod gate;
pub mod household;
pub mod input;
pub mod institution;
#[cfg(feature = "btleplug")]
pub mod live;
pub mod matrix;
pub mod mutants;
pub mod network;
pub mod outcome;
pub mod page;
pub mod people;
pub mod report;
pub mod residence;
pub mod series;
pub mod stage;
pub mod story;
pub mod tamper;
