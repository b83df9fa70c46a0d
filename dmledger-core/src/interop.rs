//! Formats of the outside world, one file a format.
//!
//! Every importer gives an [`Import`]: the rows that are readings, in order of time, and every other row of the subject
//! with its reason. Nothing is dropped in silence, nothing is converted, and no float is involved.
//!
//! A *row* can be refused without harm to the others ([`Reason`]); a *file* that is not what it says it is, or holds a
//! field that is neither a number nor a token of the format, is refused whole ([`ImportError`]), because what else it
//! holds cannot be trusted either.
//!
//! The rules all importers share:
//! - Two rows of one kind at one instant: the first in the file is the reading. A second one with the same value is a
//!   [`Reason::Duplicate`]; one with another value is a [`Reason::Conflict`], and the first is marked
//!   [`Quality::CONFLICTING`](crate::record::Quality::CONFLICTING).
//! - "Low" and "High" stay what they are.
//! - A value no living person has (below 10 or above 1,000 mg/dL) is [`Reason::Impossible`]; one outside what such
//!   devices report is kept and marked [`Quality::IMPLAUSIBLE`](crate::record::Quality::IMPLAUSIBLE).
//! - A wall clock without a zone stays one, see [`ZoneOffset::UNKNOWN`](crate::record::ZoneOffset::UNKNOWN).

#![cfg_attr(
    not(all(feature = "csv", feature = "nightscout")),
    allow(dead_code, reason = "a build with some of the formats leaves some of the shared rules unused")
)]

#[cfg(feature = "carelink")]
pub mod carelink;
#[cfg(feature = "clarity")]
pub mod clarity;
#[cfg(feature = "csv")]
pub mod csv;
#[cfg(feature = "libreview")]
pub mod libreview;
#[cfg(feature = "nightscout")]
pub mod nightscout;
#[cfg(feature = "tidepool")]
pub mod tidepool;

#[cfg(any(feature = "nightscout", feature = "tidepool"))]
mod array;
mod clock;
mod error;
mod import;
mod row;
#[cfg(any(feature = "csv", feature = "clarity", feature = "libreview", feature = "carelink"))]
mod table;

pub use error::{ImportError, Place, Problem};
pub use import::Import;
pub use row::{Reason, Rejected, Row};

use crate::record::SourceFormat;
use std::io::{BufRead, BufReader, Read};

/// Largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// Reads a file of any known format.
///
/// `file` is what an error calls it. `subject` chooses a person where a file holds several; without it, the first.
///
/// # Errors
/// [`ImportError`] with the file's name and the line or entry.
pub fn read(reader: impl Read, file: &str, subject: Option<&str>) -> Result<Import, ImportError> {
    let mut reader = BufReader::new(reader);
    let start = reader.fill_buf().map_err(|error| ImportError::unreadable(file, error))?;
    match detect(start) {
        #[cfg(feature = "csv")]
        Some(SourceFormat::Csv) => csv::read(reader, file, subject),
        #[cfg(feature = "nightscout")]
        Some(SourceFormat::NightscoutEntries) => nightscout::read(reader, file, subject),
        #[cfg(feature = "clarity")]
        Some(SourceFormat::ClarityCsv) => clarity::read(reader, file, subject),
        #[cfg(feature = "libreview")]
        Some(SourceFormat::LibreViewCsv) => libreview::read(reader, file, subject),
        #[cfg(feature = "tidepool")]
        Some(SourceFormat::TidepoolJson) => tidepool::read(reader, file, subject),
        #[cfg(feature = "carelink")]
        Some(SourceFormat::CareLinkCsv) => carelink::read(reader, file, subject),
        _ => Err(ImportError::of_file(file, Problem::UnknownFormat)),
    }
}

/// The format that a file beginning with `start` has, by its content; a few hundred bytes are enough.
#[must_use]
pub fn detect(start: &[u8]) -> Option<SourceFormat> {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    let has = |text: &str| start.windows(text.len()).any(|part| part == text.as_bytes());
    if start.first() == Some(&b'[') {
        let tidepool = has("\"uploadId\"") || has("\"deviceTime\"") || has("\"cbg\"");
        return Some(if tidepool { SourceFormat::TidepoolJson } else { SourceFormat::NightscoutEntries });
    }
    if start.first() == Some(&b'{') || start.contains(&0) {
        return None;
    }
    Some(if has("Event Subtype") {
        SourceFormat::ClarityCsv
    } else if start.starts_with(b"Glucose Data") {
        SourceFormat::LibreViewCsv
    } else if start.starts_with(b"Last Name") || has("Sensor Glucose") {
        SourceFormat::CareLinkCsv
    } else {
        SourceFormat::Csv
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small file of each format.
    const SAMPLES: [(&str, &str); 6] = [
        (
            "csv",
            "subject,timestamp,glucose_mg_dl\np,2024-01-01T00:00:00,136.8\np,2024-01-01T00:00:00,Low\nq,2024-01-01 00:05,\n",
        ),
        (
            "nightscout",
            "[{\"type\":\"sgv\",\"date\":1649055586000,\"sgv\":\"128\",\"utcOffset\":-300},{\"date\":1649055586000,\"sgv\":5}]",
        ),
        (
            "clarity",
            "\"Timestamp\",\"Event Type\",\"Event Subtype\",\"Source Device ID\",\"Glucose Value (mg/dL)\"\r\n\
             \"2024-01-01T00:00:00\",\"EGV\",\"\",\"d\",\"100\"\r\n",
        ),
        (
            "libreview",
            "Glucose Data,x\nDevice,Serial Number,Device Timestamp,Record Type,Historic Glucose mg/dL\nL,S,16-11-2023 00:04,0,93\n",
        ),
        (
            "tidepool",
            "[{\"type\":\"cbg\",\"time\":\"2022-04-02T05:03:05Z\",\"uploadId\":\"1\",\"units\":\"mmol/L\",\"value\":6.1,\
             \"annotations\":\"[{\\\"code\\\":\\\"bg/out-of-range\\\",\\\"value\\\":\\\"low\\\"}]\"}]",
        ),
        (
            "carelink",
            "Last Name\n-------,P,Sensor,N,-------\nIndex,Date,Time,BG Reading (mg/dL),Sensor Glucose (mg/dL)\n0.0,2020/02/22,12:03:33,,105\n",
        ),
    ];

    /// Reads damaged bytes; what is accepted must give readings and account for every row.
    fn survives(bytes: &[u8], what: &str) -> usize {
        let Ok(import) = read(bytes, "file", None) else { return 0 };
        assert_eq!(import.total(), (import.rows().len() + import.rejected().len()) as u64, "{what}");
        assert!(import.rows().is_sorted_by_key(Row::at), "{what}");
        import.rows().len()
    }

    #[test]
    fn damaged_files_are_read_or_refused_and_never_panic() {
        for (name, sample) in SAMPLES {
            let sample = sample.as_bytes();
            assert!(survives(sample, name) > 0, "{name} is no sample");
            for end in 0..sample.len() {
                survives(sample.get(..end).unwrap_or_default(), name);
                for mask in [0x01, 0x04, 0x10, 0x20, 0x80, 0xFF] {
                    let mut damaged = sample.to_vec();
                    damaged[end] ^= mask;
                    survives(&damaged, name);
                }
            }
        }
    }

    #[test]
    fn formats_are_told_by_their_content() {
        for (start, format) in [
            ("subject,timestamp,glucose_mg_dl\n", SourceFormat::Csv),
            ("\u{FEFF}\"Index\",\"Timestamp\",\"Event Type\",\"Event Subtype\"", SourceFormat::ClarityCsv),
            ("Glucose Data,Generated on,", SourceFormat::LibreViewCsv),
            ("\u{FEFF}Last Name,First Name,", SourceFormat::CareLinkCsv),
            (" [{\"_id\":\"1\",\"sgv\":120", SourceFormat::NightscoutEntries),
            ("[]", SourceFormat::NightscoutEntries),
            ("[{\"type\":\"cbg\",\"uploadId\":\"1\"", SourceFormat::TidepoolJson),
        ] {
            assert_eq!(detect(start.as_bytes()), Some(format), "{start}");
        }
        assert_eq!(detect(b"{\"resourceType\":\"Bundle\"}"), None);
        assert_eq!(detect(b"PK\x03\x04\0\0"), None);
    }
}
