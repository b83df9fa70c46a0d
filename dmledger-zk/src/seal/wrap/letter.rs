//! What can be wrapped, and what each of it is about.

use crate::seal::capsule::{CapsuleId, TrusteeBundle};
use crate::seal::escrow::EscrowedKey;
use crate::seal::gate::{GateAnswer, GateBundle, NodeNumber};
use crate::seal::grant::GrantBody;
use crate::seal::range_tree::EpochNumber;
use crate::seal::slot::CommitteeId;
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;
use dmledger_core::codec::Canonical;
use dmledger_core::consent::GrantId;
use dmledger_core::envelope::AccountId;
use dmledger_core::hash::Digest;
use dmledger_core::record::index::RecordId;

/// What a letter is about: an account, and a subject within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Address<S> {
    pub(super) account: AccountId,
    pub(super) subject: S,
}

impl<S> Address<S> {
    /// The letter about `subject` of `account`.
    pub const fn new(account: AccountId, subject: S) -> Self {
        Self { account, subject }
    }
}

/// Something secret that can be wrapped: a grant, a gate bundle or answer, an escrowed key, a trustee's
/// shares. Sealed: its types are bound by number.
pub trait Letter: Canonical + sealed::Letter {
    /// What it is about within its account.
    type Subject: Copy + Eq + fmt::Debug + BorshSerialize + BorshDeserialize;

    /// The account it is about.
    fn account(&self) -> AccountId;

    /// What it is about within its account.
    fn subject(&self) -> Self::Subject;
}

pub(super) mod sealed {
    /// The number of the letter's type, bound into the wrap.
    pub trait Letter {
        const TYPE: u8;
    }
}

impl sealed::Letter for GrantBody {
    const TYPE: u8 = 1;
}

impl Letter for GrantBody {
    type Subject = GrantId;

    fn account(&self) -> AccountId {
        self.terms().account
    }

    fn subject(&self) -> GrantId {
        self.terms().grant
    }
}

impl sealed::Letter for GateBundle {
    const TYPE: u8 = 2;
}

impl Letter for GateBundle {
    type Subject = (EpochNumber, CommitteeId, NodeNumber);

    fn account(&self) -> AccountId {
        self.guard().account()
    }

    fn subject(&self) -> Self::Subject {
        (self.guard().epoch(), self.guard().committee().id(), self.node())
    }
}

impl sealed::Letter for EscrowedKey {
    const TYPE: u8 = 3;
}

impl Letter for EscrowedKey {
    type Subject = RecordId;

    fn account(&self) -> AccountId {
        Self::account(self)
    }

    fn subject(&self) -> RecordId {
        self.record()
    }
}

impl sealed::Letter for TrusteeBundle {
    const TYPE: u8 = 4;
}

impl Letter for TrusteeBundle {
    type Subject = (CapsuleId, NodeNumber);

    fn account(&self) -> AccountId {
        self.head().account()
    }

    fn subject(&self) -> Self::Subject {
        (self.head().id(), self.trustee())
    }
}

impl sealed::Letter for GateAnswer {
    const TYPE: u8 = 5;
}

impl Letter for GateAnswer {
    type Subject = Digest;

    fn account(&self) -> AccountId {
        Self::account(self)
    }

    fn subject(&self) -> Digest {
        self.asked()
    }
}
