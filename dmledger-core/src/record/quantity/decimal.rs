//! Decimal text as exact integers. No float is involved.

use super::ValueError;

/// Decimals a quantity holds.
const DECIMALS: u32 = 6;

/// Millionths in a decimal text such as `136.8`: digits, at most one point, no exponent, no grouping.
pub(super) fn millionths(text: &str) -> Result<u64, ValueError> {
    let (unsigned, negative) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if whole.is_empty() || unsigned.ends_with('.') || !digits(whole) || !digits(fraction) {
        return Err(ValueError::NotANumber);
    }
    let fraction = fraction.trim_end_matches('0');
    let zero = fraction.is_empty() && whole.bytes().all(|digit| digit == b'0');
    if negative && !zero {
        return Err(ValueError::Negative);
    }
    let decimals = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
    let missing = DECIMALS.checked_sub(decimals).ok_or(ValueError::TooFine)?;
    let whole = number(whole)?.checked_mul(10_u64.pow(DECIMALS)).ok_or(ValueError::OutOfRange)?;
    let fraction = if fraction.is_empty() { 0 } else { number(fraction)? * 10_u64.pow(missing) };
    whole.checked_add(fraction).ok_or(ValueError::OutOfRange)
}

/// Millionths in `mantissa * 10^exponent`.
pub(super) fn scaled(mantissa: i64, exponent: i8) -> Result<u64, ValueError> {
    let mut value = u64::try_from(mantissa).map_err(|_| ValueError::Negative)?;
    if value == 0 {
        return Ok(0);
    }
    let mut shift = i32::from(exponent) + DECIMALS.cast_signed();
    while shift > 0 {
        value = value.checked_mul(10).ok_or(ValueError::OutOfRange)?;
        shift -= 1;
    }
    while shift < 0 {
        if value % 10 != 0 {
            return Err(ValueError::TooFine);
        }
        value /= 10;
        shift += 1;
    }
    Ok(value)
}

fn digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The text holds digits only, so what does not fit is too large.
fn number(text: &str) -> Result<u64, ValueError> {
    text.parse().map_err(|_| ValueError::OutOfRange)
}
