//! The host composition others copy.
