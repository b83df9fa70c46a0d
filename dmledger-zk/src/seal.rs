//! The authorisation module: records are sealed so that only the holders of a grant of the right data, the right hours
//! and the right epoch can open them.
//!
//! - [`range_tree`]: the patient's epoch keys, and the few nodes that stand for a range of hours
//! - [`data_key`]: the key of one record and what is derived from it
//! - [`stream`]: the record cipher, chunk by chunk
//! - [`envelope`]: header, access part and ciphertext of a record; [`slot`]: the record's key under its hours' keys
//! - [`mod@renew`]: the same record under other keys, of another epoch or signed by others
//! - [`gate`]: the mask of a record, shared among the nodes of a committee
//! - [`grant`], [`mod@wrap`]: what a grantee gets, and how it travels; [`escrow`]: what an institution publishes
//! - [`open`](mod@open), [`error`]: reading, and the reasons why not
//! - [`capsule`]: keys for the day when the patient cannot act, shared among trustees
//! - [`erase`]: receipts of erasure; [`keystore`]: the sealed file of a party's own keys
//! - [`suite`]: the primitives behind the suite id
//!
#![doc = include_str!("../docs/sealing.md")]

pub mod capsule;
pub mod data_key;
pub mod envelope;
pub mod erase;
pub mod error;
pub mod escrow;
pub mod gate;
pub mod grant;
pub mod keystore;
pub mod open;
pub mod range_tree;
pub mod renew;
#[cfg(test)]
mod salamander;
mod secret;
pub mod slot;
pub mod stream;
pub mod suite;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod vectors;
pub mod wrap;

pub use capsule::{Capsule, CapsuleError, CapsuleHead, CapsuleId, CapsulePurpose, OpenedCapsule, TrusteeBundle};
pub use data_key::{DataKey, Hedge, KeyCommitment, ValueKey};
pub use envelope::{Part, RecordHeader, RecordMeta, Sealed, begin_record, resume_record, seal_record};
pub use erase::{Erasure, MissingReceipts, erasure_of};
pub use error::{Altered, Inauthentic, OpenError, Refused, SealError, SubKey, WrapError};
pub use escrow::{EscrowedKey, begin_escrow};
pub use gate::{
    Answers, Committee, GateAnswer, GateBundle, GateError, GateKeeper, GateReply, GateSeed, Guard, MemoryShelf,
    NodeNumber, Shape, Shelf, Subset,
};
pub use grant::{GrantBody, GrantTerms};
pub use keystore::{Effort, Keystore, KeystoreContents, KeystoreError};
pub use open::{Keys, LedgerView, Plaintext, Standing, Unlocked, open, unlock};
pub use range_tree::{Bucket, BucketRange, Cover, Epoch, EpochKey, EpochNumber, Hour, Hours, OutsideRange};
pub use renew::renew;
pub use slot::{AccessPart, CommitteeId, reslot};
pub use stream::{Layout, Opener, Sealer, StreamError};
pub use suite::{SealSuite, SuiteError};
pub use wrap::{
    Address, AnchoredGrant, KemKeyId, KemKeyPair, KemPublicKey, Letter, Unwrapper, Wrapped, WrappedGrant, unwrap,
    unwrap_grant, wrap, wrap_grant,
};
