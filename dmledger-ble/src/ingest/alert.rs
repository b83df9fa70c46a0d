//! Readings that cannot wait: thresholds, and silence where readings are due.
//!
//! An alert is raised when a condition begins to hold for a device, and again only after a reading for which it did not
//! hold. A reading that is older than [`AlertRules::fresh`] when it is received raises an alert too, marked as past: a
//! care team wants to know, nobody is to be woken.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use dmledger_core::record::quantity::{GlucoseBand, PressureUnit, VitalSign};
use dmledger_core::record::{DataKind, DeviceId, Measurement, Quality, Quantity, Reading};
use dmledger_core::time::Timestamp;

/// What is watched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Condition {
    /// Glucose in the consensus range "very low", or the device's "Low".
    GlucoseVeryLow,
    /// Glucose in the consensus range "low".
    GlucoseLow,
    /// Glucose in the consensus range "very high", or the device's "High".
    GlucoseVeryHigh,
    /// Systolic pressure of this many mmHg or more.
    SystolicFrom(u16),
    /// Diastolic pressure of this many mmHg or more.
    DiastolicFrom(u16),
    /// Heart rate of this many beats per minute or more.
    HeartRateFrom(u16),
    /// Heart rate of this many beats per minute or less.
    HeartRateTo(u16),
    /// Oxygen saturation of this many percent or less.
    SaturationTo(u8),
    /// No reading of this kind for so many seconds.
    Silence(DataKind, u32),
}

impl Condition {
    /// Whether a reading says anything about it, and if so whether it holds.
    fn holds(self, reading: &Reading) -> Option<bool> {
        let measured = reading.measured();
        let glucose = matches!(reading.kind(), DataKind::SelfMeasuredGlucose | DataKind::ContinuousGlucose);
        let band = if glucose { measured.band() } else { None };
        let quantity = measured.quantity().copied();
        match (self, quantity) {
            (Self::GlucoseVeryLow, _) => band.map(|band| band == GlucoseBand::VeryLow),
            (Self::GlucoseLow, _) => band.map(|band| band == GlucoseBand::Low),
            (Self::GlucoseVeryHigh, _) => band.map(|band| band == GlucoseBand::VeryHigh),
            (Self::SystolicFrom(limit), Some(Quantity::BloodPressure(pressure))) => {
                Some(reaches(pressure.systolic(), pressure.unit(), limit))
            }
            (Self::DiastolicFrom(limit), Some(Quantity::BloodPressure(pressure))) => {
                Some(reaches(pressure.diastolic(), pressure.unit(), limit))
            }
            (Self::HeartRateFrom(limit), Some(Quantity::HeartRate(rate))) => Some(rate.per_minute() >= limit),
            (Self::HeartRateTo(limit), Some(Quantity::HeartRate(rate))) => Some(rate.per_minute() <= limit),
            (Self::SaturationTo(limit), Some(Quantity::Vital(vital)))
                if vital.sign() == VitalSign::OxygenSaturation =>
            {
                Some(vital.millionths() <= u32::from(limit) * 1_000_000)
            }
            _ => None,
        }
    }
}

/// Whether a pressure reaches a limit in mmHg; 1 mmHg is 133.322387415 Pa.
fn reaches(millionths: u32, unit: PressureUnit, limit: u16) -> bool {
    match unit {
        PressureUnit::MmHg => u64::from(millionths) >= u64::from(limit) * 1_000_000,
        // in nanopascals: 10^-6 kPa is 10^6 of them, 1 mmHg is 133,322,387,415 of them
        PressureUnit::KPa => u128::from(millionths) * 1_000_000 >= u128::from(limit) * 133_322_387_415,
    }
}

/// Whether there is still time to do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "now or then")]
pub enum Freshness {
    /// Received soon after it was measured.
    Fresh,
    /// Received late.
    Past,
}

/// What the host is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alert {
    /// Which condition holds.
    pub condition: Condition,
    /// The device; `None` for silence.
    pub device: Option<DeviceId>,
    /// When it was measured, or since when it is silent.
    pub at: Timestamp,
    /// What was measured; no value for silence.
    pub measured: Measurement,
    /// Whether it is of now.
    pub freshness: Freshness,
}

/// Who is told of alerts. A host shows them, or writes them to the institution that coordinates care.
pub trait AlertHook {
    /// Something cannot wait. Called once for each alert, in the order of the readings.
    fn alert(&mut self, alert: &Alert);
}

impl AlertHook for Vec<Alert> {
    fn alert(&mut self, alert: &Alert) {
        self.push(alert.clone());
    }
}

/// Which conditions are watched for.
#[derive(Clone, Debug)]
pub struct AlertRules {
    conditions: BTreeSet<Condition>,
    fresh: Duration,
}

impl AlertRules {
    /// None yet; a reading is fresh for 15 minutes.
    #[must_use]
    pub const fn new() -> Self {
        Self { conditions: BTreeSet::new(), fresh: Duration::from_secs(900) }
    }

    /// The usual ones: very low and very high glucose, 180 over 120 mmHg, a heart rate from 130 or to 40, an oxygen
    /// saturation to 90 %. Which ones a person needs is for their clinician to say.
    #[must_use]
    pub fn usual() -> Self {
        [
            Condition::GlucoseVeryLow,
            Condition::GlucoseVeryHigh,
            Condition::SystolicFrom(180),
            Condition::DiastolicFrom(120),
            Condition::HeartRateFrom(130),
            Condition::HeartRateTo(40),
            Condition::SaturationTo(90),
        ]
        .into_iter()
        .fold(Self::new(), Self::with)
    }

    /// These and one more.
    #[must_use]
    pub fn with(mut self, condition: Condition) -> Self {
        self.conditions.insert(condition);
        self
    }

    /// How long after it was measured a reading is fresh.
    #[must_use]
    pub const fn with_fresh(mut self, fresh: Duration) -> Self {
        self.fresh = fresh;
        self
    }

    /// How long after it was measured a reading is fresh.
    #[must_use]
    pub const fn fresh(&self) -> Duration {
        self.fresh
    }
}

impl Default for AlertRules {
    fn default() -> Self {
        Self::usual()
    }
}

/// Watches accepted readings for conditions.
#[derive(Debug)]
pub struct Monitor {
    rules: AlertRules,
    raised: BTreeSet<(Condition, Option<DeviceId>)>,
    newest: BTreeMap<DataKind, Timestamp>,
}

impl Monitor {
    /// Watches for these.
    #[must_use]
    pub const fn new(rules: AlertRules) -> Self {
        Self { rules, raised: BTreeSet::new(), newest: BTreeMap::new() }
    }

    /// Looks at a reading that was accepted. One with a doubt about device, sample or control solution raises nothing.
    pub fn observe(&mut self, reading: &Reading, hook: &mut dyn AlertHook) {
        let (at, provenance) = (reading.at(), reading.provenance());
        let newest = self.newest.entry(reading.kind()).or_insert(at);
        *newest = (*newest).max(at);
        let doubts = [Quality::CONTROL_SOLUTION, Quality::DEVICE_FAULT, Quality::IMPLAUSIBLE];
        if doubts.iter().any(|doubt| reading.quality().contains(*doubt)) {
            return;
        }
        let late = at.plus(self.rules.fresh) < provenance.received;
        let freshness = if late { Freshness::Past } else { Freshness::Fresh };
        for condition in &self.rules.conditions {
            let key = (*condition, Some(provenance.device));
            match condition.holds(reading) {
                Some(true) if self.raised.insert(key) => hook.alert(&Alert {
                    condition: *condition,
                    device: Some(provenance.device),
                    at,
                    measured: reading.measured(),
                    freshness,
                }),
                Some(false) => _ = self.raised.remove(&key),
                _ => {}
            }
        }
    }

    /// Looks at the clock: a kind of which readings came and come no more is silent.
    pub fn tick(&mut self, now: Timestamp, hook: &mut dyn AlertHook) {
        for condition in &self.rules.conditions {
            let Condition::Silence(kind, seconds) = condition else { continue };
            let Some(newest) = self.newest.get(kind).copied() else { continue };
            let silent = newest.plus(Duration::from_secs((*seconds).into())) < now;
            if !silent {
                self.raised.remove(&(*condition, None));
            } else if self.raised.insert((*condition, None)) {
                let (measured, freshness) = (Measurement::NoValue, Freshness::Fresh);
                hook.alert(&Alert { condition: *condition, device: None, at: newest, measured, freshness });
            }
        }
    }
}

#[cfg(test)]
mod tests;
