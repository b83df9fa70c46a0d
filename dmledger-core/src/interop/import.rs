//! What an import gives, and the rules all importers share.

use super::{Place, Reason, Rejected, Row};
use crate::{
    codec::Text,
    hash::Digest,
    record::{
        DataKind, DeviceId, Glucose, GlucoseUnit, Measurement, Plausibility, Provenance, Quality, Reading,
        ReadingError, SourceFormat, ValueError, ZoneOffset,
    },
    time::Timestamp,
};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::{num::NonZeroU32, time::Duration};
use std::collections::{HashMap, hash_map::Entry};

/// The rows of one person in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    format: SourceFormat,
    subject: Option<String>,
    rows: Vec<Row>,
    rejected: Vec<Rejected>,
    others: u64,
    outside: u64,
}

impl Import {
    /// The file's format.
    #[must_use]
    pub const fn format(&self) -> SourceFormat {
        self.format
    }

    /// The person, as the file names them; `None` if the format names none.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Rows that are readings, in order of time; at one instant, in the order of the file.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Rows that are not, with their reasons, in the order of the file.
    #[must_use]
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// Rows of the person in the file: readings, rejected rows and those outside the chosen days together.
    #[must_use]
    pub const fn total(&self) -> u64 {
        (self.rows.len() + self.rejected.len()) as u64 + self.outside
    }

    /// Rows of the person outside the chosen days.
    #[must_use]
    pub const fn outside(&self) -> u64 {
        self.outside
    }

    /// Rows of other persons in the file.
    #[must_use]
    pub const fn others(&self) -> u64 {
        self.others
    }

    /// The readings, received at `received`.
    ///
    /// # Errors
    /// [`ReadingError`], see [`Row::reading`].
    pub fn readings(&self, received: Timestamp) -> Result<Vec<Reading>, ReadingError> {
        self.rows.iter().map(|row| row.reading(received)).collect()
    }

    /// Keeps the `days` times 24 hours from the first reading on; the rest is only counted, in [`Self::outside`].
    #[must_use]
    pub fn first_days(mut self, days: NonZeroU32) -> Self {
        let Some(first) = self.rows.first().map(Row::at) else { return self };
        let end = first.plus(Duration::from_secs(86_400 * u64::from(days.get())));
        let total = self.total();
        self.rows.retain(|row| row.at() < end);
        self.rejected.retain(|row| row.at.is_none_or(|at| at < end));
        self.outside = 0;
        self.outside = total - self.total();
        self
    }
}

/// What a format says of one row before the shared rules are applied.
pub(super) struct Found<'a> {
    pub(super) place: Place,
    pub(super) kind: DataKind,
    pub(super) wall_clock: Timestamp,
    pub(super) zone: ZoneOffset,
    pub(super) device: DeviceId,
    pub(super) channel: u8,
    pub(super) quality: Quality,
    pub(super) text: &'a str,
    pub(super) raw: &'a [u8],
}

/// Applies the shared rules to rows in the order of the file.
pub(super) struct Collector {
    format: SourceFormat,
    rows: Vec<Row>,
    rejected: Vec<Rejected>,
    taken: HashMap<(DataKind, u8, Timestamp), usize>,
    pub(super) others: u64,
}

impl Collector {
    pub(super) fn new(format: SourceFormat) -> Self {
        Self { format, rows: Vec::new(), rejected: Vec::new(), taken: HashMap::new(), others: 0 }
    }

    /// Rows seen so far, those of other persons included.
    pub(super) fn len(&self) -> u64 {
        (self.rows.len() + self.rejected.len()) as u64 + self.others
    }

    /// Takes a row whose value is what a display shows: a number in `unit`, a token, or nothing. `Err` if it is neither.
    pub(super) fn shown(&mut self, found: &Found<'_>, unit: GlucoseUnit) -> Result<(), ValueError> {
        match token(found.text) {
            Some(token) => self.take(found, token, Quality::GOOD),
            None => self.number(found, unit)?,
        }
        Ok(())
    }

    /// Takes a row whose value is a number in `unit`, or nothing. `Err` if it is neither.
    pub(super) fn number(&mut self, found: &Found<'_>, unit: GlucoseUnit) -> Result<(), ValueError> {
        if found.text.is_empty() {
            self.reject(found, Reason::NoValue);
            return Ok(());
        }
        match Glucose::parse(found.text, unit) {
            Ok(glucose) => match glucose.plausibility(found.kind) {
                Plausibility::Impossible => self.reject(found, Reason::Impossible),
                Plausibility::Doubtful => self.take(found, glucose.into(), Quality::IMPLAUSIBLE),
                Plausibility::Credible => self.take(found, glucose.into(), Quality::GOOD),
            },
            Err(ValueError::NotANumber) => return Err(ValueError::NotANumber),
            Err(ValueError::TooFine) => self.reject(found, Reason::TooFine),
            Err(ValueError::Negative | ValueError::OutOfRange) => self.reject(found, Reason::Impossible),
        }
        Ok(())
    }

    /// Takes a row whose value is known, unless its instant is taken.
    pub(super) fn take(&mut self, found: &Found<'_>, measured: Measurement, quality: Quality) {
        // A text beyond the cap is a number with leading zeros; the number itself is kept.
        let text = Text::new(found.text).unwrap_or_else(|_| Text::default());
        let row = Row {
            place: found.place,
            format: self.format,
            kind: found.kind,
            wall_clock: found.wall_clock,
            zone: found.zone,
            measured,
            text,
            quality: found.quality.with(quality),
            device: found.device,
            raw: digest(found.raw),
            channel: found.channel,
        };
        match self.taken.entry((row.kind, row.channel, row.at())) {
            Entry::Vacant(free) => {
                free.insert(self.rows.len());
                self.rows.push(row);
            }
            Entry::Occupied(index) => {
                let Some(first) = self.rows.get_mut(*index.get()) else { return };
                let reason = if first.measured == measured {
                    Reason::Duplicate { of: first.place }
                } else {
                    first.quality = first.quality.with(Quality::CONFLICTING);
                    Reason::Conflict { with: first.place }
                };
                self.reject(found, reason);
            }
        }
    }

    pub(super) fn reject(&mut self, found: &Found<'_>, reason: Reason) {
        let at = Some(found.zone.instant(found.wall_clock));
        self.rejected.push(Rejected { place: found.place, at, text: found.text.to_owned(), reason });
    }

    /// A row that is no measurement at all.
    pub(super) fn pass_over(&mut self, place: Place, at: Option<Timestamp>, reason: Reason) {
        self.rejected.push(Rejected { place, at, text: String::new(), reason });
    }

    pub(super) fn finish(mut self, subject: Option<String>) -> Import {
        // Stable: rows of one instant, such as two channels, keep the order of the file.
        self.rows.sort_by_key(Row::at);
        let Self { format, rows, rejected, others, .. } = self;
        Import { format, subject, rows, rejected, others, outside: 0 }
    }
}

/// A device's word for a value beyond its range: "Low" or "High", "LO" or "HI".
pub(super) fn token(text: &str) -> Option<Measurement> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("low") || is("lo") {
        Some(Measurement::BelowRange)
    } else if is("high") || is("hi") {
        Some(Measurement::AboveRange)
    } else {
        None
    }
}

fn digest(raw: &[u8]) -> Digest {
    Provenance::raw_digest(raw)
}
