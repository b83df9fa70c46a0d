//! Escrow: what an institution publishes about a patient waits in an account of its own until the patient decides.
//!
//! The waiting account's address follows from both public keys and a secret that only the two know: the institution
//! draws it and sends it under post-quantum encapsulation, the patient shows it when confirming ([`address`]). Until
//! then nobody can tell from the address which keys it is made of; an address of two published keys alone could be found
//! by trying pairs. Releasing takes both: the institution's signature under the publication, the patient's under the
//! confirmation.
//!
#![doc = include_str!("../../docs/escrow.md")]

use crate::{
    codec::{Bytes, Canonical, List, Text},
    envelope::{AccountId, ChainId},
    hash::{Digest, Hasher, of, tag},
    identity::MemberId,
    key::PublicKey,
    record::{IndexEntry, RecordId},
    scope::Validity,
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// Most records in one publication.
pub const MAX_PUBLISHED: usize = 16;
/// Most publications that wait for one account's patient at a time.
pub const MAX_WAITING: usize = 32;
/// Longest note that says where the sealed keys are, in bytes.
pub const MAX_NOTE_BYTES: usize = 512;

/// What both sides know and nobody else, until the patient confirms: 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Tweak([u8; 32]);

impl Tweak {
    /// Wraps 32 bytes that follow from a secret of both sides.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Tweak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tweak(..)")
    }
}

/// The address of the account in which a publication waits:
/// `H("escrow-address", chain, account, lesser key, greater key, tweak)`.
///
/// `keys` are the institution's and the patient's, in either order; `account` is where the records go.
#[must_use]
pub fn address(chain: &ChainId, account: &AccountId, keys: [PublicKey; 2], tweak: &Tweak) -> AccountId {
    let [a, b] = keys;
    let (lesser, greater) = if a <= b { (a, b) } else { (b, a) };
    let digest = Hasher::new(tag::ESCROW_ADDRESS)
        .chain(chain.as_bytes())
        .chain(account.as_bytes())
        .chain(lesser.as_bytes())
        .chain(greater.as_bytes())
        .chain(tweak.0)
        .finish();
    AccountId::new(digest)
}

/// What an institution wants to put into an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Publication {
    /// The waiting account.
    pub address: AccountId,
    /// The patient's key that the address is made of, beside the institution's.
    pub patient: PublicKey,
    /// The records' entries, signed by the institution for the patient's account; numbered when they are released
    /// ([`IndexFacts::IN_ESCROW`](crate::record::index::IndexFacts::IN_ESCROW)).
    pub entries: List<IndexEntry, MAX_PUBLISHED>,
    /// Until when the patient may decide, in ledger time and heights.
    pub open: Validity,
    /// Where the patient finds headers and wrapped keys, itself sealed for the patient; may be empty.
    pub note: Bytes<MAX_NOTE_BYTES>,
}

impl Canonical for Publication {
    const MAX_BYTES: usize = 200 + MAX_PUBLISHED * IndexEntry::MAX_BYTES + MAX_NOTE_BYTES;
}

impl Publication {
    /// The records' names, in order.
    pub fn records(&self) -> impl Iterator<Item = RecordId> {
        self.entries.iter().map(|entry| entry.facts().record)
    }
}

/// Why a patient did not want a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Objection {
    /// "I do not want it in this account."
    Unwanted = 1,
    /// "This is not about me."
    NotMine = 2,
    /// "This is not right."
    Inaccurate = 3,
    /// "The keys I was sent do not open it."
    Unreadable = 4,
}

/// What became of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum EscrowStatus {
    /// It waits for the patient.
    Waiting,
    /// The patient confirmed: the records are in the account.
    Released,
    /// The patient did not want it.
    Rejected(Objection),
    /// The institution took it back.
    Withdrawn,
    /// Nobody answered in time.
    Expired,
}

/// A publication as the ledger holds it. Once it no longer waits, only its digest is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Escrow {
    account: AccountId,
    institution: PublicKey,
    digest: Digest,
    waiting: Option<Publication>,
    submitted: Moment,
    status: EscrowStatus,
    decided: Option<Moment>,
}

impl Escrow {
    /// A publication for `account`, submitted by the holder of `institution` in the block at `submitted`.
    #[must_use]
    pub fn new(account: AccountId, institution: PublicKey, publication: Publication, submitted: Moment) -> Self {
        let (digest, status) = (of(tag::ESCROW_PUBLICATION, &publication), EscrowStatus::Waiting);
        Self { account, institution, digest, waiting: Some(publication), submitted, status, decided: None }
    }

    /// The same, decided. What waited is let go of; the first decision stands.
    #[must_use]
    pub fn decide(mut self, status: EscrowStatus, at: Moment) -> Self {
        if self.status == EscrowStatus::Waiting {
            (self.status, self.decided, self.waiting) = (status, Some(at), None);
        }
        self
    }

    /// The account it is for.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The institution's ledger key.
    #[must_use]
    pub const fn institution(&self) -> PublicKey {
        self.institution
    }

    /// Digest of the publication.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The publication, while it waits.
    #[must_use]
    pub const fn waiting(&self) -> Option<&Publication> {
        self.waiting.as_ref()
    }

    /// The block it was submitted in.
    #[must_use]
    pub const fn submitted(&self) -> Moment {
        self.submitted
    }

    /// What became of it. [`EscrowStatus::Waiting`] may have run out without anybody having said so: see
    /// [`Self::is_over`].
    #[must_use]
    pub const fn status(&self) -> EscrowStatus {
        self.status
    }

    /// The block that decided it.
    #[must_use]
    pub const fn decided(&self) -> Option<Moment> {
        self.decided
    }

    /// Whether it waits although its time is over in a block at `at`.
    #[must_use]
    pub fn is_over(&self, at: Moment) -> bool {
        self.waiting.as_ref().is_some_and(|one| one.open.is_over(at.height, at.time))
    }
}

impl Canonical for Escrow {
    const MAX_BYTES: usize = Publication::MAX_BYTES + 160;
}

/// One line of an account's escrow log: what the patient is asked and told, for ever.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct EscrowEntry {
    /// Whose log.
    pub account: AccountId,
    /// Its place in the log, from 0.
    pub number: u64,
    /// Which publication.
    pub address: AccountId,
    /// Who published.
    pub institution: MemberId,
    /// What happened: waiting is the request to the patient, released the patient's success notice.
    pub status: EscrowStatus,
    /// Which records.
    pub records: List<RecordId, MAX_PUBLISHED>,
    /// The block in which it happened.
    pub at: Moment,
}

impl EscrowEntry {
    /// What the account's complete list holds for this entry.
    #[must_use]
    pub fn digest(&self) -> Digest {
        of(tag::ESCROW_ENTRY, self)
    }
}

impl Canonical for EscrowEntry {
    const MAX_BYTES: usize = 200 + MAX_PUBLISHED * 32;
}

/// Longest public key that others encapsulate to, in bytes.
pub const MAX_KEM_BYTES: usize = 2048;
/// Longest text of a patient about the account, in bytes.
pub const MAX_ABOUT_BYTES: usize = 512;

/// Who may publish into an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Intake {
    /// Nobody; what waits already may still be decided.
    Closed = 1,
    /// Institutions whose keys stand in the account's policy. This holds where nothing is published.
    Cosigners = 2,
    /// Every institution of the network.
    Institutions = 3,
}

/// What a patient lets every member know about an account: nothing private.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct BasicInfo {
    /// Its number; the first is 0, each replaces the one before.
    pub number: u64,
    /// Who may publish.
    pub intake: Intake,
    /// The public key to encapsulate to; may be empty.
    pub kem: Bytes<MAX_KEM_BYTES>,
    /// A text of the patient's choice (a language, a region, a ward); may be empty.
    pub about: Text<MAX_ABOUT_BYTES>,
}

impl Canonical for BasicInfo {
    const MAX_BYTES: usize = 32 + MAX_KEM_BYTES + MAX_ABOUT_BYTES;
}
