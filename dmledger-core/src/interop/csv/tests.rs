use super::*;
use crate::{
    interop::{Place, Reason, Row},
    record::Reading,
    time::Timestamp,
};
use alloc::{string::ToString, vec};
use core::num::NonZeroU32;

const HEADER: &str = "subject,timestamp,glucose_mg_dl\n";

fn import(rows: &str) -> Result<Import, ImportError> {
    read(format!("{HEADER}{rows}").as_bytes(), "own.csv", None)
}

fn values(import: &Import) -> Vec<(u64, String)> {
    import.rows().iter().map(|row| (row.place().number(), row.measured().to_string())).collect()
}

fn reasons(import: &Import) -> Vec<String> {
    import.rejected().iter().map(ToString::to_string).collect()
}

#[test]
fn rows_are_sorted_by_time_and_keep_their_lines() {
    let import =
        import("p,2024-01-01T00:10:00,136.8\np,2024-01-01T00:00:00,Low\np,2024-01-01T00:05:00,High\n").unwrap();
    assert_eq!(values(&import), [(3, "Low".into()), (4, "High".into()), (2, "136.8 mg/dL".into())]);
    assert_eq!((import.subject(), import.rejected().len(), import.total()), (Some("p"), 0, 3));
    assert_eq!(import.rows()[2].text(), "136.8");
}

#[test]
fn every_row_is_a_reading_or_is_listed_with_its_reason() {
    let import = import(
        "p,2024-01-01T00:00:00,100\n\
         p,2024-01-01T00:00:00,100.0\n\
         p,2024-01-01T00:00:00,101\n\
         p,2024-01-01T00:05:00,1.8\n\
         p,2024-01-01T00:10:00,39.6\n\
         p,2024-01-01T00:15:00,\n\
         p,2024-01-01T00:20:00,-4\n\
         p,2024-01-01T00:25:00,99999999999999999999999\n\
         p,2024-01-01T00:30:00,100.1234567\n\
         p,2024-01-01T00:35:00,low\n\
         p,2024-01-01T00:35:00,Low\n\
         p,2024-01-01T00:35:00,41\n",
    )
    .unwrap();
    assert_eq!(values(&import), [(2, "100 mg/dL".into()), (6, "39.6 mg/dL".into()), (11, "Low".into())]);
    assert_eq!(
        reasons(&import),
        [
            "line 3: same time and value as line 2",
            "line 4: same time but not the same value as line 2",
            "line 5: a value that no living person has",
            "line 7: no value",
            "line 8: a value that no living person has",
            "line 9: a value that no living person has",
            "line 10: more decimals than can be kept exactly",
            "line 12: same time and value as line 11",
            "line 13: same time but not the same value as line 11",
        ]
    );
    assert_eq!(import.total(), 12);
    let remarks: Vec<_> = import.rows().iter().map(|row| row.quality().to_string()).collect();
    assert_eq!(remarks, ["conflicting", "implausible", "conflicting"]);
    assert_eq!(import.rejected()[1].reason(), Reason::Conflict { with: Place::Line(2) });
}

#[test]
fn one_person_is_chosen_and_the_others_are_counted() {
    let rows = "a,2024-01-01T00:00:00,100\nb,2024-01-01T00:00:00,100\na,2024-01-01T00:05:00,100\n";
    let text = format!("{HEADER}{rows}");
    for (subject, chosen, rows, others) in [(None, "a", 2, 1), (Some("a"), "a", 2, 1), (Some("b"), "b", 1, 2)] {
        let import = read(text.as_bytes(), "own.csv", subject).unwrap();
        assert_eq!((import.subject(), import.rows().len(), import.others()), (Some(chosen), rows, others));
    }
    assert_eq!(subjects(text.as_bytes(), "own.csv").unwrap(), vec![("a".to_owned(), 2), ("b".to_owned(), 1)]);
    let error = read(text.as_bytes(), "own.csv", Some("c")).unwrap_err();
    assert_eq!(error.to_string(), "own.csv: no row of the subject asked for, 2 other subjects in the file");
}

#[test]
fn a_file_that_is_not_of_this_form_is_refused_in_one_line() {
    for (text, message) in [
        ("", "own.csv: holds no rows"),
        (HEADER, "own.csv: holds no rows"),
        ("subject,time,glucose_mg_dl\np,2024-01-01T00:00:00,1\n", "own.csv: line 1: no column `timestamp`"),
        ("subject,timestamp,glucose_mg_dl,subject\n", "own.csv: line 1: two columns `subject`"),
        (
            "subject,timestamp,glucose_mg_dl\np,2024-01-01T00:00:00\n",
            "own.csv: line 2: 2 fields where the header has 3",
        ),
        ("subject,timestamp,glucose_mg_dl\n,2024-01-01T00:00:00,1\n", "own.csv: line 2: no subject"),
        ("subject,timestamp,glucose_mg_dl\n\np,01/02/2024 00:00,1\n", "own.csv: line 3: not a date and time"),
        (
            "subject,timestamp,glucose_mg_dl\r\np,2024-01-01T00:00:00,100\r\np,2024-01-01T00:05:00,12x\r\n",
            "own.csv: line 3: the value is neither a number nor Low or High",
        ),
        (
            "subject,timestamp,glucose_mg_dl\np,2024-01-01T00:00:00,100\nq,2024-01-01T00:05:00,?\n",
            "own.csv: line 3: the value is neither a number nor Low or High",
        ),
    ] {
        assert_eq!(read(text.as_bytes(), "own.csv", None).unwrap_err().to_string(), message, "{text:?}");
    }
}

#[test]
fn columns_may_stand_in_any_order_and_beside_others() {
    let text = "glucose_mg_dl,note,timestamp,subject\n100,\"before, dinner\",2024-01-01 00:00,p\n";
    assert_eq!(values(&read(text.as_bytes(), "own.csv", None).unwrap()), [(2, "100 mg/dL".into())]);
}

#[test]
fn the_first_days_are_counted_from_the_first_reading() {
    let import = import(
        "p,2024-01-01T12:00:00,100\np,2024-01-02T11:59:59,100\np,2024-01-02T12:00:00,100\n\
         p,2024-01-02T12:00:00,100\np,2024-01-01T12:00:00,100\n",
    )
    .unwrap()
    .first_days(NonZeroU32::MIN);
    assert_eq!((import.rows().len(), import.rejected().len(), import.outside(), import.total()), (2, 1, 2, 5));
}

#[test]
fn rows_become_readings_with_their_provenance() {
    let import = import("p,2024-01-01T00:00:00,136.8\np,2024-01-01T01:00:00+01:00,140\np,2024-01-02T00:00:00,9e1\n");
    assert!(import.is_err());
    let import = read(
        format!("{HEADER}p,2024-01-01T00:00:00,136.8\np,2024-01-01T03:00:00+01:00,140\n").as_bytes(),
        "own.csv",
        None,
    )
    .unwrap();
    let received = Timestamp::from_civil((2024, 1, 5), (0, 0, 0)).unwrap();
    let readings = import.readings(received).unwrap();
    let at: Vec<_> = readings.iter().map(|reading| reading.at().to_string()).collect();
    assert_eq!(at, ["2024-01-01T00:00:00.000Z", "2024-01-01T02:00:00.000Z"]);
    let zones: Vec<_> = readings.iter().map(|reading| reading.provenance().zone.to_string()).collect();
    assert_eq!(zones, ["zone unknown", "UTC+01:00"]);
    assert_eq!(readings[1].wall_clock(), import.rows()[1].wall_clock());
    let first: &Reading = &readings[0];
    assert_eq!((first.provenance().sequence, first.provenance().received), (2, received));
    assert_eq!(first.provenance().raw, crate::record::Provenance::raw_digest(b"p,2024-01-01T00:00:00,136.8"));
    assert_eq!(import.rows().iter().map(Row::kind).next(), Some(DataKind::ContinuousGlucose));
}
