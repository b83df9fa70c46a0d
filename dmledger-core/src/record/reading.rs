//! One reading with its provenance, and the batch of an hour that is sealed as one record.

mod batch;
mod quality;

pub use batch::{BatchError, MAX_BATCH_READINGS, ReadingBatch};
pub use quality::Quality;

use super::{DataKind, Measurement, Provenance};
use crate::{
    codec::{Canonical, Text},
    hash::{Digest, tag},
    time::Timestamp,
};
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{ErrorKind, Read, Result as IoResult},
};
use thiserror::Error;

/// Longest original text kept with a reading, in bytes of UTF-8.
pub const MAX_TEXT_BYTES: usize = 24;

/// Everything a reading says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[expect(clippy::exhaustive_structs, reason = "filled in by whoever ingests a reading, field by field")]
pub struct ReadingFacts {
    /// What kind of data it is.
    pub kind: DataKind,
    /// When it was measured: UTC, or the device's wall clock read as UTC if the zone is unknown
    /// ([`Provenance::zone`]).
    pub at: Timestamp,
    /// What the device showed.
    pub measured: Measurement,
    /// The device's or file's own writing of the value; empty if it was not text.
    pub text: Text<MAX_TEXT_BYTES>,
    /// What is to be known before the value is used.
    pub quality: Quality,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// One measurement of one person: checked, immutable, about 100 bytes encoded for a glucose value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct Reading(ReadingFacts);

/// Why facts make no reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadingError {
    /// The quantity is not one of this kind of data.
    #[error("the quantity does not belong to the kind of data")]
    WrongQuantity,
    /// Before 1970 or after 9999.
    #[error("the time of the reading is not between 1970 and 9999")]
    TimeOutOfRange,
    /// The provenance's clock and zone give another instant than the reading.
    #[error("the time of the reading is not what the device's clock and zone say")]
    TimeMismatch,
}

/// Last millisecond of the year 9999.
const LAST_MILLIS: i64 = 253_402_300_799_999;

impl Reading {
    /// Checks the facts.
    ///
    /// # Errors
    /// [`ReadingError`].
    pub fn new(facts: ReadingFacts) -> Result<Self, ReadingError> {
        if facts.measured.quantity().is_some_and(|quantity| !quantity.belongs_to(facts.kind)) {
            return Err(ReadingError::WrongQuantity);
        }
        if !(0..=LAST_MILLIS).contains(&facts.at.millis()) {
            return Err(ReadingError::TimeOutOfRange);
        }
        if facts.provenance.instant() != facts.at {
            return Err(ReadingError::TimeMismatch);
        }
        Ok(Self(facts))
    }

    /// Everything it says.
    #[must_use]
    pub const fn facts(&self) -> &ReadingFacts {
        &self.0
    }

    /// What kind of data it is.
    #[must_use]
    pub const fn kind(&self) -> DataKind {
        self.0.kind
    }

    /// When it was measured; see [`ReadingFacts::at`].
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.0.at
    }

    /// What the device showed.
    #[must_use]
    pub const fn measured(&self) -> Measurement {
        self.0.measured
    }

    /// The original writing of the value; empty if there was none.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.text.as_str()
    }

    /// What is to be known before the value is used.
    #[must_use]
    pub const fn quality(&self) -> Quality {
        self.0.quality
    }

    /// Where it comes from.
    #[must_use]
    pub const fn provenance(&self) -> &Provenance {
        &self.0.provenance
    }

    /// What a clock on the patient's wall showed.
    #[must_use]
    pub fn wall_clock(&self) -> Timestamp {
        self.0.provenance.wall_clock()
    }

    /// Digest of the canonical bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        crate::hash::of(tag::READING, self)
    }
}

impl Canonical for Reading {
    // Version, kind, instant, measurement, text, quality, provenance.
    const MAX_BYTES: usize = 1 + 2 + 8 + 56 + 4 + MAX_TEXT_BYTES + 2 + 76;
}

impl BorshDeserialize for Reading {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        Self::new(ReadingFacts::deserialize_reader(reader)?).map_err(|_| ErrorKind::InvalidData.into())
    }
}

#[cfg(test)]
mod tests;
