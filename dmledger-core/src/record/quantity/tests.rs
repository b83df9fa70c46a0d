use super::*;
use crate::record::DataKind;
use GlucoseBand::{High, Low, Target, VeryHigh, VeryLow};
use GlucoseUnit::{MgPerDl, MmolPerL};
use alloc::{format, string::ToString};

fn mg(text: &str) -> Glucose {
    Glucose::parse(text, MgPerDl).unwrap()
}

fn mmol(text: &str) -> Glucose {
    Glucose::parse(text, MmolPerL).unwrap()
}

#[test]
fn ranges_are_decided_at_their_exact_bounds() {
    for (text, band) in [
        ("53.999999", VeryLow),
        ("54", Low),
        ("69.999999", Low),
        ("70", Target),
        ("180.0", Target),
        ("180.000001", High),
        ("250", High),
        ("250.1", VeryHigh),
    ] {
        assert_eq!(mg(text).band(), band, "{text} mg/dL");
    }
    for (text, band) in [
        ("2.9", VeryLow),
        ("3.0", Low),
        ("3.8", Low),
        ("3.9", Target),
        ("10.0", Target),
        ("10.1", High),
        ("13.9", High),
        ("14.0", VeryHigh),
    ] {
        assert_eq!(mmol(text).band(), band, "{text} mmol/L");
    }
}

#[test]
fn the_devices_unit_decides_and_not_the_conversion() {
    let ten = mmol("10.0");
    assert_eq!(ten.band(), Target);
    assert_eq!(ten.millionths_of_mg_per_dl(), 180_155_900);
    assert_eq!(mg("180.1559").band(), High);
    assert!(mmol("7.8").in_tight_range() && !mmol("7.81").in_tight_range());
    assert!(mg("140").in_tight_range() && !mg("69.9").in_tight_range());
}

#[test]
fn numbers_are_kept_exactly() {
    for (text, millionths, shown) in [
        ("136.8", 136_800_000, "136.8 mg/dL"),
        ("403.666667", 403_666_667, "403.666667 mg/dL"),
        ("0100.500", 100_500_000, "100.5 mg/dL"),
        ("2000", 2_000_000_000, "2000 mg/dL"),
        ("0.000001", 1, "0.000001 mg/dL"),
    ] {
        assert_eq!((mg(text).millionths(), mg(text).to_string().as_str()), (millionths, shown));
    }
    assert_eq!(mg("100"), mg("100.0"));
    assert_ne!(Measurement::from(mg("10")), Measurement::from(mmol("10")));
    assert_eq!(mmol("6.16133").mg_per_dl_rounded(), 111);
    assert_eq!((mg("110.5").mg_per_dl_rounded(), mg("110.499999").mg_per_dl_rounded()), (111, 110));
}

#[test]
fn what_is_no_measured_number_is_refused_with_its_reason() {
    for text in ["", ".", "1.", ".5", "1.2.3", "1e2", "12x", " 12", "+12", "NaN", "1,5", "--1", "-", "\u{0661}"] {
        assert_eq!(Glucose::parse(text, MgPerDl), Err(ValueError::NotANumber), "{text:?}");
    }
    for text in ["0", "-0.0", "2000.000001", "99999999999999999999999", "18446744073709551615"] {
        assert_eq!(Glucose::parse(text, MgPerDl), Err(ValueError::OutOfRange), "{text:?}");
    }
    assert_eq!(Glucose::parse("-5", MgPerDl), Err(ValueError::Negative));
    assert_eq!(Glucose::parse("5.0000001", MgPerDl), Err(ValueError::TooFine));
    assert_eq!(Glucose::parse("5.0000000", MgPerDl).map(Glucose::millionths), Ok(5_000_000));
}

#[test]
fn device_decimals_are_the_same_numbers() {
    assert_eq!(Glucose::from_decimal(1368, -1, MgPerDl), Ok(mg("136.8")));
    assert_eq!(Glucose::from_decimal(11, 1, MgPerDl), Ok(mg("110")));
    assert_eq!(Glucose::from_decimal(1_218_333, -5, MmolPerL), Ok(mmol("12.18333")));
    assert_eq!(Glucose::from_decimal(1_100_000_000, -8, MgPerDl), Ok(mg("11")));
    assert_eq!(Glucose::from_decimal(15, -8, MgPerDl), Err(ValueError::TooFine));
    assert_eq!(Glucose::from_decimal(-1, 0, MgPerDl), Err(ValueError::Negative));
    assert_eq!(Glucose::from_decimal(0, i8::MAX, MgPerDl), Err(ValueError::OutOfRange));
    assert_eq!(Glucose::from_decimal(i64::MAX, i8::MAX, MgPerDl), Err(ValueError::OutOfRange));
    assert_eq!(Glucose::from_decimal(7, i8::MIN, MgPerDl), Err(ValueError::TooFine));
}

#[test]
fn implausible_values_are_told_by_kind_and_unit() {
    use Plausibility::{Credible, Doubtful, Impossible};
    for (text, sensor, meter) in [
        ("1.8", Impossible, Impossible),
        ("9.999", Impossible, Impossible),
        ("10", Doubtful, Doubtful),
        ("28", Doubtful, Credible),
        ("39.6", Doubtful, Credible),
        ("40", Credible, Credible),
        ("500", Credible, Credible),
        ("501", Doubtful, Credible),
        ("1000", Doubtful, Doubtful),
        ("1000.1", Impossible, Impossible),
    ] {
        let found = |kind| mg(text).plausibility(kind);
        assert_eq!(
            (found(DataKind::ContinuousGlucose), found(DataKind::SelfMeasuredGlucose)),
            (sensor, meter),
            "{text}"
        );
    }
    assert_eq!(mmol("2.2").plausibility(DataKind::ContinuousGlucose), Credible);
    assert_eq!(mmol("0.1").plausibility(DataKind::ContinuousGlucose), Impossible);
}

#[test]
fn tokens_stand_beyond_every_bound_in_what_is_committed() {
    let largest = Glucose::from_millionths(Glucose::MAX_MILLIONTHS, MgPerDl).unwrap();
    assert_eq!(Measurement::from(mg("136.8")).committed(), Some(136_800_000));
    assert_eq!(Measurement::BelowRange.committed(), Some(0));
    assert!(Measurement::AboveRange.committed() > Measurement::from(largest).committed());
    assert_eq!(Measurement::NoValue.committed(), None);
    assert_eq!(Measurement::BelowRange.band(), Some(VeryLow));
    assert_eq!(Measurement::AboveRange.band(), Some(VeryHigh));
    assert_eq!(format!("{} {}", Measurement::BelowRange, Measurement::from(mmol("5.50"))), "Low 5.5 mmol/L");
}

#[test]
fn a_value_out_of_range_does_not_decode() {
    let bytes = borsh::to_vec(&mg("136.8")).unwrap();
    assert_eq!(bytes, [1, 0, 103, 39, 8]);
    assert_eq!(Glucose::try_from_slice(&bytes).unwrap(), mg("136.8"));
    for bad in [[1, 0, 0, 0, 0], [1, 1, 148, 53, 119], [0, 1, 0, 0, 0], [3, 1, 0, 0, 0]] {
        assert!(Glucose::try_from_slice(&bad).is_err(), "{bad:?}");
    }
}

mod other_kinds {
    use super::super::*;
    use crate::hash::Digest;
    use alloc::string::ToString;

    fn pressure(systolic: u32, diastolic: u32) -> BloodPressure {
        BloodPressure::from_millionths(systolic * 1_000_000, diastolic * 1_000_000, PressureUnit::MmHg).unwrap()
    }

    fn each() -> [(Quantity, DataKind, &'static str, Option<u32>); 6] {
        let saturation = Vital::from_decimal(965, -1, VitalSign::OxygenSaturation).unwrap();
        let kilopascal = BloodPressure::from_millionths(18_900_000, 11_000_000, PressureUnit::KPa).unwrap();
        let night = Sleep::new(28_800, 25_200, 3).unwrap().with_stages(14_000, 5_000, 6_000).unwrap();
        let meal = Meal::new(MealType::Lunch).with_carbohydrate_mg(61_500).with_image(Digest::new([7; 32]));
        let mean = pressure(120, 80).with_mean_arterial(93_000_000).unwrap().with_pulse(61_000_000).unwrap();
        let rate = HeartRate::from_per_minute(61).unwrap().with_intervals(2, 2015);
        [
            (Quantity::BloodPressure(mean), DataKind::BloodPressure, "120/80 mm[Hg]", Some(120_000_000)),
            (Quantity::BloodPressure(kilopascal), DataKind::VitalSigns, "18.9/11 kPa", Some(18_900_000)),
            (Quantity::HeartRate(rate), DataKind::HeartRate, "61 /min", Some(61_000_000)),
            (Quantity::Vital(saturation), DataKind::VitalSigns, "96.5 %", Some(96_500_000)),
            (Quantity::Sleep(night), DataKind::Sleep, "420 of 480 min asleep", Some(25_200)),
            (Quantity::Meal(meal), DataKind::Diet, "lunch, 61 g carbohydrate", Some(61_500)),
        ]
    }

    #[test]
    fn every_quantity_belongs_to_its_kind_shows_itself_and_commits_to_its_number() {
        for (quantity, kind, shown, number) in each() {
            assert!(quantity.belongs_to(kind));
            assert!(!quantity.belongs_to(DataKind::ContinuousGlucose) && !quantity.belongs_to(DataKind::Imaging));
            assert_eq!((quantity.to_string().as_str(), Measurement::from(quantity).committed()), (shown, number));
            assert_eq!(quantity.plausibility(kind), Plausibility::Credible);
            assert_eq!(Measurement::from(quantity).band(), None);
        }
    }

    #[test]
    fn every_quantity_survives_and_every_truncation_is_refused() {
        for (quantity, ..) in each() {
            let bytes = borsh::to_vec(&Measurement::from(quantity)).unwrap();
            assert!(bytes.len() <= 56, "{} bytes", bytes.len());
            assert_eq!(Measurement::try_from_slice(&bytes).unwrap(), Measurement::from(quantity));
            assert!((0..bytes.len()).all(|end| Measurement::try_from_slice(&bytes[..end]).is_err()));
        }
    }

    #[test]
    fn what_no_device_can_mean_is_refused_or_told() {
        assert_eq!(pressure(80, 80).plausibility(), Plausibility::Impossible);
        assert_eq!(pressure(300, 80).plausibility(), Plausibility::Doubtful);
        assert_eq!(HeartRate::from_per_minute(400).unwrap().plausibility(), Plausibility::Impossible);
        assert_eq!(HeartRate::from_per_minute(0), Err(ValueError::OutOfRange));
        assert_eq!(Sleep::new(100, 101, 0), Err(ValueError::OutOfRange));
        assert!(Sleep::new(100, 90, 0).unwrap().with_stages(40, 40, 11).is_err());
        assert_eq!(Vital::from_decimal(-1, 0, VitalSign::MassKilograms), Err(ValueError::Negative));
        assert_eq!(Vital::from_decimal(1, -7, VitalSign::MassKilograms), Err(ValueError::TooFine));
        assert_eq!(
            Vital::from_decimal(120, 0, VitalSign::OxygenSaturation).unwrap().plausibility(),
            Plausibility::Doubtful
        );
        // stages without the third, a systolic pressure of zero, more sleep than bed
        let mut night = borsh::to_vec(&each()[4].0).unwrap();
        night[9] = 0;
        assert!(Quantity::try_from_slice(&night).is_err());
        let mut zero = borsh::to_vec(&each()[0].0).unwrap();
        zero[2..6].fill(0);
        assert!(Quantity::try_from_slice(&zero).is_err());
    }
}
