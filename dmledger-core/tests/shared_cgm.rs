//! Real series with an independent oracle: consensus metrics and the importers' counts.
//!
//! The data are not part of the project. Where the folder is missing these tests say so and pass, unless
//! `DMLEDGER_CI=1`, which makes a missing folder a failure.

use dmledger_core::{
    interop::{self, Import, Reason},
    record::{
        DataKind, Glucose, GlucoseBand, GlucoseUnit, Measurement, ValueError,
        glycemic::{GlycemicSummary, Tokens},
    },
};
use serde_json::Value;
use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

const SERIES: [&str; 6] = ["azt1d", "bigideas", "hall2018", "hupa-ucm", "physiocgm", "t1d-uom"];

/// A folder of the shared data; `None` if it may be missing and is.
fn folder(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")).join(name);
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var("DMLEDGER_CI").as_deref() != Ok("1"), "{} is missing", path.display());
    eprintln!("skipped: {} is missing", path.display());
    None
}

fn json(path: &Path) -> Result<Value, Box<dyn Error>> {
    Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
}

/// What the oracle names, computed by ours.
fn metric(summary: &GlycemicSummary, name: &str, tokens: Tokens) -> Option<f64> {
    use GlucoseBand::{High, Low, Target, VeryHigh, VeryLow};
    let percent = |bands: &[GlucoseBand]| bands.iter().map(|band| summary.share(*band, tokens).percent()).sum();
    match name {
        "n" => Some(summary.readings(tokens) as f64),
        "mean" => summary.mean(),
        "sd" => summary.standard_deviation(),
        "cv" => summary.variation(),
        "gmi" => summary.management_indicator(),
        "gri" => summary.risk_index(),
        "j_index" => summary.j_index(),
        "tir_70_180" => Some(percent(&[Target])),
        "titr_70_140" => Some(summary.tight_range().percent()),
        "tbr_lt70" => Some(percent(&[VeryLow, Low])),
        "tbr_54_69" => Some(percent(&[Low])),
        "tbr_lt54" => Some(percent(&[VeryLow])),
        "tar_gt180" => Some(percent(&[High, VeryHigh])),
        "tar_181_250" => Some(percent(&[High])),
        "tar_gt250" => Some(percent(&[VeryHigh])),
        "min" => summary.percentile(0),
        "p05" => summary.percentile(5),
        "p25" => summary.percentile(25),
        "median" => summary.percentile(50),
        "p75" => summary.percentile(75),
        "p95" => summary.percentile(95),
        "max" => summary.percentile(100),
        _ => None,
    }
}

/// Every metric the oracle holds; gives their number.
fn compare(
    subject: &str,
    expected: &Value,
    summary: &GlycemicSummary,
    tokens: Tokens,
) -> Result<usize, Box<dyn Error>> {
    let expected = expected.as_object().ok_or("not an object")?;
    for (name, value) in expected {
        let found = metric(summary, name, tokens).ok_or_else(|| format!("{subject}: no metric {name}"))?;
        let value = value.as_f64().ok_or("not a number")?;
        // The oracle is rounded to nine decimals.
        assert!((found - value).abs() <= 1e-9 * value.abs() + 6e-10, "{subject} {name}: {found} is not {value}");
    }
    Ok(expected.len())
}

/// The values of one subject in the order of the file, with nothing left out.
fn raw_values(text: &str, subject: &str) -> Result<Vec<Measurement>, ValueError> {
    let prefix = format!("{subject},");
    let lines = text.lines().filter(|line| line.starts_with(&prefix));
    let parse = |value: &str| match value {
        "" => Ok(Measurement::NoValue),
        "Low" => Ok(Measurement::BelowRange),
        "High" => Ok(Measurement::AboveRange),
        number => Glucose::parse(number, GlucoseUnit::MgPerDl).map(Measurement::from),
    };
    lines.map(|line| parse(line.rsplit(',').next().unwrap_or_default())).collect()
}

#[test]
fn metrics_equal_the_oracle_on_every_real_series() {
    let Some(folder) = folder("cgm") else { return };
    let oracle = json(&folder.join("oracle.json")).unwrap();
    let (mut subjects, mut metrics) = (0, 0);
    for (name, expected) in oracle["subjects"].as_object().unwrap() {
        let (series, subject) = name.split_once('/').unwrap();
        let text = fs::read_to_string(folder.join(series).with_extension("csv")).unwrap();
        let summary = GlycemicSummary::of(raw_values(&text, subject).unwrap());
        metrics += compare(name, &expected["per_reading"], &summary, Tokens::LeftOut).unwrap();
        if let Some(counted) = expected.get("with_tokens_counted") {
            metrics += compare(name, counted, &summary, Tokens::Counted).unwrap();
        }
        subjects += 1;
    }
    assert!(subjects == 32 && metrics > 32 * 20, "{subjects} subjects, {metrics} metrics");
}

#[test]
fn every_row_of_every_real_series_is_a_reading_or_listed() {
    let Some(folder) = folder("cgm") else { return };
    let oracle = json(&folder.join("oracle.json")).unwrap();
    for (name, expected) in oracle["subjects"].as_object().unwrap() {
        let (series, subject) = name.split_once('/').unwrap();
        let file = format!("{series}.csv");
        let text = fs::read(folder.join(&file)).unwrap();
        let import = interop::read(text.as_slice(), &file, Some(subject)).unwrap();
        assert_eq!(import.total(), expected["rows_total"].as_u64().unwrap(), "{name}");
        let count = |wanted: fn(Reason) -> bool| import.rejected().iter().filter(|row| wanted(row.reason())).count();
        let repeated = count(|reason| matches!(reason, Reason::Duplicate { .. } | Reason::Conflict { .. }));
        assert_eq!(repeated as u64, expected["timestamps_duplicate"].as_u64().unwrap(), "{name}");
        let low = import.rows().iter().filter(|row| row.measured() == Measurement::BelowRange).count();
        assert_eq!(low as u64, expected["rows_low_token"].as_u64().unwrap(), "{name}");
        assert!(import.rows().is_sorted_by_key(interop::Row::at), "{name}");
        assert_eq!(import.readings(import.rows()[0].at()).unwrap().len(), import.rows().len());
        if count(|reason| reason == Reason::Impossible) == 0 {
            let summary = GlycemicSummary::of(import.rows().iter().map(interop::Row::measured));
            let deduplicated = expected.get("per_reading_dedup_first").unwrap_or(&expected["per_reading"]);
            compare(name, deduplicated, &summary, Tokens::LeftOut).unwrap();
        }
    }
}

#[test]
fn subjects_and_impossible_values_of_the_real_series_are_found() {
    let Some(folder) = folder("cgm") else { return };
    let (mut subjects, mut rows, mut impossible) = (0, 0, 0);
    for series in SERIES {
        let file = format!("{series}.csv");
        let text = fs::read(folder.join(&file)).unwrap();
        for (subject, count) in interop::csv::subjects(text.as_slice(), &file).unwrap() {
            let import = interop::csv::read(text.as_slice(), &file, Some(&subject)).unwrap();
            assert_eq!(import.total(), count);
            subjects += 1;
            rows += count;
            impossible += import.rejected().iter().filter(|row| row.reason() == Reason::Impossible).count();
        }
    }
    // The seven readings of 1.8 mg/dL (0.1 mmol/L) in t1d-uom.
    assert_eq!((subjects, rows, impossible), (32, 115_110, 7));
    let error = interop::read(fs::File::open(folder.join("cohort.csv")).unwrap(), "cohort.csv", None).unwrap_err();
    assert_eq!(error.to_string(), "cohort.csv: line 1: no column `timestamp`");
}

#[test]
fn nightscout_entries_give_the_expected_counts() {
    let Some(folder) = folder("exports") else { return };
    let expected = &json(&folder.join("expected.json")).unwrap()["nightscout-entries.json"];
    let file = fs::File::open(folder.join("nightscout-entries.json")).unwrap();
    let import = interop::read(file, "nightscout-entries.json", None).unwrap();
    let of = |import: &Import, kind| import.rows().iter().filter(|row| row.kind() == kind).count() as u64;
    let codes = import.rejected().iter().filter(|row| row.reason() == Reason::SensorCode).count() as u64;
    assert_eq!(codes, expected["sgv_error_code"].as_u64().unwrap());
    assert_eq!(of(&import, DataKind::ContinuousGlucose) + codes, expected["sgv"].as_u64().unwrap());
    assert_eq!(of(&import, DataKind::SelfMeasuredGlucose), expected["mbg"].as_u64().unwrap());
    let offset = expected["utc_offset_minutes"].as_i64().unwrap();
    assert!(import.rows().iter().all(|row| row.zone().minutes().map(i64::from) == Some(offset)));
    assert!(import.rows().is_sorted_by_key(interop::Row::at));

    let file = fs::File::open(folder.join("oref0-glucose.json")).unwrap();
    let import = interop::read(file, "oref0-glucose.json", None).unwrap();
    assert!(import.rows().len() > 1 && import.rejected().is_empty());
    assert!(import.rows().iter().all(|row| row.zone().minutes() == Some(-420)));
}

/// Rows of a kind as counts: with a number, "Low", "High"; and the sum of the numbers in millionths of their unit.
fn counts(import: &Import, kind: DataKind) -> ([u64; 3], u64) {
    let (mut counts, mut sum) = ([0; 3], 0);
    for row in import.rows().iter().filter(|row| row.kind() == kind) {
        match row.measured() {
            Measurement::BelowRange => counts[1] += 1,
            Measurement::AboveRange => counts[2] += 1,
            other => {
                counts[0] += 1;
                sum += other.glucose().map_or(0, |glucose| u64::from(glucose.millionths()));
            }
        }
    }
    (counts, sum)
}

fn import(folder: &Path, file: &str) -> Result<Import, Box<dyn Error>> {
    Ok(interop::read(fs::File::open(folder.join(file))?, file, None)?)
}

/// A sum of the oracle in millionths.
fn millionths(value: &Value) -> Option<u64> {
    value.as_f64().map(|sum| (sum * 1e6).round() as u64)
}

#[test]
fn clarity_exports_give_the_expected_counts_and_sums() {
    let Some(folder) = folder("exports") else { return };
    let all = json(&folder.join("expected.json")).unwrap();
    for file in ["dexcom-clarity-mgdl.csv", "dexcom-clarity-mmol.csv"] {
        let (expected, import) = (&all[file], import(&folder, file).unwrap());
        let number = |name: &str| expected[name].as_u64().unwrap();
        let (found, sum) = counts(&import, DataKind::ContinuousGlucose);
        assert_eq!(found, [number("egv_numeric"), number("egv_low"), number("egv_high")], "{file}");
        assert_eq!(Some(sum), millionths(&expected["sum_values"]), "{file}");
        let unit = import.rows()[0].measured().glucose().map(|glucose| glucose.unit().ucum());
        assert_eq!(unit, expected["unit"].as_str());
        let ends = [import.rows().first(), import.rows().last()].map(|row| row.map(|row| row.at().to_string()));
        let expected = [&expected["first"], &expected["last"]].map(|time| Some(format!("{}.000Z", time.as_str()?)));
        assert_eq!(ends, expected, "{file}");
    }
}

#[test]
fn libreview_exports_give_the_expected_counts_and_sums_in_both_orders_of_dates() {
    let Some(folder) = folder("exports") else { return };
    let all = json(&folder.join("expected.json")).unwrap();
    for file in ["libreview-mmol-dayfirst.csv", "libreview-mgdl-us.csv"] {
        let (expected, import) = (&all[file], import(&folder, file).unwrap());
        let number = |name: &str| expected[name].as_u64().unwrap();
        let (found, _) = counts(&import, DataKind::ContinuousGlucose);
        let repeated = |reason| matches!(reason, Reason::Duplicate { .. } | Reason::Conflict { .. });
        let doubled = import.rejected().iter().filter(|row| repeated(row.reason())).count() as u64;
        assert_eq!(found[0] + doubled, number("historic") + number("scan"), "{file}");
        let others = import.rejected().iter().filter(|row| row.reason() == Reason::OtherKind).count() as u64;
        assert_eq!(others, number("insulin") + number("food") + number("empty_type6"), "{file}");
        let ends = [import.rows().first(), import.rows().last()].map(|row| row.map(|row| row.at().to_string()));
        let expected = [&expected["first"], &expected["last"]].map(|time| Some(format!("{}:00.000Z", time.as_str()?)));
        assert_eq!(ends, expected, "{file}");
    }
    let real = import(&folder, "libreview-mmol-real-excerpt.csv").unwrap();
    assert!(!real.rows().is_empty());
    assert_eq!(real.rows()[0].at().to_string(), "2019-12-05T16:25:00.000Z");
}

#[test]
fn tidepool_and_carelink_exports_give_the_expected_counts() {
    let Some(folder) = folder("exports") else { return };
    let all = json(&folder.join("expected.json")).unwrap();
    let (expected, tidepool) = (&all["tidepool.json"], import(&folder, "tidepool.json").unwrap());
    let (found, _) = counts(&tidepool, DataKind::ContinuousGlucose);
    assert_eq!(Some(found.iter().sum()), expected["cbg"].as_u64());
    assert_eq!(Some(found[1] + found[2]), expected["out_of_range"].as_u64());
    assert_eq!(tidepool.rejected().len(), 2);

    let (expected, carelink) = (&all["carelink.csv"], import(&folder, "carelink.csv").unwrap());
    let (sensor, _) = counts(&carelink, DataKind::ContinuousGlucose);
    let (meter, _) = counts(&carelink, DataKind::SelfMeasuredGlucose);
    assert_eq!((Some(sensor[0]), Some(meter[0])), (expected["sensor"].as_u64(), expected["bg"].as_u64()));
    assert_eq!(Some(carelink.rejected().len() as u64), expected["meals"].as_u64());
}
