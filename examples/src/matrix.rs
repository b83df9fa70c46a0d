//! The ledger's decisions against a model that was written from the rules in words and shares nothing with them but the
//! dice: [`model`] says what ought to be, [`draw`] draws who asks for what, [`trial`] asks both. With [`vault`], what is allowed
//! has to be decrypted, and what is refused must not be.

pub mod draw;
pub mod model;
pub mod trial;
pub mod vault;

pub use trial::{Plan, Score, Trial};
