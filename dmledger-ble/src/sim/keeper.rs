//! A device that keeps measurements until their indication is confirmed: cuff, scale, thermometer, oximeter.

use std::collections::VecDeque;

use super::device::{ATTRIBUTE_NOT_FOUND, Peripheral};
use super::fault::Traffic;
use crate::codec::Characteristic;
use crate::codec::date_time::DateTime;
use crate::codec::device::{AdjustReason, BatteryLevel, CurrentTime};
use crate::codec::uuid::{BATTERY_LEVEL, CURRENT_TIME, Uuid};
use crate::procedure::Uptime;
use crate::procedure::glucose_sync::AttError;

/// A simulated keeper of the measurements of one characteristic.
#[derive(Clone, Debug)]
pub struct SimKeeper {
    characteristic: Uuid,
    kept: VecDeque<Vec<u8>>,
    clock: Option<DateTime>,
    subscribed: bool,
}

impl SimKeeper {
    /// An empty device that indicates this characteristic, with a clock if it has one.
    #[must_use]
    pub const fn new(characteristic: Uuid, clock: Option<DateTime>) -> Self {
        Self { characteristic, kept: VecDeque::new(), clock, subscribed: false }
    }

    /// Keeps a measurement.
    pub fn keep<C: Characteristic>(&mut self, measurement: &C) {
        if let Ok(octets) = measurement.to_vec() {
            self.kept.push_back(octets);
        }
    }

    /// How many measurements were not confirmed yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether every measurement was confirmed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

impl Peripheral for SimKeeper {
    fn characteristics(&self) -> Vec<Uuid> {
        let mut found = vec![self.characteristic, BATTERY_LEVEL];
        found.extend(self.clock.map(|_| CURRENT_TIME));
        found
    }

    fn subscribe(&mut self, characteristic: Uuid) -> Result<(), AttError> {
        if characteristic != self.characteristic {
            return Err(ATTRIBUTE_NOT_FOUND);
        }
        self.subscribed = true;
        Ok(())
    }

    fn read(&mut self, characteristic: Uuid, _now: Uptime) -> Result<Vec<u8>, AttError> {
        let octets = match (characteristic, self.clock) {
            (BATTERY_LEVEL, _) => BatteryLevel::from_percent(80).to_vec(),
            (CURRENT_TIME, Some(at)) => CurrentTime::new(at, 0, 0, AdjustReason::MANUAL).to_vec(),
            _ => return Err(ATTRIBUTE_NOT_FOUND),
        };
        Ok(octets.unwrap_or_default())
    }

    fn due(&self, now: Uptime) -> Option<Uptime> {
        (self.subscribed && !self.kept.is_empty()).then_some(now)
    }

    fn next_value(&mut self, _now: Uptime) -> Option<(Uuid, Vec<u8>)> {
        self.kept.front().map(|octets| (self.characteristic, octets.clone()))
    }

    fn confirmed(&mut self, _characteristic: Uuid) {
        self.kept.pop_front();
    }

    fn unlink(&mut self) {
        self.subscribed = false;
    }

    fn traffic(&self, _characteristic: Uuid) -> Traffic {
        Traffic::Confirmed
    }
}
