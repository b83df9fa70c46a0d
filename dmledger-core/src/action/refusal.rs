//! Why an action is not accepted: one table, a room for each subject.

mod accounts;
mod claims;
mod consent;
mod escrow;
mod network;
mod powers;

use crate::{
    account::{Missing, ProposalStatus, escrow::Intake},
    codec::CodecError,
    consent::grant::Dimension,
    decide::Reason,
    emergency::TermsError,
    identity::{CertificateError, MemberId, Role},
    record::RecordId,
    time::{Height, Timestamp},
    traits::proof_verifier::ProofRefusal,
};
use accounts::accounts;
use claims::claims;
use consent::consent;
use escrow::escrow;
use network::network;
use powers::powers;
use thiserror::Error;

macro_rules! refusals {
    ([$($(#[$doc:meta])* $code:literal $text:literal $name:ident $({ $($(#[$field_doc:meta])* $field:ident: $kind:ty),* $(,)? })?;)*]) => {
        /// Why an action is not accepted, each cause with a stable number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
        #[non_exhaustive]
        pub enum Refusal {
            $($(#[$doc])* #[error($text)] $name $({ $($(#[$field_doc])* $field: $kind),* })?,)*
        }

        impl Refusal {
            /// Stable number of the cause.
            #[must_use]
            pub const fn code(&self) -> u16 {
                match self { $(Self::$name $({ $($field: _),* })? => $code,)* }
            }
        }
    };
}

// One table in several rooms: each adds its rows and hands over to the next, the last makes the type.
network! { [] accounts consent escrow powers claims refusals }

impl From<Missing> for Refusal {
    fn from(missing: Missing) -> Self {
        Self::Policy { missing }
    }
}

impl From<CertificateError> for Refusal {
    fn from(error: CertificateError) -> Self {
        Self::Certificate { error }
    }
}

impl From<TermsError> for Refusal {
    fn from(error: TermsError) -> Self {
        Self::Terms { error }
    }
}
