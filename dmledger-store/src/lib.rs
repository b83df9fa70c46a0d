//! What is kept: finalised blocks with the state each leaves behind, and encrypted objects in a data lake.
//!
//! | back end | what it is | for |
//! |---|---|---|
//! | [`embedded`] | segments and a fjall index | every node |
//! | `redb` (feature) | one file, two-phase commit | small nodes |
//! | [`memory`] | the reference, nothing on disk | tests, comparison |
//! | [`lake`] | encrypted objects over `object_store` | every host |
//! | [`segment`] | append-only block segments | the truth under [`Embedded`](embedded::Embedded) |
#![forbid(unsafe_code)]

pub mod audit;
pub mod embedded;
mod error;
#[cfg(any(test, feature = "fault"))]
pub mod fault;
pub mod lake;
pub mod memory;
#[cfg(feature = "redb")]
pub mod redb;
mod rules;
pub mod segment;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
