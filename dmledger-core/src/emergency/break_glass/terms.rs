//! What the patient allows in an emergency, and what is asked for.

use super::{Approval, EmergencyId};
use crate::{
    codec::{Canonical, List},
    emergency::trustees::{Circle, Period, TermsError},
    hash::Digest,
    identity::{MemberId, Role},
    scope::Purpose,
    time::{TimeRange, Timestamp},
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::time::Duration;

/// Longest time an emergency stays open: a week.
pub const MAX_LIFE: Duration = Duration::from_secs(7 * 86_400);
/// Most roles that may ask.
pub const MAX_REQUESTERS: usize = Role::ALL.len();

/// How an emergency opens at once when the patient cannot answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct Immediate {
    /// Approvals it takes, at least the circle's threshold.
    pub approvals: u8,
    /// The role of one trustee that has to be among those who approve; `None` for any.
    pub role: Option<Role>,
}

/// Under which terms the patient lets trustees open an account in an emergency.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct EmergencyTerms {
    /// Who approves.
    pub circle: Circle,
    /// Which roles may ask, ascending.
    pub requesters: List<Role, MAX_REQUESTERS>,
    /// How far back records may be asked for, in milliseconds before the request; `None` for all there are.
    pub look_back_ms: Option<u64>,
    /// How long the patient has to veto between approval and opening.
    pub delay: Period,
    /// When there is no delay because the patient cannot answer; `None` for never.
    pub immediate: Option<Immediate>,
    /// How long it stays open, and how long a request waits for approvals; ends with whichever measure ends first.
    pub life: Period,
    /// How many requests it serves.
    pub uses: u32,
    /// Who reviews what was done, beside every regulator.
    pub reviewer: Option<MemberId>,
}

impl EmergencyTerms {
    pub(in crate::emergency) fn check(&self) -> Result<(), TermsError> {
        if self.requesters.is_empty() {
            return Err(TermsError::NoRequesters);
        }
        if !self.requesters.windows(2).all(|pair| matches!(pair, [a, b] if a < b)) {
            return Err(TermsError::Requesters);
        }
        if !self.life.is_positive() || self.life.duration() > MAX_LIFE {
            return Err(TermsError::Life);
        }
        if self.uses == 0 {
            return Err(TermsError::NoUses);
        }
        if let Some(Immediate { approvals, .. }) = self.immediate
            && (approvals < self.circle.threshold() || usize::from(approvals) > self.circle.trustees().len())
        {
            return Err(TermsError::Immediate { approvals });
        }
        if self.reviewer.is_some_and(|reviewer| self.circle.contains(&reviewer)) {
            return Err(TermsError::Reviewer);
        }
        Ok(())
    }

    /// Whether records of this span may be asked for in a block at `time`.
    #[must_use]
    pub fn reaches(&self, data: &TimeRange, time: Timestamp) -> bool {
        let earliest = self.look_back_ms.map(|back| time.minus(Duration::from_millis(back)));
        earliest.is_none_or(|earliest| earliest <= data.start())
    }

    /// Whether these approvals open it without delay.
    pub(super) fn opens_at_once(&self, patient: PatientState, approvals: &[Approval]) -> bool {
        let Some(immediate) = self.immediate.filter(|_| patient == PatientState::Unresponsive) else { return false };
        let has_role = immediate.role.is_none_or(|role| approvals.iter().any(|one| one.role == role));
        approvals.len() >= usize::from(immediate.approvals) && has_role
    }
}

impl Canonical for EmergencyTerms {
    const MAX_BYTES: usize = Circle::MAX_BYTES + 128;
}

/// What the requester declares about the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum PatientState {
    /// Can be reached: the delay runs.
    Responsive = 1,
    /// Unconscious or too ill to answer.
    Unresponsive = 2,
}

/// What is asked for. The account stands in the envelope; the requester is the one who signed as author.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct EmergencyRequest {
    /// Its name.
    pub id: EmergencyId,
    /// Number of the patient's decision about emergency trustees that it relies on.
    pub terms: u64,
    /// Why: break the glass (`BTG`) or emergency treatment (`ETREAT`).
    pub reason: Purpose,
    /// The state the patient is in.
    pub patient: PatientState,
    /// Which data: the span of time the records cover.
    pub data: TimeRange,
    /// Salted digest of the written statement, who treats and what happened, that the requester keeps for the review.
    pub statement: Digest,
}

impl EmergencyRequest {
    /// Whether a purpose is one of the two that emergencies are about.
    #[must_use]
    pub const fn is_emergency(purpose: Purpose) -> bool {
        matches!(purpose, Purpose::BreakTheGlass | Purpose::EmergencyTreatment)
    }
}

impl Canonical for EmergencyRequest {
    const MAX_BYTES: usize = 96;
}
