//! What a member is there for. Rights follow from the role together with grants, never from the role alone.

use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// A member's role. Patients are no members: they are known to the ledger by the keys of their accounts only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum Role {
    /// Treats patients; A node.
    Hospital = 1,
    /// Oversees; sees logs and proofs, no content without a grant; A node.
    Regulator = 2,
    /// Provides services to patients and institutions; A node.
    ThirdParty = 3,
    /// Dispenses; A node.
    Pharmacy = 4,
    /// Studies; A node.
    Research = 5,
    /// A home with its gateway; B node.
    Residence = 6,
    /// Registrar that provisions ledgers and certifies patients' keys.
    EndNode = 7,
    /// Operates the data lake and configures the admission contract.
    DataCentre = 8,
    /// Holds an emergency or recovery key for a patient: a relative, or an independent public body.
    Trustee = 9,
    /// A measuring device with a key of its own.
    Device = 10,
    /// A person who treats, acting under an institution.
    Physician = 11,
    /// A person who coaches and follows up.
    HealthManager = 12,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 12] = [
        Self::Hospital,
        Self::Regulator,
        Self::ThirdParty,
        Self::Pharmacy,
        Self::Research,
        Self::Residence,
        Self::EndNode,
        Self::DataCentre,
        Self::Trustee,
        Self::Device,
        Self::Physician,
        Self::HealthManager,
    ];

    /// Whether it counts as an institution: approves admissions, runs an A node.
    #[must_use]
    pub const fn is_institution(self) -> bool {
        matches!(self, Self::Hospital | Self::Regulator | Self::ThirdParty | Self::Pharmacy | Self::Research)
    }

    /// Whether it may certify patients' keys when an account is opened.
    #[must_use]
    pub const fn certifies_patients(self) -> bool {
        matches!(self, Self::Residence | Self::EndNode)
    }

    /// The role in plain words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hospital => "hospital",
            Self::Regulator => "regulator",
            Self::ThirdParty => "third-party service",
            Self::Pharmacy => "pharmacy",
            Self::Research => "research institution",
            Self::Residence => "residence",
            Self::EndNode => "end node",
            Self::DataCentre => "data centre",
            Self::Trustee => "trustee",
            Self::Device => "device",
            Self::Physician => "physician",
            Self::HealthManager => "health manager",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_roles_are_fixed() {
        let numbers = Role::ALL.map(|role| role as u8);
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    }

    #[test]
    fn homes_and_registrars_certify_patients_and_approve_nobody() {
        for role in Role::ALL {
            assert!(!(role.is_institution() && role.certifies_patients()), "{role}");
        }
    }
}
