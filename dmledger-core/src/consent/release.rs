//! What gate nodes are told: by a member that wants partials for records it was allowed, by an account that deals or
//! destroys keys. Neither stands on the ledger; both are signed, and bound to network and account by their envelope.

use super::{RequestId, erasure::ErasureId};
use crate::{
    codec::{Bytes, Canonical, List},
    envelope::Signable,
    hash::{Tag, tag},
    record::RecordId,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// Most records in one request to the gate: its answer stays below a mebibyte and a quarter in every committee.
pub const MAX_GATE_RECORDS: usize = 64;
/// Longest encoded encapsulation key in bytes.
pub const MAX_RECIPIENT_BYTES: usize = 1280;
/// Longest sealed bundle in bytes.
pub const MAX_LETTER_BYTES: usize = 48 * 1024;

/// "Send me your partials for these records, which the log allows me." Authored by the member that asked the ledger.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct GateRequest {
    /// The request on the ledger that was allowed.
    pub request: RequestId,
    /// Key epoch of the records' access parts.
    pub epoch: u32,
    /// Committee of the records' access parts.
    pub committee: u32,
    /// Which of the records allowed.
    pub records: List<RecordId, MAX_GATE_RECORDS>,
    /// The encapsulation key that the asker's certificate names, encoded.
    pub recipient: Bytes<MAX_RECIPIENT_BYTES>,
}

impl Canonical for GateRequest {
    const MAX_BYTES: usize = 64 + MAX_GATE_RECORDS * 32 + MAX_RECIPIENT_BYTES;
}

impl Signable for GateRequest {
    const TAG: Tag = tag::GATE_REQUEST;
}

/// What an account tells one node of its committee, endorsed by one of the patient's keys.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum GateTask {
    /// Keep this bundle.
    Keep(Bytes<MAX_LETTER_BYTES>) = 1,
    /// Never answer for this record again, as the ledger's order of this name says; the receipt names it too.
    EraseRecord(ErasureId, RecordId) = 2,
    /// Destroy all keys of the epoch, as the ledger's order of this name says; the receipt names it too.
    EraseEpoch(ErasureId) = 3,
}

/// An account's order to a gate node.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct GateOrder {
    /// Key epoch.
    pub epoch: u32,
    /// Committee that guards it.
    pub committee: u32,
    /// What to do.
    pub task: GateTask,
}

impl Canonical for GateOrder {
    const MAX_BYTES: usize = 64 + MAX_LETTER_BYTES;
}

impl Signable for GateOrder {
    const TAG: Tag = tag::GATE_ORDER;
}
