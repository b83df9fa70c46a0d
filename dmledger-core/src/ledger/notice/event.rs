//! What somebody can be told.

use crate::{
    account::escrow::EscrowStatus,
    consent::{
        AgreementId, Alert, Audience, GrantId, RequestId, Standing,
        erasure::{Custodian, Erased, ErasureId},
    },
    decide::Reason,
    emergency::{EmergencyId, EmergencyStatus, RecoveryId, RecoveryStatus, Verdict},
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
    /// An emergency was asked for, approved by one more trustee, or stands elsewhere than before: a delay begun, open,
    /// vetoed, ended, over, lapsed.
    Emergency {
        /// Which.
        emergency: EmergencyId,
        /// Who asked, and who alone may read.
        requester: MemberId,
        /// Trustees who have approved.
        approvals: u16,
        /// Where it stands.
        status: EmergencyStatus,
    },
    /// An emergency that was open has been reviewed.
    EmergencyReviewed {
        /// Which.
        emergency: EmergencyId,
        /// By whom.
        reviewer: MemberId,
        /// What was found.
        verdict: Verdict,
    },
    /// A recovery was asked for, or stands elsewhere than before: due, carried out, stopped, lapsed.
    Recovery {
        /// Which.
        recovery: RecoveryId,
        /// Where it stands; while it waits, until when it can only be stopped.
        status: RecoveryStatus,
    },
    /// An erasure was ordered.
    ErasureOrdered {
        /// Which.
        erasure: ErasureId,
        /// What is erased.
        erased: Erased,
    },
    /// A custodian stated that it has erased.
    ErasureConfirmed {
        /// Which order.
        erasure: ErasureId,
        /// Who, and what it held.
        custodian: Custodian,
        /// Custodians who have not answered after this block; none if the erasure is complete.
        outstanding: u16,
    },
    /// An institution asks to publish into the account, or its publication stands elsewhere than before.
    Publication {
        /// Where the publication waits, or waited.
        address: AccountId,
        /// Who published.
        institution: MemberId,
        /// Records published.
        records: u16,
        /// Waiting is the request to the account's holders.
        status: EscrowStatus,
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
            Self::AccessAllowed { .. } => *alert == Alert::AccessAllowed,
            Self::GlassBroken { .. } => matches!(alert, Alert::AccessAllowed | Alert::Emergency),
            Self::Emergency { .. } | Self::EmergencyReviewed { .. } => *alert == Alert::Emergency,
            Self::Recovery { .. } => *alert == Alert::Recovery,
            Self::ErasureOrdered { .. } | Self::ErasureConfirmed { .. } => *alert == Alert::Erasure,
            Self::AccessDenied { .. } => *alert == Alert::AccessDenied,
            Self::GrantMade { .. } => *alert == Alert::GrantMade,
            Self::GrantEnded { .. } | Self::ReferralEnded { .. } => *alert == Alert::GrantEnded,
            Self::GrantEnding { .. } => matches!(alert, Alert::GrantEnding(_)),
            Self::CertificateEnding { .. } | Self::MemberOut { .. } => matches!(alert, Alert::CertificateEnding(_)),
            Self::RecordsAdded { .. } => *alert == Alert::RecordAdded,
            Self::RecordUpdated { .. } => *alert == Alert::RecordUpdated,
            Self::Silence { .. } => matches!(alert, Alert::Silence(_)),
            Self::Agreement { .. } => *alert == Alert::Agreement,
            Self::Publication { .. } => *alert == Alert::Publication,
            Self::Other { .. } => *alert == Alert::Other,
        }
    }

    /// Whether an account's holders are told whatever rules they have set: what others do under the powers of emergency
    /// and recovery can be stopped only by a holder who hears of it, and a publication waits for the holder's answer.
    #[must_use]
    pub const fn cannot_be_silenced(&self) -> bool {
        matches!(
            self,
            Self::GlassBroken { .. }
                | Self::Emergency { .. }
                | Self::EmergencyReviewed { .. }
                | Self::Recovery { .. }
                | Self::Publication { status: EscrowStatus::Waiting, .. }
        )
    }
}
