//! What has been allowed, and every use that was made of it.

pub mod access;
pub mod grant;

pub use access::{AccessRequest, RequestId};
pub use grant::{Audience, Effect, Grant, GrantId, GrantRecord, GrantStatus};
