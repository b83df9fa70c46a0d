//! What is kept: finalised blocks with the state each leaves behind, and encrypted objects in a data lake.
//!
//! | back end | what it is | for |
//! |---|---|---|
//! | [`memory`] | the reference, nothing on disk | tests, comparison |
#![forbid(unsafe_code)]

mod error;
pub mod memory;
mod rules;
