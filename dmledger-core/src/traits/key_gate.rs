//! The sub-key gate: a node's share of the keys that protect records, handed out against a permit and nothing else.
//!
//! [`Permit`] and [`Destruction`] cannot be made outside this crate: the one comes from
//! `decide::release`, which has looked at the access log and asked
//! `decide` at the node's own height, the other from
//! `decide::ordered`. A gate that never sees the ledger therefore cannot say yes on its own.

use crate::{
    envelope::{AccountId, ChainId},
    hash::Digest,
    record::RecordId,
    time::Height,
};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};
use rand_core::CryptoRng;
use thiserror::Error;

/// Which keys: those of one epoch of one account, shared among one committee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a name of three parts")]
pub struct GatePlace {
    /// The account.
    pub account: AccountId,
    /// Number of its key epoch.
    pub epoch: u32,
    /// Number of the committee that guards the epoch.
    pub committee: u32,
}

/// Leave to hand out the partials of some records to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    chain: ChainId,
    place: GatePlace,
    records: Vec<RecordId>,
    recipient: Digest,
    asked: Digest,
    height: Height,
}

impl Permit {
    pub(crate) const fn new(
        (chain, place): (ChainId, GatePlace),
        records: Vec<RecordId>,
        recipient: Digest,
        asked: Digest,
        height: Height,
    ) -> Self {
        Self { chain, place, records, recipient, asked, height }
    }

    /// The network.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        self.chain
    }

    /// Under which keys.
    #[must_use]
    pub const fn place(&self) -> GatePlace {
        self.place
    }

    /// For which records.
    #[must_use]
    pub fn records(&self) -> &[RecordId] {
        &self.records
    }

    /// Digest of the encapsulation key that the recipient's certificate names; the answer is sealed to no other.
    #[must_use]
    pub const fn recipient(&self) -> Digest {
        self.recipient
    }

    /// Identity of the request that the answer belongs to.
    #[must_use]
    pub const fn asked(&self) -> Digest {
        self.asked
    }

    /// The node's own finalised height, at which it was decided.
    #[must_use]
    pub const fn height(&self) -> Height {
        self.height
    }
}

/// The account's order to destroy keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destruction {
    chain: ChainId,
    order: [u8; 16],
    place: GatePlace,
    record: Option<RecordId>,
    height: Height,
}

impl Destruction {
    pub(crate) const fn new(
        (chain, order): (ChainId, [u8; 16]),
        place: GatePlace,
        record: Option<RecordId>,
        height: Height,
    ) -> Self {
        Self { chain, order, place, record, height }
    }

    /// The network.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        self.chain
    }

    /// The order's name, which the receipt repeats.
    #[must_use]
    pub const fn order(&self) -> [u8; 16] {
        self.order
    }

    /// Which keys.
    #[must_use]
    pub const fn place(&self) -> GatePlace {
        self.place
    }

    /// The one record never to be answered for again; `None` for all keys of the place.
    #[must_use]
    pub const fn record(&self) -> Option<RecordId> {
        self.record
    }

    /// Height of the block that held the order.
    #[must_use]
    pub const fn height(&self) -> Height {
        self.height
    }
}

/// One node's share of gate keys. Implemented by `dmledger-zk`, called by the gate service of `dmledger-net`.
pub trait KeyGate: Send + Sync {
    /// Keeps the sealed bundle that a patient dealt to this node. Durable on return; the same letter twice is a success.
    ///
    /// # Errors
    /// [`GateFault::BadLetter`] if it is not a bundle of this place for this node, [`GateFault::Taken`] if another one
    /// is kept, [`GateFault::Erased`] if the place was destroyed, [`GateFault::Unavailable`].
    fn keep(&self, place: &GatePlace, letter: &[u8]) -> Result<(), GateFault>;

    /// This node's partials for the records of `permit`, sealed to `recipient`, the encoded encapsulation key whose
    /// digest the permit names. The same permit twice gives the same partials under another seal.
    ///
    /// # Errors
    /// [`GateFault::NotHeld`], [`GateFault::Erased`], [`GateFault::WrongRecipient`], [`GateFault::Unavailable`];
    /// nothing is handed out then, for none of the records.
    fn release(&self, permit: &Permit, recipient: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, GateFault>;

    /// Destroys what `order` names and returns the receipt signed for it, in canonical bytes. Durable before the receipt
    /// is made; repeating it is a success.
    ///
    /// # Errors
    /// [`GateFault::NotHeld`] if nothing was ever kept there, [`GateFault::Unavailable`].
    fn destroy(&self, order: &Destruction) -> Result<Vec<u8>, GateFault>;
}

/// What a requester makes of the answers of several nodes. Implemented by `dmledger-zk`, called by `dmledger-net`.
pub trait GateAnswers: Send + Sync {
    /// Takes one node's sealed answer.
    ///
    /// # Errors
    /// [`WrongAnswer`] if it does not open or a partial does not match its check tag: the node lies, or holds other keys.
    fn take(&self, sealed: &[u8]) -> Result<(), WrongAnswer>;

    /// Whether the answers taken suffice for every record asked for.
    fn are_enough(&self) -> bool;
}

/// An answer that is not right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the answer does not match the check tags")]
pub struct WrongAnswer;

/// Why a gate did not do what it was permitted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Error)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum GateFault {
    /// No keys of that account, epoch and committee are held here.
    #[error("this node holds no key for that epoch")]
    NotHeld = 1,
    /// The keys were destroyed, or the record is never to be answered for again.
    #[error("erased")]
    Erased = 2,
    /// The encapsulation key given is not the one the certificate names.
    #[error("the answer can be sealed to the certified key only")]
    WrongRecipient = 3,
    /// Other keys are held for that account, epoch and committee.
    #[error("other keys are held for that epoch already")]
    Taken = 4,
    /// Not a bundle of that place for this node.
    #[error("not a bundle for this node and epoch")]
    BadLetter = 5,
    /// The keys cannot be reached now.
    #[error("the gate's keys cannot be reached")]
    Unavailable = 6,
}
