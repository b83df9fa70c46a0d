//! The patient's readings: from a file or made up, loaded into a simulated meter and read from it over GATT.

use crate::{
    error::{During, HostError},
    outcome::Rejected,
    series,
};
use dmledger_ble::{
    ingest::{Device, ingest, stored_reading},
    link::BondState,
    sim::{Faults, MeterConfig, PerMille, SimMeter, sync_readings},
};
use dmledger_core::{
    interop::{self, Import},
    record::{DataKind, Reading},
    time::Timestamp,
};
use std::{fs::File, num::NonZeroU32, path::Path};

/// First day of the made-up series: 1 March 2026, local wall clock.
const SYNTHETIC_START: Timestamp = Timestamp::from_seconds(1_772_323_200);

/// Ten years.
const MOST_SYNTHETIC_DAYS: u32 = 3660;

/// A link as a kitchen has it: some values come twice or not at all, an answer is lost now and then, and once in a while
/// the link drops.
const FAULTS: Faults = Faults::NONE
    .with_lost_values(PerMille::new(5))
    .with_repeated_values(PerMille::new(3))
    .with_lost_answers(PerMille::new(20))
    .with_dropped_links(PerMille::new(1));

/// One subject's rows of the days asked for.
#[derive(Debug)]
pub struct Input {
    /// Whose readings.
    pub subject: String,
    /// Where they come from.
    pub source: String,
    /// Rows of the subject in those days; each becomes a reading or is rejected with a reason.
    pub rows: u64,
    /// Rows of the subject outside those days.
    pub outside: u64,
    /// Rows of other subjects.
    pub others: u64,
    kind: DataKind,
    readings: Vec<(u64, Reading)>,
    rejected: Vec<Rejected>,
}

/// What came out of the meter.
#[derive(Debug)]
pub struct Taken {
    /// Readings of one kind, ascending by time.
    pub readings: Vec<Reading>,
    /// Input rows that did not become readings, each with its reason.
    pub rejected: Vec<Rejected>,
}

impl Input {
    /// A plausible series, through the same import as a file.
    ///
    /// # Errors
    /// Above ten years of days.
    pub fn synthetic(seed: u64, days: NonZeroU32) -> Result<Self, HostError> {
        if days.get() > MOST_SYNTHETIC_DAYS {
            return Err(HostError::new(format!("a synthetic series has at most {MOST_SYNTHETIC_DAYS} days")));
        }
        let text = series::csv(seed, SYNTHETIC_START, days.get());
        let import = interop::read(text.as_bytes(), "synthetic series", None).during("input")?;
        Self::from_import(&import.first_days(days), format!("a synthetic series, seed {seed}"))
    }

    /// A file of one of the import formats; the first subject unless one is named.
    ///
    /// # Errors
    /// One line naming the file, and the line if there is one: missing, another format, a bad field, no such subject.
    pub fn from_file(file: &Path, subject: Option<&str>, days: NonZeroU32) -> Result<Self, HostError> {
        let name = file.display().to_string();
        let open = File::open(file).during(&name)?;
        let import = interop::read(open, &name, subject).map_err(|error| HostError::new(error.to_string()))?;
        let short = file.file_name().map_or(name.clone(), |short| short.to_string_lossy().into_owned());
        Self::from_import(&import.first_days(days), short)
    }

    fn from_import(import: &Import, source: String) -> Result<Self, HostError> {
        let of_kind = |kind: DataKind| import.rows().iter().filter(|row| row.kind() == kind).count();
        // An account is for one kind of data; the kind with most rows is the one that is played.
        let kinds = [DataKind::ContinuousGlucose, DataKind::SelfMeasuredGlucose];
        let kind = kinds.into_iter().max_by_key(|kind| (of_kind(*kind), kind.code())).unwrap_or(kinds[0]);
        let mut rejected: Vec<_> = import
            .rejected()
            .iter()
            .map(|one| Rejected { line: one.place().number(), reason: one.reason().to_string() })
            .collect();
        let mut readings = Vec::new();
        // The file tells when a value was measured, not when it was received: that is for the home node to say.
        for (row, reading) in import.rows().iter().zip(import.readings(Timestamp::EPOCH).during(&source)?) {
            let line = row.place().number();
            if row.kind() == kind {
                readings.push((line, reading));
            } else {
                let reason = format!("{} has an account of its own, this run plays {kind}", row.kind());
                rejected.push(Rejected { line, reason });
            }
        }
        let subject = import.subject().unwrap_or("the owner of the file").to_owned();
        let (rows, outside, others) = (import.total() - import.outside(), import.outside(), import.others());
        Ok(Self { subject, source, rows, outside, others, kind, readings, rejected })
    }

    /// The readings as they were imported, in the order of the file.
    pub fn readings(&self) -> impl Iterator<Item = &Reading> {
        self.readings.iter().map(|(_, reading)| reading)
    }

    /// The kind of data that is played.
    #[must_use]
    pub const fn kind(&self) -> DataKind {
        self.kind
    }

    /// Loads a simulated meter with the readings, runs the glucose procedure against it over a link that loses and
    /// repeats values, and makes ledger readings of what arrives. Every value must be the one that was loaded.
    ///
    /// # Errors
    /// If the meter's memory could not be read completely, or a value changed on the way.
    pub fn through_the_meter(&self, seed: u64, now: Timestamp) -> Result<Taken, HostError> {
        let (mut stored, mut origins) = (Vec::new(), Vec::new());
        let mut rejected = self.rejected.clone();
        for (line, reading) in &self.readings {
            match stored_reading(reading) {
                Ok(one) => {
                    stored.push(one);
                    origins.push((*line, reading));
                }
                Err(error) => rejected.push(Rejected { line: *line, reason: error.to_string() }),
            }
        }
        let mut meter = SimMeter::new(MeterConfig::new());
        let report = sync_readings(&mut meter, &stored, FAULTS, seed);
        if !report.missing().is_empty() {
            let count = report.missing().len();
            return Err(HostError::new(format!("{count} stored records could not be read from the meter")));
        }
        for (index, refusal) in report.refused() {
            let line = origins.get(*index).map_or(0, |(line, _)| *line);
            rejected.push(Rejected { line, reason: refusal.to_string() });
        }
        let device = Device::new(b"simulated meter 1", BondState::Bonded);
        let mut readings = Vec::with_capacity(report.records().len());
        for (index, record) in report.records() {
            let reading = ingest(record, &device, now).during("a record of the meter")?;
            let (line, origin) = origins.get(*index).ok_or_else(|| HostError::new("a record nobody loaded"))?;
            if reading.measured() != origin.measured() || reading.wall_clock() != origin.wall_clock() {
                return Err(HostError::new(format!("row {line} changed between meter and home")));
            }
            readings.push(reading);
        }
        readings.sort_by_key(Reading::at);
        rejected.sort_by_key(|one| one.line);
        Ok(Taken { readings, rejected })
    }
}
