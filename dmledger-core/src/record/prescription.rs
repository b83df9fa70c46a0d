//! Prescriptions and what was dispensed on them: contents of records, so that a medicine can be followed end to end.
//!
//! Both are sealed like any record. The ledger shows who proposed, who signed, who read and in which order; whoever can
//! open the records sees that each dispensation names its prescription and that no more was handed out than prescribed.

use super::RecordId;
use crate::{
    codec::{Canonical, Text},
    hash::{Digest, of, tag},
    identity::MemberId,
    time::{TimeRange, Timestamp},
};
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{ErrorKind, Read, Result as IoResult},
};
use thiserror::Error;

/// Longest name of a medicine in bytes.
pub const MAX_MEDICINE_BYTES: usize = 128;
/// Longest directions in bytes.
pub const MAX_DIRECTIONS_BYTES: usize = 512;

/// A prescription (FHIR R4 `MedicationRequest`, the parts that are followed here).
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "filled in by the prescriber, field by field")]
pub struct Prescription {
    /// The medicine, as the prescriber names it: a code of a national list, or its name and strength.
    pub medicine: Text<MAX_MEDICINE_BYTES>,
    /// How it is taken.
    pub directions: Text<MAX_DIRECTIONS_BYTES>,
    /// How many units may be handed out in all, repeats included.
    pub units: Units,
    /// When it may be dispensed.
    pub valid: TimeRange,
    /// Who prescribes.
    pub prescriber: MemberId,
}

impl Prescription {
    /// What a dispensation names it by.
    #[must_use]
    pub fn digest(&self) -> Digest {
        of(tag::PRESCRIPTION, self)
    }
}

impl Canonical for Prescription {
    const MAX_BYTES: usize = MAX_MEDICINE_BYTES + MAX_DIRECTIONS_BYTES + 80;
}

/// Packs, pens, tablets: whatever a prescription counts. At least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Units(u32);

impl Units {
    /// So many.
    ///
    /// # Errors
    /// [`CirculationError::Nothing`] for zero.
    pub const fn new(units: u32) -> Result<Self, CirculationError> {
        if units == 0 { Err(CirculationError::Nothing) } else { Ok(Self(units)) }
    }

    /// How many.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.0
    }
}

impl BorshDeserialize for Units {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        Self::new(u32::deserialize_reader(reader)?).map_err(|_| ErrorKind::InvalidData.into())
    }
}

/// What was handed out on a prescription (FHIR R4 `MedicationDispense`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "filled in by the pharmacy, field by field")]
pub struct Dispensation {
    /// The record of the prescription.
    pub prescription: RecordId,
    /// What the pharmacy read there: [`Prescription::digest`].
    pub content: Digest,
    /// How many units.
    pub units: Units,
    /// Who dispensed.
    pub pharmacy: MemberId,
    /// When.
    pub at: Timestamp,
}

impl Canonical for Dispensation {
    const MAX_BYTES: usize = 128;
}

/// Follows a prescription through what was dispensed on it, in order; returns how many units are left.
///
/// # Errors
/// [`CirculationError`], naming the first dispensation that does not belong.
pub fn follow(
    record: &RecordId,
    prescription: &Prescription,
    dispensed: &[Dispensation],
) -> Result<u32, CirculationError> {
    let mut left = prescription.units.count();
    for (position, one) in dispensed.iter().enumerate() {
        if one.prescription != *record || one.content != prescription.digest() {
            return Err(CirculationError::AnotherPrescription { position });
        }
        if !prescription.valid.contains(one.at) {
            return Err(CirculationError::OutsideValidity { position });
        }
        let asked = one.units.count();
        left = left.checked_sub(asked).ok_or(CirculationError::TooMuch { position, asked, left })?;
    }
    Ok(left)
}

/// What is wrong with a prescription or with what was dispensed on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CirculationError {
    /// Not a single unit.
    #[error("nothing prescribed or dispensed")]
    Nothing,
    /// It names another record, or another content than the record's.
    #[error("dispensation {position} belongs to another prescription")]
    AnotherPrescription {
        /// Its place, from 0.
        position: usize,
    },
    /// Before the prescription began or after it ended.
    #[error("dispensation {position} lies outside the prescription's validity")]
    OutsideValidity {
        /// Its place, from 0.
        position: usize,
    },
    /// More than was left.
    #[error("dispensation {position} of {asked} units where {left} are left")]
    TooMuch {
        /// Its place, from 0.
        position: usize,
        /// Units handed out.
        asked: u32,
        /// Units that were left.
        left: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        codec::{decode, encode},
        hash::tagged,
        key::PublicKey,
    };
    use alloc::format;

    fn member() -> MemberId {
        MemberId::of(&PublicKey::from_bytes([1; 33]).unwrap())
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn prescription() -> Prescription {
        Prescription {
            medicine: Text::new("A10AE04 insulin glargine 100 U/mL, pen 3 mL").unwrap(),
            directions: Text::new("18 units at night").unwrap(),
            units: Units::new(5).unwrap(),
            valid: TimeRange::new(at(100), at(200)).unwrap(),
            prescriber: member(),
        }
    }

    fn dispensed(units: u32, millis: i64) -> Dispensation {
        let (prescription, content) = (RecordId::new([7; 32]), prescription().digest());
        Dispensation { prescription, content, units: Units::new(units).unwrap(), pharmacy: member(), at: at(millis) }
    }

    #[test]
    fn what_is_left_is_counted_and_every_stray_dispensation_is_named() {
        let (record, prescription) = (RecordId::new([7; 32]), prescription());
        let left = |all: &[Dispensation]| follow(&record, &prescription, all);
        assert_eq!(left(&[]), Ok(5));
        assert_eq!(left(&[dispensed(2, 100), dispensed(3, 199)]), Ok(0));
        let much = CirculationError::TooMuch { position: 1, asked: 4, left: 3 };
        assert_eq!(left(&[dispensed(2, 100), dispensed(4, 150)]), Err(much));
        for late in [99, 200] {
            assert_eq!(left(&[dispensed(1, late)]), Err(CirculationError::OutsideValidity { position: 0 }));
        }
        let stray = Err(CirculationError::AnotherPrescription { position: 0 });
        assert_eq!(left(&[Dispensation { prescription: RecordId::new([8; 32]), ..dispensed(1, 100) }]), stray);
        assert_eq!(left(&[Dispensation { content: Digest::ZERO, ..dispensed(1, 100) }]), stray);
        assert_eq!(Units::new(0), Err(CirculationError::Nothing));
    }

    #[test]
    fn bytes_are_fixed_and_refused_when_cut() {
        let (prescription, dispensation) = (encode(&prescription()), encode(&dispensed(2, 100)));
        assert!(decode::<Prescription>(&prescription).is_ok() && decode::<Dispensation>(&dispensation).is_ok());
        assert!((0..prescription.len()).all(|end| decode::<Prescription>(&prescription[..end]).is_err()));
        assert!((0..dispensation.len()).all(|end| decode::<Dispensation>(&dispensation[..end]).is_err()));
        let fixed = [prescription, dispensation].map(|bytes| format!("{:.16}", tagged(tag::STATE_VALUE, &bytes)));
        assert_eq!(fixed, FIXED);
    }
    const FIXED: [&str; 2] = ["68e9f55ec31a5c59", "ae393e0601473dc4"];
}
