//! What is true: records, rights and blocks of a patient-controlled health ledger.
//!
//! Deterministic and synchronous: no input or output, no clock, no hidden randomness.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod account;
pub mod action;
pub mod block;
pub mod codec;
pub mod consent;
pub mod decide;
pub mod emergency;
pub mod envelope;
pub mod hash;
pub mod identity;
#[cfg(any(
    feature = "csv",
    feature = "nightscout",
    feature = "clarity",
    feature = "libreview",
    feature = "tidepool",
    feature = "carelink"
))]
pub mod interop;
pub mod key;
pub mod ledger;
pub mod light;
pub mod matching;
pub mod quorum;
pub mod record;
pub mod scope;
pub mod state;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time;
pub mod traits;
