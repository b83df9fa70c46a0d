//! Medtronic CareLink CSV: sections of one table each, newest first, with the unit in a column's name.
//!
//! Each section repeats the header that begins with `Index`; what stands before the first one names person and device
//! and is passed over unread, as are the lines between sections. `Sensor Glucose` is a sensor's reading, `BG Reading` a
//! meter's; a row with neither is listed. Only dates written year first (`2020/02/22` or `2020-02-22`) are read: the
//! export follows the locale, and a guess between day and month would shift readings in silence.

use super::{
    Import, ImportError, Place, Problem, Reason, clock,
    import::{Collector, Found},
    table::{Line, Table},
};
use crate::record::{DataKind, DeviceId, GlucoseUnit, Quality, SourceFormat};
use alloc::format;
use std::io::{BufReader, Read};

/// Reads all sections. The format names no subject that may be asked for.
///
/// # Errors
/// [`ImportError`] for a file that is not of this form.
pub fn read(reader: impl Read, file: &str, subject: Option<&str>) -> Result<Import, ImportError> {
    if subject.is_some() {
        return Err(ImportError::of_file(file, Problem::UnknownSubject { known: 0 }));
    }
    let mut table = Table::new(BufReader::new(reader), file);
    let mut collector = Collector::new(SourceFormat::CareLinkCsv);
    let mut columns = None;
    let mut device = DeviceId::of(b"carelink");
    while let Some(line) = table.next()? {
        let refuse = |problem| ImportError::at(file, line.place, problem);
        if line.field(0) == "Index" {
            columns = Some(Columns::of(&line).map_err(refuse)?);
        } else if line.field(0).starts_with("-------") {
            device = DeviceId::of(format!("carelink/{}/{}", line.field(1), line.field(3)).as_bytes());
        } else if let Some(columns) = &columns {
            take(&mut collector, columns, &line, device).map_err(refuse)?;
        }
    }
    if columns.is_none() {
        return Err(ImportError::at(file, Place::Line(1), Problem::MissingColumn("Index")));
    }
    if collector.len() == 0 {
        return Err(ImportError::of_file(file, Problem::Empty));
    }
    Ok(collector.finish(None))
}

fn take(collector: &mut Collector, columns: &Columns, line: &Line<'_>, device: DeviceId) -> Result<(), Problem> {
    if line.fields.len() > columns.width {
        return Err(Problem::FieldCount { found: line.fields.len(), expected: columns.width });
    }
    let time = format!("{}T{}", line.field(columns.date).replace('/', "-"), line.field(columns.time));
    let (wall_clock, zone) = clock::parse(&time).ok_or(Problem::BadTime)?;
    let sensor = (DataKind::ContinuousGlucose, columns.sensor);
    let meter = (DataKind::SelfMeasuredGlucose, columns.meter);
    let mut measured = [sensor, meter].into_iter().filter(|(_, (at, _))| !line.field(*at).is_empty()).peekable();
    if measured.peek().is_none() {
        collector.pass_over(line.place, Some(zone.instant(wall_clock)), Reason::OtherKind);
    }
    for (kind, (at, unit)) in measured {
        let found = Found {
            place: line.place,
            kind,
            wall_clock,
            zone,
            device,
            channel: 0,
            quality: Quality::GOOD,
            text: line.field(at),
            raw: line.raw,
        };
        collector.shown(&found, unit).map_err(|_| Problem::BadNumber)?;
    }
    Ok(())
}

struct Columns {
    date: usize,
    time: usize,
    sensor: (usize, GlucoseUnit),
    meter: (usize, GlucoseUnit),
    width: usize,
}

impl Columns {
    fn of(header: &Line<'_>) -> Result<Self, Problem> {
        let named = |name: &'static str| {
            header.fields.iter().position(|field| field == name).ok_or(Problem::MissingColumn(name))
        };
        let measured = |name: &'static str| {
            let column = header.fields.iter().enumerate().find_map(|(at, field)| Some((at, field.strip_prefix(name)?)));
            let (at, unit) = column.ok_or(Problem::MissingColumn(name))?;
            let unit = unit.trim().trim_start_matches('(').trim_end_matches(')');
            Ok((at, unit.parse().map_err(|_| Problem::UnknownUnit)?))
        };
        Ok(Self {
            date: named("Date")?,
            time: named("Time")?,
            sensor: measured("Sensor Glucose")?,
            meter: measured("BG Reading")?,
            width: header.fields.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec::Vec};

    const PREAMBLE: &str = "\u{FEFF}Last Name,First Name,Device\r\n\"A\",\"B\",\"Serial\"\r\n\r\n\
        -------,Pump X,Pump,N1,-------\r\n";
    const HEADER: &str = "Index,Date,Time,BG Reading (mg/dL),Event Marker,Sensor Glucose (mg/dL)\r\n";

    fn import(rows: &str) -> Result<Import, ImportError> {
        read(alloc::format!("{PREAMBLE}{HEADER}{rows}").as_bytes(), "care.csv", None)
    }

    #[test]
    fn sections_are_read_one_after_the_other() {
        let import = import(&alloc::format!(
            "0.0,2020/02/21,16:08:34,,Meal: 45.00grams,\r\n1.0,2020/02/21,14:28:35,112,,\r\n\r\n\
             -------,Pump X,Sensor,N1,-------\r\n{HEADER}2.0,2020/02/22,12:03:33,,,105\r\n3.0,2020/02/22,11:58:33,,,Low\r\n"
        ))
        .unwrap();
        let rows: Vec<_> = import.rows().iter().map(|row| (row.place().number(), row.measured().to_string())).collect();
        let expected = [(7, "112 mg/dL"), (12, "Low"), (11, "105 mg/dL")];
        assert_eq!(rows, expected.map(|(line, text)| (line, text.to_string())));
        assert_eq!(import.rows()[0].kind(), DataKind::SelfMeasuredGlucose);
        assert_eq!(import.rejected()[0].to_string(), "line 6: not a glucose measurement");
    }

    #[test]
    fn a_file_of_another_form_is_refused_in_one_line() {
        for (rows, message) in [
            ("0.0,21/02/2020,16:08:34,,,105\r\n", "care.csv: line 6: not a date and time"),
            ("0.0,2020/02/21,16:08:34,,,1x\r\n", "care.csv: line 6: the value is neither a number nor Low or High"),
            ("", "care.csv: holds no rows"),
        ] {
            assert_eq!(import(rows).unwrap_err().to_string(), message);
        }
        let error = read(PREAMBLE.as_bytes(), "care.csv", None).unwrap_err();
        assert_eq!(error.to_string(), "care.csv: line 1: no column `Index`");
    }
}
