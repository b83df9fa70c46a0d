//! What a synchronisation delivers: records with the octets they came from.

use alloc::vec::Vec;
use core::fmt;

use crate::codec::date_time::DateTime;
use crate::codec::exact::ExactGlucose;
use crate::codec::glucose::{
    ContextNotice, DisplayedGlucose, GlucoseMeasurement, GlucoseMeasurementContext, SequenceNumber,
};
use crate::procedure::Uptime;

/// What makes a record the same record on one device: the sequence number alone repeats after a reset or a wrap.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    sequence: SequenceNumber,
    base_time: DateTime,
}

impl RecordKey {
    /// The record with this number and base time.
    #[must_use]
    pub const fn new(sequence: SequenceNumber, base_time: DateTime) -> Self {
        Self { sequence, base_time }
    }

    /// The record's number on the device.
    #[must_use]
    pub const fn sequence(&self) -> SequenceNumber {
        self.sequence
    }

    /// The device's clock at the measurement, without the offset.
    #[must_use]
    pub const fn base_time(&self) -> DateTime {
        self.base_time
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}@{}", self.sequence.value(), self.base_time)
    }
}

impl From<&GlucoseMeasurement> for RecordKey {
    fn from(measurement: &GlucoseMeasurement) -> Self {
        Self::new(measurement.sequence(), measurement.base_time())
    }
}

/// A second value that belongs to a record: announced by the record, received or not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a companion is not there, there, or lost")]
pub enum Companion<T> {
    /// The record announces none.
    NotAnnounced,
    /// Received, with its octets.
    Received {
        /// The value.
        value: T,
        /// The octets it was decoded from.
        raw: Vec<u8>,
    },
    /// Announced and never received although it was asked for again.
    Lost,
}

impl<T> Companion<T> {
    /// The value, if it was received.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Received { value, .. } => Some(value),
            Self::NotAnnounced | Self::Lost => None,
        }
    }

    /// The octets, if it was received.
    pub fn raw(&self) -> Option<&[u8]> {
        match self {
            Self::Received { raw, .. } => Some(raw),
            Self::NotAnnounced | Self::Lost => None,
        }
    }
}

/// One stored record of a meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub(super) measurement: GlucoseMeasurement,
    pub(super) raw: Vec<u8>,
    pub(super) context: Companion<GlucoseMeasurementContext>,
    pub(super) exact: Companion<ExactGlucose>,
    pub(super) received: Uptime,
}

impl Record {
    /// What makes it the same record on its device.
    #[must_use]
    pub fn key(&self) -> RecordKey {
        RecordKey::from(&self.measurement)
    }

    /// The Glucose Measurement.
    #[must_use]
    pub const fn measurement(&self) -> &GlucoseMeasurement {
        &self.measurement
    }

    /// Octets of the Glucose Measurement as received.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The Glucose Measurement Context.
    #[must_use]
    pub const fn context(&self) -> &Companion<GlucoseMeasurementContext> {
        &self.context
    }

    /// The vendor's exact value, for records without a concentration.
    #[must_use]
    pub const fn exact(&self) -> &Companion<ExactGlucose> {
        &self.exact
    }

    /// When the measurement arrived, on the host's own clock.
    #[must_use]
    pub const fn received(&self) -> Uptime {
        self.received
    }

    /// The concentration as the meter's owner reads it: the measurement's own, else the exact companion's.
    /// `None` when neither holds a number; the measurement then says why.
    #[must_use]
    pub fn displayed(&self) -> Option<DisplayedGlucose> {
        match self.measurement.concentration() {
            Some(concentration) => concentration.displayed().ok(),
            None => self.exact.value().map(ExactGlucose::value),
        }
    }

    /// Whether it is a test with control solution, which is no reading of a person.
    #[must_use]
    pub fn is_control_solution(&self) -> bool {
        self.measurement.is_control_solution() || self.exact.value().is_some_and(ExactGlucose::is_control_solution)
    }
}

/// A measurement that waits for what it announced.
#[derive(Debug)]
pub(super) struct Pending {
    measurement: GlucoseMeasurement,
    raw: Vec<u8>,
    context: Option<(GlucoseMeasurementContext, Vec<u8>)>,
    exact: Option<(ExactGlucose, Vec<u8>)>,
    waits_for_exact: bool,
    received: Uptime,
}

impl Pending {
    pub(super) fn new(measurement: GlucoseMeasurement, raw: &[u8], exact_offered: bool, received: Uptime) -> Self {
        let waits_for_exact = exact_offered && measurement.concentration().is_none();
        Self { measurement, raw: raw.to_vec(), context: None, exact: None, waits_for_exact, received }
    }

    /// Takes a context if one was announced and is missing.
    pub(super) fn offer_context(&mut self, context: GlucoseMeasurementContext, raw: &[u8]) -> bool {
        let wanted = self.measurement.context() == ContextNotice::Follows && self.context.is_none();
        if wanted {
            self.context = Some((context, raw.to_vec()));
        }
        wanted
    }

    /// Takes an exact value if one is due and missing.
    pub(super) fn offer_exact(&mut self, exact: ExactGlucose, raw: &[u8]) -> bool {
        let wanted = self.waits_for_exact && self.exact.is_none();
        if wanted {
            self.exact = Some((exact, raw.to_vec()));
        }
        wanted
    }

    pub(super) fn is_whole(&self) -> bool {
        (self.measurement.context() == ContextNotice::None || self.context.is_some())
            && (!self.waits_for_exact || self.exact.is_some())
    }

    /// The record as it is; what was announced and did not come is marked as lost.
    pub(super) fn into_record(self) -> Record {
        fn companion<T>(announced: bool, received: Option<(T, Vec<u8>)>) -> Companion<T> {
            match received {
                Some((value, raw)) => Companion::Received { value, raw },
                None if announced => Companion::Lost,
                None => Companion::NotAnnounced,
            }
        }
        Record {
            context: companion(self.measurement.context() == ContextNotice::Follows, self.context),
            exact: companion(self.waits_for_exact, self.exact),
            measurement: self.measurement,
            raw: self.raw,
            received: self.received,
        }
    }
}
