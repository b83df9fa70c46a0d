//! Devices that send a long report faster than the host's stack takes it: behind the first values everything is lost, the
//! closing answer too.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a failure is the test's")]

use super::Uptime;
use super::cgm_session::{CgmConfig, CgmSession};
use super::glucose_sync::{AttError, GlucoseSync, SyncConfig};
use crate::codec::crc::E2eCrc;
use crate::codec::date_time::DateTime;
use crate::codec::medfloat::{Decimal, Sfloat};
use crate::codec::uuid::Uuid;
use crate::link::{Central as _, DeviceId, sync_glucose};
use crate::procedure::cgm_session::CgmOutcome;
use crate::sim::{
    Faults, MeterConfig, Peripheral, SimCentral, SimMeter, SimSensor, StoredReading, Traffic, WhenFull, ready,
    run_procedure,
};

/// Values of one report that the stack takes.
const ROOM: u32 = 30;
/// Seconds of the link's time that a session may take: a few silences of five seconds, not one a report.
const SECONDS: u64 = 60;

/// A device in front of a stack that takes so many values after each request.
#[derive(Debug)]
struct Behind<P> {
    device: P,
    room: u32,
    sent: u32,
    requests: u32,
}

impl<P: Peripheral> Peripheral for Behind<P> {
    fn characteristics(&self) -> Vec<Uuid> {
        self.device.characteristics()
    }

    fn subscribe(&mut self, characteristic: Uuid) -> Result<(), AttError> {
        self.device.subscribe(characteristic)
    }

    fn read(&mut self, characteristic: Uuid, now: Uptime) -> Result<Vec<u8>, AttError> {
        self.device.read(characteristic, now)
    }

    fn write(&mut self, characteristic: Uuid, bytes: &[u8], now: Uptime) -> Result<(), AttError> {
        self.sent = 0;
        self.requests += 1;
        self.device.write(characteristic, bytes, now)
    }

    fn due(&self, now: Uptime) -> Option<Uptime> {
        self.device.due(now)
    }

    fn next_value(&mut self, now: Uptime) -> Option<(Uuid, Vec<u8>)> {
        let value = self.device.next_value(now);
        self.sent += 1;
        value.filter(|_| self.sent <= self.room)
    }

    fn unlink(&mut self) {
        self.device.unlink();
    }

    fn traffic(&self, characteristic: Uuid) -> Traffic {
        self.device.traffic(characteristic)
    }
}

fn behind<P>(room: u32, device: P) -> Behind<P> {
    Behind { device, room, sent: 0, requests: 0 }
}

fn at(minute: u16) -> DateTime {
    let (hour, minute) = (u8::try_from(minute / 60 % 24).unwrap(), u8::try_from(minute % 60).unwrap());
    DateTime::new(2026, 3, 1, hour, minute, 0).unwrap()
}

#[test]
fn a_meter_that_floods_the_stack_is_read_to_the_last_record_in_little_more_than_its_time() {
    let mut meter = SimMeter::new(MeterConfig::new().with_capacity(2000, WhenFull::Refuse));
    let readings: Vec<_> = (0..2000).map(|n| StoredReading::mg_per_dl(at(n), Decimal::new(100, 0))).collect();
    assert_eq!(meter.load(&readings).loaded().len(), 2000);
    let central = SimCentral::new(behind(ROOM, meter), Faults::NONE, 1);
    let (device, mut records) = (DeviceId::new("meter"), Vec::new());
    let sync = GlucoseSync::new(SyncConfig::new());
    let outcome = ready(core::pin::pin!(sync_glucose(&central, &device, sync, &mut records))).unwrap();
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!((records.len(), outcome.summary().duplicates()), (2000, 0));
    assert!(central.uptime().millis() < 1000 * SECONDS, "{:?}", central.uptime());
}

#[test]
fn a_sensor_that_floods_the_stack_is_read_to_the_last_minute_in_little_more_than_its_time() {
    let mut sensor = SimSensor::new(E2eCrc::Present);
    let value = Sfloat::from_decimal(Decimal::new(100, 0)).unwrap();
    (0..2000).for_each(|minute| sensor.keep(minute, value));
    let central = SimCentral::new(behind(ROOM, sensor), Faults::NONE, 1);
    let mut items = 0;
    let outcome = run_procedure(&central, &mut CgmSession::new(CgmConfig::new()), &mut |_| items += 1).unwrap();
    assert!(matches!(outcome, CgmOutcome::Complete { .. }), "{outcome:?}");
    assert_eq!(items, 2000);
    assert!(central.uptime().millis() < 1000 * SECONDS, "{:?}", central.uptime());
}

#[test]
fn a_sensor_with_a_gap_between_all_its_minutes_is_proved_complete_with_few_questions() {
    let mut sensor = SimSensor::new(E2eCrc::Present);
    let value = Sfloat::from_decimal(Decimal::new(100, 0)).unwrap();
    (0..4000).for_each(|index| sensor.keep(15 * index, value));
    let central = SimCentral::new(behind(u32::MAX, sensor), Faults::NONE, 1);
    let mut items = 0;
    let outcome = run_procedure(&central, &mut CgmSession::new(CgmConfig::new()), &mut |_| items += 1).unwrap();
    assert!(matches!(outcome, CgmOutcome::Complete { .. }), "{outcome:?}");
    assert_eq!(items, 4000);
    let requests = central.with_device(|behind| behind.requests).unwrap();
    assert!(requests <= 6 + 4000 / 64 + 16, "{requests} requests");
}
