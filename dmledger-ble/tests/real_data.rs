//! Every row of the real glucose series travels over the simulated meter and arrives exactly as it was written.
//!
//! The series are not part of the repository. Without them the test says so and passes, unless `DMLEDGER_CI=1`.

use dmledger_ble::codec::date_time::DateTime;
use dmledger_ble::codec::glucose::{DisplayedGlucose, SensorStatus};
use dmledger_ble::codec::medfloat::Decimal;
use dmledger_ble::sim::{Faults, MeterConfig, MeterValue, PerMille, SimMeter, StoredReading, sync_readings};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/cgm");

fn number(text: &str) -> Option<Decimal> {
    let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    Some(Decimal::new(text.replace('.', "").parse().ok()?, -i8::try_from(decimals).ok()?))
}

fn time(text: &str) -> Option<DateTime> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<u16>().ok();
    let octet = |from, to| u8::try_from(part(from, to)?).ok();
    DateTime::new(part(0, 4)?, octet(5, 7)?, octet(8, 10)?, octet(11, 13)?, octet(14, 16)?, octet(17, 19)?).ok()
}

fn row(line: &str) -> Option<(DateTime, MeterValue)> {
    let mut fields = line.split(',').skip(1);
    let (at, value) = (time(fields.next()?)?, fields.next()?);
    Some(match value {
        "Low" => (at, MeterValue::Low),
        "High" => (at, MeterValue::High),
        digits => (at, MeterValue::Number(DisplayedGlucose::MilligramsPerDecilitre(number(digits)?))),
    })
}

#[test]
fn every_row_of_the_real_series_arrives_exactly() {
    let files = match std::fs::read_dir(FOLDER) {
        Ok(files) => files,
        Err(error) if std::env::var("DMLEDGER_CI").as_deref() == Ok("1") => panic!("{FOLDER}: {error}"),
        Err(error) => return println!("skipped: {FOLDER}: {error}"),
    };
    let mut rows_in_all = 0;
    for file in files {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        if !text.starts_with("subject,timestamp,glucose_mg_dl") {
            continue;
        }
        let rows: Vec<_> = text.lines().skip(1).map(|line| row(line).unwrap()).collect();
        let readings: Vec<_> = rows.iter().map(|(at, value)| StoredReading::new(*at, *value)).collect();
        let mut meter = SimMeter::new(MeterConfig::new());
        let report = sync_readings(&mut meter, &readings, Faults::NONE.with_lost_values(PerMille::new(2)), 1);
        assert!(report.is_complete() && report.refused().is_empty(), "{path:?}");
        assert_eq!(report.records().len(), rows.len(), "{path:?}");
        for ((position, (at, value)), (index, record)) in rows.iter().enumerate().zip(report.records()) {
            assert_eq!((position, *at), (*index, record.measurement().base_time()));
            let status = record.measurement().status();
            match (value, record.displayed()) {
                (MeterValue::Number(_), Some(shown)) => assert!(same(*value, shown), "{path:?} row {position}"),
                (MeterValue::Low, None) => assert_eq!(status, Some(SensorStatus::RESULT_TOO_LOW)),
                (MeterValue::High, None) => assert_eq!(status, Some(SensorStatus::RESULT_TOO_HIGH)),
                other => panic!("{path:?} row {position}: {other:?}"),
            }
        }
        rows_in_all += rows.len();
    }
    assert!(rows_in_all > 115_000, "only {rows_in_all} rows");
}

fn same(value: MeterValue, shown: DisplayedGlucose) -> bool {
    let MeterValue::Number(DisplayedGlucose::MilligramsPerDecilitre(wanted)) = value else { return false };
    matches!(shown, DisplayedGlucose::MilligramsPerDecilitre(have) if have.same_value(wanted))
}
