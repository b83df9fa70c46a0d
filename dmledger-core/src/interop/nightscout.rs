//! Nightscout entries, API v1: a JSON array, usually newest first.
//!
//! `sgv` (a sensor's value, mg/dL) and `mbg` (a meter's) are read, as number or text. Identity is type and time: a
//! second entry of one type at one instant is a duplicate or a conflict. `date` is UTC in milliseconds; `utcOffset`, or
//! the offset written in `dateString`, gives the wall clock, and without either the wall clock is UTC. An `sgv` of 39 is
//! the uploaders' "Low"; below 39 it is an error code of the sensor. 401, which some uploaders write for "High", cannot
//! be told from a value and is kept as one. Entries of other types are listed.

use super::{
    Import, ImportError, Place, Problem, Reason,
    array::{self, bare},
    clock,
    import::{Collector, Found},
};
use crate::{
    record::{DataKind, DeviceId, Glucose, GlucoseUnit, Measurement, Quality, SourceFormat, ZoneOffset},
    time::Timestamp,
};
use alloc::{format, string::String};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::io::Read;

/// Reads all entries. The format names no person, so asking for one is asking for what is not there.
///
/// # Errors
/// [`ImportError`] for a file that is not of this form, or holds no entries.
pub fn read(reader: impl Read, file: &str, subject: Option<&str>) -> Result<Import, ImportError> {
    if subject.is_some() {
        return Err(ImportError::of_file(file, Problem::UnknownSubject { known: 0 }));
    }
    let mut collector = Collector::new(SourceFormat::NightscoutEntries);
    array::each(reader, file, |place, raw| take(&mut collector, place, raw))?;
    Ok(collector.finish(None))
}

/// The fields that are read; numbers stay text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(borrow)]
    date: Option<&'a RawValue>,
    date_string: Option<String>,
    utc_offset: Option<i16>,
    #[serde(borrow)]
    sgv: Option<&'a RawValue>,
    #[serde(borrow)]
    mbg: Option<&'a RawValue>,
    device: Option<String>,
}

fn take(collector: &mut Collector, place: Place, raw: &str) -> Result<(), Problem> {
    let entry: Entry<'_> = serde_json::from_str(raw).map_err(|error| array::malformed(&error))?;
    let at = entry.date.map(RawValue::get).and_then(millis).ok_or(Problem::BadTime)?;
    let (kind, value) = match (entry.kind.as_deref(), entry.sgv, entry.mbg) {
        (Some("sgv"), value, _) | (None, value @ Some(_), _) => (DataKind::ContinuousGlucose, value),
        (Some("mbg"), _, value) | (None, None, value @ Some(_)) => (DataKind::SelfMeasuredGlucose, value),
        _ => {
            collector.pass_over(place, Some(at), Reason::OtherKind);
            return Ok(());
        }
    };
    let zone = entry.zone()?;
    let found = Found {
        place,
        kind,
        wall_clock: zone.wall_clock(at),
        zone,
        device: DeviceId::of(format!("nightscout/{}", entry.device.as_deref().unwrap_or_default()).as_bytes()),
        channel: 0,
        quality: Quality::GOOD,
        text: value.map(RawValue::get).map_or("", bare),
        raw: raw.as_bytes(),
    };
    const LOW: u32 = 39_000_000;
    match Glucose::parse(found.text, GlucoseUnit::MgPerDl).map(Glucose::millionths) {
        Ok(LOW) if kind == DataKind::ContinuousGlucose => {
            collector.take(&found, Measurement::BelowRange, Quality::GOOD);
            Ok(())
        }
        Ok(value) if kind == DataKind::ContinuousGlucose && value < LOW => {
            collector.reject(&found, Reason::SensorCode);
            Ok(())
        }
        _ => collector.number(&found, GlucoseUnit::MgPerDl).map_err(|_| Problem::BadNumber),
    }
}

impl Entry<'_> {
    fn zone(&self) -> Result<ZoneOffset, Problem> {
        if let Some(minutes) = self.utc_offset {
            return ZoneOffset::from_minutes(minutes).map_err(|_| Problem::BadTime);
        }
        let written = self.date_string.as_deref().and_then(clock::parse).map(|(_, zone)| zone);
        Ok(written.filter(|zone| *zone != ZoneOffset::UNKNOWN).unwrap_or(ZoneOffset::UTC))
    }
}

/// Milliseconds since 1970, a fraction cut off.
fn millis(json: &str) -> Option<Timestamp> {
    let whole = json.split_once('.').map_or(json, |(whole, _)| whole);
    let millis = whole.parse().ok().filter(|millis| (0..=253_402_300_799_999).contains(millis))?;
    Some(Timestamp::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec::Vec};

    fn import(json: &str) -> Result<Import, ImportError> {
        read(json.as_bytes(), "entries.json", None)
    }

    const ENTRIES: &str = r#"[
        {"type":"sgv","date":1649055586000,"sgv":128,"device":"x","sysTime":"2022-04-04T06:59:46.000Z","utcOffset":-300},
        {"type":"sgv","date":1649055286000,"sgv":"129","utcOffset":-300},
        {"type":"sgv","date":1649055286000,"sgv":130,"utcOffset":-300},
        {"type":"mbg","date":1649055286000,"mbg":112.5,"utcOffset":-300},
        {"type":"sgv","date":1649054986000,"sgv":39},
        {"type":"sgv","date":1649054686000,"sgv":5},
        {"type":"cal","date":1649054386000,"slope":900},
        {"type":"sgv","date":1649054086000,"sgv":null},
        {"date":1527924300000.75,"dateString":"2018-06-02T00:25:00-0700","sgv":101,"glucose":101}
    ]"#;

    #[test]
    fn entries_are_readings_or_listed_and_come_in_order_of_time() {
        let import = import(ENTRIES).unwrap();
        let rows: Vec<_> = import.rows().iter().map(|row| (row.place().number(), row.measured().to_string())).collect();
        let expected = [(9, "101 mg/dL"), (5, "Low"), (2, "129 mg/dL"), (4, "112.5 mg/dL"), (1, "128 mg/dL")];
        assert_eq!(rows, expected.map(|(number, text)| (number, text.to_string())));
        let reasons: Vec<_> = import.rejected().iter().map(ToString::to_string).collect();
        assert_eq!(
            reasons,
            [
                "entry 3: same time but not the same value as entry 2",
                "entry 6: an error code of the sensor in place of a value",
                "entry 7: not a glucose measurement",
                "entry 8: no value",
            ]
        );
        assert_eq!(import.total(), 9);
    }

    #[test]
    fn the_instant_is_utc_and_the_wall_clock_is_the_patients() {
        let import = import(ENTRIES).unwrap();
        let clocks: Vec<_> = import.rows().iter().map(|row| (row.at().to_string(), row.zone().to_string())).collect();
        assert_eq!(clocks[0], ("2018-06-02T07:25:00.000Z".into(), "UTC-07:00".into()));
        assert_eq!(clocks[1].1, "UTC+00:00");
        assert_eq!(clocks[4], ("2022-04-04T06:59:46.000Z".into(), "UTC-05:00".into()));
        assert_eq!(import.rows()[4].wall_clock().to_string(), "2022-04-04T01:59:46.000Z");
        assert_eq!(import.rows()[3].kind(), DataKind::SelfMeasuredGlucose);
        assert!(import.readings(Timestamp::EPOCH).is_ok());
    }

    #[test]
    fn what_is_no_list_of_entries_is_refused_in_one_line() {
        for (json, message) in [
            ("[]", "entries.json: holds no rows"),
            ("", "entries.json: not the JSON of this format at line 1 column 0"),
            ("[{\"type\":\"sgv\"", "entries.json: not the JSON of this format at line 1 column 14"),
            ("[] []", "entries.json: not the JSON of this format at line 1 column 4"),
            ("[{\"type\":\"sgv\",\"sgv\":1}]", "entries.json: entry 1: not a date and time"),
            ("[{\"date\":\"today\",\"sgv\":1}]", "entries.json: entry 1: not a date and time"),
            ("[{\"date\":-1,\"sgv\":1}]", "entries.json: entry 1: not a date and time"),
            ("[{\"date\":0,\"sgv\":100},7]", "entries.json: entry 2: not the JSON of this format at line 1 column 1"),
            ("[{\"date\":0,\"sgv\":\"1x\"}]", "entries.json: entry 1: the value is neither a number nor Low or High"),
            ("[{\"date\":0,\"sgv\":100,\"utcOffset\":2000}]", "entries.json: entry 1: not a date and time"),
        ] {
            assert_eq!(import(json).unwrap_err().to_string(), message, "{json}");
        }
        assert!(read(ENTRIES.as_bytes(), "entries.json", Some("p")).is_err());
    }
}
