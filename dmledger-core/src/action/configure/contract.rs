//! The admission contract: what it takes to become a member, as the data centre configured it last.

use super::{Fault, GenesisError, Profile, Settings};
use crate::{
    action::Refusal,
    codec::Canonical,
    identity::{Credential, Role},
    state::{Delta, tables::Facts},
};
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{ErrorKind, Read, Result as IoResult},
};
use core::time::Duration;

/// A set of roles, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct RoleSet(u16);

impl RoleSet {
    /// Every role.
    pub const ALL: Self = Self(0b1_1111_1111_1110);

    /// These roles.
    #[must_use]
    pub fn new(roles: &[Role]) -> Self {
        Self(roles.iter().fold(0, |bits, role| bits | bit(*role)))
    }

    /// Whether `role` is one of them.
    #[must_use]
    pub const fn contains(self, role: Role) -> bool {
        self.0 & bit(role) != 0
    }
}

const fn bit(role: Role) -> u16 {
    1 << role as u8
}

impl BorshDeserialize for RoleSet {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let bits = u16::deserialize_reader(reader)?;
        if bits & !Self::ALL.0 == 0 { Ok(Self(bits)) } else { Err(ErrorKind::InvalidData.into()) }
    }
}

/// Whether a key must have been provisioned by an end node before it may vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "it must or it need not")]
pub enum Provisioning {
    /// A member's ledger key may vote as well as a provisioned node's.
    Optional = 1,
    /// Only keys of provisioned nodes may be named as validators.
    Required = 2,
}

/// What it takes to become a member and a validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "a message: what stands in it is what is signed")]
pub struct AdmissionContract {
    /// Its number; genesis sets number 0.
    pub number: u64,
    /// Members that must approve an admission, a dismissal, a change of validators, and the next contract.
    pub approvals: u16,
    /// Roles that may join.
    pub roles: RoleSet,
    /// Longest life of a certificate that is admitted, in days; 0 for any.
    pub certificate_days: u16,
    /// Whether validators must be provisioned nodes.
    pub provisioning: Provisioning,
}

impl Canonical for AdmissionContract {
    const MAX_BYTES: usize = 24;
}

impl AdmissionContract {
    /// The contract a network begins with: every role, any certificate, `approvals` as genesis says.
    #[must_use]
    pub const fn founding(approvals: u16) -> Self {
        let (roles, provisioning) = (RoleSet::ALL, Provisioning::Optional);
        Self { number: 0, approvals, roles, certificate_days: 0, provisioning }
    }

    /// Whether a certificate may be admitted under it.
    ///
    /// # Errors
    /// [`Refusal::RoleNotAdmitted`], [`Refusal::CertificateTooLong`].
    pub fn admits(&self, credential: &Credential) -> Result<(), Refusal> {
        let role = credential.role();
        if !self.roles.contains(role) {
            return Err(Refusal::RoleNotAdmitted { role });
        }
        let (days, valid) = (u64::from(self.certificate_days), credential.valid());
        if days > 0 && valid.end().since(valid.start()) > Duration::from_secs(86_400 * days) {
            return Err(Refusal::CertificateTooLong { days: self.certificate_days });
        }
        Ok(())
    }

    /// Checks that somebody could still be admitted, where so many members may approve.
    pub(super) const fn validate(&self, approvers: usize) -> Result<(), GenesisError> {
        if self.approvals == 0 || self.approvals as usize > approvers {
            return Err(GenesisError::Approvals { approvals: self.approvals, institutions: approvers });
        }
        Ok(())
    }
}

/// Refuses what must not stand on the ledger itself where anybody may follow.
///
/// # Errors
/// [`Refusal::InlineForbidden`] if `bytes` is not zero and the network's profile allows nothing inline; [`Fault::State`].
pub fn require_inline_allowed(bytes: usize, facts: &Facts<'_>) -> Result<(), Fault> {
    if bytes > 0 && !facts.known::<Profile>(&facts.places().profile())?.is_some_and(Profile::allows_inline) {
        return Err(Refusal::InlineForbidden { bytes }.into());
    }
    Ok(())
}

/// Puts another contract into force.
pub(in crate::action) fn replace(
    contract: AdmissionContract,
    state: &mut Delta<'_>,
    chain: crate::envelope::ChainId,
) -> Result<(), Fault> {
    let (mut settings, place) = {
        let facts = Facts::new(chain, state);
        (Settings::read(&facts)?, facts.places().settings())
    };
    settings.contract = contract;
    Ok(state.put(place, &settings)?)
}

impl Profile {
    /// How many of these roles have a say.
    pub(super) fn approvers(self, roles: impl Iterator<Item = Role>) -> usize {
        roles.filter(|role| self.approves(*role)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_roles_holds_what_was_put_in_and_unknown_bits_are_refused() {
        let set = RoleSet::new(&[Role::Hospital, Role::HealthManager]);
        for role in Role::ALL {
            assert!(RoleSet::ALL.contains(role));
            assert_eq!(set.contains(role), role == Role::Hospital || role == Role::HealthManager);
        }
        for bits in [1_u16, 1 << 13, u16::MAX] {
            assert!(RoleSet::try_from_slice(&bits.to_le_bytes()).is_err(), "{bits}");
        }
    }
}
