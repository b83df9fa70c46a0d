//! From a device's record to a [`Reading`] of the ledger.
//!
//! Nothing is converted: number and unit are the device's own, exactly. What the device says instead of a number stays
//! that statement: -INFINITY and the status "result too low" are "Low", +INFINITY and "result too high" are "High", NaN
//! is no result. The [`Provenance`] names the device, how well it is known, the record's number, the device's clock
//! without and with its offset, and the digest of the octets as received ([`raw_octets`]), so that a later correction of
//! a decoder never breaks a proof.
//!
//! One function a kind: [`ingest`] for a meter's record, [`cgm`], [`blood_pressure`], [`heart_rate`], [`sleep`], [`meal`],
//! [`oxygen`], [`oxygen_sample`], [`weight`], [`temperature`]. What becomes of the readings is the matter of [`intake`]:
//! kept durably, taken once, put aside when something is wrong with them, handed to the sealing path once; [`alert`]
//! tells a host of those that cannot wait.
//!
//! The whole way of a reading, here with a simulated meter:
//!
//! ```
//! use dmledger_ble::codec::{date_time::DateTime, medfloat::Decimal};
//! use dmledger_ble::ingest::{Device, ingest};
//! use dmledger_ble::link::BondState;
//! use dmledger_ble::sim::{Faults, MeterConfig, SimMeter, StoredReading, sync_readings};
//! use dmledger_core::record::{Glucose, GlucoseUnit};
//! use dmledger_core::time::Timestamp;
//!
//! let at = DateTime::new(2024, 3, 15, 10, 30, 0)?;
//! let mut meter = SimMeter::new(MeterConfig::new());
//! let stored = [StoredReading::mg_per_dl(at, Decimal::new(1368, -1))];
//! let report = sync_readings(&mut meter, &stored, Faults::NONE, 7);
//!
//! let device = Device::new(b"maker/model/serial", BondState::BondedAuthenticated);
//! for (_position, record) in report.records() {
//!     let reading = ingest(record, &device, Timestamp::from_seconds(1_710_500_000))?;
//!     assert_eq!(reading.measured().glucose(), Some(Glucose::parse("136.8", GlucoseUnit::MgPerDl)?));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod alert;
pub mod intake;
pub mod journal;
mod life;
mod vitals;

pub use life::{meal, sleep};
pub use vitals::{blood_pressure, cgm, heart_rate, oxygen, oxygen_sample, temperature, weight};

use dmledger_core::codec::Text;
use dmledger_core::record::quantity::{Glucose, GlucoseUnit, Measurement, Plausibility, Quantity, ValueError};
use dmledger_core::record::{
    Assurance, DataKind, DeviceId, Provenance, Quality, Reading, ReadingError, ReadingFacts, SourceFormat, ZoneOffset,
};
use dmledger_core::time::Timestamp;
use thiserror::Error;

use crate::codec::Characteristic;
use crate::codec::date_time::{DateTime, DateTimeError};
use crate::codec::exact::{EXACT_GLUCOSE, ExactGlucose};
use crate::codec::glucose::{
    Concentration, ConcentrationError, DisplayedGlucose, GlucoseMeasurement, GlucoseMeasurementContext, SampleType,
    SensorStatus,
};
use crate::codec::medfloat::Special;
use crate::codec::uuid::Uuid;
use crate::link::BondState;
use crate::procedure::glucose_sync::{Companion, Record};

/// What a gateway knows of a device, beside what the device says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    id: DeviceId,
    assurance: Assurance,
    zone: ZoneOffset,
}

impl Device {
    /// A device by what identifies it (maker, model and serial number, or the identity address of its bond); its zone is
    /// unknown.
    #[must_use]
    pub fn new(identification: &[u8], bond: BondState) -> Self {
        let assurance = match bond {
            BondState::NotBonded => Assurance::None,
            BondState::Bonded | BondState::BondedAuthenticated => Assurance::Bonded,
        };
        Self { id: DeviceId::of(identification), assurance, zone: ZoneOffset::UNKNOWN }
    }

    /// The same device, whose owner says how far its displayed clock is ahead of UTC.
    #[must_use]
    pub const fn in_zone(mut self, zone: ZoneOffset) -> Self {
        self.zone = zone;
        self
    }

    /// The same device, whose signature over its readings the host has verified.
    #[must_use]
    pub const fn signed(mut self) -> Self {
        self.assurance = Assurance::Signed;
        self
    }

    /// The device's name in records.
    #[must_use]
    pub const fn id(&self) -> DeviceId {
        self.id
    }

    /// How sure it is that readings are this device's.
    #[must_use]
    pub const fn assurance(&self) -> Assurance {
        self.assurance
    }

    fn provenance(
        &self,
        format: SourceFormat,
        sequence: u32,
        clock: DeviceClock,
        received: Timestamp,
        raw: &[(Uuid, &[u8])],
    ) -> Provenance {
        Provenance {
            device: self.id,
            format,
            assurance: self.assurance,
            sequence,
            base_time: clock.base_time,
            time_offset: clock.time_offset,
            zone: clock.zone.unwrap_or(self.zone),
            received,
            raw: Provenance::raw_digest(&named_octets(raw)),
        }
    }
}

/// What a device's clock said of a measurement.
#[derive(Clone, Copy, Debug)]
struct DeviceClock {
    base_time: Timestamp,
    time_offset: Option<i16>,
    /// The zone, if the device or the lack of a clock says it; else the owner's word counts.
    zone: Option<ZoneOffset>,
}

impl DeviceClock {
    /// The device stated this time.
    fn stated(at: DateTime) -> Result<Self, IngestError> {
        let base_time = Timestamp::from_seconds(at.wall_seconds()?.value());
        Ok(Self { base_time, time_offset: None, zone: None })
    }

    /// The device stated no time: it measured when the gateway received it.
    const fn none(received: Timestamp) -> Self {
        Self { base_time: received, time_offset: None, zone: Some(ZoneOffset::UTC) }
    }

    fn stated_or_received(at: Option<DateTime>, received: Timestamp) -> Result<Self, IngestError> {
        at.map_or(Ok(Self::none(received)), Self::stated)
    }
}

/// Why a record makes no reading. The record is then to be kept as octets and shown to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IngestError {
    /// The record's exact value was lost on the way and could not be fetched.
    #[error("exact value lost on the way")]
    ExactValueLost,
    /// The device's clock names no instant.
    #[error("time of the record: {0}")]
    Time(#[from] DateTimeError),
    /// The number is no concentration.
    #[error("value of the record: {0}")]
    Value(#[from] ValueError),
    /// The number exceeds what can be computed with.
    #[error("value of the record out of range")]
    Overflow,
    /// The ledger refuses the reading.
    #[error(transparent)]
    Reading(#[from] ReadingError),
    /// The time has a fraction of a second, which the Glucose service cannot state.
    #[error("time with a fraction of a second")]
    FractionOfSecond,
    /// The reading is not a glucose value.
    #[error("not a glucose reading")]
    NotGlucose,
    /// The sensor does not say when its session began.
    #[error("session of the sensor without a start")]
    NoSession,
    /// The octets of the night could not be read.
    #[error("night in an unconfirmed layout")]
    Unread,
}

/// Makes a reading from a record that the gateway received at `received`, UTC by its own clock.
///
/// Glucose in interstitial fluid is [`DataKind::ContinuousGlucose`], everything else
/// [`DataKind::SelfMeasuredGlucose`]. A test with control solution is marked so; it is no reading of a person.
///
/// # Errors
/// [`IngestError`]; nothing is guessed or rounded.
pub fn ingest(record: &Record, device: &Device, received: Timestamp) -> Result<Reading, IngestError> {
    let measurement = record.measurement();
    let kind = kind(record);
    let measured = measured(record)?;
    let clock = DeviceClock { time_offset: measurement.time_offset(), ..DeviceClock::stated(measurement.base_time())? };
    let sequence = measurement.sequence().value().into();
    let format = SourceFormat::BluetoothGlucose;
    let provenance = device.provenance(format, sequence, clock, received, &parts(record));
    reading(kind, measured, quality(record, &measured, kind), provenance)
}

fn reading(
    kind: DataKind,
    measured: Measurement,
    quality: Quality,
    provenance: Provenance,
) -> Result<Reading, IngestError> {
    // A device writes no text.
    let text = Text::new("").map_err(|_| IngestError::Overflow)?;
    Ok(Reading::new(ReadingFacts { kind, at: provenance.instant(), measured, text, quality, provenance })?)
}

/// A remark on a value that such devices do not report.
fn plausibility(measured: &Measurement, kind: DataKind) -> Quality {
    let credible = |quantity: &Quantity| quantity.plausibility(kind) == Plausibility::Credible;
    if measured.quantity().is_none_or(credible) { Quality::GOOD } else { Quality::IMPLAUSIBLE }
}

/// The octets a record was made from, in one string that can be taken apart again: for the measurement, the context and
/// the exact value, as far as they were received, the characteristic's UUID (16 octets, most significant first), the
/// length (u16, least significant octet first) and the value.
#[must_use]
pub fn raw_octets(record: &Record) -> Vec<u8> {
    named_octets(&parts(record))
}

fn parts(record: &Record) -> Vec<(Uuid, &[u8])> {
    let parts = [
        (GlucoseMeasurement::UUID, Some(record.raw())),
        (GlucoseMeasurementContext::UUID, record.context().raw()),
        (EXACT_GLUCOSE, record.exact().raw()),
    ];
    parts.into_iter().filter_map(|(characteristic, value)| Some((characteristic, value?))).collect()
}

/// Values with the names of their characteristics, as [`raw_octets`] describes.
fn named_octets(parts: &[(Uuid, &[u8])]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(64);
    for (characteristic, value) in parts {
        octets.extend_from_slice(&characteristic.to_u128().to_be_bytes());
        // An attribute value is at most 512 octets.
        octets.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
        octets.extend_from_slice(value);
    }
    octets
}

fn kind(record: &Record) -> DataKind {
    let stated = record.measurement().concentration().map(|concentration| concentration.sample_type());
    match stated.or_else(|| record.exact().value().map(ExactGlucose::sample_type)) {
        Some(SampleType::INTERSTITIAL_FLUID) => DataKind::ContinuousGlucose,
        _ => DataKind::SelfMeasuredGlucose,
    }
}

fn measured(record: &Record) -> Result<Measurement, IngestError> {
    let status = record.measurement().status().unwrap_or(SensorStatus::EMPTY);
    // The device's word that a result is beyond its range outweighs whatever it put in the number's place.
    match (status.contains(SensorStatus::RESULT_TOO_LOW), status.contains(SensorStatus::RESULT_TOO_HIGH)) {
        (true, false) => return Ok(Measurement::BelowRange),
        (false, true) => return Ok(Measurement::AboveRange),
        (true, true) => return Ok(Measurement::NoValue),
        (false, false) => {}
    }
    let shown = match (record.measurement().concentration().map(|c| Concentration::displayed(&c)), record.exact()) {
        (Some(Ok(shown)), _) => shown,
        (Some(Err(ConcentrationError::NotANumber(special))), _) => return Ok(statement(special)),
        (Some(Err(_)), _) => return Err(IngestError::Overflow),
        (None, Companion::Received { value, .. }) => value.value(),
        (None, Companion::Lost) => return Err(IngestError::ExactValueLost),
        (None, Companion::NotAnnounced) => return Ok(Measurement::NoValue),
    };
    let (number, unit) = match shown {
        DisplayedGlucose::MilligramsPerDecilitre(number) => (number, GlucoseUnit::MgPerDl),
        DisplayedGlucose::MillimolesPerLitre(number) => (number, GlucoseUnit::MmolPerL),
    };
    Ok(Glucose::from_decimal(number.mantissa(), number.exponent(), unit)?.into())
}

const fn statement(special: Special) -> Measurement {
    match special {
        Special::NegativeInfinity => Measurement::BelowRange,
        Special::PositiveInfinity => Measurement::AboveRange,
        Special::NotANumber | Special::NotAtThisResolution | Special::Reserved => Measurement::NoValue,
    }
}

fn quality(record: &Record, measured: &Measurement, kind: DataKind) -> Quality {
    let status = record.measurement().status().unwrap_or(SensorStatus::EMPTY);
    [
        (record.is_control_solution(), Quality::CONTROL_SOLUTION),
        (status.contains(SensorStatus::TIME_FAULT), Quality::TIME_FAULT),
        (status.bits() & FAULTS.bits() != 0, Quality::DEVICE_FAULT),
    ]
    .into_iter()
    .filter(|(holds, _)| *holds)
    .fold(plausibility(measured, kind), |quality, (_, remark)| quality.with(remark))
}

/// Status bits that cast doubt on the result itself.
const FAULTS: SensorStatus = SensorStatus::SENSOR_MALFUNCTION
    .union(SensorStatus::SAMPLE_TOO_SMALL)
    .union(SensorStatus::STRIP_INSERTION_ERROR)
    .union(SensorStatus::STRIP_TYPE_INCORRECT)
    .union(SensorStatus::TEMPERATURE_TOO_HIGH)
    .union(SensorStatus::TEMPERATURE_TOO_LOW)
    .union(SensorStatus::READ_INTERRUPTED)
    .union(SensorStatus::GENERAL_FAULT);

/// What a simulated meter is to be loaded with so that it reports `reading`: same value and unit, same clock, same
/// offset, its kind's sample.
///
/// # Errors
/// [`IngestError`] for a reading that no meter can have: no glucose, a fraction of a second, a year outside 1582..=9999.
#[cfg(feature = "sim")]
pub fn stored_reading(reading: &Reading) -> Result<crate::sim::StoredReading, IngestError> {
    use crate::codec::date_time::WallSeconds;
    use crate::codec::glucose::SampleLocation;
    use crate::sim::{MeterValue, StoredReading};

    let provenance = reading.provenance();
    let millis = provenance.base_time.millis();
    if millis.rem_euclid(1000) != 0 {
        return Err(IngestError::FractionOfSecond);
    }
    let base_time = DateTime::from_wall_seconds(WallSeconds::new(millis.div_euclid(1000)))?;
    let value = match reading.measured() {
        Measurement::Value(_) => {
            MeterValue::Number(displayed(reading.measured().glucose().ok_or(IngestError::NotGlucose)?))
        }
        Measurement::BelowRange => MeterValue::Low,
        Measurement::AboveRange => MeterValue::High,
        Measurement::NoValue => MeterValue::NoResult,
    };
    let mut stored = StoredReading::new(base_time, value);
    if let Some(minutes) = provenance.time_offset {
        stored = stored.with_time_offset(minutes);
    }
    if reading.kind() == DataKind::ContinuousGlucose {
        stored = stored.with_sample(SampleType::INTERSTITIAL_FLUID, SampleLocation::ALTERNATE_SITE);
    }
    Ok(stored)
}

/// A concentration as a display writes it: without needless decimals.
#[cfg(feature = "sim")]
fn displayed(glucose: Glucose) -> DisplayedGlucose {
    use crate::codec::medfloat::Decimal;

    let number = Decimal::new(glucose.millionths().into(), -6);
    let number = number.in_units_of(0).map_or_else(|_| number.normalised(), |whole| Decimal::new(whole, 0));
    match glucose.unit() {
        GlucoseUnit::MgPerDl => DisplayedGlucose::MilligramsPerDecilitre(number),
        GlucoseUnit::MmolPerL => DisplayedGlucose::MillimolesPerLitre(number),
    }
}

#[cfg(test)]
#[cfg(feature = "sim")]
mod tests;
