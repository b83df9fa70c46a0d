//! From measurement to index entry.
//!
//! A [`Reading`] is what a device showed, exactly, with its [`Provenance`]. The readings of an hour form a
//! [`ReadingBatch`], which is sealed as one record; the ledger holds the record's [`IndexEntry`] and none of its
//! content. [`glycemic`] computes the consensus metrics of glucose readings; [`prescription`] follows a medicine.

pub mod glycemic;
pub mod index;
pub mod kind;
pub mod prescription;
pub mod provenance;
pub mod quantity;
pub mod reading;

pub use index::{ContentId, IndexEntry, RecordId};
pub use kind::{DataKind, UnknownKind};
pub use provenance::{Assurance, DeviceId, Provenance, SourceFormat, ZoneOffset};
pub use quantity::{
    BloodPressure, Glucose, GlucoseBand, GlucoseUnit, HeartRate, Meal, MealType, Measurement, Plausibility,
    PressureUnit, Quantity, Sleep, ValueError, Vital, VitalSign,
};
pub use reading::{Quality, Reading, ReadingBatch, ReadingError, ReadingFacts};
