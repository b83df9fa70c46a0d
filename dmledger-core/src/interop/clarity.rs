//! Dexcom Clarity CSV: every field quoted, the unit in a column's name, wall clock without zone.
//!
//! Rows of type `EGV` are sensor readings, `Calibration` rows are a meter's. The others (name and device before the
//! first time, alerts, insulin, carbohydrates) are listed. A row other than a reading is one field shorter than the
//! header. Names and date of birth in the first rows are passed over unread.

use super::{
    Import, ImportError, Place, Problem, Reason, clock,
    import::{Collector, Found},
    table::{Line, Table},
};
use crate::record::{DataKind, DeviceId, GlucoseUnit, Quality, SourceFormat};
use alloc::format;
use std::io::{BufRead, BufReader, Read};

/// Reads all rows. The format names no subject that may be asked for.
///
/// # Errors
/// [`ImportError`] for a file that is not of this form.
pub fn read(reader: impl Read, file: &str, subject: Option<&str>) -> Result<Import, ImportError> {
    if subject.is_some() {
        return Err(ImportError::of_file(file, Problem::UnknownSubject { known: 0 }));
    }
    let mut table = Table::new(BufReader::new(reader), file);
    let columns = Columns::read(&mut table, file)?;
    let mut collector = Collector::new(SourceFormat::ClarityCsv);
    while let Some(line) = table.next()? {
        take(&mut collector, &columns, &line).map_err(|problem| ImportError::at(file, line.place, problem))?;
    }
    if collector.len() == 0 {
        return Err(ImportError::of_file(file, Problem::Empty));
    }
    Ok(collector.finish(None))
}

fn take(collector: &mut Collector, columns: &Columns, line: &Line<'_>) -> Result<(), Problem> {
    if line.fields.len() > columns.width {
        return Err(Problem::FieldCount { found: line.fields.len(), expected: columns.width });
    }
    let (kind, quality) = match line.field(columns.event) {
        "EGV" => (DataKind::ContinuousGlucose, Quality::GOOD),
        "Calibration" => (DataKind::SelfMeasuredGlucose, Quality::CALIBRATION),
        _ => {
            let at = clock::parse(line.field(columns.time)).map(|(wall_clock, zone)| zone.instant(wall_clock));
            collector.pass_over(line.place, at, Reason::OtherKind);
            return Ok(());
        }
    };
    let (wall_clock, zone) = clock::parse(line.field(columns.time)).ok_or(Problem::BadTime)?;
    let device =
        format!("clarity/{}/{}", line.field(columns.device), columns.transmitter.map_or("", |at| line.field(at)));
    let found = Found {
        place: line.place,
        kind,
        wall_clock,
        zone,
        device: DeviceId::of(device.as_bytes()),
        channel: 0,
        quality,
        text: line.field(columns.value),
        raw: line.raw,
    };
    collector.shown(&found, columns.unit).map_err(|_| Problem::BadNumber)
}

struct Columns {
    time: usize,
    event: usize,
    device: usize,
    transmitter: Option<usize>,
    value: usize,
    unit: GlucoseUnit,
    width: usize,
}

impl Columns {
    fn read<R: BufRead>(table: &mut Table<R>, file: &str) -> Result<Self, ImportError> {
        let header = table.next()?.ok_or_else(|| ImportError::of_file(file, Problem::Empty))?;
        Self::of(&header).map_err(|problem| ImportError::at(file, Place::Line(1), problem))
    }

    fn of(header: &Line<'_>) -> Result<Self, Problem> {
        let starting = |name: &'static str| {
            let at = header.fields.iter().position(|field| field.starts_with(name));
            at.ok_or(Problem::MissingColumn(name))
        };
        let value = starting("Glucose Value (")?;
        let unit = header.field(value).trim_start_matches("Glucose Value (").trim_end_matches(')');
        Ok(Self {
            time: starting("Timestamp")?,
            event: starting("Event Type")?,
            device: starting("Source Device ID")?,
            transmitter: starting("Transmitter ID").ok(),
            value,
            unit: unit.parse().map_err(|_| Problem::UnknownUnit)?,
            width: header.fields.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec::Vec};

    const HEADER: &str = "\u{FEFF}\"Index\",\"Timestamp (YYYY-MM-DDThh:mm:ss)\",\"Event Type\",\"Event Subtype\",\
        \"Source Device ID\",\"Glucose Value (mmol/L)\",\"Transmitter ID\"\r\n";

    fn import(rows: &str) -> Result<Import, ImportError> {
        read(alloc::format!("{HEADER}{rows}").as_bytes(), "clarity.csv", None)
    }

    #[test]
    fn readings_are_taken_in_the_files_unit_and_the_rest_is_listed() {
        let import = import(
            "\"1\",\"\",\"FirstName\",\"\",\"\",\"\"\r\n\
             \"2\",\"2022-04-02T00:08:05\",\"EGV\",\"\",\"G6\",\"High\",\"8X\"\r\n\
             \"3\",\"2022-04-02T00:03:05\",\"EGV\",\"\",\"G6\",\"6.2\",\"8X\"\r\n\
             \"4\",\"2022-04-02T00:03:05\",\"Calibration\",\"\",\"G6\",\"6.0\",\"8X\"\r\n\
             \"5\",\"2022-04-02T00:03:05\",\"Carbs\",\"\",\"G6\",\"\"\r\n",
        )
        .unwrap();
        let rows: Vec<_> = import.rows().iter().map(|row| row.measured().to_string()).collect();
        assert_eq!(rows, ["6.2 mmol/L", "6 mmol/L", "High"]);
        assert_eq!(import.rows()[1].quality(), Quality::CALIBRATION);
        let listed: Vec<_> = import.rejected().iter().map(ToString::to_string).collect();
        assert_eq!(listed, ["line 2: not a glucose measurement", "line 6: not a glucose measurement"]);
    }

    #[test]
    fn a_file_of_another_form_is_refused_in_one_line() {
        for (rows, message) in [
            ("\"1\",\"\",\"EGV\",\"\",\"G6\",\"6.2\",\"8X\"\r\n", "clarity.csv: line 2: not a date and time"),
            (
                "\"1\",\"2022-04-02T00:03:05\",\"EGV\",\"\",\"G6\",\"6,2\",\"8X\"\r\n",
                "clarity.csv: line 2: the value is neither a number nor Low or High",
            ),
            ("1,2,3,4,5,6,7,8\r\n", "clarity.csv: line 2: 8 fields where the header has 7"),
            ("", "clarity.csv: holds no rows"),
        ] {
            assert_eq!(import(rows).unwrap_err().to_string(), message);
        }
        let other = HEADER.replace("mmol/L", "g/L");
        assert_eq!(
            read(other.as_bytes(), "clarity.csv", None).unwrap_err().to_string(),
            "clarity.csv: line 1: no known unit of glucose"
        );
    }
}
