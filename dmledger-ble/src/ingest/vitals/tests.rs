#![expect(clippy::unwrap_used, reason = "helpers of tests: a failure is the test's")]
use super::*;
use crate::codec::blood_pressure::Pressures;
use crate::codec::capture::{Manifest, ObjectCodec, ObjectKind};
use crate::codec::crc::E2eCrc;
use crate::codec::date_time::DateTime;
use crate::codec::glucose::SequenceNumber;
use crate::codec::heart_rate::{BeatsPerMinute, Contact, HeartRateMeasurement};
use crate::codec::plx::{DeviceClock as PlxClock, Saturation};
use crate::codec::sleep::{Night, Stages};
use crate::codec::uuid::{BLOOD_PRESSURE_MEASUREMENT, PLX_SPOT_CHECK, TEMPERATURE_MEASUREMENT, WEIGHT_MEASUREMENT};
use crate::link::BondState;
use crate::procedure::blood_pressure::{Indicated, Indications};
use crate::procedure::cgm_session::{CgmConfig, CgmSession};
use crate::procedure::conversation::Limits;
use crate::procedure::heart_rate::HeartRateStream;
use crate::procedure::sleep::{ActivityMonitor, Nights, SleepRecord, SleepSource};
use crate::sim::{Faults, SimCamera, SimCentral, SimKeeper, SimSensor, SimStreamer, SimWearable, run_procedure};
use core::time::Duration;
use dmledger_core::record::quantity::{Meal, MealType, Sleep};
use dmledger_core::record::{Assurance, Provenance};

fn noon() -> DateTime {
    DateTime::new(2026, 3, 1, 12, 0, 0).unwrap()
}

fn noon_utc() -> Timestamp {
    Timestamp::from_seconds(noon().wall_seconds().unwrap().value())
}

fn received() -> Timestamp {
    noon_utc().plus(Duration::from_secs(3600))
}

fn device() -> Device {
    Device::new(b"maker/model/1", BondState::Bonded)
}

fn number(mantissa: i64, exponent: i8) -> Sfloat {
    Sfloat::from_decimal(Decimal::new(mantissa, exponent)).unwrap()
}

/// What comes out when a device keeps this.
fn indicated<C: Indicated + Send + Clone>(value: &C) -> Measured<C> {
    let mut keeper = SimKeeper::new(C::UUID, None);
    keeper.keep(value);
    let central = SimCentral::new(keeper, Faults::NONE, 1);
    let mut items = Vec::new();
    let mut sync = Indications::<C>::new(Duration::from_secs(5), Limits::new());
    run_procedure(&central, &mut sync, &mut |item: Measured<C>| items.push(item)).unwrap();
    items.remove(0)
}

fn sensor(start: SessionStartTime, minutes: u16, value: Sfloat) -> CgmReading {
    let mut sensor = SimSensor::new(E2eCrc::Present).in_session(start);
    sensor.keep(minutes, value);
    let central = SimCentral::new(sensor, Faults::NONE, 1);
    let mut items = Vec::new();
    run_procedure(&central, &mut CgmSession::new(CgmConfig::new()), &mut |item| items.push(item)).unwrap();
    items.remove(0)
}

#[test]
fn a_sensors_minute_becomes_an_instant_of_its_stated_zone() {
    // an hour east, with an hour of daylight saving
    let start = SessionStartTime::new(noon(), 4, 4);
    let reading = cgm(&sensor(start, 30, number(1234, -1)), &device(), received()).unwrap();
    assert_eq!(reading.measured(), Glucose::parse("123.4", GlucoseUnit::MgPerDl).unwrap().into());
    assert_eq!(reading.at(), noon_utc().plus(Duration::from_secs(1800)).minus(Duration::from_secs(7200)));
    let provenance = reading.provenance();
    assert_eq!((provenance.sequence, provenance.format), (30, SourceFormat::BluetoothCgm));
    let low = cgm(&sensor(start, 30, Sfloat::NEGATIVE_INFINITY), &device(), received()).unwrap();
    assert_eq!(low.measured(), Measurement::BelowRange);
    let nothing = cgm(&sensor(start, 30, Sfloat::NAN), &device(), received()).unwrap();
    assert_eq!(nothing.measured(), Measurement::NoValue);
    let unknown = SessionStartTime::new(DateTime::EARLIEST, -128, 255);
    assert!(matches!(cgm(&sensor(unknown, 30, number(90, 0)), &device(), received()), Err(IngestError::Time(_))));
}

fn pressure(systolic: Sfloat) -> BloodPressureMeasurement {
    let unit = PressureUnit::MillimetreOfMercury;
    BloodPressureMeasurement::new(Pressures::new(systolic, number(80, 0), Sfloat::NAN, unit))
}

#[test]
fn a_cuffs_numbers_stay_exact_and_nothing_takes_the_place_of_what_is_missing() {
    let value = pressure(number(1205, -1)).with_taken(noon()).with_pulse(number(61, 0));
    let from = indicated(&value);
    let reading = blood_pressure(&from, &device(), received()).unwrap();
    let expected = BloodPressure::from_millionths(120_500_000, 80_000_000, LedgerPressure::MmHg).unwrap();
    let expected = expected.with_pulse(61_000_000).unwrap();
    assert_eq!(reading.measured(), Quantity::BloodPressure(expected).into());
    assert_eq!((reading.at(), reading.provenance().zone), (noon_utc(), ZoneOffset::UNKNOWN));
    assert_eq!(reading.provenance().assurance, Assurance::Bonded);
    let mut octets = BLOOD_PRESSURE_MEASUREMENT.to_u128().to_be_bytes().to_vec();
    octets.extend([u8::try_from(from.raw().len()).unwrap(), 0]);
    octets.extend(from.raw());
    assert_eq!(reading.provenance().raw, Provenance::raw_digest(&octets));
    let none = blood_pressure(&indicated(&pressure(Sfloat::NAN)), &device(), received()).unwrap();
    assert_eq!((none.measured(), none.at()), (Measurement::NoValue, received()), "no clock: when it was received");
    let turned = blood_pressure(&indicated(&pressure(number(70, 0))), &device(), received()).unwrap();
    assert!(turned.quality().contains(Quality::IMPLAUSIBLE));
    let loose = pressure(number(120, 0)).with_status(BloodPressureStatus::CUFF_TOO_LOOSE);
    let loose = blood_pressure(&indicated(&loose), &device(), received()).unwrap();
    assert!(loose.quality().contains(Quality::DEVICE_FAULT));
}

#[test]
fn scales_thermometers_and_oximeters_need_no_code_of_their_own() {
    let mass = weight(&indicated(&WeightMeasurement::new(14_001, WeightUnits::Metric)), &device(), received()).unwrap();
    assert_eq!(mass.measured().to_string(), "70.005 kg");
    let failed = WeightMeasurement::new(u16::MAX, WeightUnits::Metric);
    assert_eq!(weight(&indicated(&failed), &device(), received()).unwrap().measured(), Measurement::NoValue);
    let warm = crate::codec::medfloat::Float::from_decimal(Decimal::new(371, -1)).unwrap();
    let warm = TemperatureMeasurement::new(warm, TemperatureUnit::Celsius).with_taken(noon());
    let warm = temperature(&indicated(&warm), &device(), received()).unwrap();
    assert_eq!((warm.measured().to_string().as_str(), warm.at()), ("37.1 Cel", noon_utc()));
    for (clock, at) in [(PlxClock::Set, noon_utc()), (PlxClock::NotSet, received())] {
        let spot = PlxSpotCheck::new(Saturation::new(number(97, 0), number(61, 0)), clock).with_taken(noon());
        let spot = oxygen(&indicated(&spot), &device(), received()).unwrap();
        assert_eq!((spot.measured().to_string().as_str(), spot.at()), ("97 %", at));
    }
    assert!(
        [PLX_SPOT_CHECK, TEMPERATURE_MEASUREMENT, WEIGHT_MEASUREMENT].iter().all(|one| one.assigned_number().is_some())
    );
}

#[test]
fn a_streamed_saturation_is_numbered_by_the_host_and_doubted_when_the_oximeter_doubts() {
    use crate::codec::plx::{PlxContinuous, PlxDeviceStatus, PlxMeasurementStatus};
    use crate::procedure::stream::OximeterStream;
    let plain = PlxContinuous::new(Saturation::new(number(97, 0), number(61, 0)));
    let nothing = PlxContinuous::new(Saturation::new(Sfloat::NAN, Sfloat::NAN));
    for (value, printed, fault) in [
        (plain, "97 %", false),
        (plain.with_status(PlxMeasurementStatus::ONGOING), "97 %", false),
        (plain.with_status(PlxMeasurementStatus::QUESTIONABLE), "97 %", true),
        (plain.with_device_status(PlxDeviceStatus::SENSOR_DISPLACED), "97 %", true),
        (plain.with_status(PlxMeasurementStatus::UNAVAILABLE), "no result", false),
        (nothing, "no result", false),
    ] {
        let mut oximeter = SimStreamer::new(PlxContinuous::UUID);
        oximeter.will_stream([value]);
        let central = SimCentral::new(oximeter, Faults::NONE, 1);
        let mut items = Vec::new();
        let mut stream = OximeterStream::new(Duration::from_secs(3), Duration::from_secs(2), Limits::new());
        run_procedure(&central, &mut stream, &mut |item| items.push(item)).unwrap();
        let reading = oxygen_sample(&items[0], 9, &device(), received()).unwrap();
        assert_eq!((reading.measured().to_string().as_str(), reading.provenance().sequence), (printed, 9));
        assert_eq!((reading.quality().contains(Quality::DEVICE_FAULT), reading.at()), (fault, received()), "{value:?}");
    }
}

#[test]
fn a_beat_carries_its_intervals_and_a_band_without_contact_is_doubted() {
    for (contact, rate, fault) in
        [(Contact::Detected, 61, false), (Contact::Missing, 61, true), (Contact::Detected, 0, false)]
    {
        let mut band = SimWearable::new();
        let beat = HeartRateMeasurement::new(BeatsPerMinute::Narrow(rate), contact);
        band.will_stream([beat.with_intervals(&[1000, 1010]).unwrap()]);
        let central = SimCentral::new(band, Faults::NONE, 1);
        let mut items = Vec::new();
        let mut stream = HeartRateStream::new(Duration::from_secs(3), Duration::from_secs(2), Limits::new());
        run_procedure(&central, &mut stream, &mut |item| items.push(item)).unwrap();
        let reading = heart_rate(&items[0], 9, &device(), received()).unwrap();
        match reading.measured().quantity() {
            Some(Quantity::HeartRate(heart)) => {
                assert_eq!((heart.per_minute(), heart.intervals(), heart.interval_sum()), (61, 2, 2010));
            }
            other => assert_eq!((other, rate), (None, 0)),
        }
        assert_eq!((reading.quality().contains(Quality::DEVICE_FAULT), reading.provenance().sequence), (fault, 9));
    }
}

#[test]
fn a_night_begins_when_the_wearable_says_and_an_unread_one_is_refused() {
    let night = Night::new(SequenceNumber::new(3), noon(), -60, 28_800, 25_000, 2);
    let octets = night.with_stages(Stages { light: 1, deep: 2, rem: 3 }).to_vec().unwrap();
    let reading = crate::ingest::sleep(&Nights.decode(&octets).unwrap(), &device(), received()).unwrap();
    let expected = Sleep::new(28_800, 25_000, 2).unwrap().with_stages(1, 2, 3).unwrap();
    assert_eq!(reading.measured(), Quantity::Sleep(expected).into());
    assert_eq!(reading.at(), noon_utc().minus(Duration::from_secs(3600)), "base time and offset");
    let unread = ActivityMonitor.decode(&[0; 20]).unwrap();
    assert_eq!(crate::ingest::sleep(&unread, &device(), received()), Err(IngestError::Unread));
    let longer = Night::new(SequenceNumber::new(3), noon(), 0, 100, 101, 0);
    let longer = SleepRecord::new(3, Some(longer), Vec::new());
    assert!(matches!(crate::ingest::sleep(&longer, &device(), received()), Err(IngestError::Value(_))));
}

#[test]
fn a_meal_names_the_digest_of_its_picture() {
    let mut camera = SimCamera::new(100);
    let manifest: Manifest = camera.keep(b"picture", ObjectKind::KEY_FRAME, ObjectCodec::JPEG, noon(), noon()).unwrap();
    let known = Meal::new(MealType::Lunch).with_carbohydrate_mg(61_000);
    let reading = crate::ingest::meal(&manifest, known, &device(), received()).unwrap();
    let digest = dmledger_core::hash::Digest::new(manifest.digest);
    assert_eq!(reading.measured(), Quantity::Meal(known.with_image(digest)).into());
    assert_eq!((reading.at(), reading.kind()), (noon_utc(), DataKind::Diet));
}
