//! Devices: from the octets of a glucose meter to readings a ledger can hold.
//!
//! - [`codec`] turns characteristic values into exact values and back; `no_std`, no allocation, no `unsafe`.
//!
//! A device maker's firmware links `codec` alone (`default-features = false`); a home gateway adds the rest.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod codec;
pub mod error;
