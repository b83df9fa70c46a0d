//! m of n, with groups: "at least 2 signatures, and at least one of the patient's two keys" is one policy among others.
//!
//! A plain 2-of-n lets two institutions act without the patient. A required group closes that hole: every signature of
//! a listed key counts towards the threshold, and each group with a minimum must reach it as well.

use crate::{
    codec::{Canonical, CodecError, List},
    key::PublicKey,
};
use alloc::{collections::BTreeSet, vec::Vec};
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{Error as IoError, ErrorKind, Read, Result as IoResult},
};
use core::fmt;
use thiserror::Error;

/// Most keys in one group.
pub const MAX_GROUP_KEYS: usize = 16;
/// Most groups in one policy.
pub const MAX_GROUPS: usize = 8;

/// Whose keys a group holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum KeyClass {
    /// The patient's own: one on the phone, one on the home gateway.
    Patient = 1,
    /// Institutions and homes that act together with the patient.
    Cosigner = 2,
    /// A guardian's, where the patient is a minor or cannot act.
    Guardian = 3,
}

impl fmt::Display for KeyClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Patient => "patient",
            Self::Cosigner => "cosigner",
            Self::Guardian => "guardian",
        })
    }
}

/// Keys of one class, and how many of them must have signed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Group {
    class: KeyClass,
    minimum: u8,
    keys: List<PublicKey, MAX_GROUP_KEYS>,
}

impl Group {
    /// A group; the keys are put in ascending order.
    ///
    /// # Errors
    /// [`PolicyError::EmptyGroup`], [`PolicyError::TooManyKeys`], [`PolicyError::MinimumTooHigh`],
    /// [`PolicyError::DuplicateKey`].
    pub fn new(class: KeyClass, minimum: u8, mut keys: Vec<PublicKey>) -> Result<Self, PolicyError> {
        keys.sort_unstable();
        let group = Self { class, minimum, keys: List::new(keys)? };
        group.check()?;
        Ok(group)
    }

    /// Whose keys.
    #[must_use]
    pub const fn class(&self) -> KeyClass {
        self.class
    }

    /// How many of them must have signed.
    #[must_use]
    pub const fn minimum(&self) -> u8 {
        self.minimum
    }

    /// The keys, ascending.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    fn check(&self) -> Result<(), PolicyError> {
        if self.keys.is_empty() {
            return Err(PolicyError::EmptyGroup);
        }
        if usize::from(self.minimum) > self.keys.len() {
            return Err(PolicyError::MinimumTooHigh { minimum: self.minimum, keys: self.keys.len() });
        }
        if !self.keys.windows(2).all(|pair| matches!(pair, [a, b] if a < b)) {
            return Err(PolicyError::DuplicateKey);
        }
        Ok(())
    }
}

/// Which sets of keys may act for an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct Policy {
    threshold: u8,
    groups: List<Group, MAX_GROUPS>,
}

impl Policy {
    /// A policy: at least `threshold` of all keys, and in each group at least its minimum.
    ///
    /// # Errors
    /// [`PolicyError::ThresholdOutOfRange`] unless `1 <= threshold <= n`; [`PolicyError::DuplicateKey`] if a key stands
    /// in two groups; [`PolicyError::TooManyKeys`].
    pub fn new(threshold: u8, groups: Vec<Group>) -> Result<Self, PolicyError> {
        let policy = Self { threshold, groups: List::new(groups)? };
        policy.check()?;
        Ok(policy)
    }

    /// The default for health data: at least two signatures, at least one of them by one of the patient's two keys.
    ///
    /// # Errors
    /// [`PolicyError`] for equal patient keys, or a cosigner's key given twice.
    pub fn medical(patient: [PublicKey; 2], cosigners: Vec<PublicKey>) -> Result<Self, PolicyError> {
        let mut groups = alloc::vec![Group::new(KeyClass::Patient, 1, patient.to_vec())?];
        if !cosigners.is_empty() {
            groups.push(Group::new(KeyClass::Cosigner, 0, cosigners)?);
        }
        Self::new(2, groups)
    }

    /// Plain m of n, for uses that are no patient's data.
    ///
    /// # Errors
    /// [`PolicyError`] unless `1 <= threshold <= n` and all keys differ.
    pub fn plain(threshold: u8, keys: Vec<PublicKey>) -> Result<Self, PolicyError> {
        Self::new(threshold, alloc::vec![Group::new(KeyClass::Cosigner, 0, keys)?])
    }

    /// The same policy with other patient keys, as many as it has.
    ///
    /// Several groups of patient keys become one that asks for as many of them as those did together.
    ///
    /// # Errors
    /// [`PolicyError::PatientKeys`] for another number of keys, or if it has none; as [`Self::new`].
    pub fn with_patient_keys(&self, keys: &[PublicKey]) -> Result<Self, PolicyError> {
        let need = self.keys_of(KeyClass::Patient).count();
        if keys.len() != need || need == 0 {
            return Err(PolicyError::PatientKeys { have: keys.len(), need });
        }
        let (own, others): (Vec<_>, Vec<_>) =
            self.groups.iter().cloned().partition(|group| group.class == KeyClass::Patient);
        let minimum = own.iter().fold(0, |sum: u8, group| sum.saturating_add(group.minimum));
        let mut groups = alloc::vec![Group::new(KeyClass::Patient, minimum, keys.to_vec())?];
        groups.extend(others);
        Self::new(self.threshold, groups)
    }

    /// Signatures needed in all.
    #[must_use]
    pub const fn threshold(&self) -> u8 {
        self.threshold
    }

    /// The groups.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The class of a key, or `None` if it has no say.
    #[must_use]
    pub fn class_of(&self, key: &PublicKey) -> Option<KeyClass> {
        self.groups.iter().find(|group| group.keys.binary_search(key).is_ok()).map(Group::class)
    }

    /// The keys of a class.
    pub fn keys_of(&self, class: KeyClass) -> impl Iterator<Item = &PublicKey> {
        self.groups.iter().filter(move |group| group.class == class).flat_map(|group| group.keys.iter())
    }

    /// Whether it protects a patient: a threshold of two at least, and no way round a patient's key.
    #[must_use]
    pub fn is_medical(&self) -> bool {
        self.threshold >= 2
            && self.keys_of(KeyClass::Patient).count() >= 2
            && self.groups.iter().any(|group| group.class == KeyClass::Patient && group.minimum >= 1)
    }

    /// Whether these signers suffice. Foreign keys and repetitions do not count.
    ///
    /// # Errors
    /// [`Missing`], naming the first shortfall.
    pub fn satisfied_by(&self, signers: impl IntoIterator<Item = PublicKey>) -> Result<(), Missing> {
        let signers: BTreeSet<_> = signers.into_iter().collect();
        let mut total = 0;
        for group in &self.groups {
            let have = signers.iter().filter(|key| group.keys.binary_search(key).is_ok()).count();
            if have < usize::from(group.minimum) {
                return Err(Missing::OfClass { class: group.class, have: count(have), need: group.minimum });
            }
            total += have;
        }
        if total < usize::from(self.threshold) {
            return Err(Missing::Signatures { have: count(total), need: self.threshold });
        }
        Ok(())
    }

    fn check(&self) -> Result<(), PolicyError> {
        let all: Vec<_> = self.groups.iter().flat_map(|group| group.keys.iter()).collect();
        if self.threshold == 0 || usize::from(self.threshold) > all.len() {
            return Err(PolicyError::ThresholdOutOfRange { threshold: self.threshold, keys: all.len() });
        }
        if all.iter().collect::<BTreeSet<_>>().len() != all.len() {
            return Err(PolicyError::DuplicateKey);
        }
        self.groups.iter().try_for_each(Group::check)
    }
}

// At most 8 groups of 16 keys: always fits.
fn count(n: usize) -> u8 {
    u8::try_from(n).unwrap_or(u8::MAX)
}

impl Canonical for Policy {
    const MAX_BYTES: usize = 8 + MAX_GROUPS * (6 + MAX_GROUP_KEYS * PublicKey::BYTES);
}

impl BorshDeserialize for Policy {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let (threshold, groups) = <(u8, List<Group, MAX_GROUPS>)>::deserialize_reader(reader)?;
        let policy = Self { threshold, groups };
        policy.check().map_err(|_| IoError::new(ErrorKind::InvalidData, "not a policy"))?;
        Ok(policy)
    }
}

/// What a set of signers lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Missing {
    /// Not enough keys of a class that must take part.
    #[error("{have} of {need} required {class} signatures present")]
    OfClass {
        /// The class.
        class: KeyClass,
        /// Signatures present.
        have: u8,
        /// Signatures needed.
        need: u8,
    },
    /// Not enough signatures in all.
    #[error("{have} of {need} signatures present")]
    Signatures {
        /// Signatures present.
        have: u8,
        /// Signatures needed.
        need: u8,
    },
}

/// Why a policy was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A group without keys.
    #[error("group without keys")]
    EmptyGroup,
    /// More must sign than there are.
    #[error("minimum of {minimum} in a group of {keys} keys")]
    MinimumTooHigh {
        /// The group's minimum.
        minimum: u8,
        /// The group's keys.
        keys: usize,
    },
    /// Zero, or more than all keys together.
    #[error("threshold {threshold} of {keys} keys")]
    ThresholdOutOfRange {
        /// The threshold.
        threshold: u8,
        /// All keys.
        keys: usize,
    },
    /// Not as many patient keys as the policy has.
    #[error("{have} patient keys where the policy has {need}")]
    PatientKeys {
        /// Keys named.
        have: usize,
        /// Patient keys of the policy.
        need: usize,
    },
    /// A key stands in the policy twice.
    #[error("key listed twice")]
    DuplicateKey,
    /// More keys or groups than a policy holds.
    #[error("too many keys or groups in a policy: {0}")]
    TooManyKeys(#[from] CodecError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;
    use alloc::vec;

    fn key(n: u8) -> PublicKey {
        let mut bytes = [n; 33];
        bytes[0] = 1;
        PublicKey::from_bytes(bytes).unwrap()
    }

    fn keys(range: core::ops::Range<u8>) -> Vec<PublicKey> {
        range.map(key).collect()
    }

    /// Every subset of `keys`.
    fn subsets(keys: &[PublicKey]) -> impl Iterator<Item = Vec<PublicKey>> {
        let chosen = |mask: u32| keys.iter().enumerate().filter(move |(i, _)| mask >> i & 1 == 1).map(|(_, key)| *key);
        (0..1_u32 << keys.len()).map(move |mask| chosen(mask).collect())
    }

    #[test]
    fn no_set_of_keys_without_the_patient_satisfies_a_medical_policy() {
        for n in 2..=6_u8 {
            let all = keys(0..n);
            let policy = Policy::medical([all[0], all[1]], all[2..].to_vec()).unwrap();
            assert!(policy.is_medical());
            for signers in subsets(&all) {
                let patients = signers.iter().filter(|key| all[..2].contains(key)).count();
                let expected = signers.len() >= 2 && patients >= 1;
                assert_eq!(policy.satisfied_by(signers.iter().copied()).is_ok(), expected, "n={n} {signers:?}");
            }
        }
    }

    #[test]
    fn a_plain_policy_counts_and_nothing_else() {
        for (m, n) in (1..=6_u8).flat_map(|n| (1..=n).map(move |m| (m, n))) {
            let all = keys(0..n);
            let policy = Policy::plain(m, all.clone()).unwrap();
            assert!(!policy.is_medical());
            for signers in subsets(&all) {
                let enough = signers.len() >= usize::from(m);
                assert_eq!(policy.satisfied_by(signers).is_ok(), enough);
            }
        }
    }

    #[test]
    fn strangers_and_repetitions_do_not_count() {
        let policy = Policy::medical([key(0), key(1)], keys(2..4)).unwrap();
        let lacking = |have| Err(Missing::Signatures { have, need: 2 });
        assert_eq!(policy.satisfied_by([key(0), key(0)]), lacking(1));
        assert_eq!(policy.satisfied_by([key(0), key(9)]), lacking(1));
        let patient = Missing::OfClass { class: KeyClass::Patient, have: 0, need: 1 };
        assert_eq!(policy.satisfied_by([key(2), key(3)]), Err(patient));
    }

    #[test]
    fn policies_that_cannot_work_are_refused() {
        assert_eq!(Policy::medical([key(0), key(0)], vec![]), Err(PolicyError::DuplicateKey));
        assert_eq!(Policy::medical([key(0), key(1)], vec![key(1)]), Err(PolicyError::DuplicateKey));
        assert_eq!(Policy::plain(0, keys(0..3)), Err(PolicyError::ThresholdOutOfRange { threshold: 0, keys: 3 }));
        assert_eq!(Policy::plain(4, keys(0..3)), Err(PolicyError::ThresholdOutOfRange { threshold: 4, keys: 3 }));
        assert_eq!(Group::new(KeyClass::Guardian, 0, vec![]), Err(PolicyError::EmptyGroup));
        let too_high = PolicyError::MinimumTooHigh { minimum: 3, keys: 2 };
        assert_eq!(Group::new(KeyClass::Guardian, 3, keys(0..2)), Err(too_high));
        assert!(matches!(Policy::plain(2, keys(0..17)), Err(PolicyError::TooManyKeys(_))));
    }

    #[test]
    fn bytes_of_a_policy_that_cannot_work_are_refused() {
        let policy = Policy::medical([key(0), key(1)], keys(2..4)).unwrap();
        let bytes = codec::encode(&policy);
        assert_eq!(codec::decode::<Policy>(&bytes), Ok(policy));
        for threshold in [0, 5] {
            let mut bytes = bytes.clone();
            bytes[1] = threshold;
            assert!(codec::decode::<Policy>(&bytes).is_err());
        }
    }
}
