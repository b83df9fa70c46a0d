//! CSV `subject,timestamp,glucose_mg_dl`: the plain form of research data sets.
//!
//! The header names the three columns, in any order; further columns are not read. `timestamp` is a wall clock
//! (`2014-02-03T03:42:00`), with a zone if one is written. `glucose_mg_dl` is a decimal number, or the device's token
//! `Low` or `High` (`LO`, `HI`), or empty. Rows may stand in any order and belong to several subjects.

use super::{
    Import, ImportError, Problem, clock,
    import::{Collector, Found, token},
    table::{Line, Table},
};
use crate::record::{DataKind, DeviceId, GlucoseUnit, Quality, SourceFormat};
use alloc::{borrow::ToOwned, collections::BTreeSet, format, string::String, vec::Vec};
use std::io::{BufReader, Read};

/// Most rows of one file.
const MAX_ROWS: u64 = 4_000_000;
/// Most subjects of one file.
const MAX_SUBJECTS: u64 = 100_000;

/// Reads the rows of `subject`, or of the file's first subject. All rows are checked, those of others are counted.
///
/// # Errors
/// [`ImportError`] for a file that is not of this form, or holds no row of the subject.
pub fn read(reader: impl Read, file: &str, subject: Option<&str>) -> Result<Import, ImportError> {
    let mut table = Table::new(BufReader::new(reader), file);
    let columns = Columns::read(&mut table, file)?;
    let mut chosen = subject.map(ToOwned::to_owned);
    let mut collector = Collector::new(SourceFormat::Csv);
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut device = None;
    while let Some(line) = table.next()? {
        let refuse = |problem| ImportError::at(file, line.place, problem);
        let [subject, time, value] = columns.of(&line).map_err(refuse)?;
        if subject.is_empty() {
            return Err(refuse(Problem::NoSubject));
        }
        let (wall_clock, zone) = clock::parse(time).ok_or_else(|| refuse(Problem::BadTime))?;
        if collector.len() == MAX_ROWS {
            return Err(refuse(Problem::TooManyRows(MAX_ROWS)));
        }
        if !known.contains(subject) && (known.len() as u64) < MAX_SUBJECTS {
            known.insert(subject.to_owned());
        }
        let chosen = chosen.get_or_insert_with(|| subject.to_owned());
        let found = Found {
            place: line.place,
            kind: DataKind::ContinuousGlucose,
            wall_clock,
            zone,
            device: *device.get_or_insert_with(|| DeviceId::of(format!("csv/{chosen}").as_bytes())),
            channel: 0,
            quality: Quality::GOOD,
            text: value,
            raw: line.raw,
        };
        if chosen == subject {
            take(&mut collector, &found).map_err(refuse)?;
        } else {
            check(value).map_err(refuse)?;
            collector.others += 1;
        }
    }
    finish(collector, chosen, known.len(), file)
}

/// The subjects of a file in the order of their names, each with its number of rows.
///
/// # Errors
/// [`ImportError`] for a file that is not of this form.
pub fn subjects(reader: impl Read, file: &str) -> Result<Vec<(String, u64)>, ImportError> {
    let mut table = Table::new(BufReader::new(reader), file);
    let columns = Columns::read(&mut table, file)?;
    let mut counts = std::collections::BTreeMap::new();
    while let Some(line) = table.next()? {
        let [subject, ..] = columns.of(&line).map_err(|problem| ImportError::at(file, line.place, problem))?;
        if !counts.contains_key(subject) && counts.len() as u64 == MAX_SUBJECTS {
            return Err(ImportError::at(file, line.place, Problem::TooManyRows(MAX_SUBJECTS)));
        }
        *counts.entry(subject.to_owned()).or_insert(0) += 1;
    }
    Ok(counts.into_iter().collect())
}

fn take(collector: &mut Collector, found: &Found<'_>) -> Result<(), Problem> {
    collector.shown(found, GlucoseUnit::MgPerDl).map_err(|_| Problem::BadNumber)
}

/// Refuses what is no value in the row of another person as in the chosen one's.
fn check(value: &str) -> Result<(), Problem> {
    use crate::record::{Glucose, ValueError};
    match Glucose::parse(value, GlucoseUnit::MgPerDl) {
        Err(ValueError::NotANumber) if !value.is_empty() && token(value).is_none() => Err(Problem::BadNumber),
        _ => Ok(()),
    }
}

fn finish(collector: Collector, subject: Option<String>, known: usize, file: &str) -> Result<Import, ImportError> {
    if collector.len() == 0 {
        return Err(ImportError::of_file(file, Problem::Empty));
    }
    if collector.len() == collector.others {
        return Err(ImportError::of_file(file, Problem::UnknownSubject { known }));
    }
    Ok(collector.finish(subject))
}

/// Where the three columns stand, and how many fields a row has.
struct Columns {
    positions: [usize; 3],
    width: usize,
}

impl Columns {
    const NAMES: [&'static str; 3] = ["subject", "timestamp", "glucose_mg_dl"];

    fn read<R: std::io::BufRead>(table: &mut Table<R>, file: &str) -> Result<Self, ImportError> {
        let header = table.next()?.ok_or_else(|| ImportError::of_file(file, Problem::Empty))?;
        let mut positions = [0; 3];
        for (position, name) in positions.iter_mut().zip(Self::NAMES) {
            let mut places = header.fields.iter().enumerate().filter(|(_, field)| *field == name).map(|(at, _)| at);
            let refuse = |problem| ImportError::at(file, header.place, problem);
            *position = places.next().ok_or_else(|| refuse(Problem::MissingColumn(name)))?;
            if places.next().is_some() {
                return Err(refuse(Problem::RepeatedColumn(name)));
            }
        }
        Ok(Self { positions, width: header.fields.len() })
    }

    fn of<'a>(&self, line: &'a Line<'_>) -> Result<[&'a str; 3], Problem> {
        let (found, expected) = (line.fields.len(), self.width);
        if found != expected {
            return Err(Problem::FieldCount { found, expected });
        }
        Ok(self.positions.map(|at| line.field(at)))
    }
}

#[cfg(test)]
mod tests;
