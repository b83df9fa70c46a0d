//! The catalogue of data kinds. A patient has one account for each, and a grant is for one.

use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{ErrorKind, Read, Result as IoResult, Write},
};
use core::{fmt, str::FromStr};
use thiserror::Error;

/// A kind of health data, with a stable code that never gets another meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
#[non_exhaustive]
pub enum DataKind {
    /// Health record: history, problems, allergies.
    HealthRecord = 1,
    /// Steps, energy, movement of the day.
    Activity = 2,
    /// Blood glucose measured by the patient on a meter (LOINC 41653-7 mass, 14743-9 molar).
    SelfMeasuredGlucose = 3,
    /// Glucose in urine.
    UrineGlucose = 4,
    /// Interstitial glucose from a continuous sensor (LOINC 99504-3 mass, 105272-9 molar).
    ContinuousGlucose = 5,
    /// Blood pressure (LOINC 85354-9).
    BloodPressure = 6,
    /// Heart rate (LOINC 8867-4).
    HeartRate = 7,
    /// Sleep.
    Sleep = 8,
    /// Vital signs taken together.
    VitalSigns = 9,
    /// Medication taken or given, insulin included.
    Medication = 10,
    /// A bout of exercise.
    Exercise = 11,
    /// Physical function.
    PhysicalFunction = 12,
    /// Quality of life.
    QualityOfLife = 13,
    /// Electrocardiogram.
    Ecg = 14,
    /// Imaging.
    Imaging = 15,
    /// Blood samples and other laboratory results (HbA1c, lipids, kidney).
    BloodSample = 16,
    /// Diagnosis.
    Diagnosis = 17,
    /// Prescription.
    Prescription = 18,
    /// Outcomes reported by the patient.
    PatientReportedOutcome = 19,
    /// Meals: nutrients, pictures and clips of the table.
    Diet = 20,
}

/// Kinds with their codes' names, in order.
const NAMES: [(DataKind, &str); 20] = [
    (DataKind::HealthRecord, "health-record"),
    (DataKind::Activity, "activity"),
    (DataKind::SelfMeasuredGlucose, "self-measured-glucose"),
    (DataKind::UrineGlucose, "urine-glucose"),
    (DataKind::ContinuousGlucose, "continuous-glucose"),
    (DataKind::BloodPressure, "blood-pressure"),
    (DataKind::HeartRate, "heart-rate"),
    (DataKind::Sleep, "sleep"),
    (DataKind::VitalSigns, "vital-signs"),
    (DataKind::Medication, "medication"),
    (DataKind::Exercise, "exercise"),
    (DataKind::PhysicalFunction, "physical-function"),
    (DataKind::QualityOfLife, "quality-of-life"),
    (DataKind::Ecg, "ecg"),
    (DataKind::Imaging, "imaging"),
    (DataKind::BloodSample, "blood-sample"),
    (DataKind::Diagnosis, "diagnosis"),
    (DataKind::Prescription, "prescription"),
    (DataKind::PatientReportedOutcome, "patient-reported-outcome"),
    (DataKind::Diet, "diet"),
];

/// A code or name that is not in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a kind of the data catalogue")]
pub struct UnknownKind;

impl DataKind {
    /// Every kind, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(kind, _)| *kind)
    }

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The kind with this code.
    ///
    /// # Errors
    /// [`UnknownKind`].
    pub fn from_code(code: u16) -> Result<Self, UnknownKind> {
        Self::all().find(|kind| kind.code() == code).ok_or(UnknownKind)
    }
}

impl fmt::Display for DataKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES.iter().find(|(kind, _)| kind == self).map_or("unnamed", |(_, name)| name))
    }
}

impl FromStr for DataKind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind).ok_or(UnknownKind)
    }
}

impl BorshSerialize for DataKind {
    fn serialize<W: Write>(&self, writer: &mut W) -> IoResult<()> {
        self.code().serialize(writer)
    }
}

impl BorshDeserialize for DataKind {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        Self::from_code(u16::deserialize_reader(reader)?).map_err(|_| ErrorKind::InvalidData.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn every_kind_has_one_code_and_one_name() {
        for (position, kind) in DataKind::all().enumerate() {
            assert_eq!(usize::from(kind.code()), position + 1);
            assert_eq!(DataKind::from_code(kind.code()), Ok(kind));
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert_eq!(DataKind::from_code(0), Err(UnknownKind));
        assert_eq!(DataKind::from_code(21), Err(UnknownKind));
        assert_eq!("glucose".parse::<DataKind>(), Err(UnknownKind));
    }
}
