//! The most each message may hold. A frame over its channel's limit is dropped unread.

use dmledger_core::{
    block::{MAX_ACTION_BYTES, MAX_BLOCK_BYTES},
    quorum::MAX_VALIDATORS,
};

/// A vote or proposal, in bytes.
pub const CONSENSUS_BYTES: usize = 512;
/// A repeated vote or a certificate with every validator's signature twice, in bytes.
pub const LIVENESS_BYTES: usize = 256 + 2 * MAX_VALIDATORS * (20 + 65 + 40);
/// A block body, in bytes.
pub const BODY_BYTES: usize = MAX_BLOCK_BYTES + 4096;
/// One answer of catch-up: at least one block of any size with its certificate, in bytes.
pub const SYNC_BYTES: usize = MAX_BLOCK_BYTES + MAX_VALIDATORS * 96 + 8192;
/// Bytes of blocks after which an answer of catch-up takes no further one.
pub const SYNC_FILL_BYTES: usize = 1024 * 1024;
/// Most blocks in one answer of catch-up.
pub const SYNC_BLOCKS: usize = 64;
/// A handful of actions, in bytes.
pub const GOSSIP_BYTES: usize = GOSSIP_FILL_BYTES + MAX_ACTION_BYTES + 1024;
/// Bytes of actions after which a gossip frame takes no further one.
pub const GOSSIP_FILL_BYTES: usize = 64 * 1024;
/// Most actions in one gossip frame: few enough that checking them delays no vote by much.
pub const GOSSIP_ACTIONS: usize = 32;
/// A request to a gate node or its answer, in bytes: 64 records in the largest committee.
pub const GATE_BYTES: usize = 1792 * 1024;
/// The sealed part of a gate node's answer, in bytes.
pub const GATE_ANSWER_BYTES: usize = GATE_BYTES - 1024;
/// A signed receipt of erasure, in bytes.
pub const RECEIPT_BYTES: usize = 4096;
/// Longest reason of a refusal, in bytes of UTF-8.
pub const REASON_BYTES: usize = 256;
