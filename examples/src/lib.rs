//! The host composition others copy.

pub mod series;
