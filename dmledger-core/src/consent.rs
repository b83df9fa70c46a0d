//! What has been allowed, and every use that was made of it.
//!
//! | part | what it is |
//! |---|---|
//! | [`grant`] | who may do what with which data, why, until when; its history |
//! | [`agreement`] | text, data index, verbs and log that an institution and an account have agreed on |
//! | [`access`] | asking for records |
//! | [`version`] | how a record follows another, and by what right |
//! | [`alert`] | what somebody wants to be told about an account |
//! | [`erasure`] | orders to erase, and who has stated that it was done |
//!
#![doc = include_str!("../docs/consent.md")]

pub mod access;
pub mod agreement;
pub mod alert;
pub mod erasure;
pub mod grant;
pub mod release;
pub mod version;

pub use access::{AccessRequest, RequestId};
pub use agreement::{Agreement, AgreementEntry, AgreementId, AgreementRecord, SignedAgreement};
pub use alert::{Alert, Alerts, Subscriber};
pub use erasure::{Custodian, Custody, EraseReceipt, Erased, Erasure, ErasureId, ErasureOrder, SignedReceipt};
pub use grant::{Audience, Effect, Grant, GrantId, GrantRecord, GrantStatus, Standing};
pub use release::{GateOrder, GateRequest, GateTask};
pub use version::{RecordVersion, UpdateReason};
