//! Who can act: members, their roles, and the certificate that is the only credential.
//!
//! A CA's X.509 certificate ([`certificate`]) carries a TLS key; a private extension ([`binding`]) ties the ledger key
//! to it, for one network and one [`Role`]. Verified, it is a [`Credential`]; admitted by the ledger, it is a
//! [`Member`]. A CA alone admits nobody: admission needs the approval of institutions that are members already.
//!
#![doc = include_str!("../docs/membership.md")]

pub mod binding;
pub mod certificate;
#[cfg(feature = "issue")]
pub mod issue;
pub mod role;

pub use binding::Binding;
pub use certificate::{AuthoritySet, Certificate, CertificateError, Credential};
pub use role::Role;

use crate::{
    codec::{Canonical, Text},
    envelope::digest_newtype,
    hash::{Digest, Hasher, tag},
    key::PublicKey,
    time::{Height, TimeRange, Timestamp},
};
use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// Longest name of a member or region, in bytes of UTF-8.
pub const MAX_NAME_BYTES: usize = 64;

/// A name or region of a member.
pub type Name = Text<MAX_NAME_BYTES>;

/// A member's name on the ledger: the tagged digest of its ledger key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct MemberId(Digest);
digest_newtype!(MemberId);

impl MemberId {
    /// The member with this ledger key.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        Self(Hasher::new(tag::MEMBER).chain(key.as_bytes()).finish())
    }
}

/// Whether a member's admission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[non_exhaustive]
pub enum MemberStatus {
    /// Admitted and not revoked; the certificate may still have run out.
    Active,
    /// Out since the block at this height.
    Revoked {
        /// Height of the revocation.
        height: Height,
    },
}

/// A credential that the ledger has admitted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Member {
    credential: Credential,
    admitted: Height,
    status: MemberStatus,
}

impl Member {
    /// A member admitted by the block at `admitted`.
    #[must_use]
    pub const fn admit(credential: Credential, admitted: Height) -> Self {
        Self { credential, admitted, status: MemberStatus::Active }
    }

    /// The same member, out since `height`. The first revocation stands.
    #[must_use]
    pub fn revoke(mut self, height: Height) -> Self {
        if self.status == MemberStatus::Active {
            self.status = MemberStatus::Revoked { height };
        }
        self
    }

    /// The same member with a new certificate for the same key.
    #[must_use]
    pub fn renew(self, credential: Credential) -> Self {
        Self { credential, ..self }
    }

    /// Its name on the ledger.
    #[must_use]
    pub fn id(&self) -> MemberId {
        MemberId::of(&self.credential.key())
    }

    /// What its certificate says.
    #[must_use]
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Its ledger key.
    #[must_use]
    pub const fn key(&self) -> PublicKey {
        self.credential.key()
    }

    /// Its role.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.credential.role()
    }

    /// Height of the block that admitted it.
    #[must_use]
    pub const fn admitted(&self) -> Height {
        self.admitted
    }

    /// Whether its admission stands.
    #[must_use]
    pub const fn status(&self) -> MemberStatus {
        self.status
    }

    /// When its certificate is valid.
    #[must_use]
    pub const fn valid(&self) -> TimeRange {
        self.credential.valid()
    }

    /// Whether it may act at block time `at`: not revoked, certificate valid.
    #[must_use]
    pub fn acts_at(&self, at: Timestamp) -> bool {
        self.status == MemberStatus::Active && self.valid().contains(at)
    }
}

impl Canonical for Member {
    const MAX_BYTES: usize = Credential::MAX_BYTES + 32;
}

#[cfg(test)]
mod tests;
