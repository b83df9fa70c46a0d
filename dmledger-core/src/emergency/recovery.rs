//! Recovery: lost keys of a patient are replaced, slowly, because trustees of the patient agree.
//!
//! A recovery names the whole set of patient keys that is to be; those that are not there yet have signed it, so nobody
//! is put in who does not hold the key. Until it is carried out any patient key stops it. It changes the account's policy
//! and nothing else: it opens no record, grants nothing, and ends nothing that was granted.

use super::trustees::{Circle, Period, TermsError, has_reached};
use crate::{
    account::policy::MAX_GROUP_KEYS,
    codec::{Canonical, List},
    consent::grant::{random_name, wide_name},
    envelope::AccountId,
    hash::Digest,
    identity::MemberId,
    key::PublicKey,
    time::{Height, Moment, Timestamp},
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::{fmt, time::Duration};

/// Shortest window in which a patient key can stop a recovery: a day.
pub const MIN_WINDOW: Duration = Duration::from_secs(86_400);

/// A recovery's name: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct RecoveryId([u8; 16]);
random_name!(RecoveryId);
wide_name!(RecoveryId);

/// Under which terms the patient lets trustees replace lost keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct RecoveryTerms {
    /// Who approves.
    pub circle: Circle,
    /// How long a recovery can be stopped before it can be carried out, at least [`MIN_WINDOW`]; it lapses when as much
    /// time again has passed.
    pub window: Period,
    /// How long after one recovery was asked for the next can be.
    pub pause: Period,
}

impl RecoveryTerms {
    pub(super) fn check(&self) -> Result<(), TermsError> {
        if self.window.duration() < MIN_WINDOW { Err(TermsError::Window) } else { Ok(()) }
    }
}

impl Canonical for RecoveryTerms {
    const MAX_BYTES: usize = Circle::MAX_BYTES + 48;
}

/// What is asked for. The account stands in the envelope; trustees endorse it as approved, the keys that are to be put in
/// as authors or co-signers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct RecoveryRequest {
    /// Its name.
    pub id: RecoveryId,
    /// Number of the patient's decision about recovery trustees that it relies on.
    pub terms: u64,
    /// All patient keys of the account afterwards, ascending: as many as there are.
    pub keys: List<PublicKey, MAX_GROUP_KEYS>,
}

impl Canonical for RecoveryRequest {
    const MAX_BYTES: usize = 48 + MAX_GROUP_KEYS * PublicKey::BYTES;
}

/// How a recovery came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Settled {
    /// Stopped by a patient key.
    Cancelled(Moment) = 1,
    /// Carried out.
    Executed(Moment) = 2,
}

/// Where a recovery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecoveryStatus {
    /// In its window: can be stopped, not carried out.
    Waiting {
        /// When it can be carried out, in both measures.
        due: Moment,
    },
    /// Can be carried out, and still be stopped.
    Due,
    /// Nobody carried it out in time.
    Lapsed,
    /// Stopped by a patient key.
    Cancelled {
        /// Height of the block that stopped it.
        height: Height,
    },
    /// Carried out.
    Executed {
        /// Height of the block that put the keys in.
        height: Height,
    },
}

/// A recovery as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Recovery {
    account: AccountId,
    request: RecoveryRequest,
    replaces: List<PublicKey, MAX_GROUP_KEYS>,
    trustees: List<MemberId, { super::trustees::MAX_TRUSTEES }>,
    silenced: bool,
    requested: Moment,
    due: Moment,
    lapses: Timestamp,
    next: Moment,
    settled: Option<Settled>,
}

/// What a recovery begins with.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain argument")]
pub struct RecoveryParts {
    /// The account it is about.
    pub account: AccountId,
    /// What is asked.
    pub request: RecoveryRequest,
    /// The patient keys of the account until then, ascending.
    pub replaces: List<PublicKey, MAX_GROUP_KEYS>,
    /// The trustees who approve, ascending.
    pub trustees: List<MemberId, { super::trustees::MAX_TRUSTEES }>,
    /// Whether a patient key that stays asked for it too.
    pub sponsored: bool,
}

impl Recovery {
    /// A recovery asked for in the block at `at`.
    #[must_use]
    pub fn new(parts: RecoveryParts, terms: &RecoveryTerms, at: Moment) -> Self {
        let due = terms.window.after(at);
        // A thief's key would otherwise stop its own removal for ever. Every trustee has to vouch for that, beside the
        // patient's other key.
        let silenced = parts.sponsored && parts.trustees.len() == terms.circle.trustees().len();
        Self {
            account: parts.account,
            request: parts.request,
            replaces: parts.replaces,
            trustees: parts.trustees,
            silenced,
            requested: at,
            due,
            lapses: terms.window.after(due).time,
            next: terms.pause.after(at),
            settled: None,
        }
    }

    /// Whether this key can stop it: a patient key of the account as it was asked for. If a patient key that stays asks
    /// together with *every* trustee, those that go have no veto.
    #[must_use]
    pub fn can_veto(&self, key: &PublicKey) -> bool {
        let stays = self.request.keys.contains(key);
        self.replaces.contains(key) && (stays || !self.silenced)
    }

    /// The same recovery, settled. The first settlement stands.
    #[must_use]
    pub fn settle(mut self, settled: Settled) -> Self {
        self.settled = self.settled.or(Some(settled));
        self
    }

    /// Where it stands in a block at `at`.
    #[must_use]
    pub fn status(&self, at: Moment) -> RecoveryStatus {
        match self.settled {
            Some(Settled::Cancelled(Moment { height, .. })) => RecoveryStatus::Cancelled { height },
            Some(Settled::Executed(Moment { height, .. })) => RecoveryStatus::Executed { height },
            None if at.time >= self.lapses => RecoveryStatus::Lapsed,
            None if has_reached(at, self.due) => RecoveryStatus::Due,
            None => RecoveryStatus::Waiting { due: self.due },
        }
    }

    /// Whether it may yet be carried out.
    #[must_use]
    pub fn is_pending(&self, at: Moment) -> bool {
        matches!(self.status(at), RecoveryStatus::Waiting { .. } | RecoveryStatus::Due)
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> RecoveryId {
        self.request.id
    }

    /// The account it is about.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// What was asked.
    #[must_use]
    pub const fn request(&self) -> &RecoveryRequest {
        &self.request
    }

    /// The patient keys of the account when it was asked for, ascending.
    #[must_use]
    pub fn replaces(&self) -> &[PublicKey] {
        &self.replaces
    }

    /// The trustees who approved, ascending.
    #[must_use]
    pub fn trustees(&self) -> &[MemberId] {
        &self.trustees
    }

    /// The block in which it was asked for.
    #[must_use]
    pub const fn requested(&self) -> Moment {
        self.requested
    }

    /// From when on it can be carried out, in both measures.
    #[must_use]
    pub const fn due(&self) -> Moment {
        self.due
    }

    /// From when on it can be carried out no more.
    #[must_use]
    pub const fn lapses(&self) -> Timestamp {
        self.lapses
    }

    /// From when on the next recovery can be asked for, in both measures.
    #[must_use]
    pub const fn next(&self) -> Moment {
        self.next
    }
}

impl Canonical for Recovery {
    const MAX_BYTES: usize = 256 + 2 * MAX_GROUP_KEYS * PublicKey::BYTES + super::trustees::MAX_TRUSTEES * 32;
}
