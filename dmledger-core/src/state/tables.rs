//! Where each thing of the ledger stands in the state, and what stands there.
//!
//! [`Places`] names the keys; whoever verifies a proof derives them the same way. [`Facts`] reads. Lists hold one digest
//! a member: the names of members, records and grants, and the digests of access entries.

pub mod accounts;
mod claims;
pub mod consent;
mod emergency;
mod erasure;
mod escrow;
mod hand;
mod matching;
mod nodes;
mod rows;

pub use claims::{AcceptedClaim, ShownDay, UsedMark};
pub use consent::Present;
pub use emergency::LatestEmergency;
pub use erasure::{ErasedBy, MovedTo};
pub(crate) use hand::Surroundings;
pub use hand::{AtHand, MAX_AT_HAND};
pub use matching::{CasePlace, CaseRow, CellRow, Enrolment, MAX_COHORT, MatchPosition};
pub use nodes::{NodeList, NodeRecord, Offender, offender_member};
pub use rows::{AnchoredEntry, KeyOwner, LogPosition};

use super::{Namespace, ProofError, ReadState, ReadTyped, StateError, StateKey, StateProof, StoredList};
use crate::{
    account::Account,
    codec::{self, Canonical},
    consent::{
        RequestId,
        grant::{GrantId, GrantRecord},
    },
    envelope::{AccountId, ChainId},
    hash::Digest,
    identity::{Member, MemberId},
    key::PublicKey,
    quorum::ValidatorSet,
    record::RecordId,
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

const SETTINGS: Namespace = Namespace::new("settings");
const VALIDATORS: Namespace = Namespace::new("validators");
const VALIDATOR_CHANGES: Namespace = Namespace::new("validator-changes");
const FOUNDER: Namespace = Namespace::new("founder");
const MEMBER: Namespace = Namespace::new("member");
const MEMBERS: Namespace = Namespace::new("members");
const ACCOUNT: Namespace = Namespace::new("account");
const PATIENT_KEY: Namespace = Namespace::new("patient-key");
const RECORD: Namespace = Namespace::new("record");
const RECORDS: Namespace = Namespace::new("records");
const GRANT: Namespace = Namespace::new("grant");
const GRANTS: Namespace = Namespace::new("grants");
const AUDIENCE: Namespace = Namespace::new("audience");
const REQUEST: Namespace = Namespace::new("request");
const ACCESS: Namespace = Namespace::new("access");
const ACCESSES: Namespace = Namespace::new("accesses");

/// The keys of one network's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    chain: ChainId,
}

impl Places {
    /// The places of the state of `chain`.
    #[must_use]
    pub const fn new(chain: ChainId) -> Self {
        Self { chain }
    }

    /// The network.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        self.chain
    }

    fn key(&self, namespace: Namespace, parts: &[&[u8]]) -> StateKey {
        StateKey::new(&self.chain, namespace, parts)
    }

    /// The network's parameters.
    #[must_use]
    pub fn settings(&self) -> StateKey {
        self.key(SETTINGS, &[])
    }

    /// The validators of the next block.
    #[must_use]
    pub fn validators(&self) -> StateKey {
        self.key(VALIDATORS, &[])
    }

    /// How often the validators have been changed.
    #[must_use]
    pub fn validator_changes(&self) -> StateKey {
        self.key(VALIDATOR_CHANGES, &[])
    }

    /// A founding member that genesis names.
    #[must_use]
    pub fn founder(&self, id: &MemberId) -> StateKey {
        self.key(FOUNDER, &[id.as_bytes()])
    }

    /// A member.
    #[must_use]
    pub fn member(&self, id: &MemberId) -> StateKey {
        self.key(MEMBER, &[id.as_bytes()])
    }

    /// The names of all members ever admitted, in order.
    #[must_use]
    pub const fn members(&self) -> StoredList<'_> {
        StoredList::new(&self.chain, MEMBERS, &[])
    }

    /// An account.
    #[must_use]
    pub fn account(&self, id: &AccountId) -> StateKey {
        self.key(ACCOUNT, &[id.as_bytes()])
    }

    /// The account a patient's key belongs to.
    #[must_use]
    pub fn patient_key(&self, key: &PublicKey) -> StateKey {
        self.key(PATIENT_KEY, &[key.as_bytes()])
    }

    /// A record's index entry.
    #[must_use]
    pub fn record(&self, id: &RecordId) -> StateKey {
        self.key(RECORD, &[id.as_bytes()])
    }

    /// The names of all records of an account, in order.
    #[must_use]
    pub const fn records<'a>(&'a self, account: &'a AccountId) -> StoredList<'a> {
        StoredList::new(&self.chain, RECORDS, account.as_bytes())
    }

    /// A grant.
    #[must_use]
    pub fn grant(&self, id: &GrantId) -> StateKey {
        self.key(GRANT, &[id.as_bytes()])
    }

    /// The names of all grants of an account, in order, ended ones included.
    #[must_use]
    pub const fn grants<'a>(&'a self, account: &'a AccountId) -> StoredList<'a> {
        StoredList::new(&self.chain, GRANTS, account.as_bytes())
    }

    /// Where the log has the answer to a request.
    #[must_use]
    pub fn request(&self, id: &RequestId) -> StateKey {
        self.key(REQUEST, &[id.as_bytes()])
    }

    /// Entry `number` (from 0) of an account's access log.
    #[must_use]
    pub fn access(&self, account: &AccountId, number: u64) -> StateKey {
        self.key(ACCESS, &[account.as_bytes(), &number.to_be_bytes()])
    }

    /// The digests of all entries of an account's access log, in order.
    #[must_use]
    pub const fn accesses<'a>(&'a self, account: &'a AccountId) -> StoredList<'a> {
        StoredList::new(&self.chain, ACCESSES, account.as_bytes())
    }
}

/// What the state of one network says.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    places: Places,
    state: &'a dyn ReadState,
}

impl fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Facts({:?})", self.places.chain)
    }
}

impl<'a> Facts<'a> {
    /// Reads `state`, which belongs to `chain`.
    #[must_use]
    pub const fn new(chain: ChainId, state: &'a dyn ReadState) -> Self {
        Self { places: Places::new(chain), state }
    }

    /// The network.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        self.places.chain
    }

    /// The keys.
    #[must_use]
    pub const fn places(&self) -> &Places {
        &self.places
    }

    /// The state behind it.
    #[must_use]
    pub const fn state(&self) -> &'a dyn ReadState {
        self.state
    }

    /// A value of any kind.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn get<T: Canonical>(&self, key: &StateKey) -> Result<Option<T>, StateError> {
        self.state.get(key)
    }

    /// Whether anything stands at `key`.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn has(&self, key: &StateKey) -> Result<bool, StateError> {
        self.state.has(key)
    }

    /// A member, active or not.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn member(&self, id: &MemberId) -> Result<Option<Member>, StateError> {
        Ok(self.known(&self.places.member(id))?.as_ref().clone())
    }

    /// An account.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn account(&self, id: &AccountId) -> Result<Option<Account>, StateError> {
        Ok(self.known(&self.places.account(id))?.as_ref().clone())
    }

    /// A record's index entry.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn record(&self, id: &RecordId) -> Result<Option<AnchoredEntry>, StateError> {
        self.get(&self.places.record(id))
    }

    /// A grant, ended or not.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn grant(&self, id: &GrantId) -> Result<Option<GrantRecord>, StateError> {
        self.get(&self.places.grant(id))
    }

    /// Number of records of an account: the sequence number of the next one.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn record_count(&self, account: &AccountId) -> Result<u64, StateError> {
        Ok(self.places.records(account).leaf(self.state)?.count())
    }

    /// The validators of the next block.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn validators(&self) -> Result<Option<ValidatorSet>, StateError> {
        self.get(&self.places.validators())
    }
}

/// A value, or the lack of one, with the proof for it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Proved<T> {
    value: Option<T>,
    proof: StateProof,
}

impl<T: Canonical> Proved<T> {
    /// Puts value and proof together; [`Self::verify`] tells whether they belong together.
    #[must_use]
    pub const fn new(value: Option<T>, proof: StateProof) -> Self {
        Self { value, proof }
    }

    /// The value, if there is one; means nothing before [`Self::verify`] to whoever does not trust the source.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The proof.
    #[must_use]
    pub const fn proof(&self) -> &StateProof {
        &self.proof
    }

    /// The value that stands at `key` under `root`, or `None` if the proof shows that nothing does.
    ///
    /// # Errors
    /// [`ProofError`] if the proof shows something else or nothing.
    pub fn verify(&self, root: &Digest, key: &StateKey) -> Result<Option<&T>, ProofError> {
        match &self.value {
            Some(value) => self.proof.verify_value(root, key, &codec::encode(value))?,
            None => self.proof.verify_absent(root, key)?,
        }
        Ok(self.value.as_ref())
    }
}

impl<T: Canonical> Canonical for Proved<T> {
    const MAX_BYTES: usize = T::MAX_BYTES + StateProof::MAX_BYTES;
}
