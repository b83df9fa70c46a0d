//! The access log: every request with its answer, for ever.

use super::Reason;
use crate::{
    codec::{Canonical, List},
    consent::{GrantId, RequestId, access::MAX_REQUESTED_RECORDS},
    emergency::EmergencyId,
    envelope::AccountId,
    hash::{Digest, of, tag},
    identity::MemberId,
    record::RecordId,
    scope::{Conditions, Purpose, Verb},
    state::{
        StateError,
        tables::{Facts, LogPosition},
    },
    time::Moment,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_enums, reason = "yes, no, or yes in an emergency")]
pub enum AccessOutcome {
    /// Yes, under this grant.
    Allowed {
        /// The grant; one request of its quota is spent.
        grant: GrantId,
    },
    /// No.
    Denied {
        /// Why.
        reason: Reason,
    },
    /// Yes, in this emergency and under no grant: the glass was broken.
    BreakGlass {
        /// The emergency; one request of those it serves is spent.
        emergency: EmergencyId,
    },
}

impl AccessOutcome {
    /// The grant that was used, if one was.
    #[must_use]
    pub const fn grant(&self) -> Option<GrantId> {
        match self {
            Self::Allowed { grant } => Some(*grant),
            Self::Denied { .. } | Self::BreakGlass { .. } => None,
        }
    }
}

/// One line of an account's access log.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct AccessEntry {
    /// Whose log.
    pub account: AccountId,
    /// Its place in the log, from 0.
    pub number: u64,
    /// Who asked.
    pub member: MemberId,
    /// The request's name.
    pub request: RequestId,
    /// Which records.
    pub records: List<RecordId, MAX_REQUESTED_RECORDS>,
    /// To do what.
    pub verb: Verb,
    /// Why.
    pub purpose: Purpose,
    /// What the asker undertook.
    pub undertaking: Conditions,
    /// The answer.
    pub outcome: AccessOutcome,
    /// The block in which it was decided.
    pub at: Moment,
}

impl AccessEntry {
    /// What the account's complete list holds for this entry.
    #[must_use]
    pub fn digest(&self) -> Digest {
        of(tag::ACCESS_ENTRY, self)
    }
}

impl Facts<'_> {
    /// The answer to a request, once it is in the log.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn answer(&self, request: &RequestId) -> Result<Option<AccessEntry>, StateError> {
        let Some(position) = self.get::<LogPosition>(&self.places().request(request))? else { return Ok(None) };
        self.get(&self.places().access(&position.account, position.number))
    }
}

impl Canonical for AccessEntry {
    const MAX_BYTES: usize = 256 + Conditions::MAX_BYTES + MAX_REQUESTED_RECORDS * 32;
}
