use super::*;
use proptest::prelude::*;

/// An independent reading of the layout: plain integer arithmetic with explicit biases, no shifts of signed numbers.
fn oracle(bits: u32, mantissa_bits: u32, exponent_bits: u32) -> Value {
    let wrap = |raw: i64, width: u32| if raw >= 1 << (width - 1) { raw - (1 << width) } else { raw };
    let half = 1_i64 << (mantissa_bits - 1);
    let raw_mantissa = i64::from(bits) % (1 << mantissa_bits);
    let raw_exponent = i64::from(bits) / (1 << mantissa_bits);
    if raw_exponent == 0 {
        match raw_mantissa - half {
            -1 => return Value::Special(Special::NotANumber),
            0 => return Value::Special(Special::NotAtThisResolution),
            -2 => return Value::Special(Special::PositiveInfinity),
            2 => return Value::Special(Special::NegativeInfinity),
            1 => return Value::Special(Special::Reserved),
            _ => {}
        }
    }
    let exponent = i8::try_from(wrap(raw_exponent, exponent_bits)).unwrap();
    Value::Number(Decimal::new(wrap(raw_mantissa, mantissa_bits), exponent))
}

#[test]
fn all_sfloats_agree_with_the_oracle_and_survive() {
    for bits in 0..=u16::MAX {
        let value = Sfloat::from_bits(bits).value();
        assert_eq!(value, oracle(u32::from(bits), 12, 4), "{bits:#06x}");
        let Value::Number(number) = value else { continue };
        match Sfloat::from_decimal(number) {
            // zero has sixteen spellings and one canonical form
            Ok(written) if number.mantissa() == 0 => assert_eq!(written.to_bits(), 0),
            Ok(written) if number.mantissa().abs() <= Sfloat::LARGEST_MANTISSA => assert_eq!(written.to_bits(), bits),
            // -2047 and friends may be respelled only as the same number
            Ok(written) => assert!(written.value().number().unwrap().same_value(number), "{bits:#06x}"),
            Err(_) => assert!(number.mantissa().abs() > Sfloat::LARGEST_MANTISSA, "{bits:#06x}"),
        }
    }
}

#[test]
fn a_stratified_million_floats_agree_with_the_oracle_and_survive() {
    // every exponent times 4,096 mantissas: the borders, the specials and an even spread
    for exponent in 0_u32..256 {
        for step in 0_u32..4096 {
            let mantissa = match step {
                0..1024 => 0x0080_0000_u32.wrapping_add(step).wrapping_sub(512) & 0x00FF_FFFF,
                1024..2048 => step.wrapping_sub(1536) & 0x00FF_FFFF,
                _ => (step - 2048) * 8191 + exponent,
            } & 0x00FF_FFFF;
            let bits = exponent << 24 | mantissa;
            let value = Float::from_bits(bits).value();
            assert_eq!(value, oracle(bits, 24, 8), "{bits:#010x}");
            let Value::Number(number) = value else { continue };
            match Float::from_decimal(number) {
                // zero has one canonical form here too
                Ok(written) if number.mantissa() == 0 => assert_eq!(written.to_bits(), 0),
                Ok(written) if number.mantissa().abs() <= Float::LARGEST_MANTISSA => {
                    assert_eq!(written.to_bits(), bits);
                }
                Ok(written) => assert!(written.value().number().unwrap().same_value(number), "{bits:#010x}"),
                Err(_) => assert!(number.mantissa().abs() > Float::LARGEST_MANTISSA, "{bits:#010x}"),
            }
        }
    }
}

#[test]
fn seventy_seven_stays_seventy_seven() {
    let Value::Number(kg_per_l) = Sfloat::from_bits(0xB04D).value() else { panic!("a number") };
    assert_eq!(kg_per_l, Decimal::new(77, -5));
    assert_eq!(kg_per_l.in_units_of(-5), Ok(77));
}

#[test]
fn one_decimal_place_of_a_milligram_fits_up_to_204_5_and_is_refused_above() {
    for tenths in 0..=2045 {
        let written = Sfloat::from_decimal(Decimal::new(tenths, -6)).unwrap();
        assert_eq!(written.value().number().unwrap().in_units_of(-6), Ok(tenths));
    }
    assert_eq!(Sfloat::from_decimal(Decimal::new(2046, -6)), Err(ConversionError::Inexact));
    assert_eq!(Sfloat::from_decimal(Decimal::new(2181, -6)), Err(ConversionError::Inexact));
    assert!(Sfloat::from_decimal(Decimal::new(2180, -6)).is_ok());
    assert_eq!(Sfloat::from_decimal(Decimal::new(303_333_333, -11)), Err(ConversionError::Inexact));
}

#[test]
fn numbers_beyond_the_largest_overflow() {
    assert_eq!(Sfloat::from_decimal(Decimal::new(2046, 7)), Err(ConversionError::Overflow));
    assert_eq!(Sfloat::from_decimal(Decimal::new(1, 30)), Err(ConversionError::Overflow));
    assert_eq!(Sfloat::from_decimal(Decimal::new(i64::MIN, 0)), Err(ConversionError::Inexact));
    assert_eq!(Sfloat::from_decimal(Decimal::new(2, 10)).unwrap().value().number(), Some(Decimal::new(2000, 7)));
    assert_eq!(Decimal::new(i64::MAX, 1).in_units_of(0), Err(ConversionError::Overflow));
    assert_eq!(Decimal::new(1, 127).shifted(1), Err(ConversionError::Overflow));
    assert_eq!(Decimal::new(0, 127).in_units_of(-128), Ok(0));
}

#[test]
fn no_special_is_ever_written_for_a_number() {
    for mantissa in -2050..=2050 {
        for exponent in -9..=8 {
            if let Ok(written) = Sfloat::from_decimal(Decimal::new(mantissa, exponent)) {
                let number = written.value().number();
                assert!(
                    number.is_some_and(|n| n.same_value(Decimal::new(mantissa, exponent))),
                    "{mantissa}e{exponent}"
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn a_decimal_written_as_float_comes_back_as_the_same_number(mantissa in -9_999_999_i64..=9_999_999, exponent in -40_i8..40) {
        let number = Decimal::new(mantissa, exponent);
        match Float::from_decimal(number) {
            Ok(written) => prop_assert!(written.value().number().is_some_and(|n| n.same_value(number))),
            Err(error) => {
                prop_assert_eq!(error, ConversionError::Inexact);
                prop_assert!(number.normalised().mantissa().abs() > Float::LARGEST_MANTISSA);
            }
        }
    }

    #[test]
    fn units_of_a_power_of_ten_are_exact_or_refused(mantissa in -100_000_i64..100_000, exponent in -6_i8..6, unit in -6_i8..6) {
        let number = Decimal::new(mantissa, exponent);
        match number.in_units_of(unit) {
            Ok(count) => prop_assert!(Decimal::new(count, unit).same_value(number)),
            Err(error) => prop_assert_eq!(error, ConversionError::Inexact),
        }
    }
}
