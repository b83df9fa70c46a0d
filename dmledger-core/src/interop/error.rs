//! Why a file was refused: one line that names the file and the place.

use alloc::{borrow::ToOwned, string::String};
use core::fmt;
use std::io;
use thiserror::Error;

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a file is lines or entries")]
pub enum Place {
    /// Line of a text file, from 1.
    Line(u64),
    /// Element of a JSON array, from 1.
    Entry(u64),
}

impl Place {
    /// The number, from 1.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::Line(number) | Self::Entry(number) => number,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Entry(number) => write!(f, "entry {number}"),
        }
    }
}

/// What is wrong with a file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Problem {
    /// The operating system refused.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// Not a format that can be read.
    #[error("not a known format of glucose readings")]
    UnknownFormat,
    /// Larger than [`MAX_FILE_BYTES`](super::MAX_FILE_BYTES).
    #[error("larger than {} MiB", super::MAX_FILE_BYTES >> 20)]
    TooLarge,
    /// More rows than are read at once.
    #[error("more than {0} rows")]
    TooManyRows(u64),
    /// A line of more than 64 KiB.
    #[error("longer than 64 KiB")]
    LineTooLong,
    /// Not UTF-8.
    #[error("not UTF-8 text")]
    NotText,
    /// A quotation mark without its partner.
    #[error("a quoted field does not end")]
    OpenQuote,
    /// A column the format needs.
    #[error("no column `{0}`")]
    MissingColumn(&'static str),
    /// A column that occurs twice.
    #[error("two columns `{0}`")]
    RepeatedColumn(&'static str),
    /// A row with more or fewer fields than the header.
    #[error("{found} fields where the header has {expected}")]
    FieldCount {
        /// In this row.
        found: usize,
        /// In the header.
        expected: usize,
    },
    /// A row that names no subject.
    #[error("no subject")]
    NoSubject,
    /// A date that could be of the day-first or of the month-first form, and the rest of the file does not tell.
    #[error("day and month of the dates cannot be told apart")]
    AmbiguousDates,
    /// A unit that is neither mg/dL nor mmol/L.
    #[error("no known unit of glucose")]
    UnknownUnit,
    /// Not a date and time of the format, from 1970 to 9999.
    #[error("not a date and time")]
    BadTime,
    /// Neither a number nor a token of the format.
    #[error("the value is neither a number nor Low or High")]
    BadNumber,
    /// The subject asked for is not in the file.
    #[error("no row of the subject asked for, {known} other subjects in the file")]
    UnknownSubject {
        /// Subjects the file holds.
        known: usize,
    },
    /// A header and nothing else.
    #[error("holds no rows")]
    Empty,
    /// Not JSON, or not the objects of the format.
    #[error("not the JSON of this format at line {line} column {column}")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
}

/// A file that was refused whole. Nothing of it was taken.
#[derive(Debug, Error)]
#[error("{file}: {}{problem}", .place.map(|place| alloc::format!("{place}: ")).unwrap_or_default())]
pub struct ImportError {
    file: String,
    place: Option<Place>,
    problem: Problem,
}

impl ImportError {
    /// A file that the operating system did not open or read.
    #[must_use]
    pub fn unreadable(file: &str, error: io::Error) -> Self {
        let problem =
            if error.kind() == io::ErrorKind::FileTooLarge { Problem::TooLarge } else { Problem::Unreadable(error) };
        Self::of_file(file, problem)
    }

    pub(super) fn of_file(file: &str, problem: Problem) -> Self {
        Self { file: file.to_owned(), place: None, problem }
    }

    pub(super) fn at(file: &str, place: Place, problem: Problem) -> Self {
        Self { file: file.to_owned(), place: Some(place), problem }
    }

    /// The file, as the caller named it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Where in the file, unless it is all of it.
    #[must_use]
    pub const fn place(&self) -> Option<Place> {
        self.place
    }

    /// What is wrong.
    #[must_use]
    pub const fn problem(&self) -> &Problem {
        &self.problem
    }
}
