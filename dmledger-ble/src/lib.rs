//! Devices: from the octets of a glucose meter to readings a ledger can hold.
//!
//! - [`codec`] turns characteristic values into exact values and back; `no_std`, no allocation, no `unsafe`.
//! - [`procedure`] holds the conversations with devices as state machines without a radio or a clock (feature `alloc`).
//! - [`link`] is what a radio back end implements, and the driver that runs a procedure over it (feature `std`).
//! - `radio` is a real radio: the Bluetooth stack of the operating system (feature `btleplug`).
//! - [`objects`] is what a camera offers, whatever it travels over (feature `ingest`).
//! - [`ingest`] makes readings of the ledger from records (feature `ingest`).
//! - [`sim`] is a simulated meter and radio with seeded faults (feature `sim`).
//! - `ffi` is a C interface (feature `ffi`).
//! - `testing` holds the checks that fuzzers run over every decoder and state machine (feature `testing`).
//!
//! A device maker's firmware links [`codec`] alone (`default-features = false`); a home gateway adds the rest.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(feature = "ffi"), forbid(unsafe_code))]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod codec;
pub mod error;
#[cfg(feature = "ffi")]
pub mod ffi;
#[cfg(feature = "ingest")]
pub mod ingest;
#[cfg(feature = "std")]
pub mod link;
#[cfg(feature = "ingest")]
pub mod objects;
#[cfg(feature = "alloc")]
pub mod procedure;
#[cfg(feature = "btleplug")]
pub mod radio;
#[cfg(feature = "sim")]
pub mod sim;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

/// The examples of the README, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
