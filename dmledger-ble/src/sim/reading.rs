//! What a simulated meter is loaded with, and what it refuses.

use thiserror::Error;

use super::peripheral::{KnownOperators, Stored};
use crate::codec::Characteristic;
use crate::codec::date_time::DateTime;
use crate::codec::exact::{EXACT_GLUCOSE, ExactGlucose};
use crate::codec::glucose::{
    Concentration, ConcentrationUnit, ContextNotice, DisplayedGlucose, GlucoseMeasurement, GlucoseMeasurementContext,
    SampleLocation, SampleType, SensorStatus, SequenceNumber,
};
use crate::codec::medfloat::{Decimal, Sfloat};
use crate::codec::uuid::{GLUCOSE_MEASUREMENT, GLUCOSE_MEASUREMENT_CONTEXT, Uuid};
use crate::error::ConversionError;
use crate::procedure::glucose_sync::RecordKey;

/// How fine a meter's results are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "with the vendor service or without")]
pub enum Fineness {
    /// Only what an SFLOAT holds; a finer reading is refused at loading.
    Standard,
    /// A finer reading is sent without a concentration and with the vendor's exact value.
    Exact,
}

/// What a meter does with a reading when its memory is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "keep the old or keep the new")]
pub enum WhenFull {
    /// Refuses it.
    Refuse,
    /// Forgets its oldest record.
    DropOldest,
}

/// The make of a simulated meter.
#[derive(Clone, Copy, Debug)]
pub struct MeterConfig {
    pub(super) fineness: Fineness,
    pub(super) capacity: u16,
    pub(super) when_full: WhenFull,
    pub(super) first_sequence: SequenceNumber,
    pub(super) operators: KnownOperators,
    pub(super) sample_type: SampleType,
    pub(super) location: SampleLocation,
}

impl MeterConfig {
    /// A finger-stick meter: plasma-calibrated capillary blood, exact values where needed, 32,768 records, then the
    /// oldest are forgotten, numbers from 1.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            fineness: Fineness::Exact,
            capacity: 1 << 15,
            when_full: WhenFull::DropOldest,
            first_sequence: SequenceNumber::new(1),
            operators: KnownOperators::Every,
            sample_type: SampleType::CAPILLARY_PLASMA,
            location: SampleLocation::FINGER,
        }
    }

    /// How fine its results are.
    #[must_use]
    pub const fn with_fineness(mut self, fineness: Fineness) -> Self {
        self.fineness = fineness;
        self
    }

    /// How many records it holds and what it does when full.
    #[must_use]
    pub const fn with_capacity(mut self, records: u16, when_full: WhenFull) -> Self {
        self.capacity = records;
        self.when_full = when_full;
        self
    }

    /// The number of its first record.
    #[must_use]
    pub const fn with_first_sequence(mut self, number: SequenceNumber) -> Self {
        self.first_sequence = number;
        self
    }

    /// Which filters its control point understands.
    #[must_use]
    pub const fn with_operators(mut self, operators: KnownOperators) -> Self {
        self.operators = operators;
        self
    }

    /// What it measures and where.
    #[must_use]
    pub const fn with_sample(mut self, sample_type: SampleType, location: SampleLocation) -> Self {
        self.sample_type = sample_type;
        self.location = location;
        self
    }

    pub(super) fn offers_exact(&self) -> bool {
        self.fineness == Fineness::Exact
    }
}

impl Default for MeterConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// What a meter's display would show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a number, one of the two tokens, or nothing")]
pub enum MeterValue {
    /// A number.
    Number(DisplayedGlucose),
    /// The token "Low": below what the device can process. Sent as -INFINITY with status bit 6.
    Low,
    /// The token "High": above what the device can process. Sent as +INFINITY with status bit 5.
    High,
    /// No result. Sent as NaN with status bit 10, a general fault.
    NoResult,
}

/// A reading to be stored in a simulated meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredReading {
    base_time: DateTime,
    value: MeterValue,
    time_offset: Option<i16>,
    status: SensorStatus,
    sample: Option<(SampleType, SampleLocation)>,
    context: Option<GlucoseMeasurementContext>,
}

impl StoredReading {
    /// A result at a time of the meter's own clock.
    #[must_use]
    pub const fn new(base_time: DateTime, value: MeterValue) -> Self {
        Self { base_time, value, time_offset: None, status: SensorStatus::EMPTY, sample: None, context: None }
    }

    /// A number of milligrams per decilitre, exactly.
    #[must_use]
    pub const fn mg_per_dl(base_time: DateTime, number: Decimal) -> Self {
        Self::new(base_time, MeterValue::Number(DisplayedGlucose::MilligramsPerDecilitre(number)))
    }

    /// A number of millimoles per litre, exactly.
    #[must_use]
    pub const fn mmol_per_l(base_time: DateTime, number: Decimal) -> Self {
        Self::new(base_time, MeterValue::Number(DisplayedGlucose::MillimolesPerLitre(number)))
    }

    /// The same reading with an offset of the owner's clock in minutes.
    #[must_use]
    pub const fn with_time_offset(mut self, minutes: i16) -> Self {
        self.time_offset = Some(minutes);
        self
    }

    /// The same reading with further status bits.
    #[must_use]
    pub const fn with_status(mut self, status: SensorStatus) -> Self {
        self.status = self.status.union(status);
        self
    }

    /// The same reading from another sample than the meter's usual one, for example control solution.
    #[must_use]
    pub const fn with_sample(mut self, sample_type: SampleType, location: SampleLocation) -> Self {
        self.sample = Some((sample_type, location));
        self
    }

    /// The same reading with what its owner noted; the context's sequence number is replaced by the record's.
    #[must_use]
    pub const fn with_context(mut self, context: GlucoseMeasurementContext) -> Self {
        self.context = Some(context);
        self
    }

    /// The octets of the record.
    pub(super) fn encode(&self, sequence: SequenceNumber, config: &MeterConfig) -> Result<Stored, LoadRefusal> {
        let (sample_type, location) = self.sample.unwrap_or((config.sample_type, config.location));
        let mut measurement = GlucoseMeasurement::new(sequence, self.base_time);
        if let Some(minutes) = self.time_offset {
            measurement = measurement.with_time_offset(minutes);
        }
        let mut exact = None;
        match result(self.value) {
            Ok((value, unit)) => {
                measurement = measurement.with_concentration(Concentration::new(value, unit, sample_type, location));
            }
            Err((number, _)) if config.offers_exact() => {
                let value = ExactGlucose::new(sequence, self.base_time, number);
                exact = Some(value.with_sample(sample_type, location));
            }
            Err((_, error)) => return Err(LoadRefusal::NotRepresentable(error)),
        }
        let status = self.status.union(status_of(self.value));
        if status != SensorStatus::EMPTY {
            measurement = measurement.with_status(status);
        }
        let context = self.context.map(|context| context.renumbered(sequence));
        if context.is_some() {
            measurement = measurement.with_context(ContextNotice::Follows);
        }
        let mut values = vec![octets(GLUCOSE_MEASUREMENT, &measurement)];
        values.extend(context.map(|context| octets(GLUCOSE_MEASUREMENT_CONTEXT, &context)));
        values.extend(exact.map(|exact| octets(EXACT_GLUCOSE, &exact)));
        let offset = self.time_offset.unwrap_or(0);
        let shown = self.base_time.wall_seconds().ok().map(|at| at.plus_minutes(offset));
        let user_facing_time = shown.and_then(|at| DateTime::from_wall_seconds(at).ok());
        Ok(Stored { key: RecordKey::new(sequence, self.base_time), user_facing_time, values })
    }
}

/// The SFLOAT and unit of a result, or the number that is too fine for one.
fn result(value: MeterValue) -> Result<(Sfloat, ConcentrationUnit), (DisplayedGlucose, ConversionError)> {
    let number = match value {
        MeterValue::Low => return Ok((Sfloat::NEGATIVE_INFINITY, ConcentrationUnit::KilogramPerLitre)),
        MeterValue::High => return Ok((Sfloat::POSITIVE_INFINITY, ConcentrationUnit::KilogramPerLitre)),
        MeterValue::NoResult => return Ok((Sfloat::NAN, ConcentrationUnit::KilogramPerLitre)),
        MeterValue::Number(number) => number,
    };
    let (decimal, places, unit) = match number {
        DisplayedGlucose::MilligramsPerDecilitre(decimal) => (decimal, -5, ConcentrationUnit::KilogramPerLitre),
        DisplayedGlucose::MillimolesPerLitre(decimal) => (decimal, -3, ConcentrationUnit::MolePerLitre),
    };
    match decimal.shifted(places).and_then(Sfloat::from_decimal) {
        Ok(value) => Ok((value, unit)),
        Err(error) => Err((number, error)),
    }
}

const fn status_of(value: MeterValue) -> SensorStatus {
    match value {
        MeterValue::Number(_) => SensorStatus::EMPTY,
        MeterValue::Low => SensorStatus::RESULT_TOO_LOW,
        MeterValue::High => SensorStatus::RESULT_TOO_HIGH,
        MeterValue::NoResult => SensorStatus::GENERAL_FAULT,
    }
}

fn octets(characteristic: Uuid, value: &impl Characteristic) -> (Uuid, Vec<u8>) {
    (characteristic, value.to_vec().unwrap_or_default())
}

/// Why a meter does not take a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LoadRefusal {
    /// The number has no exact SFLOAT and the meter has no finer characteristic.
    #[error("value has no exact SFLOAT: {0}")]
    NotRepresentable(ConversionError),
    /// The memory is full.
    #[error("memory full")]
    MemoryFull,
}

/// What became of a list of readings; positions are those of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    pub(super) loaded: Vec<(usize, RecordKey)>,
    pub(super) refused: Vec<(usize, LoadRefusal)>,
}

impl LoadReport {
    /// Position and record key of every reading taken.
    #[must_use]
    pub fn loaded(&self) -> &[(usize, RecordKey)] {
        &self.loaded
    }

    /// Position and reason of every reading refused.
    #[must_use]
    pub fn refused(&self) -> &[(usize, LoadRefusal)] {
        &self.refused
    }
}
