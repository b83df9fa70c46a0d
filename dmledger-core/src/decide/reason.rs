//! Why access was denied: one code a cause, in words a patient and a machine both read.

use crate::{
    consent::{GrantId, Standing},
    time::{Height, Timestamp},
};
use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

macro_rules! reasons {
    ($($(#[$doc:meta])* $code:literal $text:literal $name:ident $({ $($(#[$field_doc:meta])* $field:ident: $kind:ty),* $(,)? })?;)*) => {
        /// Why a request was denied, each cause with a stable number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Error)]
        #[borsh(use_discriminant = true)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$doc])* #[error($text)] $name $({ $($(#[$field_doc])* $field: $kind),* })? = $code,)*
        }

        impl Reason {
            /// Stable number of the cause: what travels, and what machines go by.
            #[must_use]
            pub const fn code(&self) -> u8 {
                match self { $(Self::$name $({ $($field: _),* })? => $code,)* }
            }
        }
    };
}

reasons! {
    /// The request is for another network.
    1 "request for another network" WrongChain;
    /// The asker has no admitted certificate.
    2 "not a member of this network" NotAMember;
    /// The asker's admission was revoked.
    3 "membership revoked at height {height}" MembershipRevoked {
        /// Height of the revocation.
        height: Height,
    };
    /// The asker's certificate is not yet in force.
    4 "certificate valid from {from} only" CertificateNotYetValid {
        /// When it begins.
        from: Timestamp,
    };
    /// The asker's certificate has run out.
    5 "certificate expired at {at}" CertificateExpired {
        /// First instant it is no longer valid.
        at: Timestamp,
    };
    /// There is no such account.
    10 "no such account" UnknownAccount;
    /// The account has no record of that name.
    11 "record {position} of the request is not in this account" UnknownRecord {
        /// Its place in the request, from 0.
        position: u16,
    };
    /// The grant named in the request does not exist, or is not for this asker and account.
    12 "no such grant for this member" UnknownGrant;
    /// Nothing has been granted.
    20 "nothing has been granted to this member" NoGrant;
    /// Closed by a grant that denies, whatever else is granted.
    21 "explicitly excluded by grant {grant}" Prohibited {
        /// The grant that denies.
        grant: GrantId,
    };
    /// The grant was revoked.
    22 "revoked at height {height}" Revoked {
        /// Height of the revocation.
        height: Height,
    };
    /// The grant ended in time.
    23 "expired at {at}" Expired {
        /// First instant it no longer held.
        at: Timestamp,
    };
    /// The grant ended in height.
    24 "expired at height {until}" HeightExpired {
        /// First height at which it no longer held.
        until: Height,
    };
    /// The grant has not begun in time.
    25 "valid from {from} only" NotYetValid {
        /// When it begins.
        from: Timestamp,
    };
    /// The grant has not begun in height.
    26 "valid from height {from} only" HeightNotReached {
        /// Height at which it begins.
        from: Height,
    };
    /// The grant is for something else than was asked to be done.
    27 "granted for another action than this" WrongVerb;
    /// The grant is for other purposes.
    28 "granted for another purpose than this" WrongPurpose;
    /// A record lies outside the span of data granted.
    29 "record {position} of the request lies outside the granted time range" OutsideDataRange {
        /// Its place in the request, from 0.
        position: u16,
    };
    /// All requests of the quota have been served.
    30 "quota of {quota} requests used up" QuotaExhausted {
        /// Requests granted.
        quota: u32,
    };
    /// Too few trustees have approved the emergency.
    90 "emergency awaits the approval of trustees" EmergencyPending;
    /// The emergency is approved; the patient can still veto it.
    91 "emergency opens at {opens}, from height {from}" EmergencyDelayed {
        /// When it opens in time.
        opens: Timestamp,
        /// When it opens in height.
        from: Height,
    };
    /// The emergency's time ran out.
    92 "emergency ended at {at}" EmergencyOver {
        /// First instant it was over.
        at: Timestamp,
    };
    /// The emergency's heights ran out.
    93 "emergency ended at height {until}" EmergencyOverAtHeight {
        /// First height at which it was over.
        until: Height,
    };
    /// The patient stopped the emergency before it opened.
    94 "emergency vetoed at height {height}" EmergencyVetoed {
        /// Height of the veto.
        height: Height,
    };
    /// The emergency was ended while it was open.
    95 "emergency ended by hand at height {height}" EmergencyEnded {
        /// Height of the block that ended it.
        height: Height,
    };
    /// The emergency was never approved in time.
    96 "emergency was never approved" EmergencyLapsed;
    /// The record is being erased.
    100 "erasure of record {position} of the request was ordered at height {height}" ErasureOrdered {
        /// Its place in the request, from 0.
        position: u16,
        /// Height of the order.
        height: Height,
    };
    /// The record has been erased.
    101 "record {position} of the request was erased, completely since height {height}" Erased {
        /// Its place in the request, from 0.
        position: u16,
        /// Height of the last receipt.
        height: Height,
    };
    /// The grantee gave the grant up.
    70 "renounced by the grantee at height {height}" Renounced {
        /// Height of the renunciation.
        height: Height,
    };
    /// Another grant took its place.
    71 "replaced at height {height} by grant {by}" Superseded {
        /// Height at which it did.
        height: Height,
        /// The other grant.
        by: GrantId,
    };
    /// The agreement behind the grant was ended.
    72 "ended with its agreement at height {height}" Terminated {
        /// Height at which it was.
        height: Height,
    };
    /// The referrer's own grant no longer serves.
    73 "referred under grant {grant}, which no longer serves" ReferralEnded {
        /// The referrer's grant.
        grant: GrantId,
    };
    /// The agreement names records, and not this one.
    74 "record {position} of the request is not in the agreement's index" NotIndexed {
        /// Its place in the request, from 0.
        position: u16,
    };
    /// Of what is open to the public, something else than reading for research or public health was asked.
    75 "open to the public for reading, and for research or public health only" NotForThePublic;
    /// Of what is open to the public, a record was asked that is not declared de-identified.
    76 "record {position} of the request is not declared de-identified" Identified {
        /// Its place in the request, from 0.
        position: u16,
    };
    /// The grant's conditions are not all undertaken.
    77 "conditions of the grant not accepted" ConditionsNotAccepted;
    /// Disease-specific research on another disease.
    78 "granted for research on another disease" WrongDisease;
}

impl Reason {
    /// What a grant's standing has to say against it; nothing if it is in force.
    #[must_use]
    pub const fn of_standing(standing: Standing) -> Option<Self> {
        Some(match standing {
            Standing::InForce => return None,
            Standing::NotYetValid { from } => Self::NotYetValid { from },
            Standing::HeightNotReached { from } => Self::HeightNotReached { from },
            Standing::Expired { at } => Self::Expired { at },
            Standing::HeightExpired { until } => Self::HeightExpired { until },
            Standing::Exhausted { quota } => Self::QuotaExhausted { quota },
            Standing::Revoked { height } => Self::Revoked { height },
            Standing::Renounced { height } => Self::Renounced { height },
            Standing::Superseded { height, by } => Self::Superseded { height, by },
            Standing::Terminated { height } => Self::Terminated { height },
        })
    }
}
