//! Erasing what a record or an epoch of records can be read by, while the chain that registered them still verifies.
//!
//! The patient orders an erasure and names who holds what: operators of the lake hold objects, gate nodes hold sub-keys.
//! Each of them deletes and signs a receipt. When all have answered the erasure is complete. From the order on nobody is
//! allowed to read what it names; the index entry stays, with its salted digests, so that every root, list and proof is
//! what it was.
//!
//! A receipt is a statement, not a proof: that keys are gone cannot be shown. What the ledger shows is who has stated
//! what, and when, under a signature that can be held against them.

use super::grant::{random_name, wide_name};
use crate::{
    codec::{Canonical, List},
    envelope::{AccountId, Envelope, Meaning, Signable},
    hash::{Digest, Tag, tag},
    identity::MemberId,
    record::RecordId,
    time::{Height, Moment},
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// Most custodians of one order.
pub const MAX_CUSTODIANS: usize = 32;

/// An order's name: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct ErasureId([u8; 16]);
random_name!(ErasureId);
wide_name!(ErasureId);

/// What is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Erased {
    /// All records of the account whose keys lie in this epoch: they are destroyed. Records that were moved to a later
    /// epoch before the order are not among them.
    Epoch(u32) = 1,
    /// One record: its objects are deleted, and no sub-key for it is released again.
    Record(RecordId) = 2,
}

impl Canonical for Erased {
    const MAX_BYTES: usize = 40;
}

/// What a custodian holds that has to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Custody {
    /// Objects in the lake: ciphertext and access parts.
    Objects = 1,
    /// Sub-keys of one node of a gate committee.
    GateKeys {
        /// Number of the committee.
        committee: u32,
        /// The node's number in it, from 0.
        node: u8,
    } = 2,
}

/// Who holds what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Custodian {
    /// Who.
    pub member: MemberId,
    /// What.
    pub custody: Custody,
}

/// What the patient orders. The account stands in the envelope.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct ErasureOrder {
    /// Its name.
    pub id: ErasureId,
    /// What is to be erased.
    pub erased: Erased,
    /// Everybody who has to answer, ascending, at least one.
    pub custodians: List<Custodian, MAX_CUSTODIANS>,
}

impl Canonical for ErasureOrder {
    const MAX_BYTES: usize = 64 + MAX_CUSTODIANS * 38;
}

/// A custodian's statement that it has erased. Travels in an envelope of the account, signed as authored by the key the
/// custodian is known by on the ledger, after the deletion is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct EraseReceipt {
    /// The order it answers.
    pub order: ErasureId,
    /// What has been erased.
    pub erased: Erased,
    /// Out of whose hands.
    pub custody: Custody,
    /// Height of the block that held the order.
    pub ordered: Height,
}

impl Canonical for EraseReceipt {
    const MAX_BYTES: usize = 96;
}

impl Signable for EraseReceipt {
    const TAG: Tag = tag::ERASE_RECEIPT;
}

/// A receipt with its signature.
pub type SignedReceipt = Envelope<EraseReceipt>;

/// An erasure as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Erasure {
    account: AccountId,
    order: ErasureOrder,
    ordered: Moment,
    answered: List<Option<Moment>, MAX_CUSTODIANS>,
}

impl Erasure {
    /// An erasure ordered by the block at `at`; nobody has answered yet.
    #[must_use]
    pub fn new(account: AccountId, order: ErasureOrder, at: Moment) -> Self {
        let nobody = order.custodians.iter().map(|_| None).collect();
        // As many answers as custodians: there is room.
        Self { account, order, ordered: at, answered: List::new(nobody).unwrap_or_default() }
    }

    /// The custodian whose receipt this is, by its place in the order; `None` if it answers another order, states
    /// something else, or is signed by anybody else or in another sense. Signatures are not verified here.
    #[must_use]
    pub fn position(&self, receipt: &SignedReceipt) -> Option<usize> {
        let [one] = receipt.endorsements() else { return None };
        let EraseReceipt { order, erased, custody, ordered } = *receipt.body();
        let answers = receipt.account() == Some(self.account)
            && order == self.order.id
            && erased == self.order.erased
            && ordered == self.ordered.height
            && one.meaning() == Meaning::Authored;
        let custodian = Custodian { member: MemberId::of(&one.signer()), custody };
        self.order.custodians.binary_search(&custodian).ok().filter(|_| answers)
    }

    /// The same erasure, answered by the custodian at `position` in the block at `at`. The first answer stands.
    #[must_use]
    pub fn answer(mut self, position: usize, at: Moment) -> Self {
        let mut answered = self.answered.into_vec();
        if let Some(answer) = answered.get_mut(position) {
            *answer = answer.or(Some(at));
        }
        // No longer than it was.
        self.answered = List::new(answered).unwrap_or_default();
        self
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> ErasureId {
        self.order.id
    }

    /// The account it is about.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// What was ordered.
    #[must_use]
    pub const fn order(&self) -> &ErasureOrder {
        &self.order
    }

    /// The block that held the order.
    #[must_use]
    pub const fn ordered(&self) -> Moment {
        self.ordered
    }

    /// When each custodian answered, in the order's order; `None` for those who have not.
    #[must_use]
    pub fn answered(&self) -> &[Option<Moment>] {
        &self.answered
    }

    /// Who has not answered.
    pub fn outstanding(&self) -> impl Iterator<Item = &Custodian> {
        self.order.custodians.iter().zip(self.answered.iter()).filter(|(_, at)| at.is_none()).map(|(one, _)| one)
    }

    /// The block in which the last custodian answered; `None` while somebody has not.
    #[must_use]
    pub fn completed(&self) -> Option<Moment> {
        self.answered.iter().copied().collect::<Option<Vec<_>>>()?.into_iter().max()
    }
}

impl Canonical for Erasure {
    const MAX_BYTES: usize = ErasureOrder::MAX_BYTES + 64 + MAX_CUSTODIANS * 17;
}
