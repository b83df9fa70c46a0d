//! A continuous glucose sensor: session, stored and live measurements, checks on or off.

use core::time::Duration;

use super::access::Numbered;
use super::device::{ATTRIBUTE_NOT_FOUND, Peripheral};
use super::fault::Traffic;
use crate::codec::cgm::AnnunciationOctets;
use crate::codec::cgm::{
    CgmAnnunciation, CgmFeature, CgmFeatures, CgmMeasurement, CgmSampleLocation, CgmStatus, CheckedCharacteristic,
    OperationResponse, SessionRunTime, SessionStartTime, SpecificOperation,
};
use crate::codec::crc::E2eCrc;
use crate::codec::glucose::SampleType;
use crate::codec::medfloat::Sfloat;
use crate::codec::uuid::{
    CGM_FEATURE, CGM_MEASUREMENT, CGM_SESSION_RUN_TIME, CGM_SESSION_START_TIME, CGM_SPECIFIC_OPS_CONTROL_POINT,
    CGM_STATUS, RECORD_ACCESS_CONTROL_POINT, Uuid,
};
use crate::procedure::Uptime;
use crate::procedure::glucose_sync::AttError;

/// A simulated sensor.
#[derive(Clone, Debug)]
pub struct SimSensor {
    crc: E2eCrc,
    session: Option<SessionStartTime>,
    running: bool,
    status: CgmAnnunciation,
    stored: Numbered,
    /// Live measurements still to come: interval, next time, remaining values.
    live: Vec<(u16, Sfloat)>,
    interval: Duration,
    next_live: Option<Uptime>,
    minutes: u16,
}

impl SimSensor {
    /// A sensor whose values end in an E2E-CRC or do not, without a session.
    #[must_use]
    pub fn new(crc: E2eCrc) -> Self {
        Self {
            crc,
            session: None,
            running: false,
            status: CgmAnnunciation::SESSION_STOPPED,
            stored: Numbered::default(),
            live: Vec::new(),
            interval: Duration::from_secs(300),
            next_live: None,
            minutes: 0,
        }
    }

    /// The same sensor in a running session.
    #[must_use]
    pub fn in_session(mut self, start: SessionStartTime) -> Self {
        self.begin(start);
        self
    }

    /// The same sensor with room for so many measurements; the oldest one makes place for the next.
    #[must_use]
    pub const fn holding_at_most(mut self, measurements: usize) -> Self {
        self.stored.capacity = Some(measurements);
        self
    }

    /// A session begins: what was stored is gone.
    pub fn begin(&mut self, start: SessionStartTime) {
        self.stored.clear();
        (self.session, self.running, self.minutes) = (Some(start), true, 0);
        self.status = CgmAnnunciation::EMPTY;
    }

    /// Stores a measurement of this minute of the session.
    pub fn keep(&mut self, minutes: u16, glucose: Sfloat) {
        self.minutes = minutes;
        let record = self.record(minutes, glucose);
        self.stored.keep(minutes, record);
    }

    /// Will measure these values live, one at each `interval` of a link on which it is subscribed to.
    pub fn will_measure(&mut self, values: impl IntoIterator<Item = (u16, Sfloat)>, interval: Duration) {
        self.live = values.into_iter().collect();
        self.live.reverse();
        self.interval = interval;
    }

    /// Minutes and octets of what it has stored, in order.
    pub fn stored(&self) -> impl Iterator<Item = (u16, &[u8])> + '_ {
        self.stored.records()
    }

    /// Whether its session runs.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.running
    }

    fn record(&self, minutes: u16, glucose: Sfloat) -> Vec<u8> {
        let measurement = CgmMeasurement::new(glucose, minutes, CgmAnnunciation::EMPTY, AnnunciationOctets::EMPTY);
        let mut buffer = [0; CgmMeasurement::MAX_BYTES + 2];
        measurement.encode(self.crc, &mut buffer).unwrap_or_default().to_vec()
    }

    fn operate(&mut self, bytes: &[u8]) -> Result<(), AttError> {
        let operation = SpecificOperation::decode(bytes, self.crc).map_err(|_| CRC_INVALID)?;
        let response = match operation {
            SpecificOperation::StartSession if self.running => OperationResponse::NOT_COMPLETED,
            SpecificOperation::StartSession => {
                self.stored.clear();
                (self.running, self.session, self.status) = (true, None, CgmAnnunciation::EMPTY);
                OperationResponse::SUCCESS
            }
            SpecificOperation::StopSession => {
                (self.running, self.status) = (false, CgmAnnunciation::SESSION_STOPPED);
                OperationResponse::SUCCESS
            }
            _ => OperationResponse::OP_CODE_NOT_SUPPORTED,
        };
        let answer = SpecificOperation::Response { request: operation.code(), response };
        let mut buffer = [0; 8];
        let octets = answer.encode(self.crc, &mut buffer).unwrap_or_default().to_vec();
        self.stored.outgoing.push_back((CGM_SPECIFIC_OPS_CONTROL_POINT, octets));
        Ok(())
    }
}

impl Peripheral for SimSensor {
    fn characteristics(&self) -> Vec<Uuid> {
        CHARACTERISTICS.to_vec()
    }

    fn subscribe(&mut self, characteristic: Uuid) -> Result<(), AttError> {
        self.stored.subscribe(characteristic, &CHARACTERISTICS)
    }

    fn read(&mut self, characteristic: Uuid, _now: Uptime) -> Result<Vec<u8>, AttError> {
        let mut buffer = [0; 16];
        let octets = match characteristic {
            CGM_FEATURE => {
                let crc = if self.crc == E2eCrc::Present { CgmFeature::E2E_CRC } else { CgmFeature::EMPTY };
                CgmFeatures::new(crc, SampleType::INTERSTITIAL_FLUID, CgmSampleLocation::SUBCUTANEOUS)
                    .encode(&mut buffer)
            }
            CGM_STATUS => CgmStatus::new(self.minutes, self.status).encode(self.crc, &mut buffer),
            CGM_SESSION_RUN_TIME => SessionRunTime::from_hours(240).encode(self.crc, &mut buffer),
            CGM_SESSION_START_TIME => match self.session {
                Some(start) => start.encode(self.crc, &mut buffer),
                None => return Err(ATTRIBUTE_NOT_FOUND),
            },
            _ => return Err(ATTRIBUTE_NOT_FOUND),
        };
        Ok(octets.unwrap_or_default().to_vec())
    }

    fn write(&mut self, characteristic: Uuid, bytes: &[u8], _now: Uptime) -> Result<(), AttError> {
        match characteristic {
            RECORD_ACCESS_CONTROL_POINT => self.stored.request(bytes, CGM_MEASUREMENT),
            CGM_SPECIFIC_OPS_CONTROL_POINT => self.operate(bytes),
            CGM_SESSION_START_TIME => {
                let start = SessionStartTime::decode(bytes, self.crc).map_err(|_| CRC_INVALID)?;
                self.session = Some(start);
                Ok(())
            }
            _ => Err(ATTRIBUTE_NOT_FOUND),
        }
    }

    fn due(&self, now: Uptime) -> Option<Uptime> {
        if !self.stored.outgoing.is_empty() {
            return Some(now);
        }
        let listening = self.running && !self.live.is_empty() && self.stored.subscribed.contains(&CGM_MEASUREMENT);
        listening.then(|| self.next_live.unwrap_or(now))
    }

    fn next_value(&mut self, now: Uptime) -> Option<(Uuid, Vec<u8>)> {
        if let Some(value) = self.stored.outgoing.pop_front() {
            return Some(value);
        }
        let (minutes, glucose) = self.live.pop()?;
        self.next_live = Some(now.after(self.interval));
        self.keep(minutes, glucose);
        Some((CGM_MEASUREMENT, self.record(minutes, glucose)))
    }

    fn unlink(&mut self) {
        self.stored.unlink();
    }

    fn traffic(&self, characteristic: Uuid) -> Traffic {
        if characteristic == CGM_MEASUREMENT { Traffic::Record } else { Traffic::Answer }
    }
}

const CHARACTERISTICS: [Uuid; 7] = [
    CGM_MEASUREMENT,
    CGM_FEATURE,
    CGM_STATUS,
    CGM_SESSION_START_TIME,
    CGM_SESSION_RUN_TIME,
    CGM_SPECIFIC_OPS_CONTROL_POINT,
    RECORD_ACCESS_CONTROL_POINT,
];
/// "Invalid CRC" of the service.
const CRC_INVALID: AttError = AttError::from_number(0x81);
