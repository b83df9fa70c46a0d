//! The devices of a home, simulated: a meter, a sensor, a cuff, a band and a table camera, each read by its procedure
//! over a link with faults.

mod camera;

pub use camera::{Camera, MealSeen, made_up_clip, made_up_frame};

use crate::error::{During, HostError};
use dmledger_ble::{
    codec::{
        blood_pressure::{BloodPressureMeasurement, PressureUnit, Pressures},
        cgm::SessionStartTime,
        crc::E2eCrc,
        date_time::{DateTime, WallSeconds},
        glucose::SequenceNumber,
        heart_rate::{BeatsPerMinute, Contact, HeartRateMeasurement},
        medfloat::{Decimal, Sfloat},
        sleep::{Night, Stages},
        uuid::BLOOD_PRESSURE_MEASUREMENT,
    },
    ingest::{self, Device},
    link::BondState,
    procedure::{
        blood_pressure::BloodPressureSync,
        cgm_session::{CgmConfig, CgmSession},
        conversation::{Limits, Procedure},
        glucose_sync::{GlucoseSync, RecordKey, SyncConfig},
        heart_rate::HeartRateStream,
        sleep::{Nights, SleepSync},
    },
    sim::{
        Faults, MeterConfig, PerMille, Peripheral, SimCentral, SimKeeper, SimMeter, SimSensor, SimWearable,
        StoredReading, Struck, run_procedure,
    },
};
use dmledger_core::{
    record::{Reading, ZoneOffset},
    time::Timestamp,
};
use std::time::Duration;

/// A flat with thick walls.
pub const FAULTS: Faults = Faults::NONE
    .with_lost_values(PerMille::new(30))
    .with_repeated_values(PerMille::new(10))
    .with_reordered_values(PerMille::new(20))
    .with_lost_answers(PerMille::new(30))
    .with_late_answers(PerMille::new(10))
    .with_slow_acknowledgements(PerMille::new(5))
    .with_dropped_links(PerMille::new(2));

/// How often a session that ends incomplete is followed by another.
const SESSIONS: u64 = 5;

/// What a session with a device brought.
#[derive(Debug, Default)]
pub struct Session {
    /// What became readings.
    pub readings: Vec<Reading>,
    /// What could not become one, with its reason.
    pub refused: Vec<String>,
    /// Which faults struck.
    pub struck: Struck,
    /// How many sessions it took to be complete.
    pub sessions: u64,
}

/// A device's clock, in whole seconds.
///
/// # Errors
/// Outside the years 1582 to 9999.
pub fn clock(at: Timestamp) -> Result<DateTime, HostError> {
    DateTime::from_wall_seconds(WallSeconds::new(at.millis().div_euclid(1000))).during("clock of a device")
}

fn number(value: i64) -> Result<Sfloat, HostError> {
    Sfloat::from_decimal(Decimal::new(value, 0)).during("a device's number")
}

/// Runs a procedure until `complete` is content with its end, at most five times; hands the device back.
fn run<D: Peripheral, P: Procedure + Send>(
    device: &mut Option<D>,
    faults: Faults,
    seed: u64,
    session: &mut Session,
    start: impl Fn() -> P,
    take: &mut (dyn FnMut(P::Item) + Send),
    complete: impl Fn(&P::Outcome) -> bool,
) -> Result<P::Outcome, HostError>
where
    P::Item: Send,
    P::Outcome: Send + std::fmt::Debug,
{
    for attempt in 0..SESSIONS {
        let in_reach = device.take().ok_or_else(|| HostError::new("a device is out of reach"))?;
        let central = SimCentral::new(in_reach, faults, seed.wrapping_add(attempt));
        let outcome = run_procedure(&central, &mut start(), take);
        session.struck = session.struck.plus(central.struck());
        session.sessions += 1;
        *device = central.into_device();
        match outcome {
            Some(outcome) if complete(&outcome) => return Ok(outcome),
            Some(outcome) if attempt + 1 == SESSIONS => {
                return Err(HostError::new(format!("a device could not be read: {outcome:?}")));
            }
            _ => {}
        }
    }
    Err(HostError::new("a device could not be read"))
}

fn keep<E: std::fmt::Display>(session: &mut Session, reading: Result<Reading, E>) {
    match reading {
        Ok(reading) => session.readings.push(reading),
        Err(error) => session.refused.push(error.to_string()),
    }
}

/// A glucose meter and where its last session ended.
#[derive(Debug)]
pub struct Meter {
    identity: Device,
    meter: SimMeter,
    resume: Option<RecordKey>,
}

impl Meter {
    /// A bonded meter with this serial number, on UTC.
    #[must_use]
    pub fn new(serial: &[u8]) -> Self {
        let identity = Device::new(serial, BondState::BondedAuthenticated).in_zone(ZoneOffset::UTC);
        Self { identity, meter: SimMeter::new(MeterConfig::new()), resume: None }
    }

    /// Who it is.
    #[must_use]
    pub const fn identity(&self) -> &Device {
        &self.identity
    }

    /// The owner measures.
    pub fn measure(&mut self, readings: &[StoredReading]) {
        self.meter.load(readings);
    }

    /// Its battery was changed: it counts anew.
    pub fn reset(&mut self) {
        self.meter.clear();
        self.meter.reset_sequence();
    }

    /// Fetches what is new.
    ///
    /// # Errors
    /// If five sessions are not enough.
    pub fn sync(&mut self, received: Timestamp, faults: Faults, seed: u64) -> Result<Session, HostError> {
        let mut session = Session::default();
        for attempt in 0..SESSIONS {
            let config = self.resume.map_or(SyncConfig::new(), |last| SyncConfig::new().resuming_after(last));
            let sync = GlucoseSync::new(config);
            let report = dmledger_ble::sim::run(&mut self.meter, sync, faults, seed.wrapping_add(attempt));
            session.sessions += 1;
            session.struck = session.struck.plus(report.struck());
            for record in report.records() {
                keep(&mut session, ingest::ingest(record, &self.identity, received));
            }
            if report.is_complete() {
                self.resume = report.outcome().and_then(|outcome| outcome.summary().resume()).or(self.resume);
                return Ok(session);
            }
        }
        Err(HostError::new("the meter could not be read"))
    }
}

/// A continuous sensor in a session.
#[derive(Debug)]
pub struct Sensor {
    identity: Device,
    sensor: Option<SimSensor>,
    resume: Option<(SessionStartTime, u16)>,
}

impl Sensor {
    /// A bonded sensor whose session begins at `start`, with checks at the end of every value.
    ///
    /// # Errors
    /// If `start` is no time of a device's clock.
    pub fn new(serial: &[u8], start: Timestamp) -> Result<Self, HostError> {
        let session = SessionStartTime::new(clock(start)?, 0, 0);
        let sensor = Some(SimSensor::new(E2eCrc::Present).in_session(session));
        Ok(Self { identity: Device::new(serial, BondState::Bonded), sensor, resume: None })
    }

    /// Who it is.
    #[must_use]
    pub const fn identity(&self) -> &Device {
        &self.identity
    }

    /// Measures at this minute of its session, in mg/dL.
    ///
    /// # Errors
    /// If the number fits no SFLOAT.
    pub fn measure(&mut self, minutes: u16, mg_per_dl: i64) -> Result<(), HostError> {
        let value = number(mg_per_dl)?;
        if let Some(sensor) = &mut self.sensor {
            sensor.keep(minutes, value);
        }
        Ok(())
    }

    /// Fetches what is new.
    ///
    /// # Errors
    /// If five sessions are not enough.
    pub fn sync(&mut self, received: Timestamp, faults: Faults, seed: u64) -> Result<Session, HostError> {
        let (mut session, mut items) = (Session::default(), Vec::new());
        let config = match self.resume {
            Some((start, minutes)) => CgmConfig::new().resuming_after(start, minutes),
            None => CgmConfig::new(),
        };
        let start = || CgmSession::new(config.clone());
        let outcome =
            run(&mut self.sensor, faults, seed, &mut session, start, &mut |item| items.push(item), |outcome| {
                outcome.is_complete()
            })?;
        self.resume = outcome.summary().resume().or(self.resume);
        for item in &items {
            keep(&mut session, ingest::cgm(item, &self.identity, received));
        }
        Ok(session)
    }
}

/// A cuff with a clock.
#[derive(Debug)]
pub struct Cuff {
    identity: Device,
    cuff: Option<SimKeeper>,
}

impl Cuff {
    /// A bonded cuff on UTC.
    #[must_use]
    pub fn new(serial: &[u8]) -> Self {
        let identity = Device::new(serial, BondState::Bonded).in_zone(ZoneOffset::UTC);
        Self { identity, cuff: Some(SimKeeper::new(BLOOD_PRESSURE_MEASUREMENT, None)) }
    }

    /// Who it is.
    #[must_use]
    pub const fn identity(&self) -> &Device {
        &self.identity
    }

    /// The owner measures, in mmHg.
    ///
    /// # Errors
    /// If time or numbers do not fit.
    pub fn measure(&mut self, at: Timestamp, systolic: i64, diastolic: i64, pulse: i64) -> Result<(), HostError> {
        let mean = number((systolic + 2 * diastolic) / 3)?;
        let unit = PressureUnit::MillimetreOfMercury;
        let pressures = Pressures::new(number(systolic)?, number(diastolic)?, mean, unit);
        let value = BloodPressureMeasurement::new(pressures).with_taken(clock(at)?).with_pulse(number(pulse)?);
        if let Some(cuff) = &mut self.cuff {
            cuff.keep(&value);
        }
        Ok(())
    }

    /// Takes what it has kept.
    ///
    /// # Errors
    /// If five sessions are not enough.
    pub fn sync(&mut self, received: Timestamp, faults: Faults, seed: u64) -> Result<Session, HostError> {
        let (mut session, mut items) = (Session::default(), Vec::new());
        let start = || BloodPressureSync::new(Duration::from_secs(15), Limits::new());
        run(&mut self.cuff, faults, seed, &mut session, start, &mut |item| items.push(item), |outcome| {
            outcome.end().is_ok()
        })?;
        for item in &items {
            keep(&mut session, ingest::blood_pressure(item, &self.identity, received));
        }
        Ok(session)
    }
}

/// A band that streams heart rates and keeps nights.
#[derive(Debug)]
pub struct Band {
    identity: Device,
    band: Option<SimWearable>,
    beats: u32,
}

impl Band {
    /// A bonded band on UTC.
    #[must_use]
    pub fn new(serial: &[u8]) -> Self {
        let identity = Device::new(serial, BondState::Bonded).in_zone(ZoneOffset::UTC);
        Self { identity, band: Some(SimWearable::new()), beats: 0 }
    }

    /// Who it is.
    #[must_use]
    pub const fn identity(&self) -> &Device {
        &self.identity
    }

    /// The owner sleeps.
    ///
    /// # Errors
    /// If the time does not fit.
    pub fn sleep(&mut self, number: u16, start: Timestamp, in_bed: u32, asleep: u32) -> Result<(), HostError> {
        let night = Night::new(SequenceNumber::new(number), clock(start)?, 0, in_bed, asleep, 2);
        let stages = Stages { light: asleep / 2, deep: asleep / 4, rem: asleep / 5 };
        if let Some(band) = &mut self.band {
            band.keep(&night.with_stages(stages));
        }
        Ok(())
    }

    /// Fetches the nights it keeps, those fetched before among them.
    ///
    /// # Errors
    /// If five sessions are not enough.
    pub fn nights(&mut self, received: Timestamp, faults: Faults, seed: u64) -> Result<Session, HostError> {
        let (mut session, mut items) = (Session::default(), Vec::new());
        let start = || SleepSync::new(Nights, Limits::new());
        run(&mut self.band, faults, seed, &mut session, start, &mut |item| items.push(item), |outcome| {
            outcome.end().is_ok()
        })?;
        for item in &items {
            keep(&mut session, ingest::sleep(item, &self.identity, received));
        }
        Ok(session)
    }

    /// Streams these rates, one a second from `from` on, and listens to them.
    ///
    /// # Errors
    /// If five sessions are not enough.
    pub fn listen(&mut self, from: Timestamp, rates: &[u8], faults: Faults, seed: u64) -> Result<Session, HostError> {
        let (mut session, mut items) = (Session::default(), Vec::new());
        if let Some(band) = &mut self.band {
            band.will_stream(rates.iter().filter_map(|rate| {
                let beat = HeartRateMeasurement::new(BeatsPerMinute::Narrow(*rate), Contact::Detected);
                beat.with_intervals(&[u16::try_from(61_440 / u32::from((*rate).max(1))).ok()?]).ok()
            }));
        }
        let (listen, pause) = (Duration::from_secs(rates.len() as u64), Duration::from_millis(2500));
        let start = || HeartRateStream::new(listen, pause, Limits::new());
        run(&mut self.band, faults, seed, &mut session, start, &mut |item| items.push(item), |outcome| {
            outcome.end().is_ok()
        })?;
        for item in &items {
            let received = from.plus(Duration::from_millis(item.received().millis()));
            keep(&mut session, ingest::heart_rate(item, self.beats, &self.identity, received));
            self.beats = self.beats.wrapping_add(1);
        }
        Ok(session)
    }
}
