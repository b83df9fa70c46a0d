//! Break-glass: somebody entitled reads in an emergency, because trustees of the patient agree.
//!
//! An emergency is asked for, approved, opens at once or after a delay, and ends by itself. It opens reading only, of one
//! span of records, to one member, for the one coded reason it was asked for, and never the same emergency twice.

pub mod terms;

pub use terms::{EmergencyRequest, EmergencyTerms, Immediate, MAX_LIFE, MAX_REQUESTERS, PatientState};

use super::trustees::has_reached;
use crate::{
    codec::{Canonical, List},
    consent::grant::{random_name, wide_name},
    envelope::AccountId,
    hash::Digest,
    identity::{MemberId, Role},
    scope::Validity,
    time::{Height, Moment, TimeRange},
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// An emergency's name: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct EmergencyId([u8; 16]);
random_name!(EmergencyId);
wide_name!(EmergencyId);

/// One trustee's approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct Approval {
    /// Who.
    pub trustee: MemberId,
    /// In which role.
    pub role: Role,
    /// The block that took it.
    pub at: Moment,
}

/// Who ended an emergency before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum EndedBy {
    /// The patient, with one key: a veto if it was not open yet.
    Patient = 1,
    /// The requester, who needs it no more.
    Requester = 2,
}

/// The end of an emergency before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct Ended {
    /// By whom.
    pub by: EndedBy,
    /// The block since which it is over.
    pub at: Moment,
}

/// What a reviewer found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "justified or not")]
pub enum Verdict {
    /// The emergency was one, and was used as one.
    Justified = 1,
    /// It was not.
    Abuse = 2,
}

/// The review of an emergency, once and for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a row of the state: what stands in it is what a proof shows")]
pub struct Review {
    /// Who reviewed.
    pub reviewer: MemberId,
    /// What was found.
    pub verdict: Verdict,
    /// Salted digest of the written findings.
    pub findings: Digest,
    /// The block that took it.
    pub at: Moment,
}

/// Where an emergency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmergencyStatus {
    /// Too few trustees have approved.
    Pending,
    /// It never got the approvals it needed in time.
    Lapsed,
    /// Approved; the patient can still veto.
    Delayed {
        /// When it opens, in both measures.
        opens: Moment,
    },
    /// Open.
    Open,
    /// Its time ran out.
    Over,
    /// Ended before it opened.
    Vetoed {
        /// Height of the block that ended it.
        height: Height,
    },
    /// Ended while it was open.
    Ended {
        /// By whom.
        by: EndedBy,
        /// Height of the block that ended it.
        height: Height,
    },
}

/// An emergency as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Emergency {
    account: AccountId,
    requester: MemberId,
    request: EmergencyRequest,
    requested: Moment,
    waits: Validity,
    uses: u32,
    reviewer: Option<MemberId>,
    approvals: List<Approval, { super::trustees::MAX_TRUSTEES }>,
    open: Option<Validity>,
    used: u32,
    ended: Option<Ended>,
    review: Option<Review>,
}

impl Emergency {
    /// An emergency that `requester` asks for in the block at `at`; `None` if the terms leave no time at all.
    #[must_use]
    pub fn new(
        account: AccountId,
        requester: MemberId,
        request: EmergencyRequest,
        terms: &EmergencyTerms,
        at: Moment,
    ) -> Option<Self> {
        Some(Self {
            account,
            requester,
            request,
            requested: at,
            waits: between(at, terms.life.after(at))?,
            uses: terms.uses,
            reviewer: terms.reviewer,
            approvals: List::empty(),
            open: None,
            used: 0,
            ended: None,
            review: None,
        })
    }

    /// The same emergency with more approvals; whoever has approved before is passed over. It opens as the terms say.
    #[must_use]
    pub fn approve(mut self, approving: &[(MemberId, Role)], terms: &EmergencyTerms, at: Moment) -> Self {
        for (trustee, role) in approving {
            if !self.has_approved(trustee) {
                // A circle has no more trustees than there is room for.
                self.approvals.push(Approval { trustee: *trustee, role: *role, at }).ok();
            }
        }
        let count = self.approvals.len();
        let at_once = terms.opens_at_once(self.request.patient, &self.approvals);
        let opens = match self.open {
            _ if at_once => at,
            None if count >= usize::from(terms.circle.threshold()) => terms.delay.after(at),
            Some(_) | None => return self,
        };
        self.open = between(opens, terms.life.after(opens));
        self
    }

    /// The same emergency, over since the block at `at`. The first end stands.
    #[must_use]
    pub fn end(mut self, by: EndedBy, at: Moment) -> Self {
        self.ended = self.ended.or(Some(Ended { by, at }));
        self
    }

    /// The same emergency after one more request was served under it.
    #[must_use]
    pub const fn spend(mut self) -> Self {
        self.used = self.used.saturating_add(1);
        self
    }

    /// The same emergency, reviewed. The first review stands.
    #[must_use]
    pub fn reviewed(mut self, review: Review) -> Self {
        self.review = self.review.or(Some(review));
        self
    }

    /// Where it stands in a block at `at`.
    #[must_use]
    pub fn status(&self, at: Moment) -> EmergencyStatus {
        if let Some(Ended { by, at: end }) = self.ended {
            return if self.open.is_some_and(|open| has_reached(end, start(&open))) {
                EmergencyStatus::Ended { by, height: end.height }
            } else {
                EmergencyStatus::Vetoed { height: end.height }
            };
        }
        match self.open {
            None if self.waits.is_over(at.height, at.time) => EmergencyStatus::Lapsed,
            None => EmergencyStatus::Pending,
            Some(open) if open.is_over(at.height, at.time) => EmergencyStatus::Over,
            Some(open) if open.holds(at.height, at.time) => EmergencyStatus::Open,
            Some(open) => EmergencyStatus::Delayed { opens: start(&open) },
        }
    }

    /// Whether it is neither over nor out of the question in a block at `at`.
    #[must_use]
    pub fn is_running(&self, at: Moment) -> bool {
        use EmergencyStatus::{Delayed, Open, Pending};
        matches!(self.status(at), Pending | Delayed { .. } | Open)
    }

    /// Whether somebody has to review it in a block at `at`: it was open, is over, and nobody has.
    #[must_use]
    pub fn awaits_review(&self, at: Moment) -> bool {
        let was_open = matches!(self.status(at), EmergencyStatus::Over | EmergencyStatus::Ended { .. });
        was_open && self.review.is_none()
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> EmergencyId {
        self.request.id
    }

    /// The account it is about.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// Who asked, and who alone may read.
    #[must_use]
    pub const fn requester(&self) -> MemberId {
        self.requester
    }

    /// What was asked.
    #[must_use]
    pub const fn request(&self) -> &EmergencyRequest {
        &self.request
    }

    /// The block in which it was asked.
    #[must_use]
    pub const fn requested(&self) -> Moment {
        self.requested
    }

    /// The approvals, in the order they came.
    #[must_use]
    pub fn approvals(&self) -> &[Approval] {
        &self.approvals
    }

    /// Whether this trustee has approved it.
    #[must_use]
    pub fn has_approved(&self, trustee: &MemberId) -> bool {
        self.approvals.iter().any(|one| one.trustee == *trustee)
    }

    /// When it is open; `None` while too few have approved.
    #[must_use]
    pub const fn open(&self) -> Option<Validity> {
        self.open
    }

    /// Requests served under it.
    #[must_use]
    pub const fn used(&self) -> u32 {
        self.used
    }

    /// Requests it serves at most.
    #[must_use]
    pub const fn uses(&self) -> u32 {
        self.uses
    }

    /// The reviewer the patient had named when it was asked for.
    #[must_use]
    pub const fn reviewer(&self) -> Option<MemberId> {
        self.reviewer
    }

    /// Its end before its time.
    #[must_use]
    pub const fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// Its review.
    #[must_use]
    pub const fn review(&self) -> Option<Review> {
        self.review
    }
}

impl Canonical for Emergency {
    const MAX_BYTES: usize = 512 + super::trustees::MAX_TRUSTEES * 49;
}

/// From one moment up to, not including, another: begun when both measures have begun, over when either is.
fn between(from: Moment, until: Moment) -> Option<Validity> {
    let time = TimeRange::new(from.time, until.time).ok()?;
    Validity::new(time, from.height, until.height).ok()
}

const fn start(validity: &Validity) -> Moment {
    Moment { height: validity.from(), time: validity.time().start() }
}

#[cfg(test)]
mod tests;
