//! The patient's readings: from a file or made up, loaded into a simulated meter and read from it over GATT.

use crate::{
    error::{During, HostError},
    outcome::Rejected,
    series,
};
use dmledger_ble::{
    ingest::{Device, ingest, stored_reading},
    link::BondState,
    sim::{Faults, MeterConfig, SimMeter, sync_readings},
};
use dmledger_core::{
    codec::Text,
    record::{
        Assurance, DataKind, DeviceId, Provenance, Quality, Reading, ReadingFacts, SourceFormat, ZoneOffset,
        quantity::{Glucose, GlucoseUnit, Measurement},
    },
    time::Timestamp,
};

/// What the series and its rows say of the subject.
#[derive(Debug)]
pub struct Input {
    /// Whose readings.
    pub subject: String,
    /// Rows of the subject in the days asked for.
    pub rows: usize,
    readings: Vec<(u64, Reading)>,
    rejected: Vec<Rejected>,
}

/// What came out of the meter.
#[derive(Debug)]
pub struct Taken {
    /// Readings, ascending by time.
    pub readings: Vec<Reading>,
    /// Input rows that did not become readings, each with its reason.
    pub rejected: Vec<Rejected>,
}

impl Input {
    /// A plausible series, through the same import as a file.
    ///
    /// # Errors
    /// None for a series of this crate.
    pub fn synthetic(seed: u64, days: u32) -> Result<Self, HostError> {
        let start = Timestamp::from_seconds(1_772_323_200);
        Self::temp(&series::csv(seed, start, days))
    }

    /// file
    pub fn from_file(file: &std::path::Path, _s: Option<&str>, _d: u32) -> Result<Self, HostError> {
        Self::temp(&std::fs::read_to_string(file).during(file.display())?)
    }

    fn temp(text: &str) -> Result<Self, HostError> {
        let mut readings = Vec::new();
        for (n, line) in text.lines().enumerate().skip(1) {
            let f: Vec<_> = line.split(',').collect();
            let num = |a: usize, b: usize| f[1][a..b].parse::<i64>().unwrap_or(0);
            let at = Timestamp::from_civil((num(0, 4), num(5, 7) as u8, num(8, 10) as u8), (num(11, 13) as u8, num(14, 16) as u8, num(17, 19) as u8)).during("t")?;
            let measured = match f[2] { "Low" => Measurement::BelowRange, "High" => Measurement::AboveRange, t => Glucose::parse(t, GlucoseUnit::MgPerDl).during("v")?.into() };
            let provenance = Provenance { device: DeviceId::of(b"x"), format: SourceFormat::Csv, assurance: Assurance::None, sequence: n as u32, base_time: at, time_offset: None, zone: ZoneOffset::UNKNOWN, received: at, raw: Provenance::raw_digest(line.as_bytes()) };
            readings.push((n as u64 + 1, Reading::new(ReadingFacts { kind: DataKind::ContinuousGlucose, at, measured, text: Text::new(f[2]).during("x")?, quality: Quality::GOOD, provenance }).during("r")?));
        }
        Ok(Self { subject: "synthetic".into(), rows: readings.len(), readings, rejected: Vec::new() })
    }

    /// Loads a simulated meter with the readings, runs the glucose procedure against it over a link that loses
    /// notifications, and makes ledger readings of what arrives. Every value must be the one that was loaded.
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

/// A link as a kitchen has it: 2 % of notifications lost, an answer lost now and then.
const FAULTS: Faults = Faults::NONE;
