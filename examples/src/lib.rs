//! The host composition others copy.

pub mod outcome;
pub mod series;
