//! What has been allowed, and every use that was made of it.

pub mod access;
pub mod erasure;
pub mod grant;

pub use access::{AccessRequest, RequestId};
pub use erasure::{Custodian, Custody, EraseReceipt, Erased, Erasure, ErasureId, ErasureOrder, SignedReceipt};
pub use grant::{Audience, Effect, Grant, GrantId, GrantRecord, GrantStatus};
