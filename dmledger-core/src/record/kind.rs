//! The catalogue of data kinds. Each kind of a patient's data has an account of its own.

use borsh::{BorshDeserialize, BorshSerialize};

/// A kind of health data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
#[non_exhaustive]
pub enum DataKind {
    /// Blood glucose measured by the patient.
    SelfMeasuredGlucose = 3,
    /// Glucose from a continuous sensor.
    ContinuousGlucose = 5,
}
