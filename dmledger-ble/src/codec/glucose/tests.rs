use proptest::prelude::*;

use super::*;
use crate::codec::medfloat::{Decimal, Special};
use crate::codec::testing::{every_cut_is_refused, survives};
use crate::error::ConversionError;

/// All fields: offset -235 min, 77 mg/dL in kg/L, capillary whole blood, finger, strip error and time fault, context.
const FULL: [u8; 17] =
    [0x1B, 0x2A, 0x00, 0xE8, 0x07, 0x03, 0x0F, 0x0E, 0x1E, 0x2D, 0x15, 0xFF, 0x4D, 0xB0, 0x11, 0x08, 0x08];

fn full() -> GlucoseMeasurement {
    let base_time = DateTime::new(2024, 3, 15, 14, 30, 45).unwrap();
    let concentration = Concentration::new(
        Sfloat::from_bits(0xB04D),
        ConcentrationUnit::KilogramPerLitre,
        SampleType::CAPILLARY_WHOLE_BLOOD,
        SampleLocation::FINGER,
    );
    GlucoseMeasurement::new(SequenceNumber::new(42), base_time)
        .with_time_offset(-235)
        .with_concentration(concentration)
        .with_status(SensorStatus::STRIP_INSERTION_ERROR.union(SensorStatus::TIME_FAULT))
        .with_context(ContextNotice::Follows)
}

#[test]
fn a_full_record_reads_field_by_field() {
    let record = GlucoseMeasurement::decode(&FULL).unwrap();
    assert_eq!(record, full());
    assert_eq!(record.time_offset(), Some(-235));
    assert_eq!(record.concentration().unwrap().mg_per_dl(), Ok(77));
    assert_eq!(record.concentration().unwrap().umol_per_l(), Err(ConcentrationError::OtherUnit));
    assert!(record.status().unwrap().contains(SensorStatus::TIME_FAULT));
    assert!(!record.is_control_solution());
    every_cut_is_refused::<GlucoseMeasurement>(&FULL);
}

#[test]
fn every_combination_of_fields_has_its_own_length_and_survives() {
    for flags in 0_u8..32 {
        let mut value = [0_u8; 17];
        value[..10].copy_from_slice(&FULL[..10]);
        value[0] = flags;
        let length =
            10 + 2 * usize::from(flags & 1) + 3 * usize::from(flags >> 1 & 1) + 2 * usize::from(flags >> 3 & 1);
        every_cut_is_refused::<GlucoseMeasurement>(&value[..length]);
    }
}

#[test]
fn reserved_flag_bits_are_ignored() {
    let mut value = FULL;
    value[0] |= 0b1110_0000;
    assert_eq!(GlucoseMeasurement::decode(&value), Ok(full()));
    let mut longer = [0; 19];
    longer[..17].copy_from_slice(&value);
    assert_eq!(GlucoseMeasurement::decode(&longer), Ok(full()), "fields of a later version");
}

#[test]
fn amounts_of_substance_are_exact() {
    let concentration = |bits| {
        Concentration::new(
            Sfloat::from_bits(bits),
            ConcentrationUnit::MolePerLitre,
            SampleType::CAPILLARY_PLASMA,
            SampleLocation::FINGER,
        )
    };
    // 114 * 10^-4 mol/L = 11.4 mmol/L
    assert_eq!(concentration(0xC072).umol_per_l(), Ok(11_400));
    // 1 * 10^-8 mol/L is a hundredth of a micromole
    assert_eq!(concentration(0x8001).umol_per_l(), Err(ConcentrationError::Conversion(ConversionError::Inexact)));
}

#[test]
fn statements_are_never_numbers() {
    for (bits, special) in [
        (0x07FF, Special::NotANumber),
        (0x0800, Special::NotAtThisResolution),
        (0x07FE, Special::PositiveInfinity),
        (0x0802, Special::NegativeInfinity),
        (0x0801, Special::Reserved),
    ] {
        let mut value = FULL;
        value[12..14].copy_from_slice(&u16::to_le_bytes(bits));
        let concentration = GlucoseMeasurement::decode(&value).unwrap().concentration().unwrap();
        assert_eq!(concentration.displayed(), Err(ConcentrationError::NotANumber(special)));
        assert_eq!(concentration.mg_per_dl(), Err(ConcentrationError::NotANumber(special)));
    }
}

#[test]
fn control_solution_is_marked_by_type_or_by_location() {
    for octet in [0x1A, 0x41, 0x4A] {
        let mut value = FULL;
        value[14] = octet;
        assert!(GlucoseMeasurement::decode(&value).unwrap().is_control_solution());
    }
}

/// 90 g at lunch, after the meal, by a professional under stress, 30 min at 80 %, 0.25 mL rapid insulin, 6.5 %.
const CONTEXT: [u8; 16] = [0x7F, 0x0D, 0x00, 2, 0x5A, 0xD0, 2, 0x42, 0x08, 0x07, 80, 1, 0xFA, 0xA0, 0x41, 0xF0];

#[test]
fn a_full_context_reads_field_by_field() {
    let mut with_extended = [0; 17];
    with_extended[..3].copy_from_slice(&CONTEXT[..3]);
    with_extended[0] |= EXTENDED_FLAG;
    with_extended[4..].copy_from_slice(&CONTEXT[3..]);
    every_cut_is_refused::<GlucoseMeasurementContext>(&with_extended);
    every_cut_is_refused::<GlucoseMeasurementContext>(&CONTEXT);

    let context = GlucoseMeasurementContext::decode(&CONTEXT).unwrap();
    assert_eq!(context.sequence(), SequenceNumber::new(13));
    assert_eq!(context.carbohydrate().unwrap().kind(), CarbohydrateKind::LUNCH);
    assert_eq!(context.carbohydrate().unwrap().kilograms().value().number(), Some(Decimal::new(90, -3)));
    assert_eq!(context.meal(), Some(Meal::AFTER));
    assert_eq!(context.tester_health(), Some(TesterHealth::new(Tester::PROFESSIONAL, Health::STRESS)));
    assert_eq!(context.exercise(), Some(Exercise::new(1800, 80)));
    let litres = MedicationAmount::Litres(Sfloat::from_decimal(Decimal::new(250, -6)).unwrap());
    assert_eq!(context.medication(), Some(Medication::new(MedicationKind::RAPID_INSULIN, litres)));
    assert_eq!(context.hba1c_percent().unwrap().value().number(), Some(Decimal::new(65, -1)));
    assert_eq!(Exercise::new(u16::MAX, 0).seconds(), None, "overrun is not a duration");
}

#[test]
fn a_context_is_built_as_it_is_read() {
    let context = GlucoseMeasurementContext::decode(&CONTEXT).unwrap();
    let built = GlucoseMeasurementContext::new(context.sequence())
        .with_carbohydrate(context.carbohydrate().unwrap())
        .with_meal(Meal::AFTER)
        .with_tester_health(TesterHealth::new(Tester::PROFESSIONAL, Health::STRESS))
        .with_exercise(Exercise::new(1800, 80))
        .with_medication(context.medication().unwrap())
        .with_hba1c_percent(context.hba1c_percent().unwrap());
    assert_eq!(built, context);
}

#[test]
fn features_keep_reserved_bits() {
    let feature = GlucoseFeature::decode(&[0x03, 0xF4]).unwrap();
    assert!(feature.contains(GlucoseFeature::LOW_BATTERY.union(GlucoseFeature::MULTIPLE_BOND)));
    assert_eq!(feature.reserved(), 0xF000);
    every_cut_is_refused::<GlucoseFeature>(&[0x03, 0xF4]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn any_measurement_survives(bytes in proptest::collection::vec(any::<u8>(), 0..20), flags in 0_u8..32) {
        survives::<GlucoseMeasurement>(&bytes, |b| b[0] & 0xE0 != 0);
        let mut known = bytes;
        known.resize(17, 0);
        known[0] = flags;
        let length = 10 + 2 * usize::from(flags & 1) + 3 * usize::from(flags >> 1 & 1) + 2 * usize::from(flags >> 3 & 1);
        prop_assert!(GlucoseMeasurement::decode(&known[..length]).is_ok());
        survives::<GlucoseMeasurement>(&known[..length], |_| false);
    }

    #[test]
    fn any_context_survives(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
        survives::<GlucoseMeasurementContext>(&bytes, |b| b[0] & 0x80 != 0 && b[3] != 0);
    }
}

const EXTENDED_FLAG: u8 = 0x80;
