//! Tidepool JSON: an array of data of all kinds, glucose as `cbg` (sensor) and `smbg` (meter).
//!
//! `time` is UTC and `timezoneOffset` the wall clock's minutes ahead of it. Values are in the unit that `units` states,
//! usually mmol/L converted by Tidepool with 18.01559 to five decimals; they are kept as written. A value beyond the
//! device's range stands at its threshold with the annotation `bg/out-of-range`: it becomes "Low" or "High" again, and
//! the threshold stays as the original text. Other types (food, insulin, uploads) are listed.

use super::{
    Import, ImportError, Place, Problem, Reason,
    array::{self, bare},
    clock,
    import::{Collector, Found},
};
use crate::record::{DataKind, DeviceId, GlucoseUnit, Measurement, Quality, SourceFormat, ZoneOffset};
use alloc::{format, string::String, vec::Vec};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::io::Read;

/// Reads all data. The format names no subject that may be asked for.
///
/// # Errors
/// [`ImportError`] for a file that is not of this form, or holds no data.
pub fn read(reader: impl Read, file: &str, subject: Option<&str>) -> Result<Import, ImportError> {
    if subject.is_some() {
        return Err(ImportError::of_file(file, Problem::UnknownSubject { known: 0 }));
    }
    let mut collector = Collector::new(SourceFormat::TidepoolJson);
    array::each(reader, file, |place, raw| take(&mut collector, place, raw))?;
    Ok(collector.finish(None))
}

/// The fields that are read; numbers stay text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Datum<'a> {
    #[serde(rename = "type")]
    kind: String,
    time: Option<String>,
    timezone_offset: Option<i16>,
    device_id: Option<String>,
    units: Option<String>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
}

/// One annotation.
#[derive(Deserialize)]
struct Annotation {
    code: String,
    value: Option<String>,
}

fn take(collector: &mut Collector, place: Place, raw: &str) -> Result<(), Problem> {
    let datum: Datum<'_> = serde_json::from_str(raw).map_err(|error| array::malformed(&error))?;
    let at = datum.time.as_deref().and_then(clock::parse).map(|(wall_clock, zone)| zone.instant(wall_clock));
    let kind = match datum.kind.as_str() {
        "cbg" => DataKind::ContinuousGlucose,
        "smbg" => DataKind::SelfMeasuredGlucose,
        _ => {
            collector.pass_over(place, at, Reason::OtherKind);
            return Ok(());
        }
    };
    let zone = datum.timezone_offset.map_or(Ok(ZoneOffset::UTC), ZoneOffset::from_minutes);
    let zone = zone.map_err(|_| Problem::BadTime)?;
    let unit: GlucoseUnit = match datum.units.as_deref() {
        Some(unit) => unit.parse().map_err(|_| Problem::UnknownUnit)?,
        None => return Err(Problem::UnknownUnit),
    };
    let found = Found {
        place,
        kind,
        wall_clock: zone.wall_clock(at.ok_or(Problem::BadTime)?),
        zone,
        device: DeviceId::of(format!("tidepool/{}", datum.device_id.as_deref().unwrap_or_default()).as_bytes()),
        channel: 0,
        quality: Quality::GOOD,
        text: datum.value.map(RawValue::get).map_or("", bare),
        raw: raw.as_bytes(),
    };
    match datum.beyond_range()? {
        Some(token) => collector.take(&found, token, Quality::GOOD),
        None => collector.number(&found, unit).map_err(|_| Problem::BadNumber)?,
    }
    Ok(())
}

impl Datum<'_> {
    /// "Low" or "High" if the value is marked as the threshold of the device.
    fn beyond_range(&self) -> Result<Option<Measurement>, Problem> {
        let Some(raw) = self.annotations else { return Ok(None) };
        // Some exports hold the list as a text of JSON.
        let nested = if raw.get().starts_with('"') { serde_json::from_str(raw.get()).ok() } else { None };
        let list: String = nested.unwrap_or_else(|| raw.get().into());
        let all: Option<Vec<Annotation>> = serde_json::from_str(&list).map_err(|error| array::malformed(&error))?;
        let marked = all.unwrap_or_default().into_iter().find(|one| one.code == "bg/out-of-range");
        match marked.as_ref().map(|one| one.value.as_deref()) {
            None => Ok(None),
            Some(Some("low")) => Ok(Some(Measurement::BelowRange)),
            Some(Some("high")) => Ok(Some(Measurement::AboveRange)),
            Some(_) => Err(Problem::BadNumber),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn import(json: &str) -> Result<Import, ImportError> {
        read(json.as_bytes(), "tidepool.json", None)
    }

    #[test]
    fn values_keep_their_unit_and_thresholds_become_tokens_again() {
        let import = import(
            r#"[{"type":"cbg","time":"2022-04-02T05:03:05.000Z","timezoneOffset":-300,"units":"mmol/L","value":6.16133},
                {"type":"cbg","time":"2022-04-02T04:58:05.000Z","timezoneOffset":-300,"units":"mmol/L","value":2.2203,
                 "annotations":[{"code":"bg/out-of-range","threshold":40,"value":"low"}]},
                {"type":"cbg","time":"2022-04-02T04:53:05.000Z","units":"mg/dL","value":400,
                 "annotations":"[{\"code\":\"bg/out-of-range\",\"value\":\"high\"}]"},
                {"type":"smbg","time":"2022-04-02T05:03:05.000Z","units":"mmol/L","value":6.1},
                {"type":"food","time":"2022-04-02T05:03:05.000Z"},
                {"type":"upload"}]"#,
        )
        .unwrap();
        let rows: Vec<_> =
            import.rows().iter().map(|row| (row.measured().to_string(), row.text().to_string())).collect();
        let expected = [("High", "400"), ("Low", "2.2203"), ("6.16133 mmol/L", "6.16133"), ("6.1 mmol/L", "6.1")];
        assert_eq!(rows, expected.map(|(value, text)| (value.to_string(), text.to_string())));
        assert_eq!(import.rows()[1].wall_clock().to_string(), "2022-04-01T23:58:05.000Z");
        assert_eq!(import.rejected().len(), 2);
    }

    #[test]
    fn a_datum_of_another_form_is_refused_in_one_line() {
        for (json, message) in [
            ("[{\"time\":\"x\"}]", "tidepool.json: entry 1: not the JSON of this format at line 1 column 12"),
            ("[{\"type\":\"cbg\",\"units\":\"mg/dL\",\"value\":100}]", "tidepool.json: entry 1: not a date and time"),
            (
                "[{\"type\":\"cbg\",\"time\":\"2022-04-02T05:03:05Z\",\"value\":100}]",
                "tidepool.json: entry 1: no known unit of glucose",
            ),
            (
                "[{\"type\":\"cbg\",\"time\":\"2022-04-02T05:03:05Z\",\"units\":\"mg/dL\",\"value\":1e2}]",
                "tidepool.json: entry 1: the value is neither a number nor Low or High",
            ),
        ] {
            assert_eq!(import(json).unwrap_err().to_string(), message);
        }
    }
}
