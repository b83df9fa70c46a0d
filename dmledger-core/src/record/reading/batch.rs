//! The readings of one hour: what is sealed as one record.

use super::Reading;
use crate::{
    codec::{Canonical, List},
    hash::{Digest, tag},
    record::DataKind,
    time::{TimeRange, Timestamp},
};
use alloc::vec::Vec;
use borsh::{
    BorshDeserialize, BorshSerialize,
    io::{ErrorKind, Read, Result as IoResult},
};
use core::time::Duration;
use thiserror::Error;

/// Most readings of one batch: one a second for an hour, and some to spare.
pub const MAX_BATCH_READINGS: usize = 4096;

/// Readings of one kind within one whole hour, in order of time. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash, BorshSerialize)]
pub struct ReadingBatch(List<Reading, MAX_BATCH_READINGS>);

/// Why readings make no batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BatchError {
    /// No reading.
    #[error("a batch holds at least one reading")]
    Empty,
    /// More than [`MAX_BATCH_READINGS`].
    #[error("{0} readings in one batch, at most 4096")]
    TooMany(usize),
    /// Two kinds of data.
    #[error("a batch holds one kind of data")]
    MixedKinds,
    /// A reading is earlier than the one before it.
    #[error("readings are not in order of time")]
    Unordered,
    /// Readings of two hours.
    #[error("readings do not lie in one hour")]
    TwoHours,
}

impl ReadingBatch {
    /// The batch of these readings.
    ///
    /// # Errors
    /// [`BatchError`].
    pub fn new(readings: Vec<Reading>) -> Result<Self, BatchError> {
        let (first, last) = readings.first().zip(readings.last()).ok_or(BatchError::Empty)?;
        if readings.iter().any(|one| one.kind() != first.kind()) {
            return Err(BatchError::MixedKinds);
        }
        if !readings.is_sorted_by_key(Reading::at) {
            return Err(BatchError::Unordered);
        }
        if first.at().floor_hour() != last.at().floor_hour() {
            return Err(BatchError::TwoHours);
        }
        let count = readings.len();
        List::new(readings).map(Self).map_err(|_| BatchError::TooMany(count))
    }

    /// Splits readings of one kind into the batches of their hours, in order of time. Readings of one instant stay in
    /// the order given.
    ///
    /// # Errors
    /// [`BatchError::MixedKinds`], [`BatchError::TooMany`]; no readings give no batch.
    pub fn by_hour(mut readings: Vec<Reading>) -> Result<Vec<Self>, BatchError> {
        readings.sort_by_key(Reading::at);
        let mut hours: Vec<Vec<Reading>> = Vec::new();
        for reading in readings {
            match hours.last_mut() {
                Some(hour) if hour.first().map(|one| one.at().floor_hour()) == Some(reading.at().floor_hour()) => {
                    hour.push(reading);
                }
                _ => hours.push(alloc::vec![reading]),
            }
        }
        let batches = hours.into_iter().map(Self::new).collect::<Result<Vec<_>, _>>()?;
        if batches.windows(2).any(|pair| matches!(pair, [a, b] if a.kind() != b.kind())) {
            return Err(BatchError::MixedKinds);
        }
        Ok(batches)
    }

    /// The readings, at least one.
    #[must_use]
    pub fn readings(&self) -> &[Reading] {
        &self.0
    }

    /// Gives the readings back.
    #[must_use]
    pub fn into_readings(self) -> Vec<Reading> {
        self.0.into_vec()
    }

    /// What kind of data they are.
    #[must_use]
    pub fn kind(&self) -> Option<DataKind> {
        self.0.first().map(Reading::kind)
    }

    /// The whole hour they lie in: start inside, end outside.
    #[must_use]
    pub fn span(&self) -> TimeRange {
        let start = self.0.first().map_or(Timestamp::EPOCH, Reading::at).floor_hour();
        TimeRange::new(start, start.plus(Duration::from_secs(3600))).unwrap_or(TimeRange::ALWAYS)
    }

    /// Digest of the canonical bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        crate::hash::of(tag::READING_BATCH, self)
    }
}

impl Canonical for ReadingBatch {
    const MAX_BYTES: usize = 5 + MAX_BATCH_READINGS * Reading::MAX_BYTES;
}

impl BorshDeserialize for ReadingBatch {
    fn deserialize_reader<R: Read>(reader: &mut R) -> IoResult<Self> {
        let readings = List::<Reading, MAX_BATCH_READINGS>::deserialize_reader(reader)?;
        Self::new(readings.into_vec()).map_err(|_| ErrorKind::InvalidData.into())
    }
}
