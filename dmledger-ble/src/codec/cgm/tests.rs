use core::fmt::Debug;

use proptest::prelude::*;

use super::*;
use crate::codec::date_time::DateTime;
use crate::codec::glucose::SampleType;
use crate::codec::medfloat::Decimal;

const BOTH: [E2eCrc; 2] = [E2eCrc::Present, E2eCrc::Absent];

/// The value survives with and without a check; every cut, every flipped bit under a check and one octet more fail.
fn survives<C: CheckedCharacteristic + Debug + PartialEq>(value: &C) {
    for crc in BOTH {
        let mut buffer = [0; 64];
        let octets = value.encode(crc, &mut buffer).unwrap().to_vec();
        assert!(octets.len() <= C::MAX_BYTES);
        assert_eq!(C::decode(&octets, crc).as_ref(), Ok(value));
        for length in 0..octets.len() {
            assert!(C::decode(&octets[..length], crc).is_err(), "{length} of {} octets", octets.len());
            assert!(value.encode(crc, &mut buffer[..length]).is_err());
        }
        let mut longer = octets.clone();
        longer.push(0);
        assert!(C::decode(&longer, crc).is_err());
        if crc == E2eCrc::Present {
            for bit in 0..octets.len() * 8 {
                let mut flipped = octets.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert!(matches!(C::decode(&flipped, crc), Err(DecodeError::BadCrc { .. })), "bit {bit}");
            }
        }
    }
}

fn measurement(carried: u8, annunciation: u32) -> CgmMeasurement {
    let glucose = Sfloat::from_decimal(Decimal::new(120, 0)).unwrap();
    let (annunciation, carried) = (CgmAnnunciation::from_bits(annunciation), AnnunciationOctets::from_bits(carried));
    CgmMeasurement::new(glucose, 5, annunciation, carried)
}

#[test]
fn every_combination_of_status_octets_trend_and_quality_survives() {
    for carried in (0..8_u8).map(|octets| octets << 5) {
        let octet = |flag: u8, value: u32| if carried & flag == 0 { 0 } else { value };
        let annunciation = octet(1 << 7, 0x2B) | octet(1 << 6, 0x1700) | octet(1 << 5, 0x43_0000);
        let plain = measurement(carried, annunciation);
        survives(&plain);
        survives(&plain.with_trend(Sfloat::from_bits(0xF00F)));
        survives(&plain.with_quality(Sfloat::from_bits(97)));
        survives(&plain.with_trend(Sfloat::from_bits(0xF00F)).with_quality(Sfloat::from_bits(97)));
    }
}

#[test]
fn one_status_octet_lands_in_its_own_place() {
    let read = |octets: &[u8]| CgmMeasurement::decode(octets, E2eCrc::Absent).unwrap().annunciation();
    assert_eq!(read(&[7, 1 << 7, 120, 0, 5, 0, 0x01]), CgmAnnunciation::SESSION_STOPPED);
    assert_eq!(read(&[7, 1 << 6, 120, 0, 5, 0, 0x01]), CgmAnnunciation::TIME_SYNC_REQUIRED);
    assert_eq!(read(&[7, 1 << 5, 120, 0, 5, 0, 0x01]), CgmAnnunciation::BELOW_PATIENT_LOW);
}

#[test]
fn a_status_that_is_not_carried_cannot_be_written() {
    let silent = measurement(0, CgmAnnunciation::RESULT_TOO_LOW.bits());
    assert!(matches!(silent.encode(E2eCrc::Absent, &mut [0; 16]), Err(EncodeError::Contradiction { .. })));
}

#[test]
fn several_records_share_one_value() {
    for crc in BOTH {
        let records = [measurement(0, 0), measurement(1 << 5, 1 << 22).with_quality(Sfloat::from_bits(9))];
        let mut value = Vec::new();
        for record in &records {
            value.extend_from_slice(record.encode(crc, &mut [0; 16]).unwrap());
        }
        let read: Result<Vec<_>, _> = measurements(&value, crc).collect();
        assert_eq!(read.as_deref(), Ok(&records[..]));
        value.push(9);
        assert_eq!(measurements(&value, crc).filter(Result::is_err).count(), 1, "the rest is an error, once");
        assert_eq!(measurements(&value, crc).filter(Result::is_ok).count(), 2);
    }
    assert_eq!(measurements(&[0; 40], E2eCrc::Absent).count(), 1, "a size of zero ends");
    assert_eq!(measurements(&[], E2eCrc::Absent).count(), 0);
}

#[test]
fn a_size_that_contradicts_the_flags_is_refused() {
    let error = CgmMeasurement::decode(&[7, 0, 120, 0, 5, 0, 1], E2eCrc::Absent);
    assert_eq!(error, Err(DecodeError::TrailingBytes { extra: 1 }));
    let error = CgmMeasurement::decode(&[9, 0, 120, 0, 5, 0], E2eCrc::Absent);
    assert_eq!(error, Err(DecodeError::WrongLength { stated: 9 }));
    let reserved = CgmMeasurement::decode(&[7, 4, 120, 0, 5, 0, 1], E2eCrc::Absent);
    assert_eq!(reserved, Ok(measurement(0, 0)), "a reserved flag announces octets of a later version");
}

#[test]
fn features_say_whether_they_are_checked() {
    for (bits, crc) in [(0x01_9E6E, E2eCrc::Present), (0x00_0001, E2eCrc::Absent)] {
        let features = CgmFeatures::new(
            CgmFeature::from_bits(bits),
            SampleType::INTERSTITIAL_FLUID,
            CgmSampleLocation::SUBCUTANEOUS,
        );
        assert_eq!(features.e2e_crc(), crc);
        let mut buffer = [0; 6];
        features.encode(&mut buffer).unwrap();
        assert_eq!(buffer[3], 0x59);
        assert_eq!(CgmFeatures::decode(&buffer), Ok(features));
        buffer[4] ^= 1;
        assert!(matches!(CgmFeatures::decode(&buffer), Err(DecodeError::BadCrc { .. })));
        assert!(matches!(CgmFeatures::decode(&buffer[..5]), Err(DecodeError::TooShort { .. })));
    }
}

#[test]
fn status_and_session_survive_and_zones_count_quarter_hours() {
    survives(&CgmStatus::new(300, CgmAnnunciation::CALIBRATION_REQUIRED.union(CgmAnnunciation::RISING_FAST)));
    survives(&SessionRunTime::from_hours(240));
    let start = DateTime::new(2024, 3, 15, 14, 30, 45).unwrap();
    let kathmandu = SessionStartTime::new(start, 23, 0);
    survives(&kathmandu);
    assert_eq!((kathmandu.zone_minutes(), kathmandu.daylight_minutes()), (Some(345), Some(0)));
    let unknown = SessionStartTime::new(start, -128, 255);
    survives(&unknown);
    assert_eq!((unknown.zone_minutes(), unknown.daylight_minutes()), (None, None));
    assert_eq!(SessionStartTime::new(start, -20, 4).daylight_minutes(), Some(60));
}

#[test]
fn operations_survive_and_levels_have_their_op_codes() {
    let level = Sfloat::from_bits(180);
    let calibration = Calibration::new(level, 30, SampleType::CAPILLARY_PLASMA, CgmSampleLocation::FINGER);
    let response = OperationResponse::OUT_OF_RANGE;
    for operation in [
        SpecificOperation::SetInterval(5),
        SpecificOperation::GetInterval,
        SpecificOperation::Interval(5),
        SpecificOperation::SetCalibration(calibration),
        SpecificOperation::GetCalibration(u16::MAX),
        SpecificOperation::Calibration(calibration.as_reported(720, 3, 4)),
        SpecificOperation::ResetDeviceAlert,
        SpecificOperation::StartSession,
        SpecificOperation::StopSession,
        SpecificOperation::Response { request: OperationCode::START_SESSION, response },
    ] {
        survives(&operation);
    }
    let codes = [
        (Alert::PatientHigh, 0x07),
        (Alert::PatientLow, 0x0A),
        (Alert::Hypo, 0x0D),
        (Alert::Hyper, 0x10),
        (Alert::RateOfDecrease, 0x13),
        (Alert::RateOfIncrease, 0x16),
    ];
    for (alert, code) in codes {
        let operations = [
            SpecificOperation::SetLevel(alert, level),
            SpecificOperation::GetLevel(alert),
            SpecificOperation::Level(alert, level),
        ];
        for (verb, operation) in operations.iter().enumerate() {
            assert_eq!(usize::from(operation.code().number()), code + verb);
            survives(operation);
        }
    }
    for code in [0, 0x1D, 0xFF] {
        assert_eq!(SpecificOperation::decode(&[code], E2eCrc::Absent), Err(DecodeError::UnknownOpCode(code)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn any_record_survives(mut bytes in proptest::collection::vec(any::<u8>(), 6..16), right_size in any::<bool>()) {
        if right_size {
            bytes[0] = u8::try_from(bytes.len()).unwrap();
            bytes[1] &= 0xE3;
        }
        if let Ok(value) = CgmMeasurement::decode(&bytes, E2eCrc::Absent) {
            let mut buffer = [0; 16];
            let encoded = value.encode(E2eCrc::Absent, &mut buffer).unwrap();
            prop_assert!(bytes[1] & 0x1C != 0 || encoded == bytes);
        }
        prop_assert!(measurements(&bytes, E2eCrc::Absent).count() <= bytes.len());
        if let Ok(value) = SpecificOperation::decode(&bytes, E2eCrc::Absent) {
            let mut buffer = [0; 16];
            prop_assert_eq!(value.encode(E2eCrc::Absent, &mut buffer).unwrap(), bytes);
        }
    }
}
