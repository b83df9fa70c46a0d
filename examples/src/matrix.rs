//! The ledger's decisions against a model that was written from the rules in words and shares nothing with them but the
//! dice: [`model`] says what ought to be, [`draw`] draws who asks for what, [`trial`] asks both.

pub mod draw;
pub mod model;
pub mod trial;

pub use trial::{Score, Trial};
