//! A proposer's word for a block, before it is signed.

use super::{Address, BlockId};
use crate::{
    codec::{self, Canonical},
    envelope::ChainId,
    hash::{Digest, Hasher, tag},
    time::Height,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// A proposal before it is signed: "this block, in this round".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Proposal {
    /// Height proposed for.
    pub height: Height,
    /// Round of that height.
    pub round: u32,
    /// The block; its body travels apart.
    pub block: BlockId,
    /// The earlier round in which a quorum prevoted this very block, if it is proposed again.
    pub valid_round: Option<u32>,
    /// Who proposes.
    pub proposer: Address,
}

impl Canonical for Proposal {
    const MAX_BYTES: usize = 96;
}

impl Proposal {
    /// What the proposer's key signs: the chain and every field, under a tag no vote has.
    #[must_use]
    pub fn digest(&self, chain: &ChainId) -> Digest {
        Hasher::new(tag::PROPOSAL).chain(chain.as_bytes()).chain(codec::encode(self)).finish()
    }
}
