//! The two float operations that presentation needs and `core` has no direct word for.

/// The float nearest to an integer.
#[expect(clippy::cast_precision_loss, reason = "for display; a relative error below 2^-53")]
pub(super) const fn of(integer: u128) -> f64 {
    integer as f64
}

/// Square root of a number that is not negative, by Newton's method: `core` without `std` has none.
pub(super) fn square_root(x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    // Halving the exponent gives a start within a factor of two; each step doubles the correct digits.
    let mut root = f64::from_bits((x.to_bits() >> 1) + (1023 << 51));
    for _ in 0..6 {
        root = 0.5 * (root + x / root);
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_square_root_is_that_of_the_standard_library() {
        for i in 1..10_000_u32 {
            let x = f64::from(i).powi(3) * 1e-3;
            assert!((square_root(x) - x.sqrt()).abs() <= x.sqrt() * 1e-15, "{x}");
        }
        assert!(square_root(0.0).abs() < f64::MIN_POSITIVE);
    }
}
