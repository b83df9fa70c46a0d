//! What somebody can be told.

use crate::{
    consent::{AgreementId, Alert, Audience, GrantId, RequestId, Standing},
    decide::Reason,
    envelope::AccountId,
    identity::MemberId,
    record::RecordId,
    time::{Moment, Timestamp},
};

/// What happened, or is about to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A request was allowed.
    AccessAllowed {
        /// The request.
        request: RequestId,
        /// Who asked.
        member: MemberId,
    },
    /// A request was allowed in an emergency, under no grant.
    GlassBroken {
        /// The request.
        request: RequestId,
        /// Who asked.
        member: MemberId,
    },
    /// A request was denied.
    AccessDenied {
        /// The request.
        request: RequestId,
        /// Who asked.
        member: MemberId,
        /// Why.
        reason: Reason,
    },
    /// A grant was made.
    GrantMade {
        /// Which.
        grant: GrantId,
        /// For whom.
        audience: Audience,
    },
    /// A grant ended.
    GrantEnded {
        /// Which.
        grant: GrantId,
        /// How.
        standing: Standing,
    },
    /// A referral fell with the grant it was made under.
    ReferralEnded {
        /// Which.
        grant: GrantId,
        /// The referrer's grant.
        from: GrantId,
    },
    /// A grant ends soon.
    GrantEnding {
        /// Which.
        grant: GrantId,
        /// First instant it will no longer hold.
        at: Timestamp,
    },
    /// A certificate ends soon.
    CertificateEnding {
        /// Whose.
        member: MemberId,
        /// First instant it will no longer be valid.
        at: Timestamp,
    },
    /// A certificate ended, or its holder was dismissed.
    MemberOut {
        /// Whose.
        member: MemberId,
    },
    /// Records were registered.
    RecordsAdded {
        /// How many.
        count: u32,
    },
    /// A record got another version.
    RecordUpdated {
        /// The later version.
        record: RecordId,
        /// The version before it.
        supersedes: RecordId,
    },
    /// No record has been registered for as long as a rule says.
    Silence {
        /// Since when.
        since: Timestamp,
    },
    /// Something happened under an agreement: concluded, renewed, ended, noted or referred.
    Agreement {
        /// Which.
        agreement: AgreementId,
        /// What, by the action's name.
        action: &'static str,
    },
    /// Another action about the account, by its name.
    Other {
        /// The name.
        action: &'static str,
    },
}

/// What somebody is told about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a message to a host")]
pub struct Notice {
    /// The account.
    pub account: AccountId,
    /// The block.
    pub at: Moment,
    /// What it is.
    pub event: Event,
}

impl Event {
    /// Whether a rule asks for it.
    #[must_use]
    pub fn is_asked_for_by(&self, alert: &Alert) -> bool {
        match self {
            Self::AccessAllowed { .. } | Self::GlassBroken { .. } => *alert == Alert::AccessAllowed,
            Self::AccessDenied { .. } => *alert == Alert::AccessDenied,
            Self::GrantMade { .. } => *alert == Alert::GrantMade,
            Self::GrantEnded { .. } | Self::ReferralEnded { .. } => *alert == Alert::GrantEnded,
            Self::GrantEnding { .. } => matches!(alert, Alert::GrantEnding(_)),
            Self::CertificateEnding { .. } | Self::MemberOut { .. } => matches!(alert, Alert::CertificateEnding(_)),
            Self::RecordsAdded { .. } => *alert == Alert::RecordAdded,
            Self::RecordUpdated { .. } => *alert == Alert::RecordUpdated,
            Self::Silence { .. } => matches!(alert, Alert::Silence(_)),
            Self::Agreement { .. } => *alert == Alert::Agreement,
            Self::Other { .. } => *alert == Alert::Other,
        }
    }
}
