//! A band on the wrist: streams heart rates with intervals, keeps nights.

use super::access::Numbered;
use super::device::{ATTRIBUTE_NOT_FOUND, Peripheral};
use super::fault::Traffic;
use super::streamer::Feed;
use crate::codec::Characteristic;
use crate::codec::heart_rate::{BodySensorLocation, HeartRateMeasurement};
use crate::codec::sleep::{NIGHT, Night};
use crate::codec::uuid::{BODY_SENSOR_LOCATION, HEART_RATE_MEASUREMENT, RECORD_ACCESS_CONTROL_POINT, Uuid};
use crate::procedure::Uptime;
use crate::procedure::glucose_sync::AttError;

/// A simulated wearable.
#[derive(Clone, Debug, Default)]
pub struct SimWearable {
    nights: Numbered,
    beats: Feed,
}

impl SimWearable {
    /// A band that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Will stream this, once a second while it is subscribed to; what falls due without a subscriber waits.
    pub fn will_stream(&mut self, beats: impl IntoIterator<Item = HeartRateMeasurement>) {
        self.beats.extend(beats);
    }

    /// Keeps a night.
    pub fn keep(&mut self, night: &Night) {
        if let Ok(octets) = night.to_vec() {
            self.nights.keep(night.sequence().value(), octets);
        }
    }

    /// Numbers and octets of the nights it has kept, in order.
    pub fn nights(&self) -> impl Iterator<Item = (u16, &[u8])> + '_ {
        self.nights.records()
    }

    /// How many heart rates are still to be streamed.
    #[must_use]
    pub fn beats(&self) -> usize {
        self.beats.len()
    }
}

impl Peripheral for SimWearable {
    fn characteristics(&self) -> Vec<Uuid> {
        CHARACTERISTICS.to_vec()
    }

    fn subscribe(&mut self, characteristic: Uuid) -> Result<(), AttError> {
        self.nights.subscribe(characteristic, &CHARACTERISTICS)
    }

    fn read(&mut self, characteristic: Uuid, _now: Uptime) -> Result<Vec<u8>, AttError> {
        if characteristic != BODY_SENSOR_LOCATION {
            return Err(ATTRIBUTE_NOT_FOUND);
        }
        Ok(BodySensorLocation::WRIST.to_vec().unwrap_or_default())
    }

    fn write(&mut self, characteristic: Uuid, bytes: &[u8], _now: Uptime) -> Result<(), AttError> {
        match characteristic {
            RECORD_ACCESS_CONTROL_POINT => self.nights.request(bytes, NIGHT),
            _ => Err(ATTRIBUTE_NOT_FOUND),
        }
    }

    fn due(&self, now: Uptime) -> Option<Uptime> {
        if !self.nights.outgoing.is_empty() {
            return Some(now);
        }
        self.beats.due(now).filter(|_| self.nights.subscribed.contains(&HEART_RATE_MEASUREMENT))
    }

    fn next_value(&mut self, now: Uptime) -> Option<(Uuid, Vec<u8>)> {
        if let Some(value) = self.nights.outgoing.pop_front() {
            return Some(value);
        }
        self.beats.pop(now).map(|beat| (HEART_RATE_MEASUREMENT, beat))
    }

    fn unlink(&mut self) {
        self.nights.unlink();
    }

    fn traffic(&self, characteristic: Uuid) -> Traffic {
        if characteristic == RECORD_ACCESS_CONTROL_POINT { Traffic::Answer } else { Traffic::Record }
    }
}

const CHARACTERISTICS: [Uuid; 4] = [HEART_RATE_MEASUREMENT, BODY_SENSOR_LOCATION, NIGHT, RECORD_ACCESS_CONTROL_POINT];
