//! LibreView CSV: a title line, then columns with the unit in their names, rows grouped by type and not in order of time.
//!
//! Record types: 0 historic (every 15 minutes), 1 scan, 2 strip; others (ketone, insulin, food, events) are listed. A
//! historic value and a scan of one minute are two measurements. The time is a wall clock without zone, to the minute.
//! Day and month stand in the order of the account's setting, which the file does not state: of the orders that read
//! every date, the one is taken under which the file spans the shorter time, since a sensor's readings lie together.

use super::{
    Import, ImportError, Place, Problem, Reason,
    import::{Collector, Found},
    table::{Line, Table},
};
use crate::{
    record::{DataKind, DeviceId, GlucoseUnit, Quality, SourceFormat, ZoneOffset},
    time::Timestamp,
};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use std::io::{BufRead, BufReader, Read};

/// Most rows of one file, which are held until the order of the dates is known.
const MAX_ROWS: u64 = 1_000_000;

/// Reads all rows. The format names no subject that may be asked for.
///
/// # Errors
/// [`ImportError`] for a file that is not of this form, or whose dates can be read in two ways.
pub fn read(reader: impl Read, file: &str, subject: Option<&str>) -> Result<Import, ImportError> {
    if subject.is_some() {
        return Err(ImportError::of_file(file, Problem::UnknownSubject { known: 0 }));
    }
    let mut table = Table::new(BufReader::new(reader), file);
    let columns = Columns::read(&mut table, file)?;
    let mut held: Vec<Held> = Vec::new();
    while let Some(line) = table.next()? {
        if held.len() as u64 == MAX_ROWS {
            return Err(ImportError::at(file, line.place, Problem::TooManyRows(MAX_ROWS)));
        }
        held.push(Held::of(&line, &columns).map_err(|problem| ImportError::at(file, line.place, problem))?);
    }
    let order = Leading::of(&held).map_err(|(place, problem)| match place {
        Some(place) => ImportError::at(file, place, problem),
        None => ImportError::of_file(file, problem),
    })?;
    let mut collector = Collector::new(SourceFormat::LibreViewCsv);
    for row in &held {
        take(&mut collector, row, order).map_err(|problem| ImportError::at(file, row.place, problem))?;
    }
    Ok(collector.finish(None))
}

/// What a row says, before its date can be read.
struct Held {
    place: Place,
    time: String,
    /// `None` for a row that is no glucose measurement.
    value: Option<(DataKind, u8, GlucoseUnit, String)>,
    device: DeviceId,
    raw: Vec<u8>,
}

impl Held {
    fn of(line: &Line<'_>, columns: &Columns) -> Result<Self, Problem> {
        if line.fields.len() > columns.width {
            return Err(Problem::FieldCount { found: line.fields.len(), expected: columns.width });
        }
        let value = |kind, channel, column: Option<(usize, GlucoseUnit)>| {
            column.map(|(at, unit)| (kind, channel, unit, line.field(at).to_owned()))
        };
        let device = format!("libreview/{}/{}", line.field(columns.device), line.field(columns.serial));
        Ok(Self {
            place: line.place,
            time: line.field(columns.time).to_owned(),
            value: match line.field(columns.kind) {
                "0" => value(DataKind::ContinuousGlucose, 0, columns.historic),
                "1" => value(DataKind::ContinuousGlucose, 1, columns.scan),
                "2" => value(DataKind::SelfMeasuredGlucose, 0, columns.strip),
                _ => None,
            },
            device: DeviceId::of(device.as_bytes()),
            raw: line.raw.to_vec(),
        })
    }
}

fn take(collector: &mut Collector, row: &Held, order: Leading) -> Result<(), Problem> {
    let wall_clock = order.read(&row.time).ok_or(Problem::BadTime)?;
    let Some((kind, channel, unit, text)) = &row.value else {
        collector.pass_over(row.place, Some(wall_clock), Reason::OtherKind);
        return Ok(());
    };
    let found = Found {
        place: row.place,
        kind: *kind,
        wall_clock,
        zone: ZoneOffset::UNKNOWN,
        device: row.device,
        channel: *channel,
        quality: Quality::GOOD,
        text,
        raw: &row.raw,
    };
    collector.shown(&found, *unit).map_err(|_| Problem::BadNumber)
}

/// What a date begins with; day and month stand together, the year at one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leading {
    Day,
    Month,
    Year,
}

impl Leading {
    /// The order that reads all dates; of two, the one that makes the file shorter.
    fn of(rows: &[Held]) -> Result<Self, (Option<Place>, Problem)> {
        if rows.is_empty() {
            return Err((None, Problem::Empty));
        }
        let spans = [Self::Day, Self::Month, Self::Year].map(|order| (order.span(rows), order));
        let best =
            spans.iter().filter_map(|(span, order)| Some((*span.as_ref().ok()?, *order))).min_by_key(|(span, _)| *span);
        let Some((shortest, order)) = best else {
            // The row that stops the order that came furthest is the one to look at.
            let furthest = spans.iter().filter_map(|(span, _)| span.as_ref().err()).max();
            return Err((furthest.copied(), Problem::BadTime));
        };
        let rival = spans.iter().any(|(span, other)| {
            *other != order
                && *span == Ok(shortest)
                && rows.iter().any(|row| other.read(&row.time) != order.read(&row.time))
        });
        if rival { Err((None, Problem::AmbiguousDates)) } else { Ok(order) }
    }

    /// Milliseconds from the first to the last date, or the place that this order cannot read.
    fn span(self, rows: &[Held]) -> Result<i64, Place> {
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        for row in rows {
            let at = self.read(&row.time).ok_or(row.place)?.millis();
            (first, last) = (first.min(at), last.max(at));
        }
        Ok(last - first)
    }

    /// `16-11-2023 00:04`, `11/16/2023 12:04 AM`, `2023-11-16 00:04`; years from 1970.
    fn read(self, text: &str) -> Option<Timestamp> {
        let (date, time) = text.split_once(' ')?;
        let mut parts = date.split(['-', '/', '.']);
        let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
        let (year, month, day) = match self {
            Self::Day => (c, b, a),
            Self::Month => (c, a, b),
            Self::Year => (a, b, c),
        };
        if parts.next().is_some() || year.len() != 4 {
            return None;
        }
        let (time, half) = time.split_once(' ').map_or((time, None), |(time, half)| (time, Some(half)));
        let mut clock = time.split(':');
        let (hour, minute) = (clock.next()?.parse::<u8>().ok()?, clock.next()?.parse().ok()?);
        let second = clock.next().map_or(Ok(0), str::parse).ok()?;
        let hour = match half {
            None => hour,
            Some(half) if (1..=12).contains(&hour) && half.eq_ignore_ascii_case("am") => hour % 12,
            Some(half) if (1..=12).contains(&hour) && half.eq_ignore_ascii_case("pm") => hour % 12 + 12,
            Some(_) => return None,
        };
        let date = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
        let at = Timestamp::from_civil(date, (hour, minute, second)).ok()?;
        (clock.next().is_none() && at >= Timestamp::EPOCH).then_some(at)
    }
}

struct Columns {
    device: usize,
    serial: usize,
    time: usize,
    kind: usize,
    historic: Option<(usize, GlucoseUnit)>,
    scan: Option<(usize, GlucoseUnit)>,
    strip: Option<(usize, GlucoseUnit)>,
    width: usize,
}

impl Columns {
    fn read<R: BufRead>(table: &mut Table<R>, file: &str) -> Result<Self, ImportError> {
        table.next()?.ok_or_else(|| ImportError::of_file(file, Problem::Empty))?;
        let header = table.next()?.ok_or_else(|| ImportError::of_file(file, Problem::Empty))?;
        Self::of(&header).map_err(|problem| ImportError::at(file, header.place, problem))
    }

    fn of(header: &Line<'_>) -> Result<Self, Problem> {
        let named = |name: &'static str| {
            header.fields.iter().position(|field| field == name).ok_or(Problem::MissingColumn(name))
        };
        let measured = |name: &str| {
            let column = header.fields.iter().enumerate().find_map(|(at, field)| Some((at, field.strip_prefix(name)?)));
            let unit = |(at, unit): (usize, &str)| Ok((at, unit.trim().parse().map_err(|_| Problem::UnknownUnit)?));
            column.map(unit).transpose()
        };
        let historic = measured("Historic Glucose")?;
        if historic.is_none() {
            return Err(Problem::MissingColumn("Historic Glucose"));
        }
        Ok(Self {
            device: named("Device")?,
            serial: named("Serial Number")?,
            time: named("Device Timestamp")?,
            kind: named("Record Type")?,
            historic,
            scan: measured("Scan Glucose")?,
            strip: measured("Strip Glucose")?,
            width: header.fields.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const HEADER: &str = "Glucose Data,Generated on,19-11-2023 03:04 UTC,Generated by,A Person\n\
        Device,Serial Number,Device Timestamp,Record Type,Historic Glucose mmol/L,Scan Glucose mmol/L,Strip Glucose mmol/L\n";

    fn import(rows: &str) -> Result<Import, ImportError> {
        read(alloc::format!("{HEADER}{rows}").as_bytes(), "libre.csv", None)
    }

    fn times(rows: &str) -> Vec<String> {
        import(rows).unwrap().rows().iter().map(|row| row.at().to_string()).collect()
    }

    #[test]
    fn a_historic_value_and_a_scan_of_one_minute_are_two_measurements() {
        let import = import(
            "L,S,16-11-2023 00:19,0,8.7,,\nL,S,16-11-2023 00:04,0,7.6,,\nL,S,16-11-2023 00:19,1,,8.7,\n\
             L,S,16-11-2023 00:19,0,8.7,,\nL,S,16-11-2023 00:20,2,,,8.9\nL,S,16-11-2023 00:21,6,,,\n",
        )
        .unwrap();
        let rows: Vec<_> = import.rows().iter().map(|row| (row.place().number(), row.measured().to_string())).collect();
        let expected = [(4, "7.6 mmol/L"), (3, "8.7 mmol/L"), (5, "8.7 mmol/L"), (7, "8.9 mmol/L")];
        assert_eq!(rows, expected.map(|(line, text)| (line, text.to_string())));
        assert_eq!(import.rows()[3].kind(), DataKind::SelfMeasuredGlucose);
        let listed: Vec<_> = import.rejected().iter().map(ToString::to_string).collect();
        assert_eq!(listed, ["line 6: same time and value as line 3", "line 8: not a glucose measurement"]);
    }

    #[test]
    fn the_order_of_the_dates_is_found_in_the_file() {
        let day_first = times("L,S,01-11-2023 23:04,0,7.6,,\nL,S,02-11-2023 00:04,0,7.6,,\n");
        assert_eq!(day_first, ["2023-11-01T23:04:00.000Z", "2023-11-02T00:04:00.000Z"]);
        let month_first = times("L,S,11-01-2023 11:04 PM,0,7.6,,\nL,S,11-02-2023 12:04 AM,0,7.6,,\n");
        assert_eq!(month_first, day_first);
        assert_eq!(times("L,S,2023-11-01 23:04,0,7.6,,\nL,S,2023-11-02 00:04,0,7.6,,\n"), day_first);
        assert_eq!(times("L,S,05-05-2023 12:30 PM,0,7.6,,\n"), ["2023-05-05T12:30:00.000Z"]);
    }

    #[test]
    fn dates_that_cannot_be_told_are_refused_and_not_guessed() {
        for (rows, message) in [
            ("L,S,01-11-2023 23:04,0,7.6,,\n", "libre.csv: day and month of the dates cannot be told apart"),
            ("L,S,16-11-2023 00:04,0,7.6,,\nL,S,11-16-2023 00:04,0,7.6,,\n", "libre.csv: line 4: not a date and time"),
            ("L,S,16-11-2023 13:04 PM,0,7.6,,\n", "libre.csv: line 3: not a date and time"),
            ("L,S,16-11-2023 00:04,0,7.6x,,\n", "libre.csv: line 3: the value is neither a number nor Low or High"),
            ("", "libre.csv: holds no rows"),
        ] {
            assert_eq!(import(rows).unwrap_err().to_string(), message);
        }
    }
}
