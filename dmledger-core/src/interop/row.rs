//! One row of an import: a reading in waiting, or a refusal with its reason.

use super::Place;
use crate::{
    codec::Text,
    hash::Digest,
    record::{
        Assurance, DataKind, DeviceId, Measurement, Provenance, Quality, Reading, ReadingError, ReadingFacts,
        SourceFormat, ZoneOffset, reading::MAX_TEXT_BYTES,
    },
    time::Timestamp,
};
use alloc::string::String;
use core::fmt;

/// A row that is a reading. It lacks only the moment of its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub(super) place: Place,
    pub(super) format: SourceFormat,
    pub(super) kind: DataKind,
    pub(super) wall_clock: Timestamp,
    pub(super) zone: ZoneOffset,
    pub(super) measured: Measurement,
    pub(super) text: Text<MAX_TEXT_BYTES>,
    pub(super) quality: Quality,
    pub(super) device: DeviceId,
    pub(super) raw: Digest,
    /// Tells apart measurements of one kind that a device makes in two ways.
    pub(super) channel: u8,
}

impl Row {
    /// Where it stands in the file.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// What kind of data it is.
    #[must_use]
    pub const fn kind(&self) -> DataKind {
        self.kind
    }

    /// When it was measured: UTC, or the wall clock read as UTC if the zone is unknown.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.zone.instant(self.wall_clock)
    }

    /// What the device's clock showed.
    #[must_use]
    pub const fn wall_clock(&self) -> Timestamp {
        self.wall_clock
    }

    /// How far that clock is ahead of UTC.
    #[must_use]
    pub const fn zone(&self) -> ZoneOffset {
        self.zone
    }

    /// What the device showed.
    #[must_use]
    pub const fn measured(&self) -> Measurement {
        self.measured
    }

    /// The file's own writing of the value.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.as_str()
    }

    /// What is to be known before the value is used.
    #[must_use]
    pub const fn quality(&self) -> Quality {
        self.quality
    }

    /// The reading, received from the file at `received`.
    ///
    /// # Errors
    /// [`ReadingError::TimeOutOfRange`] if a zone moves it out of the years that are kept.
    pub fn reading(&self, received: Timestamp) -> Result<Reading, ReadingError> {
        let provenance = Provenance {
            device: self.device,
            format: self.format,
            assurance: Assurance::None,
            sequence: u32::try_from(self.place.number()).unwrap_or(u32::MAX),
            base_time: self.wall_clock,
            time_offset: None,
            zone: self.zone,
            received,
            raw: self.raw,
        };
        Reading::new(ReadingFacts {
            kind: self.kind,
            at: self.at(),
            measured: self.measured,
            text: self.text.clone(),
            quality: self.quality,
            provenance,
        })
    }
}

/// Why a row is not a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The same time and value as an earlier row.
    Duplicate {
        /// The earlier row, which is the reading.
        of: Place,
    },
    /// The time of an earlier row with another value.
    Conflict {
        /// The earlier row, which is the reading.
        with: Place,
    },
    /// Below 10 or above 1,000 mg/dL (0.6 and 55.5 mmol/L): no reading of a living person.
    Impossible,
    /// More than six decimals: it cannot be kept exactly.
    TooFine,
    /// No value.
    NoValue,
    /// A sensor's error code in place of a value.
    SensorCode,
    /// A record that is no glucose measurement.
    OtherKind,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { of } => write!(f, "same time and value as {of}"),
            Self::Conflict { with } => write!(f, "same time but not the same value as {with}"),
            Self::Impossible => f.write_str("a value that no living person has"),
            Self::TooFine => f.write_str("more decimals than can be kept exactly"),
            Self::NoValue => f.write_str("no value"),
            Self::SensorCode => f.write_str("an error code of the sensor in place of a value"),
            Self::OtherKind => f.write_str("not a glucose measurement"),
        }
    }
}

/// A row that was not taken, with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    pub(super) place: Place,
    pub(super) at: Option<Timestamp>,
    pub(super) text: String,
    pub(super) reason: Reason,
}

impl Rejected {
    /// Where it stands in the file.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Its time, if it has one; as [`Row::at`].
    #[must_use]
    pub const fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// The file's own writing of the value.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Why it was not taken.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}
